/** What is kept of a run while it goes on: tallies, statistics, batches of trades, hashes; of fixed size (backtesting.md 6, 7). */
import type { EpochMs, Timeframe } from '../bar/bar.ts';
import { TIMEFRAME_MS } from '../bar/bar.ts';
import type { BarColumns } from '../bar/columns.ts';
import type { Fact, FactSink } from '../engine/fact.ts';
import type { TradingEngine } from '../engine/trading-engine.ts';
import type { Trade } from '../trade/trade.ts';
import type { BacktestProgress, BacktestResult, BacktestStatus } from './backtest-result.ts';
import { BarHash, FactLog } from './hasher.ts';
import type { Hasher } from './hasher.ts';
import { RunStatistics } from './run-statistics.ts';
import type { RunStatisticsOptions } from './run-statistics.ts';
import { Tally } from './tally.ts';
import { TradeBatches } from './trade-batches.ts';
import { TradeStatistics } from './trade-statistics.ts';

const PROGRESS_BARS = 256;

export interface RunRecordOptions {
  readonly statistics: RunStatisticsOptions;
  readonly onTrades?: ((batch: readonly Trade[]) => void) | undefined;
  readonly onFact?: FactSink | undefined;
  /** Called every 256 bars; returning false cancels the run. */
  readonly onProgress?: ((progress: BacktestProgress) => boolean) | undefined;
  readonly inputHasher?: Hasher | undefined;
  readonly outputHasher?: Hasher | undefined;
}

export class RunRecord {
  readonly #options: RunRecordOptions;
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

  constructor(options: RunRecordOptions) {
    this.#options = options;
    this.#batches = new TradeBatches((batch) => options.onTrades?.(batch));
    this.#inputHash = options.inputHasher === undefined ? null : new BarHash(options.inputHasher);
    this.#factLog = options.outputHasher === undefined ? null : new FactLog(options.outputHasher);
    this.#run = new RunStatistics(options.statistics);
  }

  input(columns: BarColumns): void {
    this.#inputHash?.next(columns);
  }

  /** After each instant. The status that ends the run here; null: it goes on. */
  next(at: EpochMs, engine: TradingEngine): BacktestStatus | null {
    this.#run.next(at, engine.equityMicros, engine.openPositions > 0);
    if (engine.isRuined) return 'RUIN';
    return engine.bars % PROGRESS_BARS === 0 ? this.#progress(at, engine) : null;
  }

  hear(fact: Fact): void {
    this.#facts += 1;
    this.#options.onFact?.(fact);
    this.#factLog?.fact(fact);
    if (fact.kind === 'event.changed') this.#events.count(`${fact.data.event.kind} ${fact.data.event.status}`);
    else if (fact.kind === 'signal.created' || fact.kind === 'signal.changed') {
      if (fact.kind === 'signal.created') this.#signals.count(fact.data.status);
      if (fact.data.status === 'REJECTED') this.#rejections.count(fact.data.rejectCode ?? 'UNKNOWN');
    }
  }

  keep(trade: Trade): void {
    this.#finished += 1;
    this.#factLog?.trade(trade);
    this.#trades.next(trade);
    this.#exits.count(trade.exitReason);
    if (trade.exitReason !== 'END_OF_DATA') this.#closedByRule.next(trade);
    if (trade.entryTime <= trade.signalAt - barMsOf(trade.timeframe)) this.#early += 1;
    this.#batches.next(trade);
  }

  flush(): void {
    this.#batches.flush();
  }

  /** The positions that were open are closed. */
  settle(engine: TradingEngine): void {
    this.#run.settle(engine.equityMicros);
    this.#run.end();
  }

  result(
    status: BacktestStatus,
    of: { readonly bars: number; readonly warmupBars: number; readonly costs: string },
  ): BacktestResult {
    return {
      status,
      bars: of.bars,
      warmupBars: of.warmupBars,
      run: this.#run.summary(),
      trades: this.#trades.summary(),
      tradesClosedByRule: this.#closedByRule.summary(),
      events: this.#events.list(),
      signals: this.#signals.list(),
      rejections: this.#rejections.list(),
      exits: this.#exits.list(),
      facts: this.#facts,
      fillsBeforeSignal: this.#early,
      costs: of.costs,
      inputHash: this.#inputHash?.digest() ?? null,
      outputHash: this.#factLog?.digest() ?? null,
    };
  }

  #progress(at: EpochMs, engine: TradingEngine): BacktestStatus | null {
    const { onProgress } = this.#options;
    if (onProgress === undefined) return null;
    const goesOn = onProgress({ bars: engine.bars, trades: this.#finished, equityMicros: engine.equityMicros, at });
    return goesOn ? null : 'CANCELLED';
  }
}

function barMsOf(timeframe: Timeframe): number {
  return TIMEFRAME_MS[timeframe];
}
