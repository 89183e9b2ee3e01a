/** Tells people: a notice is stored, shown in the app, and sent by the channels its priority asks for. `notify` returns at once. */
import { BoundedQueue, Ring, type Scope } from '@wyckoff/bounded';
import type { Change } from '../store/changes.ts';
import type { Channel, Delivery } from './channel.ts';
import { timeOrderedId } from './id.ts';
import { Merger } from './merger.ts';
import { notificationOf, type Notice, type Notification } from './notification.ts';
import { PostOffice, type Receipt } from './post-office.ts';
import { CHANNELS, channelsFor, type ChannelName } from './routing.ts';
import type { NotificationSettings } from './settings.ts';

const WAITING = 1_000;
const IN_MEMORY = 100;
/** Title, body, data and their objects at most. */
const ITEM_BYTES = 4_096;
const SWEEP_MS = 60_000;

/** Messages an hour to one user. */
const PER_HOUR: Readonly<Record<ChannelName, number>> = { email: 10, webhook: 60, telegram: 30 };

export interface NotifierOptions {
  readonly scope: Scope;
  readonly userId: string;
  readonly settings: NotificationSettings;
  /** The channels that are set up; made anew when the settings change. */
  readonly channelOf: (name: ChannelName, settings: NotificationSettings) => Channel | null;
  /** Stores a change and publishes its facts. */
  readonly record: (change: Change) => Promise<void>;
  readonly unread: () => Promise<number>;
  readonly isSignalOpen: (signalId: string) => boolean;
  /** Epoch ms. */
  readonly wallClock: () => number;
  /** What no channel took in three tries: it is kept and tried again later (C6). */
  readonly onUndelivered?: ((notification: Notification, receipt: Receipt) => void) | undefined;
  /** Problems without a caller: a store that does not answer. */
  readonly onProblem: (error: unknown) => void;
}

/** What the one worker has to do: tell a notice, or keep how a channel fared. */
type Job =
  | { readonly kind: 'tell'; readonly notice: Notice; readonly notification: Notification }
  | { readonly kind: 'keep'; readonly receipt: Receipt; readonly at: number };

export class Notifier {
  readonly #options: NotifierOptions;
  readonly #queue: BoundedQueue<Job>;
  readonly #newest: Ring<Notification>;
  readonly #merger: Merger;
  #settings: NotificationSettings;
  #generation = 0;
  #offices: Scope;
  #office: Partial<Record<ChannelName, PostOffice>>;
  #working = false;

