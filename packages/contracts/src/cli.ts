/** What the verbs print with `--json`. */
import * as z from 'zod';
import { detectionEvent } from './analysis.ts';
import { ratio } from './primitives.ts';

/** One line of `wyckoff detect --json`. */
export const detectLine = detectionEvent;

/** The last (and only) object of `wyckoff backtest --json`. Undefined statistics are null. */
export const backtestSummary = z.looseObject({
  symbol: z.string(),
  timeframe: z.string(),
  bars: z.number().int(),
  trades: z.number().int(),
  netReturn: ratio.nullable(),
  maxDrawdown: ratio,
  sharpe: z.number().nullable(),
  winRate: ratio.nullable(),
  profitFactor: z.number().nullable(),
  inputHash: z.string(),
  outputHash: z.string(),
});
