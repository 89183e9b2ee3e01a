/** Brings stored bars onto the prices after a split: chunk by chunk, so that a kill at any moment leaves no bar adjusted twice or not at all. */
import { adjustedBefore, matchesSplit, type EpochMs, type Split } from '@wyckoff/domain';
import { createHash } from 'node:crypto';
import type { ChangeStore, NewFact } from '../../store/changes.ts';
import type { CoverageStore } from '../../store/coverage-store.ts';
import type { BarStore, Series, SettingsStore } from '../../store/store.ts';
import { appliedKey, appliedSplits, sameSplit, withSplit, type AppliedSplit } from './applied-splits.ts';

const CHUNK = 1000;
/** A weekly bar bears a day from Sunday to Tuesday; a split on a day this much later lies within its week. */
const WITHIN_WEEK_MS = 5 * 86_400_000;
/** Runs of bars looked at for a change of their source. */
const MOST_RUNS = 10_000;

export type AdjustedStore = Pick<BarStore, 'barsBefore' | 'barsAfter' | 'importBars' | 'countBars'> &
  Pick<CoverageStore, 'surveyBars' | 'coverage'> &
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
  /**
   * `DONE_BEFORE`: by an earlier call. `ALREADY_ADJUSTED`: there is no jump that fits it. `MIXED_WEEK`: a weekly bar spans it. `MIXED_SOURCES`: some of the bars before it are in
   * its prices already, others are not: where the source changes they jump by it.
   */
  readonly reason: 'ADJUSTED' | 'NO_BARS' | 'ALREADY_ADJUSTED' | 'DONE_BEFORE' | 'MIXED_WEEK' | 'MIXED_SOURCES';
  /** Opening time of the bar at which the source changes; only with MIXED_SOURCES. */
  readonly at?: EpochMs;
}

export interface AdjustOptions {
  readonly split: Split;
  /** For the audit: who asked for it. */
  readonly actor: string;
  readonly now: EpochMs;
  /** Looks and touches nothing. */
  readonly dryRun?: boolean | undefined;
}

/** ADJ-3. Applies a split to the stored bars before it, once; asked again it does nothing. The audit fact is written with the end of it. */
export async function adjustForSplit(store: AdjustedStore, series: Series, options: AdjustOptions): Promise<Adjustment> {
  const { split, dryRun = false } = options;
  const key = keyOf(series, split);
  const mark = ((await store.setting(key)) ?? null) as AdjustMark | 'done' | null;
  const answer = (reason: Adjustment['reason'], bars = 0): Adjustment => ({ series, split, bars, reason });
  if (mark === 'done') {
    // A store of before these lists were kept.
    if (!dryRun && !(await appliedSplits(store, series)).some((one) => sameSplit(one, split)))
      await noteSplit(store, series, { split, state: 'came' });
    return answer('DONE_BEFORE');
  }
  if (mark === null) {
    const mixed = await changeOfPrices(store, series, split);
    if (mixed !== null) return { ...answer('MIXED_SOURCES'), at: mixed };
    const reason = await unfit(store, series, split);
    if (reason === 'ALREADY_ADJUSTED' && !dryRun) {
      await noteSplit(store, series, { split, state: 'came' });
      await store.saveSetting(key, 'done');
    }
    if (reason !== null) return answer(reason);
  }
  if (dryRun) return answer('ADJUSTED', await store.countBars(series, { until: split.from - 1 }));
  await noteSplit(store, series, { split, state: 'half' });
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
  const applied = withSplit(await appliedSplits(store, series), split, 'applied');
  const settings = [[key, 'done'], [appliedKey(series), applied]] as const; // prettier-ignore
  const writes = settings.map(([name, value]) => ({ kind: 'setting', setting: { userId: '', key: name, value, expected: null, by: options.actor } }) as const); // prettier-ignore
  await store.change({ facts: [factOf(series, { ...options, bars })], writes });
  return answer('ADJUSTED', bars);
}

/** ADJ-1. Why a split is not to be applied; null when it is. */
async function unfit(
  store: AdjustedStore,
  series: Series,
  split: Split,
): Promise<Exclude<Adjustment['reason'], 'ADJUSTED' | 'MIXED_SOURCES'> | null> {
  const before = await store.barsBefore(series, { before: split.from, limit: 1 });
  const after = await store.barsAfter(series, { after: split.from - 1, limit: 1 });
  if (before.length === 0 || after.length === 0) return 'NO_BARS';
  // Half of such a week was traded at other prices: it can be fetched again, not computed.
  if (series.timeframe === '1w' && before.time[0] + WITHIN_WEEK_MS > split.from) return 'MIXED_WEEK';
  return matchesSplit(before.close[0], after.open[0], split.priceFactor) ? null : 'ALREADY_ADJUSTED';
}

/**
 * ADJ-5. Where, before a split, the source of the bars changes and the price with it by just this split: one of the two is in its prices
 * already. Adjusting all would adjust one of them twice, adjusting none leaves the other. Null when there is no such place.
 */
async function changeOfPrices(store: AdjustedStore, series: Series, split: Split): Promise<EpochMs | null> {
  const { symbol, timeframe } = series;
  const runs = (await store.coverage({ symbol, limit: MOST_RUNS })).filter((run) => run.timeframe === timeframe);
  for (const [i, run] of runs.entries()) {
    if (i === 0 || run.provider === runs[i - 1].provider) continue;
    // One may end inside the other.
    for (const seam of [run.from, Math.min(run.to, runs[i - 1].to) + 1]) {
      const before = await store.barsBefore(series, { before: seam, limit: 1 });
      const after = await store.barsAfter(series, { after: seam - 1, limit: 1 });
      if (before.length === 0 || after.length === 0 || after.time[0] >= split.from) continue;
      const [last, next] = [before.close[0], after.open[0]];
      if (matchesSplit(last, next, split.priceFactor) || matchesSplit(last, next, 1 / split.priceFactor)) return after.time[0];
    }
  }
  return null;
}

async function noteSplit(
  store: AdjustedStore,
  series: Series,
  { split, state }: { readonly split: Split; readonly state: AppliedSplit['state'] },
): Promise<void> {
  await store.saveSetting(appliedKey(series), withSplit(await appliedSplits(store, series), split, state));
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
