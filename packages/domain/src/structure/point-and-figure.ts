/** A point-and-figure count kept bar by bar, three boxes to reverse (detection.md 7.2; the horizontal count of Wyckoff's course). */
import { fraction } from '../bar/fraction.ts';

const TOLERANCE = 1e-9;

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

  start(box: number, close: number, reversal: number): void {
    this.box = box;
    this.reversal = reversal;
    this.top = Math.round(close / box);
    this.bottom = this.top;
    this.column = 1;
    this.direction = 0;
  }

  push(bar: Extent): void {
    if (!(this.box > 0)) return;
    if (this.direction === 0) this.#begin(this.#boxesUnder(bar.high), this.#boxesOver(bar.low));
    else if (this.direction > 0) this.#followUp(bar);
    else this.#followDown(bar);
  }

  /** The turn is looked for only when the column has not grown: a division saved on half of all bars. */
  #followUp(bar: Extent): void {
    const up = this.#boxesUnder(bar.high);
    if (up > this.top) {
      this.top = up;
      return;
    }
    const down = this.#boxesOver(bar.low);
    if (down > this.top - this.reversal) return;
    this.bottom = down;
    this.top -= 1;
    this.direction = -1;
    this.column++;
  }

  #followDown(bar: Extent): void {
    const down = this.#boxesOver(bar.low);
    if (down < this.bottom) {
      this.bottom = down;
      return;
    }
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
