/** How a run ended and what it gave (backtesting.md 3, 6). */
import type { EpochMs } from '../bar/bar.ts';
import type { Micros } from '../setup/signal.ts';
import type { RunSummary } from './run-statistics.ts';
import type { TradeSummary } from './trade-statistics.ts';

export interface BacktestProgress {
  readonly bars: number;
  readonly trades: number;
  readonly equityMicros: Micros;
  /** Closing instant of the last bar. */
  readonly at: EpochMs;
}

/** Why a run ended; `RUIN`: equity reached zero; `TOO_FEW_BARS` and `NO_DATA` refuse the figures. */
export type BacktestStatus = 'COMPLETED' | 'CANCELLED' | 'RUIN' | 'TOO_FEW_BARS' | 'NO_DATA';

export interface BacktestResult {
  readonly status: BacktestStatus;
  readonly bars: number;
  readonly warmupBars: number;
  readonly run: RunSummary;
  readonly trades: TradeSummary;
  /** The same without trades that only the end of the data closed. */
  readonly tradesClosedByRule: TradeSummary;
  /** Records of the detector by `KIND status`. */
  readonly events: Readonly<Record<string, number>>;
  /** Signals by the state they were created in, and refusals by code. */
  readonly signals: Readonly<Record<string, number>>;
  readonly rejections: Readonly<Record<string, number>>;
  readonly exits: Readonly<Record<string, number>>;
  readonly facts: number;
  /** Fills at or before the close of their signal's bar: must be 0 (section 8). */
  readonly fillsBeforeSignal: number;
  readonly costs: string;
  readonly inputHash: string | null;
  readonly outputHash: string | null;
}

/** A failure inside a run; trades finished before it have been handed over. */
export class BacktestFailed extends Error {
  readonly bar: number;

  constructor(bar: number, cause: unknown) {
    super(`backtest: bar ${bar}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    this.name = 'BacktestFailed';
    this.bar = bar;
  }
}
