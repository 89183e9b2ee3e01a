/** For tests: a desk over a real adapter, a real local venue and a real order log, on a clock that moves only when the venue owes nothing. */
import { Census, Scope } from '@wyckoff/bounded';
import { settle, VirtualClock } from '@wyckoff/bounded/leak-kit';
import { clientOrderId, KILL_SWITCH_OFF, tradedInstrument } from '@wyckoff/domain';
import type { ApprovedOrder, BrokerReport, Instruction, KillSwitch, OrderTerms } from '@wyckoff/domain';
import { approve } from '../../packages/domain/src/risk/approved-order.ts';
import { AlpacaServer, KEYS } from './alpaca-server.ts';
import { AlpacaBroker } from '../../packages/server/src/brokers/alpaca/alpaca-broker.ts';
import type { Broker } from '../../packages/server/src/brokers/broker.ts';
import type { GateContext } from '../../packages/server/src/brokers/gate.ts';
import { LiveDesk } from '../../packages/server/src/brokers/live-desk.ts';
import type { DeskNews } from '../../packages/server/src/brokers/news.ts';
import type { OrderLog } from '../../packages/server/src/brokers/order-log.ts';
import { openSqliteStore } from '../../packages/server/src/store/sqlite/sqlite-store.ts';
import type { Store } from '../../packages/server/src/store/store.ts';

export const STOCK = tradedInstrument({ symbol: 'SPY', assetClass: 'STOCK' });
export const QTY = (shares: number): number => shares * 1_000_000;
const START = Date.UTC(2026, 0, 5, 15);

export const FINE: GateContext = {
  reservation: { state: 'HELD', riskMicros: 1e9, notionalMicros: 1e12, marginMicros: 1e9 },
  needs: { riskMicros: 1e6, notionalMicros: 1e6, marginMicros: 0 },
  halts: [],
  account: { kind: 'PAPER', liveAllowed: false },
  instrument: STOCK,
  supported: true,
  market: { open: true },
  lastPrice: 100,
  orderValueLimitMicros: 1e12,
  limits: [{ code: 'RK_HEAT', valueMicros: 1, limitMicros: 2 }],
};

export function entry(signalId: string, of: Partial<OrderTerms> = {}): Instruction {
  return { kind: 'place', order: approved(signalId, 'ENTRY', of) };
}

export function approved(signalId: string, leg: string, of: Partial<OrderTerms> = {}): ApprovedOrder {
  const isEntry = leg === 'ENTRY';
  return approve({
    orderId: `order ${signalId} ${leg}`, clientId: clientOrderId(signalId, leg), signalId, symbol: 'SPY', leg, intent: isEntry ? 'OPEN' : 'CLOSE',
    side: isEntry ? 'BUY' : 'SELL', type: isEntry ? 'LIMIT' : 'MARKET', steps: 10, limitPrice: isEntry ? 100 : null, stopPrice: null, validBars: null,
    protection: isEntry ? { stopPrice: 95, targets: [110, 120, 130], maxRiskMicros: 1e9 } : null, reason: isEntry ? null : 'MANUAL', replaces: null, ...of,
  }); // prettier-ignore
}

export interface BenchOptions {
  readonly server?: AlpacaServer;
  readonly clock?: VirtualClock;
  /** Kept across the lives of a desk; default: one of its own. */
  readonly store?: Store;
  /** Wraps what the desk works with: fails the nth call, counts, kills. */
  readonly broker?: (broker: Broker) => Broker;
  readonly log?: (log: OrderLog) => OrderLog;
  readonly manual?: ReadonlyMap<string, number>;
  readonly cashMicros?: () => number | null;
}

export class Bench {
  readonly server: AlpacaServer;
  readonly clock: VirtualClock;
  readonly store: Store;
  readonly census = new Census();
  readonly scope: Scope;
  readonly broker: Broker;
  readonly desk: LiveDesk;
  readonly reports: BrokerReport[] = [];
  readonly news: DeskNews[] = [];
  halt: () => Promise<KillSwitch> = () => Promise.resolve(KILL_SWITCH_OFF);
  context: GateContext = FINE;

