/**
 * Lowest and highest price of the last n bars at the cost of two comparisons a bar (van Herk 1992, Gil and Werman 1993).
 *
 * Time is cut into blocks of n bars. The window is the end of the block before, whose extremes to its end are known from one
 * walk back through it, and the beginning of the present one, whose extremes so far are kept.
 */
import { RING_MASK } from '../bar/bar-ring.ts';

const TOLERANCE = 1e-9;

/** Where the bars before are found. */
export interface PastBars {
  readonly low: Float64Array;
  readonly high: Float64Array;
}

/** Not state: found again from the ring of bars. */
export class Extremes {
  readonly #bars: number;
  readonly #ring: PastBars;
  /** From each bar of the block before to its end. */
  readonly #lowestToEnd: Float64Array;
  readonly #highestToEnd: Float64Array;
  #lowestSoFar = Infinity;
  #highestSoFar = -Infinity;
  /** Bars of the present block. */
  #inBlock = 0;

  /** `bars` 1..63: two blocks must lie in the ring. */
  constructor(bars: number, ring: PastBars) {
    this.#bars = bars;
    this.#ring = ring;
    this.#lowestToEnd = new Float64Array(bars + 1).fill(Infinity);
    this.#highestToEnd = new Float64Array(bars + 1).fill(-Infinity);
  }

  /** Lowest of the last `bars` bars noted; Infinity before the first. */
  get lowest(): number {
    const before = this.#lowestToEnd[this.#inBlock];
    return before < this.#lowestSoFar ? before : this.#lowestSoFar;
  }

  get highest(): number {
    const before = this.#highestToEnd[this.#inBlock];
    return before > this.#highestSoFar ? before : this.#highestSoFar;
  }

  /** Is the low below all of theirs? */
  exceededBelow(now: { readonly low: number }): boolean {
    const bound = now.low * (1 + TOLERANCE);
    return bound < this.#lowestSoFar && bound < this.#lowestToEnd[this.#inBlock];
  }

  exceededAbove(now: { readonly high: number }): boolean {
    const bound = now.high * (1 - TOLERANCE);
    return bound > this.#highestSoFar && bound > this.#highestToEnd[this.#inBlock];
  }

  /** Bar `bar`, already in the ring, belongs to the past. */
  note(bar: number): void {
    const at = bar & RING_MASK;
    const low = this.#ring.low[at];
    const high = this.#ring.high[at];
    if (low < this.#lowestSoFar) this.#lowestSoFar = low;
    if (high > this.#highestSoFar) this.#highestSoFar = high;
    if (++this.#inBlock === this.#bars) this.#turn(bar);
  }

  /** As if all bars up to `bar` had been noted just now. */
  recall(bar: number): void {
    this.#lowestToEnd.fill(Infinity);
    this.#highestToEnd.fill(-Infinity);
    this.#inBlock = 0;
    this.#lowestSoFar = Infinity;
    this.#highestSoFar = -Infinity;
    for (let past = Math.max(0, bar - this.#bars + 1); past <= bar; past++) this.note(past);
  }

  /** A block is full: from each of its bars, what is the extreme to its end? */
  #turn(last: number): void {
    const { low, high } = this.#ring;
    let lowest = Infinity;
    let highest = -Infinity;
    for (let i = this.#bars - 1; i >= 0; i--) {
      const at = (last - this.#bars + 1 + i) & RING_MASK;
      if (low[at] < lowest) lowest = low[at];
      if (high[at] > highest) highest = high[at];
      this.#lowestToEnd[i] = lowest;
      this.#highestToEnd[i] = highest;
    }
    this.#lowestSoFar = Infinity;
    this.#highestSoFar = -Infinity;
    this.#inBlock = 0;
  }
}
