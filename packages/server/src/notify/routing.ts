/** Which channels a notification takes: informing stays in the app, warnings are mailed, the critical goes everywhere (trading.md 10). */
import type { EpochMs } from '@wyckoff/domain';
import type { Notice, Priority } from './notification.ts';
import { PRIORITY_OF } from './notification.ts';
import { isQuiet } from './quiet-hours.ts';
import type { NotificationSettings } from './settings.ts';

export const CHANNELS = ['email', 'webhook', 'telegram'] as const;
export type ChannelName = (typeof CHANNELS)[number];

/** Of the dead letters that a channel did not take. */
export function letterTopic(channel: ChannelName): string {
  return `notify.${channel}`;
}

/** Signals of grade A and better are worth a mail. */
const MAIL_CONFIDENCE = 85;

/** Beside the app, which shows all of them. Empty in quiet hours, except for the critical. */
export function channelsFor(notice: Notice, settings: NotificationSettings, at: EpochMs): readonly ChannelName[] {
  const priority = PRIORITY_OF[notice.type];
  if (priority !== 'CRITICAL' && isQuiet(settings.quietHours, at)) return [];
  return CHANNELS.filter((name) => settings[name].enabled && takes(name, priority, { notice, settings }));
}

function takes(
  name: ChannelName,
  priority: Priority,
  of: { readonly notice: Notice; readonly settings: NotificationSettings },
): boolean {
  if (priority === 'CRITICAL') return true;
  if (name !== 'email') return false;
  if (priority === 'WARNING') return true;
  const { notice, settings } = of;
  return notice.type === 'signal_created' && (settings.email.allSignals || (notice.confidence ?? 0) >= MAIL_CONFIDENCE);
}
