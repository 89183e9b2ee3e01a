/** Stored bars and instruments as people ask for them: by pages with a key, never beyond what has been played (interface.md 2.2, H2). */
import type { BarsAnswer, SymbolsAnswer } from '@wyckoff/contracts';
import type { BarColumns, EpochMs, Timeframe } from '@wyckoff/domain';
import type { Series, Store } from '../store/store.ts';
import type { Answer, BarsQuery, SymbolsQuery } from './desk.ts';
import { decodeCursor, encodeCursor } from './page-cursor.ts';

export interface BarsPageParts {
  readonly store: Pick<Store, 'findSeries' | 'barsBefore' | 'barsAfter' | 'searchSymbols' | 'coverageSums'>;
  /** The newest bar that may be shown; null: none yet. */
  readonly horizon: (symbol: string, timeframe: Timeframe) => EpochMs | null;
}

/** Before any bar. */
const FIRST_TIME = -8.64e15;

type BarsItem = BarsAnswer['items'][number];

/** Newest first or oldest first; the next page begins behind the last bar of this one, whatever is inserted meanwhile. */
export async function barsPage({ store, horizon }: BarsPageParts, query: BarsQuery): Promise<Answer<BarsAnswer>> {
  const { symbol, timeframe, from, to, order, limit, cursor } = query;
  const filters = ['bars', symbol, timeframe, order, from ?? '', to ?? ''].join('|');
  const key = cursor === undefined ? null : decodeCursor(cursor, filters);
  if (cursor !== undefined && key === null)
    return { ok: false, code: 'page.bad_cursor', detail: 'expected the cursor of a page with the same filters' };
  const series = await store.findSeries(symbol, timeframe);
  if (series === null) return { ok: false, code: 'symbol.unknown', detail: `expected a symbol with bars, was ${symbol}` };
  const shown = horizon(symbol, timeframe) ?? FIRST_TIME;
  const span = { from: from ?? FIRST_TIME + 1, to: Math.min(to ?? shown, shown) };
  const asked = { series, span, limit, after: key?.at ?? null };
  const rows = span.to < span.from ? [] : await (order === 'newest' ? newest(store, asked) : oldest(store, asked));
  const last = rows.at(-1);
  const isMore = rows.length === limit && last !== undefined && (await follows(store, { series, span, order, at: last[0] }));
  return { ok: true, value: { items: rows, nextCursor: isMore ? encodeCursor({ at: last[0], id: '' }, filters) : null } };
}

interface Span {
  readonly from: number;
  readonly to: number;
}

interface Asked {
  readonly series: Series;
  readonly span: Span;
  readonly limit: number;
  /** Time of the last bar of the page before. */
  readonly after: EpochMs | null;
}

type Bars = BarsPageParts['store'];

async function newest(store: Bars, { series, span, limit, after }: Asked): Promise<BarsItem[]> {
  const found = await store.barsBefore(series, { ...(after !== null && { before: after }), until: span.to, limit });
  return itemsOf(found, span).reverse();
}

async function oldest(store: Bars, { series, span, limit, after }: Asked): Promise<BarsItem[]> {
  return itemsOf(await store.barsAfter(series, { after: after ?? span.from - 1, limit }), span);
}

/** Whether there is a bar of the span behind this one. */
async function follows(
  store: Bars,
  { series, span, order, at }: { readonly series: Series; readonly span: Span; readonly order: string; readonly at: EpochMs },
): Promise<boolean> {
  const next =
    order === 'newest'
      ? await store.barsBefore(series, { before: at, until: span.to, limit: 1 })
      : await store.barsAfter(series, { after: at, limit: 1 });
  return itemsOf(next, span).length > 0;
}

function itemsOf({ time, open, high, low, close, volume, length }: BarColumns, { from, to }: Span): BarsItem[] {
  const items: BarsItem[] = [];
  for (let i = 0; i < length; i += 1)
    if (time[i] >= from && time[i] <= to) items.push([time[i], open[i], high[i], low[i], close[i], volume[i]]);
  return items;
}

/** With what there is of each. */
export async function symbolsPage(store: BarsPageParts['store'], { q, assetClass, limit }: SymbolsQuery): Promise<SymbolsAnswer> {
  const records = await store.searchSymbols({ text: q, assetClass, limit });
  const sums = await store.coverageSums(records.map(({ symbol }) => symbol));
  return {
    items: records.map(({ symbol, name, assetClass: kind, source, synthetic, tickSize }) => ({
      symbol,
      name,
      assetClass: kind,
      source,
      synthetic,
      tickSize,
      coverage: sums.flatMap(({ symbol: of, timeframe, from, to, bars, gaps }) =>
        of === symbol ? [{ timeframe, from, to, bars, gaps }] : [],
      ),
    })),
  };
}
