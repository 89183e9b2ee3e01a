/** A whole run over one series: one pass, flat memory (backtesting.md 1, 3, 7). */
import type { Bar } from '../bar/bar.ts';
import { TIMEFRAME_MS } from '../bar/bar.ts';
import { BarCursor, appendBar, createBarColumns } from '../bar/columns.ts';
import type { BarColumns } from '../bar/columns.ts';
import type { FactSink } from '../engine/fact.ts';
import { createTradingEngine } from '../engine/trading-engine.ts';
import type { TradingEngine, TradingEngineOptions } from '../engine/trading-engine.ts';
import type { Micros } from '../setup/signal.ts';
import { costsFor } from '../trade/costs.ts';
import type { Trade } from '../trade/trade.ts';
import { BacktestFailed } from './backtest-result.ts';
import type { BacktestProgress, BacktestResult, BacktestStatus } from './backtest-result.ts';
import type { Hasher } from './hasher.ts';
import { RunRecord } from './run-record.ts';

export const DEFAULT_CAPITAL = 100_000_000_000;
export const DEFAULT_WARMUP = 300;
/** Bars a series must have beyond its warm-up. */
export const LEAST_TESTED = 50;
const PAGE = 4_096;

/** What every run may be asked beside its series. */
export interface RunChoices {
  /** Micros of the account currency; default 100,000 units. */
  readonly capitalMicros?: Micros;
  /** Per year; default 0.02. */
  readonly riskFreeRate?: number;
  /** Full batches of 100 and one last smaller one; what is not kept by the receiver is gone. */
  readonly onTrades?: (batch: readonly Trade[]) => void;
  readonly onFact?: FactSink;
  /** Called every 256 bars; returning false cancels the run. */
  readonly onProgress?: (progress: BacktestProgress) => boolean;
  /** Over the bars; none: `inputHash` is null. */
  readonly inputHasher?: Hasher;
  /** Over every fact and trade; none: `outputHash` is null. */
  readonly outputHasher?: Hasher;
}

export interface BacktestOptions extends Omit<TradingEngineOptions, 'sink' | 'onTrade' | 'account'>, RunChoices {}

/** A run fed chunk by chunk, so that a reader may await between them. */
export class Backtest {
  readonly #options: BacktestOptions;
  readonly #engine: TradingEngine;
  readonly #cursor = new BarCursor(createBarColumns(0));
  readonly #barMs: number;
  readonly #warmupBars: number;
  readonly #record: RunRecord;
  #status: BacktestStatus | null = null;

  constructor(options: BacktestOptions) {
    this.#options = options;
    const { timeframe, onTrades, onFact, onProgress, inputHasher, outputHasher, capitalMicros, riskFreeRate } = options;
    this.#barMs = TIMEFRAME_MS[timeframe];
    this.#warmupBars = options.warmupBars ?? DEFAULT_WARMUP;
    const startingMicros = capitalMicros ?? DEFAULT_CAPITAL;
    const { assetClass } = options.instrument;
    const statistics = { startingMicros, assetClass, timeframe, riskFreeRate: riskFreeRate ?? 0.02 };
    this.#record = new RunRecord({ statistics, onTrades, onFact, onProgress, inputHasher, outputHasher });
    this.#engine = createTradingEngine({
      ...options,
      analysis: options.analysis ?? 'records',
      warmupBars: this.#warmupBars,
      account: { id: 'backtest', kind: 'BACKTEST', currency: 'USD', startingMicros },
      sink: (fact) => this.#record.hear(fact),
      onTrade: (trade) => this.#record.keep(trade),
    });
  }

  /** Runs one chunk. False: the run is over (cancelled or ruined) and takes no more. @throws {BacktestFailed} */
  feed(columns: BarColumns): boolean {
    if (this.#status !== null) return false;
    this.#record.input(columns);
    try {
      this.#walk(columns);
    } catch (error) {
      this.#record.flush();
      throw new BacktestFailed(this.#engine.bars, error);
    }
    return this.#status === null;
  }

  /** Closes what is open and gives the figures. */
  end(): BacktestResult {
    const { bars } = this.#engine;
    if (this.#status !== 'CANCELLED' && bars > 0) {
      this.#engine.finish('END_OF_DATA');
      this.#record.settle(this.#engine);
    }
    this.#record.flush();
    this.#status ??= this.#statusAtEnd();
    const { costs, instrument } = this.#options;
    const named = (costs ?? costsFor(instrument.assetClass)).name;
    return this.#record.result(this.#status, { bars, warmupBars: this.#warmupBars, costs: named });
  }

  #walk(columns: BarColumns): void {
    const cursor = this.#cursor.over(columns);
    const { length } = columns;
    for (let row = 0; row < length; row += 1) {
      cursor.row = row;
      this.#next(cursor);
      if (this.#status !== null) return;
    }
  }

  /** A method of its own: compiled by itself it survives what makes the loop around it be compiled anew. */
  #next(bar: Bar): void {
    const engine = this.#engine;
    engine.step(bar);
    engine.deliver();
    this.#status = this.#record.next(bar.time + this.#barMs, engine);
  }

  #statusAtEnd(): BacktestStatus {
    if (this.#engine.bars === 0) return 'NO_DATA';
    return this.#engine.bars < this.#warmupBars + LEAST_TESTED ? 'TOO_FEW_BARS' : 'COMPLETED';
  }
}

/** Runs every chunk and gives the figures. @throws {BacktestFailed} */
export function runBacktest(options: BacktestOptions & { readonly source: Iterable<BarColumns> }): BacktestResult {
  const run = new Backtest(options);
  for (const columns of options.source) if (!run.feed(columns)) break;
  return run.end();
}

/** Single bars gathered into columns; one column set is reused, so a chunk is valid until the next. */
export function* inColumns(bars: Iterable<Bar>, size = PAGE): Generator<BarColumns> {
  const columns = createBarColumns(size);
  for (const bar of bars) {
    appendBar(columns, bar);
    if (columns.length < size) continue;
    yield columns;
    columns.length = 0;
  }
  if (columns.length > 0) yield columns;
}
