/** A page of raw rows into columns: what is no number becomes NaN and is refused by the bar rules, never guessed. */
import { createBarColumns, type BarColumns } from '@wyckoff/domain';

/** Time, open, high, low, close, volume of one row, whatever the provider wrote. */
export type RawBar = readonly [time: unknown, open: unknown, high: unknown, low: unknown, close: unknown, volume: unknown];

export function pageColumns<T>(rows: readonly T[], read: (row: T) => RawBar): BarColumns {
  const columns = createBarColumns(rows.length);
  for (let i = 0; i < rows.length; i += 1) {
    const [time, open, high, low, close, volume] = read(rows[i]);
    columns.time[i] = numberOf(time);
    columns.open[i] = numberOf(open);
    columns.high[i] = numberOf(high);
    columns.low[i] = numberOf(low);
    columns.close[i] = numberOf(close);
    columns.volume[i] = numberOf(volume);
  }
  columns.length = rows.length;
  return columns;
}

/** Numbers as they are and decimal text as it reads; everything else, an empty text too, is NaN. */
export function numberOf(value: unknown): number {
  if (typeof value === 'number') return value;
  return typeof value === 'string' && /^-?\d+(\.\d+)?(e[+-]?\d+)?$/i.test(value) ? Number(value) : NaN;
}

/** Opening time of the latest bar of a page; -Infinity when none has a time. */
export function newestIn({ time, length }: BarColumns): number {
  let newest = -Infinity;
  for (let i = 0; i < length; i += 1) if (time[i] > newest) newest = time[i];
  return newest;
}
