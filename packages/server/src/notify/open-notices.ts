/** Opens the notifications of a session: facts become notices, notices reach people; trading waits for none of it. */
import type { Scope } from '@wyckoff/bounded';
import type { FactRow } from '@wyckoff/contracts';
import type { Change } from '../store/changes.ts';
import type { Store } from '../store/store.ts';
import { deadLetterDesk, type DeadLetterDesk } from '../dead-letters/dead-letter-desk.ts';
import { DeadLetters } from '../dead-letters/dead-letters.ts';
import { openChannel } from './channels/open-channel.ts';
import { expiryWatch } from './expiry-watch.ts';
import { noticeOfFact } from './notice-of-fact.ts';
import { staleWatch } from './stale-watch.ts';
import { NoticesDesk } from './notices-desk.ts';
import type { Notification } from './notification.ts';
import { Notifier } from './notifier.ts';
import { CHANNELS, letterTopic } from './routing.ts';
import { DEFAULT_NOTIFICATIONS, notificationSettings, type NotificationSecrets, type NotificationSettings } from './settings.ts';

export interface NoticesParts {
  readonly scope: Scope;
  readonly store: Store;
  readonly userId: string;
  readonly secrets: NotificationSecrets;
  /** Of the account the session trades: said in every notice. */
  readonly accountKind: 'PAPER' | 'LIVE' | 'REPLAY';
  readonly record: (change: Change) => Promise<unknown>;
  readonly subscribeFacts: (listener: (facts: readonly FactRow[]) => void) => Disposable;
  readonly wallClock: () => number;
  readonly onProblem: (error: unknown) => void;
}

export interface Notices {
  readonly desk: NoticesDesk;
  readonly notifier: Notifier;
  /** What no channel took, waiting for its next try. */
  readonly deadLetters: DeadLetterDesk;
  /** The settings of the user have changed. */
  use(value: unknown): void;
}

export async function openNotices(parts: NoticesParts): Promise<Notices> {
  const { store, userId, secrets, accountKind, record, wallClock, onProblem } = parts;
  const scope = parts.scope.child('notify');
  const stored = await store.settingRow(userId, 'notifications');
  const deadLetters = new DeadLetters({ store, scope, wallClock, onProblem });
  const open = expiryWatch({ scope, wallClock, onExpiring: (notice) => notifier.notify(notice) });
  const notifier: Notifier = new Notifier({
    scope,
    userId,
    settings: settingsOf(stored?.value),
    channelOf: (name, settings) => openChannel(name, settings, { secrets, wallClock }),
    record: async (change) => {
      await record(change);
    },
    unread: () => store.unreadNotifications(userId),
    isSignalOpen: (signalId) => open.isOpen(signalId),
    onUndelivered: (notification, { channel, tries, error }) => {
      const letter = { topic: letterTopic(channel), payload: notification, error: error ?? 'no reason given', attempts: tries };
      scope.task('dead letter', () => deadLetters.keep(letter), { kind: 'dead-letter' });
    },
    wallClock,
    onProblem,
  });
  for (const name of CHANNELS)
    deadLetters.handle(letterTopic(name), async (payload) => await notifier.redeliver(name, payload as Notification));
  const tellFact = (fact: FactRow): void => {
    const notice = noticeOfFact(fact, { settings: notifier.settings, accountKind });
    if (notice !== null) notifier.notify(notice);
  };
  const stale = staleWatch({
    scope,
    wallClock,
    onStale: (halt) => tellFact({ seq: 0, at: wallClock(), type: 'halt.changed', data: halt }),
  });
  for (const { id, scope: of, kind, reason, actor, since, until } of await store.haltsInForce().catch(() => []))
    stale.found({ id, accountId: '', scope: of, kind, reason, actor, since, until, value: null, limit: null });
  // The switch is told again with each result of a FLATTEN: people hear of a level once.
  let heardOfSwitch = '';
  const isOldNews = (fact: FactRow): boolean => {
    if (fact.type !== 'killswitch.changed') return false;
    const now = `${fact.data.level} ${fact.data.activationId ?? ''}`;
    const isOld = now === heardOfSwitch;
    heardOfSwitch = now;
    return isOld;
  };
  const onFacts = (facts: readonly FactRow[]): void => {
    for (const fact of facts) {
      open.hear(fact);
      stale.hear(fact);
      const isTooEarly = fact.type === 'halt.changed' && fact.data.kind === 'STALE';
      if (!isTooEarly && !isOldNews(fact)) tellFact(fact);
    }
  };
  scope.own(parts.subscribeFacts(onFacts));
  return {
    notifier,
    deadLetters: deadLetterDesk({ store, letters: deadLetters, record, wallClock }),
    desk: new NoticesDesk({ store, userId, notifier, record, wallClock }),
    use: (value) => void scope.task('notify settings', () => notifier.use(settingsOf(value)), { kind: 'notify-settings' }),
  };
}

/** What is stored, or the defaults when it no longer fits. */
function settingsOf(value: unknown): NotificationSettings {
  const answer = notificationSettings.safeParse(value ?? {});
  return answer.success ? answer.data : DEFAULT_NOTIFICATIONS;
}
