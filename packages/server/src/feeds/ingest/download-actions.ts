/** Splits and renames around a download: what is stored, what comes, and what joins the two are on one scale. */
import { adjustedBefore, appendBar, BarCursor, createBarColumns, type BarColumns, type CorporateAction, type EpochMs, type Rename, type Split } from '@wyckoff/domain'; // prettier-ignore
import type { Series, Store } from '../../store/store.ts';
import type { HistoryPage, HistoryProvider } from '../contract/history.ts';
import { adjustForSplit, isAdjusted, type Adjustment } from './adjust.ts';
import { renameSymbol, type Renaming } from './rename.ts';

export interface DownloadActionsOptions {
  readonly store: Store;
  readonly series: Series;
  readonly actions: readonly CorporateAction[];
  readonly actor: string;
  readonly now: EpochMs;
  readonly onAdjusted: (adjustment: Adjustment) => void;
}

export class DownloadActions {
  readonly #options: DownloadActionsOptions;
  readonly #splits: readonly Split[];
  #applied: readonly Split[] = [];

  constructor(options: DownloadActionsOptions) {
    this.#options = options;
    const { symbol } = options.series;
    this.#splits = options.actions.filter((action) => action.kind === 'SPLIT' && action.symbol === symbol) as Split[];
  }

  /** Of these the stored bars know nothing yet: they explain a jump. */
  get open(): readonly Split[] {
    return this.#splits.filter((split) => !this.#applied.includes(split));
  }

  /** Before the first page and after the last: applies what can be applied. */
  async settle(): Promise<void> {
    const { store, series, actor, now, onAdjusted } = this.#options;
    const applied: Split[] = []; // bounded: the splits of one symbol
    for (const split of this.#splits) {
      const adjustment = await adjustForSplit(store, series, { split, actor, now });
      if (adjustment.reason === 'ADJUSTED' || adjustment.reason === 'MIXED_WEEK') onAdjusted(adjustment);
      if (await isAdjusted(store, series, split)) applied.push(split);
    }
    this.#applied = applied;
  }

  /** A provider that tells prices as they were: its bars before a split that was applied come in as the stored ones are. */
  over(history: HistoryProvider): HistoryProvider {
    if (this.#splits.length === 0) return history;
    const scaled = (columns: BarColumns): BarColumns => this.#applied.reduce(scaledBefore, columns);
    const { name, timeframes } = history;
    return {
      name,
      timeframes,
      async *pages(request, signal): AsyncGenerator<HistoryPage> {
        for await (const page of history.pages(request, signal)) yield { ...page, columns: scaled(page.columns) };
      },
      close: () => history.close(),
    };
  }
}

/** Rows in any order. */
function scaledBefore(columns: BarColumns, { from, priceFactor }: Split): BarColumns {
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

/** ADJ-4. Renames to the symbol that is asked for, applied before its bars come; one away from it is told, its bars are elsewhere. */
export async function settleRenames(
  store: Store,
  symbol: string,
  { actions, actor, now }: { readonly actions: readonly CorporateAction[]; readonly actor: string; readonly now: EpochMs },
): Promise<{ readonly done: readonly Renaming[]; readonly away: readonly Rename[] }> {
  const renames = actions.filter((action) => action.kind === 'RENAME');
  const done: Renaming[] = []; // bounded: the renames of one symbol
  for (const rename of renames) {
    if (rename.to !== symbol || rename.symbol === symbol) continue;
    const renaming = await renameSymbol(store, { rename, actor, now });
    if (renaming.reason !== 'NO_BARS' && renaming.reason !== 'DONE_BEFORE') done.push(renaming);
  }
  return { done, away: renames.filter((rename) => rename.symbol === symbol && rename.to !== symbol) };
}
