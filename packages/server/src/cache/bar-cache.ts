/** The shared cache of bar pages (C5): every key has a time to live, every symbol an index, and no page outlives a write of its bars. */
import type { BarColumns } from '@wyckoff/domain';
import { randomInt, randomUUID } from 'node:crypto';
import type { Series } from '../store/store.ts';
import { busyKey, generationKey, indexKey, pageKey } from './bar-page.ts';
import { clearIndexed, clearSymbols, type Cleared } from './clear-symbols.ts';
import { decodePage, encodePage } from './page-codec.ts';
import type { RedisLink } from './redis-link.ts';

/** Of a page that may still grow. */
const OPEN_TTL_MS = 60_000;
/** Of a page with bars after it. */
const CLOSED_TTL_MS = 24 * 3_600_000;
/** Of what guards pages: longer than any of them lives. */
const GUARD_TTL_MS = 25 * 3_600_000;
/** A write that takes longer is taken for dead. */
const BUSY_TTL_MS = 60_000;

/** How long a process may go on with an epoch that another one has replaced. */
const EPOCH_AGE_MS = 10_000;
/** Characters of a generation. */
const GENERATION = 36;

/**
 * Stores a page unless its symbol changed since it was read, or is being changed; all in one step. The page begins with the generation it
 * belongs to: whoever reads it under another one has read nothing.
 */
const STORE_SCRIPT = `
local generation = redis.call('GET', KEYS[1])
if (generation or '') ~= ARGV[1] or redis.call('EXISTS', KEYS[2]) == 1 then return 0 end
generation = generation or ARGV[5]
redis.call('SET', KEYS[1], generation, 'PX', ARGV[4])
redis.call('SET', KEYS[3], generation .. ARGV[2], 'PX', ARGV[3])
redis.call('SADD', KEYS[4], KEYS[3])
redis.call('PEXPIRE', KEYS[4], ARGV[4])
return 1`;

/** What was found, and the state of the symbol at that moment: it goes back with the page. */
export interface Found {
  readonly page: BarColumns | null;
  readonly generation: string;
}

export interface CacheStats {
  readonly hits: number;
  readonly misses: number;
  /** Pages not stored, or not believed, because their bars changed since they were read. */
  readonly outdated: number;
  /** Pages that were no pages. */
  readonly damaged: number;
}

export interface BarCacheOptions {
  readonly link: RedisLink;
  /** Of the pages: whose they are, and replaced when a change could not be told to Redis. Null: the store has none yet. */
  readonly loadEpoch: () => Promise<number | null>;
  readonly saveEpoch: (epoch: number) => Promise<void>;
}

export class BarCache {
  readonly #link: RedisLink;
  readonly #loadEpoch: () => Promise<number | null>;
  readonly #saveEpoch: (epoch: number) => Promise<void>;
  #epoch = 0;
  #epochReadAt = -Infinity;
  #changes = 0;
  #hits = 0;
  #misses = 0;
  #outdated = 0;
  #damaged = 0;

  private constructor({ link, loadEpoch, saveEpoch }: BarCacheOptions) {
    this.#link = link;
    this.#loadEpoch = loadEpoch;
    this.#saveEpoch = saveEpoch;
  }

  static async open(options: BarCacheOptions): Promise<BarCache> {
    const cache = new BarCache(options);
    await cache.refreshEpoch();
    return cache;
  }

  get stats(): CacheStats {
    return { hits: this.#hits, misses: this.#misses, outdated: this.#outdated, damaged: this.#damaged };
  }

  get epoch(): number {
    return this.#epoch;
  }

  /** Writes begun and ended here: a load begun before one is not shared with those who ask after it. */
  get changes(): number {
    return this.#changes;
  }

  /** Looks, at most every ten seconds, whether another process could not tell Redis of a write and has left the pages of this epoch. */
  async refreshEpoch(): Promise<void> {
    if (performance.now() - this.#epochReadAt < EPOCH_AGE_MS) return;
    this.#epochReadAt = performance.now();
    const stored = await this.#loadEpoch();
    if (stored === null) await this.#nextEpoch();
    else this.#epoch = stored;
  }

  /** Null: Redis is away. */
  async find(series: Series, page: number): Promise<Found | null> {
    const keys = [pageKey(series, this.#epoch, page), generationKey(series.symbol)];
    const answer = await this.#link.ask((client) => client.mGet(keys));
    if (answer === null) return null;
    const [bytes, said] = answer;
    const generation = said?.toString() ?? '';
    const found = bytes == null ? null : this.#read(Buffer.from(bytes), generation);
    if (found === null) this.#misses += 1;
    else this.#hits += 1;
    return { page: found, generation };
  }

  #read(bytes: Buffer, generation: string): BarColumns | null {
    if (generation.length !== GENERATION || bytes.toString('latin1', 0, GENERATION) !== generation) {
      this.#outdated += 1;
      return null;
    }
    const page = decodePage(bytes.subarray(GENERATION));
    if (page === null) this.#damaged += 1;
    return page;
  }

  /** False when it was not stored: away, or the bars changed since `generation` was read. */
  async keep(
    series: Series,
    page: number,
    of: { readonly bars: BarColumns; readonly closed: boolean; readonly generation: string },
  ): Promise<boolean> {
    const { symbol } = series;
    const keys = [generationKey(symbol), busyKey(symbol), pageKey(series, this.#epoch, page), indexKey(symbol)];
    const ttlMs = of.closed ? CLOSED_TTL_MS : OPEN_TTL_MS;
    const values = [of.generation, encodePage(of.bars), String(ttlMs), String(GUARD_TTL_MS), randomUUID()];
    const stored = await this.#link.ask((client) => client.eval(STORE_SCRIPT, { keys, arguments: values }));
    if (stored === 0) this.#outdated += 1;
    return stored === 1;
  }

  /**
   * Around every write of a symbol's bars. Each end of it begins a new generation: pages of older ones are not read any more, so neither a page
   * read meanwhile, nor a second writer, nor a death between the write and its end leaves an old page readable. Clearing only gives the room
   * back. When Redis cannot be told, the epoch is replaced in the store.
   */
  async during<T>(symbol: string, write: () => Promise<T>): Promise<T> {
    if (!(await this.#mark(symbol, true))) await this.#nextEpoch();
    try {
      return await write();
    } finally {
      if (!(await this.#mark(symbol, false))) await this.#nextEpoch();
      else await this.#giveBack(symbol);
      this.#changes += 1;
    }
  }

  /** Clears symbols at once, in batches; answers what was really deleted. @throws when Redis is away. */
  clear(symbols: readonly string[]): Promise<Cleared> {
    return clearSymbols(this.#link.client, symbols);
  }

  async #mark(symbol: string, busy: boolean): Promise<boolean> {
    const answer = await this.#link.ask(async (client) => {
      const change = client.multi().set(generationKey(symbol), randomUUID(), { expiration: { type: 'PX', value: GUARD_TTL_MS } });
      await (
        busy ? change.set(busyKey(symbol), '1', { expiration: { type: 'PX', value: BUSY_TTL_MS } }) : change.del(busyKey(symbol))
      ).exec();
      return true;
    });
    return answer === true;
  }

  /** What cannot be cleared now leaves by its time to live. */
  async #giveBack(symbol: string): Promise<void> {
    try {
      await clearIndexed(this.#link.client, symbol);
    } catch {
      // Nothing of it is read any more.
    }
  }

  async #nextEpoch(): Promise<void> {
    const next = randomInt(2 ** 47);
    await this.#saveEpoch(next);
    this.#epoch = next;
  }
}
