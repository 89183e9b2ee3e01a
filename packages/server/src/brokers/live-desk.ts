/** The desk of a live account: what the engine orders goes through gate and router to a venue, what the venue says comes back as reports. */
import { BoundedQueue, type Scope, type StopSignal } from '@wyckoff/bounded';
import { clientOrderId } from '@wyckoff/domain';
import type { ApprovedOrder, EpochMs, Instruction, Micros, OrderTerms, QtyMicros, TradedInstrument } from '@wyckoff/domain';
import { Backoff } from '../venue/backoff.ts';
import type { StreamState } from '../venue/socket-state.ts';
import type { Broker, BrokerEvent, CloseReport } from './broker.ts';
import { cover } from './coverage.ts';
import { ExecutionGate, type GateAnswer, type GatePorts, type GateResult } from './gate.ts';
import { Lanes } from './lanes.ts';
import type { DeskAlert, DeskNews } from './news.ts';
import type { OrderLog, OutboxRow } from './order-log.ts';
import { judge, lookAt, type Verdict } from './reconcile.ts';
import type { Next } from './next.ts';
import { OrderRouter } from './router.ts';
import { isWorking, type SentOrder } from './sent-order.ts';
import { ownerOfAttached, type OrderRequest, type VenueFill, type VenueOrder } from './venue-order.ts';
import type { WardState } from './ward-state.ts';
import { Ward } from './ward.ts';

export interface LiveDeskOptions {
  readonly scope: Scope;
  readonly broker: Broker;
  readonly log: OrderLog;
  readonly gate: Omit<GatePorts, 'isConnected' | 'now'>;
  readonly instrumentOf: (symbol: string) => TradedInstrument | null;
  /** Wall clock. */
  readonly now: () => EpochMs;
  readonly random: () => number;
  /** Told at once and in order; must not throw. */
  readonly onNews: (news: DeskNews) => void;
  /** Cash by our ledger; null where the venue's is all there is. */
  readonly cashMicros?: (() => Micros | null) | undefined;
  /** Positions kept as MANUAL, signed millionths by symbol; default none. */
  readonly manual?: ReadonlyMap<string, QtyMicros> | undefined;
  /** Default 60,000. */
  readonly reconcileMs?: number | undefined;
  /** How often unsettled orders are asked for. Default 5,000. */
  readonly pollMs?: number | undefined;
  /** Wards at one time: positions and entries of the account. Default 256. */
  readonly maxWards?: number | undefined;
}

/** What the session hands to its engine as `{ kind: 'broker', at, reports }`; `seq` rises by one, and what the engine has is confirmed. */
export type BrokerInput = OutboxRow;

export interface ReconcileReport {
  readonly at: EpochMs;
  readonly different: readonly string[];
  readonly imported: number;
  readonly orphans: number;
}

const REPORTS = 1_000;
/** A step that failed here, at the store say, is taken again. */
const AFTER_FAILURE_MS = 1_000;
/** So often a reconciliation looks again because something filled meanwhile. */
const LOOKS = 4;
/** Fills are asked for from a little before the last look: clocks differ. */
const OVERLAP_MS = 60_000;

export class LiveDesk {
  readonly gate: ExecutionGate;
  readonly #options: LiveDeskOptions;
  readonly #lanes: Lanes;
  readonly #queue: BoundedQueue<BrokerInput>;
  readonly #backoff: Backoff;
  // bounded: at most maxWards; a ward leaves when it is done
  readonly #wards = new Map<string, Ward>();
  /** The timer that looks at a ward again. */
  // bounded: one per ward
  readonly #again = new Map<string, () => void>();
  // bounded: symbols of the account's positions
  readonly #manual: Map<string, QtyMicros>;
  // bounded: as above
  readonly #different = new Set<string>();
  #lastLookAt: EpochMs;
  /** Fills booked so far. */
  #booked = 0;
  #reconnecting = false;
  #reconciling: Promise<ReconcileReport> | null = null;
  #ready = false;

