/** Splits and changes of name: what they do to the bars before them. */
import type { EpochMs } from '../bar/bar.ts';
import type { BarColumns } from '../bar/columns.ts';
import { OUTLIER_MOVE } from './bar-rules.ts';

export interface Split {
  readonly kind: 'SPLIT';
  readonly symbol: string;
  /** Opening time from which prices are quoted after it. */
  readonly from: EpochMs;
  /** Old prices x this are comparable with the new ones: 1/4 for four new shares for one old. */
  readonly priceFactor: number;
}

export interface Rename {
  readonly kind: 'RENAME';
  readonly symbol: string;
  readonly to: string;
  readonly from: EpochMs;
}

export type CorporateAction = Split | Rename;

/** How far an overnight move may carry the price on top of a split, as a part of it. */
const TOLERANCE = 0.2;

/** Product of all splits between two bars, opening times; 1 without one. */
export function priceFactorBetween(splits: readonly Split[], before: EpochMs, after: EpochMs): number {
  let factor = 1;
  for (const split of splits) if (split.from > before && split.from <= after) factor *= split.priceFactor;
  return factor;
}

/**
 * ADJ-1. Whether a jump between two closes looks like the split: only then are the stored bars unadjusted, and only then is it applied to them.
 * A split so small that it is no outlier cannot be told from a move; it is applied when the jump is nearer to it than to no jump.
 */
export function matchesSplit(closeBefore: number, closeAfter: number, priceFactor: number): boolean {
  const jump = closeAfter / closeBefore;
  if (Math.abs(jump / priceFactor - 1) > TOLERANCE) return false;
  return Math.abs(priceFactor - 1) > OUTLIER_MOVE || Math.abs(Math.log(jump / priceFactor)) < Math.abs(Math.log(jump));
}

/** ADJ-2. The bars that opened before `from`, prices x factor, volume / factor; copies, the rest is left out. */
export function adjustedBefore(columns: BarColumns, from: EpochMs, priceFactor: number): BarColumns {
  let rows = 0;
  while (rows < columns.length && columns.time[rows] < from) rows += 1;
  const scaled = (column: Float64Array, factor: number): Float64Array => column.slice(0, rows).map((value) => value * factor);
  return {
    time: columns.time.slice(0, rows),
    open: scaled(columns.open, priceFactor),
    high: scaled(columns.high, priceFactor),
    low: scaled(columns.low, priceFactor),
    close: scaled(columns.close, priceFactor),
    volume: scaled(columns.volume, 1 / priceFactor),
    length: rows,
  };
}