  private constructor(server: AlpacaServer, clock: VirtualClock, options: BenchOptions) {
    this.server = server;
    this.clock = clock;
    this.store = options.store ?? openSqliteStore({ path: ':memory:' });
    this.scope = new Scope({ name: 'desk', census: this.census, timers: clock, capacity: 4_000 });
    const now = (): number => START + clock.now();
    server.market.now = now;
    let n = 0;
    const random = (): number => ((n += 1) * 0.618_034) % 1;
    const alpaca = new AlpacaBroker({
      scope: this.scope.child('alpaca'),
      baseUrl: server.url,
      keys: () => KEYS,
      timeoutMs: 3_000,
      perMinute: 6_000,
      random,
    });
    this.broker = options.broker?.(alpaca) ?? alpaca;
    const log = this.store.orderLog('account-1');
    this.desk = new LiveDesk({
      scope: this.scope,
      broker: this.broker,
      log: options.log?.(log) ?? log,
      gate: { readHalt: () => this.halt(), contextOf: () => Promise.resolve(this.context) },
      instrumentOf: (symbol) => (symbol === 'SPY' ? STOCK : null),
      now,
      random,
      onNews: (news) => this.news.push(news),
      ...(options.manual !== undefined && { manual: options.manual }),
      ...(options.cashMicros !== undefined && { cashMicros: options.cashMicros }),
    });
    void this.#consume();
  }

  static async open(options: BenchOptions = {}): Promise<Bench> {
    const server = options.server ?? (await AlpacaServer.start());
    return new Bench(server, options.clock ?? new VirtualClock(), options);
  }

  /** Starts and waits until it is connected with its stream. */
  static async started(options: BenchOptions = {}): Promise<Bench> {
    const bench = await Bench.open(options);
    await bench.start();
    return bench;
  }

  async start(): Promise<void> {
    await this.until(this.desk.start());
    await this.run(() => this.broker.state === 'CONNECTED' && this.server.owed === 0);
    await this.quiet();
  }

  /** Moves the clock on, a little whenever nobody waits for the venue, until it is so. */
  async run(isSo: () => boolean, withinMs = 600_000): Promise<void> {
    const endMs = this.clock.now() + withinMs;
    for (let turn = 0; !isSo(); turn += 1) {
      if (this.clock.now() > endMs) throw new Error(`bench: expected it within ${withinMs} ms, was not\n${this.show()}`);
      await this.#turn();
      if (this.server.owed === 0 && turn % 4 === 3) this.clock.advance(25);
    }
  }

  async until<T>(promise: Promise<T>, withinMs = 600_000): Promise<T> {
    let isDone = false;
    const over = promise.finally(() => (isDone = true));
    over.catch(() => undefined);
    await this.run(() => isDone, withinMs);
    return over;
  }

  /** Lets so much time pass, requests included. */
  async pass(ms: number): Promise<void> {
    const endMs = this.clock.now() + ms;
    await this.run(() => this.clock.now() >= endMs, ms + 60_000);
  }

  /** Nothing on its way for half a second. */
  async quiet(): Promise<void> {
    await this.pass(500);
  }

  take(...instructions: Instruction[]): Promise<void> {
    return this.until(this.desk.take(instructions));
  }

  order(leg: string, signalId = 'signal-1'): ReturnType<AlpacaServer['market']['byClientId']> {
    return this.server.market.byClientId(clientOrderId(signalId, leg));
  }

  alerts(): readonly string[] {
    return this.news.flatMap((one) => (one.kind === 'alert' ? [one.code] : []));
  }

  told(): readonly string[] {
    return this.reports.map((report) => report.kind + (report.kind === 'ended' ? ` ${report.state} ${report.reason}` : ''));
  }

  /** Where everything stands, for a failing test. */
  show(): string {
    const alerts = this.news
      .flatMap((one) => (one.kind === 'alert' ? [`${one.code} ${one.sentence}`] : one.kind === 'link' ? [one.state] : []))
      .slice(-12);
    const ours = this.desk.wards.flatMap((ward) =>
      ward.orders.map(
        (order) =>
          `${order.role} ${order.leg} ${order.state} ${order.filledQtyMicros}/${order.qtyMicros} ${order.uncertain ? 'uncertain' : ''} ${order.reason ?? ''}`,
      ),
    );
    const theirs = this.server.market.orders.map(
      (order) => `${order.clientOrderId.slice(0, 12)} ${order.side} ${order.type} ${order.filled}/${order.qty} ${order.status}`,
    );
    return JSON.stringify(
      { state: this.broker.state, alerts, ours, theirs, told: this.told().slice(-8), seen: this.server.seen.slice(-8) },
      null,
      1,
    );
  }

  /** Signed millionths the venue holds. */
  held(symbol = 'SPY'): number {
    return this.server.market.positions.get(symbol)?.qty ?? 0;
  }

  /** The process dies: nothing is told goodbye, timers and sockets are gone. */
  async die(): Promise<void> {
    await this.until(this.scope.dispose({ deadlineMs: 1_000 }));
  }

  async stop(): Promise<void> {
    await this.die();
    await this.server.stop();
  }

  async #turn(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    await settle();
  }

  async #consume(): Promise<void> {
    for (;;) {
      const row = await this.desk.next().catch(() => undefined);
      if (row === undefined) return;
      this.reports.push(...row.reports);
      await this.desk.confirm(row.seq).catch(() => undefined);
    }
  }
}
