/** A split goes over the stored bars once, also when the process dies at any moment of it. */
import { Census, Scope } from '@wyckoff/bounded';
import { createBarColumns } from '@wyckoff/domain';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openSqliteStore } from '../../store/sqlite/sqlite-store.ts';
import type { Series, Store } from '../../store/store.ts';
import { appliedSplits } from './applied-splits.ts';
import { adjustForSplit, type AdjustedStore } from './adjust.ts';

const DAY = 86_400_000;
const EX = Date.UTC(2022, 5, 6);
const BARS = 2500;
const split = { kind: 'SPLIT', symbol: 'X', from: EX, priceFactor: 0.05 } as const;
const by = { split, actor: 'cli', now: EX } as const;

let scope: Scope;
let store: Store;
let series: Series;
beforeEach(async () => {
  scope = new Scope({ name: 'test', census: new Census() });
  store = scope.own(openSqliteStore({ path: ':memory:' }), (opened) => opened.close());
  series = await store.saveSymbol({ symbol: 'X', assetClass: 'STOCK', name: 'X', source: 'test', synthetic: true, timeZone: 'America/New_York', currency: 'USD', tickSize: 0.01, unit: 'shares' }, '1d'); // prettier-ignore
  const columns = createBarColumns(BARS + 10);
  columns.length = BARS + 10;
  for (let n = 0; n < columns.length; n += 1) {
    columns.time[n] = EX + (n - BARS) * DAY;
    for (const name of ['open', 'high', 'low', 'close'] as const) columns[name][n] = n < BARS ? 2000 + n / 100 : 101;
    columns.volume[n] = n < BARS ? 100 : 2000;
  }
  await store.importBars(series, columns, 'test');
});
afterEach(() => scope.dispose());

async function closes(): Promise<number[]> {
  const columns = await store.barsAfter(series, { limit: 10_000 });
  return [...columns.close];
}

const expected = Array.from({ length: BARS + 10 }, (_, n) => (n < BARS ? (2000 + n / 100) * 0.05 : 101));

