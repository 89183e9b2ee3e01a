/** The line of items waiting in a queue: linked, so that any of them can leave at once, and empty when idle. */
import type { HeapEntry } from './position-heap.ts';

/** One waiting item with what the queue must remember about it. */
export interface Waiting<T> extends HeapEntry {
  item: T;
  bytes: number;
  priority: number;
  readonly sequence: number;
  /** When it came in, on the queue's clock; 0 without one. */
  atMs: number;
  readonly key: string | undefined;
  inFlight: boolean;
  linked: boolean;
  previous: Waiting<T> | undefined;
  next: Waiting<T> | undefined;
}

/** Bytes of one `Waiting` beside its item (ten fields on a 64-bit V8, rounded up). */
export const WAITING_BYTES = 128;

/** Oldest at the head. Its owner keeps the capacity. */
export class Line<T> {
  #head: Waiting<T> | undefined;
  #tail: Waiting<T> | undefined;
  #size = 0;

  get head(): Waiting<T> | undefined {
    return this.#head;
  }

  get size(): number {
    return this.#size;
  }

  append(entry: Waiting<T>): void {
    entry.previous = this.#tail;
    if (this.#tail === undefined) this.#head = entry;
    else this.#tail.next = entry;
    this.#tail = entry;
    entry.linked = true;
    this.#size += 1;
  }

  /** Takes an entry out and cuts its ties, so that it keeps nobody alive. */
  unlink(entry: Waiting<T>): void {
    if (!entry.linked) return;
    const { previous, next } = entry;
    if (previous === undefined) this.#head = next;
    else previous.next = next;
    if (next === undefined) this.#tail = previous;
    else next.previous = previous;
    entry.previous = undefined;
    entry.next = undefined;
    entry.linked = false;
    this.#size -= 1;
  }

  *[Symbol.iterator](): IterableIterator<Waiting<T>> {
    for (let entry = this.#head; entry !== undefined; entry = entry.next) yield entry;
  }
}
