/** FLATTEN asked for twice over, by the account and past it: one closing order at the venue, booked, whichever comes first (trading.md 7.6, TR-12). */
import { afterEach, expect, it } from 'vitest';
import type { OrderLog } from '../../packages/server/src/brokers/order-log.ts';
import { directVenue } from '../../packages/server/src/session/trading/live-link.ts';
import { approved, Bench, entry, QTY } from './bench.ts';

const ACTIVATION = 'a1';
let bench: Bench;
afterEach(async () => {
  await bench.stop();
});

/** Ten shares with their stop; orders at market wait for the test. */
async function holding(options: Parameters<typeof Bench.started>[0] = {}): Promise<void> {
  bench = await Bench.started(options);
  bench.server.market.fillsAtOnce = false;
  await bench.take(entry('signal-1', { protection: { stopPrice: 95, targets: [], maxRiskMicros: 1e9 } }));
  await bench.run(() => bench.order('ENTRY') !== undefined);
  bench.server.market.fill(bench.order('ENTRY')?.id ?? '', { price: '100' });
  await bench.quiet();
  expect(bench.held()).toBe(QTY(10));
}

/** The account's own order, whenever it comes. */
const ofAccount = (leg: string) =>
  ({ kind: 'place', order: approved('signal-1', leg, { side: 'SELL', reason: 'FLATTEN' }) }) as const;
const past = () => directVenue('live', bench.desk, bench.broker).closeAll(ACTIVATION);
const closing = () => bench.server.market.orders.filter(({ side, type }) => side === 'sell' && type === 'market');

async function fillAll(): Promise<void> {
  for (let turn = 0; turn < 8; turn += 1) {
    for (const order of bench.server.market.working('SPY'))
      if (order.type === 'market') bench.server.market.fill(order.id, { price: '101' });
    await bench.pass(3_000);
  }
}

const filledOut = (): number =>
  bench.reports.reduce((sum, report) => sum + (report.kind === 'filled' ? report.fill.qtyMicros : 0), 0) - QTY(10);

it.each([
  ['the account first', [() => bench.take(ofAccount(`FLATTEN.${ACTIVATION}`)), past]],
  ['the way past it first', [past, () => bench.take(ofAccount(`FLATTEN.${ACTIVATION}`))]],
  ['past it three times', [past, past, past, () => bench.take(ofAccount(`FLATTEN.${ACTIVATION}`))]],
  ['past it while the account closes by hand', [() => bench.take(ofAccount('EXIT.1')), past]],
] as const)('7.6 TR-12 %s: one closing order, the book is told of it, and nothing is short', async (_, asks) => {
  await holding();
  for (const ask of asks) {
    await bench.until(Promise.resolve(ask()));
    await bench.quiet();
  }
  await fillAll();
  await bench.until(bench.desk.reconcile());
  expect(bench.held()).toBe(0);
  expect(closing()).toHaveLength(1);
  expect(filledOut()).toBe(QTY(10));
  expect(bench.alerts()).not.toContain('QUANTITY_DIFFERS');
  expect(bench.server.market.working('SPY')).toEqual([]);
});

it('7.6 a part that is being closed becomes the whole: what it leaves is closed with it, no more', async () => {
  await holding();
  await bench.take({ kind: 'place', order: approved('signal-1', 'TRIM.1', { side: 'SELL', reason: 'TRIM', steps: 3 }) });
  await bench.quiet();
  await bench.until(past());
  await fillAll();
  expect(closing().map(({ filled }) => filled)).toEqual([QTY(3), QTY(7)]);
  expect(bench.held()).toBe(0);
  expect(filledOut()).toBe(QTY(10));
});

it("7.6 the twin: the venue's own close-all leaves the book with a position that is gone, and the account's order sells it once more", async () => {
  await holding();
  await bench.until(bench.broker.closeAll());
  await bench.take(ofAccount(`FLATTEN.${ACTIVATION}`));
  await fillAll();
  expect(bench.held()).toBeLessThan(0);
});

it('7.6 a venue that is silent for a while delays the way out and doubles nothing', async () => {
  await holding();
  for (const kind of ['hang-before', 'hang-after'] as const)
    bench.server.faults.add({ kind, method: 'POST', path: '/v2/orders' });
  const asked = past();
  await fillAll();
  await bench.until(asked);
  expect(bench.held()).toBe(0);
  expect(closing()).toHaveLength(1);
});

/** A log that cannot write while `away`. */
function failing(of: { away: boolean }): (log: OrderLog) => OrderLog {
  return (log) => ({
    ...log,
    save: (change) => (of.away ? Promise.reject(new Error('database or disk is full')) : log.save(change)),
  });
}

it('7.6 FLATTEN does not wait for a store that is away; what happened is told when it is back', async () => {
  const disk = { away: false };
  await holding({ log: failing(disk) });
  disk.away = true;
  await bench.until(past());
  await fillAll();
  expect(bench.held()).toBe(0);
  expect(closing()).toHaveLength(1);
  expect(filledOut()).toBe(0);
  disk.away = false;
  await bench.pass(5_000);
  expect(filledOut()).toBe(QTY(10));
  expect(bench.desk.wards).toEqual([]);
});

it('7.2 the twin: any other way out waits until it is on disk', async () => {
  const disk = { away: false };
  await holding({ log: failing(disk) });
  disk.away = true;
  await bench.take(ofAccount('EXIT.1'));
  await fillAll();
  expect(closing()).toEqual([]);
  disk.away = false;
  await fillAll();
  expect(bench.held()).toBe(0);
  expect(closing()).toHaveLength(1);
});
