/** Queries and answers of the HTTP routes that exist today; the route table is in routes.ts. */
import * as z from 'zod';
import { eventState, rangeFact } from './analysis.ts';
import { approval, haltChange } from './acceptance.ts';
import { campaign } from './campaigns.ts';
import { connection } from './facts.ts';
import { FACT_TOPICS, INNER_TOPICS } from './topics.ts';
import { gate } from './gate.ts';
import { notification } from './notifications.ts';
import { epochMs, micros, price, qtyMicros, ratio, seq, symbol, timeframe } from './primitives.ts';
import { killSwitch, tradingState, trackRecord } from './trading-state.ts';
import { account, fill, order, position, signal } from './trading.ts';

const deskSeries = z.object({
  symbol,
  timeframe,
  name: z.string(),
  source: z.string(),
  synthetic: z.boolean(),
  tickSize: z.number(),
  timeZone: z.string(),
  unit: z.string(),
});

export const sessionAnswer = z.object({
  mode: z.enum(['local', 'users']),
  user: z.string().nullable(),
  role: z.enum(['viewer', 'trader', 'admin']).nullable(),
  csrfToken: z.string().nullable(),
  contractHash: z.string(),
  serverTime: epochMs,
  version: z.string(),
  /** What the desk opens first: the series that has an engine, of several its own. Null before any bars exist. */
  desk: deskSeries
    .extend({
      /** The others on the same account; absent: there are none. */
      others: z.array(deskSeries).optional(),
      /** Whose money it is: REPLAY and PAPER are play money, LIVE is at a venue. */
      account: z.object({ id: z.string(), kind: z.enum(['REPLAY', 'PAPER', 'LIVE']), broker: z.string() }),
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
  campaigns: z.array(campaign).max(200).optional(),
  /** The switch, the state of every account, what waits, and the automatic halts in force. */
  trading: z
    .object({
      killSwitch,
      accounts: z.array(tradingState),
      waiting: z.array(approval).max(200),
      halts: z.array(haltChange).max(1_000),
    })
    .optional(),
  notifications: z.array(notification).max(100).optional(),
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

/** Where a signal has been: one row per fact about it. */
export const lifecycleStep = z.object({
  seq,
  at: epochMs,
  type: z.string(),
  status: z.string(),
  actor: z.string().nullable(),
  code: z.string().nullable(),
  note: z.string().nullable(),
});
export const signalAnswer = z.object({
  signal,
  lifecycle: z.array(lifecycleStep).max(200),
  /** While it waits: until when, and what was shown. */
  waiting: approval.nullable(),
  /** Not studied yet: always null. */
  similar: z.null(),
});
export type SignalAnswer = z.infer<typeof signalAnswer>;

export const decisionBody = z
  .strictObject({
    decision: z.enum(['approve', 'reject']),
    /** At most what was shown. */
    qtyMicros: qtyMicros.min(1).optional(),
    reason: z.string().trim().max(500).optional(),
    dryRun: z.boolean().default(false),
  })
  .refine((body) => body.decision === 'approve' || (body.reason ?? '').length >= 3, {
    message: 'rejecting needs a reason of 3-500 characters',
    path: ['reason'],
  });
export const decisionAnswer = z.object({
  signal,
  gate,
  order: order.nullable(),
  placed: z.boolean(),
  dryRun: z.boolean(),
  /** The same was decided before: this is the first answer again. */
  repeated: z.boolean(),
  sentence: z.string(),
});
export type DecisionAnswer = z.infer<typeof decisionAnswer>;

export const positionsQuery = z.strictObject({
  status: z.enum(['OPEN', 'CLOSED']).optional(),
  symbol: symbol.optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
  cursor: z.string().max(400).optional(),
});
export const positionsAnswer = page(position);

export const stopBody = z.strictObject({ stop: price, dryRun: z.boolean().default(false) });
export const stopAnswer = z.object({ position, riskBefore: micros, riskAfter: micros, dryRun: z.boolean() });
export type StopAnswer = z.infer<typeof stopAnswer>;

export const exitBody = z
  .strictObject({
    /** Share of what is open; default all of it. */
    ratio: z.number().gt(0).max(1).optional(),
    qtyMicros: qtyMicros.min(1).optional(),
    type: z.enum(['MARKET', 'LIMIT']).default('MARKET'),
    limitPrice: price.optional(),
    dryRun: z.boolean().default(false),
  })
  .refine((body) => body.ratio === undefined || body.qtyMicros === undefined, {
    message: 'ratio or qtyMicros, not both',
    path: ['qtyMicros'],
  })
  .refine((body) => (body.type === 'LIMIT') === (body.limitPrice !== undefined), {
    message: 'a LIMIT exit, and only that, has a limitPrice',
    path: ['limitPrice'],
  });
export const exitAnswer = z.object({
  order: order.nullable(),
  qtyMicros,
  /** At the last price, before costs. */
  expectedMicros: micros,
  remainingQtyMicros: qtyMicros,
  remainingRiskMicros: micros,
  dryRun: z.boolean(),
});
export type ExitAnswer = z.infer<typeof exitAnswer>;

export const ordersQuery = z.strictObject({
  status: z.string().max(40).optional(),
  symbol: symbol.optional(),
  account: z.string().max(64).optional(),
  position: z.string().max(64).optional(),
  id: z.string().max(64).optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
  cursor: z.string().max(400).optional(),
});
export const ordersAnswer = page(order.extend({ fills: z.array(fill).max(100) }));
export const orderAnswer = z.object({ order });

export const campaignsQuery = z.strictObject({
  status: z.string().max(40).optional(),
  symbol: symbol.optional(),
  id: z.string().max(64).optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
  cursor: z.string().max(400).optional(),
});
export const campaignsAnswer = page(campaign);
export const campaignBody = z.strictObject({
  cancel: z.literal(true),
  /** Its positions go on as MANUAL, under their stops. */
  keepPositions: z.boolean().default(false),
  reason: z.string().trim().min(3).max(500),
});
export const campaignAnswer = z.object({ campaign });

export const accountsQuery = z.strictObject({
  kind: z.enum(['PAPER', 'LIVE', 'REPLAY']).optional(),
  archived: z.enum(['true', 'false']).optional(),
});
export const accountsAnswer = page(account.extend({ broker: z.string(), archivedAt: epochMs.nullable(), trackRecord }));

const limitUse = z.object({
  rule: z.string(),
  /** What is measured, for people. */
  label: z.string(),
  /** What the limit is about: a bucket, a class, a campaign; null: the account. */
  of: z.string().nullable(),
  /** Of `value`, `warn` and `limit`: money, or how many. */
  unit: z.enum(['MICROS', 'COUNT']),
  value: z.number(),
  /** From here on it warns; null: it does not. */
  warn: z.number().nullable(),
  limit: z.number(),
  useRatio: ratio,
  /** A value equal to the limit is allowed, above is refused. */
  state: z.enum(['NORMAL', 'WARNING', 'REACHED', 'EXCEEDED']),
});
/** One limit as it is set: basis points of equity, or how many. */
const limitSetting = z.object({
  field: z.string(),
  value: z.number().int(),
  tightest: z.number().int(),
  loosest: z.number().int(),
});
const share = z.object({ name: z.string(), riskMicros: micros, ratio });
const correlation = z.object({ a: symbol, b: symbol, timeframe, ratio: z.number().min(-1).max(1), bars: z.number().int() });
export const riskAnswer = z.object({
  accountId: z.string(),
  equityMicros: micros,
  /** Now, with every pending entry filled, and with every stop half a per cent farther away. */
  heatRatio: ratio,
  heatIfFilledRatio: ratio,
  heatWithGapRatio: ratio,
  limits: z.array(limitUse),
  /** What the limits are set to, and between what they may be set: `PATCH /settings/risk`. */
  settings: z.array(limitSetting),
  byCampaign: z.array(share),
  byBucket: z.array(share),
  byClass: z.array(share),
  /** Of the returns of symbols at stake, over the bars both have; null, with the reason: nothing to compare, or too few bars. */
  correlations: z.array(correlation).max(45).nullable(),
  /** Also of the pairs that are left out; empty: none is. */
  correlationsReason: z.string(),
  openPositions: z.number().int(),
  maxPositions: z.number().int(),
});
export type RiskAnswer = z.infer<typeof riskAnswer>;

export const settingsAnswer = z.object({
  items: z.array(
    z.object({
      key: z.string(),
      value: z.unknown(),
      defaults: z.unknown(),
      version: z.number().int(),
      scope: z.enum(['own', 'system']),
      updatedAt: epochMs.nullable(),
      updatedBy: z.string().nullable(),
    }),
  ),
});
export type SettingsAnswer = z.infer<typeof settingsAnswer>;
/** A JSON merge patch: null removes a field back to its default. */
export const settingBody = z.strictObject({
  value: z.record(z.string(), z.unknown()),
  dryRun: z.boolean().default(false),
  reason: z.string().trim().min(3).max(500).optional(),
});
export const settingAnswer = z.object({
  key: z.string(),
  value: z.unknown(),
  version: z.number().int(),
  dryRun: z.boolean(),
  changes: z.array(z.object({ field: z.string(), from: z.unknown(), to: z.unknown(), raisesRisk: z.boolean() })),
});
export type SettingAnswer = z.infer<typeof settingAnswer>;

export const factsQuery = z.strictObject({
  topic: z.enum([...FACT_TOPICS, ...INNER_TOPICS]).optional(),
  type: z.string().max(48).optional(),
  entity: z.string().max(64).optional(),
  /** Only what people, the command line and automation did. */
  audit: z.enum(['true']).optional(),
  afterSeq: z.coerce.number().int().min(0).optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
});
/** As stored, also what does not travel on the stream: `input.*` and the ledger. */
export const journalRow = z.object({
  seq,
  at: epochMs,
  type: z.string(),
  data: z.unknown(),
  topic: z.string().optional(),
  entity: z.string().nullable().optional(),
  actor: z.string().nullable().optional(),
  cause: z.number().int().nullable().optional(),
  requestId: z.string().nullable().optional(),
});
export type JournalRow = z.infer<typeof journalRow>;
export const factsAnswer = page(journalRow);

/** `[ts, equityMicros, cashMicros, heatRatio]`, at most 2,000 points, ascending. */
export const equityAnswer = z.object({
  accountId: z.string(),
  items: z.array(z.tuple([epochMs, micros, micros, ratio])).max(2000),
});
export type EquityAnswer = z.infer<typeof equityAnswer>;

export const replayAction = z.strictObject({
  action: z.literal('replay'),
  feed: z.literal('replay').default('replay'),
  do: z.enum(['play', 'pause', 'step', 'speed', 'hold']),
  /** For `hold`: whether it pauses when a signal begins to wait for a person. */
  on: z.boolean().optional(),
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

/** The gate to the database (C4). */
export const databaseHealth = z.object({
  kind: z.enum(['sqlite', 'postgres']),
  /** Connections there may be, and how they stand now. */
  size: z.number().int(),
  idle: z.number().int(),
  inUse: z.number().int(),
  waiting: z.number().int(),
  /** Since the start. */
  acquired: z.number().int(),
  released: z.number().int(),
  errors: z.number().int(),
  longestHold: z.object({ ms: z.number(), name: z.string() }),
});

export const healthAnswer = z.object({
  status: z.enum(['ok', 'degraded', 'failing']),
  version: z.string(),
  uptimeMs: z.number(),
  store: z.object({ ok: z.boolean(), kind: z.string(), bytes: z.number() }),
  /** The shared cache of bars; null: there is none. Away, the store answers alone. */
  cache: z
    .object({ state: z.enum(['CONNECTED', 'AWAY']), hits: z.number(), misses: z.number(), failures: z.number() })
    .nullable(),
  feeds: z.array(connection),
  sockets: z.number().int(),
});
