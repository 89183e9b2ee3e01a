/** A point-and-figure count kept bar by bar, three boxes to reverse (detection.md 7.2; the horizontal count of Wyckoff's course). */
import { RING_MASK } from '../bar/bar-ring.ts';
import { fraction } from '../bar/fraction.ts';

const TOLERANCE = 1e-9;
/** Wider than all rounding. */
const MARGIN = 1e-12;

/** PNF-1. Largest of {1, 2, 5} x 10^n that is not above x; 0 for x <= 0. */
export function niceStep(x: number): number {
  if (!(x > 0)) return 0;
  const limit = x * (1 + TOLERANCE);
  const exponent = Math.floor(Math.log10(limit));
  for (let n = exponent + 1; ; n--) {
    for (const digit of [5, 2, 1]) {
      const step = n >= 0 ? digit * 10 ** n : digit / 10 ** -n;
      if (step <= limit) return step;
    }
  }
}

/** Where the bars before are found. */
interface PastBars {
  readonly high: Float64Array;
  readonly low: Float64Array;
}

/** What the count needs of a bar. */
export interface Extent {
  readonly high: number;
  readonly low: number;
}

export class PointAndFigure {
  box = fraction(0);
  top = fraction(0);
  bottom = fraction(0);
  column = 0;
  /** +1 a column of X, -1 of O, 0 before the first. */
  direction = 0;
  reversal = 3;
  /** A bar between these draws nothing; a hair narrower than the boxes, which are counted when in doubt. Not state. */
  #quietAbove = Infinity;
  #quietBelow = -Infinity;
  /** A bar of the ring on its way in. */
  readonly #past = { high: NaN, low: NaN };

  start(box: number, close: number, reversal: number): void {
    this.box = box;
    this.reversal = reversal;
    this.top = Math.round(close / box);
    this.bottom = this.top;
    this.column = 1;
    this.direction = 0;
    this.#forget();
  }

  /** Bars `from`..`to` of the ring enter in one go; most draw nothing, and pass with two comparisons. */
  replay(ring: PastBars, from: number, to: number): void {
    const { high, low } = ring;
    for (let bar = from; bar <= to; bar++) {
      const at = bar & RING_MASK;
      if (low[at] > this.#quietAbove && high[at] < this.#quietBelow) continue;
      this.#past.high = high[at];
      this.#past.low = low[at];
      this.#draw(this.#past);
    }
  }

  push(bar: Extent): void {
    if (bar.low > this.#quietAbove && bar.high < this.#quietBelow) return;
    this.#draw(bar);
  }

  #draw(bar: Extent): void {
    if (!(this.box > 0)) return;
    if (this.direction === 0) this.#begin(this.#boxesUnder(bar.high), this.#boxesOver(bar.low));
    else if (this.direction > 0) this.#followUp(bar);
    else this.#followDown(bar);
    this.#settle();
  }

  /** The prices short of which neither the column grows nor the next begins. */
  #settle(): void {
    const { box, direction } = this;
    if (direction === 0) return;
    const over = direction > 0 ? this.top + 1 : this.bottom + this.reversal;
    const under = direction > 0 ? this.top - this.reversal : this.bottom - 1;
    this.#quietBelow = (over - TOLERANCE) * box * (1 - MARGIN);
    this.#quietAbove = (under + TOLERANCE) * box * (1 + MARGIN);
  }

  #forget(): void {
    this.#quietAbove = Infinity;
    this.#quietBelow = -Infinity;
  }

  #followUp(bar: Extent): void {
    if (bar.high >= this.#quietBelow) {
      const up = this.#boxesUnder(bar.high);
      if (up > this.top) {
        this.top = up;
        return;
      }
    }
    if (bar.low > this.#quietAbove) return;
    const down = this.#boxesOver(bar.low);
    if (down > this.top - this.reversal) return;
    this.bottom = down;
    this.top -= 1;
    this.direction = -1;
    this.column++;
  }

  #followDown(bar: Extent): void {
    if (bar.low <= this.#quietAbove) {
      const down = this.#boxesOver(bar.low);
      if (down < this.bottom) {
        this.bottom = down;
        return;
      }
    }
    if (bar.high < this.#quietBelow) return;
    const up = this.#boxesUnder(bar.high);
    if (up < this.bottom + this.reversal) return;
    this.top = up;
    this.bottom += 1;
    this.direction = 1;
    this.column++;
  }

  #boxesUnder(high: number): number {
    return Math.floor(high / this.box + TOLERANCE);
  }

  #boxesOver(low: number): number {
    return Math.ceil(low / this.box - TOLERANCE);
  }

  adjust(priceFactor: number): void {
    this.box *= priceFactor;
    this.#forget();
  }

  #begin(up: number, down: number): void {
    if (up - this.top >= 1 && up - this.top >= this.bottom - down) {
      this.direction = 1;
      this.top = up;
    } else if (this.bottom - down >= 1) {
      this.direction = -1;
      this.bottom = down;
    }
  }
}
