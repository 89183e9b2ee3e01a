/** One disposable value per key, at most so many; a value is disposed when its key is dropped, and never twice. */
import { DisposedError } from './errors.ts';
import type { DropReason } from './ledger.ts';
import { type OwnFigures, Structure, type StructureOptions } from './structure.ts';

/** What happens to the key too many: it is refused, or the least recently used one leaves for it. */
export type RegistryPolicy = 'refuse' | 'leastUsed';

export interface KeyedRegistryOptions<K, V> extends StructureOptions {
  readonly policy: RegistryPolicy;
  /** Ends a value; unless told, its `[Symbol.asyncDispose]` or `[Symbol.dispose]`, if it has one. */
  readonly disposeValue?: ((value: V, key: K, reason: DropReason) => void | PromiseLike<unknown>) | undefined;
  /** Told when ending a value threw or rejected. */
  readonly onError?: ((error: unknown, key: K) => void) | undefined;
}

/** `open` answers with the value, or says why there is none. */
export type Opened<V> =
  | { readonly ok: true; readonly value: V; readonly created: boolean }
  | { readonly ok: false; readonly reason: 'full' | 'disposed'; readonly name: string; readonly capacity: number };

export class KeyedRegistry<K, V> extends Structure implements AsyncDisposable {
  readonly capacity: number;
  readonly #options: KeyedRegistryOptions<K, V>;
  /** In order of use, the least recently used first. */
  readonly #values = new Map<K, V>();
  /** Values on their way out: they still count against the capacity, so that a hanging end cannot pile up. */
  readonly #closing = new Set<Promise<void>>();
  #snapshot: readonly V[] | undefined;
  #failures = 0;

  constructor(options: KeyedRegistryOptions<K, V>) {
    super('registry', options);
    this.capacity = options.capacity;
    this.#options = options;
  }

  get size(): number {
    return this.#values.size;
  }

  /** Values whose end has begun and is not finished. */
  get closing(): number {
    return this.#closing.size;
  }

  /** Ends that threw or rejected. */
  get failures(): number {
    return this.#failures;
  }

  /** The value, now the most recently used. */
  get(key: K): V | undefined {
    const value = this.#values.get(key);
    if (value !== undefined && this.#options.policy === 'leastUsed') {
      this.#values.delete(key);
      this.#values.set(key, value);
    }
    return value;
  }

  peek(key: K): V | undefined {
    return this.#values.get(key);
  }

  has(key: K): boolean {
    return this.#values.has(key);
  }