  constructor(options: NotifierOptions) {
    this.#options = options;
    const { scope } = options;
    this.#settings = options.settings;
    const shape = { itemBytes: ITEM_BYTES, scope } as const;
    this.#queue = new BoundedQueue({ name: 'server.notify.waiting', capacity: WAITING, policy: 'fifo', ...shape });
    this.#newest = new Ring({ name: 'server.notify.newest', capacity: IN_MEMORY, ...shape });
    this.#merger = new Merger(scope, scope.timers);
    this.#offices = scope.child('offices');
    this.#office = this.#openOffices();
    scope.interval(SWEEP_MS, () => this.#merger.sweep(), 'notify sweep');
  }

  /** The newest 100, oldest first; older ones are in the store. */
  get newest(): readonly Notification[] {
    return this.#newest.toArray();
  }

  get settings(): NotificationSettings {
    return this.#settings;
  }

  /** Takes a notice; false when the same was said less than a minute ago. Never waits for a channel or the store. */
  notify(notice: Notice): boolean {
    if (!this.#merger.admits(notice)) return false;
    const now = this.#options.wallClock();
    this.#take({ kind: 'tell', notice, notification: notificationOf(notice, timeOrderedId(now), now) });
    return true;
  }

  /** New settings: channels are made anew, what waited for the old ones is dropped with them. */
  async use(settings: NotificationSettings): Promise<void> {
    const old = this.#offices;
    this.#settings = settings;
    this.#generation += 1;
    this.#offices = this.#options.scope.child('offices', { label: String(this.#generation) });
    this.#office = this.#openOffices();
    await old.dispose();
  }

  /** Sends one real message now, past limits and quiet hours. Null: the channel is not set up. */
  async test(name: ChannelName): Promise<Delivery | null> {
    const channel = this.#options.channelOf(name, this.#settings);
    if (channel === null) return null;
    const now = this.#options.wallClock();
    const notice: Notice = {
      type: 'signal_created',
      key: 'test',
      title: 'Test message',
      body: 'This channel works. Nothing has happened in your account.',
      data: { test: true },
    };
    return channel.send(notificationOf(notice, timeOrderedId(now), now), AbortSignal.timeout(10_000));
  }

  /** One more try of what could not be delivered, past limits. Null: delivered, or nobody needs it any more; else why not. */
  async redeliver(name: ChannelName, notification: Notification): Promise<string | null> {
    if (!this.#isCurrent(notification)) return null;
    const channel = this.#settings[name].enabled ? this.#options.channelOf(name, this.#settings) : null;
    if (channel === null) return `${name} is not set up`;
    const delivery = await channel.send(notification, AbortSignal.timeout(10_000));
    return delivery.outcome === 'delivered' ? null : delivery.error;
  }

  #isCurrent({ type, data }: Notification): boolean {
    return type !== 'signal_created' || typeof data.signalId !== 'string' || this.#options.isSignalOpen(data.signalId);
  }

  #take(job: Job): void {
    this.#queue.push(job);
    if (this.#working) return;
    this.#working = true;
    this.#options.scope.task('notify', () => this.#work(), { kind: 'notify' });
  }

  async #work(): Promise<void> {
    try {
      for (;;) {
        using batch = this.#queue.take(1);
        const next = batch?.items[0];
        if (batch === undefined || next === undefined) return;
        batch.acknowledge(1);
        if (next.kind === 'tell') await this.#tell(next);
        else await this.#keep(next);
      }
    } finally {
      this.#working = false;
    }
  }

  /** The app first; a store that does not answer keeps nobody from being told. */
  async #tell({ notice, notification }: Extract<Job, { readonly kind: 'tell' }>): Promise<void> {
    const { unread, onProblem, isSignalOpen } = this.#options;
    // While it waited for its turn the signal was decided, filled or expired: nobody needs to look at it any more.
    if (notice.signalId !== undefined && !isSignalOpen(notice.signalId)) return;
    this.#newest.push(notification);
    try {
      const already = await unread();
      await this.#record(notification, already + 1);
    } catch (error) {
      onProblem(error);
    }
    for (const name of channelsFor(notice, this.#settings, notification.createdAt)) this.#office[name]?.post(notification);
  }

  async #record(notification: Notification, unread: number): Promise<void> {
    const { record, userId } = this.#options;
    await record({
      facts: [
        {
          at: notification.createdAt,
          topic: 'notifications',
          type: 'notification.created',
          data: { notification, unread },
          userId,
          entity: notification.id,
          actor: 'system',
        },
      ],
      writes: [{ kind: 'notification', notification: { ...notification, userId } }],
    });
  }

  #openOffices(): Partial<Record<ChannelName, PostOffice>> {
    const { channelOf, wallClock } = this.#options;
    const isCurrent = (notification: Notification): boolean => this.#isCurrent(notification);
    const offices: Partial<Record<ChannelName, PostOffice>> = {};
    for (const name of CHANNELS) {
      const channel = this.#settings[name].enabled ? channelOf(name, this.#settings) : null;
      if (channel === null) continue;
      const onReceipt = (receipt: Receipt): void => this.#take({ kind: 'keep', receipt, at: wallClock() });
      const { onUndelivered } = this.#options;
      offices[name] = new PostOffice({ name, channel, scope: this.#offices, perHour: PER_HOUR[name], isCurrent, onReceipt, onUndelivered }); // prettier-ignore
    }
    return offices;
  }

  /** How a channel fared is a fact of its own; an address that is gone is told in the app. */
  async #keep({ receipt, at }: Extract<Job, { readonly kind: 'keep' }>): Promise<void> {
    const { record, userId, onProblem } = this.#options;
    const of = { userId, entity: receipt.notificationId, actor: 'system' };
    const fact = { at, topic: 'notifications', type: 'notification.delivered', data: receipt, ...of };
    await record({ facts: [fact], writes: [] }).catch(onProblem);
    if (receipt.outcome !== 'gone' || receipt.tries === 0) return;
    this.notify({
      type: 'provider_down',
      key: receipt.channel,
      title: `Notifications by ${receipt.channel} are switched off`,
      body: `The address does not take them: ${receipt.error ?? 'no reason given'}. Correct it in the settings.`,
      data: { channel: receipt.channel },
    });
  }
}
