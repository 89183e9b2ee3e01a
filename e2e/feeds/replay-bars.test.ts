/** The contract of a feed, kept by recorded bars: in order, once, none beyond the bound, nothing left behind. */
import { Census, Scope } from '@wyckoff/bounded';
import { VirtualClock } from '@wyckoff/bounded/leak-kit';
import { createBarColumns, appendBar } from '@wyckoff/domain';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { BarBatch } from '../../packages/server/src/feeds/contract/feed.ts';
import { ReplayBars } from '../../packages/server/src/feeds/replay/replay-bars.ts';
import { openSqliteStore } from '../../packages/server/src/store/sqlite/sqlite-store.ts';
import type { Store } from '../../packages/server/src/store/store.ts';
import { tapeBar } from './tape.ts';

const FROM = Date.UTC(2024, 0, 1);
const SERIES = { symbol: 'X', timeframe: '1m' } as const;

let clock: VirtualClock;
let census: Census;
let scope: Scope;
let store: Store;
let batches: BarBatch[];
let faults: string[];
beforeEach(async () => {
  clock = new VirtualClock();
  census = new Census();
  scope = new Scope({ name: 'test', timers: clock, census });
  store = openSqliteStore({ path: ':memory:' });
  [batches, faults] = [[], []];
  const series = await store.saveSymbol({ symbol: 'X', assetClass: 'CRYPTO', name: 'X', source: 'test', synthetic: true, timeZone: 'UTC', currency: 'USD', tickSize: 0.01, unit: 'units' }, '1m'); // prettier-ignore
  const columns = createBarColumns(500);
  for (let n = 0; n < 500; n += 1) appendBar(columns, tapeBar(FROM, '1m', n));
  await store.importBars(series, columns, 'test');
});
afterEach(async () => {
  await scope.dispose();
  await store.close();
});

function open(): ReplayBars {
  return new ReplayBars({
    scope,
    source: store,
    speed: null,
    take: async (batch) => {
      await Promise.resolve();
      batches.push(batch);
    },
    onFault: (_, error) => faults.push(error.message),
  });
}

/** Store calls are real, the clock is not: both get their turns. */
async function played(count: number): Promise<number[]> {
  const times = (): number[] => batches.flatMap(({ columns }) => [...columns.time.subarray(0, columns.length)]);
  for (let turn = 0; turn < 500 && times().length < count; turn += 1) {
    await new Promise((resolve) => setTimeout(resolve, 1));
    await clock.run(50);
  }
  return times();
}

const tape = (from: number): number[] => Array.from({ length: 500 - from }, (_, n) => FROM + (from + n) * 60_000);

describe('the contract of a feed: replay', () => {
  it('9.3 every stored bar comes once and in order, from the beginning or behind the one it is told', async () => {
    const feed = open();
    feed.start();
    feed.watch(SERIES);
    expect(await played(500)).toEqual(tape(0));
    expect(feed.unwatch(SERIES)).toBe(true);
    batches = [];
    feed.watch(SERIES, FROM + 99 * 60_000);
    expect(await played(400)).toEqual(tape(100));
    await feed.close();
    expect(feed.status()).toMatchObject({ state: 'STOPPED', subscriptions: 0 });
  });

  it('M12 the 201st series is refused, what is unwatched is forgotten; a series without bars is told', async () => {
    const feed = open();
    feed.start();
    for (let n = 0; n < 200; n += 1) expect(feed.watch({ symbol: `S${n}`, timeframe: '1m' }).ok).toBe(true);
    expect(feed.watch(SERIES)).toMatchObject({ ok: false, code: 'resource.limit' });
    for (let turn = 0; turn < 50 && faults.length < 200; turn += 1) await played(1);
    expect(faults).toHaveLength(200);
    for (let n = 0; n < 200; n += 1) feed.unwatch({ symbol: `S${n}`, timeframe: '1m' });
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(census.row('server.feeds.players')?.size).toBe(0);
    await feed.close();
  });

  it('M4 a hundred times opened and closed: no timer, no scope, no handle is left', async () => {
    const handles = (): number =>
      process.getActiveResourcesInfo().filter((kind) => kind !== 'Timeout' && kind !== 'Immediate').length;
    const before = handles();
    for (let cycle = 0; cycle < 100; cycle += 1) {
      const feed = open();
      feed.start();
      feed.watch(SERIES);
      await clock.run(20);
      await feed.close();
      expect(clock.pending).toBe(0);
    }
    expect(census.rows().filter(({ name, size }) => name.startsWith('server.') && size > 0)).toEqual([]);
    expect(handles()).toBeLessThanOrEqual(before);
  });
});
