/** A position and an account as everybody sees them (trading.md 6.3, 8.1): whole states, never deltas. */
import type { EpochMs, Price, Ratio } from '../bar/bar.ts';
import type { Direction, Micros, QtyMicros } from '../setup/signal.ts';

export const EXIT_REASONS = [
  'STOP', 'BREAKEVEN', 'TRAIL', 'T1', 'T2', 'T3', 'RULE_1', 'RULE_2', 'RULE_3', 'RULE_4', 'RULE_5', 'RULE_6', 'RULE_7', 'RULE_8', 'RULE_9',
  'RULE_10', 'RULE_11', 'INVALIDATED', 'MANUAL', 'FLATTEN', 'FRIDAY', 'PROTECTION_FAILED', 'TRIM', 'BROKER', 'END_OF_DATA', 'END_OF_WINDOW',
] as const; // prettier-ignore
export type ExitReason = (typeof EXIT_REASONS)[number];

export interface Position {
  readonly id: string;
  readonly signalId: string | null;
  readonly symbol: string;
  readonly direction: Direction;
  readonly status: 'OPEN' | 'CLOSED';
  readonly openQtyMicros: QtyMicros;
  readonly initialQtyMicros: QtyMicros;
  readonly avgEntry: Price;
  readonly initialStop: Price;
  readonly stop: Price;
  readonly targets: readonly Price[];
  /** How many rungs of the ladder have fired. */
  readonly rungsDone: number;
  /** Last price it was marked at and when that bar opened. */
  readonly last: Price;
  readonly lastAt: EpochMs;
  /** Closed part, before commission and fees. */
  readonly realisedMicros: Micros;
  readonly unrealisedMicros: Micros;
  /** Commission and fees paid so far, >= 0. */
  readonly costsMicros: Micros;
  /** Open risk: entry to the current stop, 0 from break-even on. */
  readonly riskMicros: Micros;
  /** Net of costs, in units of the initial risk, realised and open together; null when the initial risk is 0. */
  readonly r: Ratio | null;
  readonly mfeR: Ratio;
  readonly maeR: Ratio;
  readonly openedAt: EpochMs;
  readonly closedAt: EpochMs | null;
  /** Quantity-weighted; null until a part is closed. */
  readonly avgExit: Price | null;
  readonly exitReason: ExitReason | null;
  readonly version: number;
}

export interface Account {
  readonly id: string;
  readonly kind: 'PAPER' | 'LIVE' | 'REPLAY' | 'BACKTEST';
  readonly currency: string;
  readonly startingMicros: Micros;
  readonly cashMicros: Micros;
  readonly equityMicros: Micros;
  readonly peakMicros: Micros;
  /** (peak - equity) / peak now. */
  readonly drawdownRatio: Ratio;
  /** Closed parts, before commission and fees: `equity - starting = realised + unrealised - costs`, exact. */
  readonly realisedMicros: Micros;
  readonly unrealisedMicros: Micros;
  /** Commission and fees paid so far, >= 0. */
  readonly costsMicros: Micros;
  /** Open risk of all positions plus reservations, as a share of equity. */
  readonly heatRatio: Ratio;
  readonly trades: number;
  readonly wins: number;
  readonly at: EpochMs;
}
