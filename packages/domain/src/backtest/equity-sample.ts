/** A curve in at most 2,000 points that keeps its first, last, highest and lowest value exactly (backtesting.md 7). */
import type { EpochMs } from '../bar/bar.ts';
import type { Micros } from '../setup/signal.ts';

const BUCKETS = 500;
/** Per bucket: first, minimum, maximum, last. */
const SLOTS = 4;

export type EquityPoint = readonly [at: EpochMs, equityMicros: Micros];

export class EquitySample {
  readonly #times = new Float64Array(BUCKETS * SLOTS);
  readonly #values = new Float64Array(BUCKETS * SLOTS);
  /** Points per bucket; doubles when the buckets run out. */
  #width = 1;
  /** Points in the last bucket. */
  #filled = 0;
  /** Index of the last bucket; -1 before the first point. */
  #last = -1;

  /** O(1) amortised, allocates nothing. Times ascend. */
  next(at: EpochMs, equity: Micros): void {
    if (this.#last < 0 || this.#filled === this.#width) this.#begin(at, equity);
    else this.#extend(at, equity);
  }

  /** At most 2,000 points, ascending in time, none twice. */
  points(): readonly EquityPoint[] {
    const out: EquityPoint[] = [];
    for (let bucket = 0; bucket <= this.#last; bucket += 1) {
      const slots = [0, 1, 2, 3].map((slot) => bucket * SLOTS + slot).sort((a, b) => this.#times[a] - this.#times[b]);
      for (const slot of slots) if (out.at(-1)?.[0] !== this.#times[slot]) out.push([this.#times[slot], this.#values[slot]]);
    }
    return out;
  }

  #begin(at: EpochMs, equity: Micros): void {
    if (this.#last + 1 === BUCKETS) this.#halve();
    this.#last += 1;
    this.#filled = 1;
    for (let slot = 0; slot < SLOTS; slot += 1) this.#set(this.#last * SLOTS + slot, at, equity);
  }

  #extend(at: EpochMs, equity: Micros): void {
    const base = this.#last * SLOTS;
    if (equity < this.#values[base + 1]) this.#set(base + 1, at, equity);
    if (equity > this.#values[base + 2]) this.#set(base + 2, at, equity);
    this.#set(base + 3, at, equity);
    this.#filled += 1;
  }

  #set(slot: number, at: EpochMs, equity: Micros): void {
    this.#times[slot] = at;
    this.#values[slot] = equity;
  }

  /** Neighbours become one bucket of twice the width. All buckets are full when this happens and their number is even. */
  #halve(): void {
    for (let pair = 0; pair < BUCKETS / 2; pair += 1) {
      const left = pair * 2 * SLOTS;
      const right = left + SLOTS;
      const low = this.#values[right + 1] < this.#values[left + 1] ? right + 1 : left + 1;
      const high = this.#values[right + 2] > this.#values[left + 2] ? right + 2 : left + 2;
      const sources = [left, low, high, right + 3];
      const times = sources.map((slot) => this.#times[slot]);
      const values = sources.map((slot) => this.#values[slot]);
      for (let slot = 0; slot < SLOTS; slot += 1) this.#set(pair * SLOTS + slot, times[slot], values[slot]);
    }
    this.#last = BUCKETS / 2 - 1;
    this.#width *= 2;
    this.#filled = this.#width;
  }
}
