import { afterEach, describe, expect, test } from 'vitest';
import { clientOrderId } from '@wyckoff/domain';
import type { Broker } from './broker.ts';
import { AlpacaServer } from '../../../../e2e/venues/alpaca-server.ts';
import { approved, Bench, entry, QTY } from '../../../../e2e/venues/bench.ts';

let bench: Bench;
afterEach(async () => {
  await bench.stop();
  expect(bench.clock.pending).toBe(0);
});
const market = (): Bench['server']['market'] => bench.server.market;
const working = (): string[] =>
  market()
    .working()
    .map(
      (order) => `${order.side} ${order.type} ${order.qty / 1e6} ${Number(order.stopPrice ?? order.limitPrice)} ${order.status}`,
    );

/** The same venue, had it neither pairs nor attached stops, nor changes in place. */
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

describe('a venue without pairs', () => {
  test('7.4 the stop follows the fill, the desk works the rungs, the stop is laid over the rest', async () => {
    bench = await Bench.started({ broker: plain });
    market().setPrice('SPY', 99);
    await bench.take(entry('signal-1'));
    await bench.run(() => working().includes('sell stop 10 95 new'), 2_000);
    market().setPrice('SPY', 111);
    await bench.until(bench.desk.priced('SPY', { high: 111, low: 109 }));
    await bench.run(() => working().includes('sell stop 5 95 new'));
    const replaced = approved('signal-1', 'STOP.2', { type: 'STOP', stopPrice: 100, steps: 5 });
    await bench.take({ kind: 'replace', clientId: clientOrderId('signal-1', 'STOP.1'), order: replaced });
    await bench.run(() => working().includes('sell stop 5 100 new'));
    market().setPrice('SPY', 99);
    await bench.run(() => bench.desk.wards.length === 0);
    await bench.quiet();
    expect(bench.held()).toBe(0);
    const legs = ['ENTRY', 'T1.1', 'STOP.2'].map((leg) => clientOrderId('signal-1', leg));
    const fills = bench.reports.filter((report) => report.kind === 'filled');
    expect(fills.map(({ clientId, fill }) => [legs.indexOf(clientId), fill.n, fill.qtyMicros / 1e6])).toEqual([[0, 1, 10], [1, 1, 5], [2, 1, 5]]); // prettier-ignore
    expect(bench.alerts()).toEqual([]);
  });

  test('a short is the mirror: bought back by its stop', async () => {
    bench = await Bench.started({ broker: plain });
    market().setPrice('SPY', 101);
    const protection = { stopPrice: 105, targets: [90], maxRiskMicros: 1e9 };
    await bench.take(entry('signal-1', { side: 'SELL', protection }));
    await bench.run(() => working().includes('buy stop 10 105 new'), 2_000);
    market().setPrice('SPY', 106);
    await bench.run(() => bench.desk.wards.length === 0);
    expect(bench.held()).toBe(0);
  });
});

describe('7.6 halts', () => {
  test('STOP ends working entries and keeps protection; FLATTEN closes everything; a drill changes nothing', async () => {
    bench = await Bench.started();
    market().setPrice('SPY', 99);
    await bench.take(entry('signal-1'), entry('signal-2', { limitPrice: 90 }));
    await bench.run(() => working().length === 8);
    await bench.until(bench.desk.flatten('drill', { drill: true }));
    await bench.quiet();
    expect(working().length).toBe(8);
    await bench.until(bench.desk.cancelEntries('STOP'));
    await bench.run(() => working().length === 6);
    expect(bench.held()).toBe(QTY(10));
    await bench.until(bench.desk.flatten('activation-1', { drill: false }));
    await bench.run(() => bench.desk.wards.length === 0);
    expect([bench.held(), working()]).toEqual([0, []]);
  });
});

