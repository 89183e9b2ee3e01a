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
