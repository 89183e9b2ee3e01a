/** Bars out of a Parquet file, in chunks of columns: row group by row group, only the columns needed, groups skipped by their statistics. */
import { createBarColumns, type BarColumns, type EpochMs } from '@wyckoff/domain';
import type { ColumnMap } from '../csv/header.ts';
import { barNamesOf, seriesNamesOf, type BarNames } from './column-names.ts';
import { ParquetRefused } from './parquet-refused.ts';
import type { ParquetTable, RowGroup } from './parquet-table.ts';
import { timeMs } from './time-values.ts';

const PRICE_COLUMNS = ['open', 'high', 'low', 'close', 'volume'] as const;
/** Rows decoded at once: what most writers put into a row group; six columns of them are 12 MiB. */
const DECODED_ROWS = 262_144;
const DEFAULT_CHUNK = 1000;
/** Beyond it no calendar date exists. */
const FARTHEST_MS = 8.64e15;

export interface SeriesKey {
  /** Null in a file of one nameless series. */
  readonly symbol: string | null;
  readonly timeframe: string | null;
}

export interface SeriesInFile extends SeriesKey {
  readonly rows: number;
}

export interface ReadBarsOptions extends Partial<SeriesKey> {
  /** Rows per chunk, default 1,000. */
  readonly chunkSize?: number;
  /** Opening times from this on. */
  readonly from?: EpochMs;
  /** Opening times up to and including this. */
  readonly to?: EpochMs;
  /** What the columns are called. */
  readonly map?: ColumnMap;
}

/** Series of one file that are told apart; each is read in a walk of its own. */
export const MOST_SERIES = 10_000;
/** Letters of a name; longer ones are no symbol. */
const MOST_LETTERS = 256;

/** The series of a file in order of appearance; decodes the name columns only. @throws ParquetRefused for more than MOST_SERIES. */
export async function seriesOf(table: ParquetTable, map: ColumnMap = {}): Promise<SeriesInFile[]> {
  const columns = seriesNamesOf(table, map);
  // bounded: MOST_SERIES
  const rows = new Map<string, { key: SeriesKey; rows: number }>();
  for (const [from, to] of pieces(table.groups)) {
    const [symbols, timeframes] = await Promise.all([
      names(table, columns.symbol, from, to),
      names(table, columns.timeframe, from, to),
    ]);
    for (let i = 0; i < to - from; i++) {
      const key = { symbol: symbols?.[i] ?? null, timeframe: timeframes?.[i] ?? null };
      const text = `${key.symbol ?? ''}\n${key.timeframe ?? ''}`;
      const entry = rows.get(text);
      if (entry === undefined) rows.set(text, { key: fitting(table, key, rows.size), rows: 1 });
      else entry.rows += 1;
    }
  }
  return [...rows.values()].map((entry) => ({ ...entry.key, rows: entry.rows }));
}

function fitting(table: ParquetTable, key: SeriesKey, known: number): SeriesKey {
  for (const [column, name] of Object.entries(key) as [string, unknown][]) {
    if (name === null || typeof name === 'string') continue;
    throw new ParquetRefused('PARQUET_TYPE', table.path, { sentence: `Column ${column}: expected text, was ${typeof name}.`, remedy: 'Write names as strings.' }); // prettier-ignore
  }
  const longest = Math.max(key.symbol?.length ?? 0, key.timeframe?.length ?? 0);
  if (known < MOST_SERIES && longest <= MOST_LETTERS) return key;
  const isMany = known >= MOST_SERIES;
  throw new ParquetRefused('PARQUET_BOUNDS', table.path, {
    sentence: isMany ? `Expected at most ${MOST_SERIES} series, was more.` : `Expected a name of at most ${MOST_LETTERS} letters, was one of ${longest}.`, // prettier-ignore
    remedy: isMany
      ? 'Split the file by symbols; the column symbol names an instrument, not a row.'
      : 'Give each row the symbol of its instrument.',
  });
}

/**
 * The bars of one series (of all rows when no symbol is asked for), ascending in time. The chunk handed out is reused: take what you need
 * before asking for the next; nothing is read ahead, so a slow consumer slows the reader.
 * @throws ParquetRefused on a missing column, a value that is no number or time, or a series that goes back in time.
 */
