/** A finished trade: one position from its first entry fill to its last exit fill (backtesting.md 6). */
import type { EpochMs, Price, Ratio, Timeframe } from '../bar/bar.ts';
import type { Direction, Leg, Micros, Pattern, QtyMicros } from '../setup/signal.ts';
import type { Phase } from '../wyckoff/event.ts';
import type { ExitReason } from './position.ts';

export interface Trade {
  /** 1, 2, ... within the run. */
  readonly seq: number;
  readonly positionId: string;
  readonly signalId: string;
  readonly symbol: string;
  readonly timeframe: Timeframe;
  readonly pattern: Pattern;
  readonly leg: Leg;
  readonly direction: Direction;
  readonly phase: Phase | null;
  readonly confidence: number | null;
  readonly campaignId: string;
  /** Closing instant of the bar the signal was made on. */
  readonly signalAt: EpochMs;
  readonly entryTime: EpochMs;
  readonly entryPrice: Price;
  readonly qtyMicros: QtyMicros;
  readonly initialStop: Price;
  readonly exitTime: EpochMs;
  /** Weighted over the parts. */
  readonly exitPrice: Price;
  readonly exitReason: ExitReason;
  readonly initialRiskMicros: Micros;
  /** Unslipped prices, no fees. */
  readonly grossPnlMicros: Micros;
  readonly commissionMicros: Micros;
  readonly slippageMicros: Micros;
  readonly impactMicros: Micros;
  readonly borrowMicros: Micros;
  /** What the ledger says: `gross - commission - slippage - impact - borrow`, exact. */
  readonly netPnlMicros: Micros;
  /** Equity of the account when the position opened. */
  readonly equityBeforeMicros: Micros;
  readonly grossR: Ratio | null;
  readonly netR: Ratio | null;
  readonly mfeR: Ratio;
  readonly maeR: Ratio;
  /** Bars from the entry bar to the exit bar, both counted. */
  readonly bars: number;
}
