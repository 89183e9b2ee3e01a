/** How far a percentage reaches on each timeframe: 3 % of a daily range is a lot for a minute (detection.md 1.2). */
import type { Timeframe } from '../bar/bar.ts';

/** Multiplies every percentage marked * in trading.md; 1 on `1d`. */
export const TIMEFRAME_FACTOR: Readonly<Record<Timeframe, number>> = {
  '1m': 0.15,
  '5m': 0.2,
  '15m': 0.3,
  '30m': 0.45,
  '1h': 0.7,
  '4h': 0.85,
  '1d': 1,
  '1w': 1.6,
};
