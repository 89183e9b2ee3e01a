/** Brings stored bars onto the prices after a split: chunk by chunk, so that a kill at any moment leaves no bar adjusted twice or not at all. */
import { adjustedBefore, matchesSplit, type EpochMs, type Split } from '@wyckoff/domain';
import { createHash } from 'node:crypto';
import type { ChangeStore, NewFact } from '../../store/changes.ts';
import type { CoverageStore } from '../../store/coverage-store.ts';
import type { BarStore, Series, SettingsStore } from '../../store/store.ts';

const CHUNK = 1000;
const WEEK_MS = 604_800_000;

export type AdjustedStore = Pick<BarStore, 'barsBefore' | 'barsAfter' | 'importBars' | 'countBars'> &
  Pick<CoverageStore, 'surveyBars'> &
  Pick<ChangeStore, 'change'> &
  Pick<SettingsStore, 'setting' | 'saveSetting'>;

/** Written before a chunk is touched: whether it was is read from its first bar afterwards. */
interface AdjustMark {
  /** Opening time and close, before, of the first bar of the chunk at hand. */
  readonly time: EpochMs;
  readonly close: number;
  /** The chunk ends before this. */
  readonly until: EpochMs;
  /** Bars done before this chunk. */
  readonly bars: number;
}

/** What became of a split in one series. */
export interface Adjustment {
  readonly series: Series;
  readonly split: Split;
  readonly bars: number;
  /** `DONE_BEFORE`: by an earlier call. `ALREADY_ADJUSTED`: there is no jump that fits it. `MIXED_WEEK`: a weekly bar spans it. */
  readonly reason: 'ADJUSTED' | 'NO_BARS' | 'ALREADY_ADJUSTED' | 'DONE_BEFORE' | 'MIXED_WEEK';
}

export interface AdjustOptions {
  readonly split: Split;
  /** For the audit: who asked for it. */
  readonly actor: string;
  readonly now: EpochMs;
  /** Looks and touches nothing. */
  readonly dryRun?: boolean | undefined;
}

/** Whether the stored bars of a series are on the prices after a split, by an adjustment or because they came so. */
export async function isAdjusted(store: Pick<SettingsStore, 'setting'>, series: Series, split: Split): Promise<boolean> {
  return (await store.setting(keyOf(series, split))) === 'done';
}

/** ADJ-3. Applies a split to the stored bars before it, once; asked again it does nothing. The audit fact is written with the end of it. */
export async function adjustForSplit(store: AdjustedStore, series: Series, options: AdjustOptions): Promise<Adjustment> {
  const { split, dryRun = false } = options;
  const key = keyOf(series, split);
  const mark = ((await store.setting(key)) ?? null) as AdjustMark | 'done' | null;
  const answer = (reason: Adjustment['reason'], bars = 0): Adjustment => ({ series, split, bars, reason });
  if (mark === 'done') return answer('DONE_BEFORE');
  if (mark === null) {
    const reason = await unfit(store, series, split);
    if (reason === 'ALREADY_ADJUSTED' && !dryRun) await store.saveSetting(key, 'done');
    if (reason !== null) return answer(reason);
  }
  if (dryRun) return answer('ADJUSTED', await store.countBars(series, { until: split.from - 1 }));
  let bars = mark?.bars ?? 0;
  let until = mark === null ? split.from : await behindChunk(store, series, mark);
  // A chunk that was done before the kill is counted with those before it.
  if (mark !== null && until === mark.time)
    bars += await store.countBars(series, { after: mark.time - 1, until: mark.until - 1 });
  for (;;) {
    const chunk = await store.barsBefore(series, { before: until, limit: CHUNK });
    if (chunk.length === 0) break;
    await store.saveSetting(key, { time: chunk.time[0], close: chunk.close[0], until, bars } satisfies AdjustMark);
    const adjusted = adjustedBefore(chunk, until, split.priceFactor);
    await store.importBars(series, adjusted, `split ${split.priceFactor}`, { adjusts: true });
    bars += chunk.length;
    until = chunk.time[0];
  }
  await store.surveyBars(series);
  const setting = { userId: '', key, value: 'done', expected: null, by: options.actor };
  await store.change({ facts: [factOf(series, { ...options, bars })], writes: [{ kind: 'setting', setting }] });
  return answer('ADJUSTED', bars);
}

/** ADJ-1. Why a split is not to be applied; null when it is. */
async function unfit(
  store: AdjustedStore,
  series: Series,
  split: Split,
): Promise<Exclude<Adjustment['reason'], 'ADJUSTED'> | null> {
  const before = await store.barsBefore(series, { before: split.from, limit: 1 });
  const after = await store.barsAfter(series, { after: split.from - 1, limit: 1 });
  if (before.length === 0 || after.length === 0) return 'NO_BARS';
  // Half of such a week was traded at other prices: it can be fetched again, not computed.
  if (series.timeframe === '1w' && before.time[0] + WEEK_MS > split.from && before.time[0] % WEEK_MS !== split.from % WEEK_MS)
    return 'MIXED_WEEK';
  return matchesSplit(before.close[0], after.open[0], split.priceFactor) ? null : 'ALREADY_ADJUSTED';
}

/** Where to go on after a kill: before the chunk when its first bar is adjusted already, else at its end. A chunk is one transaction. */
async function behindChunk(store: AdjustedStore, series: Series, { time, close, until }: AdjustMark): Promise<EpochMs> {
  const first = await store.barsAfter(series, { after: time - 1, limit: 1 });
  return first.length > 0 && first.time[0] === time && first.close[0] !== close ? time : until;
}

function keyOf({ symbol, timeframe }: Series, { from, priceFactor }: Split): string {
  return `adjust.${createHash('sha256')
    .update(JSON.stringify([symbol, timeframe, from, priceFactor]))
    .digest('hex')
    .slice(0, 24)}`;
}

function factOf(series: Series, { split, bars, actor, now }: AdjustOptions & { readonly bars: number }): NewFact {
  const { symbol, timeframe } = series;
  const { from, priceFactor } = split;
  return { at: now, topic: 'bars', type: 'bars.adjusted', entity: symbol, actor, audit: true, data: { symbol, timeframe, from, priceFactor, bars } }; // prettier-ignore
}
