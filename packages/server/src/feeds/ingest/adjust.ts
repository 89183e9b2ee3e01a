/** Brings stored bars onto the prices after a split: chunk by chunk, so that a kill at any moment leaves no bar adjusted twice or not at all. */
import { adjustedBefore, matchesSplit, type EpochMs, type Split } from '@wyckoff/domain';
import { createHash } from 'node:crypto';
import type { BarStore, Series, SettingsStore } from '../../store/store.ts';

const CHUNK = 1000;

export type AdjustedStore = Pick<BarStore, 'barsBefore' | 'barsAfter' | 'importBars'> &
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

/** For the audit: which bars of which series, by what factor. */
export interface Adjustment {
  readonly series: Series;
  readonly split: Split;
  readonly bars: number;
  readonly reason: 'ADJUSTED' | 'NO_BARS' | 'ALREADY_ADJUSTED';
}

/** ADJ-3. Applies a split to the stored bars before it, once; asked again it does nothing. `onAdjusted` is told before it returns. */
export async function adjustForSplit(
  store: AdjustedStore,
  series: Series,
  { split, onAdjusted }: { readonly split: Split; readonly onAdjusted?: (adjustment: Adjustment) => void },
): Promise<Adjustment> {
  const key = `adjust.${createHash('sha256').update(JSON.stringify([series.symbol, series.timeframe, split.from, split.priceFactor])).digest('hex').slice(0, 24)}`; // prettier-ignore
  const mark = ((await store.setting(key)) ?? null) as AdjustMark | 'done' | null;
  const answer = (reason: Adjustment['reason'], bars: number): Adjustment => {
    const adjustment = { series, split, bars, reason };
    if (reason === 'ADJUSTED') onAdjusted?.(adjustment);
    return adjustment;
  };
  if (mark === 'done') return answer('ALREADY_ADJUSTED', 0);
  if (mark === null) {
    const before = await store.barsBefore(series, { before: split.from, limit: 1 });
    const after = await store.barsAfter(series, { after: split.from - 1, limit: 1 });
    if (before.length === 0 || after.length === 0) return answer('NO_BARS', 0);
    if (!matchesSplit(before.close[0], after.open[0], split.priceFactor)) {
      await store.saveSetting(key, 'done');
      return answer('ALREADY_ADJUSTED', 0);
    }
  }
  let bars = mark?.bars ?? 0;
  let until = mark === null ? split.from : await behindChunk(store, series, mark);
  for (;;) {
    const chunk = await store.barsBefore(series, { before: until, limit: CHUNK });
    if (chunk.length === 0) break;
    await store.saveSetting(key, { time: chunk.time[0], close: chunk.close[0], until, bars } satisfies AdjustMark);
    await store.importBars(series, adjustedBefore(chunk, until, split.priceFactor), `split ${split.priceFactor}`);
    bars += chunk.length;
    until = chunk.time[0];
  }
  await store.saveSetting(key, 'done');
  return answer('ADJUSTED', bars);
}

/** Where to go on after a kill: before the chunk when its first bar is adjusted already, else at its end. A chunk is one transaction. */
async function behindChunk(store: AdjustedStore, series: Series, { time, close, until }: AdjustMark): Promise<EpochMs> {
  const first = await store.barsAfter(series, { after: time - 1, limit: 1 });
  return first.length > 0 && first.time[0] === time && first.close[0] !== close ? time : until;
}
