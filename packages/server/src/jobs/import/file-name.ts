/** What the name of a file says of its bars: `AAPL-1d.csv` are the daily bars of AAPL. */
import { TIMEFRAMES, type Timeframe } from '@wyckoff/domain';
import { basename } from 'node:path';
import { symbolOf } from '../../cli/bar-options.ts';

/** As trading terminals write them. */
const OTHERS: Readonly<Record<string, Timeframe>> = {
  M1: '1m',
  M5: '5m',
  M15: '15m',
  M30: '30m',
  H1: '1h',
  H4: '4h',
  D1: '1d',
  W1: '1w',
  daily: '1d',
  weekly: '1w',
};

export interface NamedFile {
  readonly symbol: string;
  /** Null: it does not say. `1M` is a month elsewhere and says nothing. */
  readonly timeframe: Timeframe | null;
}

export function namedBy(path: string): NamedFile {
  const name = basename(path).replace(/\.[^.]*$/, '');
  const parts = /^(.+)[-_. ]([A-Za-z0-9]{2,6})$/.exec(name);
  const timeframe = parts === null ? undefined : timeframeIn(parts[2]);
  if (parts === null || timeframe === undefined) return { symbol: symbolOf({ input: path }), timeframe: null };
  return { symbol: symbolOf({ input: `${parts[1]}.csv` }), timeframe };
}

function timeframeIn(text: string): Timeframe | undefined {
  const plain = /[hdw]$/i.test(text) ? text.toLowerCase() : text;
  return TIMEFRAMES.find((known) => known === plain) ?? OTHERS[text] ?? OTHERS[text.toLowerCase()];
}
