/** Where facts leave the engine: each stamped with the closing instant of its bar, handed to the sink at once. */
import type { EpochMs } from '../bar/bar.ts';
import type { Fact, FactKind, FactSink } from './fact.ts';

/** What a kind carries. */
type DataOf<K> = Fact extends infer F ? (F extends { readonly kind: infer FK; readonly data: infer D } ? (K extends FK ? D : never) : never) : never;

export class FactDesk {
  readonly #sink: FactSink;
  /** Closing instant of the bar being worked. */
  at: EpochMs = 0;

  constructor(sink: FactSink) {
    this.#sink = sink;
  }

  tell<K extends FactKind>(kind: K, data: DataOf<K>): void {
    this.#sink({ kind, at: this.at, data } as Fact);
  }
}
