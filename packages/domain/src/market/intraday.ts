/** Which timeframes end within a session. */
import type { Timeframe } from '../bar/bar.ts';

/** Everything below one day. */
export function isIntraday(timeframe: Timeframe): boolean {
  return timeframe !== '1d' && timeframe !== '1w';
}
