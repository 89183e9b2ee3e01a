/** How a series is named in the tables of bars. */
import { TIMEFRAME_MS, TIMEFRAMES, type Timeframe } from '@wyckoff/domain';

/** A timeframe in minutes, as the store keeps it. */
export function minutesOf(timeframe: Timeframe): number {
  return TIMEFRAME_MS[timeframe] / 60_000;
}

export function timeframeOf(minutes: number): Timeframe | undefined {
  return TIMEFRAMES.find((timeframe) => minutesOf(timeframe) === minutes);
}
