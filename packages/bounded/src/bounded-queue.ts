/** A queue with two bounds, entries and bytes, and a policy for the item too many; draining it can fail without losing anything (C2). */
import { checkBytes, checkCount } from './checks.ts';
import { BoundedError } from './errors.ts';
import { onAbort, type StopSignal } from './host.ts';
import type { DropReason } from './ledger.ts';
import { PositionHeap } from './position-heap.ts';
import { Batch, type BatchDesk } from './queue-batch.ts';
import { Line, type Waiting, WAITING_BYTES } from './queue-line.ts';
import {
  type BoundedQueueOptions,
  checkQueueOptions,
  isRefusal,
  type OverflowPolicy,
  type PushOutcome,
  type QueueStats,
} from './queue-options.ts';
import { type OwnFigures, Structure } from './structure.ts';

interface Producer<T> {
  readonly item: T;
  readonly bytes: number;
  settle(outcome: PushOutcome): void;
}

const PRESSURE_AT = 0.8;

export class BoundedQueue<T> extends Structure {
  readonly capacity: number;
  readonly policy: OverflowPolicy;
  readonly #options: BoundedQueueOptions<T>;
  readonly #maxBytes: number;
  readonly #maxWaiting: number;
  readonly #line = new Line<T>();
  readonly #byPriority: PositionHeap<Waiting<T>> | undefined;
  readonly #byKey: Map<string, Waiting<T>> | undefined;
  readonly #producers = new Set<Producer<T>>();
  readonly #consumers = new Set<(item: T | undefined) => void>();
  #batch: Batch<T> | undefined;
  #bytes = 0;
  #sequence = 0;
  #pressed = false;
  #overflowing = false;

  constructor(options: BoundedQueueOptions<T>) {
    super('queue', checkQueueOptions(options));
    this.capacity = options.capacity;
    this.policy = options.policy;
    this.#options = options;
    this.#maxBytes = options.maxBytes ?? Infinity;
    this.#maxWaiting = options.maxWaiting ?? 16;
    if (options.policy === 'priority') this.#byPriority = new PositionHeap(leavesBefore);
    if (options.keyOf !== undefined) this.#byKey = new Map();
  }

