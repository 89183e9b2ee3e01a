/** Bars as they were traded, brought onto the prices in which a series is stored. */
import { adjustedBefore, appendBar, BarCursor, createBarColumns, type BarColumns } from '@wyckoff/domain';
import type { HistoryPage, HistoryProvider } from '../contract/history.ts';
import type { SettingsStore } from '../../store/store.ts';
import { appliedSplits, type SplitFigures } from './applied-splits.ts';

/** A provider that tells prices as they were: its bars before a split that was applied come in as the stored ones are. */
export function scaledHistory(history: HistoryProvider, splits: () => readonly SplitFigures[]): HistoryProvider {
  const { name, timeframes } = history;
  return {
    name,
    timeframes,
    async *pages(request, signal): AsyncGenerator<HistoryPage> {
      for await (const page of history.pages(request, signal)) yield { ...page, columns: scaled(page.columns, splits()) };
    },
    close: () => history.close(),
  };
}

/** The same for every series, by what is kept of it in the store. */
export function scaledBySeries(history: HistoryProvider, store: Pick<SettingsStore, 'setting'>): HistoryProvider {
  const { name, timeframes } = history;
  return {
    name,
    timeframes,
    async *pages(request, signal): AsyncGenerator<HistoryPage> {
      const splits = await appliedSplits(store, request);
      yield* scaledHistory(history, () => splits).pages(request, signal);
    },
    close: () => history.close(),
  };
}

/** Rows in any order; ascending rows stay ascending. */
export function scaled(columns: BarColumns, splits: readonly SplitFigures[]): BarColumns {
  return splits.reduce(scaledBefore, columns);
}

function scaledBefore(columns: BarColumns, { from, priceFactor }: SplitFigures): BarColumns {
  const [early, late] = [createBarColumns(columns.length), createBarColumns(columns.length)];
  const bar = new BarCursor(columns);
  for (let row = 0; row < columns.length; row += 1) {
    appendBar(columns.time[row] >= from ? late : early, bar.at(row));
  }
  if (early.length === 0) return columns;
  const joined = createBarColumns(columns.length);
  for (const part of [adjustedBefore(early, Infinity, priceFactor), late]) {
    const cursor = new BarCursor(part);
    for (let row = 0; row < part.length; row += 1) appendBar(joined, cursor.at(row));
  }
  return joined;
}
