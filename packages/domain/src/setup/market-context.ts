/** What the strategy stage must know of the market at the instant of a signal (trading.md 3). */
import type { AssetClass, EpochMs, Timeframe } from '../bar/bar.ts';
import type { Regime } from '../wyckoff/view.ts';
import type { Schedule } from './event-calendar.ts';

export interface MarketContext {
  readonly assetClass: AssetClass;
  readonly timeframe: Timeframe;
  /** Closing instant of the bar. */
  readonly at: EpochMs;
  /** Of the benchmark, else of the symbol itself; null: missing, and nothing passes. */
  readonly regime: Regime | null;
  /** Label of the FX session; null elsewhere. */
  readonly session: string | null;
  /** 0..100; null before 50 bars. */
  readonly atrPercentile: number | null;
  readonly volumePercentile: number | null;
  /** 2.0, 2.5 or 3.0 range widths a cause of this length can pay (detection.md 7.3). */
  readonly causeFactor: number;
  /** Instant at which a campaign of the same direction was last invalidated (6.4); null: never. */
  readonly invalidatedAt: EpochMs | null;
  /** Bars since any campaign of the symbol was last invalidated; null: never. */
  readonly barsSinceInvalidation: number | null;
  /** The hypothesis was implied: no climax was seen. Null: unknown, and `strict` and `permissive` refuse. */
  readonly implied: boolean | null;
  /** Earnings or news near `at`; null: no calendar is connected (ST-7 says so). */
  readonly schedule: Schedule | null;
}

/** How far a range of this many bars can carry, in widths. */
export function causeFactorOf(durationBars: number): number {
  if (durationBars >= 40) return 3;
  return durationBars >= 25 ? 2.5 : 2;
}
