/** Finished trades leave memory in batches of one hundred (memory.md C9). */
import type { Trade } from '../trade/trade.ts';

export const BATCH = 100;

export class TradeBatches {
  readonly #sink: (batch: readonly Trade[]) => void;
  /** At most `BATCH`. */
  #waiting: Trade[] = [];

  constructor(sink: (batch: readonly Trade[]) => void) {
    this.#sink = sink;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  next(trade: Trade): void {
    // bounded: at most BATCH, flushed when full
    this.#waiting.push(trade);
    if (this.#waiting.length === BATCH) this.flush();
  }

  /** Hands over what waits. A sink that throws keeps nothing from us: the batch is still here. */
  flush(): void {
    if (this.#waiting.length === 0) return;
    this.#sink(this.#waiting);
    this.#waiting = [];
  }
}
