import { Census, Scope } from '@wyckoff/bounded';
import { createBarColumns, type BarColumns } from '@wyckoff/domain';
import fc from 'fast-check';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from 'redis';
import { afterAll, afterEach, beforeAll, beforeEach, describe as always, expect, it } from 'vitest';
import { isRedisMissing, startRedis, type TestRedis } from '../../../../e2e/support/redis.ts';
import { backupSqlite, restoreSqlite } from '../store/sqlite/maintenance.ts';
import { openSqliteStore } from '../store/sqlite/sqlite-store.ts';
import type { Series, Store, SymbolRecord } from '../store/store.ts';
import { BarCache } from './bar-cache.ts';
import { busyKey, generationKey, pageKey, pagePattern } from './bar-page.ts';
import { CachedBars } from './cached-bars.ts';
import { decodePage, encodePage } from './page-codec.ts';
import { placeOf, RedisLink } from './redis-link.ts';
import { openVerbStore } from './verb-store.ts';
import { withBarCache } from './with-bar-cache.ts';

const describe = always.skipIf(isRedisMissing());

const HOUR = 3_600_000;
const START = Date.parse('2024-01-01T00:00:00Z');

let redis: TestRedis;
const servers = new Scope({ name: 'servers', census: new Census() });
let raw: ReturnType<typeof createClient>;
beforeAll(async () => {
  redis = await startRedis(servers);
  raw = createClient({ ...placeOf(redis.url), RESP: 2 });
  raw.on('error', () => undefined);
  await raw.connect();
});
afterAll(async () => {
  raw.destroy();
  await servers.dispose();
});

function hours(count: number, price = 100, from = START): BarColumns {
  const bars = createBarColumns(count);
  for (let row = 0; row < count; row += 1) {
    bars.time[row] = from + row * HOUR;
    for (const name of ['open', 'high', 'low', 'close'] as const) bars[name][row] = price + (row % 7);
    bars.volume[row] = 1_000 + row;
  }
  bars.length = count;
  return bars;
}

function record(symbol: string): SymbolRecord {
  const of = { name: symbol, source: 'test', synthetic: true, timeZone: 'UTC', currency: 'USD', tickSize: 0.01, unit: 'share' };
  return { symbol, assetClass: 'CRYPTO', ...of };
}

function fail(error: unknown): never {
  throw error;
}

/** Store, link and cache of one process. */
async function open(url = redis.url) {
  const scope = new Scope({ name: 'server', census: new Census() });
  const store = scope.own(openSqliteStore({ path: ':memory:' }), (opened) => opened.close());
  const problems: unknown[] = [];
  let up: () => void = () => undefined;
  const isUp = new Promise<void>((resolve) => (up = resolve));
  const link = new RedisLink({ url, scope, onProblem: (error) => problems.push(error), onReady: () => up() });
  if (url === redis.url) await isUp;
  let epoch = 0;
  const cache = await BarCache.open({
    link,
    loadEpoch: () => Promise.resolve(epoch),
    saveEpoch: (next) => Promise.resolve(void (epoch = next)),
  });
  const bars = new CachedBars(store, cache, scope);
  return { scope, store, link, cache, bars, problems, savedEpoch: () => epoch };
}

let bench: Awaited<ReturnType<typeof open>>;
let series: Series;
beforeEach(async () => {
  await raw.flushAll();
  bench = await open();
  series = await filled(bench.store, 'BTC', hours(5_000));
});
afterEach(() => bench.scope.dispose());

async function filled(store: Store, symbol: string, columns: BarColumns): Promise<Series> {
  const made = await store.saveSymbol(record(symbol), '1h');
  await store.importBars(made, columns, 'test');
  return made;
}

