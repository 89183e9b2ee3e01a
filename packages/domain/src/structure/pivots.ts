/** Swing points: a bar whose high (low) beats five bars on each side, known five bars later (detection.md 3.1). */
import { RING_MASK } from '../bar/bar-ring.ts';
import { fraction } from '../bar/fraction.ts';

/** Bars on each side that a pivot must beat. */
export const PIVOT_SPAN = 5;
const TOLERANCE = 1e-9;

/** PIV-1. Is `bar` a high pivot, `bar + 5` being the last bar in the ring? The first bar of a plateau wins. */
export function isHighPivot(highs: Float64Array, bar: number): boolean {
  const price = highs[bar & RING_MASK];
  const under = price - TOLERANCE * price;
  const over = price + TOLERANCE * price;
  for (let i = 1; i <= PIVOT_SPAN; i++) {
    if (highs[(bar - i) & RING_MASK] >= under || highs[(bar + i) & RING_MASK] > over) return false;
  }
  return true;
}

/** PIV-1, mirrored for lows. */
export function isLowPivot(lows: Float64Array, bar: number): boolean {
  const price = lows[bar & RING_MASK];
  const under = price - TOLERANCE * price;
  const over = price + TOLERANCE * price;
  for (let i = 1; i <= PIVOT_SPAN; i++) {
    if (lows[(bar - i) & RING_MASK] <= over || lows[(bar + i) & RING_MASK] < under) return false;
  }
  return true;
}

/** One confirmed pivot on its way into the level book; a scratch object, reused. */
export class Pivot {
  bar = 0;
  price = fraction(0);
  volume = fraction(0);
  volRatio = NaN;
  /** Share of the bar between its body and the pivot price, 0..1. */
  wick = fraction(0);
  /** Sign of the slow trend at confirmation. */
  trend = 0;
  /** A hole in the data touches its 11 bars: it may set an edge but is not a touch. */
  weak = false;
}
