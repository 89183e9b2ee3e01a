/** Bars through the cache: pages from Redis, what it has not from the store; with Redis away simply the store. */
import { SingleFlight, TaskRefusedError, type Scope } from '@wyckoff/bounded';
import { appendBar, BarCursor, createBarColumns, type BarColumns } from '@wyckoff/domain';
import type { BarStore, Series } from '../store/store.ts';
import type { BarCache } from './bar-cache.ts';
import { BARS_PER_PAGE, pageKey, pageOf, pageStart } from './bar-page.ts';

/** Pages being loaded at one time. */
const FLIGHTS = 64;

export class CachedBars {
  readonly #store: BarStore;
  readonly #cache: BarCache;
  readonly #scope: Scope;
  readonly #flights: SingleFlight<string, BarColumns>;

  constructor(store: BarStore, cache: BarCache, scope: Scope) {
    this.#store = store;
    this.#cache = cache;
    this.#scope = scope;
    this.#flights = new SingleFlight({ name: 'server.cache.bars', capacity: FLIGHTS, itemBytes: 512, scope });
  }

  /** As `BarStore.barsBefore`. */
  async barsBefore(series: Series, query: Parameters<BarStore['barsBefore']>[1]): Promise<BarColumns> {
    const { before, until, limit } = query;
    const last = Math.min(before === undefined ? Infinity : before - 1, until ?? Infinity);
    // Without an end the newest page is wherever the newest bar is: only the store knows.
    if (!Number.isFinite(last)) return this.#store.barsBefore(series, query);
    await this.#cache.refreshEpoch();
    const pages: BarColumns[] = [];
    let found = 0;
    for (let page = pageOf(last, series.timeframe); found < limit; page -= 1) {
      const bars = upTo(await this.#page(series, page), last);
      // An empty page may be a closure or the beginning: the store knows what lies before it.
      if (bars.length === 0) {
        const rest = { before: Math.min(last + 1, pageStart(page, series.timeframe)), limit: limit - found };
        pages.unshift(await this.#store.barsBefore(series, rest));
        break;
      }
      pages.unshift(bars);
      found += bars.length;
    }
    return newest(pages, limit);
  }

  /** Reads and keeps a page; those who ask for the same one at the same time share one load. */
  #page(series: Series, page: number): Promise<BarColumns> {
    const key = `${pageKey(series, this.#cache.epoch, page)} ${this.#cache.changes}`;
    return this.#flights.run(key, async () => {
      const found = await this.#cache.find(series, page);
      if (found?.page != null) return found.page;
      const from = pageStart(page, series.timeframe);
      const to = pageStart(page + 1, series.timeframe);
      const read = await this.#store.barsAfter(series, { after: from - 1, limit: BARS_PER_PAGE + 1 });
      const bars = upTo(read, to - 1);
      if (found !== null) this.#keep(series, page, { bars, closed: read.length > bars.length, generation: found.generation });
      return bars;
    });
  }

  /** Beside the answer, never before it; when many are being kept already, this one is not. */
  #keep(series: Series, page: number, of: Parameters<BarCache['keep']>[2]): void {
    try {
      this.#scope.task('cache page', () => this.#cache.keep(series, page, of), { kind: 'cache-page' });
    } catch (error) {
      if (!(error instanceof TaskRefusedError)) throw error;
    }
  }
}

/** The part of a page that opened at or before an instant. */
function upTo(bars: BarColumns, last: number): BarColumns {
  let length = bars.length;
  while (length > 0 && bars.time[length - 1] > last) length -= 1;
  if (length === bars.length) return bars;
  const part = createBarColumns(length);
  const bar = new BarCursor(bars);
  for (let row = 0; row < length; row += 1) appendBar(part, bar.at(row));
  return part;
}

function newest(pages: readonly BarColumns[], limit: number): BarColumns {
  const total = pages.reduce((sum, { length }) => sum + length, 0);
  const taken = Math.min(limit, total);
  const joined = createBarColumns(taken);
  let skip = total - taken;
  for (const page of pages) {
    const bar = new BarCursor(page);
    for (let row = Math.min(skip, page.length); row < page.length; row += 1) appendBar(joined, bar.at(row));
    skip = Math.max(0, skip - page.length);
  }
  return joined;
}
