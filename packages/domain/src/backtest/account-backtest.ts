/** A whole run over several series of one account, merged by time: one account, one risk desk (backtesting.md 1, 3). */
import type { BarColumns } from '../bar/columns.ts';
import type { SeriesOptions } from '../engine/engine-settings.ts';
import { createAccountEngine } from '../engine/trading-engine.ts';
import type { AccountEngineOptions } from '../engine/trading-engine.ts';
import { costsFor } from '../trade/costs.ts';
import { BacktestFailed } from './backtest-result.ts';
import type { BacktestResult, BacktestStatus } from './backtest-result.ts';
import { DEFAULT_CAPITAL, DEFAULT_WARMUP, LEAST_TESTED } from './run-backtest.ts';
import type { RunChoices } from './run-backtest.ts';
import { BarHash } from './hasher.ts';
import type { Hasher } from './hasher.ts';
import { RunRecord } from './run-record.ts';
import { SeriesMerge } from './series-merge.ts';

/** One series with its bars. */
export interface BacktestSeries extends SeriesOptions {
  /** Pages in time order; a page is valid until the next is asked for. */
  readonly source: Iterable<BarColumns>;
  /** Over the bars of this series that were read; none: its `inputHashes` entry is null. */
  readonly inputHasher?: Hasher;
}

export interface AccountBacktestOptions
  extends
    Omit<AccountEngineOptions, 'sink' | 'onTrade' | 'account' | 'series'>,
    // Each series has a hash of its own, whatever the pages and their order.
    Omit<RunChoices, 'inputHasher'> {
  readonly series: readonly BacktestSeries[];
}

export interface AccountBacktestResult extends BacktestResult {
  /** Bars of each series, in the order they were given; those with fewer than the warm-up and 50 more were not traded on enough. */
  readonly barsOfSeries: readonly number[];
  /** Of the bars of each series, in the same order. */
  readonly inputHashes: readonly (string | null)[];
}

/** Runs every instant and gives the figures. @throws {BacktestFailed} */
export function runAccountBacktest(options: AccountBacktestOptions): AccountBacktestResult {
  const { series, onTrades, onFact, onProgress, outputHasher, capitalMicros, riskFreeRate, ...account } = options;
  const startingMicros = capitalMicros ?? DEFAULT_CAPITAL;
  const warmupBars = options.warmupBars ?? DEFAULT_WARMUP;
  const statistics = { startingMicros, riskFreeRate: riskFreeRate ?? 0.02, ...periodOf(series) };
  const record = new RunRecord({ statistics, onTrades, onFact, onProgress, outputHasher });
  const engine = createAccountEngine({
    ...account,
    series,
    analysis: options.analysis ?? 'records',
    warmupBars,
    account: { id: 'backtest', kind: 'BACKTEST', currency: 'USD', startingMicros },
    sink: (fact) => record.hear(fact),
    onTrade: (trade) => record.keep(trade),
  });
  const barsOfSeries = series.map(() => 0);
  const hashes = series.map(({ inputHasher }) => (inputHasher === undefined ? null : new BarHash(inputHasher)));
  const merge = new SeriesMerge(series, (i, page) => {
    barsOfSeries[i] += page.length;
    hashes[i]?.next(page);
  });
  let status: BacktestStatus | null = null;
  try {
    for (let bars = merge.next(); bars !== null && status === null; bars = merge.next()) {
      engine.next({ kind: 'bars', bars });
      engine.deliver();
      status = record.next(merge.at, engine);
    }
  } catch (error) {
    record.flush();
    throw new BacktestFailed(engine.bars, error);
  } finally {
    merge.close();
  }
  const { bars } = engine;
  if (status !== 'CANCELLED' && bars > 0) {
    engine.finish('END_OF_DATA');
    record.settle(engine);
  }
  record.flush();
  const enough = barsOfSeries.some((count) => count >= warmupBars + LEAST_TESTED);
  const atEnd = bars === 0 ? 'NO_DATA' : enough ? 'COMPLETED' : 'TOO_FEW_BARS';
  const inputHashes = hashes.map((hash) => hash?.digest() ?? null);
  return { ...record.result(status ?? atEnd, { bars, warmupBars, costs: costNames(series) }), barsOfSeries, inputHashes };
}

/** One period of return: the bar where all series share class and timeframe, else the UTC day (backtesting.md 6). */
function periodOf(series: readonly BacktestSeries[]): Pick<RunStatisticsPeriod, 'assetClass' | 'timeframe' | 'daily'> {
  const [first] = series;
  const isOneKind = series.every(
    ({ instrument, timeframe }) => instrument.assetClass === first.instrument.assetClass && timeframe === first.timeframe,
  );
  if (isOneKind) return { assetClass: first.instrument.assetClass, timeframe: first.timeframe, daily: false };
  const hasCrypto = series.some(({ instrument }) => instrument.assetClass === 'CRYPTO');
  return { assetClass: hasCrypto ? 'CRYPTO' : first.instrument.assetClass, timeframe: '1d', daily: true };
}

type RunStatisticsPeriod = ConstructorParameters<typeof RunRecord>[0]['statistics'] & { readonly daily: boolean };

function costNames(series: readonly BacktestSeries[]): string {
  return [...new Set(series.map(({ costs, instrument }) => (costs ?? costsFor(instrument.assetClass)).name))].join(', ');
}
