/** A circular store of items that grows to its capacity and no further, and forgets what leaves it. */

const FIRST_SLOTS = 8;

/** Grows by doubling (an idle one costs nothing), shrinks when emptied; a popped slot is cleared so that the item can be collected. */
export class Slots<T> {
  #slots: (T | undefined)[] = [];
  #head = 0;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** The item at this distance from the oldest. */
  at(index: number): T | undefined {
    if (index < 0 || index >= this.#size) return undefined;
    return this.#slots[this.#index(index)];
  }

  /** Adds behind the newest. `capacity` is the most slots it may grow to; the caller keeps `size` below it. */
  push(item: T, capacity: number): void {
    if (this.#size === this.#slots.length) this.#grow(capacity);
    this.#slots[this.#index(this.#size)] = item;
    this.#size += 1;
  }

  /** Takes the oldest. */
  shift(): T | undefined {
    if (this.#size === 0) return undefined;
    const item = this.#slots[this.#head];
    this.#slots[this.#head] = undefined;
    this.#head = (this.#head + 1) % this.#slots.length;
    this.#size -= 1;
    if (this.#size === 0) this.#rest();
    return item;
  }

  /** Takes the newest. */
  pop(): T | undefined {
    if (this.#size === 0) return undefined;
    const index = this.#index(this.#size - 1);
    const item = this.#slots[index];
    this.#slots[index] = undefined;
    this.#size -= 1;
    if (this.#size === 0) this.#rest();
    return item;
  }

  clear(): void {
    this.#slots = [];
    this.#head = 0;
    this.#size = 0;
  }

  #index(distance: number): number {
    return (this.#head + distance) % this.#slots.length;
  }

  #grow(capacity: number): void {
    const wider = new Array<T | undefined>(Math.min(capacity, Math.max(FIRST_SLOTS, this.#slots.length * 2))).fill(undefined);
    for (let i = 0; i < this.#size; i += 1) wider[i] = this.#slots[this.#index(i)];
    this.#slots = wider;
    this.#head = 0;
  }

  /** Empty again: gives a burst's slots back. */
  #rest(): void {
    if (this.#slots.length > FIRST_SLOTS) this.#slots = [];
    this.#head = 0;
  }
}