/** Pages are kept beside the answer: their task ends soon after. */
async function kept(): Promise<void> {
  const keeping = (): boolean => bench.scope.taskCounts().some(({ kind, running }) => kind === 'cache-page' && running > 0);
  for (let turn = 0; turn < 10_000 && keeping(); turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

const same = (a: BarColumns, b: BarColumns): void => {
  expect(a.length).toBe(b.length);
  for (const name of ['time', 'open', 'high', 'low', 'close', 'volume'] as const)
    expect(a[name].subarray(0, a.length)).toEqual(b[name].subarray(0, b.length));
};

describe('C5 reading through', () => {
  it('C5 answers are those of the store, cold, warm, at every place and length', async () => {
    const ask = fc.record({
      before: fc.integer({ min: START - 2_000 * HOUR, max: START + 6_000 * HOUR }),
      limit: fc.integer({ min: 1, max: 3_000 }),
    });
    await fc.assert(
      fc.asyncProperty(ask, async (query) => {
        same(await bench.bars.barsBefore(series, query), await bench.store.barsBefore(series, query));
      }),
      { seed: 5, numRuns: 60 },
    );
    expect(bench.cache.stats.hits).toBeGreaterThan(20);
  });

  it('C5 a second reader is answered by Redis: another process finds what the first kept', async () => {
    const query = { before: START + 2_500 * HOUR, limit: 1_000 };
    const first = await bench.bars.barsBefore(series, query);
    await kept();
    const other = await open();
    const empty = await other.store.saveSymbol(record('BTC'), '1h');
    same(await other.bars.barsBefore(empty, query), first);
    expect(other.cache.stats.misses).toBe(0);
    await other.scope.dispose();
  });

  it('C5 forty readers of one page load it once', async () => {
    const query = { before: START + 900 * HOUR, limit: 10 };
    await Promise.all(Array.from({ length: 40 }, () => bench.bars.barsBefore(series, query)));
    expect(bench.cache.stats).toMatchObject({ hits: 0, misses: 1 });
  });

  it('C5 every key has a time to live', async () => {
    await bench.bars.barsBefore(series, { before: START + 4_999 * HOUR, limit: 4_000 });
    await kept();
    const keys = await raw.keys('*');
    expect(keys.length).toBeGreaterThan(4);
    for (const key of keys) expect(await raw.pTTL(key), key).toBeGreaterThan(0);
    const open = await raw.pTTL(pageKey(series, 0, Math.floor((START + 4_998 * HOUR) / (1_000 * HOUR))));
    expect(open).toBeLessThanOrEqual(60_000);
  });

  it('C5 damaged pages are a miss and are counted', async () => {
    const query = { before: START + 900 * HOUR, limit: 10 };
    const page = Math.floor((START + 899 * HOUR) / (1_000 * HOUR));
    await raw.set(generationKey('BTC'), 'g'.repeat(36));
    await raw.set(pageKey(series, 0, page), `${'g'.repeat(36)}not a page`);
    same(await bench.bars.barsBefore(series, query), await bench.store.barsBefore(series, query));
    expect(bench.cache.stats.damaged).toBe(1);
  });

  it('C5 a page that says it holds more bars than a page can is no page, however little of it there is', () => {
    const bars = hours(1_001);
    same(decodePage(encodePage(bars)) ?? createBarColumns(0), bars);
    expect(decodePage(encodePage(hours(1_002)))).toBeNull();
    // A header alone would ask for 200 GB.
    const lying = encodePage(hours(10));
    lying.writeUInt32LE(2 ** 32 - 1, 4);
    expect(decodePage(lying)).toBeNull();
    // The twin: the same bytes with their own length are a page.
    lying.writeUInt32LE(10, 4);
    expect(decodePage(lying)?.length).toBe(10);
  });

  it('C5 bytes that are no page never throw', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => void decodePage(Buffer.from(bytes))),
      { seed: 1, numRuns: 2_000 },
    );
    const whole = encodePage(hours(1_000));
    for (let cut = 0; cut < whole.length; cut += 97) expect(decodePage(whole.subarray(0, cut))).toBeNull();
    same(decodePage(whole) ?? createBarColumns(0), hours(1_000));
  });
});

