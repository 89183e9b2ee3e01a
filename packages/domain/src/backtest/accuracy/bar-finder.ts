/** Numbers the bars that labels speak of: a moment belongs to the first accepted bar at or after it. */
import type { EpochMs } from '../../bar/bar.ts';
import type { Label } from '../synthetic/label.ts';

export class BarFinder {
  readonly #times: Float64Array;
  readonly #bars: Float64Array;
  #next = 0;

  constructor(labels: readonly Label[]) {
    const times = new Set(labels.flatMap((label) => [label.barTs, label.spanFrom, label.spanTo]));
    this.#times = Float64Array.from([...times].sort((a, b) => a - b));
    this.#bars = new Float64Array(this.#times.length).fill(NaN);
  }

  next(time: EpochMs, bar: number): void {
    while (this.#next < this.#times.length && this.#times[this.#next] <= time) {
      this.#bars[this.#next] = bar;
      this.#next += 1;
    }
  }

  /** NaN while the stream has not reached it. */
  barOf(time: EpochMs): number {
    let low = 0;
    let high = this.#times.length - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      if (this.#times[middle] === time) return this.#bars[middle];
      if (this.#times[middle] < time) low = middle + 1;
      else high = middle - 1;
    }
    return NaN;
  }
}
