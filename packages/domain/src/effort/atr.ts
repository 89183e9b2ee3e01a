/** Average true range after Wilder: the mean of the first n true ranges, then a slow recursion (detection.md 2.4). */
import { fraction } from '../bar/fraction.ts';
import type { Features } from './features.ts';

const HISTORY = 20;

export class Atr {
  /** NaN before n true ranges. */
  value = NaN;
  seen = 0;
  sum = fraction(0);
  next = 0;
  kept = 0;
  readonly history = new Float64Array(HISTORY);
  readonly #period: number;

  constructor(period: number) {
    this.#period = period;
  }

  push(now: Features): void {
    const trueRange = now.trueRange;
    if (this.seen < this.#period) {
      this.seen++;
      this.sum += trueRange;
      if (this.seen < this.#period) return;
      this.value = this.sum / this.#period;
    } else {
      this.value += (trueRange - this.value) / this.#period;
    }
    this.history[this.next] = this.value;
    this.next = this.next + 1 === HISTORY ? 0 : this.next + 1;
    if (this.kept < HISTORY) this.kept++;
  }

  /** Value now divided by the mean of its last 20; NaN before 20. */
  get relative(): number {
    if (this.kept < HISTORY) return NaN;
    let sum = 0;
    for (let i = 0; i < HISTORY; i++) sum += this.history[i];
    return sum > 0 ? this.value / (sum / HISTORY) : NaN;
  }

  adjust(priceFactor: number): void {
    this.value *= priceFactor;
    this.sum *= priceFactor;
    for (let i = 0; i < HISTORY; i++) this.history[i] *= priceFactor;
  }
}
