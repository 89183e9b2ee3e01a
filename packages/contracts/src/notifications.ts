/** Notifications as the desk shows them (trading.md 10). */
import * as z from 'zod';
import { epochMs } from './primitives.ts';

export const notification = z.object({
  id: z.string(),
  type: z.string(),
  priority: z.enum(['INFO', 'WARNING', 'CRITICAL']),
  title: z.string().max(200),
  body: z.string().max(1_000),
  data: z.unknown(),
  createdAt: epochMs,
  readAt: epochMs.nullable(),
});
export type NotificationWire = z.infer<typeof notification>;

export const NOTIFICATION_CHANNELS = ['email', 'webhook', 'telegram'] as const;

export const notificationsQuery = z.strictObject({
  unread: z.enum(['true']).optional(),
  type: z.string().max(40).optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
  cursor: z.string().max(400).optional(),
});
export const notificationsAnswer = z.object({
  items: z.array(notification),
  nextCursor: z.string().nullable(),
  /** Counted by the store. */
  unread: z.number().int(),
});
export type NotificationsAnswer = z.infer<typeof notificationsAnswer>;

/** Which are read: some, or all up to one. */
export const readNotificationsBody = z.union([
  z.strictObject({ ids: z.array(z.string().max(64)).min(1).max(200) }),
  z.strictObject({ upToId: z.string().max(64) }),
]);
export const readNotificationsAnswer = z.object({ unread: z.number().int() });

export const testNotificationBody = z.strictObject({ channel: z.enum(NOTIFICATION_CHANNELS) });
export const testNotificationAnswer = z.object({
  delivered: z.boolean(),
  /** Why not, in the words of the channel; null when it went. */
  error: z.string().nullable(),
});
