/** `wyckoff backtest`: runs the rules over a file of bars and prints one summary with the hashes of input and result. */
import { Backtest, type BacktestResult, type Hasher } from '@wyckoff/domain';
import { createHash } from 'node:crypto';
import { instrumentOf, readBars, type BarOptions } from './bar-options.ts';
import { Exit, EXIT } from './exit-codes.ts';
import { Output } from './output.ts';
import { rulesOf, type Rules } from './rules.ts';
import { figure, tableLines, timeText } from './table.ts';

export interface BacktestCommandOptions extends BarOptions {
  /** Units of the account currency. */
  readonly capital: number;
}

export async function backtest(options: BacktestCommandOptions): Promise<void> {
  const rules = await rulesOf(options);
  const { columns } = await readBars(options);
  const run = new Backtest({
    instrument: instrumentOf(options),
    timeframe: options.timeframe,
    capitalMicros: Math.round(options.capital * 1_000_000),
    pack: { pack: rules.pack },
    inputHasher: sha256(),
    outputHasher: sha256(),
  });
  run.feed(columns);
  const result = run.end();
  const output = new Output();
  if (options.json === true) output.json(summaryOf(result, options, rules));
  else for (const line of linesOf(result, options, rules)) output.line(line);
  output.flush();
  if (result.status === 'TOO_FEW_BARS') {
    throw new Exit(
      EXIT.nothingToRun,
      `expected at least ${result.warmupBars + 50} bars (${result.warmupBars} of them to warm up), was ${result.bars}`,
    );
  }
}

function sha256(): Hasher {
  const hash = createHash('sha256');
  return { update: (data) => void hash.update(data), digest: () => hash.digest('hex') };
}

/** The document of `--json`; the fields of the contract first. */
function summaryOf(result: BacktestResult, options: BacktestCommandOptions, rules: Rules): Record<string, unknown> {
  const { run, trades } = result;
  const instrument = instrumentOf(options);
  return {
    symbol: instrument.symbol,
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
    assetClass: instrument.assetClass,
    rules: rules.name,
    rulesHash: rules.hash,
    costs: result.costs,
    warmupBars: result.warmupBars,
    from: run.firstAt,
    to: run.lastAt,
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
    exits: result.exits,
    facts: result.facts,
    fillsBeforeSignal: result.fillsBeforeSignal,
  };
}

function linesOf(result: BacktestResult, options: BacktestCommandOptions, rules: Rules): string[] {
  const { run, trades } = result;
  const percent = (ratio: number | null): string => (ratio === null ? '–' : `${(ratio * 100).toFixed(1)} %`);
  const money = (micros: number): string => (micros / 1_000_000).toFixed(2);
  const interval =
    trades.winRateInterval === null ? '' : ` (${percent(trades.winRateInterval[0])} to ${percent(trades.winRateInterval[1])})`;
  const span = run.firstAt === null || run.lastAt === null ? '' : `, ${timeText(run.firstAt)} to ${timeText(run.lastAt)}`;
  const halfWidth = trades.meanRHalfWidth === null ? '' : ` ± ${figure(trades.meanRHalfWidth, 2)}`;
  return [
    `${instrumentOf(options).symbol} ${options.timeframe}, rules ${rules.name}, costs ${result.costs}: ${result.status.toLowerCase()}`,
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
    `rules  ${rules.hash}`,
    `input  ${result.inputHash ?? '–'}`,
    `output ${result.outputHash ?? '–'}`,
  ];
}