  constructor(options: LiveDeskOptions) {
    this.#options = options;
    const { scope, broker, now, random } = options;
    this.#manual = new Map(options.manual ?? []);
    this.#lastLookAt = now() - 7 * 86_400_000;
    this.#backoff = new Backoff({ random });
    this.gate = new ExecutionGate(scope, { ...options.gate, now, isConnected: () => this.isConnected });
    // Before the queue, so that at the end a lane that waits for room is told there is none.
    this.#lanes = new Lanes(scope, { capacity: 512, onError: (error, key) => this.#failed(error, key) });
    this.#queue = new BoundedQueue({
      name: `${scope.name}.reports`,
      capacity: REPORTS,
      policy: 'block',
      maxWaiting: 512,
      itemBytes: 2_048,
      scope,
    });
    scope.adopt(
      'broker events',
      broker.onEvent((event) => this.#hear(event)),
    );
    scope.adopt('broker', () => broker.disconnect());
  }

  get isConnected(): boolean {
    const { state } = this.#options.broker;
    return this.#ready && (state === 'CONNECTED' || state === 'DEGRADED');
  }

  get state(): StreamState {
    return this.#options.broker.state;
  }

  get wards(): readonly Ward[] {
    return [...this.#wards.values()];
  }

  /** Reports that wait for the engine. */
  get pending(): number {
    return this.#queue.size;
  }

  /**
   * Restores what was on its way, connects, and reconciles; only then anything is sent. Goes on trying when the venue is away. `found`: positions the
   * account keeps as MANUAL; those without a ward are nobody's work yet.
   */
  async start(
    found: readonly { readonly signalId: string; readonly symbol: string; readonly qtyMicros: QtyMicros }[] = [],
  ): Promise<void> {
    for (const row of await this.#options.log.outbox()) await this.#queue.pushWait(row);
    for (const { ward, orders } of await this.#options.log.openWards()) {
      this.#adopt(ward, orders);
      if (ward.isFound === true) this.#manual.delete(ward.symbol);
    }
    for (const { signalId, symbol, qtyMicros } of found)
      if ((await this.#options.log.ward(signalId)) === null) this.#keep(symbol, (this.#manual.get(symbol) ?? 0) + qtyMicros);
    const { scope, reconcileMs = 60_000, pollMs = 5_000 } = this.#options;
    scope.interval(reconcileMs, () => this.#routine(), 'reconcile');
    scope.interval(pollMs, () => this.#poll(), 'unsettled');
    await this.#connect();
  }

  /** The next reports for the engine; undefined once the desk has ended. Confirm them when the engine's commit is on disk. */
  next(signal?: StopSignal): Promise<BrokerInput | undefined> {
    return this.#queue.next(signal);
  }

  confirm(seq: number): Promise<void> {
    return this.#options.log.confirm(seq);
  }

  /** Takes what the engine ordered; resolves when it is on disk, not when it was sent. Journal the engine's facts first. */
  async take(instructions: readonly Instruction[]): Promise<void> {
    for (const instruction of instructions) await this.#take(instruction);
  }

  /** A bar of the symbol closed: entries that had their time end (EXPIRED, `VALIDITY`). */
  async barClosed(symbol: string): Promise<void> {
    for (const ward of this.wards) if (ward.state.symbol === symbol) await this.#work(ward, () => ward.age());
  }

  /** What the market reached: rungs of venues without pairs are worked with it. Call it with each price, or each bar. */
  async priced(symbol: string, reach: { readonly high: number; readonly low: number }): Promise<void> {
    if (this.#options.broker.capabilities.oco) return;
    for (const ward of this.wards) if (ward.state.symbol === symbol) await this.#work(ward, () => ward.priced(reach));
  }

  /** The kill switch went to STOP or FLATTEN: working entries end, protection stays. */
  async cancelEntries(reason: string): Promise<void> {
    await Promise.all(this.wards.map((ward) => this.#work(ward, () => ward.cancelEntry(reason))));
  }

  /**
   * FLATTEN: every entry and every position of every ward, each by one order named after the activation, so that whoever asks first, and however
   * often, the venue is asked once. Again until flat; drill changes nothing.
   */
  async flatten(activationId: string, options: { readonly drill: boolean }): Promise<readonly CloseReport[]> {
    const results = this.wards
      .filter((ward) => ward.holding.openQtyMicros > 0)
      .map((ward): CloseReport => ({
        symbol: ward.state.symbol,
        state: 'CLOSING',
        sentence: `${ward.holding.openQtyMicros} millionths at market.`,
      }));
    if (options.drill) {
      await this.#options.broker.account();
      return results;
    }
    const exit = { leg: `FLATTEN.${activationId}`, clientId: null, reason: 'FLATTEN' };
    await Promise.all(this.wards.map((ward) => this.#work(ward, () => ward.leave(exit))));
    return results;
  }

  /** FLATTEN of what is kept as MANUAL in a symbol, under the id the account has for it, at most so much as the venue holds now. */
  async flattenFound(
    activationId: string,
    of: { readonly signalId: string; readonly symbol: string; readonly theirs: QtyMicros },
  ): Promise<void> {
    const { signalId, symbol, theirs } = of;
    if (this.#wards.has(signalId) || (await this.#options.log.ward(signalId)) !== null) return;
    const instrument = this.#options.instrumentOf(symbol);
    const ward = await this.#found({ signalId, symbol }, { instrument, side: theirs > 0 ? 1 : -1, most: Math.abs(theirs) });
    if (ward === undefined) return;
    const exit = { leg: `FLATTEN.${activationId}`, clientId: null, reason: 'FLATTEN' };
    await this.#work(ward, () => ward.leave(exit));
  }

  /** What nobody here opened and no ward holds, signed, by symbol. */
  get manual(): ReadonlyMap<string, QtyMicros> {
    return this.#manual;
  }

  /** Whether a ward works for a position of the account. */
  worksFor(signalId: string): boolean {
    return this.#wards.has(signalId);
  }

  /** Compares everything with the venue. At most one at a time: a second caller gets the first one's answer. */
  reconcile(): Promise<ReconcileReport> {
    this.#reconciling ??= this.#reconcile().finally(() => (this.#reconciling = null));
    return this.#reconciling;
  }

  /**
   * Somebody acknowledged a difference: what the account holds of each signal from now on is what its ward holds, and what the venue has beyond is
   * kept as MANUAL (7.5). The venue's orders follow.
   */
  async agree(symbol: string, of: { readonly held: ReadonlyMap<string, QtyMicros>; readonly beyond: QtyMicros }): Promise<void> {
    this.#keep(symbol, of.beyond);
    await Promise.all(
      this.wards
        .filter(({ state }) => state.symbol === symbol)
        .map((ward) => this.#work(ward, () => ward.correct(of.held.get(ward.state.signalId) ?? 0))),
    );
  }

  #keep(symbol: string, qtyMicros: QtyMicros): void {
    // bounded: as at its declaration
    if (qtyMicros === 0) this.#manual.delete(symbol);
    else this.#manual.set(symbol, qtyMicros);
  }

  async #take(instruction: Instruction): Promise<void> {
    if (instruction.kind === 'cancel') {
      const ward = this.wards.find((one) => one.find(instruction.clientId)?.role === 'ENTRY');
      if (ward !== undefined) return this.#work(ward, () => ward.cancelEntry(instruction.reason));
      // Stop and targets the ward holds by itself; what was called back are exits.
      const leaving = this.wards.find(({ parts, state }) =>
        [...parts, ...(state.exit === null ? [] : [state.exit])].some(({ clientId }) => clientId === instruction.clientId),
      );
      if (leaving !== undefined) await this.#work(leaving, () => leaving.withdraw(instruction.clientId, instruction.reason));
    } else if (instruction.kind === 'place') await this.#place(instruction.order);
    else if (instruction.kind === 'replace') await this.#place(instruction.order);
    // Pairs are the desk's own way of holding stop and rungs; the prices of both are in the ward already.
    else for (const order of instruction.orders) if (order.terms.leg.startsWith('STOP.')) await this.#place(order);
  }

  async #place(order: ApprovedOrder): Promise<void> {
    const { terms } = order;
    if (terms.intent === 'OPEN') return this.#enter(order, terms);
    const ward = this.#wards.get(terms.signalId) ?? (await this.#wardOfFound(terms));
    if (ward === undefined) {
      await this.#refuse(terms, 'NO_POSITION');
    } else if (terms.leg.startsWith('STOP.') && terms.stopPrice !== null) {
      const { stopPrice } = terms;
      await this.#work(ward, () => ward.moveStop(terms.leg, stopPrice));
    } else if (!/^T[123]\./.test(terms.leg)) {
      const { leg, clientId, limitPrice, steps } = terms;
      const reason = terms.reason ?? 'EXIT';
      const isPart = leg.startsWith('TRIM.') || terms.type === 'LIMIT';
      const qtyMicros = steps * ward.state.lotStepMicros;
      const tif = terms.tif ?? (terms.type === 'LIMIT' ? 'GTC' : 'DAY');
      await this.#work(ward, () =>
        isPart
          ? ward.leavePart({ leg, clientId, reason, qtyMicros, limitPrice, tif, withdrawn: null })
          : ward.leave({ leg, clientId, reason }),
      );
    }
  }

  async #enter(order: ApprovedOrder, terms: OrderTerms): Promise<void> {
    if (this.#wards.has(terms.signalId) || (await this.#options.log.order(terms.clientId)) !== null) return;
    const instrument = this.#options.instrumentOf(terms.symbol);
    if (instrument === null || terms.protection === null)
      return this.#refuse(terms, instrument === null ? 'NO_ROUTE' : 'ORDER_INVALID');
    if (this.#wards.size >= (this.#options.maxWards ?? 256)) return this.#refuse(terms, 'NO_ROUTE');
    const request = requestOf(terms, instrument, this.#options.broker.capabilities.oto);
    const answer = await this.gate.opening({ request, signalId: terms.signalId, approved: order, known: false });
    if (!answer.ok) return this.#refuse(terms, answer.result.violations[0]?.code ?? 'GATE', { request, gate: answer.result });
    const ward = this.#adopt(wardOf(terms, instrument), []);
    await this.#work(ward, () => ward.enter(request));
  }

  /** A position nobody here opened becomes a ward when something is ordered for it: its stop, its way out (7.5). */
  async #wardOfFound(terms: OrderTerms): Promise<Ward | undefined> {
    const instrument = this.#options.instrumentOf(terms.symbol);
    if (instrument === null) return undefined;
    return this.#found(terms, { instrument, side: terms.side === 'SELL' ? 1 : -1, most: terms.steps * instrument.lotStepMicros });
  }

  /** Undefined: nothing of that side is kept as MANUAL. */
  async #found(
    terms: Pick<OrderTerms, 'signalId' | 'symbol'>,
    of: { readonly instrument: TradedInstrument | null; readonly side: 1 | -1; readonly most: QtyMicros },
  ): Promise<Ward | undefined> {
    const { log, now } = this.#options;
    const { signalId, symbol } = terms;
    const { side, instrument } = of;
    const kept = side * (this.#manual.get(symbol) ?? 0);
    const qtyMicros = Math.min(kept, of.most);
    if (qtyMicros <= 0) return undefined;
    const { tickSize, lotStepMicros } = instrument ?? { tickSize: 0.01, lotStepMicros: 1 };
    const state: WardState = {
      signalId, symbol, side, tickSize, lotStepMicros, stopPrice: 0, stopLeg: 'STOP.0', targetPrices: [], targets: null, exit: null, cancelEntry: null,
      barsLeft: null, failures: 0, revision: 0, unprotectedSince: null, unprotectedMs: 0, accepted: true, told: {}, isFound: true, done: false,
    }; // prettier-ignore
    const order = foundEntry(terms, { side, qtyMicros, tickSize, at: now() });
    await log.save({ orders: [order], ward: state, reports: [], at: now() });
    this.#keep(symbol, side * (kept - qtyMicros));
    return this.#adopt(state, [order]);
  }

  /** Refused before anything was sent: the record says why, the engine hears it. */
  async #refuse(
    terms: OrderTerms,
    code: string,
    of?: { readonly request: OrderRequest; readonly gate: GateResult },
  ): Promise<void> {
    const { log, now } = this.#options;
    const at = now();
    const orders: SentOrder[] =
      of === undefined
        ? []
        : [{ ...of.request, signalId: terms.signalId, intent: terms.intent, role: 'ENTRY', leg: terms.leg, state: 'REJECTED', uncertain: false,
            deniedAt: null, brokerId: null, booked: [], filledQtyMicros: 0, value: 0, armed: false, gate: of.gate, reason: code, createdAt: at, updatedAt: at }]; // prettier-ignore
    const row = await log.save({
      orders,
      reports: [{ kind: 'ended', clientId: terms.clientId, state: 'REJECTED', reason: code }],
      at,
    });
    if (row !== null) await this.#queue.pushWait(row);
  }

  #adopt(state: WardState, orders: readonly SentOrder[]): Ward {
    const { broker, log, now } = this.#options;
    const ward = new Ward(
      {
        broker,
        log,
        now,
        isConnected: () => this.isConnected,
        held: (owner) => this.#heldFor(owner),
        booked: () => (this.#booked += 1),
        router: (owner) =>
          new OrderRouter({
            broker,
            scope: this.#options.scope,
            now,
            clear: (order) => this.#clear(owner, order),
            put: (order) => owner.save({ order, parts: [], oddities: [] }),
            hear: async (order, view) => {
              await owner.hear(view);
              return owner.find(order.clientId) ?? order;
            },
          }),
        tell: async (row) => {
          await this.#queue.pushWait(row);
        },
        alert: (code, { state: { symbol } }, sentence) => this.#alert(code, symbol, sentence),
        unprotected: ({ state: { signalId } }, forMs) => this.#news({ kind: 'unprotected', signalId, forMs, at: now() }),
      },
      state,
      orders,
    );
    this.#wards.set(state.signalId, ward);
    return ward;
  }

  /** Of what the venue holds of the symbol, what is neither another ward's nor kept as MANUAL; a difference is looked into at once (7.5). */
  async #heldFor(ward: Ward): Promise<QtyMicros | null> {
    const { symbol, side } = ward.state;
    const positions = await this.#options.broker.positions().catch(() => null);
    if (positions === null) return null;
    const theirs = positions.find((one) => one.symbol === symbol)?.qtyMicros ?? 0;
    const others = this.wards
      .filter((one) => one !== ward && one.state.symbol === symbol)
      .reduce((sum, one) => sum + one.state.side * one.holding.openQtyMicros, this.#manual.get(symbol) ?? 0);
    const held = Math.max(0, side * (theirs - others));
    if (held < ward.holding.openQtyMicros && !ward.isShort)
      void this.#lanes.run('reconcile', () => this.reconcile().then(() => undefined));
    return held;
  }

  #clear(ward: Ward, order: SentOrder): Promise<GateAnswer> {
    if (order.intent === 'CLOSE') {
      const { openQtyMicros } = ward.holding;
      return Promise.resolve(this.gate.closing(order, openQtyMicros));
    }
    const known = order.filledQtyMicros > 0 || order.state === 'ACCEPTED' || order.state === 'PARTIALLY_FILLED';
    return this.gate.opening({ request: requestOnly(order), signalId: order.signalId, approved: null, known });
  }

  /** Runs something of a ward in its lane and then whatever has to follow; resolves after the first. */
  #work(ward: Ward, job: () => Promise<void>): Promise<void> {
    return new Promise((resolve) => {
      void this.#lanes
        .run(ward.state.signalId, async () => {
          try {
            await job();
          } catch (error) {
            this.#failed(error, ward.state.symbol);
          } finally {
            resolve();
          }
          await this.#pursue(ward);
        })
        .then(() => resolve());
    });
  }

  async #pursue(ward: Ward): Promise<void> {
    const { signalId } = ward.state;
    this.#again.get(signalId)?.();
    this.#again.delete(signalId);
    // Nothing leaves before the first reconciliation, and nothing into a broken line.
    if (!this.#ready) return;
    const next = await ward.pursue().catch((error: unknown): Next => {
      this.#failed(error, ward.state.symbol);
      return { kind: 'again', afterMs: AFTER_FAILURE_MS };
    });
    if (next.kind === 'done') this.#wards.delete(signalId);
    else if (next.kind === 'again' && this.#options.scope.state === 'open')
      this.#again.set(
        signalId,
        this.#options.scope.timeout(next.afterMs, () => this.#work(ward, () => Promise.resolve()), 'ward'),
      );
  }

  #hear(event: BrokerEvent): void {
    if (event.kind === 'order') this.#onOrder(event.order);
    else if (event.kind === 'fill') this.#onFill(event.fill);
    else if (event.kind === 'hint') this.#onHint(event.symbol);
    else this.#onLink(event.state, event.error);
  }

  #wardOf(clientId: string | null): Ward | undefined {
    if (clientId === null) return undefined;
    const owner = ownerOfAttached(clientId) ?? clientId;
    return this.wards.find((ward) => ward.find(owner) !== undefined);
  }

  #onOrder(order: VenueOrder): void {
    const ward = this.#wardOf(order.clientId);
    if (ward !== undefined) void this.#work(ward, () => ward.hear(order));
  }

  #onFill(fill: VenueFill): void {
    const ward = this.#wardOf(fill.clientId);
    if (ward === undefined) this.#onHint(fill.symbol);
    else void this.#work(ward, () => (fill.cumQtyMicros === null ? ward.refresh() : ward.hearFill(fill)));
  }

  #onHint(symbol: string | null): void {
    if (!this.#ready) return;
    for (const ward of this.wards)
      if (symbol === null || ward.state.symbol === symbol) void this.#work(ward, () => ward.refresh());
  }

  #onLink(state: StreamState, error: string | null): void {
    this.#news({ kind: 'link', state, error, at: this.#options.now() });
    if (state === 'RECONNECTING') this.#lost();
    // Back after a time in which nobody listened.
    else if (state === 'CONNECTED' && this.#ready)
      void this.#lanes.run('reconcile', () => this.reconcile().then(() => undefined));
  }

  /** The venue is away: entries are refused, exits wait, and it is tried again for ever. */
  #lost(): void {
    if (this.#reconnecting || this.#options.scope.state !== 'open') return;
    this.#ready = false;
    this.#reconnecting = true;
    this.#options.scope.timeout(this.#backoff.nextMs(), () => this.#reconnect(), 'broker reconnect');
  }

  async #reconnect(): Promise<void> {
    await this.#options.broker.disconnect();
    this.#reconnecting = false;
    await this.#connect();
  }

  async #connect(): Promise<void> {
    const { broker, scope } = this.#options;
    if (scope.state !== 'open') return;
    try {
      await broker.connect();
      await this.reconcile();
      this.#backoff.reset();
    } catch (error) {
      if (scope.state !== 'open') return;
      this.#alert('DESK_ERROR', null, `the venue could not be reached or read: ${(error as Error).message}`);
      // Credentials refused: nothing to try again until somebody changes them.
      if (broker.state !== 'STOPPED') this.#lost();
    }
  }

  async #routine(): Promise<void> {
    if (this.#ready) await this.reconcile().catch((error: unknown) => this.#failed(error, 'reconcile'));
  }

  #poll(): void {
    if (!this.#ready) return;
    for (const ward of this.wards) {
      const isOpen = ward.orders.some(
        (order) =>
          isWorking(order) &&
          (order.uncertain || ['SUBMITTED', 'CANCEL_PENDING'].includes(order.state) || order.type === 'MARKET'),
      );
      if (isOpen) void this.#work(ward, () => ward.refresh());
    }
  }

  async #reconcile(): Promise<ReconcileReport> {
    const { broker, now } = this.#options;
    const from = now();
    const look = async (): Promise<Awaited<ReturnType<typeof lookAt>>> => {
      const seen = await lookAt(broker, this.#lastLookAt - OVERLAP_MS);
      // First everything that is ours is heard, then the sums are compared.
      await this.#settleAll(seen.orders, seen.fills);
      return seen;
    };
    let booked = this.#booked;
    let sight = await look();
    // What filled while we looked is in our sums, and may not be in what we saw.
    for (let again = 0; this.#booked !== booked && again < LOOKS; again += 1) {
      booked = this.#booked;
      sight = await look();
    }
    const verdict = judge(sight, this.#ourSight(await this.#knownOf(sight.orders)), now());
    this.#lastLookAt = from;
    this.#ready = true;
    await this.#confirmed(verdict);
    for (const ward of this.wards) void this.#work(ward, () => Promise.resolve());
    return { at: from, different: verdict.different, imported: verdict.imported.length, orphans: verdict.orphans.length };
  }

  async #settleAll(orders: readonly VenueOrder[], fills: readonly VenueFill[]): Promise<void> {
    for (const fill of fills) await this.#lateFill(fill);
    await Promise.all(
      this.wards.map((ward) =>
        this.#lanes.run(ward.state.signalId, async () => {
          for (const fill of fills) if (fill.cumQtyMicros !== null) await ward.hearFill(fill);
          for (const order of orders) if (ward.find(order.clientId) !== undefined) await ward.hear(order);
          await ward.refresh();
          if (ward.isShort) await ward.learnsHeld();
        }),
      ),
    );
  }

  /** A fill of a ward that is gone from memory: it comes back to book it. */
  async #lateFill(fill: VenueFill): Promise<void> {
    if (fill.clientId === null || this.#wardOf(fill.clientId) !== undefined) return;
    const { cumQtyMicros: to, qtyMicros } = fill;
    const order = await this.#options.log.order(fill.clientId);
    if (order === null || to === null || cover(order.booked, to - qtyMicros, to).fresh.length === 0) return;
    const kept = await this.#options.log.ward(order.signalId);
    if (kept !== null) this.#adopt({ ...kept.ward, done: false }, kept.orders);
  }

  async #knownOf(orders: readonly VenueOrder[]): Promise<ReadonlySet<string>> {
    const known = new Set<string>();
    for (const { clientId } of orders) {
      const owner = ownerOfAttached(clientId) ?? clientId;
      const order = await this.#options.log.order(owner);
      if (order !== null) known.add(owner);
    }
    return known;
  }

  #ourSight(known: ReadonlySet<string>): Parameters<typeof judge>[1] {
    // A venue names the stop that travels with an order itself; after a restart its number is all that says whose it is.
    const children = new Set(this.wards.flatMap(({ orders }) => orders.map(({ brokerId }) => brokerId)));
    const positions = new Map<string, number>();
    for (const { state, holding } of this.wards) {
      const qty = (positions.get(state.symbol) ?? 0) + state.side * holding.openQtyMicros;
      if (qty === 0) positions.delete(state.symbol);
      else positions.set(state.symbol, qty);
    }
    return {
      positions,
      manual: this.#manual,
      cashMicros: this.#options.cashMicros?.() ?? null,
      knows: ({ clientId, brokerId }) => known.has(ownerOfAttached(clientId) ?? clientId) || children.has(brokerId),
    };
  }

  async #confirmed(verdict: Verdict): Promise<void> {
    const { now, broker } = this.#options;
    for (const news of verdict.news) {
      // A difference is told when it appears, not every minute.
      if ((news.kind === 'difference' || news.kind === 'halt') && this.#different.has(news.symbol)) continue;
      if (news.kind === 'alert' && news.code === 'QUANTITY_DIFFERS' && news.symbol !== null && this.#different.has(news.symbol))
        continue;
      this.#news(news);
    }
    for (const symbol of this.#different)
      if (!verdict.different.includes(symbol)) {
        this.#different.delete(symbol);
        this.#news({ kind: 'resolved', symbol, at: now() });
      }
    for (const symbol of verdict.different) this.#different.add(symbol);
    for (const { symbol, qtyMicros } of verdict.imported) this.#manual.set(symbol, qtyMicros);
    for (const orphan of verdict.orphans) {
      this.#alert('ORPHAN_ORDER', orphan.symbol, `${orphan.clientId} is ours by its name and nobody knows it: it is cancelled.`);
      await broker.cancel(orphan.clientId).catch((error: unknown) => this.#failed(error, orphan.clientId));
    }
    await this.#endGhosts();
  }

  /** Orders that work at the venue while our record of them is over: they go. */
  async #endGhosts(): Promise<void> {
    const { broker, log } = this.#options;
    for (const view of await broker.openOrders()) {
      if (ownerOfAttached(view.clientId) !== null) continue;
      const order = await log.order(view.clientId);
      if (order === null || isWorking(order)) continue;
      this.#alert(
        'ORPHAN_ORDER',
        view.symbol,
        `${view.clientId} is ${order.state} here and works at the venue: it is cancelled.`,
      );
      await broker.cancel(view.clientId).catch((error: unknown) => this.#failed(error, view.clientId));
    }
  }

  #alert(code: DeskAlert, symbol: string | null, sentence: string): void {
    const critical = [
      'PROTECTION_FAILED',
      'UNPROTECTED',
      'UNKNOWN_POSITION',
      'QUANTITY_DIFFERS',
      'EXIT_REFUSED',
      'LATE_FILL',
    ].includes(code);
    this.#news({ kind: 'alert', code, critical, symbol, sentence, at: this.#options.now() });
  }

  #failed(error: unknown, key: string): void {
    if (this.#options.scope.state === 'open')
      this.#alert('DESK_ERROR', null, `${key}: ${error instanceof Error ? error.message : String(error)}`);
  }

  #news(news: DeskNews): void {
    this.#options.onNews(news);
  }
}

