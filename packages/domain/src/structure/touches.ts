/** Lists of touches in columns: distinct swings that tested a level, at most twelve per list, the oldest dropped first. */
import type { Pivot } from './pivots.ts';

export const TOUCHES_PER_LIST = 12;

export class Touches {
  readonly bar: Int32Array;
  readonly price: Float64Array;
  readonly volume: Float32Array;
  readonly volRatio: Float32Array;
  readonly wick: Float32Array;
  readonly trend: Int8Array;
  readonly count: Uint8Array;
  dropped = 0;

  constructor(lists: number) {
    const size = lists * TOUCHES_PER_LIST;
    this.bar = new Int32Array(size);
    this.price = new Float64Array(size);
    this.volume = new Float32Array(size);
    this.volRatio = new Float32Array(size);
    this.wick = new Float32Array(size);
    this.trend = new Int8Array(size);
    this.count = new Uint8Array(lists);
  }

  clear(list: number): void {
    this.count[list] = 0;
  }

  push(list: number, pivot: Pivot): void {
    const from = list * TOUCHES_PER_LIST;
    if (this.count[list] === TOUCHES_PER_LIST) {
      this.#dropOldest(from);
      this.count[list]--;
      this.dropped++;
    }
    const at = from + this.count[list]++;
    this.bar[at] = pivot.bar;
    this.price[at] = pivot.price;
    this.volume[at] = pivot.volume;
    this.volRatio[at] = pivot.volRatio;
    this.wick[at] = pivot.wick;
    this.trend[at] = pivot.trend;
  }

  copyFrom(list: number, source: Touches, sourceList: number): void {
    const to = list * TOUCHES_PER_LIST;
    const from = sourceList * TOUCHES_PER_LIST;
    const n = source.count[sourceList];
    for (let i = 0; i < n; i++) {
      this.bar[to + i] = source.bar[from + i];
      this.price[to + i] = source.price[from + i];
      this.volume[to + i] = source.volume[from + i];
      this.volRatio[to + i] = source.volRatio[from + i];
      this.wick[to + i] = source.wick[from + i];
      this.trend[to + i] = source.trend[from + i];
    }
    this.count[list] = n;
  }

  firstBar(list: number): number {
    return this.bar[list * TOUCHES_PER_LIST];
  }

  lastBar(list: number): number {
    return this.bar[list * TOUCHES_PER_LIST + this.count[list] - 1];
  }

  firstTrend(list: number): number {
    return this.trend[list * TOUCHES_PER_LIST];
  }

  meanPrice(list: number): number {
    const from = list * TOUCHES_PER_LIST;
    const n = this.count[list];
    let sum = 0;
    for (let i = 0; i < n; i++) sum += this.price[from + i];
    return sum / n;
  }

  /** LVL-2. sum(price x volume) / sum(volume); the plain mean when nothing was traded. */
  weightedPrice(list: number): number {
    const from = list * TOUCHES_PER_LIST;
    const n = this.count[list];
    let value = 0;
    let volume = 0;
    for (let i = from; i < from + n; i++) {
      value += this.price[i] * this.volume[i];
      volume += this.volume[i];
    }
    return volume > 0 ? value / volume : this.meanPrice(list);
  }

  /** Sample standard deviation of the touch prices; NaN with fewer than two. */
  deviation(list: number): number {
    const n = this.count[list];
    if (n < 2) return NaN;
    const from = list * TOUCHES_PER_LIST;
    const mean = this.meanPrice(list);
    let sum = 0;
    for (let i = from; i < from + n; i++) sum += (this.price[i] - mean) ** 2;
    return Math.sqrt(sum / (n - 1));
  }

  meanWick(list: number): number {
    const from = list * TOUCHES_PER_LIST;
    const n = this.count[list];
    let sum = 0;
    for (let i = from; i < from + n; i++) sum += this.wick[i];
    return sum / n;
  }

  /**
   * Is each visit made on less volume? Exponential mean (factor 0.5) of the touches' volume ratios over the mean of the
   * first two; NaN with fewer than two touches that have a ratio.
   */
  volumeTrend(list: number): number {
    const from = list * TOUCHES_PER_LIST;
    const n = this.count[list];
    let seen = 0;
    let early = 0;
    let mean = 0;
    for (let i = from; i < from + n; i++) {
      const ratio = this.volRatio[i];
      if (ratio !== ratio) continue;
      seen++;
      if (seen <= 2) early += ratio;
      mean = seen === 1 ? ratio : mean + 0.5 * (ratio - mean);
    }
    return seen < 2 || early <= 0 ? NaN : mean / (early / 2);
  }

  adjust(priceFactor: number): void {
    for (let i = 0; i < this.price.length; i++) {
      this.price[i] *= priceFactor;
      this.volume[i] /= priceFactor;
    }
  }

  #dropOldest(from: number): void {
    const to = from + TOUCHES_PER_LIST;
    this.bar.copyWithin(from, from + 1, to);
    this.price.copyWithin(from, from + 1, to);
    this.volume.copyWithin(from, from + 1, to);
    this.volRatio.copyWithin(from, from + 1, to);
    this.wick.copyWithin(from, from + 1, to);
    this.trend.copyWithin(from, from + 1, to);
  }
}
