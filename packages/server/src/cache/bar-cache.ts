/** The shared cache of bar pages (C5): every key has a time to live, every symbol an index, and no page outlives a write of its bars. */
import type { BarColumns } from '@wyckoff/domain';
import type { Series } from '../store/store.ts';
import { busyKey, generationKey, indexKey, pageKey } from './bar-page.ts';
import { clearSymbols, type Cleared } from './clear-symbols.ts';
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

/** Stores a page unless its symbol changed since it was read, or is being changed; both in one step. */
const STORE_SCRIPT = `
if (redis.call('GET', KEYS[1]) or '0') ~= ARGV[1] or redis.call('EXISTS', KEYS[2]) == 1 then return 0 end
redis.call('SET', KEYS[3], ARGV[2], 'PX', ARGV[3])
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
  /** Pages not stored because their bars changed meanwhile. */
  readonly outdated: number;
  /** Pages that were no pages. */
  readonly damaged: number;
}

export interface BarCacheOptions {
  readonly link: RedisLink;
  /** Of the pages: read from the store, raised when a change could not be told to Redis. */
  readonly epoch: number;
  /** Stores the next epoch. */
  readonly saveEpoch: (epoch: number) => Promise<void>;
}

export class BarCache {
  readonly #link: RedisLink;
  readonly #saveEpoch: (epoch: number) => Promise<void>;
  #epoch: number;
  #changes = 0;
  /** A page was kept under this epoch by this process: only then another one is needed when a write cannot be told. */
  #keptUnderEpoch = true;
  #hits = 0;
  #misses = 0;
  #outdated = 0;
  #damaged = 0;

  constructor({ link, epoch, saveEpoch }: BarCacheOptions) {
    this.#link = link;
    this.#epoch = epoch;
    this.#saveEpoch = saveEpoch;
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

  /** Null: Redis is away. */
  async find(series: Series, page: number): Promise<Found | null> {
    const keys = [pageKey(series, this.#epoch, page), generationKey(series.symbol)];
    const answer = await this.#link.ask((client) => client.mGet(keys));
    if (answer === null) return null;
    const [bytes, generation] = answer;
    const found = bytes === null || bytes === undefined ? null : decodePage(Buffer.from(bytes));
    if (bytes !== null && found === null) this.#damaged += 1;
    if (found === null) this.#misses += 1;
    else this.#hits += 1;
    return { page: found, generation: generation?.toString() ?? '0' };
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
    const values = [of.generation, encodePage(of.bars), String(ttlMs), String(GUARD_TTL_MS)];
    const stored = await this.#link.ask((client) => client.eval(STORE_SCRIPT, { keys, arguments: values }));
    if (stored === 0) this.#outdated += 1;
    if (stored !== 0) this.#keptUnderEpoch = true;
    return stored === 1;
  }

  /**
   * Around every write of a symbol's bars: pages read before it are never stored after it, pages read during it never at all, and old ones are
   * gone when it ends. When Redis cannot be told, the epoch is raised in the store first, so that what it still holds is never read again.
   */
  async during<T>(symbol: string, write: () => Promise<T>): Promise<T> {
    const begun = await this.#mark(symbol, true);
    if (!begun) await this.#nextEpoch();
    try {
      return await write();
    } finally {
      const ended = (await this.#clearNow(symbol)) && (await this.#mark(symbol, false));
      if (!ended) await this.#nextEpoch();
      this.#changes += 1;
    }
  }

  /** Clears symbols at once, in batches; answers what was really deleted. @throws when Redis is away. */
  clear(symbols: readonly string[]): Promise<Cleared> {
    return clearSymbols(this.#link.client, symbols);
  }

  async #mark(symbol: string, busy: boolean): Promise<boolean> {
    const generation = generationKey(symbol);
    const answer = await this.#link.ask(async (client) => {
      const change = client.multi().incr(generation).pExpire(generation, GUARD_TTL_MS);
      await (
        busy ? change.set(busyKey(symbol), '1', { expiration: { type: 'PX', value: BUSY_TTL_MS } }) : change.del(busyKey(symbol))
      ).exec();
      return true;
    });
    return answer === true;
  }

  async #clearNow(symbol: string): Promise<boolean> {
    try {
      const { failed } = await this.clear([symbol]);
      return failed === null;
    } catch {
      return false;
    }
  }

  async #nextEpoch(): Promise<void> {
    if (!this.#keptUnderEpoch) return;
    await this.#saveEpoch(this.#epoch + 1);
    this.#epoch += 1;
    this.#keptUnderEpoch = false;
  }
}