/** The request of an entry: with its stop where the venue takes both together. */
function requestOf(terms: OrderTerms, instrument: TradedInstrument, oto: boolean): OrderRequest {
  const { clientId, symbol, side, type, limitPrice, stopPrice, protection } = terms;
  return {
    clientId, symbol, side, type, limitPrice, stopPrice,
    qtyMicros: terms.steps * instrument.lotStepMicros,
    tickSize: instrument.tickSize,
    tif: terms.tif ?? 'GTC',
    attached: oto && protection !== null ? { kind: 'OTO', stopPrice: protection.stopPrice } : null,
  }; // prettier-ignore
}

function requestOnly({
  clientId,
  symbol,
  side,
  type,
  qtyMicros,
  limitPrice,
  stopPrice,
  tickSize,
  tif,
  attached,
}: SentOrder): OrderRequest {
  return { clientId, symbol, side, type, qtyMicros, limitPrice, stopPrice, tickSize, tif, attached };
}

/** What stands for the entry of a position that was found: filled, and unknown at the venue. */
function foundEntry(
  terms: Pick<OrderTerms, 'signalId' | 'symbol'>,
  of: { readonly side: 1 | -1; readonly qtyMicros: QtyMicros; readonly tickSize: number; readonly at: EpochMs },
): SentOrder {
  const { signalId, symbol } = terms;
  const { qtyMicros, at } = of;
  return {
    clientId: clientOrderId(signalId, 'ENTRY'), symbol, side: of.side === 1 ? 'BUY' : 'SELL', type: 'MARKET', qtyMicros, limitPrice: null, stopPrice: null,
    tickSize: of.tickSize, tif: 'DAY', attached: null, signalId, intent: 'OPEN', role: 'ENTRY', leg: 'ENTRY', state: 'FILLED', uncertain: false, deniedAt: null,
    brokerId: null, booked: [[0, qtyMicros]], filledQtyMicros: qtyMicros, value: 0, armed: true, gate: null, reason: 'FOUND', createdAt: at, updatedAt: at,
  }; // prettier-ignore
}

function wardOf(terms: OrderTerms, instrument: TradedInstrument): WardState {
  return {
    signalId: terms.signalId, symbol: terms.symbol, side: terms.side === 'BUY' ? 1 : -1, tickSize: instrument.tickSize,
    lotStepMicros: instrument.lotStepMicros, stopPrice: terms.protection?.stopPrice ?? 0, stopLeg: 'STOP.1',
    targetPrices: terms.protection?.targets ?? [], targets: null, exit: null, cancelEntry: null, barsLeft: terms.validBars, failures: 0, revision: 0,
    unprotectedSince: null, unprotectedMs: 0, accepted: false, told: {}, done: false,
  }; // prettier-ignore
}
