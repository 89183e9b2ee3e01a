/** Which bars exist, from whom, with their figures and their fingerprint: noted with every import, made whole by a survey. */
import { calendarOf, CALENDAR_IDS, SeriesJudge, type BarColumns, type Calendar } from '@wyckoff/domain'; // prettier-ignore
import type { CoverageRow } from '../coverage-store.ts';
import type { Series } from '../store.ts';
import { minutesOf, timeframeOf } from './bar-keys.ts';
import type { SqlDialect } from './dialect.ts';
import { Fingerprint } from './fingerprint.ts';
import type { CoverageTable } from './tables.ts';
import { execute, rawRows, run, type Work } from './work.ts';

const MOST = 10_000;

/** The calendar of the symbol; null where it is not known. */
export function* calendarOfSeries(dialect: SqlDialect, series: Series): Work<Calendar | null> {
  const [row] = yield* rawRows<[string]>(dialect.text('select calendar from symbols where id = ?'), [series.symbolId]);
  const id = CALENDAR_IDS.find((known) => known === row[0]);
  return id === undefined ? null : calendarOf(id);
}

/** Notes the bars of one import; it replaces the rows of older ones that it covers. */
export function* cover(
  dialect: SqlDialect,
  series: Series,
  { columns, provider }: { readonly columns: BarColumns; readonly provider: string },
): Work<void> {
  const judge = new SeriesJudge({ timeframe: series.timeframe, calendar: yield* calendarOfSeries(dialect, series) });
  judge.block(columns);
  const [from, to] = [columns.time[0], columns.time[columns.length - 1]];
  const key = [series.symbolId, minutesOf(series.timeframe), from, to];
  yield* execute(dialect.text('delete from coverage where symbol_id = ? and tf = ? and from_ts >= ? and to_ts <= ?'), key);
  yield* saveCoverage(dialect, rowOf(series, { from, to, provider, judge, print: new Fingerprint().add(columns) }));
}

export interface Run {
  readonly from: number;
  readonly to: number;
  readonly provider: string;
  readonly judge: SeriesJudge;
  readonly print: Fingerprint;
}

export function rowOf(series: Series, { from, to, provider, judge, print }: Run): CoverageTable {
  const { bars, gaps, quality } = judge.figures;
  return {
    symbol_id: series.symbolId,
    tf: minutesOf(series.timeframe),
    from_ts: from,
    to_ts: to,
    provider,
    bars,
    gaps,
    quality: quality ?? 0,
    hash: print.digest(),
    updated_at: Date.now(),
  };
}

export function* saveCoverage({ build: sql }: SqlDialect, row: CoverageTable): Work<void> {
  yield* run(
    sql
      .insertInto('coverage')
      .values(row)
      .onConflict((conflict) => conflict.columns(['symbol_id', 'tf', 'from_ts']).doUpdateSet(row)),
  );
}

type Selected = readonly [symbol: string, tf: number, from: number, to: number, provider: string, bars: number, gaps: number | null, quality: number]; // prettier-ignore

const LIST = `select s.symbol, c.tf, c.from_ts, c.to_ts, c.provider, c.bars, c.gaps, c.quality
  from coverage c join symbols s on s.id = c.symbol_id`;

export function* coverageRows(
  dialect: SqlDialect,
  { symbol, limit }: { readonly symbol?: string | undefined; readonly limit: number },
): Work<readonly CoverageRow[]> {
  if (!Number.isInteger(limit) || limit < 1 || limit > MOST)
    throw new RangeError(`coverage: expected a limit of 1..${MOST}, was ${limit}`);
  const [where, key] = symbol === undefined ? ['', []] : ['where s.symbol = ?', [symbol]];
  const text = dialect.text(`${LIST} ${where} order by s.symbol, c.tf, c.from_ts limit ?`);
  return (yield* rawRows<Selected>(text, [...key, limit])).flatMap((row) => {
    const timeframe = timeframeOf(row[1]);
    if (timeframe === undefined) return [];
    return { symbol: row[0], timeframe, from: row[2], to: row[3], provider: row[4], bars: row[5], gaps: row[6], quality: row[7] };
  });
}
