/** Parts of a position on their way out: at market and at a limit, beside the stop over the rest (trading.md 7.1, 7.4). */
import { clientOrderId, type Instruction } from '@wyckoff/domain';
import { afterEach, describe, expect, test } from 'vitest';
import { approved, Bench, entry, QTY, type BenchOptions } from '../../../../e2e/venues/bench.ts';
import { isEnded } from '../../../../e2e/venues/market.ts';
import type { Broker } from './broker.ts';

let bench: Bench;
let watch: Watch;
afterEach(async () => {
  await bench.stop();
  expect(bench.clock.pending).toBe(0);
});

/** The same venue without pairs, attached stops and changes in place. */
function plain(broker: Broker): Broker {
  const capabilities = { ...broker.capabilities, oto: false, oco: false, bracket: false, replace: false };
  return new Proxy(broker, {
    get(target, name) {
      if (name === 'capabilities') return capabilities;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? (value as () => unknown).bind(target) : value;
    },
  });
}

const market = (): Bench['server']['market'] => bench.server.market;
const isStop = ({ type, status, parent }: ReturnType<typeof market>['orders'][number]): boolean =>
  type === 'stop' && !isEnded(status) && (status !== 'held' || parent?.orderClass === 'oco');
/** Shares under a stop at the venue, shares that leave otherwise; the half of a pair counts once, as the stop. */
function sums(): { readonly stopped: number; readonly leaving: number } {
  const working = market()
    .working('SPY')
    .filter(({ side }) => side === 'sell');
  const rest = (orders: typeof working): number => orders.reduce((sum, { qty, filled }) => sum + qty - filled, 0) / 1e6;
  return {
    stopped: rest(working.filter(isStop)),
    leaving: rest(working.filter((one) => one.type !== 'stop' && one.stop === null)),
  };
}

/** Looks whenever the venue does something: the longest time not everything was covered, the most that ever worked to close beyond what is held. */
interface Watch {
  bareMs: number;
  beyond: number;
}
function watching(): Watch {
  const seen: Watch = { bareMs: 0, beyond: 0 };
  let since: number | null = null;
  const tell = market().onEvent;
  market().onEvent = (event) => {
    const { stopped, leaving } = sums();
    const held = bench.held() / 1e6;
    // The other half of a pair follows its fill at once.
    if (event.fill === null) seen.beyond = Math.max(seen.beyond, stopped + leaving - held);
    const at = bench.clock.now();
    if (since !== null) seen.bareMs = Math.max(seen.bareMs, at - since);
    since = stopped + leaving < held ? (since ?? at) : null;
    tell(event);
  };
  return seen;
}

/** Ten shares, protected; orders at market wait for the test. */
async function holding(targets: readonly number[], options: BenchOptions = {}): Promise<void> {
  bench = await Bench.started(options);
  market().setPrice('SPY', 99);
  await bench.take(entry('signal-1', { protection: { stopPrice: 95, targets, maxRiskMicros: 1e9 } }));
  await bench.run(() => sums().stopped === 10);
  await bench.quiet();
  market().fillsAtOnce = false;
  watch = watching();
}

const place = (leg: string, of: Parameters<typeof approved>[2]): Instruction => ({
  kind: 'place',
  order: approved('signal-1', leg, of),
});
const trim = (steps: number): Instruction => place('TRIM.1', { steps });
const limit = (steps: number, of: Parameters<typeof approved>[2] = {}): Instruction =>
  place('EXIT.1', { type: 'LIMIT', limitPrice: 105, steps, ...of });
const cancel = (leg: string): Instruction => ({ kind: 'cancel', clientId: clientOrderId('signal-1', leg), reason: 'USER' });
const toldOf = (leg: string): readonly string[] =>
  bench.reports
    .filter(({ clientId }) => clientId === clientOrderId('signal-1', leg))
    .map((report) =>
      report.kind === 'filled'
        ? `filled ${report.fill.qtyMicros / 1e6}`
        : report.kind === 'ended'
          ? `${report.state} ${report.reason}`
          : report.kind,
    );

const VENUES = [
  ['a venue with pairs', [110, 120, 130], {}],
  ['a venue with pairs, without targets', [], {}],
  ['a venue without pairs', [110, 120, 130], { broker: plain }],
] as const satisfies readonly (readonly [string, readonly number[], BenchOptions])[];