export async function* readBars(table: ParquetTable, options: ReadBarsOptions = {}): AsyncGenerator<BarColumns, void> {
  const columns = barNamesOf(table, options.map);
  const timeColumn = columns.time;
  const chunk = createBarColumns(options.chunkSize ?? DEFAULT_CHUNK);
  let last = -Infinity;
  for (const group of table.groups) {
    if (!mayHold(table, group, { ...options, columns })) continue;
    for (const [from, to] of pieces([group])) {
      const wanted = await wantedRows(table, { ...options, columns }, [from, to]);
      if (wanted !== null && !wanted.some(Boolean)) continue;
      const times = await table.read(timeColumn, from, to);
      // One after the other: of a file without a page index each takes its whole column into memory while it is decoded.
      const open = await table.read(columns.open, from, to);
      const high = await table.read(columns.high, from, to);
      const low = await table.read(columns.low, from, to);
      const close = await table.read(columns.close, from, to);
      const volume = await table.read(columns.volume, from, to);
      const typed = table.isTime(timeColumn);
      for (let i = 0; i < to - from; i++) {
        if (wanted?.[i] === false) continue;
        const time = timeMs(times[i], typed);
        if (!(Math.abs(time) <= FARTHEST_MS))
          throw refused(table, 'PARQUET_TYPE', { row: from + i, column: timeColumn, was: times[i] });
        if (time < (options.from ?? -Infinity) || time > (options.to ?? Infinity)) continue;
        if (time < last)
          throw refused(table, 'PARQUET_ORDER', { row: from + i, column: timeColumn, was: new Date(time).toISOString() });
        last = time;
        const row = chunk.length;
        chunk.time[row] = time;
        chunk.open[row] = asNumber(open[i]);
        chunk.high[row] = asNumber(high[i]);
        chunk.low[row] = asNumber(low[i]);
        chunk.close[row] = asNumber(close[i]);
        chunk.volume[row] = asNumber(volume[i]);
        chunk.length = row + 1;
        if (chunk.length === chunk.time.length) {
          yield chunk;
          chunk.length = 0;
        }
      }
    }
  }
  if (chunk.length > 0) yield chunk;
}

/** All bars of one series in one piece, for those who need to go back and forth in them. */
export async function readAllBars(table: ParquetTable, options: ReadBarsOptions = {}): Promise<BarColumns> {
  let all = createBarColumns(Math.min(table.rows, 4096));
  for await (const chunk of readBars(table, { chunkSize: 4096, ...options })) {
    const length = all.length + chunk.length;
    if (length > all.time.length) all = grown(all, Math.max(length, 2 * all.time.length));
    for (const name of ['time', ...PRICE_COLUMNS] as const) all[name].set(chunk[name].subarray(0, chunk.length), all.length);
    all.length = length;
  }
  return all;
}

function grown(columns: BarColumns, capacity: number): BarColumns {
  const larger = createBarColumns(capacity);
  for (const name of ['time', ...PRICE_COLUMNS] as const) larger[name].set(columns[name].subarray(0, columns.length));
  larger.length = columns.length;
  return larger;
}

/** Row ranges of at most DECODED_ROWS, each inside one group. */
function* pieces(groups: readonly RowGroup[]): Generator<[number, number]> {
  for (const group of groups) {
    for (let from = group.from; from < group.to; from += DECODED_ROWS) yield [from, Math.min(group.to, from + DECODED_ROWS)];
  }
}

async function names(table: ParquetTable, column: string | null, from: number, to: number): Promise<ArrayLike<string> | null> {
  return column !== null ? ((await table.read(column, from, to)) as ArrayLike<string>) : null;
}

/** Which rows belong to the series asked for; null: all of them. */
async function wantedRows(
  table: ParquetTable,
  key: Partial<SeriesKey> & { readonly columns: BarNames },
  rows: readonly [number, number],
): Promise<boolean[] | null> {
  let wanted: boolean[] | null = null;
  for (const column of ['symbol', 'timeframe'] as const) {
    const value = key[column];
    if (value === undefined || value === null) continue;
    const values = await names(table, key.columns[column], rows[0], rows[1]);
    if (values === null) continue;
    wanted = Array.from(values, (name, i) => name === value && wanted?.[i] !== false);
  }
  return wanted;
}

/** False only when the statistics prove that no row of the group is asked for. */
function mayHold(table: ParquetTable, group: RowGroup, asked: ReadBarsOptions & { readonly columns: BarNames }): boolean {
  for (const column of ['symbol', 'timeframe'] as const) {
    const value = asked[column];
    const name = asked.columns[column];
    const range = value === undefined || value === null || name === null ? null : group.statistics(name);
    if (value == null || range === null || typeof range.min !== 'string' || typeof range.max !== 'string') continue;
    // Bounds may be cut short: the smaller one is still a lower bound, the larger one counts with its beginning.
    if (value < range.min || value.slice(0, range.max.length) > range.max) return false;
  }
  const times = group.statistics(asked.columns.time);
  if (times === null) return true;
  const typed = table.isTime(asked.columns.time);
  return !(timeMs(times.max, typed) < (asked.from ?? -Infinity) || timeMs(times.min, typed) > (asked.to ?? Infinity));
}

/** NaN for what is missing: the detector and the stores refuse such a bar with its own reason. */
function asNumber(value: unknown): number {
  if (typeof value === 'number') return value;
  return typeof value === 'bigint' ? Number(value) : NaN;
}

function refused(
  table: ParquetTable,
  code: 'PARQUET_TYPE' | 'PARQUET_ORDER',
  at: { row: number; column: string; was: unknown },
): ParquetRefused {
  const sentence =
    code === 'PARQUET_TYPE'
      ? `Row ${at.row}, column ${at.column}: expected a time, was ${String(at.was)}.`
      : `Row ${at.row}: expected times in ascending order within a series, was ${String(at.was)} after a later one.`;
  return new ParquetRefused(code, table.path, {
    sentence,
    remedy: code === 'PARQUET_TYPE' ? 'Store times as timestamps.' : 'Sort each series by time.',
  });
}
