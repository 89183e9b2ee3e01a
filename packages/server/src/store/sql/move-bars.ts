/** Bars that go on under another symbol: block by block, each bar always in exactly one of the two series. */
import { setImmediate as turn } from 'node:timers/promises';
import type { Series } from '../store.ts';
import { minutesOf } from './bar-keys.ts';
import type { Gate } from './gate.ts';
import { execute, rawRows, type Work } from './work.ts';

/** Bars of one transaction. */
const BLOCK = 2_000;

interface Move {
  readonly from: Series;
  readonly to: Series;
  readonly before: number;
}

/** Answers how many bars left the old series. Its coverage goes first, so that what has moved is never uncovered. */
export async function moveBars(gate: Gate, move: Move): Promise<number> {
  const { from, to } = move;
  if (from.timeframe !== to.timeframe || from.symbolId === to.symbolId)
    throw new RangeError(`move bars: expected two symbols and one timeframe, was ${from.symbol} ${from.timeframe} to ${to.symbol} ${to.timeframe}`); // prettier-ignore
  await gate.transaction('move coverage', () => moveCoverage(gate, move));
  for (let moved = 0; ;) {
    const block = await gate.transaction('move bars', () => moveBlock(gate, move));
    if (block === 0) return moved;
    moved += block;
    await turn();
  }
}

function* moveBlock({ dialect }: Gate, { from, to, before }: Move): Work<number> {
  const tf = minutesOf(from.timeframe);
  const block = dialect.text('select max(ts) from (select ts from bars where symbol_id = ? and tf = ? and ts < ? order by ts limit ?) as block'); // prettier-ignore
  const [[last]] = yield* rawRows<[number | null]>(block, [from.symbolId, tf, before, BLOCK]);
  if (last === null) return 0;
  // What the new name has already holds.
  const copy = dialect.text(`insert into bars (symbol_id, tf, ts, o, h, l, c, v, flags)
    select cast(? as integer), tf, ts, o, h, l, c, v, flags from bars where symbol_id = ? and tf = ? and ts <= ?
    on conflict (symbol_id, tf, ts) do nothing`);
  yield* execute(copy, [to.symbolId, from.symbolId, tf, last]);
  const { changes } = yield* execute(dialect.text('delete from bars where symbol_id = ? and tf = ? and ts <= ?'), [
    from.symbolId,
    tf,
    last,
  ]);
  return changes;
}

/** Rows that begin before the day go over, cut at it; figures are of the survey that follows. */
function* moveCoverage({ dialect }: Gate, { from, to, before }: Move): Work<void> {
  const key = [from.symbolId, minutesOf(from.timeframe), before];
  const copy = dialect.text(`insert into coverage (symbol_id, tf, from_ts, to_ts, provider, bars, gaps, quality, hash, updated_at)
    select cast(? as integer), tf, from_ts, case when to_ts < ? then to_ts else ? end, provider, bars, gaps, quality, hash, updated_at
    from coverage where symbol_id = ? and tf = ? and from_ts < ?
    on conflict (symbol_id, tf, from_ts) do update set to_ts = case when coverage.to_ts > excluded.to_ts then coverage.to_ts else excluded.to_ts end`);
  yield* execute(copy, [to.symbolId, before, before - 1, ...key]);
  yield* execute(dialect.text('delete from coverage where symbol_id = ? and tf = ? and from_ts < ? and to_ts < ?'), [
    ...key,
    before,
  ]);
  yield* execute(dialect.text('update coverage set from_ts = ? where symbol_id = ? and tf = ? and from_ts < ?'), [
    before,
    ...key,
  ]);
}
