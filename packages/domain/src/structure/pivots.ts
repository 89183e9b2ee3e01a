/** Swing points: a bar whose high (low) beats five bars on each side, known five bars later (detection.md 3.1). */
import { RING_MASK } from '../bar/bar-ring.ts';
import { fraction } from '../bar/fraction.ts';

/** Bars on each side that a pivot must beat. */
export const PIVOT_SPAN = 5;
const TOLERANCE = 1e-9;

/** PIV-1. Does the high of `bar` beat those of the five bars before? All five at once: which of them ends the search is anybody's guess. */
function towers(highs: Float64Array, bar: number): boolean {
  const price = highs[bar & RING_MASK];
  const under = price - TOLERANCE * price;
  return (
    (Number(highs[(bar - 1) & RING_MASK] < under) &
      Number(highs[(bar - 2) & RING_MASK] < under) &
      Number(highs[(bar - 3) & RING_MASK] < under) &
      Number(highs[(bar - 4) & RING_MASK] < under) &
      Number(highs[(bar - 5) & RING_MASK] < under)) ===
    1
  );
}

/** PIV-1, mirrored for lows. */
function undercuts(lows: Float64Array, bar: number): boolean {
  const price = lows[bar & RING_MASK];
  const over = price + TOLERANCE * price;
  return (
    (Number(lows[(bar - 1) & RING_MASK] > over) &
      Number(lows[(bar - 2) & RING_MASK] > over) &
      Number(lows[(bar - 3) & RING_MASK] > over) &
      Number(lows[(bar - 4) & RING_MASK] > over) &
      Number(lows[(bar - 5) & RING_MASK] > over)) ===
    1
  );
}

/** What the watch needs of a bar. */
interface Extent {
  readonly bar: number;
  readonly high: number;
  readonly low: number;
}

const NO_BAR = -1;

/**
 * PIV-1. Waits for the next pivot of each kind. A bar that beats the five before stands until a later one beats it; five bars on it
 * is a pivot. The first bar of a plateau wins, and two can never stand at once.
 */
export class PivotWatch {
  /** Bars that stand, -1 for none. */
  highBar = NO_BAR;
  lowBar = NO_BAR;
  high = fraction(0);
  low = fraction(0);

  /** The bar is the last in the ring: is the one five before it a high pivot now? */
  highConfirmed(now: Extent, highs: Float64Array): boolean {
    const { bar, high: price } = now;
    if (this.highBar !== NO_BAR) {
      if (!(price > this.high + TOLERANCE * this.high)) {
        if (bar - this.highBar < PIVOT_SPAN) return false;
        this.highBar = NO_BAR;
        return true;
      }
      this.highBar = NO_BAR;
    }
    if (bar >= PIVOT_SPAN && towers(highs, bar)) {
      this.highBar = bar;
      this.high = price;
    }
    return false;
  }

  lowConfirmed(now: Extent, lows: Float64Array): boolean {
    const { bar, low: price } = now;
    if (this.lowBar !== NO_BAR) {
      if (!(price < this.low - TOLERANCE * this.low)) {
        if (bar - this.lowBar < PIVOT_SPAN) return false;
        this.lowBar = NO_BAR;
        return true;
      }
      this.lowBar = NO_BAR;
    }
    if (bar >= PIVOT_SPAN && undercuts(lows, bar)) {
      this.lowBar = bar;
      this.low = price;
    }
    return false;
  }

  adjust(priceFactor: number): void {
    this.high *= priceFactor;
    this.low *= priceFactor;
  }
}

/** One confirmed pivot on its way into the level book; a scratch object, reused. */
export class Pivot {
  bar = 0;
  price = fraction(0);
  /** How far from the price of a level it may lie to belong to it: kept here, because a fraction handed over by a call costs memory. */
  reach = fraction(0);
  volume = fraction(0);
  volRatio = NaN;
  /** Share of the bar between its body and the pivot price, 0..1. */
  wick = fraction(0);
  /** Sign of the slow trend at confirmation. */
  trend = 0;
  /** A hole in the data touches its 11 bars: it may set an edge but is not a touch. */
  weak = false;
}
