/** A binary heap whose entries know their place in it, so that any of them can leave in O(log n). */

/** An entry of a heap; -1 while it is in none. */
export interface HeapEntry {
  heapIndex: number;
}

/** Smallest first, by the order given. Its owner keeps the capacity. */
export class PositionHeap<E extends HeapEntry> {
  readonly #before: (a: E, b: E) => boolean;
  readonly #entries: E[] = [];

  constructor(before: (a: E, b: E) => boolean) {
    this.#before = before;
  }

  get size(): number {
    return this.#entries.length;
  }

  get top(): E | undefined {
    return this.#entries[0];
  }

  add(entry: E): void {
    this.#entries.push(entry);
    this.#rise(this.#entries.length - 1, entry);
  }

  remove(entry: E): void {
    const index = entry.heapIndex;
    if (index < 0 || this.#entries[index] !== entry) return;
    entry.heapIndex = -1;
    const last = this.#entries.pop();
    if (last === undefined || last === entry) return;
    this.#rise(index, last);
    if (last.heapIndex === index) this.#sink(index, last);
  }

  clear(): void {
    for (const entry of this.#entries) entry.heapIndex = -1;
    this.#entries.length = 0;
  }

  #rise(from: number, entry: E): void {
    let index = from;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const above = this.#entries[parent];
      if (above === undefined || !this.#before(entry, above)) break;
      this.#put(index, above);
      index = parent;
    }
    this.#put(index, entry);
  }

  #sink(from: number, entry: E): void {
    let index = from;
    for (;;) {
      const child = this.#smallerChild(index);
      const below = this.#entries[child];
      if (below === undefined || !this.#before(below, entry)) break;
      this.#put(index, below);
      index = child;
    }
    this.#put(index, entry);
  }

  #smallerChild(index: number): number {
    const left = 2 * index + 1;
    const a = this.#entries[left];
    const b = this.#entries[left + 1];
    return a !== undefined && b !== undefined && this.#before(b, a) ? left + 1 : left;
  }

  #put(index: number, entry: E): void {
    this.#entries[index] = entry;
    entry.heapIndex = index;
  }
}
