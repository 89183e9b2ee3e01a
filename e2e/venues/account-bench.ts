/** For tests: a whole live account - engine, journal, store, kill switch, desk - over the Alpaca adapter and the local venue. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Census, Scope } from '@wyckoff/bounded';
import type { VirtualClock } from '@wyckoff/bounded/leak-kit';
import { drawSeries, tradedInstrument, type Account, type KillSwitch, type TradingCommand } from '@wyckoff/domain';
import { AlpacaBroker } from '../../packages/server/src/brokers/alpaca/alpaca-broker.ts';
import { engineFactory } from '../../packages/server/src/session/engine-factory.ts';
import { DEMO_SYMBOL } from '../../packages/server/src/session/demo-series.ts';
import { Journal } from '../../packages/server/src/session/journal.ts';
import { LiveAccount } from '../../packages/server/src/session/market/live-account.ts';
import { Run } from '../../packages/server/src/session/run.ts';
import { openGuard } from '../../packages/server/src/session/trading/open-trading.ts';
import type { Outcome } from '../../packages/server/src/session/trading/account-run.ts';
import type { KillSwitchGuard } from '../../packages/server/src/session/safety/kill-switch-guard.ts';
import { openSqliteStore, type SqliteStore } from '../../packages/server/src/store/sqlite/sqlite-store.ts';
import { AlpacaServer, KEYS } from './alpaca-server.ts';
import { FINE } from './bench.ts';

const DRAWN = drawSeries({ schematic: 'all', seed: 1042, number: 3, bars: 300, noise: 'low' });
export const SYMBOL = 'SPY';
const DAY = 86_400_000;
const START = 1e11;
const ACCOUNT: Account = {
  id: 'live', kind: 'LIVE', currency: 'USD', startingMicros: START, cashMicros: START, equityMicros: START, peakMicros: START, drawdownRatio: 0,
  realisedMicros: 0, unrealisedMicros: 0, costsMicros: 0, heatRatio: 0, trades: 0, wins: 0, at: 0,
}; // prettier-ignore
const ann = { actor: 'ann', requestId: null };

export class AccountBench {
  readonly venue: AlpacaServer;
  readonly scope: Scope;
  readonly store: SqliteStore;
  readonly alarms: string[] = [];
  readonly last: number = DRAWN.columns.close[DRAWN.columns.length - 1];
  #folder: string;
  #run: Run | null = null;
  #account: LiveAccount | null = null;
  #guard: KillSwitchGuard | null = null;

  private constructor(venue: AlpacaServer, folder: string, clock: VirtualClock | undefined) {
    this.venue = venue;
    this.#folder = folder;
    this.scope = new Scope({
      name: 'account',
      census: new Census(),
      capacity: 4_000,
      ...(clock !== undefined && { timers: clock }),
    });
    this.store = this.scope.own(openSqliteStore({ path: join(folder, 'wyckoff.db') }), (one) => one.close());
  }

  get run(): Run {
    return expected(this.#run);
  }

  get account(): LiveAccount {
    return expected(this.#account);
  }

  get guard(): KillSwitchGuard {
    return expected(this.#guard);
  }

  /** With 300 bars behind it, connected, permitted; orders at market are filled at the last close. */
  static async open(before: (venue: AlpacaServer) => void = () => undefined, clock?: VirtualClock): Promise<AccountBench> {
    const bench = new AccountBench(await AlpacaServer.start(), mkdtempSync(join(tmpdir(), 'wyckoff-account-')), clock);
    before(bench.venue);
    bench.venue.market.setPrice(SYMBOL, bench.last);
    await bench.#begin();
    return bench;
  }

  async #begin(): Promise<void> {
    const { scope, store, venue } = this;
    const { columns } = DRAWN;
    const since = performance.now();
    const wallClock = (): number => columns.time[columns.length - 1] + DAY + Math.round(performance.now() - since);
    venue.market.now = wallClock;
    const series = await store.saveSymbol({ ...DEMO_SYMBOL, symbol: SYMBOL, assetClass: 'STOCK', synthetic: true }, '1d');
    await store.importBars(series, columns, 'test');
    const onProblem = (error: unknown): void => void this.alarms.push(String(error));
    const onAlarm = (sentence: string): void => void this.alarms.push(sentence);
    const journal = await Journal.open(store, scope.child('journal'), onProblem);
    const guard = await openGuard({ scope, store, journal, dataDir: this.#folder, onAlarm });
    this.#guard = guard;
    const broker = new AlpacaBroker({ scope: scope.child('alpaca'), baseUrl: venue.url, keys: () => KEYS, perMinute: 6_000 });
    const account = await LiveAccount.open({
      scope, broker, store, guard, accountId: ACCOUNT.id, wallClock, onAlarm, onProblem,
      run: () => this.#run,
      contextOf: () => Promise.resolve(FINE),
      instrumentOf: (symbol) => (symbol === SYMBOL ? tradedInstrument({ symbol, assetClass: 'STOCK' }) : null),
      onConnection: () => undefined,
      onNotice: onAlarm,
      onBroken: onAlarm,
    }); // prettier-ignore
    this.#account = account;
    const factory = engineFactory({
      instrument: { symbol: SYMBOL, assetClass: 'STOCK', timeZone: 'UTC' },
      timeframe: '1d',
      account: { id: ACCOUNT.id, kind: 'LIVE', currency: 'USD', startingMicros: START },
      acceptance: 'queue',
      broker: 'venue',
    });
    const ref = { id: `live:${SYMBOL}:1d`, series };
    this.#run = await Run.resume({ store, journal, ref, accountId: ACCOUNT.id, account: ACCOUNT, factory, snapshotEvery: 1_000, acceptance: 'queue', wallClock, venue: account.take }); // prettier-ignore
    for (let row = 0; row < columns.length;) row += await this.#run.take(columns, row, 64);
    await account.start(this.#run.unhanded);
  }

  tell(command: TradingCommand): Promise<Outcome> {
    return this.run.command(command, ann);
  }

  /** A long position of the account itself, by an alert at market that a person approved. Answers its quantity, millionths. */
  async enter(): Promise<number> {
    const stop = Math.round(this.last * 96) / 100;
    const signal = { signature: `alert ${this.venue.market.orders.length}`, symbol: SYMBOL, timeframe: '1d', direction: 'LONG', stop, entry: null, targets: [], note: null } as const; // prettier-ignore
    const { answer } = await this.tell({ kind: 'external', signal });
    const signalId = this.run.pending.at(-1);
    if (signalId === undefined) throw new Error(`bench: expected a signal that waits, was ${JSON.stringify(answer)}`);
    const approved = await this.tell({ kind: 'approve', signalId, by: { user: 'ann', role: 'trader' }, qtyMicros: null });
    if (!approved.answer.done) throw new Error(`bench: expected an approval, was ${JSON.stringify(approved.answer)}`);
    await this.until('a protected position', () => {
      const position = this.run.openPositions.find((one) => one.signalId === signalId);
      const isPaired = this.venue.market.working(SYMBOL).some(({ orderClass }) => orderClass === 'oco');
      return position !== undefined && position.openQtyMicros === this.held() && isPaired && this.stopped() === this.held();
    });
    return this.held();
  }

  /** STOP or FLATTEN as the flag knows it; the account is not told. */
  async raise(level: 'STOP' | 'FLATTEN'): Promise<KillSwitch> {
    const flag = { level, activationId: 'act-1', actor: 'ann', reason: 'a test', at: this.run.now } as const;
    return (await this.guard.activate(flag)).kill;
  }

  held(symbol = SYMBOL): number {
    return this.venue.market.positions.get(symbol)?.qty ?? 0;
  }

  /** Millionths that stops at the venue would close. */
  stopped(): number {
    const stops = this.venue.market.working(SYMBOL).filter(({ type }) => type === 'stop');
    return stops.reduce((sum, { qty, filled }) => sum + qty - filled, 0);
  }

  /** Orders at market that close. */
  closings(symbol = SYMBOL): readonly number[] {
    const orders = this.venue.market.orders.filter(
      (order) => order.symbol === symbol && order.side === 'sell' && order.type === 'market',
    );
    return orders.map(({ filled }) => filled);
  }

  async halts(): Promise<readonly string[]> {
    return (await this.store.haltsInForce()).map(({ kind }) => kind);
  }

  /** Until the test's own time-out: no pause of ours says how fast a machine has to be. */
  async until(what: string, look: () => boolean | Promise<boolean>): Promise<void> {
    for (let turn = 0; turn < 10_000; turn += 1) {
      if (await look()) return;
      await pause(2);
    }
    throw new Error(`bench: expected ${what}; ${JSON.stringify({ alarms: this.alarms, orders: this.venue.market.orders.map(({ clientOrderId, side, type, qty, filled, status }) => ({ clientOrderId, side, type, qty, filled, status })), positions: this.run.openPositions })}`); // prettier-ignore
  }

  async close(): Promise<void> {
    await this.scope.dispose();
    await this.venue.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

function expected<T>(part: T | null): T {
  if (part === null) throw new Error('bench: expected to be open, was not');
  return part;
}
