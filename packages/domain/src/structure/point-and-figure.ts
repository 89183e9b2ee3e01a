/** A point-and-figure count kept bar by bar, three boxes to reverse (detection.md 7.2; the horizontal count of Wyckoff's course). */

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
  box = 0;
  top = 0;
  bottom = 0;
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
    const up = Math.floor(bar.high / this.box + TOLERANCE);
    const down = Math.ceil(bar.low / this.box - TOLERANCE);
    if (this.direction === 0) this.#begin(up, down);
    else if (this.direction > 0) {
      if (up > this.top) this.top = up;
      else if (down <= this.top - this.reversal) {
        this.bottom = down;
        this.top -= 1;
        this.direction = -1;
        this.column++;
      }
    } else if (down < this.bottom) this.bottom = down;
    else if (up >= this.bottom + this.reversal) {
      this.top = up;
      this.bottom += 1;
      this.direction = 1;
      this.column++;
    }
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
