/** A LIVE account: its venue behind the desk, the gate in front of it, and what the venue's news mean to account and people (trading.md 7.3-7.6). */
import type { Scope } from '@wyckoff/bounded';
import type { ConnectionWire } from '@wyckoff/contracts';
import type { BarColumns, EpochMs, Instruction, Micros, QtyMicros, TradedInstrument, TradingCommand } from '@wyckoff/domain';
import type { Broker } from '../../brokers/broker.ts';
import type { GatePorts } from '../../brokers/gate.ts';
import { LiveDesk } from '../../brokers/live-desk.ts';
import type { DeskNews } from '../../brokers/news.ts';
import type { Store } from '../../store/store.ts';
import type { Run } from '../run.ts';
import type { KillSwitchGuard } from '../safety/kill-switch-guard.ts';
import type { DirectVenue } from '../trading/halting.ts';
import { directVenue, LiveLink } from '../trading/live-link.ts';
import { Turns } from '../turns.ts';

/** The setting that keeps what the venue holds and nobody here opened. */
const MANUAL_SETTING = 'session.manual';
/** How soon an acknowledged difference reaches the desk. */
const AGREE_MS = 1_000;
/** Under FLATTEN everything is looked at again so often, until it is flat (7.6). */
const FLATTEN_MS = 30_000;

export interface LiveAccountParts {
  readonly scope: Scope;
  readonly broker: Broker;
  readonly store: Store;
  readonly guard: KillSwitchGuard;
  readonly accountId: string;
  readonly run: () => Run | null;
  readonly contextOf: GatePorts['contextOf'];
  readonly instrumentOf: (symbol: string) => TradedInstrument | null;
  readonly wallClock: () => EpochMs;
  readonly onConnection: (connection: ConnectionWire) => void;
  /** What must reach a person. */
  readonly onAlarm: (sentence: string) => void;
  readonly onNotice: (sentence: string) => void;
  readonly onProblem: (error: unknown) => void;
  /** The account can go no further in this process. */
  readonly onBroken: (reason: string) => void;
}

export class LiveAccount {
  readonly desk: LiveDesk;
  readonly venue: DirectVenue;
  /** Orders that are journalled go to the desk. */
  readonly take: (orders: readonly Instruction[]) => Promise<void>;
  readonly #parts: LiveAccountParts;
  readonly #link: LiveLink;
  /** News are acted on one after another. */
  readonly #turns = new Turns();
  // bounded: symbols of the account's positions at the venue
  readonly #manual: Map<string, QtyMicros>;
  // bounded: symbols that differ; one leaves when it is resolved or acknowledged
  readonly #theirs = new Map<string, QtyMicros>();
  // bounded: as above; those whose halt stands in the account, and was not acknowledged when last looked at
  readonly #halted = new Set<string>();
  #connection: ConnectionWire;
  /** By how much the cash differed when it was last looked at: booked when it is so twice. */
  #cashOff: Micros = 0;