describe('ADJ-3 a split and the stored bars', () => {
  it('ADJ-3 prices and volumes before it are brought onto those after it, told once; asked again nothing happens', async () => {
    expect(await adjustForSplit(store, series, { ...by, dryRun: true })).toMatchObject({ reason: 'ADJUSTED', bars: BARS });
    expect((await closes())[0]).toBe(2000);
    expect(await adjustForSplit(store, series, by)).toMatchObject({ reason: 'ADJUSTED', bars: BARS });
    expect(await closes()).toEqual(expected);
    expect((await store.barsAfter(series, { limit: 1 })).volume[0]).toBe(2000);
    expect(await adjustForSplit(store, series, by)).toMatchObject({ reason: 'DONE_BEFORE', bars: 0 });
    expect(await closes()).toEqual(expected);
    const audited = await store.auditAfter(0, 10);
    expect(audited).toMatchObject([{ type: 'bars.adjusted', actor: 'cli', data: { symbol: 'X', timeframe: '1d', priceFactor: 0.05, bars: BARS } }]); // prettier-ignore
    expect(await store.checkAudit()).toMatchObject({ ok: true, checked: 1 });
    expect((await store.coverage({ limit: 10 })).map(({ provider, bars }) => [provider, bars])).toEqual([['test', BARS + 10]]);
  });

  it('ADJ-1 bars that are adjusted already, and a symbol without bars before it, are left alone', async () => {
    expect(await adjustForSplit(store, series, { ...by, split: { ...split, priceFactor: 0.5 } })).toMatchObject({
      reason: 'ALREADY_ADJUSTED',
    });
    expect(await adjustForSplit(store, series, { ...by, split: { ...split, from: 0 } })).toMatchObject({ reason: 'NO_BARS' });
    expect((await closes())[0]).toBe(2000);
  });

  it.each([
    // Weekly bars of New York bear midnight of Monday, 04:00 UTC in summer.
    ['Monday', Date.UTC(2022, 5, 6), 'ADJUSTED', 6],
    ['Wednesday', Date.UTC(2022, 5, 8), 'MIXED_WEEK', 0],
    ['Friday', Date.UTC(2022, 5, 10), 'MIXED_WEEK', 0],
  ] as const)(
    'ADJ-3 weekly bars and a split on a %s: none that was traded at both prices is computed',
    async (_, from, reason, bars) => {
      const weekly = await store.saveSymbol({ symbol: 'W', assetClass: 'STOCK', name: 'W', source: 'test', synthetic: true, timeZone: 'America/New_York', currency: 'USD', tickSize: 0.01, unit: 'shares' }, '1w'); // prettier-ignore
      const columns = createBarColumns(12);
      columns.length = 12;
      for (let n = 0; n < 12; n += 1) {
        columns.time[n] = Date.UTC(2022, 5, 6, 4) + (n - 6) * 7 * DAY;
        for (const name of ['open', 'high', 'low', 'close'] as const) columns[name][n] = columns.time[n] < from ? 2000 : 100;
        columns.volume[n] = 10;
      }
      await store.importBars(weekly, columns, 'test');
      expect(await adjustForSplit(store, weekly, { ...by, split: { ...split, symbol: 'W', from } })).toMatchObject({
        reason,
        bars,
      });
      expect((await store.barsAfter(weekly, { limit: 20 })).close[0]).toBe(reason === 'ADJUSTED' ? 100 : 2000);
    },
  );

  it('ADJ-5 where the source changes and the price with it, nothing is adjusted; where only the source changes, all is', async () => {
    const later = createBarColumns(500);
    later.length = 500;
    for (let n = 0; n < 500; n += 1) {
      later.time[n] = EX + (n - BARS - 500) * DAY;
      for (const name of ['open', 'high', 'low', 'close'] as const) later[name][n] = 100;
      later.volume[n] = 2000;
    }
    await store.importBars(series, later, 'another');
    expect(await adjustForSplit(store, series, by)).toMatchObject({ reason: 'MIXED_SOURCES', at: EX - BARS * DAY, bars: 0 });
    expect(await store.auditAfter(0, 10)).toEqual([]);
    for (const name of ['open', 'high', 'low', 'close'] as const) later[name].fill(2010);
    await store.importBars(series, later, 'another');
    expect(await adjustForSplit(store, series, by)).toMatchObject({ reason: 'ADJUSTED', bars: BARS + 500 });
    expect(await appliedSplits(store, series)).toEqual([{ from: EX, priceFactor: 0.05, state: 'applied' }]);
  });

  it('ADJ-3 fail the nth call: whatever breaks, a repetition ends with each bar adjusted exactly once', async () => {
    for (let nth = 1; nth < 40; nth += 1) {
      await scope.dispose();
      scope = new Scope({ name: 'test', census: new Census() });
      store = scope.own(openSqliteStore({ path: ':memory:' }), (opened) => opened.close());
      series = await store.saveSymbol({ symbol: 'X', assetClass: 'STOCK', name: 'X', source: 'test', synthetic: true, timeZone: 'America/New_York', currency: 'USD', tickSize: 0.01, unit: 'shares' }, '1d'); // prettier-ignore
      const columns = createBarColumns(BARS + 10);
      columns.length = BARS + 10;
      for (let n = 0; n < columns.length; n += 1) {
        columns.time[n] = EX + (n - BARS) * DAY;
        for (const name of ['open', 'high', 'low', 'close'] as const) columns[name][n] = n < BARS ? 2000 + n / 100 : 101;
        columns.volume[n] = 100;
      }
      await store.importBars(series, columns, 'test');
      const failed = await adjustForSplit(dying(store, nth), series, by).then(
        () => false,
        () => true,
      );
      await adjustForSplit(store, series, by);
      expect(await closes()).toEqual(expected);
      // Once, whatever broke: also the number of bars in it.
      expect((await store.auditAfter(0, 10)).map(({ data }) => data)).toMatchObject([{ bars: BARS }]);
      if (!failed) return;
    }
    throw new Error('expected the split to need fewer than 40 calls');
  });
});

/** The store of a process that dies with the nth call: odd calls before it acts, even ones after. */
function dying(real: Store, nth: number): AdjustedStore {
  let calls = 0;
  const dies = async <T>(act: () => Promise<T>): Promise<T> => {
    calls += 1;
    if (calls < nth) return await act();
    if (calls === nth && nth % 2 === 0) await act();
    throw new Error('killed');
  };
  return {
    barsBefore: (of, query) => dies(() => real.barsBefore(of, query)),
    barsAfter: (of, query) => dies(() => real.barsAfter(of, query)),
    importBars: (of, columns, provider, options) => dies(() => real.importBars(of, columns, provider, options)),
    countBars: (of, span) => dies(() => real.countBars(of, span)),
    coverage: (query) => dies(() => real.coverage(query)),
    surveyBars: (of) => dies(() => real.surveyBars(of)),
    change: (change) => dies(() => real.change(change)),
    setting: (key) => dies(() => real.setting(key)),
    saveSetting: (key, value) => dies(() => real.saveSetting(key, value)),
  };
}
