/** Which columns of a Parquet file hold a bar, whatever their case: pandas writes `Date, Open, High`; a map names others. */
import type { ColumnMap } from '../csv/header.ts';
import { ParquetRefused } from './parquet-refused.ts';
import type { ParquetTable } from './parquet-table.ts';

/** Names by which a time column goes. */
const TIME_NAMES = ['ts', 'time', 'timestamp', 'date', 'datetime', 'open_time'] as const;
const PRICE_COLUMNS = ['open', 'high', 'low', 'close', 'volume'] as const;

/** As they are called in the file; null: there is no such column. */
export interface BarNames extends Readonly<Record<(typeof PRICE_COLUMNS)[number] | 'time', string>> {
  readonly symbol: string | null;
  readonly timeframe: string | null;
}

/** @throws ParquetRefused PARQUET_COLUMNS, with the columns that are there. */
export function barNamesOf(table: ParquetTable, map: ColumnMap = {}): BarNames {
  const time = found(table, map.time === undefined ? TIME_NAMES : [map.time]);
  const prices = PRICE_COLUMNS.map((name) => [name, found(table, [map[name] ?? name])] as const);
  const missing = prices.flatMap(([name, column]) => (column === null ? [map[name] ?? name] : []));
  if (time === null || missing.length > 0) {
    const times = map.time ?? `a time column (${TIME_NAMES.join(', ')})`;
    throw new ParquetRefused('PARQUET_COLUMNS', table.path, {
      sentence: `Expected ${[...(time === null ? [times] : []), ...missing].join(', ')}.`,
      remedy: `The file has ${table.columns.slice(0, 20).join(', ')}; import reads columns of other names with --map.`,
    });
  }
  const columns = Object.fromEntries(prices.map(([name, column]) => [name, column ?? name])) as Record<(typeof PRICE_COLUMNS)[number], string>; // prettier-ignore
  return { time, ...columns, ...seriesNamesOf(table, map) };
}

export function seriesNamesOf(table: ParquetTable, map: ColumnMap = {}): Pick<BarNames, 'symbol' | 'timeframe'> {
  const named = (column: 'symbol' | 'timeframe', own: readonly string[]): string | null => {
    const mapped = map[column];
    if (mapped === undefined) return found(table, own);
    return mapped === '' ? null : found(table, [mapped]);
  };
  return { symbol: named('symbol', ['symbol', 'ticker']), timeframe: named('timeframe', ['timeframe']) };
}

/** The first that is there: as it is written, else in any case. */
function found({ columns }: ParquetTable, names: readonly string[]): string | null {
  const exact = names.find((name) => columns.includes(name));
  if (exact !== undefined) return exact;
  const lower = columns.map((name) => name.toLowerCase());
  const at = names.map((name) => lower.indexOf(name.toLowerCase())).find((index) => index >= 0);
  return at === undefined ? null : columns[at];
}
