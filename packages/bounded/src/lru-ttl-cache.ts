/** A cache bounded in entries, in bytes and in age: the least recently used leaves first, the old ones leave on sight and on `sweep`. */
import { LRUCache } from 'lru-cache';
import { checkBytes, checkCount, checkMs } from './checks.ts';
import { type Clock, systemTimers } from './clock.ts';
import { ArgumentError, DisposedError } from './errors.ts';
import type { StopSignal } from './host.ts';
import type { DropReason } from './ledger.ts';
import { type Load, SingleFlight } from './single-flight.ts';
import { type OwnFigures, Structure, type StructureOptions } from './structure.ts';

/** Bytes of one entry's bookkeeping in lru-cache, rounded up. */
const ENTRY_BYTES = 160;

export interface LruTtlCacheOptions<K, V> extends StructureOptions {
  /** Age in milliseconds after which an entry is gone. Infinity: no age bound. */
  readonly ttlMs: number;
  readonly sizeOf?: ((value: V, key: K) => number) | undefined;
  /** Byte bound; needs `sizeOf`. A larger value is not kept (and the old one of its key leaves). */
  readonly maxBytes?: number | undefined;
  readonly clock?: Clock | undefined;
  /** Called after an entry has left, for whatever reason. */
  readonly onLeave?: ((value: V, key: K, reason: DropReason) => void) | undefined;
  /** Loads under way at one time; further keys are refused with a FullError. Default: the capacity. */
  readonly maxFlights?: number | undefined;
}

export interface CacheStats {
  readonly size: number;
  readonly capacity: number;
  readonly bytes: number;
  readonly maxBytes: number | null;
  readonly hits: number;
  readonly misses: number;
  readonly evicted: number;
  readonly expired: number;
}

// eslint-disable-next-line @typescript-eslint/no-empty-object-type -- `lru-cache` takes anything but null and undefined, which is what {} means
export class LruTtlCache<K extends {}, V extends {}> extends Structure {
  readonly capacity: number;
  readonly #options: LruTtlCacheOptions<K, V>;
  readonly #entries: LRUCache<K, V>;
  readonly #flights: SingleFlight<K, V>;
  /** Says for each load under way whether its result may still be stored: not after the key was set, deleted or cleared meanwhile. */
  readonly #storable = new Map<K, object>();
  #hits = 0;
  #misses = 0;
  #leaving: DropReason = 'removed';

