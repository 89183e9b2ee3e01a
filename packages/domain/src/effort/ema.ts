/** Exponential mean of closes that remembers its last 11 values, for a slope over 10 bars (detection.md 2.4). */
import type { Features } from './features.ts';

const HISTORY = 11;

export class Ema {
  value = NaN;
  next = 0;
  kept = 0;
  readonly history = new Float64Array(HISTORY);
  readonly #factor: number;

  constructor(period: number) {
    this.#factor = 2 / (period + 1);
  }

  push(now: Features): void {
    if (this.kept === 0) this.value = now.close;
    else this.value += this.#factor * (now.close - this.value);
    this.history[this.next] = this.value;
    this.next = this.next + 1 === HISTORY ? 0 : this.next + 1;
    if (this.kept < HISTORY) this.kept++;
  }

  /** Value now minus the value ten bars earlier; 0 before 11 bars. */
  get change(): number {
    return this.kept < HISTORY ? 0 : this.value - this.history[this.next];
  }

  adjust(priceFactor: number): void {
    this.value *= priceFactor;
    for (let i = 0; i < HISTORY; i++) this.history[i] *= priceFactor;
  }
}
