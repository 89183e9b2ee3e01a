/** Queries and answers of the HTTP routes that exist today; the route table is in routes.ts. */
import * as z from 'zod';
import { eventState, rangeFact } from './analysis.ts';
import { connection, factRow, FACT_TOPICS } from './facts.ts';
import { epochMs, micros, price, ratio, seq, symbol, timeframe } from './primitives.ts';
import { account, order, position, signal } from './trading.ts';

export const sessionAnswer = z.object({
  mode: z.enum(['local', 'users']),
  user: z.string().nullable(),
  role: z.enum(['viewer', 'trader', 'admin']).nullable(),
  csrfToken: z.string().nullable(),
  contractHash: z.string(),
  serverTime: epochMs,
  version: z.string(),
  /** What the desk opens first: the series that has an engine. Null before any bars exist. */
  desk: z
    .object({
      symbol,
      timeframe,
      name: z.string(),
      source: z.string(),
      synthetic: z.boolean(),
      tickSize: z.number(),
      timeZone: z.string(),
      unit: z.string(),
    })
    .nullable(),
});
export type SessionAnswer = z.infer<typeof sessionAnswer>;

export const CHART_INCLUDES = ['ranges', 'events', 'trades'] as const;
export const chartQuery = z.strictObject({
  symbol,
  timeframe,
  /** Exclusive upper bound of the bars' opening time. */
  before: z.coerce.number().int().min(0).optional(),
  limit: z.coerce.number().int().min(1).max(1000).default(1000),
  /** Comma-separated; default all. */
  include: z.string().max(100).default(CHART_INCLUDES.join(',')),
});

/** Bars only up to where the engine has got: a replay shows nothing of its future. */
export const chartAnswer = z.object({
  symbol,
  timeframe,
  asOf: epochMs.nullable(),
  seq,
  /** Ascending columns of equal length. */
  columns: z.object({
    t: z.array(epochMs),
    o: z.array(price),
    h: z.array(price),
    l: z.array(price),
    c: z.array(price),
    v: z.array(z.number()),
  }),
  /** True when older bars exist. */
  more: z.boolean(),
  ranges: z.array(rangeFact),
  events: z.array(eventState),
  /** Positions, open or closed, that touch the window. */
  trades: z.array(position),
});
export type ChartAnswer = z.infer<typeof chartAnswer>;

export const snapshotQuery = z.strictObject({ topics: z.string().max(400).optional() });
/** The bounded state a replica starts from. Topics that were not asked for are absent. */
export const snapshotAnswer = z.object({
  epoch: z.string(),
  seq,
  analysis: z.object({ ranges: z.array(rangeFact).max(200), events: z.array(eventState).max(500) }).optional(),
  signals: z.array(signal).max(100).optional(),
  orders: z.array(order).max(200).optional(),
  positions: z.array(position).max(200).optional(),
  account: account.nullable().optional(),
  connections: z.array(connection).optional(),
});
export type SnapshotAnswer = z.infer<typeof snapshotAnswer>;

export const page = <S extends z.ZodType>(item: S) => z.object({ items: z.array(item), nextCursor: z.string().nullable() });

export const signalsQuery = z.strictObject({
  status: z.string().max(40).optional(),
  symbol: symbol.optional(),
  pattern: z.string().max(20).optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
  cursor: z.string().max(400).optional(),
});
export const signalsAnswer = page(signal);

export const positionsQuery = z.strictObject({
  status: z.enum(['OPEN', 'CLOSED']).optional(),
  symbol: symbol.optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
  cursor: z.string().max(400).optional(),
});
export const positionsAnswer = page(position);

export const factsQuery = z.strictObject({
  topic: z.enum(FACT_TOPICS).optional(),
  type: z.string().max(48).optional(),
  afterSeq: z.coerce.number().int().min(0).optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
});
export const factsAnswer = page(factRow);

/** `[ts, equityMicros, cashMicros, heatRatio]`, at most 2,000 points, ascending. */
export const equityAnswer = z.object({
  accountId: z.string(),
  items: z.array(z.tuple([epochMs, micros, micros, ratio])).max(2000),
});
export type EquityAnswer = z.infer<typeof equityAnswer>;

export const replayAction = z.strictObject({
  action: z.literal('replay'),
  feed: z.literal('replay').default('replay'),
  do: z.enum(['play', 'pause', 'step', 'speed']),
  /** Bars per second for `speed`; null = as fast as possible. */
  speed: z.number().positive().max(1e6).nullable().optional(),
});
export const replayActionAnswer = z.object({ connection });

export const censusRow = z.object({
  name: z.string(),
  kind: z.string(),
  size: z.number(),
  capacity: z.number().nullable(),
  bytes: z.number(),
  highWater: z.number(),
  evicted: z.number(),
  dropped: z.number(),
});
export type CensusRowWire = z.infer<typeof censusRow>;
export const memoryAnswer = z.object({
  at: epochMs,
  budgetMb: z.number(),
  rssBytes: z.number(),
  heapUsedBytes: z.number(),
  externalBytes: z.number(),
  census: z.array(censusRow),
});

export const healthAnswer = z.object({
  status: z.enum(['ok', 'degraded', 'failing']),
  version: z.string(),
  uptimeMs: z.number(),
  store: z.object({ ok: z.boolean(), kind: z.string(), bytes: z.number() }),
  feeds: z.array(connection),
  sockets: z.number().int(),
});