describe('C5 after a write', () => {
  const query = { before: START + 2_500 * HOUR, limit: 1_000 };
  const corrected = hours(5_000, 200);
  const write = () => bench.store.importBars(series, corrected, 'test');

  it('C5 what is read after an upsert is what was written', async () => {
    await bench.bars.barsBefore(series, query);
    await kept();
    await bench.cache.during('BTC', write);
    const after = await bench.bars.barsBefore(series, query);
    expect(after.open[0]).toBeGreaterThanOrEqual(200);
  });

  it('C5 a page read before the write is not kept after it', async () => {
    const page = Math.floor((START + 2_499 * HOUR) / (1_000 * HOUR));
    const found = await bench.cache.find(series, page);
    const old = await bench.store.barsBefore(series, query);
    await bench.cache.during('BTC', write);
    expect(await bench.cache.keep(series, page, { bars: old, closed: true, generation: found?.generation ?? '' })).toBe(false);
    expect(bench.cache.stats.outdated).toBe(1);
    expect(await raw.exists(pageKey(series, 0, page))).toBe(0);
  });

  it('C5 a writer that dies between its write and the end of it leaves no old page readable', async () => {
    await bench.bars.barsBefore(series, query);
    await kept();
    // Never ends: what a kill -9 after the commit looks like to everybody else.
    void bench.cache.during('BTC', async () => {
      await write();
      return new Promise(() => undefined);
    });
    const other = await open();
    const { cache } = other;
    const bars = new CachedBars(bench.store, cache, other.scope);
    for (let turn = 0; turn < 1_000 && (await raw.exists(busyKey('BTC'))) === 0; turn += 1);
    await bench.store.importBars(series, corrected, 'test');
    expect((await bars.barsBefore(series, query)).open[0]).toBeGreaterThanOrEqual(200);
    await other.scope.dispose();
  });

  it('C5 two writers at once: what is read while the second still writes is not believed after it', async () => {
    const page = Math.floor((START + 2_499 * HOUR) / (1_000 * HOUR));
    const [first, second] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const one = bench.cache.during('BTC', () => first.promise);
    const two = bench.cache.during('BTC', async () => {
      await second.promise;
      await write();
    });
    first.resolve();
    await one;
    const old = await bench.store.barsBefore(series, query);
    const found = await bench.cache.find(series, page);
    await bench.cache.keep(series, page, { bars: old, closed: true, generation: found?.generation ?? '' });
    second.resolve();
    await two;
    expect((await bench.bars.barsBefore(series, query)).open[0]).toBeGreaterThanOrEqual(200);
  });

  it('C5 a live bar of a symbol without pages does not walk the keyspace', async () => {
    for (let n = 0; n < 3_000; n += 1_000)
      await raw.mSet(Array.from({ length: 1_000 }, (_, i) => [`other:${n + i}`, 'x'] as [string, string]));
    const scans = async (): Promise<number> => Number(/cmdstat_scan:calls=(\d+)/.exec(await raw.info('commandstats'))?.[1] ?? 0);
    const before = await scans();
    await bench.cache.during('BTC', write);
    expect(await scans()).toBe(before);
  });

  it('C5 an epoch replaced by another process is taken over', async () => {
    const a = await withBarCache(bench.store, { scope: bench.scope, url: redis.url, onProblem: fail });
    await a.ready;
    await a.store.barsBefore(series, query);
    await kept();
    // A verb on another machine that cannot reach Redis.
    const far = new Scope({ name: 'far', census: new Census() });
    const b = await withBarCache(bench.store, { scope: far, url: 'redis://127.0.0.1:1', onProblem: () => undefined });
    const before = await bench.store.setting('cache.epoch');
    await b.store.importBars(series, corrected, 'test');
    expect(await bench.store.setting('cache.epoch')).not.toBe(before);
    const c = await withBarCache(bench.store, { scope: bench.scope.child('c'), url: redis.url, onProblem: fail });
    await c.ready;
    expect((await c.store.barsBefore(series, query)).open[0]).toBeGreaterThanOrEqual(200);
    await far.dispose();
  });

  it('C5 a page read during the write is not kept at all', async () => {
    const page = Math.floor((START + 2_499 * HOUR) / (1_000 * HOUR));
    await bench.cache.during('BTC', async () => {
      const found = await bench.cache.find(series, page);
      const old = await bench.store.barsBefore(series, query);
      expect(await bench.cache.keep(series, page, { bars: old, closed: true, generation: found?.generation ?? '' })).toBe(false);
      await write();
    });
    expect((await bench.bars.barsBefore(series, query)).open[0]).toBeGreaterThanOrEqual(200);
  });

  it('C5 the twin: without the generation the old page would stay', async () => {
    const page = Math.floor((START + 2_499 * HOUR) / (1_000 * HOUR));
    const old = await bench.store.barsBefore(series, query);
    await bench.cache.during('BTC', write);
    const now = await bench.cache.find(series, page);
    await bench.cache.keep(series, page, { bars: old, closed: true, generation: now?.generation ?? '' });
    expect((await bench.bars.barsBefore(series, query)).open[0]).toBeLessThan(200);
  });
});