  /** Entries held, those of an open batch too. */
  get size(): number {
    return this.#line.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Whether a batch is open: being sent, not yet acknowledged or given back. */
  get busy(): boolean {
    return this.#batch !== undefined;
  }

  /** Fullness 0..1, by entries or by bytes, whichever is fuller. */
  get utilisation(): number {
    return Math.max(this.size / this.capacity, this.#bytes / this.#maxBytes);
  }

  get stats(): QueueStats {
    return {
      size: this.size,
      max: this.capacity,
      bytes: this.#bytes,
      maxBytes: Number.isFinite(this.#maxBytes) ? this.#maxBytes : null,
      dropped: this.dropped,
      utilisationPercent: this.utilisation * 100,
    };
  }

  /** Hands an item in without waiting; under the policy `block` a full queue answers `full`. */
  push(item: T): PushOutcome {
    const bytes = this.#measure(item);
    this.ledger.accept();
    const outcome = this.#producers.size > 0 ? 'full' : this.#admitOrDisown(item, bytes);
    if (isRefusal(outcome)) this.ledger.drop(outcome === 'oversize' ? 'oversize' : outcome === 'lowest' ? 'lowest' : 'refused');
    return outcome;
  }

  /**
   * Hands an item in and, under the policy `block`, waits until there is room. Producers are served in order.
   * Answers `full` at once when `maxWaiting` producers wait already; rejects with the signal's reason when aborted, and then the item never was here.
   */
  async pushWait(item: T, signal?: StopSignal): Promise<PushOutcome> {
    signal?.throwIfAborted();
    const bytes = this.#measure(item);
    if (this.policy !== 'block' || this.disposed || bytes > this.#maxBytes) return this.push(item);
    if (this.#producers.size === 0 && this.#hasRoomFor(bytes)) return this.push(item);
    if (this.#producers.size >= this.#maxWaiting) return this.push(item);
    return new Promise((resolve, reject) => {
      const off =
        signal === undefined
          ? undefined
          : onAbort(signal, () => {
              this.#producers.delete(producer);
              off?.();
              reject(signal.reason as Error);
              this.#admitProducers();
            });
      const producer: Producer<T> = {
        item,
        bytes,
        settle: (outcome) => {
          off?.();
          resolve(outcome);
        },
      };
      this.#producers.add(producer);
    });
  }

  /** The oldest, left where it is. */
  peek(): T | undefined {
    return this.#line.head?.item;
  }

  /**
   * Takes the oldest out for good, where losing it on a failure is no matter; else use `take`.
   * @throws BoundedError when a batch is open: it would overtake.
   */
  shift(): T | undefined {
    this.#refuseWhileBusy('shift');
    const entry = this.#line.head;
    if (entry === undefined) return undefined;
    this.ledger.deliver();
    this.#unlink(entry);
    this.#settleRoom();
    return entry.item;
  }

  /** Waits for an item and takes it out for good; undefined once the queue is disposed. Rejects with the signal's reason when aborted. */
  async next(signal?: StopSignal): Promise<T | undefined> {
    signal?.throwIfAborted();
    if (this.disposed) return undefined;
    if (this.size > 0) return this.shift();
    if (this.#consumers.size >= this.#maxWaiting) {
      throw new BoundedError(
        'bounded.full',
        this.name,
        `${this.name}: ${this.#maxWaiting} consumers wait, the limit; share one or raise maxWaiting`,
      );
    }
    return new Promise((resolve, reject) => {
      const off =
        signal === undefined
          ? undefined
          : onAbort(signal, () => {
              this.#consumers.delete(consumer);
              off?.();
              reject(signal.reason as Error);
            });
      const consumer = (item: T | undefined): void => {
        off?.();
        resolve(item);
      };
      this.#consumers.add(consumer);
    });
  }

  /**
   * First phase of a loss-free drain: the oldest `max` items, in flight. They stay here and keep their place until the batch acknowledges
   * them; what it gives back is again the oldest, in order. Undefined when there is nothing, or while another batch is open.
   */
  take(max: number): Batch<T> | undefined {
    checkCount(this.name, 'max', max);
    if (this.#batch !== undefined || this.size === 0) return undefined;
    const entries: Waiting<T>[] = [];
    for (const entry of this.#line) {
      if (entries.length === max) break;
      entry.inFlight = true;
      this.#forgetIndexes(entry);
      entries.push(entry);
    }
    this.#batch = new Batch(entries, this.#desk);
    return this.#batch;
  }

  /** Drops everything, what is in flight too: settling an open batch then means nothing any more. Returns how many were dropped. */
  clear(): number {
    this.#revokeBatch();
    return this.#dropWhere('cleared', () => true);
  }

  /** Drops what waits (not what is in flight) and matches. Returns how many. */
  removeWhere(matches: (item: T) => boolean): number {
    return this.#dropWhere('removed', (entry) => matches(entry.item));
  }

  /** Drops what has waited longer than this and is not in flight. Needs a clock. Returns how many. */
  dropOlderThan(ageMs: number): number {
    const bornAfterMs = this.#nowMs() - ageMs;
    return this.#dropWhere('expired', (entry) => entry.atMs < bornAfterMs);
  }

  /** How long the oldest has waited, 0 when empty. Needs a clock. */
  oldestAgeMs(): number {
    const head = this.#line.head;
    return head === undefined ? 0 : this.#nowMs() - head.atMs;
  }

  /** Oldest first, those in flight too. */
  toArray(): T[] {
    return Array.from(this.#line, (entry) => entry.item);
  }

  protected ownFigures(): OwnFigures {
    const counted = this.#options.sizeOf === undefined ? undefined : this.#bytes;
    return {
      size: this.size,
      capacity: this.capacity,
      bytes: this.estimate(this.size, counted),
      limitBytes: this.worstCase(this.capacity, this.#options.maxBytes, WAITING_BYTES),
      held: this.size,
    };
  }

  protected release(): void {
    this.#revokeBatch();
    for (let entry = this.#line.head; entry !== undefined; entry = this.#line.head) {
      this.ledger.drop('disposed');
      this.#unlink(entry);
    }
    for (const producer of this.#producers) producer.settle('closed');
    this.#producers.clear();
    for (const consumer of this.#consumers) consumer(undefined);
    this.#consumers.clear();
  }

  /** What an open batch may do to its queue. */
  readonly #desk: BatchDesk<T> = {
    deliver: (entry) => {
      this.ledger.deliver();
      this.#unlink(entry);
    },
    drop: (entry, reason) => {
      this.ledger.drop(reason);
      this.#unlink(entry);
    },
    giveBack: (entry) => {
      entry.inFlight = false;
      this.#byPriority?.add(entry);
      this.#reindexKey(entry);
    },
    closed: () => {
      this.#batch = undefined;
      this.#settleRoom();
    },
    progressed: () => {
      this.#settleRoom();
    },
  };

  #measure(item: T): number {
    return this.#options.sizeOf === undefined ? 0 : checkBytes(this.name, this.#options.sizeOf(item));
  }

  #rank(item: T): number {
    const priority = this.#options.priorityOf?.(item) ?? 0;
    if (!Number.isNaN(priority)) return priority;
    throw new BoundedError('bounded.argument', this.name, `${this.name}: expected priorityOf to give a number, was NaN`);
  }

  #admitOrDisown(item: T, bytes: number): PushOutcome {
    try {
      return this.#admit(item, bytes);
    } catch (error) {
      // onOverflow threw: the item never came in, and the books say so.
      this.ledger.drop('failed');
      throw error;
    }
  }

  #admit(item: T, bytes: number): PushOutcome {
    if (this.disposed) return 'closed';
    if (bytes > this.#maxBytes) return 'oversize';
    const key = this.#options.keyOf?.(item);
    const waiting = key === undefined ? undefined : this.#byKey?.get(key);
    const priority = this.#rank(item);
    const room = this.#makeRoom(bytes, priority, waiting);
    if (isRefusal(room)) return room;
    if (waiting?.linked === true) {
      this.#replace(waiting, item, { bytes, priority });
      return 'replaced';
    }
    this.#append(item, { bytes, priority, key });
    return room;
  }

  #append(item: T, about: { readonly bytes: number; readonly priority: number; readonly key: string | undefined }): void {
    const entry: Waiting<T> = {
      item,
      bytes: about.bytes,
      priority: about.priority,
      sequence: this.#sequence,
      atMs: this.#options.clock?.now() ?? 0,
      key: about.key,
      inFlight: false,
      linked: false,
      heapIndex: -1,
      previous: undefined,
      next: undefined,
    };
    this.#sequence += 1;
    this.#line.append(entry);
    this.#bytes += about.bytes;
    this.#byPriority?.add(entry);
    if (about.key !== undefined) this.#byKey?.set(about.key, entry);
    this.mark(this.size);
    this.#notePressure();
    this.#serveConsumers();
  }

  #replace(entry: Waiting<T>, item: T, about: { readonly bytes: number; readonly priority: number }): void {
    this.ledger.drop('replaced');
    this.#bytes += about.bytes - entry.bytes;
    this.#byPriority?.remove(entry);
    entry.item = item;
    entry.bytes = about.bytes;
    entry.priority = about.priority;
    entry.atMs = this.#options.clock?.now() ?? 0;
    this.#byPriority?.add(entry);
    this.#notePressure();
  }

  #hasRoomFor(bytes: number): boolean {
    return this.size < this.capacity && this.#bytes + bytes <= this.#maxBytes;
  }

  /** Chooses all who must leave first, then lets them leave: a newcomer that is refused in the end has displaced nobody. */
  #makeRoom(bytes: number, priority: number, replaced: Waiting<T> | undefined): PushOutcome {
    let size = this.size + (replaced === undefined ? 1 : 0);
    let total = this.#bytes + bytes - (replaced?.bytes ?? 0);
    if (size <= this.capacity && total <= this.#maxBytes) return 'queued';
    if (this.policy === 'discard' || this.policy === 'block' || this.#overflowing) return 'full';
    const leaving: Waiting<T>[] = [];
    let refusal: PushOutcome | undefined;
    for (const victim of this.#victims(replaced)) {
      if (size <= this.capacity && total <= this.#maxBytes) break;
      if (this.policy === 'priority' && victim.priority > priority) {
        refusal = 'lowest';
        break;
      }
      leaving.push(victim);
      size -= 1;
      total -= victim.bytes;
    }
    if (size > this.capacity || total > this.#maxBytes) return refusal ?? 'full';
    this.#overflow(leaving);
    // onOverflow may have pushed or removed on its own; what counts is the room there is now.
    return this.#fits(bytes, replaced) ? 'displaced' : 'full';
  }

  #fits(bytes: number, replaced: Waiting<T> | undefined): boolean {
    if (replaced?.linked !== true) return this.#hasRoomFor(bytes);
    return this.size <= this.capacity && this.#bytes + bytes - replaced.bytes <= this.#maxBytes;
  }

  /** Those who may leave, in the order of the policy. The heap is only borrowed: what was taken from it goes back. */
  *#victims(except: Waiting<T> | undefined): IterableIterator<Waiting<T>> {
    const heap = this.#byPriority;
    if (heap === undefined) {
      for (const entry of this.#line) if (!entry.inFlight && entry !== except) yield entry;
      return;
    }
    const taken: Waiting<T>[] = [];
    try {
      for (let entry = heap.top; entry !== undefined; entry = heap.top) {
        heap.remove(entry);
        taken.push(entry);
        if (entry !== except) yield entry;
      }
    } finally {
      for (const entry of taken) heap.add(entry);
    }
  }

  #overflow(leaving: readonly Waiting<T>[]): void {
    const reason = this.policy === 'priority' ? 'lowest' : 'oldest';
    this.#overflowing = true;
    try {
      if (this.#options.onOverflow !== undefined) for (const entry of leaving) this.#options.onOverflow(entry.item, reason);
    } finally {
      this.#overflowing = false;
    }
    for (const entry of leaving) {
      if (!entry.linked) continue;
      this.ledger.drop(reason);
      this.#unlink(entry);
    }
  }

  #dropWhere(reason: DropReason, matches: (entry: Waiting<T>) => boolean): number {
    const leaving = Array.from(this.#line).filter((entry) => !entry.inFlight && matches(entry));
    for (const entry of leaving) {
      this.ledger.drop(reason);
      this.#unlink(entry);
    }
    this.#settleRoom();
    return leaving.length;
  }

  #revokeBatch(): void {
    if (this.#batch === undefined) return;
    this.#batch.revoke();
    this.#batch = undefined;
    for (const entry of this.#line) entry.inFlight = false;
  }

  #unlink(entry: Waiting<T>): void {
    if (!entry.linked) return;
    this.#forgetIndexes(entry);
    this.#line.unlink(entry);
    this.#bytes -= entry.bytes;
    if (this.size === 0) this.#bytes = 0;
  }

  #forgetIndexes(entry: Waiting<T>): void {
    this.#byPriority?.remove(entry);
    if (entry.key !== undefined && this.#byKey?.get(entry.key) === entry) this.#byKey.delete(entry.key);
  }

  /** Given back: it may be replaced again, unless a newer one of its key has come meanwhile. */
  #reindexKey(entry: Waiting<T>): void {
    if (entry.key !== undefined && this.#byKey?.has(entry.key) === false) this.#byKey.set(entry.key, entry);
  }

  #serveConsumers(): void {
    for (const consumer of this.#consumers) {
      if (this.size === 0 || this.busy) return;
      this.#consumers.delete(consumer);
      consumer(this.shift());
    }
  }

  /** After something left: re-arms the warning, lets waiting producers in, serves waiting consumers. */
  #settleRoom(): void {
    this.#notePressure();
    this.#admitProducers();
    this.#serveConsumers();
  }

  #admitProducers(): void {
    for (const producer of this.#producers) {
      if (!this.#hasRoomFor(producer.bytes)) return;
      this.#producers.delete(producer);
      this.ledger.accept();
      producer.settle(this.#admit(producer.item, producer.bytes));
    }
  }

  #notePressure(): void {
    const wasPressed = this.#pressed;
    this.#pressed = this.utilisation >= PRESSURE_AT;
    if (!this.#pressed || wasPressed) return;
    this.#options.onPressure?.({ name: this.name, size: this.size, capacity: this.capacity, utilisation: this.utilisation });
  }

  #nowMs(): number {
    if (this.#options.clock !== undefined) return this.#options.clock.now();
    throw new BoundedError(
      'bounded.argument',
      this.name,
      `${this.name}: expected a clock in its options to know ages, was none; pass one`,
    );
  }

  #refuseWhileBusy(what: string): void {
    if (!this.busy) return;
    throw new BoundedError(
      'bounded.argument',
      this.name,
      `${this.name}: ${what} while a batch is in flight would overtake it; settle the batch first`,
    );
  }
}

function leavesBefore<T>(a: Waiting<T>, b: Waiting<T>): boolean {
  return a.priority < b.priority || (a.priority === b.priority && a.sequence < b.sequence);
}
