/** Splits and renames around a download: what is stored, what comes, and what joins the two are on one scale. */
import type { CorporateAction, EpochMs, Rename, Split } from '@wyckoff/domain';
import type { Series, Store } from '../../store/store.ts';
import type { HistoryProvider } from '../contract/history.ts';
import { adjustForSplit, type Adjustment } from './adjust.ts';
import { appliedSplits, sameSplit, type AppliedSplit } from './applied-splits.ts';
import { renameSymbol, type Renaming } from './rename.ts';
import { scaledHistory } from './scaled-history.ts';

export interface DownloadActionsOptions {
  readonly store: Store;
  readonly series: Series;
  readonly actions: readonly CorporateAction[];
  readonly actor: string;
  readonly now: EpochMs;
  readonly onAdjusted: (adjustment: Adjustment) => void;
}

const TOLD: ReadonlySet<Adjustment['reason']> = new Set(['ADJUSTED', 'MIXED_WEEK', 'MIXED_SOURCES']);

export class DownloadActions {
  readonly #options: DownloadActionsOptions;
  readonly #splits: readonly Split[];
  #applied: readonly AppliedSplit[] = [];

  constructor(options: DownloadActionsOptions) {
    this.#options = options;
    const { symbol } = options.series;
    this.#splits = options.actions.filter((action) => action.kind === 'SPLIT' && action.symbol === symbol) as Split[];
  }

  /** Of these the stored bars know nothing yet: they explain a jump. */
  get open(): readonly Split[] {
    return this.#splits.filter((split) => !this.#applied.some((one) => sameSplit(one, split)));
  }

  /** Before the first page and after the last: applies what can be applied. */
  async settle(): Promise<void> {
    const { store, series, actor, now, onAdjusted } = this.#options;
    // One that was stopped half-way is ended first, whoever began it.
    const half = (await appliedSplits(store, series)).filter(({ state }) => state === 'half');
    const begun = half.map(({ from, priceFactor }): Split => ({ kind: 'SPLIT', symbol: series.symbol, from, priceFactor }));
    for (const split of [...begun, ...this.#splits]) {
      const adjustment = await adjustForSplit(store, series, { split, actor, now });
      if (TOLD.has(adjustment.reason)) onAdjusted(adjustment);
    }
    // What a person said of bars that came adjusted is believed of prices as they were only when the provider says it too.
    const known = (one: AppliedSplit): boolean => this.#splits.some((split) => sameSplit(split, one));
    this.#applied = (await appliedSplits(store, series)).filter((one) => one.state === 'applied' || (one.state === 'came' && known(one))); // prettier-ignore
  }

  /** A provider that tells prices as they were: its bars before a split that was applied come in as the stored ones are. */
  over(history: HistoryProvider): HistoryProvider {
    return scaledHistory(history, () => this.#applied);
  }
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
