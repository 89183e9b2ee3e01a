/** A ring: the newest items, up to its capacity; each further one overwrites the oldest. */
import { checkBytes, checkCount } from './checks.ts';
import { DisposedError } from './errors.ts';
import type { DropReason } from './ledger.ts';
import { Slots } from './slots.ts';
import { type OwnFigures, Structure, type StructureOptions } from './structure.ts';

/** Bytes of a slot itself. */
const SLOT_BYTES = 8;

export interface RingOptions<T> extends StructureOptions {
  /** Bytes of an item, measured once, when it comes in. */
  readonly sizeOf?: ((item: T) => number) | undefined;
  /** Byte bound; needs `sizeOf`. The oldest leave until it holds; an item larger than it is not taken. */
  readonly maxBytes?: number | undefined;
}

export class Ring<T> extends Structure {
  readonly #declaredCapacity: number;
  readonly #sizeOf: ((item: T) => number) | undefined;
  readonly #maxBytes: number | undefined;
  readonly #items = new Slots<T>();
  /** Beside the items, only when they are measured: an item may change after it came in, its booked size does not. */
  readonly #itemBytes = new Slots<number>();
  #capacity: number;
  #bytes = 0;

  constructor(options: RingOptions<T>) {
    super('ring', options);
    this.#declaredCapacity = options.capacity;
    this.#capacity = options.capacity;
    this.#sizeOf = options.sizeOf;
    this.#maxBytes = options.sizeOf === undefined ? undefined : options.maxBytes;
  }

  get size(): number {
    return this.#items.size;
  }

  get capacity(): number {
    return this.#capacity;
  }

  /** Bytes of what is held, as measured by `sizeOf`; 0 without it. */
  get bytes(): number {
    return this.#bytes;
  }

  get oldest(): T | undefined {
    return this.#items.at(0);
  }

  get newest(): T | undefined {
    return this.#items.at(this.size - 1);
  }

  /** The item at this place, 0 being the oldest; negative counts back from the newest. */
  at(index: number): T | undefined {
    return this.#items.at(index < 0 ? this.size + index : index);
  }

  /**
   * Adds the newest and gives back the last item that had to leave for it, if any.
   * @throws DisposedError after disposal.
   */
  push(item: T): T | undefined {
    if (this.disposed) throw new DisposedError(this.name);
    const bytes = this.#sizeOf === undefined ? 0 : checkBytes(this.name, this.#sizeOf(item));
    this.ledger.accept();
    if (this.#maxBytes !== undefined && bytes > this.#maxBytes) {
      this.ledger.drop('oversize');
      return undefined;
    }
    let left: T | undefined;
    while (this.size >= this.#capacity || (this.#maxBytes !== undefined && this.#bytes + bytes > this.#maxBytes)) {
      left = this.#loseOldest('oldest');
    }
    this.#items.push(item, this.#capacity);
    if (this.#sizeOf !== undefined) this.#itemBytes.push(bytes, this.#capacity);
    this.#bytes += bytes;
    this.mark(this.size);
    return left;
  }

  /** Takes the oldest out: it counts as delivered. */
  shift(): T | undefined {
    if (this.size === 0) return undefined;
    this.ledger.deliver();
    this.#bytes -= this.#itemBytes.shift() ?? 0;
    return this.#items.shift();
  }

  /** Takes the newest out: it counts as delivered. */
  pop(): T | undefined {
    if (this.size === 0) return undefined;
    this.ledger.deliver();
    this.#bytes -= this.#itemBytes.pop() ?? 0;
    return this.#items.pop();
  }

  clear(): void {
    this.#empty('cleared');
  }

  /** Narrows the ring, or widens it again up to the capacity it was made with: for shedding load. The newest stay. */
  resize(capacity: number): void {
    checkCount(this.name, 'capacity', capacity);
    this.#capacity = Math.min(capacity, this.#declaredCapacity);
    while (this.size > this.#capacity) this.#loseOldest('oldest');
  }

  toArray(): T[] {
    return [...this];
  }

  /** Oldest first. Do not push while walking; take `toArray()` for that. */
  *[Symbol.iterator](): IterableIterator<T> {
    for (let i = 0; i < this.size; i += 1) yield this.#items.at(i) as T;
  }

  protected ownFigures(): OwnFigures {
    const counted = this.#sizeOf === undefined ? undefined : this.#bytes;
    return {
      size: this.size,
      capacity: this.#capacity,
      bytes: this.estimate(this.size, counted),
      limitBytes: this.worstCase(this.#declaredCapacity, this.#maxBytes, SLOT_BYTES),
      held: this.size,
    };
  }

  protected release(): void {
    this.#empty('disposed');
  }

  #loseOldest(reason: DropReason): T | undefined {
    this.ledger.drop(reason);
    this.#bytes -= this.#itemBytes.shift() ?? 0;
    return this.#items.shift();
  }

  #empty(reason: DropReason): void {
    this.ledger.drop(reason, this.size);
    this.#items.clear();
    this.#itemBytes.clear();
    this.#bytes = 0;
  }
}
