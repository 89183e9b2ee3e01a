/** Bars by key: pages, counts, streams and bulk import (H2, H3); never by offset. */
import { BAR_FLAGS, createBarColumns, type BarColumns } from '@wyckoff/domain';
import { setImmediate as turn } from 'node:timers/promises';
import type { BarSpan, BarStore, ImportCounts, ImportOptions, Series } from '../store.ts';
import type { Gate } from './gate.ts';
import { minutesOf } from './bar-keys.ts';
import { BarRows } from './bar-rows.ts';
import { cover } from './coverage.ts';
import { insertMany, rawRows, type Insert, type Work } from './work.ts';

export const BAR_PAGE_LIMIT = 10_000;
/** Rows of one transaction of an import: a few milliseconds, after which others have their turn. */
const IMPORT_BATCH = 5_000;
export const FIRST_TIME = -8.64e15;
export const LAST_TIME = 8.64e15;

export type BarRow = [ts: number, o: number, h: number, l: number, c: number, v: number];

const BEFORE =
  'select ts, o, h, l, c, v from bars where symbol_id = ? and tf = ? and ts < ? and ts <= ? order by ts desc limit ?';
const AFTER = 'select ts, o, h, l, c, v from bars where symbol_id = ? and tf = ? and ts > ? and ts <= ? order by ts limit ?';
const COUNT = 'select count(*) from bars where symbol_id = ? and tf = ? and ts > ? and ts <= ?';
/** Counted where they are asked for; more are counted where it keeps nobody waiting. */
const FEW = 20_000;
const COUNT_FEW = `select count(*) from (select 1 from bars where symbol_id = ? and tf = ? and ts > ? and ts <= ? limit ${FEW}) as few`;
// A bar that is there already and says the same is left alone, so that the number of changes is the number of new or corrected bars.
const upsertWith = (flags: string): Omit<Insert, 'rows'> => ({
  table: 'bars',
  columns: ['symbol_id', 'tf', 'ts', 'o', 'h', 'l', 'c', 'v', 'flags'],
  types: ['integer', 'integer', 'bigint', ...Array.from({ length: 5 }, () => 'double precision'), 'integer'],
  conflict: `on conflict (symbol_id, tf, ts) do update set o = excluded.o, h = excluded.h, l = excluded.l, c = excluded.c, v = excluded.v, flags = ${flags}
    where bars.o <> excluded.o or bars.h <> excluded.h or bars.l <> excluded.l or bars.c <> excluded.c or bars.v <> excluded.v`,
});
/** BAR_CORRECTED: a stored bar that now says something else is marked. */
const UPSERT = upsertWith(`excluded.flags | ${BAR_FLAGS.revised}`);
const ADJUST = upsertWith('bars.flags');

/** What a store does its own way when many bars are read or written. */
export interface BulkBars {
  /** The oldest `limit` bars after `key`, ascending, without keeping other work waiting. */
  page?: (
    series: Series,
    span: { readonly after: number; readonly until: number; readonly limit: number },
  ) => Promise<BarColumns>;
  count?: (series: Series, span: { readonly after: number; readonly until: number }) => Promise<number>;
  /** Runs an import with whatever makes it cheap. */
  importing: <T>(work: () => Promise<T>) => Promise<T>;
}

/** Above this a page is read where it keeps nobody waiting. */
const SMALL_PAGE = 1_000;