describe('C5 clearing', () => {
  const seed = async (symbol: string, count: number): Promise<void> => {
    for (let from = 0; from < count; from += 5_000) {
      const keys = Array.from({ length: Math.min(5_000, count - from) }, (_, n) =>
        pageKey({ symbol, timeframe: '1m' }, 0, from + n),
      );
      const batch = raw.multi();
      for (const key of keys) batch.set(key, 'x'.repeat(40), { expiration: { type: 'EX', value: 600 } });
      await batch.sAdd(`bars-index:${symbol}`, keys).execAsPipeline();
    }
  };

  it('C5 clearing a symbol deletes its pages and nothing else, and says how many', async () => {
    await seed('AAA', 10_000);
    await seed('BBB', 50);
    expect(await bench.cache.clear(['AAA', 'ZZZ'])).toEqual({ deleted: { AAA: 10_000, ZZZ: 0 }, total: 10_000, failed: null });
    expect(await raw.dbSize()).toBe(51);
  });

  it.each(['A*', 'A[1]', 'A?', 'A\\', 'A-Z', '[^A]'])('C5 a symbol %s without an index clears only itself', async (symbol) => {
    for (const name of [symbol, 'A1', 'AB', 'AZ', 'Ax', 'B'])
      await raw.set(pageKey({ symbol: name, timeframe: '1d' }, 0, 1), 'x', { expiration: { type: 'EX', value: 60 } });
    expect((await bench.cache.clear([symbol])).total).toBe(1);
    expect(await raw.dbSize()).toBe(5);
  });

  it('C5 the twin: an unescaped pattern takes the neighbours too', async () => {
    for (const name of ['A*', 'A1', 'AB']) await raw.set(pageKey({ symbol: name, timeframe: '1d' }, 0, 1), 'x');
    expect(await raw.keys(pagePattern('A*'))).toHaveLength(1);
    expect(await raw.keys('bars:A*:*')).toHaveLength(3);
  });

  it('C5 no command of a clearing touches more than 250 keys, so that nobody waits for more than that', async () => {
    await seed('BIG', 10_000);
    const calls = async (name: string): Promise<number> =>
      Number(new RegExp(`cmdstat_${name}:calls=(\\d+)`).exec(await raw.info('commandstats'))?.[1] ?? 0);
    await raw.configResetStat();
    expect((await bench.cache.clear(['BIG'])).total).toBe(10_000);
    expect(await calls('unlink')).toBeGreaterThanOrEqual(10_000 / 250);
    expect(await calls('sscan')).toBeGreaterThanOrEqual(10_000 / 250 / 2);
    expect(await calls('del')).toBe(0);
  });

  it('C5 100,000 keys are cleared in batches while a PING never waits long and the client does not grow', async () => {
    await seed('BIG', 100_000);
    const pings: number[] = [];
    let done = false;
    const pinging = (async () => {
      while (!done) {
        const began = performance.now();
        await raw.ping();
        pings.push(performance.now() - began);
      }
    })();
    globalThis.gc?.();
    const before = process.memoryUsage().heapUsed;
    const began = performance.now();
    const { total } = await bench.cache.clear(['BIG']);
    const tookMs = performance.now() - began;
    done = true;
    await pinging;
    globalThis.gc?.();
    const grownMb = (process.memoryUsage().heapUsed - before) / 1e6;
    expect(total).toBe(100_000);
    // Generous: a loaded machine of two cores; the figures proper are printed by bench:data.
    expect(tookMs).toBeLessThan(10_000);
    expect(pings.toSorted((a, b) => a - b)[Math.floor(pings.length / 2)]).toBeLessThan(20);
    expect(grownMb).toBeLessThan(40);
  });
});

describe('C5 a store that was restored', () => {
  const read = async (path: string) => {
    const scope = new Scope({ name: 'server', census: new Census() });
    const store = scope.own(openSqliteStore({ path }), (opened) => opened.close());
    const cached = await withBarCache(store, { scope, url: redis.url, onProblem: fail });
    await cached.ready;
    const own = await cached.store.saveSymbol(record('BTC'), '1h');
    const query = { before: START + 900 * HOUR, limit: 10 };
    return { scope, own, store: cached.store, first: async () => (await cached.store.barsBefore(own, query)).open[0] };
  };

  it('C5 it is not served pages of the store it replaces; put back as a plain file it would be (the twin)', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'wyckoff-cache-'));
    const path = join(folder, 'a.db');
    const before = await read(path);
    await before.store.importBars(before.own, hours(1_000, 100), 'test');
    await backupSqlite(path, join(folder, 'copy.db'));
    await before.store.importBars(before.own, hours(1_000, 200), 'test');
    expect(await before.first()).toBeGreaterThanOrEqual(200);
    const epoch = await before.store.setting('cache.epoch');
    const keeping = (): boolean => before.scope.taskCounts().some(({ running }) => running > 0);
    for (let turn = 0; turn < 10_000 && keeping(); turn += 1) await new Promise((resolve) => setImmediate(resolve));
    await before.scope.dispose();

    restoreSqlite(join(folder, 'restored.db'), join(folder, 'copy.db'));
    const restored = await read(join(folder, 'restored.db'));
    expect(await restored.first()).toBeLessThan(200);
    await restored.scope.dispose();

    const twin = openSqliteStore({ path: join(folder, 'copy.db') });
    await twin.saveSetting('cache.epoch', epoch);
    twin.close();
    const plain = await read(join(folder, 'copy.db'));
    expect(await plain.first()).toBeGreaterThanOrEqual(200);
    await plain.scope.dispose();
    rmSync(folder, { recursive: true, force: true });
  });
});

