/** `wyckoff backtest`: runs the rules over a file of bars and prints one summary with the hashes of input and result. */
import { BarCursor, runBacktest, type Bar, type BarColumns } from '@wyckoff/domain';
import { createHash } from 'node:crypto';
import { instrumentOf, readBars, type BarOptions } from './bar-options.ts';
import { Exit, EXIT } from './exit-codes.ts';
import { Output } from './output.ts';

export interface BacktestCommandOptions extends BarOptions {
  /** Units of the account currency. */
  readonly capital: number;
}

export async function backtest(options: BacktestCommandOptions): Promise<void> {
  const { columns } = await readBars(options);
  const hash = createHash('sha256');
  const summary = runBacktest({
    instrument: instrumentOf(options),
    timeframe: options.timeframe,
    bars: barsOf(columns),
    capitalMicros: Math.round(options.capital * 1_000_000),
    pack: options.rules,
    hasher: { update: (text) => void hash.update(text), digest: () => hash.digest('hex') },
  });
  void summary;
  throw new Exit(EXIT.failed, 'not finished');
}

/** One reused cursor walking the columns: nothing is allocated per bar. */
function* barsOf(columns: BarColumns): IterableIterator<Bar> {
  const bar = new BarCursor(columns);
  for (let row = 0; row < columns.length; row += 1) yield bar.at(row);
}
