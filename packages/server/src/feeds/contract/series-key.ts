/** Which series a feed speaks of: a symbol in our spelling, and a timeframe. */
import type { Timeframe } from '@wyckoff/domain';

export interface SeriesKey {
  readonly symbol: string;
  readonly timeframe: Timeframe;
}

/** `SPY 1d`: the key of registries and the name in messages. */
export function seriesName({ symbol, timeframe }: SeriesKey): string {
  return `${symbol} ${timeframe}`;
}
