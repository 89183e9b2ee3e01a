/** Highest high or lowest low of the last n bars, rescanned only when the extreme leaves the window. */
import { RING_MASK } from '../bar/bar-ring.ts';

export class RollingExtreme {
  /** sign x price of the extreme: the high itself for +1, minus the low for -1; -Infinity without bars. */
  value = -Infinity;
  bar = -1;
  readonly #window: number;
  readonly #sign: 1 | -1;

  constructor(window: number, sign: 1 | -1) {
    this.#window = window;
    this.#sign = sign;
  }

  /** Takes bar `index`, which is already in the ring of highs (+1) or lows (-1). */
  push(index: number, ring: Float64Array): void {
    const candidate = this.#sign * ring[index & RING_MASK];
    if (candidate >= this.value) {
      this.value = candidate;
      this.bar = index;
    } else if (this.bar <= index - this.#window) {
      this.#rescan(index, ring);
    }
  }

  adjust(priceFactor: number): void {
    this.value *= priceFactor;
  }

  #rescan(index: number, ring: Float64Array): void {
    let best = -Infinity;
    let at = index;
    for (let i = index - this.#window + 1; i <= index; i++) {
      const candidate = this.#sign * ring[i & RING_MASK];
      if (candidate >= best) {
        best = candidate;
        at = i;
      }
    }
    this.value = best;
    this.bar = at;
  }
}
