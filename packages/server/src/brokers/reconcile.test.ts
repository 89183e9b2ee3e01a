import { openSqliteStore } from '../store/sqlite/sqlite-store.ts';
import { describe, expect, test } from 'vitest';
import { clientOrderId } from '@wyckoff/domain';
import { VirtualClock } from '@wyckoff/bounded/leak-kit';
import { AlpacaServer } from '../../../../e2e/venues/alpaca-server.ts';
import { approved, Bench, entry, QTY } from '../../../../e2e/venues/bench.ts';

const NO_TARGETS = { protection: { stopPrice: 95, targets: [], maxRiskMicros: 1e9 } } as const;

/** A life that ends in the middle, and the next one, with the venue changed between. */
async function nextLife(
  between: (server: AlpacaServer) => void,
  first: (bench: Bench) => Promise<void>,
): Promise<{ bench: Bench; before: Bench }> {
  const server = await AlpacaServer.start();
  const clock = new VirtualClock();
  const store = openSqliteStore({ path: ':memory:' });
  const before = await Bench.started({ server, clock, store });
  await first(before);
  await before.die();
  between(server);
  const bench = await Bench.started({ server, clock, store });
  return { bench, before };
}
const enter = async (bench: Bench): Promise<void> => {
  await bench.take(entry('signal-1', NO_TARGETS));
  await bench.run(() => bench.order('ENTRY') !== undefined);
  await bench.quiet();
};

describe('7.5 reconciliation, row by row', () => {
  test('an order behind: what filled while nobody looked is applied, and the position protected', async () => {
    const { bench } = await nextLife((server) => server.market.setPrice('SPY', 100), enter);
    await bench.quiet();
    expect(bench.told()).toContain('filled');
    expect(bench.desk.wards[0]?.holding.openQtyMicros).toBe(QTY(10));
    expect(bench.alerts()).not.toContain('QUANTITY_DIFFERS');
    await bench.stop();
  });

  test('an order with our name nobody remembers is cancelled, with an alert', async () => {
    const { bench } = await nextLife(
      (server) =>
        void server.market.place({ clientOrderId: 'wx1-forgotten', symbol: 'SPY', side: 'buy', type: 'limit', tif: 'gtc', qty: QTY(1), limitPrice: '50', stopPrice: null, orderClass: 'simple', attachedStop: null }),
      async () => undefined,
    ); // prettier-ignore
    await bench.quiet();
    expect(bench.alerts()).toContain('ORPHAN_ORDER');
    expect(bench.server.market.working()).toEqual([]);
    await bench.stop();
  });

  test('a working order the venue denies: asked by client id, gone after the second denial, the reservation may go', async () => {
    const bench = await Bench.started();
    await enter(bench);
    bench.server.denied.add(clientOrderId('signal-1', 'ENTRY'));
    await bench.run(() => bench.told().some((line) => line.startsWith('ended EXPIRED')), 300_000);
    await bench.run(() => bench.desk.wards.length === 0);
    await bench.stop();
  });

  test('a foreign order is shown, never touched; an unknown position is kept as MANUAL, with an alert, once', async () => {
    const { bench } = await nextLife(
      (server) => {
        server.market.place({ clientOrderId: 'by hand', symbol: 'TLT', side: 'buy', type: 'limit', tif: 'gtc', qty: QTY(1), limitPrice: '50', stopPrice: null, orderClass: 'simple', attachedStop: null });
        server.market.positions.set('GLD', { qty: QTY(7), cost: QTY(700) });
      },
      async () => undefined,
    ); // prettier-ignore
    await bench.pass(130_000);
    expect(bench.news.filter((one) => one.kind === 'imported').map((one) => one.position.symbol)).toEqual(['GLD']);
    expect(bench.alerts().filter((code) => code === 'UNKNOWN_POSITION')).toHaveLength(1);
    expect(bench.alerts()).toContain('FOREIGN_ORDER');
    expect(bench.server.market.working()).toHaveLength(1);
    await bench.stop();
  });

  test.each(['seen before the end', 'never seen', 'not answered for when the fill was heard'])(
    'the stop that travelled with our entry, %s, is ours after a restart: no FOREIGN_ORDER',
    async (how) => {
      const { bench } = await nextLife(
        (server) => server.faults.clear(),
        async (first) => {
          await enter(first);
          if (how.startsWith('not')) first.server.faults.add({ kind: 'hang-before', method: 'GET', path: 'order', times: 50 });
          first.server.market.fill(first.order('ENTRY')?.id ?? '', { price: '100' });
          if (how !== 'never seen') await first.pass(500);
        },
      );
      await bench.pass(70_000);
      const [stop] = bench.server.market.working();
      expect(stop).toMatchObject({ type: 'stop', qty: QTY(10) });
      expect(stop?.clientOrderId).not.toContain('wx1-');
      expect(bench.server.market.working()).toHaveLength(1);
      expect(bench.alerts()).not.toContain('FOREIGN_ORDER');
      await bench.stop();
    },
  );

  test('a quantity that differs: alert and halt RECONCILE, told once; resolved when it agrees again', async () => {
    const bench = await Bench.started();
    await enter(bench);
    bench.server.market.setPrice('SPY', 100);
    await bench.run(() => bench.held() === QTY(10));
    await bench.quiet();
    bench.server.positionLies.set('SPY', QTY(-3));
    await bench.pass(130_000);
    expect(bench.news.filter((one) => one.kind === 'halt')).toMatchObject([{ symbol: 'SPY' }]);
    expect(bench.news.find((one) => one.kind === 'difference')).toMatchObject({
      oursQtyMicros: QTY(10),
      theirsQtyMicros: QTY(7),
    });
    bench.server.positionLies.clear();
    await bench.pass(65_000);
    expect(bench.news.filter((one) => one.kind === 'resolved')).toMatchObject([{ symbol: 'SPY' }]);
    await bench.stop();
  });

  test('a position without its stop gets it now', async () => {
    const bench = await Bench.started();
    await enter(bench);
    bench.server.market.setPrice('SPY', 100);
    await bench.run(() => bench.held() === QTY(10));
    await bench.quiet();
    bench.server.stream.silent = true;
    bench.server.market.cancel(bench.order('ENTRY')!.stop!.id);
    await bench.run(() => bench.server.market.working().some((order) => order.type === 'stop' && order.qty === QTY(10)), 70_000);
    expect(bench.desk.wards[0]?.state.unprotectedMs).toBeGreaterThanOrEqual(0);
    await bench.stop();
  });

  test.each([[20_000_000, true], [5_000_000, false]])('cash off by %i micros of 100,000: alert %s', async (lie, isTold) => {
    const bench = await Bench.started({ cashMicros: () => 100_000_000_000 });
    bench.server.cashLie = lie;
    await bench.pass(65_000);
    expect(bench.alerts().includes('CASH_DIFFERS')).toBe(isTold);
    await bench.stop();
  }); // prettier-ignore

  test('7.1 a late fill of an order that is over here is booked, told once, and raises an alert', async () => {
    const bench = await Bench.started();
    await enter(bench);
    bench.server.denied.add(clientOrderId('signal-1', 'ENTRY'));
    await bench.run(() => bench.desk.wards.length === 0, 300_000);
    bench.server.denied.clear();
    bench.server.stream.silent = true;
    bench.server.market.fill(bench.order('ENTRY')!.id, { price: '100' });
    await bench.pass(130_000);
    expect(bench.alerts()).toContain('LATE_FILL');
    const fills = bench.reports.filter((report) => report.kind === 'filled');
    expect(fills.map(({ fill }) => fill.qtyMicros)).toEqual([QTY(10)]);
    // It is a position now, and has a stop.
    expect(bench.server.market.working().filter((order) => order.type === 'stop')).toHaveLength(1);
    await bench.stop();
  });
});

