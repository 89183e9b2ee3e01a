/** Where facts leave the engine: each stamped with the closing instant of its bar, handed to the sink at once. */
import type { EpochMs } from '../bar/bar.ts';
import type { DataOf, Fact, FactKind, FactSink } from './fact.ts';

export class FactDesk {
  readonly #sink: FactSink;
  /** A cell, because a plain field would be boxed anew on every bar. */
  readonly #clock = new Float64Array(2);

  constructor(sink: FactSink) {
    this.#sink = sink;
  }

  /** Facts told so far in this process: nothing of the account changed while it stands still, but prices. */
  told = 0;

  /** Closing instant of the bar being worked. */
  get at(): EpochMs {
    return this.#clock[0];
  }

  set at(instant: EpochMs) {
    this.#clock[1] = this.#clock[0];
    this.#clock[0] = instant;
  }

  /** A new instant begins where the last one was; closing times of its bars move it on. */
  turn(): void {
    this.#clock[1] = this.#clock[0];
  }

  /** Not before this closing time, given as a cell: a number handed over would be boxed where the call is not inlined. */
  reach(closing: Float64Array): void {
    if (closing[0] > this.#clock[0]) this.#clock[0] = closing[0];
  }

  /** The instant before this one. */
  get before(): EpochMs {
    return this.#clock[1];
  }

  tell<K extends FactKind>(kind: K, data: DataOf<K>): void {
    this.told += 1;
    this.#sink({ kind, at: this.at, data } as Fact);
  }
}
