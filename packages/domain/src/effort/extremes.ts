/** Highest and lowest price of the last n bars before the current one, kept up to date so that a new extreme costs one comparison. */
import { RING_MASK } from '../bar/bar-ring.ts';

/** Not state: found again from the ring of bars whenever `bar` does not lie in the window. */
export class Extremes {
  lowest = NaN;
  lowestBar = -1;
  highest = NaN;
  highestBar = -1;

  /** Bar `to` (at least 0) enters the window of the `n` bars that end with it; the ring holds them all. */
  advance(ring: { readonly low: Float64Array; readonly high: Float64Array }, to: number, n: number): void {
    const from = to < n ? 0 : to - n + 1;
    const low = ring.low[to & RING_MASK];
    const high = ring.high[to & RING_MASK];
    if (this.lowestBar >= 0 && low <= this.lowest) {
      this.lowest = low;
      this.lowestBar = to;
    } else if (this.lowestBar < from) {
      // The extreme has left the window: rare enough to look through all of it.
      let at = to;
      for (let bar = to - 1; bar >= from; bar--) if (ring.low[bar & RING_MASK] < ring.low[at & RING_MASK]) at = bar;
      this.lowest = ring.low[at & RING_MASK];
      this.lowestBar = at;
    }
    if (this.highestBar >= 0 && high >= this.highest) {
      this.highest = high;
      this.highestBar = to;
    } else if (this.highestBar < from) {
      let at = to;
      for (let bar = to - 1; bar >= from; bar--) if (ring.high[bar & RING_MASK] > ring.high[at & RING_MASK]) at = bar;
      this.highest = ring.high[at & RING_MASK];
      this.highestBar = at;
    }
  }

  forget(): void {
    this.lowestBar = -1;
    this.highestBar = -1;
  }
}
