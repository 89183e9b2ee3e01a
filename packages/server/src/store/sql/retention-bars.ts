/** Streamed bars of short timeframes leave by their own time; what was imported or downloaded is covered and stays (interface.md 4.2). */
import { ROWS, SLICE_KEYS, type Rule } from './retention-walk.ts';
import { execute, rawRows } from './work.ts';

/** Where the walk over the series stands. */
interface Place {
  readonly symbolId: number;
  readonly tf: number;
  /** Null: the series is done with. */
  readonly after: number | null;
  /** Last bar of the slice; null: one begins. */
  readonly edge: number | null;
}

const AT_FIRST: Place = { symbolId: 0, tf: 0, after: null, edge: null };
const BEFORE_ALL = -8.64e15;
const LONGEST_MINUTES = 60;
const UNCOVERED = `not exists (select 1 from coverage c
  where c.symbol_id = bars.symbol_id and c.tf = bars.tf and bars.ts between c.from_ts and c.to_ts)`;

/** Only bars that are old enough are looked at: none of what is young, none of a long timeframe. */
export const streamedBars: Rule = {
  *find({ dialect, ages, now, key }) {
    const { symbolId, tf, after, edge } = (key as Place | null) ?? AT_FIRST;
    if (after === null) {
      const text = dialect.text('select symbol_id, tf from bars where (symbol_id, tf) > (?, ?) order by symbol_id, tf limit 1');
      const [series] = yield* rawRows<[number, number]>(text, [symbolId, tf]);
      if (series === undefined) return { keys: [], next: null };
      const begin = series[1] <= LONGEST_MINUTES ? BEFORE_ALL : null;
      return { keys: [], next: { symbolId: series[0], tf: series[1], after: begin, edge: null } satisfies Place };
    }
    const place = { symbolId, tf };
    let until = edge;
    if (until === null) {
      const oldest = now - (tf < 5 ? ages.minuteBarsMs : ages.hourBarsMs);
      const text = dialect.text(`select max(ts) from (select ts from bars
        where symbol_id = ? and tf = ? and ts > ? and ts < ? order by ts limit ${SLICE_KEYS}) as slice`);
      const [row] = yield* rawRows<[number | null]>(text, [symbolId, tf, after, oldest]);
      until = row?.[0] ?? null;
      if (until === null) return { keys: [], next: { ...place, after: null, edge: null } satisfies Place };
    }
    const text = dialect.text(`select symbol_id, tf, ts from bars
      where symbol_id = ? and tf = ? and ts > ? and ts <= ? and ${UNCOVERED} order by ts limit ${ROWS}`);
    const keys = yield* rawRows<[symbolId: number, tf: number, ts: number]>(text, [symbolId, tf, after, until]);
    const last = keys.at(-1);
    const isWhole = keys.length < ROWS || last === undefined;
    return { keys, next: { ...place, after: isWhole ? until : last[2], edge: isWhole ? null : until } satisfies Place };
  },
  *remove({ dialect }, keys) {
    const [symbolId, tf] = keys[0];
    const places = keys.map(() => '?').join(', ');
    const text = dialect.text(`delete from bars where symbol_id = ? and tf = ? and ts in (${places}) and ${UNCOVERED}`);
    return { rows: (yield* execute(text, [symbolId, tf, ...keys.map((row) => row[2])])).changes, left: [] };
  },
};
