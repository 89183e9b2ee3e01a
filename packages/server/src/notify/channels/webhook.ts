/** Notifications to a webhook. */
import type { Channel } from '../channel.ts';
import type { NotificationSettings } from '../settings.ts';
import { httpsPost } from './https-post.ts';
import { webhookBody } from './webhook-body.ts';

export interface WebhookOptions {
  readonly settings: NotificationSettings['webhook'];
  readonly secret: string | undefined;
  readonly wallClock: () => number;
  /** For tests against a server of this machine. */
  readonly trusted?: boolean;
}

export function webhookChannel({ settings, secret, wallClock, trusted }: WebhookOptions): Channel {
  return {
    send: (notification, signal) => {
      const { text, headers } = webhookBody(notification, settings.shape, { secret, nowMs: wallClock() });
      return httpsPost(settings.url, { headers, body: text, signal, ...(trusted === true ? { trusted } : {}) });
    },
  };
}
