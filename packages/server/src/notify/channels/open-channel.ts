/** A channel as the settings describe it, or null while something it needs is missing. */
import type { Channel } from '../channel.ts';
import type { ChannelName } from '../routing.ts';
import type { NotificationSecrets, NotificationSettings } from '../settings.ts';
import { emailChannel } from './email.ts';
import { telegramChannel } from './telegram.ts';
import { webhookChannel } from './webhook.ts';

export interface ChannelContext {
  readonly secrets: NotificationSecrets;
  readonly wallClock: () => number;
}

export function openChannel(name: ChannelName, settings: NotificationSettings, of: ChannelContext): Channel | null {
  const { email, webhook, telegram } = settings;
  const { smtpPassword: password, webhookSecret: secret, telegramToken: token } = of.secrets;
  switch (name) {
    case 'email':
      return email.host === '' || email.to === '' ? null : emailChannel({ settings: email, password });
    case 'webhook':
      return webhook.url === '' ? null : webhookChannel({ settings: webhook, secret, wallClock: of.wallClock });
    case 'telegram':
      return token === undefined || telegram.chatId === '' ? null : telegramChannel({ settings: telegram, token });
  }
}
