/** Bars as rows, and which of them there are (interface.md 2.2). */
import * as z from 'zod';
import { epochMs, price, symbol, timeframe } from './primitives.ts';

export const barsQuery = z.strictObject({
  symbol,
  timeframe,
  /** Opening times, both included. */
  from: z.coerce.number().int().optional(),
  to: z.coerce.number().int().optional(),
  order: z.enum(['newest', 'oldest']).default('newest'),
  limit: z.coerce.number().int().min(1).max(10_000).default(1_000),
  cursor: z.string().max(400).optional(),
});

/** `[ts, o, h, l, c, v]` */
export const barRow = z.tuple([epochMs, price, price, price, price, z.number()]);
export const barsAnswer = z.object({ items: z.array(barRow).max(10_000), nextCursor: z.string().nullable() });
export type BarsAnswer = z.infer<typeof barsAnswer>;

export const symbolsQuery = z.strictObject({
  /** Part of a symbol or of a name, in any case. */
  q: z.string().trim().min(1).max(20).optional(),
  assetClass: z.enum(['STOCK', 'CRYPTO', 'FOREX', 'INDEX', 'FUTURE']).optional(),
  limit: z.coerce.number().int().min(1).max(50).default(50),
});

export const symbolRow = z.object({
  symbol,
  name: z.string(),
  assetClass: z.enum(['STOCK', 'CRYPTO', 'FOREX', 'INDEX', 'FUTURE']),
  source: z.string(),
  synthetic: z.boolean(),
  tickSize: z.number(),
  /** Times of the first and the last bar; `gaps` is null where no calendar judged them. */
  coverage: z.array(
    z.object({ timeframe, from: epochMs, to: epochMs, bars: z.number().int(), gaps: z.number().int().nullable() }),
  ),
});
export const symbolsAnswer = z.object({ items: z.array(symbolRow).max(50) });
export type SymbolsAnswer = z.infer<typeof symbolsAnswer>;
