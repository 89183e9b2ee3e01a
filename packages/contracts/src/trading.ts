/** Signals, orders, fills, positions and accounts on the wire. */
import {
  ENTRY_TYPES,
  EXIT_REASONS,
  LEGS,
  ORDER_INTENTS,
  ORDER_SIDES,
  ORDER_STATES,
  ORDER_TYPES,
  PATTERNS,
  SIGNAL_STATES,
} from '@wyckoff/domain';
import * as z from 'zod';
import {
  assetClass,
  direction,
  epochMs,
  micros,
  percentScore,
  phase,
  price,
  qtyMicros,
  ratio,
  reasonCode,
  symbol,
  timeframe,
} from './primitives.ts';

export const chainStep = z.object({
  stage: z.enum(['VOLUME', 'PHASE', 'LEVELS', 'RISK', 'STRATEGY']),
  code: z.string(),
  result: z.enum(['PASS', 'WARN', 'FAIL']),
  measured: z.number().nullable(),
  limit: z.number().nullable(),
  sentence: z.string(),
});

export const signalPattern = z.enum(PATTERNS);
export const signalEntryType = z.enum(ENTRY_TYPES);

/** A measure of 5.1 as it stood: before the trade, after it, and its limit. */
const measureFigures = z.object({
  code: z.string(),
  /** The bucket of RK_BUCKET; null elsewhere. */
  of: z.string().nullable(),
  beforeMicros: micros,
  afterMicros: micros,
  limitMicros: micros,
});

/** Every figure a signal was judged by (trading.md end of 3). */
const signalFigures = z.object({
  steps: z.number().int(),
  unit: z.enum(['SHARES', 'LOTS', 'UNITS', 'CONTRACTS']),
  leverage: z.number(),
  marginMicros: micros,
  notionalMicros: micros,
  riskMicros: micros,
  /** Of equity. */
  riskRatio: ratio,
  /** Before any limit. */
  wantedMicros: micros,
  equityMicros: micros,
  /** Entry with gap allowance and half spread. */
  sizingPrice: price,
  /** Over the whole ladder. */
  rPlan: ratio.nullable(),
  reward: z.enum(['IDEAL', 'ACCEPTABLE']).nullable(),
  volumeSource: z.enum(['ACTUAL', 'TICK']),
  measures: z.array(measureFigures),
});

export const signal = z.object({
  id: z.string(),
  symbol,
  timeframe,
  assetClass,
  pattern: signalPattern,
  leg: z.enum(LEGS),
  direction,
  status: z.enum(SIGNAL_STATES),
  eventId: z.string(),
  phase: phase.nullable(),
  barTime: epochMs,
  entryType: signalEntryType,
  entryPrice: price,
  stopPrice: price,
  stopReason: z.string(),
  targets: z.array(price).max(3),
  qtyMicros,
  riskMicros: micros,
  notionalMicros: micros,
  rMultiple: ratio.nullable(),
  confidence: percentScore.nullable(),
  reasons: z.array(reasonCode),
  chain: z.array(chainStep),
  rejectCode: z.string().nullable(),
  rejectText: z.string().nullable(),
  /** Of a refused one what was known then: no steps where no size was left. Null or absent: refused before the limits were asked. */
  figures: signalFigures.nullable().optional(),
  /** A person must look at it: never automatic (ST-13). Absent: false. */
  needsReview: z.boolean().optional(),
  validBars: z.number().int(),
  version: z.number().int(),
});
export type SignalWire = z.infer<typeof signal>;

export const order = z.object({
  id: z.string(),
  clientId: z.string(),
  signalId: z.string().nullable(),
  positionId: z.string().nullable(),
  symbol,
  leg: z.string(),
  intent: z.enum(ORDER_INTENTS),
  side: z.enum(ORDER_SIDES),
  type: z.enum(ORDER_TYPES),
  state: z.enum(ORDER_STATES),
  qtyMicros,
  filledQtyMicros: qtyMicros,
  limitPrice: price.nullable(),
  stopPrice: price.nullable(),
  averagePrice: price.nullable(),
  reason: z.string().nullable(),
  createdAt: epochMs,
  updatedAt: epochMs,
  version: z.number().int(),
});
export type OrderWire = z.infer<typeof order>;

export const fill = z.object({
  orderId: z.string(),
  n: z.number().int(),
  execId: z.string(),
  ts: epochMs,
  qtyMicros,
  price,
  grossPrice: price,
  commissionMicros: micros,
});

export const position = z.object({
  id: z.string(),
  signalId: z.string().nullable(),
  symbol,
  direction,
  status: z.enum(['OPEN', 'CLOSED']),
  openQtyMicros: qtyMicros,
  initialQtyMicros: qtyMicros,
  avgEntry: price,
  initialStop: price,
  stop: price,
  targets: z.array(price).max(3),
  rungsDone: z.number().int(),
  last: price,
  lastAt: epochMs,
  realisedMicros: micros,
  unrealisedMicros: micros,
  costsMicros: micros,
  riskMicros: micros,
  r: ratio.nullable(),
  mfeR: ratio,
  maeR: ratio,
  openedAt: epochMs,
  closedAt: epochMs.nullable(),
  avgExit: price.nullable(),
  exitReason: z.enum(EXIT_REASONS).nullable(),
  version: z.number().int(),
});
export type PositionWire = z.infer<typeof position>;

export const account = z.object({
  id: z.string(),
  kind: z.enum(['PAPER', 'LIVE', 'REPLAY', 'BACKTEST']),
  currency: z.string().length(3),
  startingMicros: micros,
  cashMicros: micros,
  equityMicros: micros,
  peakMicros: micros,
  drawdownRatio: ratio,
  realisedMicros: micros,
  unrealisedMicros: micros,
  costsMicros: micros,
  heatRatio: ratio,
  trades: z.number().int(),
  wins: z.number().int(),
  at: epochMs,
});
export type AccountWire = z.infer<typeof account>;

export const riskLimit = z.object({
  rule: z.string(),
  state: z.enum(['WARNING', 'REACHED', 'CLEARED']),
  value: ratio,
  limit: ratio,
});
