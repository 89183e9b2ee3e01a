/** Facts (numbered, never dropped) and conflated values: what travels on the topics of the stream (interface.md 3.4). */
import * as z from 'zod';
import { eventState, phaseChange, rangeFact } from './analysis.ts';
import { epochMs, price, seq, symbol, timeframe } from './primitives.ts';
import { account, fill, order, position, riskLimit, signal } from './trading.ts';

/** Topics whose messages are facts: replayed by sequence number, never dropped. */
export const FACT_TOPICS = ['analysis', 'signals', 'orders', 'positions', 'risk'] as const;
export const factTopic = z.enum(FACT_TOPICS);
export type FactTopic = (typeof FACT_TOPICS)[number];

const fact = <T extends string, S extends z.ZodType>(type: T, data: S) =>
  z.object({ seq, at: epochMs, type: z.literal(type), data });

/** One row of the journal. `at` is pipeline time: the closing instant of the bar that caused it. */
export const factRow = z.discriminatedUnion('type', [
  fact('event.changed', eventState),
  fact('phase.changed', phaseChange),
  fact('range.changed', rangeFact),
  fact('signal.created', signal),
  fact('signal.changed', signal),
  fact('order.changed', order),
  fact('order.filled', z.object({ fill, order })),
  fact('position.opened', position),
  fact('position.changed', position),
  fact('position.closed', position),
  fact('risk.limit', riskLimit),
]);
export type FactRow = z.infer<typeof factRow>;

export const barValues = z.object({
  symbol,
  timeframe,
  ts: epochMs,
  o: price,
  h: price,
  l: price,
  c: price,
  v: z.number().min(0),
});
export type BarWire = z.infer<typeof barValues>;

/** State of a feed or broker; a replay feed also says where it is. */
export const connection = z.object({
  name: z.string(),
  kind: z.enum(['FEED', 'BROKER']),
  state: z.enum(['DISCONNECTED', 'CONNECTING', 'AUTHENTICATING', 'CONNECTED', 'DEGRADED', 'RECONNECTING', 'STOPPED']),
  since: epochMs,
  lastDataAt: epochMs.nullable(),
  error: z.string().nullable(),
  replay: z
    .object({
      symbol,
      timeframe,
      playing: z.boolean(),
      finished: z.boolean(),
      /** Bars per second; null = as fast as possible. */
      speed: z.number().positive().nullable(),
      /** Bars replayed so far and in all. */
      position: z.number().int(),
      total: z.number().int(),
      /** Opening time of the bar last replayed; null before the first. */
      time: epochMs.nullable(),
    })
    .nullable(),
});
export type ConnectionWire = z.infer<typeof connection>;

/** Values of which only the latest per key matters. */
export const conflatedData = z.discriminatedUnion('type', [
  z.object({ type: z.literal('bar.closed'), data: barValues }),
  z.object({ type: z.literal('bars.gap'), data: z.object({ symbol, timeframe, from: epochMs }) }),
  z.object({ type: z.literal('position.marked'), data: position }),
  z.object({ type: z.literal('account.updated'), data: account }),
  z.object({ type: z.literal('connection.changed'), data: connection }),
]);
export type ConflatedData = z.infer<typeof conflatedData>;