describe('C5 when Redis is away', () => {
  it('C5 without Redis the store answers, at once, and it is said', async () => {
    const away = await open('redis://127.0.0.1:1');
    const own = await filled(away.store, 'BTC', hours(500));
    const query = { before: START + 400 * HOUR, limit: 100 };
    same(await away.bars.barsBefore(own, query), await away.store.barsBefore(own, query));
    expect(away.link.stats.state).toBe('AWAY');
    expect(away.link.stats.failures).toBeGreaterThan(0);
    await away.scope.dispose();
  });

  it('C5 Redis killed in the middle: the store answers; a write it missed leaves none of its old pages readable when it is back', async () => {
    const query = { before: START + 2_500 * HOUR, limit: 1_000 };
    await bench.bars.barsBefore(series, query);
    await kept();
    await redis.kill();
    same(await bench.bars.barsBefore(series, query), await bench.store.barsBefore(series, query));
    await bench.cache.during('BTC', () => bench.store.importBars(series, hours(5_000, 300), 'test'));
    expect(bench.savedEpoch()).not.toBe(0);
    expect((await bench.bars.barsBefore(series, query)).open[0]).toBeGreaterThanOrEqual(300);
    await redis.restart();
    for (let turn = 0; turn < 2_000 && !(bench.link.isUp && raw.isReady); turn += 1)
      await new Promise((resolve) => setTimeout(resolve, 5));
    expect(bench.link.isUp).toBe(true);
    expect((await bench.bars.barsBefore(series, query)).open[0]).toBeGreaterThanOrEqual(300);
    await kept();
    expect((await raw.keys('bars:*')).length).toBeGreaterThan(0);
  });

  it('C5 a clearing that breaks off says how far it got', async () => {
    await expect((await open('redis://127.0.0.1:1')).cache.clear(['A'])).resolves.toMatchObject({
      total: 0,
      failed: { symbol: 'A' },
    });
  });
});

describe('C5 the store behind the cache', () => {
  it('C5 a session store with Redis answers what the store answers, before and after a write, and counts', async () => {
    const { store, cacheStats } = await withBarCache(bench.store, { scope: bench.scope, url: redis.url, onProblem: (error) => { throw error; } }); // prettier-ignore
    for (let turn = 0; turn < 2_000 && cacheStats().state === 'AWAY'; turn += 1)
      await new Promise((resolve) => setTimeout(resolve, 5));
    const query = { before: START + 2_500 * HOUR, limit: 700 };
    for (let round = 0; round < 3; round += 1) {
      same(await store.barsBefore(series, query), await bench.store.barsBefore(series, query));
      await kept();
      await store.importBars(series, hours(5_000, 400 + 10 * round), 'test');
    }
    expect((await store.barsBefore(series, query)).open[0]).toBeGreaterThanOrEqual(420);
    same(await store.barsBefore(series, query), await bench.store.barsBefore(series, query));
    expect(cacheStats()).toMatchObject({ state: 'CONNECTED', failures: expect.any(Number) as number });
    expect(cacheStats().misses).toBeGreaterThan(3);
  });

  it('C5 a verb that writes bars tells Redis: what a server had kept of the symbol is not read any more', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'wyckoff-verb-'));
    const verb = new Scope({ name: 'verb', census: new Census() });
    const tell = (sentence: string): void => expect.fail(sentence);
    const store = await openVerbStore({ scope: verb, path: join(folder, 'w.db'), env: { REDIS_URL: redis.url }, tell });
    await raw.set(generationKey('BTC'), 'g'.repeat(36));
    await filled(store, 'BTC', hours(10));
    expect(await raw.get(generationKey('BTC'))).not.toBe('g'.repeat(36));
    await verb.dispose();
    const told: string[] = [];
    const alone = new Scope({ name: 'verb', census: new Census() });
    const env = { REDIS_URL: 'redis://127.0.0.1:1' };
    await filled(await openVerbStore({ scope: alone, path: join(folder, 'w.db'), env, tell: (text) => told.push(text) }), 'BTC', hours(20)); // prettier-ignore
    expect(told).toEqual([expect.stringContaining('Redis cannot be reached')]);
    await alone.dispose();
    rmSync(folder, { recursive: true, force: true });
  });
});
