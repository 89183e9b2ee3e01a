/** Facts (numbered, never dropped) and conflated values: what travels on the topics of the stream (interface.md 3.4). */
import * as z from 'zod';
import { eventState, phaseChange, rangeFact } from './analysis.ts';
import { epochMs, price, seq, symbol, timeframe } from './primitives.ts';
import { FACT_TOPICS, type FactTopic } from './topics.ts';
import { allocation, campaign } from './campaigns.ts';
import { notification } from './notifications.ts';
import { approval, haltChange, reconcileDifference, reservation } from './acceptance.ts';
import { killSwitch, tradingState } from './trading-state.ts';
import { account, fill, order, position, riskLimit, signal } from './trading.ts';

export const factTopic = z.enum(FACT_TOPICS);
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
  fact('approval.changed', approval),
  fact('campaign.changed', campaign),
  fact('allocation.decided', allocation),
  fact('reservation.changed', reservation),
  fact('halt.changed', haltChange),
  fact('trading.changed', tradingState),
  fact('killswitch.changed', killSwitch),
  fact('reconcile.difference', reconcileDifference),
  fact('notification.created', z.object({ notification, unread: z.number().int() })),
  /** Which were read: some, or all up to one. */
  fact(
    'notification.read',
    z.object({ unread: z.number().int(), ids: z.array(z.string()).max(200).optional(), upToId: z.string().optional() }),
  ),
  fact('settings.changed', z.object({ key: z.string(), version: z.number().int(), scope: z.enum(['own', 'system']) })),
]);
export type FactRow = z.infer<typeof factRow>;

/** The topic each type travels on. */
export const FACT_TOPIC: Readonly<Record<FactRow['type'], FactTopic>> = {
  'event.changed': 'analysis',
  'phase.changed': 'analysis',
  'range.changed': 'analysis',
  'signal.created': 'signals',
  'signal.changed': 'signals',
  'approval.changed': 'signals',
  'order.changed': 'orders',
  'order.filled': 'orders',
  'position.opened': 'positions',
  'position.changed': 'positions',
  'position.closed': 'positions',
  'campaign.changed': 'campaigns',
  'allocation.decided': 'campaigns',
  'reservation.changed': 'risk',
  'risk.limit': 'risk',
  'halt.changed': 'trading',
  'trading.changed': 'trading',
  'killswitch.changed': 'trading',
  'reconcile.difference': 'trading',
  'notification.created': 'notifications',
  'notification.read': 'notifications',
  'settings.changed': 'settings',
};

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
  /** The session that is on, or the next one; absent: it never closes, or nobody waits for it. */
  market: z.object({ opensAt: epochMs, closesAt: epochMs }).optional(),
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
      /** It pauses when a signal begins to wait for a person. */
      holds: z.boolean().optional(),
      /** It has paused so, and the signal still waits. */
      held: z.boolean().optional(),
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
