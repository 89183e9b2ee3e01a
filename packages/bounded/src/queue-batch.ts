/** The items of a queue that are being sent: in flight, still in the queue, gone only when acknowledged. */
import type { DropReason } from './ledger.ts';
import type { Waiting } from './queue-line.ts';

/** What a batch may do to the queue it came from. */
export interface BatchDesk<T> {
  deliver(entry: Waiting<T>): void;
  drop(entry: Waiting<T>, reason: DropReason): void;
  giveBack(entry: Waiting<T>): void;
  progressed(): void;
  closed(): void;
}

/** Second phase of a loss-free drain. `using batch = queue.take(50)` gives back whatever was not settled when the block is left. */
export class Batch<T> implements Disposable {
  readonly items: readonly T[];
  readonly #entries: readonly Waiting<T>[];
  readonly #desk: BatchDesk<T>;
  #settled = 0;
  #open = true;

  constructor(entries: readonly Waiting<T>[], desk: BatchDesk<T>) {
    this.#entries = entries;
    this.#desk = desk;
    this.items = entries.map((entry) => entry.item);
  }

  /** False once everything is settled, or the queue was cleared or disposed. */
  get open(): boolean {
    return this.#open;
  }

  /** Items neither acknowledged nor dropped yet. */
  get left(): number {
    return this.#open ? this.#entries.length - this.#settled : 0;
  }

  /** The next `count` items (all unless told) have arrived: they leave the queue. Does nothing once the batch is settled. */
  acknowledge(count = this.left): void {
    this.#settle(count, (entry) => this.#desk.deliver(entry));
  }

  /** The next `count` items are given up, for example because their handler failed for the last time. */
  drop(count: number, reason: 'failed' | 'removed' | 'expired'): void {
    this.#settle(count, (entry) => this.#desk.drop(entry, reason));
  }

  /** Sending failed: what is left stays in the queue, in order, ahead of everything that came meanwhile. */
  giveBack(): void {
    if (!this.#open) return;
    for (const entry of this.#entries.slice(this.#settled)) this.#desk.giveBack(entry);
    this.#close();
  }

  /** The queue was cleared or disposed and has booked these items as lost; settling the batch means nothing any more. */
  revoke(): void {
    this.#open = false;
  }

  [Symbol.dispose](): void {
    this.giveBack();
  }

  #settle(count: number, each: (entry: Waiting<T>) => void): void {
    if (!this.#open) return;
    const end = Math.min(this.#entries.length, this.#settled + count);
    for (const entry of this.#entries.slice(this.#settled, end)) each(entry);
    this.#settled = end;
    if (end === this.#entries.length) this.#close();
    else this.#desk.progressed();
  }

  #close(): void {
    this.#open = false;
    this.#desk.closed();
  }
}
