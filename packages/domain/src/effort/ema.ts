/** Exponential mean of closes that remembers its last 11 values, for a slope over 10 bars (detection.md 2.4). */
import { RING_MASK } from '../bar/bar-ring.ts';

const SLOPE_BARS = 10;
const HISTORY_MASK = 15;

export class Ema {
  value = NaN;
  /** Closes that have entered. */
  seen = 0;
  readonly history = new Float64Array(HISTORY_MASK + 1);
  readonly #factor: number;

  constructor(period: number) {
    this.#factor = 2 / (period + 1);
  }

  push(now: { readonly close: number }): void {
    const { close } = now;
    const seen = this.seen;
    const value = seen === 0 ? close : this.value + this.#factor * (close - this.value);
    this.value = value;
    this.history[seen & HISTORY_MASK] = value;
    this.seen = seen + 1;
  }

  /** Bars `from`..`to` of the ring enter in one go. */
  follow(ring: { readonly close: Float64Array }, from: number, to: number): void {
    const { close } = ring;
    const { history } = this;
    const factor = this.#factor;
    let seen = this.seen;
    let value = this.value;
    for (let bar = from; bar <= to; bar++) {
      const price = close[bar & RING_MASK];
      value = seen === 0 ? price : value + factor * (price - value);
      history[seen & HISTORY_MASK] = value;
      seen++;
    }
    this.seen = seen;
    this.value = value;
  }

  /** Value now minus the value ten bars earlier; 0 before 11 bars. */
  get change(): number {
    return this.seen <= SLOPE_BARS ? 0 : this.value - this.history[(this.seen - 1 - SLOPE_BARS) & HISTORY_MASK];
  }

  adjust(priceFactor: number): void {
    this.value *= priceFactor;
    for (let i = 0; i <= HISTORY_MASK; i++) this.history[i] *= priceFactor;
  }
}
