/** A whole run over one series: one pass, flat memory (backtesting.md 1, 3, 7). */
import type { Bar, EpochMs } from '../bar/bar.ts';
import { TIMEFRAME_MS } from '../bar/bar.ts';
import { BarCursor, appendBar, createBarColumns } from '../bar/columns.ts';
import type { BarColumns } from '../bar/columns.ts';
import type { Fact, FactSink } from '../engine/fact.ts';
import { createTradingEngine } from '../engine/trading-engine.ts';
import type { TradingEngine, TradingEngineOptions } from '../engine/trading-engine.ts';
import type { Micros } from '../setup/signal.ts';
import { costsFor } from '../trade/costs.ts';
import type { Trade } from '../trade/trade.ts';
import { BarHash, FactLog } from './hasher.ts';
import type { Hasher } from './hasher.ts';
import { RunStatistics } from './run-statistics.ts';
import type { RunSummary } from './run-statistics.ts';
import { Tally } from './tally.ts';
import { TradeBatches } from './trade-batches.ts';
import { TradeStatistics } from './trade-statistics.ts';
import type { TradeSummary } from './trade-statistics.ts';

const DEFAULT_CAPITAL = 100_000_000_000;
const DEFAULT_WARMUP = 300;
/** Bars a series must have beyond its warm-up. */
const LEAST_TESTED = 50;
const PAGE = 4_096;
const PROGRESS_BARS = 256;

export interface BacktestProgress {
  readonly bars: number;
  readonly trades: number;
  readonly equityMicros: Micros;
  /** Closing instant of the last bar. */
  readonly at: EpochMs;
}

export interface BacktestOptions extends Omit<TradingEngineOptions, 'sink' | 'onTrade' | 'account'> {
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

/** A run fed chunk by chunk, so that a reader may await between them. */
export class Backtest {
  readonly #options: BacktestOptions;
  readonly #engine: TradingEngine;
  readonly #cursor = new BarCursor(createBarColumns(0));
  readonly #barMs: number;
  readonly #warmupBars: number;
  readonly #run: RunStatistics;
  readonly #trades = new TradeStatistics();
  readonly #closedByRule = new TradeStatistics();
  readonly #batches: TradeBatches;
  readonly #events = new Tally();
  readonly #signals = new Tally();
  readonly #rejections = new Tally();
  readonly #exits = new Tally();
  readonly #inputHash: BarHash | null;
  readonly #factLog: FactLog | null;
  #facts = 0;
  #finished = 0;
  #early = 0;
  #status: BacktestStatus | null = null;

  constructor(options: BacktestOptions) {
    this.#options = options;
    this.#barMs = TIMEFRAME_MS[options.timeframe];
    this.#warmupBars = options.warmupBars ?? DEFAULT_WARMUP;
    this.#batches = new TradeBatches((batch) => options.onTrades?.(batch));
    this.#inputHash = options.inputHasher === undefined ? null : new BarHash(options.inputHasher);
    this.#factLog = options.outputHasher === undefined ? null : new FactLog(options.outputHasher);
    const startingMicros = options.capitalMicros ?? DEFAULT_CAPITAL;
    const { assetClass } = options.instrument;
    this.#run = new RunStatistics({
      startingMicros,
      assetClass,
      timeframe: options.timeframe,
      riskFreeRate: options.riskFreeRate ?? 0.02,
    });
    this.#engine = createTradingEngine({
      ...options,
      analysis: options.analysis ?? 'records',
      warmupBars: this.#warmupBars,
      account: { id: 'backtest', kind: 'BACKTEST', currency: 'USD', startingMicros },
      sink: (fact) => this.#hear(fact),
      onTrade: (trade) => this.#keep(trade),
    });
  }

  /** Runs one chunk. False: the run is over (cancelled or ruined) and takes no more. @throws {BacktestFailed} */
  feed(columns: BarColumns): boolean {
    if (this.#status !== null) return false;
    this.#inputHash?.next(columns);
    try {
      this.#walk(columns);
    } catch (error) {
      this.#batches.flush();
      throw new BacktestFailed(this.#engine.bars, error);
    }
    return this.#status === null;
  }

  /** Closes what is open and gives the figures. */
  end(): BacktestResult {
    if (this.#status !== 'CANCELLED' && this.#engine.bars > 0) {
      this.#engine.finish('END_OF_DATA');
      this.#run.settle(this.#engine.equityMicros);
    }
    this.#batches.flush();
    this.#status ??= this.#statusAtEnd();
    return this.#result(this.#status);
  }

  #walk(columns: BarColumns): void {
    const engine = this.#engine;
    const cursor = this.#cursor.over(columns);
    const { length, time } = columns;
    for (let row = 0; row < length; row += 1) {
      cursor.row = row;
      engine.step(cursor);
      engine.deliver();
      this.#run.next(time[row] + this.#barMs, engine.equityMicros, engine.openPositions > 0);
      if (engine.isRuined) this.#status = 'RUIN';
      else if (engine.bars % PROGRESS_BARS === 0) this.#progress(time[row] + this.#barMs);
      if (this.#status !== null) return;
    }
  }

  #progress(at: EpochMs): void {
    const { onProgress } = this.#options;
    if (onProgress === undefined) return;
    const goesOn = onProgress({ bars: this.#engine.bars, trades: this.#finished, equityMicros: this.#engine.equityMicros, at });
    if (!goesOn) this.#status = 'CANCELLED';
  }

  #statusAtEnd(): BacktestStatus {
    if (this.#engine.bars === 0) return 'NO_DATA';
    return this.#engine.bars < this.#warmupBars + LEAST_TESTED ? 'TOO_FEW_BARS' : 'COMPLETED';
  }

  #hear(fact: Fact): void {
    this.#facts += 1;
    this.#options.onFact?.(fact);
    this.#factLog?.fact(fact);
    if (fact.kind === 'event.changed') this.#events.count(`${fact.data.event.kind} ${fact.data.event.status}`);
    else if (fact.kind === 'signal.created' || fact.kind === 'signal.changed') {
      if (fact.kind === 'signal.created') this.#signals.count(fact.data.status);
      if (fact.data.status === 'REJECTED') this.#rejections.count(fact.data.rejectCode ?? 'UNKNOWN');
    }
  }

  #keep(trade: Trade): void {
    this.#finished += 1;
    this.#factLog?.trade(trade);
    this.#trades.next(trade);
    this.#exits.count(trade.exitReason);
    if (trade.exitReason !== 'END_OF_DATA') this.#closedByRule.next(trade);
    if (trade.entryTime <= trade.signalAt - this.#barMs) this.#early += 1;
    this.#batches.next(trade);
  }

  #result(status: BacktestStatus): BacktestResult {
    const { costs, instrument } = this.#options;
    return {
      status,
      bars: this.#engine.bars,
      warmupBars: this.#warmupBars,
      run: this.#run.summary(),
      trades: this.#trades.summary(),
      tradesClosedByRule: this.#closedByRule.summary(),
      events: this.#events.list(),
      signals: this.#signals.list(),
      rejections: this.#rejections.list(),
      exits: this.#exits.list(),
      facts: this.#facts,
      fillsBeforeSignal: this.#early,
      costs: (costs ?? costsFor(instrument.assetClass)).name,
      inputHash: this.#inputHash?.digest() ?? null,
      outputHash: this.#factLog?.digest() ?? null,
    };
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