  private constructor(parts: LiveAccountParts, manual: ReadonlyMap<string, QtyMicros>) {
    this.#parts = parts;
    this.#manual = new Map(manual);
    const { scope, broker, store, guard, accountId, run, wallClock, instrumentOf, contextOf, onBroken } = parts;
    this.#connection = { name: broker.name, kind: 'BROKER', state: broker.state, since: wallClock(), lastDataAt: null, error: null, replay: null }; // prettier-ignore
    this.desk = new LiveDesk({
      scope: scope.child('venue'),
      broker,
      log: store.orderLog(accountId),
      gate: { readHalt: async () => (await guard.read()).kill, contextOf },
      instrumentOf,
      now: wallClock,
      random: Math.random,
      onNews: (news) => this.#hear(news),
      // Reports on their way would make a difference that is none.
      cashMicros: () => (this.#link.isBusy || this.desk.pending > 0 ? null : (run()?.account.cashMicros ?? null)),
      manual,
    });
    this.#link = new LiveLink({
      scope,
      desk: this.desk,
      venue: broker.name,
      run,
      onBroken: (error) => {
        parts.onProblem(error);
        onBroken(`reports of ${broker.name} could not be booked: ${error instanceof Error ? error.message : String(error)}`);
      },
    });
    this.take = this.#link.take;
    this.venue = directVenue(accountId, this.desk, broker);
  }

  static async open(parts: LiveAccountParts): Promise<LiveAccount> {
    const kept = ((await parts.store.setting(MANUAL_SETTING)) ?? {}) as Readonly<Record<string, number>>;
    // What the account holds itself it knows better.
    return new LiveAccount(parts, new Map(Object.entries(kept).filter(([symbol]) => parts.instrumentOf(symbol) === null)));
  }

  get connection(): ConnectionWire {
    return this.#connection;
  }

  /** Reconciles, then sends what was ordered and not handed over before the process ended. */
  async start(unhanded: readonly Instruction[]): Promise<void> {
    this.#link.start();
    await this.desk.start(this.#foundPositions());
    await this.desk.take(unhanded);
    this.#parts.scope.interval(FLATTEN_MS, () => this.flatten(), 'flatten');
    this.#parts.scope.interval(AGREE_MS, () => this.#turns.take(() => this.#agree()), 'acknowledged differences');
  }

  /** What the venue holds where it differs, as closings of the account's own positions: for `acknowledgeReconcile`. */
  positionsAtVenue(
    symbol: string,
  ): readonly { readonly positionId: string; readonly qtyMicros: QtyMicros; readonly price: number }[] {
    let left = Math.abs(this.#theirs.get(symbol) ?? 0);
    const open = this.#theirs.has(symbol) ? (this.#parts.run()?.openPositions ?? []) : [];
    return open
      .filter((position) => position.symbol === symbol)
      .map((position) => {
        const qtyMicros = Math.min(left, position.openQtyMicros);
        left -= qtyMicros;
        return { positionId: position.id, qtyMicros, price: position.last };
      });
  }

  /** A bar of a symbol closed: the desk works with it what its venue does not. */
  async met(symbol: string, { high, low }: BarColumns, row: number): Promise<void> {
    await this.desk.priced(symbol, { high: high[row], low: low[row] });
    await this.desk.barClosed(symbol);
  }

  /** FLATTEN in force: wards leave, then what nobody here opened is closed too, under the account's own names. Does nothing otherwise. */
  async flatten(): Promise<void> {
    const { guard, broker, onAlarm } = this.#parts;
    const { kill } = guard.last;
    if (kill.level !== 'FLATTEN') return;
    const activationId = kill.activationId ?? 'unnamed';
    try {
      await this.desk.flatten(activationId, { drill: false });
      await this.desk.reconcile();
      await this.#turns.take(() => this.#flattenFound(activationId));
    } catch (error) {
      onAlarm(`${broker.name}: FLATTEN could not be carried out: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  /** Only what a reconciliation found to be nobody's: a fill that is on its way is never sold a second time. */
  async #flattenFound(activationId: string): Promise<void> {
    if (this.desk.manual.size === 0) return;
    const theirs = new Map((await this.#parts.broker.positions()).map(({ symbol, qtyMicros }) => [symbol, qtyMicros]));
    for (const [symbol] of [...this.desk.manual]) {
      if (this.desk.wards.some(({ state }) => state.symbol === symbol && state.isFound !== true)) continue;
      const held = theirs.get(symbol) ?? 0;
      if (held === 0) continue;
      const known = this.#foundPositions().filter(
        (position) => position.symbol === symbol && !this.desk.worksFor(position.signalId),
      );
      const ids = known.length > 0 ? known.map(({ signalId }) => signalId) : [`manual:${symbol}:${activationId}`];
      for (const signalId of ids) await this.desk.flattenFound(activationId, { signalId, symbol, theirs: held });
    }
  }

  /** Positions of the account that were found at the venue, signed. */
  #foundPositions(): readonly { readonly signalId: string; readonly symbol: string; readonly qtyMicros: QtyMicros }[] {
    return (this.#parts.run()?.openPositions ?? [])
      .filter(({ signalId }) => signalId?.startsWith('manual:') === true)
      .map(({ id, signalId, symbol, direction, openQtyMicros }) => ({
        signalId: signalId ?? id,
        symbol,
        qtyMicros: direction === 'LONG' ? openQtyMicros : -openQtyMicros,
      }));
  }

  #hear(news: DeskNews): void {
    if (news.kind === 'link') this.#linked(news);
    if (news.kind === 'alert') (news.critical ? this.#parts.onAlarm : this.#parts.onNotice)(`${news.code}: ${news.sentence}`);
    void this.#turns.take(() => this.#act(news)).catch(this.#parts.onProblem);
  }

  #linked({ state, error, at }: Extract<DeskNews, { kind: 'link' }>): void {
    const lastDataAt = state === 'CONNECTED' ? at : this.#connection.lastDataAt;
    // bounded: five fields
    this.#connection = { ...this.#connection, state, error, since: at, lastDataAt };
    this.#parts.onConnection(this.#connection);
  }

  async #act(news: DeskNews): Promise<void> {
    const trading = this.#parts.run()?.trading;
    switch (news.kind) {
      case 'link': {
        const connected = news.state === 'CONNECTED' || news.state === 'DEGRADED';
        if (trading?.brokerConnected !== connected) await this.#tell({ kind: 'setConnection', connected });
        return;
      }
      case 'halt': {
        await this.#tell({ kind: 'setHalt', halt: 'RECONCILE', symbol: news.symbol, inForce: true, reason: news.reason });
        // bounded: as at its declaration
        this.#halted.add(news.symbol);
        return;
      }
      case 'resolved':
        this.#theirs.delete(news.symbol);
        this.#halted.delete(news.symbol);
        { await this.#tell({ kind: 'setHalt', halt: 'RECONCILE', symbol: news.symbol, inForce: false, reason: 'the venue agrees again' }); return; } // prettier-ignore
      case 'difference':
        this.#theirs.set(news.symbol, news.theirsQtyMicros);
        return;
      case 'imported': {
        await this.#imported(news.position);
        return;
      }
      case 'cash': {
        await this.#cash(news);
        return;
      }
      default:
        return;
    }
  }

  /** The halt of a difference was lifted by a person: the account has booked it, now the desk takes the same quantities (7.5). */
  async #agree(): Promise<void> {
    if (this.#halted.size === 0 || this.#link.isBusy || this.desk.pending > 0) return;
    const { store, run } = this.#parts;
    const inForce = await store.haltsInForce();
    for (const symbol of this.#halted) {
      if (inForce.some(({ kind, scope }) => kind === 'RECONCILE' && scope === `symbol:${symbol}`)) continue;
      const positions = (run()?.openPositions ?? []).filter((position) => position.symbol === symbol);
      const ours = positions.reduce(
        (sum, { direction, openQtyMicros }) => sum + (direction === 'LONG' ? 1 : -1) * openQtyMicros,
        0,
      );
      const beyond = (this.#theirs.get(symbol) ?? ours) - ours;
      const held = new Map(positions.map(({ id, signalId, openQtyMicros }) => [signalId ?? id, openQtyMicros]));
      const unworked = positions.filter(({ id, signalId }) => !this.desk.worksFor(signalId ?? id));
      const manual = unworked.reduce(
        (sum, { direction, openQtyMicros }) => sum + (direction === 'LONG' ? 1 : -1) * openQtyMicros,
        0,
      );
      await this.desk.agree(symbol, { held, beyond: beyond + manual });
      this.#halted.delete(symbol);
      this.#theirs.delete(symbol);
      const last = positions[0]?.last ?? null;
      if (beyond !== 0) await this.#imported({ symbol, qtyMicros: beyond, averagePrice: last, marketPrice: last });
      await this.desk.reconcile();
    }
  }

  /** A position nobody here opened is kept as MANUAL and counts in every limit. */
  async #imported({
    symbol,
    qtyMicros,
    averagePrice,
    marketPrice,
  }: Extract<DeskNews, { kind: 'imported' }>['position']): Promise<void> {
    const avgEntry = averagePrice ?? marketPrice;
    if (avgEntry === null || this.#parts.instrumentOf(symbol) === null) {
      // The account has no series of it: remembered, so that it is told once.
      this.#manual.set(symbol, qtyMicros);
      await this.#parts.store.saveSetting(MANUAL_SETTING, Object.fromEntries(this.#manual));
      return;
    }
    const position = { id: `manual:${symbol}:${this.#parts.wallClock()}`, symbol, direction: qtyMicros > 0 ? 'LONG' : 'SHORT', qtyMicros: Math.abs(qtyMicros), avgEntry, stop: null } as const; // prettier-ignore
    await this.#tell({ kind: 'importPosition', position });
  }

  /** A live account follows its broker (7.5): booked when the same difference was there twice, so that nothing in flight counts. */
  async #cash({ oursMicros, account, at }: Extract<DeskNews, { kind: 'cash' }>): Promise<void> {
    const off = account.cashMicros - oursMicros;
    const isSame = off === this.#cashOff;
    this.#cashOff = isSame ? 0 : off;
    if (isSame) await this.#tell({ kind: 'correction', amountMicros: off, refId: `cash:${at}`, reason: 'the cash at the venue' });
  }

  async #tell(command: TradingCommand): Promise<void> {
    await this.#parts.run()?.command(command, { actor: this.#parts.broker.name, requestId: null });
  }
}
