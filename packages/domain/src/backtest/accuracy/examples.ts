/** A fair sample of the mistakes, at most 100 of a sort, while the counts stay exact (memory.md H5). */
import type { EventKind } from '../../wyckoff/event.ts';
import { createRandom, type Random } from '../synthetic/random.ts';

export const EXAMPLES_KEPT = 100;

export interface Example {
  readonly sort: 'false-positive' | 'false-negative';
  readonly symbol: string;
  readonly timeframe: string;
  readonly kind: EventKind;
  readonly bar: number;
  readonly time: number;
  /** Record or label. */
  readonly id: string;
  /** What stood there instead, when anything did. */
  readonly instead: EventKind | null;
}

export class ExampleSample {
  readonly #random: Random;
  readonly #sink: ((example: Example) => void) | null;
  // bounded: EXAMPLES_KEPT of each sort, by reservoir
  readonly #kept: Record<Example['sort'], Example[]> = { 'false-positive': [], 'false-negative': [] };
  // bounded: two counters
  readonly #seen: Record<Example['sort'], number> = { 'false-positive': 0, 'false-negative': 0 };

  /** `sink` is given every example, also those not kept. */
  constructor(seed: number, sink: ((example: Example) => void) | null) {
    this.#random = createRandom(seed);
    this.#sink = sink;
  }

  add(example: Example): void {
    this.#sink?.(example);
    const kept = this.#kept[example.sort];
    const seen = (this.#seen[example.sort] += 1);
    if (kept.length < EXAMPLES_KEPT) {
      kept.push(example);
      return;
    }
    const place = Math.floor(this.#random.next() * seen);
    if (place < EXAMPLES_KEPT) kept[place] = example;
  }

  /** Exact number seen. */
  count(sort: Example['sort']): number {
    return this.#seen[sort];
  }

  kept(sort: Example['sort']): readonly Example[] {
    return this.#kept[sort];
  }
}
