/** The shapes webhooks are spoken to in: Slack, Discord, or our own signed JSON (trading.md 10). */
import { createHmac } from 'node:crypto';
import type { Notification } from '../notification.ts';
import type { NotificationSettings } from '../settings.ts';
import { subjectOf } from './text.ts';

/** Colours of the priorities, as Discord counts them. */
const COLOURS = { INFO: 0x3b82f6, WARNING: 0xd97706, CRITICAL: 0xdc2626 } as const;

export interface WebhookBody {
  readonly text: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** `secret` signs the shape `json`: `X-Signature` is the hex HMAC-SHA256 of `X-Timestamp + "." + body`. */
export function webhookBody(
  notification: Notification,
  shape: NotificationSettings['webhook']['shape'],
  sign: { readonly secret: string | undefined; readonly nowMs: number },
): WebhookBody {
  const headers = { 'content-type': 'application/json' };
  if (shape === 'slack') return { text: JSON.stringify(slackOf(notification)), headers };
  if (shape === 'discord') return { text: JSON.stringify(discordOf(notification)), headers };
  const text = JSON.stringify(notification);
  if (sign.secret === undefined) return { text, headers };
  const timestamp = String(Math.floor(sign.nowMs / 1_000));
  const signature = createHmac('sha256', sign.secret).update(`${timestamp}.${text}`).digest('hex');
  return { text, headers: { ...headers, 'x-timestamp': timestamp, 'x-signature': signature } };
}

function slackOf(notification: Notification): object {
  const { title, body } = notification;
  return {
    text: subjectOf(notification),
    blocks: [
      { type: 'header', text: { type: 'plain_text', text: title.slice(0, 150) } },
      { type: 'section', text: { type: 'plain_text', text: body === '' ? title : body } },
      { type: 'context', elements: [{ type: 'plain_text', text: timeOf(notification) }] },
    ],
  };
}

function discordOf(notification: Notification): object {
  const { title, body, priority } = notification;
  return {
    content: subjectOf(notification),
    // Nobody is woken because a symbol happens to look like a mention.
    allowed_mentions: { parse: [] },
    embeds: [{ title, description: body, color: COLOURS[priority], timestamp: timeOf(notification) }],
  };
}

function timeOf({ createdAt }: Notification): string {
  return new Date(createdAt).toISOString();
}
