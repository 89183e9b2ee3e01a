/** The store with the shared cache before its bars: pages are read through it, every write of bars goes around it. */
import type { Scope } from '@wyckoff/bounded';
import type { Store } from '../store/store.ts';
import { BarCache, type CacheStats } from './bar-cache.ts';
import { CachedBars } from './cached-bars.ts';
import { RedisLink, type LinkStats } from './redis-link.ts';

const EPOCH_SETTING = 'cache.epoch';

export interface CachedStore {
  readonly store: Store;
  /** How the cache stands, for health and metrics. */
  readonly cacheStats: () => CacheStats & LinkStats;
  /** Once Redis can be told of writes; never, while it is away. */
  readonly ready: Promise<void>;
}

export interface BarCacheParts {
  readonly scope: Scope;
  readonly url: string;
  readonly onProblem: (error: unknown) => void;
}

/** `store` stays what it is; the answered one is to be used from now on. */
export async function withBarCache(store: Store, { scope, url, onProblem }: BarCacheParts): Promise<CachedStore> {
  const { promise: ready, resolve: onReady } = Promise.withResolvers<void>();
  const link = new RedisLink({ url, scope, onProblem, onReady });
  const cache = await BarCache.open({
    link,
    loadEpoch: async () => {
      const saved = await store.setting(EPOCH_SETTING);
      return typeof saved === 'number' ? saved : null;
    },
    saveEpoch: (epoch) => store.saveSetting(EPOCH_SETTING, epoch),
  });
  const bars = new CachedBars(store, cache, scope);
  return {
    store: {
      ...store,
      barsBefore: (series, query) => bars.barsBefore(series, query),
      importBars: (series, columns, provider, options) =>
        cache.during(series.symbol, () => store.importBars(series, columns, provider, options)),
      moveBars: (from, to, before) =>
        cache.during(from.symbol, () => cache.during(to.symbol, () => store.moveBars(from, to, before))),
      commit: (commit) => {
        const symbols = new Set(commit.bars?.map(({ series }) => series.symbol));
        let storing = () => store.commit(commit);
        for (const symbol of symbols) {
          const inner = storing;
          storing = () => cache.during(symbol, inner);
        }
        return storing();
      },
    },
    cacheStats: () => ({ ...cache.stats, ...link.stats }),
    ready,
  };
}