  /** The value of a key, made by `create` when there is none and there is room. When `create` throws, nothing was registered. */
  open(key: K, create: (key: K) => V): Opened<V> {
    if (this.disposed) return this.#refusal('disposed');
    const known = this.get(key);
    if (known !== undefined || this.#values.has(key)) return { ok: true, value: known as V, created: false };
    if (!this.#canMakeRoom()) {
      this.ledger.accept();
      this.ledger.drop('refused');
      return this.#refusal('full');
    }
    const value = create(key);
    const outcome = this.set(key, value);
    if (outcome === 'full') {
      // `create` itself opened others and took the room.
      this.#end(value, key, 'refused');
      return this.#refusal('full');
    }
    return { ok: true, value, created: true };
  }

  /** Registers a value, and ends the one that was there. `full`: it was not taken and stays the caller's to end. */
  set(key: K, value: V): 'added' | 'replaced' | 'full' {
    if (this.disposed) throw new DisposedError(this.name);
    const before = this.#values.get(key);
    if (before !== undefined && before === value) return 'replaced';
    this.ledger.accept();
    // A replaced value may take its time to end; those on their way out are bounded too.
    if (before === undefined ? !this.#makeRoom() : this.#closing.size >= this.capacity) {
      this.ledger.drop('refused');
      return 'full';
    }
    this.#values.delete(key);
    this.#values.set(key, value);
    this.#snapshot = undefined;
    this.mark(this.size);
    if (before === undefined) return 'added';
    this.ledger.drop('replaced');
    this.#end(before, key, 'replaced');
    return 'replaced';
  }

  /**
   * Ends and forgets the value of a key. With `only`, nothing happens when another value has taken the key meanwhile:
   * a connection that was replaced is not removed a second time by its own late `close`.
   */
  drop(key: K, only?: V): boolean {
    const value = this.#values.get(key);
    if (value === undefined || (only !== undefined && only !== value)) return false;
    this.#remove(key, value, 'removed');
    return true;
  }

  /** Ends and forgets all, the youngest first. */
  clear(): void {
    this.#endAll('cleared');
  }

  /** Keys at this moment, least recently used first. */
  keys(): K[] {
    return [...this.#values.keys()];
  }

  /** Values at this moment, frozen: opening and dropping while walking it is safe. The same array until something changes. */
  values(): readonly V[] {
    this.#snapshot ??= Object.freeze([...this.#values.values()]);
    return this.#snapshot;
  }

  /** Resolves when every end that has begun is finished. */
  async settled(): Promise<void> {
    while (this.#closing.size > 0) await Promise.all(this.#closing);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.dispose();
    await this.settled();
  }

  protected ownFigures(): OwnFigures {
    return {
      size: this.size,
      capacity: this.capacity,
      bytes: this.estimate(this.size, undefined),
      limitBytes: this.worstCase(this.capacity, undefined, 0),
      held: this.size,
    };
  }

  protected override end(): Promise<void> {
    return this[Symbol.asyncDispose]();
  }

  protected release(): void {
    this.#endAll('disposed');
  }

  #refusal(reason: 'full' | 'disposed'): Opened<V> {
    return { ok: false, reason, name: this.name, capacity: this.capacity };
  }

  #hasRoom(): boolean {
    return this.#values.size + this.#closing.size < this.capacity;
  }

  #canMakeRoom(): boolean {
    return (
      this.#hasRoom() || (this.#options.policy === 'leastUsed' && this.#values.size > 0 && this.#closing.size < this.capacity)
    );
  }

  #makeRoom(): boolean {
    if (this.#hasRoom()) return true;
    if (!this.#canMakeRoom()) return false;
    const [oldest] = this.#values;
    if (oldest !== undefined) this.#remove(oldest[0], oldest[1], 'leastUsed');
    // One that takes its time to end stands in for the one that left: the entries stay bounded, and so do those on their way out.
    return this.#values.size < this.capacity;
  }

  #remove(key: K, value: V, reason: DropReason): void {
    this.#values.delete(key);
    this.#snapshot = undefined;
    this.ledger.drop(reason);
    this.#end(value, key, reason);
  }

  #endAll(reason: DropReason): void {
    for (const [key, value] of [...this.#values].reverse()) this.#remove(key, value, reason);
  }

  #end(value: V, key: K, reason: DropReason): void {
    try {
      const ended = this.#options.disposeValue === undefined ? disposeOf(value) : this.#options.disposeValue(value, key, reason);
      if (isPromiseLike(ended)) this.#follow(ended, key);
    } catch (error) {
      this.#fail(error, key);
    }
  }

  #follow(ended: PromiseLike<unknown>, key: K): void {
    const closing = Promise.resolve(ended)
      .then(
        () => undefined,
        (error: unknown) => this.#fail(error, key),
      )
      .finally(() => this.#closing.delete(closing));
    this.#closing.add(closing);
  }

  #fail(error: unknown, key: K): void {
    this.#failures += 1;
    this.#options.onError?.(error, key);
  }
}

/** Ends a value by its own means, if it has any. */
export function disposeOf(value: unknown): void | PromiseLike<unknown> {
  const disposable = value as
    { [Symbol.asyncDispose]?: () => PromiseLike<unknown>; [Symbol.dispose]?: () => void } | null | undefined;
  const asynchronous = disposable?.[Symbol.asyncDispose];
  if (asynchronous !== undefined) return asynchronous.call(disposable);
  disposable?.[Symbol.dispose]?.();
}

export function isPromiseLike(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as PromiseLike<unknown> | undefined)?.then === 'function';
}
