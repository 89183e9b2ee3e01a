/** Volume by price over the range and half its width on either side, in a fixed grid (detection.md 3.8), for display. */
import { RING_MASK, type BarRing } from '../bar/bar-ring.ts';
import { fraction } from '../bar/fraction.ts';

export const PROFILE_BINS = 64;
const VALUE_SHARE = 0.7;

const NO_BAR = Infinity;

/** What the profile needs of a bar. */
export interface TradedExtent {
  readonly high: number;
  readonly low: number;
  readonly volume: number;
}

export class VolumeProfile {
  /**
   * Differences between neighbouring bins, so that a bar costs the same however many bins it covers.
   * Bin 0 and the last are the overflow below and above the grid.
   */
  readonly steps = new Float64Array(PROFILE_BINS + 3);
  low = fraction(0);
  high = fraction(0);
  binWidth = fraction(0);

  /** First bar that has not entered yet. */
  #next = NO_BAR;

  start(low: number, high: number): void {
    this.low = low;
    this.high = high;
    this.binWidth = (high - low) / PROFILE_BINS;
    this.steps.fill(0);
  }

  /** From this bar on the bars of the ring belong to it; they enter when somebody looks, at the latest when the ring is full. */
  followFrom(bar: number): void {
    this.#next = bar;
  }

  /** Must the bars that wait enter before the ring forgets them? */
  urgent(bar: number): boolean {
    return bar - this.#next >= RING_MASK;
  }

  /** Bars up to `to` enter. */
  catchUp(ring: BarRing, to: number): void {
    for (; this.#next <= to; this.#next++) {
      const at = this.#next & RING_MASK;
      this.#enter(ring.low[at], ring.high[at], ring.volume[at]);
    }
  }

  /** Its range is over. */
  stop(): void {
    this.#next = NO_BAR;
    this.binWidth = 0;
    this.steps.fill(0);
  }

  /** PRF-1. Splits the bar's volume evenly over the bins its low..high covers. */
  push(bar: TradedExtent): void {
    this.#enter(bar.low, bar.high, bar.volume);
  }

  #enter(low: number, high: number, volume: number): void {
    if (!(this.binWidth > 0)) return;
    const from = this.#bin(low);
    const to = this.#bin(high);
    const part = volume / (to - from + 1);
    this.steps[from] += part;
    this.steps[to + 1] -= part;
  }

  /** Volume per bin, low to high. */
  bins(): Float64Array {
    const bins = new Float64Array(PROFILE_BINS + 2);
    let level = 0;
    for (let i = 0; i < bins.length; i++) {
      level += this.steps[i];
      // Sums of differences leave dust where a bin is empty.
      bins[i] = level > 0 ? level : 0;
    }
    return bins;
  }

  /** Bin of the largest volume, the lowest on ties. */
  pointOfControl(bins = this.bins()): number {
    let best = 0;
    for (let i = 1; i < bins.length; i++) if (bins[i] > bins[best] * (1 + 1e-9)) best = i;
    return best;
  }

  /** First and last bin of the value area: grown from the point of control to the larger neighbour until 70 %. */
  valueArea(): readonly [number, number] {
    const bins = this.bins();
    let from = this.pointOfControl(bins);
    let to = from;
    const total = bins.reduce((sum, volume) => sum + volume, 0);
    let inside = bins[from];
    while (inside < VALUE_SHARE * total && (from > 0 || to < bins.length - 1)) {
      const under = from > 0 ? bins[from - 1] : -1;
      const over = to < bins.length - 1 ? bins[to + 1] : -1;
      inside += Math.max(under, over);
      if (over > under) to++;
      else from--;
    }
    return [from, to];
  }

  /** Lower bound of a bin; the overflow bins have the width of the others. */
  priceOf(bin: number): number {
    return this.low + (bin - 1) * this.binWidth;
  }

  adjust(priceFactor: number): void {
    this.low *= priceFactor;
    this.high *= priceFactor;
    this.binWidth *= priceFactor;
    for (let i = 0; i < this.steps.length; i++) this.steps[i] /= priceFactor;
  }

  #bin(price: number): number {
    const at = Math.floor((price - this.low) / this.binWidth) + 1;
    return at < 0 ? 0 : at > PROFILE_BINS + 1 ? PROFILE_BINS + 1 : at;
  }
}
