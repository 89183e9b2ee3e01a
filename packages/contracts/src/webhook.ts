/** An alert from outside: an entry with its stop, signed by whoever knows the secret (trading.md 8.4). */
import * as z from 'zod';
import { price, symbol, timeframe } from './primitives.ts';

/** A body of at most 16 KiB; nothing else may stand in it. */
export const webhookAlert = z.strictObject({
  symbol,
  side: z.enum(['buy', 'sell'], 'buy or sell'),
  stop: price,
  timeframe: timeframe.default('1d'),
  /** Nothing: at market. */
  entry: price.optional(),
  /** None: one rung at 3 R. */
  targets: z.array(price).min(1, '1-3 targets, or none at all').max(3, '1-3 targets').optional(),
  note: z.string().max(500, 'up to 500 characters').optional(),
});
export type WebhookAlert = z.infer<typeof webhookAlert>;

/** The signal stands in the approval queue, or was refused by a rule of risk or strategy; both are kept. `null`: still at work. */
export const webhookAnswer = z.object({
  signalId: z.string(),
  status: z.string().nullable(),
  code: z.string().nullable(),
  sentence: z.string(),
});
export type WebhookAnswer = z.infer<typeof webhookAnswer>;
