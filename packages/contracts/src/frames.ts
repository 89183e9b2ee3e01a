/** Frames of the WebSocket, subprotocol `wyckoff.v1` (interface.md 3.2). */
import * as z from 'zod';
import { FACT_TOPICS } from './topics.ts';
import { epochMs, seq } from './primitives.ts';

export const SUBPROTOCOL = 'wyckoff.v1';

/** Close codes (interface.md 3.5). */
export const CLOSE = {
  shutdown: 1001,
  busy: 1013,
  protocolAbuse: 4400,
  tokenExpired: 4401,
  forbidden: 4403,
  idle: 4408,
  replaced: 4409,
  slowConsumer: 4429,
} as const;

/** A topic: a fact topic, `account`, `connections`, `system`, `memory`, or `bars:SYMBOL:TF`, `quotes:SYMBOL`. */
export const topic = z
  .string()
  .max(64)
  .regex(
    /^(analysis|signals|orders|positions|risk|campaigns|trading|notifications|settings|account|connections|system|memory|bars:[A-Z0-9./^-]{1,20}:(1m|5m|15m|30m|1h|4h|1d|1w)|quotes:[A-Z0-9./^-]{1,20})$/,
  );

export const clientOp = z.discriminatedUnion('op', [
  z.strictObject({
    op: z.literal('hello'),
    v: z.literal(1),
    epoch: z.string().max(64).nullable(),
    lastSeq: seq.nullable(),
    topics: z.array(topic).max(64),
    /** Random id of the browser tab: a reloading tab replaces its own connection. */
    tab: z.string().min(8).max(64),
    contractHash: z.string().max(80).optional(),
    token: z.string().max(512).optional(),
  }),
  z.strictObject({ op: z.literal('subscribe'), topics: z.array(topic).min(1).max(64) }),
  z.strictObject({ op: z.literal('unsubscribe'), topics: z.array(topic).min(1).max(64) }),
]);
export type ClientOp = z.infer<typeof clientOp>;
/** One frame carries one op or an array of up to 50. */
export const clientFrame = z.union([clientOp, z.array(clientOp).min(1).max(50)]);

export const RESUMES = ['REPLAY', 'SNAPSHOT', 'CURRENT'] as const;
export const RESYNC_REASONS = ['EPOCH', 'TOO_OLD', 'TOO_FAR', 'OVERRUN'] as const;

/** Control frames of the server. Events (`op: 'event'`) carry `seq` when they are facts, `key` when conflated. */
export const serverFrame = z.discriminatedUnion('op', [
  z.object({
    op: z.literal('welcome'),
    epoch: z.string(),
    seq,
    user: z.string(),
    role: z.enum(['viewer', 'trader', 'admin']),
    serverTime: epochMs,
    contractHash: z.string(),
    resume: z.enum(RESUMES),
  }),
  z.object({ op: z.literal('replayed'), from: seq, to: seq, count: z.number().int() }),
  z.object({ op: z.literal('resync'), topics: z.array(z.enum(FACT_TOPICS)), reason: z.enum(RESYNC_REASONS) }),
  z.object({
    op: z.literal('subscribed'),
    topics: z.array(z.string()),
    refused: z.array(z.object({ topic: z.string(), code: z.string() })),
  }),
  /** "You have all that concerns you up to seq; `sent` facts went out on this connection." */
  z.object({ op: z.literal('sync'), seq, sent: z.number().int(), serverTime: epochMs }),
  z.object({ op: z.literal('problem'), code: z.string(), sentence: z.string() }),
  z.object({
    op: z.literal('event'),
    topic: z.string(),
    type: z.string(),
    ts: epochMs,
    seq: seq.optional(),
    key: z.string().optional(),
    data: z.unknown(),
  }),
]);
export type ServerFrame = z.infer<typeof serverFrame>;