describe.each(VENUES)('7.4 at %s', (name, targets, options) => {
  const isPaired = name !== 'a venue without pairs';

  test('7.4 7.1 while a TRIM waits the rest is under its stop, never bare for 2 s, never more than is open; filled, the stop stays over the rest', async () => {
    await holding(targets, options);
    await bench.take(trim(3));
    await bench.quiet();
    expect(sums()).toEqual({ stopped: 7, leaving: 3 });
    market().fill(bench.order('TRIM.1')?.id ?? '', { qty: QTY(1) });
    await bench.quiet();
    expect(sums()).toEqual({ stopped: 7, leaving: 2 });
    market().fill(bench.order('TRIM.1')?.id ?? '');
    await bench.quiet();
    expect(sums()).toEqual({ stopped: 7, leaving: 0 });
    expect(toldOf('TRIM.1')).toEqual(['accepted', 'filled 1', 'filled 2']);
    expect(watch.bareMs).toBeLessThanOrEqual(2_000);
    expect(watch.beyond).toBe(0);
    expect(bench.alerts()).toEqual([]);
  });

  test('7.4 a TRIM the venue refuses is under the stop again, and told', async () => {
    await holding(targets, options);
    const take = market().place.bind(market());
    market().place = (ask) => {
      const order = take(ask);
      if (ask.type === 'market') market().reject(order.id);
      return order;
    };
    await bench.take(trim(3));
    await bench.run(() => toldOf('TRIM.1').length === 2);
    expect(toldOf('TRIM.1')[1]).toMatch(/^REJECTED/);
    await bench.quiet();
    expect(sums()).toEqual({ stopped: 10, leaving: 0 });
    expect(bench.alerts()).toEqual(['EXIT_REFUSED']);
  });

  test('7.1 an exit at a limit works at its price beside the stop; called back, the stop has its quantity again', async () => {
    await holding(targets, options);
    await bench.take(limit(4));
    await bench.quiet();
    expect(sums()).toEqual(isPaired ? { stopped: 10, leaving: 0 } : { stopped: 6, leaving: 4 });
    expect(bench.order('EXIT.1')).toMatchObject({ type: 'limit', limitPrice: '105.00', qty: QTY(4), status: 'new' });
    await bench.take(cancel('EXIT.1'));
    await bench.quiet();
    expect(sums()).toEqual({ stopped: 10, leaving: 0 });
    expect(toldOf('EXIT.1')).toEqual(['accepted', 'CANCELLED USER']);
    expect(watch.bareMs).toBeLessThanOrEqual(2_000);
    expect(watch.beyond).toBe(0);
  });

  test('7.1 an exit at a limit fills at its price; what is left is protected, the stop takes it', async () => {
    await holding(targets, options);
    await bench.take(limit(4));
    await bench.quiet();
    market().setPrice('SPY', 105);
    await bench.quiet();
    expect(bench.held()).toBe(QTY(6));
    expect(sums()).toEqual({ stopped: 6, leaving: 0 });
    expect(toldOf('EXIT.1')).toEqual(['accepted', 'filled 4']);
    market().setPrice('SPY', 94);
    await bench.run(() => bench.desk.wards.length === 0);
    await bench.quiet();
    expect([bench.held(), market().working('SPY')]).toEqual([0, []]);
    expect(watch.beyond).toBe(0);
  });

  test('7.1 everything at market: limits give way, what a TRIM has claimed is not sold twice', async () => {
    await holding(targets, options);
    await bench.take(limit(4), trim(2));
    await bench.quiet();
    await bench.take(cancel('EXIT.1'), place('EXIT.2', { steps: 8 }));
    await bench.quiet();
    expect(sums()).toEqual({ stopped: 0, leaving: 10 });
    for (const order of market().working('SPY')) market().fill(order.id);
    await bench.run(() => bench.desk.wards.length === 0);
    await bench.quiet();
    expect(bench.held()).toBe(0);
    expect([toldOf('TRIM.1'), toldOf('EXIT.2')]).toEqual([
      ['accepted', 'filled 2'],
      ['accepted', 'filled 8'],
    ]);
    expect(watch.beyond).toBe(0);
  });

  test('7.1 everything at market, called back before it filled: under its stop again', async () => {
    await holding(targets, options);
    await bench.take(place('EXIT.1', { steps: 10 }));
    await bench.quiet();
    expect(sums()).toEqual({ stopped: 0, leaving: 10 });
    await bench.take(cancel('EXIT.1'));
    await bench.quiet();
    expect(sums()).toEqual({ stopped: 10, leaving: 0 });
    expect(toldOf('EXIT.1')).toEqual(['accepted', 'CANCELLED USER']);
  });

  test('7.1 IOC at a limit takes what is there and ends; the venue says so, and the stop has the rest', async () => {
    await holding(targets, options);
    await bench.take(limit(4, { tif: 'IOC' }));
    await bench.quiet();
    const order = bench.order('EXIT.1');
    expect(order).toMatchObject({ tif: 'ioc', orderClass: 'simple' });
    market().fill(order?.id ?? '', { qty: QTY(1), price: '105' });
    market().cancel(order?.id ?? '');
    await bench.quiet();
    expect(sums()).toEqual({ stopped: 9, leaving: 0 });
    expect(toldOf('EXIT.1')[1]).toBe('filled 1');
    expect(toldOf('EXIT.1')[2]).toMatch(/^CANCELLED/);
  });
});

describe('7.4 a venue that holds less than we think', () => {
  /** Someone sold four of ten there while a part of the entry was under a plain stop. */
  async function short(): Promise<void> {
    bench = await Bench.started();
    await bench.take(entry('signal-1', { protection: { stopPrice: 95, targets: [110, 120, 130], maxRiskMicros: 1e9 } }));
    await bench.run(() => bench.order('ENTRY') !== undefined);
    market().positions.set('SPY', { qty: QTY(-4), cost: QTY(-400) });
    market().setPrice('SPY', 100);
    await bench.run(() => bench.held() === QTY(6));
  }

  test('7.4 its pairs are sized to what it holds: no PROTECTION_FAILED, nothing sold, the difference told at once', async () => {
    await short();
    await bench.run(() => sums().stopped === 6, 5_000);
    await bench.pass(10_000);
    expect(sums()).toEqual({ stopped: 6, leaving: 0 });
    expect(bench.alerts()).toContain('QUANTITY_DIFFERS');
    expect(bench.alerts()).not.toContain('PROTECTION_FAILED');
    expect(bench.alerts()).not.toContain('UNPROTECTED');
    expect(market().orders.filter(({ side, type }) => side === 'sell' && type === 'market')).toEqual([]);
  });

  test('7.4 everything at market sells what it holds, no more', async () => {
    await short();
    await bench.pass(5_000);
    await bench.take(place('EXIT.1', { steps: 10 }));
    await bench.run(() => bench.held() === 0);
    await bench.pass(5_000);
    expect(bench.held()).toBe(0);
    expect(toldOf('EXIT.1')).toEqual(['accepted', 'filled 6']);
  });
});
