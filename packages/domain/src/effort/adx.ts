/** Average directional index after Wilder (1978): how directed the movement is, not where it goes. */
import { RING_MASK } from '../bar/bar-ring.ts';
import { fraction } from '../bar/fraction.ts';

export class Adx {
  /** 0..100; NaN before 2n bars. */
  value = NaN;
  seen = 0;
  plus = fraction(0);
  minus = fraction(0);
  dxSeen = 0;
  dxSum = fraction(0);
  readonly #period: number;

  constructor(period: number) {
    this.#period = period;
  }

  /** Bars `from`..`to` of the ring enter, `from` at least 1. In one go, because only a screen asks for the value. */
  follow(ring: { readonly high: Float64Array; readonly low: Float64Array }, from: number, to: number): void {
    const { high, low } = ring;
    for (let bar = from; bar <= to; bar++) {
      const at = bar & RING_MASK;
      const before = (bar - 1) & RING_MASK;
      this.#move(high[at] - high[before], low[before] - low[at]);
    }
  }

  push(now: { readonly high: number; readonly low: number; readonly prevHigh: number; readonly prevLow: number }): void {
    this.#move(now.high - now.prevHigh, now.prevLow - now.low);
  }

  #move(up: number, down: number): void {
    const n = this.#period;
    // Products instead of branches: which way a bar moved cannot be predicted.
    const plusMove = up * (Number(up > down) & Number(up > 0));
    const minusMove = down * (Number(down > up) & Number(down > 0));
    if (this.seen < n) {
      this.seen++;
      this.plus += plusMove;
      this.minus += minusMove;
      if (this.seen < n) return;
    } else {
      this.plus += plusMove - this.plus / n;
      this.minus += minusMove - this.minus / n;
    }
    const total = this.plus + this.minus;
    const dx = total > 0 ? (100 * Math.abs(this.plus - this.minus)) / total : 0;
    if (this.dxSeen < n) {
      this.dxSeen++;
      this.dxSum += dx;
      if (this.dxSeen === n) this.value = this.dxSum / n;
    } else {
      this.value += (dx - this.value) / n;
    }
  }

  adjust(priceFactor: number): void {
    this.plus *= priceFactor;
    this.minus *= priceFactor;
  }
}
