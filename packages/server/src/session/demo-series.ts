/** The real series every fresh store starts with: S&P 500 daily, 2000-2020, read from the `vega-datasets` dependency. */
import type { Timeframe } from '@wyckoff/domain';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { SymbolRecord } from '../store/store.ts';

export const DEMO_SYMBOL: SymbolRecord = {
  symbol: 'SPX',
  assetClass: 'INDEX',
  name: 'S&P 500',
  source: 'vega-datasets sp500-2000.csv',
  synthetic: false,
  timeZone: 'America/New_York',
  currency: 'USD',
  tickSize: 0.01,
  unit: 'contracts',
};
export const DEMO_TIMEFRAME: Timeframe = '1d';

/** Path of the CSV file inside the installed dependency. */
export function demoFile(): string {
  const entry = fileURLToPath(import.meta.resolve('vega-datasets'));
  return join(dirname(entry), '..', 'data', 'sp500-2000.csv');
}
