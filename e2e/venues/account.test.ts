/** A live account whose venue holds something else than it thinks: acknowledged, imported, corrected, flattened (trading.md 7.5, 7.6). */
import { setImmediate as turn } from 'node:timers/promises';
import { VirtualClock } from '@wyckoff/bounded/leak-kit';
import { DEFAULT_LIMITS, tradedInstrument, type Position } from '@wyckoff/domain';
import { afterEach, expect, it } from 'vitest';
import { riskView } from '../../packages/server/src/session/trading/risk-view.ts';
import { stakesOf } from '../../packages/server/src/session/trading/stakes.ts';
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

/** Why the account booked its positions as closed, as it told it. */
async function closedAs(): Promise<readonly (string | null)[]> {
  const rows = await bench.store.journalPage({ afterSeq: 0, limit: 100, type: 'position.closed' });
  return rows.map(({ data }) => (data as Position).exitReason);
}

const results = () => bench.run.trading.killSwitch.results.map(({ state }) => state);

it('7.6 a position that left past the account, before it was told of FLATTEN, is booked as FLATTEN', async () => {
  bench = await AccountBench.open();
  await bench.enter();
  await bench.raise('FLATTEN');
  await bench.account.flatten();
  await bench.until('nothing open', () => bench.run.openPositions.length === 0 && bench.account.desk.wards.length === 0);
  expect(await closedAs()).toEqual(['FLATTEN']);
  expect(bench.held()).toBe(0);
});

it('7.6 the twin: a position whose stop was met meanwhile is booked as STOP; its FLATTEN result is CLOSED all the same', async () => {
  bench = await AccountBench.open();
  await bench.enter();
  const { market } = bench.venue;
  const cancel = market.cancel.bind(market);
  // Asked to cancel a pair, the venue says that its stop has just been filled.
  market.cancel = (id) => {
    const stop = market.find(id)?.stop;
    if (stop == null) return cancel(id);
    market.fill(stop.id, { price: stop.stopPrice ?? '1' });
    return false;
  };
  await bench.tell({ kind: 'setKillSwitch', kill: await bench.raise('FLATTEN') });
  expect(results()).toEqual(['CLOSING']);
  await bench.until('nothing open', () => bench.run.openPositions.length === 0 && bench.account.desk.wards.length === 0);
  expect(await closedAs()).toEqual(['STOP']);
  expect(results()).toEqual(['CLOSED']);
  expect(bench.closings()).toEqual([]);
});

it('5.1 a found position without a stop counts a tenth of its market value, in its own risk, in heat and in GET /risk; with a stop, the way to it', async () => {
  bench = await AccountBench.open((venue) => venue.market.positions.set(SYMBOL, { qty: 7 * QTY, cost: 7 * QTY * 100 }));
  await bench.until('the position', () => bench.run.openPositions.length === 1);
  const view = () =>
    riskView({
      account: bench.run.account,
      positions: bench.run.openPositions,
      stakes: stakesOf({ positions: bench.run.openPositions, held: [], campaigns: [], instrumentOf }),
      limits: DEFAULT_LIMITS,
      instrumentOf,
      correlations: { correlations: null, correlationsReason: '' },
    });
  const [found] = bench.run.openPositions;
  const tenth = Math.ceil((found.last * 7 * QTY) / 10);
  expect(found.riskMicros).toBe(tenth);
  expect(bench.run.account.heatRatio).toBeCloseTo(tenth / bench.run.account.equityMicros, 9);
  expect(view().byClass).toMatchObject([{ name: 'STOCK', riskMicros: tenth }]);
  const stop = Math.round(Math.min(found.last, bench.last) * 95) / 100;
  await bench.tell({ kind: 'moveStop', positionId: found.id, by: 'ann', stop, version: null });
  const atRisk = Math.max(0, Math.round((100 - stop) * 7 * QTY));
  expect(bench.run.openPositions[0]?.riskMicros).toBe(atRisk);
  expect(view().byClass).toMatchObject([{ riskMicros: atRisk }]);
});

const instrumentOf = (symbol: string) => tradedInstrument({ symbol, assetClass: 'STOCK' });

it("7.1 7.4 by hand, end to end: a TRIM leaves the stop over the rest; an exit at a limit works at the venue, and called back it is the stop's again", async () => {
  bench = await AccountBench.open();
  const qty = await bench.enter();
  const [position] = bench.run.openPositions;
  const exit = (qtyMicros: number, limitPrice: number | null) =>
    bench.tell({ kind: 'exit', positionId: position.id, by: 'ann', qtyMicros, limitPrice });
  bench.venue.market.fillsAtOnce = false;
  await exit(3 * QTY, null);
  await bench.until('the TRIM beside the stop', () => bench.stopped() === qty - 3 * QTY && bench.venue.market.working(SYMBOL).some(({ type }) => type === 'market')); // prettier-ignore
  const limitPrice = Math.round(bench.last * 110) / 100;
  const { answer } = await exit(2 * QTY, limitPrice);
  const atLimit = () => bench.venue.market.working(SYMBOL).find(({ type, qty: of, limitPrice: at }) => type === 'limit' && of === 2 * QTY && Number(at) === limitPrice); // prettier-ignore
  await bench.until('the exit at a limit', () => atLimit() !== undefined && bench.stopped() === qty - 3 * QTY);
  await bench.tell({ kind: 'cancelOrder', orderId: answer.orderId ?? '', by: 'ann' });
  await bench.until('the stop over it', () => atLimit() === undefined && bench.stopped() === qty - 3 * QTY);
  for (const order of bench.venue.market.working(SYMBOL)) if (order.type === 'market') bench.venue.market.fill(order.id);
  await bench.until('the TRIM booked', () => bench.run.openPositions[0]?.openQtyMicros === qty - 3 * QTY);
  expect(bench.stopped()).toBe(bench.held());
  expect(await bench.halts()).toEqual([]);
});
