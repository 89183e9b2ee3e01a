/** Holes of stored series are found and back-filled while a session runs, asked for once a day, and nothing is invented. */
import { Census, Scope } from '@wyckoff/bounded';
import { VirtualClock } from '@wyckoff/bounded/leak-kit';
import { appendBar, calendarOf, createBarColumns, type Bar } from '@wyckoff/domain';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openSqliteStore } from '../../store/sqlite/sqlite-store.ts';
import type { Series, Store } from '../../store/store.ts';
import type { HistoryPage, HistoryProvider, HistoryRequest } from '../contract/history.ts';
import { CoverageKeeper, type KeptSeries } from './coverage-keeper.ts';
import type { Filled } from './fill-holes.ts';
import type { ScanCycle } from './scanner.ts';

const HOUR = 3_600_000;
const FROM = Date.UTC(2024, 0, 1);
const EVERY = 300_000;
const bar = (n: number): Bar => ({ time: FROM + n * HOUR, open: 100, high: 102, low: 99, close: 100 + (n % 3) / 10, volume: 10 });

let clock: VirtualClock;
let scope: Scope;
let store: Store;
let series: Series;
let asked: HistoryRequest[];
let has: number[];
let fault: Error | null;
let filled: Filled[];
let cycles: ScanCycle[];
let now: number;

const history: HistoryProvider = {
  name: 'other',
  timeframes: ['1h'],
  async *pages(request): AsyncIterableIterator<HistoryPage> {
    asked.push(request);
    if (fault !== null) throw fault;
    const columns = createBarColumns(has.length + 2);
    // A provider that also sends what nobody asked for.
    for (const n of [0, ...has.filter((at) => bar(at).time >= request.from && bar(at).time < request.to), 99])
      appendBar(columns, { ...bar(n), ...(n === 0 && { close: 101 }) });
    yield await Promise.resolve({ columns });
  },
  close: () => Promise.resolve(),
};

async function storeBars(numbers: readonly number[]): Promise<void> {
  const columns = createBarColumns(numbers.length);
  for (const n of numbers) appendBar(columns, bar(n));
  await store.importBars(series, columns, 'test');
}

async function stored(): Promise<number[]> {
  const { time, length } = await store.barsAfter(series, { limit: 1000 });
  return Array.from(time.subarray(0, length), (at) => (at - FROM) / HOUR);
}

function keeper(watched: readonly KeptSeries[]): CoverageKeeper {
  const kept = new CoverageKeeper({
    scope,
    store,
    historyOf: () => Promise.resolve(history),
    calendarOf: () => calendarOf('24/7'),
    now: () => now,
    watched: () => watched,
    seriesOf: ({ symbol, timeframe }) => store.findSeries(symbol, timeframe),
    onFilled: (one) => filled.push(one),
    onCycle: (cycle) => cycles.push(cycle),
  });
  kept.start();
  return kept;
}

const cycle = async (): Promise<void> => {
  const ran = cycles.length;
  await clock.run(EVERY);
  while (cycles.length === ran) await new Promise((resolve) => setImmediate(resolve));
};
const fed = { symbol: 'X', timeframe: '1h', fed: true } as const;

beforeEach(async () => {
  clock = new VirtualClock();
  scope = new Scope({ name: 'test', timers: clock, census: new Census() });
  store = scope.own(openSqliteStore({ path: ':memory:' }), (opened) => opened.close());
  series = await store.saveSymbol({ symbol: 'X', assetClass: 'CRYPTO', name: 'X', source: 'test', synthetic: true, timeZone: 'UTC', currency: 'USD', tickSize: 0.01, unit: 'units', calendar: '24/7' }, '1h'); // prettier-ignore
  [asked, has, fault, filled, cycles, now] = [[], [], null, [], [], FROM + 14.5 * HOUR];
});
afterEach(() => scope.dispose());

describe('SCAN-1 BAR_GAP 9.1 coverage of a running session', () => {
  it('BAR_GAP a hole is fetched, stored under who gave it and told with where it begins; what lies beside it is not touched', async () => {
    await storeBars([0, 1, 2, 5, 6, 7]);
    has = [3, 4];
    const kept = keeper([fed]);
    await cycle();
    expect(await stored()).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect((await store.barsAfter(series, { limit: 1 })).close[0]).toBe(bar(0).close);
    expect(filled).toMatchObject([{ holes: 1, bars: 2, from: bar(2).time + 1 }]);
    expect((await store.coverage({ symbol: 'X', limit: 10 })).some(({ provider }) => provider === 'other')).toBe(true);
    expect(cycles[0]).toMatchObject({ status: 'COMPLETED', scanned: 1 });
    await kept.stop();
    expect([kept.state, clock.pending]).toEqual(['STOPPED', 0]);
  });

  it('SCAN-1 what the provider lacks too is asked for once a day, and never made up', async () => {
    await storeBars([0, 1, 5, 9]);
    keeper([fed]);
    await cycle();
    await cycle();
    await cycle();
    expect(asked).toHaveLength(2);
    expect(await stored()).toEqual([0, 1, 5, 9]);
    expect(filled).toEqual([]);
    now += 24 * HOUR;
    await cycle();
    expect(asked).toHaveLength(4);
  });

  it('BAR_GAP a provider that fails makes the cycle FAILED, and the same hole is the next', async () => {
    await storeBars([0, 3]);
    [has, fault] = [[1, 2], new Error('DATA_UNAVAILABLE: down')];
    keeper([fed]);
    await cycle();
    expect(cycles[0]).toMatchObject({ status: 'FAILED', failed: [{ series: 'X 1h', reason: 'DATA_UNAVAILABLE: down' }] });
    fault = null;
    await cycle();
    expect(await stored()).toEqual([0, 1, 2, 3]);
  });

  it('SCAN-1 a series no feed brings gets what closed since, and no bar that is still open', async () => {
    await storeBars([0, 1]);
    has = [2, 3, 13, 14];
    keeper([{ ...fed, fed: false }]);
    await cycle();
    expect(await stored()).toEqual([0, 1, 2, 3, 13]);
  });

  it('M12 a hundred holes are asked for twenty at a visit', async () => {
    await storeBars(Array.from({ length: 101 }, (_, n) => 2 * n));
    keeper([fed]);
    await cycle();
    expect(asked).toHaveLength(20);
    for (let n = 0; n < 5; n += 1) await cycle();
    expect(asked).toHaveLength(100);
    expect(new Set(asked.map(({ from }) => from)).size).toBe(100);
  });
});
