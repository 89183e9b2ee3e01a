/** Average directional index after Wilder (1978): how directed the movement is, not where it goes. */
import type { Features } from './features.ts';

export class Adx {
  /** 0..100; NaN before 2n bars. */
  value = NaN;
  seen = 0;
  trueRange = 0;
  plus = 0;
  minus = 0;
  dxSeen = 0;
  dxSum = 0;
  readonly #period: number;

  constructor(period: number) {
    this.#period = period;
  }

  push(now: Features): void {
    const n = this.#period;
    const trueRange = now.trueRange;
    const up = now.high - now.prevHigh;
    const down = now.prevLow - now.low;
    const plusMove = up > down && up > 0 ? up : 0;
    const minusMove = down > up && down > 0 ? down : 0;
    if (this.seen < n) {
      this.seen++;
      this.trueRange += trueRange;
      this.plus += plusMove;
      this.minus += minusMove;
      if (this.seen < n) return;
    } else {
      this.trueRange += trueRange - this.trueRange / n;
      this.plus += plusMove - this.plus / n;
      this.minus += minusMove - this.minus / n;
    }
    const total = this.plus + this.minus;
    const difference = this.plus - this.minus;
    const dx = total > 0 ? (100 * (difference < 0 ? -difference : difference)) / total : 0;
    if (this.dxSeen < n) {
      this.dxSeen++;
      this.dxSum += dx;
      if (this.dxSeen === n) this.value = this.dxSum / n;
    } else {
      this.value += (dx - this.value) / n;
    }
  }

  adjust(priceFactor: number): void {
    this.trueRange *= priceFactor;
    this.plus *= priceFactor;
    this.minus *= priceFactor;
  }
}
