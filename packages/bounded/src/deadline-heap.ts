/** Items with a deadline each, on one timer that is set for the soonest (M8). */
import { type Release, systemTimers, type Timers } from './clock.ts';
import { ArgumentError, DisposedError, FullError } from './errors.ts';
import { type HeapEntry, PositionHeap } from './position-heap.ts';
import { type OwnFigures, Structure, type StructureOptions } from './structure.ts';

/** What happens to the item too many: it is refused (FullError), or the one whose deadline is soonest expires early for it. */
export type DeadlinePolicy = 'refuse' | 'expireSoonest';

export interface DeadlineHeapOptions<T> extends StructureOptions {
  readonly policy: DeadlinePolicy;
  /** Called for each item that leaves by itself: its deadline was met, or it made room. */
  readonly onExpire: (item: T, why: 'due' | 'displaced') => void;
  /** Told when `onExpire` throws; the others expire all the same. */
  readonly onError?: ((error: unknown, item: T) => void) | undefined;
  readonly timers?: Timers | undefined;
}

/** An item waiting for its deadline. */
export interface DeadlineEntry<T> {
  readonly item: T;
  /** On the heap's clock. */
  readonly dueMs: number;
  readonly pending: boolean;
  /** Takes the item out before its deadline. False when it had left already. */
  cancel(): boolean;
}

interface Entry<T> extends HeapEntry {
  readonly item: T;
  readonly dueMs: number;
  readonly sequence: number;
}

/** Bytes of one entry with its handle beside the item, rounded up. */
const ENTRY_BYTES = 256;

export class DeadlineHeap<T> extends Structure {
  readonly capacity: number;
  readonly #options: DeadlineHeapOptions<T>;
  readonly #timers: Timers;
  readonly #heap = new PositionHeap<Entry<T>>((a, b) => a.dueMs < b.dueMs || (a.dueMs === b.dueMs && a.sequence < b.sequence));
  #sequence = 0;
  #cancelTimer: Release | undefined;
  #armedForMs = Infinity;

  constructor(options: DeadlineHeapOptions<T>) {
    super('deadlines', options);
    this.capacity = options.capacity;
    this.#options = options;
    this.#timers = options.timers ?? systemTimers;
  }

  /** Items pending. */
  get size(): number {
    return this.#heap.size;
  }

  /** The soonest deadline on the heap's clock; undefined when nothing waits. */
  get soonestMs(): number | undefined {
    return this.#heap.top?.dueMs;
  }

  /** Adds an item that expires `delayMs` from now. */
  after(delayMs: number, item: T): DeadlineEntry<T> {
    return this.at(this.#timers.now() + delayMs, item);
  }

  /** Adds an item that expires at a time of the heap's clock; a time gone by expires it at the next turn. @throws FullError by policy. */
  at(dueMs: number, item: T): DeadlineEntry<T> {
    if (this.disposed) throw new DisposedError(this.name);
    if (!Number.isFinite(dueMs))
      throw new ArgumentError(this.name, `${this.name}: expected a deadline in milliseconds, was ${String(dueMs)}`);
    this.ledger.accept();
    if (this.size >= this.capacity) this.#makeRoom();
    const entry: Entry<T> = { item, dueMs, sequence: this.#sequence, heapIndex: -1 };
    this.#sequence += 1;
    this.#heap.add(entry);
    this.mark(this.size);
    this.#arm();
    return {
      item,
      dueMs,
      get pending() {
        return entry.heapIndex >= 0;
      },
      cancel: () => this.#cancel(entry),
    };
  }

  protected ownFigures(): OwnFigures {
    return {
      size: this.size,
      capacity: this.capacity,
      bytes: this.estimate(this.size, undefined),
      limitBytes: this.worstCase(this.capacity, undefined, ENTRY_BYTES),
      held: this.size,
    };
  }

  protected release(): void {
    this.ledger.drop('disposed', this.size);
    this.#heap.clear();
    this.#arm();
  }

  #makeRoom(): void {
    const soonest = this.#heap.top;
    if (this.#options.policy === 'refuse' || soonest === undefined) {
      this.ledger.drop('refused');
      throw new FullError(this.name, this.capacity);
    }
    this.#heap.remove(soonest);
    this.ledger.drop('oldest');
    this.#expire(soonest.item, 'displaced');
    // onExpire may have added others of its own.
    if (this.size >= this.capacity) {
      this.ledger.drop('refused');
      throw new FullError(this.name, this.capacity);
    }
  }

  #cancel(entry: Entry<T>): boolean {
    if (entry.heapIndex < 0) return false;
    this.#heap.remove(entry);
    this.ledger.drop('removed');
    this.#arm();
    return true;
  }

  /** Keeps the one timer at the soonest deadline. */
  #arm(): void {
    const soonestMs = this.#heap.top?.dueMs ?? Infinity;
    if (soonestMs === this.#armedForMs) return;
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    this.#armedForMs = soonestMs;
    if (soonestMs === Infinity) return;
    this.#cancelTimer = this.#timers.after(Math.max(0, soonestMs - this.#timers.now()), () => {
      this.#cancelTimer = undefined;
      this.#armedForMs = Infinity;
      this.#expireDue();
    });
  }

  /** Expires those due now; what `onExpire` adds with a deadline already gone by waits for the next turn. */
  #expireDue(): void {
    const nowMs = this.#timers.now();
    const before = this.#sequence;
    for (let top = this.#heap.top; top !== undefined && top.dueMs <= nowMs && top.sequence < before; top = this.#heap.top) {
      this.#heap.remove(top);
      this.ledger.deliver();
      this.#expire(top.item, 'due');
    }
    this.#arm();
  }

  #expire(item: T, why: 'due' | 'displaced'): void {
    try {
      this.#options.onExpire(item, why);
    } catch (error) {
      this.#options.onError?.(error, item);
    }
  }
}
