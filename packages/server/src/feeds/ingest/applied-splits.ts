/** Which splits the stored bars of a series have been brought onto: known per series and instant, so that no bar is adjusted twice or left out (ADJ-5). */
import type { EpochMs, Split } from '@wyckoff/domain';
import { createHash } from 'node:crypto';
import type { SettingsStore } from '../../store/store.ts';
import type { SeriesKey } from '../contract/series-key.ts';

/** All bars of the series before `from` are in the prices after it, whoever gave them. */
export interface AppliedSplit {
  readonly from: EpochMs;
  readonly priceFactor: number;
  /** `applied`: by us. `came`: no jump was there, they came so. `half`: the process died while it was being applied; `adjust` goes on. */
  readonly state: 'applied' | 'came' | 'half';
}

/** What a split is known by. */
export type SplitFigures = Pick<Split, 'from' | 'priceFactor'>;

type Reads = Pick<SettingsStore, 'setting'>;

/** In the order in which they were applied: repeating it gives the same prices to the last bit. */
export async function appliedSplits(store: Reads, series: SeriesKey): Promise<readonly AppliedSplit[]> {
  const value = await store.setting(appliedKey(series));
  return Array.isArray(value) ? (value as readonly AppliedSplit[]) : [];
}

/** The list with this split in it, once. */
export function withSplit(
  applied: readonly AppliedSplit[],
  { from, priceFactor }: SplitFigures,
  state: AppliedSplit['state'],
): readonly AppliedSplit[] {
  // prettier-ignore
  const entry = { from, priceFactor, state };
  return applied.some((one) => sameSplit(one, entry))
    ? applied.map((one) => (sameSplit(one, entry) ? entry : one))
    : [...applied, entry];
}

export function sameSplits(a: readonly AppliedSplit[], b: readonly AppliedSplit[]): boolean {
  return a.length === b.length && a.every((one) => b.some((other) => sameSplit(one, other)));
}

export function sameSplit(a: SplitFigures, b: SplitFigures): boolean {
  return a.from === b.from && a.priceFactor === b.priceFactor;
}

export function appliedKey({ symbol, timeframe }: SeriesKey): string {
  return `splits.${createHash('sha256')
    .update(JSON.stringify([symbol, timeframe]))
    .digest('hex')
    .slice(0, 24)}`;
}
