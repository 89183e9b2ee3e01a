/** What waits, what is reserved, what is halted: the facts between a signal and its order (trading.md 4.5, 5.6, 5.7, 7.5). */
import * as z from 'zod';
import { gate } from './gate.ts';
import { assetClass, direction, epochMs, micros, price, qtyMicros, symbol, timeframe } from './primitives.ts';
import { signalEntryType, signalPattern } from './trading.ts';

/** Kept as it was when it was queued: an approval is for this and for nothing larger. */
export const queueEntry = z.object({
  signalId: z.string(),
  queuedAt: epochMs,
  expiresAt: epochMs,
  snapshot: z.object({
    symbol,
    timeframe,
    pattern: signalPattern,
    direction,
    entryType: signalEntryType,
    entryPrice: price,
    stopPrice: price,
    targets: z.array(price).max(3),
    qtyMicros,
    riskMicros: micros,
    rMultiple: z.number().nullable(),
    confidence: z.number().nullable(),
    version: z.number().int(),
  }),
  /** Code with which automation passed it on; null: it was not asked. */
  missed: z.string().nullable(),
});

export const approval = z.object({
  signalId: z.string(),
  state: z.enum(['WAITING', 'APPROVED', 'REJECTED', 'EXPIRED', 'CANCELLED']),
  entry: queueEntry,
  gate: gate.nullable(),
  by: z.string().nullable(),
});
export type ApprovalWire = z.infer<typeof approval>;

export const reservation = z.object({
  id: z.string(),
  accountId: z.string(),
  signalId: z.string(),
  campaignId: z.string(),
  symbol,
  state: z.enum(['HELD', 'COMMITTED', 'RELEASED']),
  riskMicros: micros,
  notionalMicros: micros,
  marginMicros: micros,
  cashMicros: micros,
  buckets: z.array(z.string()),
  assetClass,
  version: z.number().int(),
});

export const haltChange = z.object({
  id: z.string(),
  accountId: z.string(),
  scope: z.string(),
  kind: z.enum(['DAILY_LOSS', 'DRAWDOWN', 'STALE', 'RECONCILE', 'EQUITY_UNKNOWN', 'REJECTS', 'MEMORY']),
  reason: z.string(),
  actor: z.string().nullable(),
  since: epochMs,
  until: epochMs.nullable(),
  value: z.number().nullable(),
  limit: z.number().nullable(),
});

export const reconcileDifference = z.object({
  accountId: z.string(),
  symbol: z.string(),
  /** A kind of difference, such as `LATE_FILL`. */
  code: z.string(),
  sentence: z.string(),
  refId: z.string(),
});
