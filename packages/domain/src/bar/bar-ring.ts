/** The last 128 bars as columns, indexed by bar number; open and volume ratio only as far back as a pivot looks. */
import type { Bar } from './bar.ts';

/** `ring[bar & RING_MASK]` for the bars t-127..t. */
export const RING_MASK = 127;
/** `ring[bar & SHORT_MASK]` for the bars t-15..t. */
export const SHORT_MASK = 15;

export class BarRing {
  readonly time = new Float64Array(RING_MASK + 1);
  readonly high = new Float64Array(RING_MASK + 1);
  readonly low = new Float64Array(RING_MASK + 1);
  readonly close = new Float64Array(RING_MASK + 1);
  readonly volume = new Float64Array(RING_MASK + 1);
  readonly open = new Float64Array(SHORT_MASK + 1);
  readonly volRatio = new Float64Array(SHORT_MASK + 1);

  write(index: number, bar: Bar): void {
    const at = index & RING_MASK;
    this.time[at] = bar.time;
    this.high[at] = bar.high;
    this.low[at] = bar.low;
    this.close[at] = bar.close;
    this.volume[at] = bar.volume;
    this.open[index & SHORT_MASK] = bar.open;
  }

  adjust(priceFactor: number): void {
    for (let i = 0; i <= RING_MASK; i++) {
      this.high[i] *= priceFactor;
      this.low[i] *= priceFactor;
      this.close[i] *= priceFactor;
      this.volume[i] /= priceFactor;
    }
    for (let i = 0; i <= SHORT_MASK; i++) this.open[i] *= priceFactor;
  }
}