describe('a venue that is away', () => {
  test('8.3 entries are refused, exits wait and are sent when it is back; it is tried for ever', async () => {
    const bench = await Bench.started();
    await enter(bench);
    bench.server.market.setPrice('SPY', 100);
    await bench.run(() => bench.held() === QTY(10));
    await bench.quiet();
    bench.server.down = true;
    await bench.run(() => !bench.desk.isConnected, 60_000);
    await bench.take(entry('signal-2'), { kind: 'place', order: approved('signal-1', 'EXIT.1') });
    await bench.run(() => bench.told().includes('ended REJECTED BROKER_DOWN'));
    await bench.pass(600_000);
    expect(bench.held()).toBe(QTY(10));
    bench.server.down = false;
    await bench.run(() => bench.held() === 0 && bench.desk.wards.length === 0, 120_000);
    await bench.stop();
  });

  test('refused keys: stopped, told, and not tried again', async () => {
    const bench = await Bench.open();
    bench.server.faults.clear();
    bench.server.refuseKeys = true;
    await bench.until(bench.desk.start());
    await bench.pass(200_000);
    expect(bench.broker.state).toBe('STOPPED');
    expect(bench.server.seen.filter((line) => line === 'GET /v2/account')).toHaveLength(1);
    await bench.stop();
  });

  test('L7 100 times connected and disconnected: no socket, timer or listener is left', async () => {
    const bench = await Bench.open();
    const before = bench.census.rows().map((row) => [row.name, row.size]);
    for (let i = 0; i < 100; i += 1) {
      await bench.until(bench.broker.connect());
      await bench.run(() => bench.broker.state === 'CONNECTED');
      await bench.until(bench.broker.disconnect());
      expect(bench.clock.pending).toBe(0);
    }
    await bench.run(() => bench.server.streams === 0);
    for (let i = 0; i < 200 && (await bench.server.connections()) > 0; i += 1)
      await new Promise((resolve) => setImmediate(resolve));
    expect(await bench.server.connections()).toBe(0);
    expect(bench.census.rows().map((row) => [row.name, row.size])).toEqual(before);
    await bench.stop();
  });
});
