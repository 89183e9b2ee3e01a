/** Caches: single flight, abort, age, statistics (C7). */
import { expect, test } from 'vitest';
import { Census, DisposedError, FullError, LruTtlCache, type LruTtlCacheOptions } from './index.ts';
import { settle, VirtualClock } from './leak-kit/virtual-clock.ts';

function open(options: Partial<LruTtlCacheOptions<string, string>> = {}) {
  const clock = new VirtualClock();
  const census = new Census();
  return {
    clock,
    census,
    cache: new LruTtlCache<string, string>({ name: 'charts', capacity: 3, ttlMs: 300_000, clock, census, ...options }),
  };
}

test('C7 callers of one key share one load', async () => {
  const { cache } = open();
  let loads = 0;
  const load = async (): Promise<string> => {
    loads += 1;
    await settle();
    return 'bars';
  };
  expect(await Promise.all([cache.fetch('SPY', load), cache.fetch('SPY', load), cache.fetch('SPY', load)])).toEqual([
    'bars',
    'bars',
    'bars',
  ]);
  expect(await cache.fetch('SPY', load)).toBe('bars');
  expect(loads).toBe(1);
});

test('C7 L3 one caller that gives up leaves the load to the others; the last one aborts it', async () => {
  const { cache } = open();
  let stopped = false;
  const load = (signal: AbortSignal): Promise<string> =>
    new Promise((_resolve, reject) => {
      signal.addEventListener('abort', () => {
        stopped = true;
        reject(signal.reason as Error);
      });
    });
  const first = new AbortController();
  const second = new AbortController();
  const waiting = [cache.fetch('SPY', load, first.signal), cache.fetch('SPY', load, second.signal)].map((promise) =>
    promise.catch((error: unknown) => error),
  );
  await settle();
  first.abort(new Error('left'));
  expect(await waiting[0]).toEqual(new Error('left'));
  expect(stopped).toBe(false);
  second.abort(new Error('left too'));
  expect(await waiting[1]).toEqual(new Error('left too'));
  expect(stopped).toBe(true);
  expect(await cache.fetch('SPY', () => Promise.resolve('anew'))).toBe('anew');
});

test('C7 a failed load keeps nothing and rejects for all who wait', async () => {
  const { cache, census } = open();
  const load = (): Promise<string> => Promise.reject(new Error('feed down'));
  const results = await Promise.allSettled([cache.fetch('SPY', load), cache.fetch('SPY', load)]);
  expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect(cache.has('SPY')).toBe(false);
  expect(census.audit()).toEqual([]);
});

test('C7 a load that comes home after a newer value or a clear is answered, not kept', async () => {
  const { cache } = open();
  const releases: ((value: string) => void)[] = [];
  const load = (): Promise<string> => new Promise((resolve) => releases.push(resolve));
  const slow = cache.fetch('SPY', load);
  const other = cache.fetch('TLT', load);
  await settle();
  cache.set('SPY', 'newer');
  cache.clear();
  cache.set('SPY', 'newest');
  for (const release of releases) release('older');
  expect(await Promise.all([slow, other])).toEqual(['older', 'older']);
  expect(cache.get('SPY')).toBe('newest');
  expect(cache.has('TLT')).toBe(false);
});

test('C7 loads under way are bounded', async () => {
  const { cache } = open({ maxFlights: 1 });
  const never = (): Promise<string> => new Promise(() => undefined);
  const first = cache.fetch('SPY', never).catch((error: unknown) => error);
  await expect(cache.fetch('TLT', never)).rejects.toThrow(FullError);
  cache.dispose();
  expect(await first).toBeInstanceOf(Error);
  await expect(cache.fetch('SPY', never)).rejects.toThrow(DisposedError);
});

test('C7 an entry is gone after its age, on sight and by the sweep', () => {
  const { cache, clock } = open();
  cache.set('SPY', 'bars');
  cache.set('TLT', 'bars');
  clock.advance(300_000);
  expect(cache.get('SPY')).toBe('bars');
  clock.advance(1);
  expect(cache.get('SPY')).toBeUndefined();
  expect(cache.size).toBe(1);
  expect(cache.sweep()).toBe(1);
  expect(cache.stats).toEqual({ size: 0, capacity: 3, bytes: 0, maxBytes: null, hits: 1, misses: 1, evicted: 0, expired: 2 });
});

test('C7 no timer is set behind the caller: the cache alone does not keep a clock running', () => {
  const { cache, clock } = open();
  for (let i = 0; i < 100; i += 1) cache.set(`k${i}`, 'v');
  expect(clock.pending).toBe(0);
  expect(cache.keys()).toEqual(['k99', 'k98', 'k97']);
});