describe('from entry to flat at the venue', () => {
  test('7.4 entry and stop leave together; filled, pairs of stop and target add up to the position; flat, nothing is left', async () => {
    bench = await Bench.started();
    await bench.take(entry('signal-1'));
    await bench.run(() => working().length === 2);
    expect(working()).toEqual(['buy limit 10 100 new', 'sell stop 10 95 held']);
    market().setPrice('SPY', 100);
    await bench.run(() => working().length === 6);
    expect(working().sort()).toEqual([
      'sell limit 2 130 new', 'sell limit 3 120 new', 'sell limit 5 110 new', 'sell stop 2 95 held', 'sell stop 3 95 held', 'sell stop 5 95 held',
    ]); // prettier-ignore
    market().setPrice('SPY', 110);
    await bench.run(() => working().length === 4);
    await bench.take({
      kind: 'replace',
      clientId: clientOrderId('signal-1', 'STOP.1'),
      order: approved('signal-1', 'STOP.2', { type: 'STOP', stopPrice: 100, steps: 5 }),
    });
    await bench.run(() => working().filter((row) => row.includes('stop') && row.includes('100')).length === 2);
    market().setPrice('SPY', 99);
    await bench.run(() => bench.desk.wards.length === 0);
    expect(bench.held()).toBe(0);
    expect(working()).toEqual([]);
    await bench.quiet();
    const fills = bench.reports.filter((report) => report.kind === 'filled');
    expect(
      fills.reduce(
        (sum, { clientId, fill }) => sum + (clientId === clientOrderId('signal-1', 'ENTRY') ? 1 : -1) * fill.qtyMicros,
        0,
      ),
    ).toBe(0);
    expect(fills.filter(({ clientId }) => clientId === clientOrderId('signal-1', 'STOP.2')).map(({ fill }) => fill.n)).toEqual([
      1, 2,
    ]);
    expect(bench.told().filter((line) => line.startsWith('ended'))).toEqual(['ended CANCELLED OCO', 'ended CANCELLED OCO']);
  });

  test('7.4 an exit takes the legs away first, then everything at market', async () => {
    bench = await Bench.started();
    market().setPrice('SPY', 99);
    await bench.take(entry('signal-1'));
    await bench.run(() => working().length === 6);
    await bench.take({ kind: 'place', order: approved('signal-1', 'EXIT.1') });
    await bench.run(() => bench.desk.wards.length === 0);
    expect(bench.held()).toBe(0);
    expect(working()).toEqual([]);
    await bench.quiet();
    expect(
      bench.reports.filter((report) => report.kind === 'filled' && report.clientId === clientOrderId('signal-1', 'EXIT.1')),
    ).toHaveLength(1);
  });

  test('7.4 a part of an entry gets its own stop within 2 s, resized with the next part; the attached one replaces it', async () => {
    bench = await Bench.started();
    await bench.take(entry('signal-1', { protection: { stopPrice: 95, targets: [], maxRiskMicros: 1e9 } }));
    await bench.run(() => working().length === 2);
    const order = bench.order('ENTRY')!;
    market().fill(order.id, { qty: QTY(4), price: '100' });
    await bench.run(() => working().includes('sell stop 4 95 new'), 2_000);
    market().fill(order.id, { qty: QTY(3), price: '100' });
    await bench.run(() => working().includes('sell stop 7 95 new'), 2_000);
    market().fill(order.id, { qty: QTY(3), price: '100' });
    await bench.run(() => working().length === 1);
    expect(working()).toEqual(['sell stop 10 95 new']);
    await bench.quiet();
    const measured = bench.news.flatMap((one) => (one.kind === 'unprotected' ? [one.forMs] : []));
    expect(measured.length).toBeGreaterThan(0);
    expect(Math.max(...measured)).toBeLessThanOrEqual(2_000);
  });

  test('7.4 no stop after three tries: closed at market, PROTECTION_FAILED', async () => {
    bench = await Bench.started();
    await bench.take(entry('signal-1', { protection: { stopPrice: 95, targets: [], maxRiskMicros: 1e9 } }));
    await bench.run(() => working().length === 2);
    market().setPrice('SPY', 101);
    // The venue loses the stop and takes no other.
    const refuse = market().place.bind(market());
    market().place = (ask) => {
      const order = refuse(ask);
      if (ask.type === 'stop') market().reject(order.id);
      return order;
    };
    market().fill(bench.order('ENTRY')!.id, { price: '100' });
    market().cancel(bench.order('ENTRY')!.stop!.id);
    await bench.run(() => bench.held() === 0 && bench.desk.wards.length === 0);
    expect(bench.alerts()).toContain('PROTECTION_FAILED');
  });

  test('4.3 an entry that had its bars is cancelled and told EXPIRED', async () => {
    bench = await Bench.started();
    await bench.take(entry('signal-1', { validBars: 2 }));
    await bench.run(() => working().length === 2);
    await bench.until(bench.desk.barClosed('SPY'));
    expect(working().length).toBe(2);
    await bench.until(bench.desk.barClosed('SPY'));
    await bench.run(() => bench.desk.wards.length === 0);
    await bench.quiet();
    expect(bench.told()).toContain('ended EXPIRED VALIDITY');
    expect(working()).toEqual([]);
  });

  test('a refusal by the venue is told with its reason', async () => {
    bench = await Bench.started();
    market().positions.set('SPY', { qty: QTY(-3), cost: -300_000_000 });
    await bench.take(entry('signal-1'));
    await bench.run(() => bench.told().some((line) => line.startsWith('ended')));
    expect(bench.told()[0]).toMatch(/^ended REJECTED .*insufficient qty/);
  });
});

describe('positions nobody here opened', () => {
  const found = async (): Promise<Bench> => {
    const server = await AlpacaServer.start();
    server.market.positions.set('SPY', { qty: QTY(7), cost: QTY(700) });
    server.market.setPrice('SPY', 100);
    return Bench.started({ server });
  };

  test('7.6 FLATTEN of the account closes a found position at market; 7.5 it is no difference meanwhile', async () => {
    bench = await found();
    expect(bench.held()).toBe(QTY(7));
    await bench.take({ kind: 'place', order: approved('manual:SPY', 'FLATTEN.a-1', { steps: 7, reason: 'FLATTEN' }) });
    await bench.run(() => bench.held() === 0);
    await bench.pass(65_000);
    expect(bench.told().filter((line) => line.includes('NO_POSITION'))).toEqual([]);
    const fills = bench.reports.filter((report) => report.kind === 'filled');
    expect(fills.map(({ clientId, fill }) => [clientId, fill.qtyMicros])).toEqual([[clientOrderId('manual:SPY', 'FLATTEN.a-1'), QTY(7)]]); // prettier-ignore
    expect(bench.alerts()).toEqual(['UNKNOWN_POSITION']);
  });

  test('7.4 a found position gets the stop a person gives it', async () => {
    bench = await found();
    await bench.take({ kind: 'place', order: approved('manual:SPY', 'STOP.1', { type: 'STOP', stopPrice: 95, steps: 7 }) });
    await bench.run(() => working().includes('sell stop 7 95 new'));
    expect(bench.told()).toEqual(['accepted']);
    market().setPrice('SPY', 94);
    await bench.run(() => bench.held() === 0);
  });

  test('7.3 an order for the other side, or for nothing, is refused', async () => {
    bench = await found();
    await bench.take({ kind: 'place', order: approved('manual:SPY', 'EXIT.1', { steps: 7, side: 'BUY' }) });
    await bench.quiet();
    expect(bench.told()).toContain('ended REJECTED NO_POSITION');
    expect(bench.held()).toBe(QTY(7));
  });
});
