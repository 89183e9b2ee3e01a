/** `wyckoff backtest`: runs the rules over a file of bars and prints one summary with the hashes of input and result. */
import { Backtest, TIMEFRAME_MS, type BacktestResult, type BarColumns, type EpochMs, type Hasher } from '@wyckoff/domain';
import { createHash } from 'node:crypto';
import { rowAt } from '../jobs/explain/explain-bar.ts';
import { readSeries } from '../jobs/series-input.ts';
import { instrumentOf, type BarOptions } from './bar-options.ts';
import { Exit, EXIT } from './exit-codes.ts';
import { HaltWatch, haltLines, type HaltOfRun } from './halt-watch.ts';
import { Output } from './output.ts';
import { rulesOf, type Rules } from './rules.ts';
import { figure, tableLines, timeText } from './table.ts';

export interface BacktestCommandOptions extends BarOptions {
  /** Units of the account currency. */
  readonly capital: number;
}

/** What a run has to say beyond the figures of the engine. */
interface Told {
  readonly result: BacktestResult;
  readonly symbol: string;
  readonly options: BacktestCommandOptions;
  readonly rules: Rules;
  /** Opening times of the first and the last bar worked. */
  readonly from: EpochMs | null;
  readonly to: EpochMs | null;
  readonly halt: HaltOfRun;
}

export async function backtest(options: BacktestCommandOptions): Promise<void> {
  const rules = await rulesOf(options);
  const { columns, symbol } = await readSeries(options);
  const halts = new HaltWatch(options.timeframe);
  const run = new Backtest({
    instrument: { ...instrumentOf(options), symbol },
    timeframe: options.timeframe,
    capitalMicros: Math.round(options.capital * 1_000_000),
    pack: { pack: rules.pack },
    inputHasher: sha256(),
    outputHasher: sha256(),
    onFact: (fact) => halts.hear(fact),
  });
  run.feed(columns);
  const result = run.end();
  const told = { result, symbol, options, rules, ...spanOf(result, columns, options), halt: halts.atEnd(result.rejections) };
  const output = new Output();
  if (options.json === true) output.json(summaryOf(told));
  else for (const line of linesOf(told)) output.line(line);
  output.flush();
  if (result.status === 'TOO_FEW_BARS') {
    throw new Exit(
      EXIT.nothingToRun,
      `expected at least ${result.warmupBars + 50} bars (${result.warmupBars} of them to warm up), was ${result.bars}`,
    );
  }
}

/** The engine dates its equity by the close of a bar; a bar's time is its opening, here as everywhere. */
function spanOf({ run }: BacktestResult, columns: BarColumns, options: BarOptions): Pick<Told, 'from' | 'to'> {
  if (run.lastAt === null) return { from: null, to: null };
  const last = rowAt(columns, run.lastAt - TIMEFRAME_MS[options.timeframe]);
  return { from: columns.time[0], to: last === null ? null : columns.time[last] };
}

function sha256(): Hasher {
  const hash = createHash('sha256');
  return { update: (data) => void hash.update(data), digest: () => hash.digest('hex') };
}

/** The document of `--json`; the fields of the contract first. */
function summaryOf({ result, symbol, options, rules, from, to, halt }: Told): Record<string, unknown> {
  const { run, trades } = result;
  return {
    symbol,
    timeframe: options.timeframe,
    bars: result.bars,
    trades: trades.trades,
    netReturn: run.totalReturn,
    maxDrawdown: run.maxDrawdown,
    sharpe: run.sharpe,
    winRate: trades.winRate,
    profitFactor: trades.profitFactor,
    inputHash: result.inputHash,
    outputHash: result.outputHash,
    status: result.status,
    assetClass: options.assetClass,
    rules: rules.name,
    rulesHash: rules.hash,
    costs: result.costs,
    warmupBars: result.warmupBars,
    from,
    to,
    startingMicros: run.startingMicros,
    endingMicros: run.endingMicros,
    cagr: run.cagr,
    sortino: run.sortino,
    calmar: run.calmar,
    exposure: run.exposure,
    winRateInterval: trades.winRateInterval,
    wins: trades.wins,
    losses: trades.losses,
    netPnlMicros: trades.netPnlMicros,
    expectancyMicros: trades.expectancyMicros,
    meanR: trades.meanR,
    meanRHalfWidth: trades.meanRHalfWidth,
    meanBars: trades.meanBars,
    costTotals: trades.costs,
    events: result.events,
    signals: result.signals,
    rejections: result.rejections,
    ...halt,
    exits: result.exits,
    facts: result.facts,
    fillsBeforeSignal: result.fillsBeforeSignal,
  };
}

function linesOf({ result, symbol, options, rules, from, to, halt }: Told): string[] {
  const { run, trades } = result;
  const percent = (ratio: number | null): string => (ratio === null ? '–' : `${(ratio * 100).toFixed(1)} %`);
  const money = (micros: number): string => (micros / 1_000_000).toFixed(2);
  const interval =
    trades.winRateInterval === null ? '' : ` (${percent(trades.winRateInterval[0])} to ${percent(trades.winRateInterval[1])})`;
  const span = from === null || to === null ? '' : `, ${timeText(from)} to ${timeText(to)}`;
  const halfWidth = trades.meanRHalfWidth === null ? '' : ` ± ${figure(trades.meanRHalfWidth, 2)}`;
  const lines = haltLines(halt);
  return [
    `${symbol} ${options.timeframe}, rules ${rules.name}, costs ${result.costs}: ${result.status.toLowerCase()}`,
    `${result.bars} bars${span}, the first ${result.warmupBars} to warm up`,
    '',
    ...tableLines(
      ['figure', 'value'],
      [
        ['equity', `${money(run.startingMicros)} -> ${money(run.endingMicros)}`],
        ['net return', percent(run.totalReturn)],
        ['per year', percent(run.cagr)],
        ['largest drawdown', percent(run.maxDrawdown)],
        ['Sharpe, Sortino', `${figure(run.sharpe, 2)}, ${figure(run.sortino, 2)}`],
        ['trades', String(trades.trades)],
        ['winners', `${percent(trades.winRate)}${interval}`],
        ['profit factor', figure(trades.profitFactor, 2)],
        ['mean R', `${figure(trades.meanR, 2)}${halfWidth}`],
        ['time in the market', percent(run.exposure)],
      ],
    ),
    '',
    ...(lines.length === 0 ? [] : [...lines, '']),
    `rules  ${rules.hash}`,
    `input  ${result.inputHash ?? '–'}`,
    `output ${result.outputHash ?? '–'}`,
  ];
}
