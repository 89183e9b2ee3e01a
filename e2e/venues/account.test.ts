/** A live account whose venue holds something else than it thinks: acknowledged, imported, corrected, flattened (trading.md 7.5, 7.6). */
import { setImmediate as turn } from 'node:timers/promises';
import { VirtualClock } from '@wyckoff/bounded/leak-kit';
import { afterEach, expect, it } from 'vitest';
import { AccountBench, SYMBOL } from './account-bench.ts';

const QTY = 1_000_000;
let bench: AccountBench;
afterEach(async () => {
  await bench.close();
});

/** Somebody sold at the venue, or bought: no order of ours, no fill that we hear of. */
function moveAtVenue(by: number, symbol = SYMBOL): void {
  const { positions } = bench.venue.market;
  const { qty, cost } = positions.get(symbol) ?? { qty: 0, cost: 0 };
  const price = qty === 0 ? bench.last : cost / qty;
  positions.set(symbol, { qty: qty + by, cost: (qty + by) * price });
}

const acknowledge = () =>
  bench.tell({ kind: 'acknowledgeReconcile', symbol: SYMBOL, positions: bench.account.positionsAtVenue(SYMBOL), reason: 'sold by hand' }); // prettier-ignore

it('7.5 a difference halts until it is acknowledged; then account, desk and the stop at the venue have the quantity of the venue', async () => {
  bench = await AccountBench.open();
  const before = await bench.enter();
  moveAtVenue(-5 * QTY);
  await bench.account.desk.reconcile();
  await bench.until('the halt', async () => (await bench.halts()).includes('RECONCILE'));
  // The twin: unacknowledged, nothing follows the venue, however often it is looked at.
  await bench.account.desk.reconcile();
  expect(bench.account.desk.wards[0]?.holding.openQtyMicros).toBe(before);
  expect(bench.stopped()).toBe(before);
  await acknowledge();
  await bench.until('the new quantity everywhere', () => bench.stopped() === before - 5 * QTY && bench.account.desk.wards[0]?.holding.openQtyMicros === before - 5 * QTY); // prettier-ignore
  expect(bench.run.openPositions.map(({ openQtyMicros }) => openQtyMicros)).toEqual([before - 5 * QTY]);
  await bench.account.desk.reconcile();
  expect(await bench.halts()).toEqual([]);
  expect(bench.closings()).toEqual([]);
});

it('7.5 what the venue holds beyond an acknowledged difference is kept as MANUAL and counted', async () => {
  bench = await AccountBench.open();
  const before = await bench.enter();
  moveAtVenue(4 * QTY);
  await bench.account.desk.reconcile();
  await bench.until('the halt', async () => (await bench.halts()).includes('RECONCILE'));
  await acknowledge();
  await bench.until('a second position', () => bench.run.openPositions.length === 2);
  expect(bench.run.openPositions.map(({ openQtyMicros }) => openQtyMicros)).toEqual([before, 4 * QTY]);
  await bench.account.desk.reconcile();
  expect(await bench.halts()).toEqual([]);
});

it('7.5 an unknown position: alert, MANUAL, counted in heat, without a stop until a person gives it a stop, which then works at the venue', async () => {
  bench = await AccountBench.open((venue) => venue.market.positions.set(SYMBOL, { qty: 7 * QTY, cost: 7 * QTY * 100 }));
  await bench.until('the position', () => bench.run.openPositions.length === 1);
  const [found] = bench.run.openPositions;
  expect(found).toMatchObject({ openQtyMicros: 7 * QTY, avgEntry: 100 });
  expect(bench.alarms.some((line) => line.startsWith('UNKNOWN_POSITION'))).toBe(true);
  expect(bench.run.account.heatRatio).toBeGreaterThan(0);
  expect(bench.stopped()).toBe(0);
  const stop = Math.round(Math.min(found.last, bench.last) * 95) / 100;
  const { answer } = await bench.tell({ kind: 'moveStop', positionId: found.id, by: 'ann', stop, version: null });
  expect(answer).toMatchObject({ done: true });
  await bench.until('its stop at the venue', () => bench.stopped() === 7 * QTY);
});

it('7.5 cash that differs twice by the same is booked once as a CORRECTION; a difference that moves is in flight and is not', async () => {
  bench = await AccountBench.open();
  const before = bench.run.account.cashMicros;
  for (const lie of [20_000_000, 30_000_000]) {
    bench.venue.cashLie = lie;
    await bench.account.desk.reconcile();
    await turn();
  }
  expect(bench.run.account.cashMicros).toBe(before);
  for (let look = 0; look < 4; look += 1) await bench.account.desk.reconcile();
  await bench.until('the correction', () => bench.run.account.cashMicros === before + 30_000_000);
  expect(await bench.store.journalPage({ afterSeq: 0, limit: 10, type: 'input.command' }).then((rows) => rows.filter(({ data }) => (data as { command: { kind: string } }).command.kind === 'correction').length)).toBe(1); // prettier-ignore
});

it.each(['the account first', 'the venue first'])(
  '7.6 FLATTEN of our own and of unknown positions, %s: each is sold once, and the account knows',
  async (order) => {
    bench = await AccountBench.open((venue) => {
      venue.market.setPrice('GLD', 50);
      venue.market.positions.set('GLD', { qty: 3 * QTY, cost: 150 * QTY });
      venue.market.positions.set(SYMBOL, { qty: 7 * QTY, cost: 700 * QTY });
    });
    await bench.until('the unknown position', () => bench.run.openPositions.length === 1);
    bench.venue.market.fillsAtOnce = false;
    const kill = await bench.raise('FLATTEN');
    const tell = () => bench.tell({ kind: 'setKillSwitch', kill });
    const past = () => bench.account.flatten();
    for (const ask of order === 'the account first' ? [tell, past, past] : [past, tell, past]) await ask();
    for (const one of bench.venue.market.working()) bench.venue.market.fill(one.id);
    await bench.until('nothing open', () => bench.run.openPositions.length === 0 && bench.account.desk.wards.length === 0);
    await bench.account.flatten();
    expect([bench.held(), bench.held('GLD')]).toEqual([0, 0]);
    expect([bench.closings(), bench.closings('GLD')]).toEqual([[7 * QTY], [3 * QTY]]);
    expect(bench.venue.market.orders.every(({ clientOrderId }) => clientOrderId.startsWith('wx1-'))).toBe(true);
    expect(await bench.halts()).toEqual([]);
  },
);

it('7.6 FLATTEN is repeated every 30 s: what appears at the venue meanwhile is closed too; under STOP it stays', async () => {
  const clock = new VirtualClock();
  bench = await AccountBench.open((venue) => venue.market.setPrice('GLD', 50), clock);
  await bench.raise('STOP');
  moveAtVenue(3 * QTY, 'GLD');
  clock.advance(30_000);
  for (let look = 0; look < 50; look += 1) await bench.account.desk.reconcile();
  expect(bench.held('GLD')).toBe(3 * QTY);
  await bench.raise('FLATTEN');
  clock.advance(30_000);
  await bench.until('it gone', () => bench.held('GLD') === 0);
  expect(bench.closings('GLD')).toEqual([3 * QTY]);
});
