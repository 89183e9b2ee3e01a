/** A whole run over one series: one pass, flat memory (backtesting.md 1, 7). */
import type { Bar, EpochMs, Instrument, Timeframe } from '../bar/bar.ts';
import type { FactSink } from '../engine/fact.ts';
import type { TradingEngineOptions } from '../engine/trading-engine.ts';
import type { Trade } from '../trade/trade.ts';

/** A running hash from outside (SHA-256 of the platform); the domain has no fast one of its own. */
export interface Hasher {
  update(text: string): void;
  /** Hexadecimal. */
  digest(): string;
}

export interface BacktestProgress {
  readonly bars: number;
  readonly trades: number;
  readonly equityMicros: number;
  readonly at: EpochMs;
}

export interface BacktestOptions extends Omit<TradingEngineOptions, 'sink' | 'onTrade' | 'account'> {
  readonly instrument: Instrument;
  readonly timeframe: Timeframe;
  /** Bars in ascending time; may be one reused cursor. */
  readonly bars: Iterable<Bar>;
  /** Micros of the account currency; default 100,000. */
  readonly capitalMicros?: number;
  /** Full batches of 100 and one last smaller one; what is not taken is gone. */
  readonly onTrades?: (batch: readonly Trade[]) => void;
  readonly onFact?: FactSink;
  /** Called every 256 bars; returning false cancels the run. */
  readonly onProgress?: (progress: BacktestProgress) => boolean;
  /** Of the result; none: `outputHash` is null. */
  readonly hasher?: Hasher;
}
