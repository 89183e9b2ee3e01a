/** Times in Parquet files come in many units: everything becomes epoch milliseconds. */
import type { ParquetParsers } from 'hyparquet';

/** Logical timestamps and dates, decoded to numbers instead of Date objects. */
export const timeParsers: Partial<ParquetParsers> = {
  timestampFromMilliseconds: (millis) => Number(millis),
  timestampFromMicroseconds: (micros) => Number(micros) / 1000,
  // Nanoseconds of today exceed 2^53: divide while still exact.
  timestampFromNanoseconds: (nanos) => Number(nanos / 1_000_000n),
  dateFromDays: (days) => days * 86_400_000,
};

/** A plain number without a logical type: the unit is told from its size (the years 2001 to 5138 in each unit do not overlap). */
export function guessedMs(value: number): number {
  const size = Math.abs(value);
  if (size < 1e11) return value * 1000;
  if (size < 1e14) return value;
  if (size < 1e17) return value / 1000;
  return value / 1e6;
}

/** One decoded value of a time column; NaN where it is none. `typed`: the column has a logical time type. */
export function timeMs(value: unknown, typed: boolean): number {
  if (typeof value === 'number') return typed ? value : guessedMs(value);
  if (typeof value === 'bigint') return guessedMs(Number(value));
  if (typeof value === 'string')
    return Date.parse(/[zZ]|[+-]\d\d:?\d\d$/.test(value) || !value.includes('T') ? value : `${value}Z`);
  return NaN;
}
