/** Volume by price over the range and half its width on either side, in a fixed grid (detection.md 3.8), for display. */

export const PROFILE_BINS = 64;
const VALUE_SHARE = 0.7;

export class VolumeProfile {
  /** Bin 0 and the last are the overflow below and above the grid. */
  readonly bins = new Float64Array(PROFILE_BINS + 2);
  low = 0;
  high = 0;

  start(low: number, high: number): void {
    this.low = low;
    this.high = high;
    this.bins.fill(0);
  }

  /** Splits the bar's volume evenly over the bins its low..high covers. */
  push(high: number, low: number, volume: number): void {
    const width = (this.high - this.low) / PROFILE_BINS;
    if (!(width > 0)) return;
    const from = this.#bin(low, width);
    const to = this.#bin(high, width);
    const part = volume / (to - from + 1);
    for (let i = from; i <= to; i++) this.bins[i] += part;
  }

  /** Bin of the largest volume, the lowest on ties. */
  pointOfControl(): number {
    let best = 0;
    for (let i = 1; i < this.bins.length; i++) if (this.bins[i] > this.bins[best]) best = i;
    return best;
  }

  /** First and last bin of the value area: grown from the point of control to the larger neighbour until 70 %. */
  valueArea(): readonly [number, number] {
    let from = this.pointOfControl();
    let to = from;
    const total = this.bins.reduce((sum, volume) => sum + volume, 0);
    let inside = this.bins[from];
    while (inside < VALUE_SHARE * total && (from > 0 || to < this.bins.length - 1)) {
      const under = from > 0 ? this.bins[from - 1] : -1;
      const over = to < this.bins.length - 1 ? this.bins[to + 1] : -1;
      inside += Math.max(under, over);
      if (over > under) to++;
      else from--;
    }
    return [from, to];
  }

  /** Lower bound of a bin; the overflow bins have the width of the others. */
  priceOf(bin: number): number {
    return this.low + (bin - 1) * ((this.high - this.low) / PROFILE_BINS);
  }

  adjust(priceFactor: number): void {
    this.low *= priceFactor;
    this.high *= priceFactor;
    for (let i = 0; i < this.bins.length; i++) this.bins[i] /= priceFactor;
  }

  #bin(price: number, width: number): number {
    const at = Math.floor((price - this.low) / width) + 1;
    return at < 0 ? 0 : at > PROFILE_BINS + 1 ? PROFILE_BINS + 1 : at;
  }
}
