/** GET /bars and /symbols on every store: pages by key in both orders, whatever is inserted meanwhile, and nothing beyond what was played. */
import { Scope } from '@wyckoff/bounded';
import { barsAnswer, symbolsAnswer, type BarsAnswer } from '@wyckoff/contracts';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startPostgres, type TestPostgres } from '../../../../e2e/support/postgres.ts';
import type { Series, Store } from '../store/store.ts';
import { columnsAt, DAY_MS, upTo } from '../store/testing/samples.ts';
import { openTestStore, STORES } from '../store/testing/stores.ts';
import { barsPage, symbolsPage } from './bars-page.ts';
import { DEMO_SYMBOL } from './demo-series.ts';
import type { Answer, BarsQuery } from './desk.ts';

const servers = new Scope({ name: 'test.servers' });
let server: Promise<TestPostgres> | undefined;
const postgres = (): Promise<TestPostgres> => (server ??= startPostgres(servers));
afterAll(async () => void (await servers.dispose()));

function valueOf<T>(answer: Answer<T>): T {
  if (!answer.ok) throw new Error(`${answer.code}: ${answer.detail}`);
  return answer.value;
}

describe.each(STORES)('H2 bars over HTTP: %s', (name) => {
  let scope: Scope;
  let store: Store;
  let series: Series;
  beforeEach(async () => {
    scope = new Scope({ name: 'test' });
    store = await openTestStore(name, scope, { ms: 1 }, postgres);
    series = await store.saveSymbol(DEMO_SYMBOL, '1d');
    await store.importBars(series, columnsAt(upTo(100, DAY_MS)), 'test');
  });
  afterEach(async () => void (await scope.dispose()));

  const base = { symbol: 'SPX', timeframe: '1d', order: 'newest', limit: 10 } as const;
  const page = async (query: Partial<BarsQuery>, horizon: number | null = 1e15): Promise<Answer<BarsAnswer>> =>
    await barsPage({ store, horizon: () => horizon }, { ...base, ...query });
  const walk = async (query: Partial<BarsQuery>, horizon?: number, meanwhile?: () => Promise<unknown>): Promise<number[]> => {
    const days: number[] = [];
    for (let cursor: string | null | undefined; cursor !== null;) {
      const answer = valueOf(await page({ ...query, cursor }, horizon));
      expect(barsAnswer.parse(answer)).toEqual(answer);
      days.push(...answer.items.map(([ts]) => ts / DAY_MS));
      cursor = answer.nextCursor;
      await meanwhile?.();
    }
    return days;
  };

  it('H2 a walk in either order is the whole span, ends with a full page too, and is stable under inserts', async () => {
    expect(await walk({ order: 'oldest' })).toEqual(upTo(100, 1));
    expect(await walk({ order: 'newest', limit: 7 })).toEqual(upTo(100, 1).reverse());
    expect(await walk({ order: 'oldest', from: 5 * DAY_MS, to: 24 * DAY_MS })).toEqual(upTo(20, 1).map((i) => i + 5));
    expect(await walk({ order: 'newest', from: 5 * DAY_MS, to: 24 * DAY_MS })).toEqual(upTo(20, 1).map((i) => 24 - i));
    expect((await walk({ limit: 10_000 })).length).toBe(100);
    let day = 100;
    const insert = () => store.importBars(series, columnsAt([day++ * DAY_MS]), 'test');
    expect(await walk({ order: 'newest', limit: 30 }, undefined, insert)).toEqual(upTo(100, 1).reverse());
    expect(await walk({ order: 'oldest', limit: 30 })).toEqual(upTo(day, 1));
  });

  it('H2 nothing beyond the bar the engine has come to; nothing before the first', async () => {
    expect(await walk({ order: 'oldest' }, 41 * DAY_MS)).toEqual(upTo(42, 1));
    expect(await walk({ order: 'newest' }, 41 * DAY_MS)).toEqual(upTo(42, 1).reverse());
    expect(valueOf(await page({}, null))).toEqual({ items: [], nextCursor: null });
  });

  it('M15 a cursor of other filters, and a symbol nobody knows, are refused', async () => {
    const { nextCursor: cursor } = valueOf(await page({}));
    expect(await page({ cursor: cursor ?? '', to: 5 })).toMatchObject({ ok: false, code: 'page.bad_cursor' });
    expect(await page({ symbol: 'NONE' })).toMatchObject({ ok: false, code: 'symbol.unknown' });
  });

  it('M9 symbols are found by part of a name, taken literally, with what there is of them', async () => {
    await store.saveSymbol({ ...DEMO_SYMBOL, symbol: 'A100', name: '50%_off' }, '1d');
    await store.importBars(await store.saveSymbol(DEMO_SYMBOL, '1h'), columnsAt([DAY_MS]), 'other');
    const found = async (q?: string) => await symbolsPage(store, { q, limit: 50 });
    const both = await found();
    expect(symbolsAnswer.parse(both)).toEqual(both);
    expect(both.items.map(({ symbol }) => symbol)).toEqual(['A100', 'SPX']);
    expect(both.items[1].coverage).toEqual([
      { timeframe: '1h', from: DAY_MS, to: DAY_MS, bars: 1, gaps: null },
      { timeframe: '1d', from: 0, to: 99 * DAY_MS, bars: 100, gaps: null },
    ]);
    expect((await found('sp')).items.map(({ symbol }) => symbol)).toEqual(['SPX']);
    expect((await found('%_')).items.map(({ symbol }) => symbol)).toEqual(['A100']);
    expect((await found('_PX')).items).toEqual([]);
  });
});