export function barStore(gate: Gate, bulk: BulkBars): BarStore {
  const before = gate.dialect.text(BEFORE);
  const after = gate.dialect.text(AFTER);
  const counting = gate.dialect.text(COUNT);
  const countingFew = gate.dialect.text(COUNT_FEW);

  const page = async (
    holder: string,
    series: Series,
    span: { after: number; until: number; limit: number },
  ): Promise<BarColumns> => {
    if (span.limit > SMALL_PAGE && bulk.page !== undefined) return await bulk.page(series, span);
    const parameters = [series.symbolId, minutesOf(series.timeframe), span.after, span.until, span.limit];
    return await gate.query(holder, function* () {
      return toColumns(yield* rawRows<BarRow>(after, parameters));
    });
  };

  const count = async (series: Series, span: BarSpan = {}): Promise<number> => {
    const { after: low = FIRST_TIME, until: high = LAST_TIME } = span;
    const key = [series.symbolId, minutesOf(series.timeframe), low, high];
    if (bulk.count !== undefined) {
      // Most series are short, and a thread is not worth its memory for them.
      const few = await gate.query('count bars', () => rawRows<[number]>(countingFew, key));
      return few[0][0] < FEW ? few[0][0] : await bulk.count(series, { after: low, until: high });
    }
    return await gate.query('count bars', function* () {
      const [row] = yield* rawRows<[number]>(counting, key);
      return row[0];
    });
  };

  return {
    async barsBefore(series, query) {
      const limit = checkedLimit(query.limit);
      const key = [series.symbolId, minutesOf(series.timeframe), query.before ?? LAST_TIME, query.until ?? LAST_TIME, limit];
      return await gate.query('bars before', function* () {
        return toColumns((yield* rawRows<BarRow>(before, key)).reverse());
      });
    },
    async barsAfter(series, query) {
      return await page('bars after', series, {
        after: query.after ?? FIRST_TIME,
        until: LAST_TIME,
        limit: checkedLimit(query.limit),
      });
    },
    countBars: count,
    async *streamBars(series, span = {}) {
      const limit = checkedLimit(span.chunk ?? 1000);
      const until = span.until ?? LAST_TIME;
      let key = span.after ?? FIRST_TIME;
      for (;;) {
        const columns = await page('stream bars', series, { after: key, until, limit });
        if (columns.length === 0) return;
        key = columns.time[columns.length - 1];
        yield columns;
        if (columns.length < limit) return;
      }
    },
    importBars: async (series, columns, provider, options = {}) =>
      await bulk.importing(async () => {
        const span = spanOf(columns);
        const stored = await count(series, span);
        let changes = 0;
        for (let from = 0; from < columns.length; from += IMPORT_BATCH) {
          const to = Math.min(from + IMPORT_BATCH, columns.length);
          changes += await gate.transaction('import bars', () => putBars(series, columns, { from, to, ...options }));
          await turn();
        }
        const inserted = (await count(series, span)) - stored;
        if (columns.length > 0 && options.adjusts !== true)
          await gate.transaction('coverage', () => cover(gate.dialect, series, { columns, provider }));
        return { inserted, corrected: changes - inserted, duplicate: columns.length - changes } satisfies ImportCounts;
      }),
  };
}

/** Only bars between the first and the last can change: what lies outside is not counted. */
function spanOf({ time, length }: BarColumns): { readonly after: number; readonly until: number } {
  let first = Infinity;
  let last = -Infinity;
  for (let row = 0; row < length; row += 1) {
    if (time[row] < first) first = time[row];
    if (time[row] > last) last = time[row];
  }
  return length === 0 ? { after: 0, until: -1 } : { after: first - 1, until: last };
}

/** Upserts rows `[from, to)` inside the caller's transaction; answers how many were new or corrected. */
export function putBars(
  series: Series,
  columns: BarColumns,
  rows: ImportOptions & { readonly from: number; readonly to: number },
): Work<number> {
  const upsert = rows.adjusts === true ? ADJUST : UPSERT;
  return insertMany({ ...upsert, rows: new BarRows(series.symbolId, minutesOf(series.timeframe), { columns, ...rows }) });
}

function checkedLimit(limit: number): number {
  if (!Number.isInteger(limit) || limit < 1 || limit > BAR_PAGE_LIMIT) {
    throw new RangeError(`bars: expected a limit of 1..${BAR_PAGE_LIMIT}, was ${limit}`);
  }
  return limit;
}

export function toColumns(rows: readonly BarRow[]): BarColumns {
  const columns = createBarColumns(rows.length);
  for (let i = 0; i < rows.length; i += 1) {
    const row = rows[i];
    columns.time[i] = row[0];
    columns.open[i] = row[1];
    columns.high[i] = row[2];
    columns.low[i] = row[3];
    columns.close[i] = row[4];
    columns.volume[i] = row[5];
  }
  columns.length = rows.length;
  return columns;
}
