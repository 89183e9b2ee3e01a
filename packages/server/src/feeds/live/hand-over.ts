/** The way of bars from a feed to its taker: one bounded queue, one batch at a time; a slow taker stops the source instead of filling memory. */
import { BoundedQueue, type Scope, type StopSignal } from '@wyckoff/bounded';
import type { BarBatch } from '../contract/feed.ts';

export interface HandOverOptions {
  readonly scope: Scope;
  readonly capacity: number;
  /** What is no longer wanted when its turn comes is dropped. */
  readonly wanted: (batch: BarBatch) => boolean;
  readonly take: (batch: BarBatch) => Promise<void>;
  readonly onFailed: (batch: BarBatch, error: Error) => void;
  /** The queue is full: nothing more should come; `onRoom` when half of it is free. */
  readonly onFull: () => void;
  readonly onRoom: () => void;
}

export class HandOver {
  readonly #options: HandOverOptions;
  readonly #out: BoundedQueue<BarBatch>;
  #full = false;

  constructor(options: HandOverOptions) {
    const { scope, capacity } = options;
    this.#options = options;
    this.#out = new BoundedQueue({ name: 'server.feeds.out', capacity, itemBytes: 512, scope, policy: 'block' });
  }

  start(): void {
    this.#options.scope.task('hand over bars', (signal) => this.#run(signal));
  }

  /** False when there is no room: the source has been told to stop. */
  push(batch: BarBatch): boolean {
    if (this.#out.push(batch) !== 'full') return true;
    this.#full = true;
    this.#options.onFull();
    return false;
  }

  /** Waits until there is room. */
  async pushWait(batch: BarBatch, signal: StopSignal): Promise<void> {
    const outcome = await this.#out.pushWait(batch, signal);
    if (outcome !== 'queued') throw new Error(`hand-over: expected room for bars of ${batch.series.symbol}, was ${outcome}`);
  }

  async #run(signal: StopSignal): Promise<void> {
    const { wanted, take, onFailed, onRoom } = this.#options;
    for (let batch = await this.#out.next(signal); batch !== undefined; batch = await this.#out.next(signal)) {
      try {
        if (wanted(batch)) await take(batch);
      } catch (error) {
        onFailed(batch, error instanceof Error ? error : new Error(String(error)));
      }
      if (this.#full && this.#out.size <= this.#out.capacity / 2) {
        this.#full = false;
        onRoom();
      }
    }
  }
}
