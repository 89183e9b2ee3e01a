/** Notifications by a Telegram bot (Bot API, sendMessage): plain text, so nothing in it is taken for markup. */
import type { Channel } from '../channel.ts';
import type { NotificationSettings } from '../settings.ts';
import { httpsPost } from './https-post.ts';
import { textOf } from './text.ts';

export interface TelegramOptions {
  readonly settings: NotificationSettings['telegram'];
  readonly token: string;
  /** For tests: a server of this machine that speaks the Bot API. */
  readonly server?: string;
}

export function telegramChannel({ settings, token, server }: TelegramOptions): Channel {
  const url = `${server ?? 'https://api.telegram.org'}/bot${token}/sendMessage`;
  return {
    send: async (notification, signal) => {
      const body = JSON.stringify({
        chat_id: settings.chatId,
        text: textOf(notification),
        link_preview_options: { is_disabled: true },
      });
      const headers = { 'content-type': 'application/json' };
      const delivery = await httpsPost(url, { headers, body, signal, ...(server === undefined ? {} : { trusted: true }) });
      // The token is part of the address: it must not reach a receipt.
      return delivery.outcome === 'delivered' ? delivery : { ...delivery, error: delivery.error.replaceAll(token, '***') };
    },
  };
}