  constructor(options: LruTtlCacheOptions<K, V>) {
    super('cache', checkCacheOptions(options));
    this.capacity = options.capacity;
    this.#options = options;
    const clock = options.clock ?? systemTimers;
    const { sizeOf, maxBytes, name } = options;
    this.#entries = new LRUCache<K, V>({
      max: options.capacity,
      ...(sizeOf === undefined
        ? {}
        : {
            maxSize: maxBytes ?? Number.MAX_SAFE_INTEGER,
            // lru-cache wants whole bytes above zero.
            sizeCalculation: (value: V, key: K) => Math.max(1, Math.ceil(checkBytes(name, sizeOf(value, key)))),
          }),
      ...(Number.isFinite(options.ttlMs) ? { ttl: Math.max(1, Math.ceil(options.ttlMs)) } : {}),
      // No timer behind our back, and never a start of 0: lru-cache takes that for "no age".
      ttlResolution: 0,
      perf: { now: () => clock.now() + 1 },
      disposeAfter: (value, key, reason) => this.#left(value, key, reason),
      onInsert: (_value, _key, reason) => {
        if (reason !== 'update') this.ledger.accept();
      },
    });
    this.#flights = new SingleFlight({
      name: `${options.name}.flights`,
      capacity: options.maxFlights ?? options.capacity,
      itemBytes: 0,
      census: options.census ?? options.scope?.census,
    });
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Bytes of the values, as measured by `sizeOf`; 0 without it. */
  get bytes(): number {
    return this.#options.sizeOf === undefined ? 0 : this.#entries.calculatedSize;
  }

  get stats(): CacheStats {
    return {
      size: this.size,
      capacity: this.capacity,
      bytes: this.bytes,
      maxBytes: this.#options.maxBytes ?? null,
      hits: this.#hits,
      misses: this.#misses,
      evicted: this.ledger.evicted,
      expired: this.ledger.drops.expired ?? 0,
    };
  }

  /** The value, now the most recently used; undefined when absent or too old. */
  get(key: K): V | undefined {
    const value = this.#entries.get(key);
    if (value === undefined) this.#misses += 1;
    else this.#hits += 1;
    return value;
  }

  /** The value, without making it recent and without counting. */
  peek(key: K): V | undefined {
    return this.#entries.peek(key);
  }

  has(key: K): boolean {
    return this.#entries.has(key);
  }

  /** Keeps a value. False when it alone exceeds `maxBytes`: then it is not kept, and the old one of its key has left. */
  set(key: K, value: V): boolean {
    if (this.disposed) throw new DisposedError(this.name);
    this.#storable.delete(key);
    return this.#keep(key, value);
  }

  delete(key: K): boolean {
    this.#storable.delete(key);
    return this.#entries.delete(key);
  }

  clear(): void {
    this.#storable.clear();
    this.#clearFor('cleared');
  }

  /** Lets everything too old leave now; returns how many. Call it from a scope's interval: reads alone do not free what nobody asks for. */
  sweep(): number {
    const before = this.size;
    this.#entries.purgeStale();
    return before - this.size;
  }

  /**
   * The value, loaded when absent. Callers of the same key share one load; each may give up by its signal, and the load is aborted
   * when none is left. A failed load keeps nothing and rejects for all who wait.
   */
  async fetch(key: K, load: Load<V>, signal?: StopSignal): Promise<V> {
    signal?.throwIfAborted();
    if (this.disposed) throw new DisposedError(this.name);
    const known = this.get(key);
    if (known !== undefined) return known;
    return this.#flights.run(key, (stop) => this.#load(key, load, stop), signal);
  }

  /** Keys, most recently used first; those too old are left out. */
  keys(): K[] {
    return [...this.#entries.keys()];
  }

  protected ownFigures(): OwnFigures {
    const counted = this.#options.sizeOf === undefined ? undefined : this.bytes;
    return {
      size: this.size,
      capacity: this.capacity,
      bytes: this.estimate(this.size, counted),
      limitBytes: this.worstCase(this.capacity, this.#options.maxBytes, ENTRY_BYTES),
      held: this.size,
    };
  }

  protected release(): void {
    this.#flights.dispose();
    this.#storable.clear();
    this.#clearFor('disposed');
  }

  async #load(key: K, load: Load<V>, stop: StopSignal): Promise<V> {
    const permit = {};
    this.#storable.set(key, permit);
    try {
      const value = await load(stop);
      if (this.#storable.get(key) === permit && !stop.aborted) this.#keep(key, value);
      return value;
    } finally {
      if (this.#storable.get(key) === permit) this.#storable.delete(key);
    }
  }

  #keep(key: K, value: V): boolean {
    const { sizeOf, maxBytes } = this.#options;
    if (maxBytes !== undefined && sizeOf !== undefined && Math.ceil(checkBytes(this.name, sizeOf(value, key))) > maxBytes) {
      this.ledger.accept();
      this.ledger.drop('oversize');
      this.#entries.delete(key);
      return false;
    }
    this.#entries.set(key, value);
    this.mark(this.size);
    return true;
  }

  #clearFor(reason: 'cleared' | 'disposed'): void {
    this.#leaving = reason;
    try {
      this.#entries.clear();
    } finally {
      this.#leaving = 'removed';
    }
  }

  #left(value: V, key: K, reason: LRUCache.DisposeReason): void {
    const why =
      reason === 'evict' ? 'leastUsed' : reason === 'expire' ? 'expired' : reason === 'set' ? 'replaced' : this.#leaving;
    this.ledger.drop(why);
    this.#options.onLeave?.(value, key, why);
  }
}

function checkCacheOptions<K, V>(options: LruTtlCacheOptions<K, V>): LruTtlCacheOptions<K, V> {
  const { name } = options;
  if (options.ttlMs !== Infinity) checkMs(name, 'ttlMs', options.ttlMs);
  if (options.maxFlights !== undefined) checkCount(name, 'maxFlights', options.maxFlights);
  if (options.maxBytes !== undefined) checkCount(name, 'maxBytes', options.maxBytes);
  if (options.maxBytes !== undefined && options.sizeOf === undefined) {
    throw new ArgumentError(name, `${name}: expected sizeOf beside maxBytes, was none; pass how large a value is`);
  }
  return options;
}
