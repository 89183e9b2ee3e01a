/** Signals of one instant, the best first; when there are too many the lowest leaves (trading.md 4.4, M8). */

/** Overflow expires the lowest with this code. */
export const QUEUE_FULL = 'QUEUE_FULL';
const MAX_SIGNALS = 1_000;

export interface Ranked<T> {
  readonly id: string;
  /** 0..100, `priorityOf`. */
  readonly score: number;
  /** Order of creation: the earlier of two equals is served first, then the lesser id. */
  readonly order: number;
  readonly value: T;
}

export class PriorityQueue<T> {
  readonly #capacity: number;
  /** Best first; score and entry are one thing, so they leave together. Never longer than the capacity. */
  #ranked: readonly Ranked<T>[] = [];

  constructor(capacity: number = MAX_SIGNALS) {
    if (!(Number.isInteger(capacity) && capacity >= 1 && capacity <= 10_000))
      throw new RangeError(`priority queue: expected a capacity of 1-10,000, was ${capacity}`);
    this.#capacity = capacity;
  }

  get size(): number {
    return this.#ranked.length;
  }

  /** Adds one; an id that waits already is kept as it was. Answers who has to leave: the lowest, perhaps the new one. */
  add(entry: Ranked<T>): Ranked<T> | null {
    if (this.#ranked.some((one) => one.id === entry.id)) return null;
    const place = this.#placeOf(entry);
    // bounded: the capacity; the lowest leaves below
    const next = [...this.#ranked.slice(0, place), entry, ...this.#ranked.slice(place)];
    this.#ranked = next.slice(0, this.#capacity);
    return next.length > this.#capacity ? next[this.#capacity] : null;
  }

  /** The best; null when nothing waits. */
  take(): Ranked<T> | null {
    if (this.#ranked.length === 0) return null;
    const [best, ...rest] = this.#ranked;
    this.#ranked = rest;
    return best;
  }

  /** The place after everything better or equal, found by halving. */
  #placeOf(entry: Ranked<T>): number {
    let from = 0;
    let to = this.#ranked.length;
    while (from < to) {
      const middle = (from + to) >> 1;
      if (isBefore(this.#ranked[middle], entry)) from = middle + 1;
      else to = middle;
    }
    return from;
  }
}

function isBefore(a: Ranked<unknown>, b: Ranked<unknown>): boolean {
  if (a.score !== b.score) return a.score > b.score;
  if (a.order !== b.order) return a.order < b.order;
  return a.id < b.id;
}
