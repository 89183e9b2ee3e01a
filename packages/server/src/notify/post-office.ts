/** Delivers to one channel: in order, three tries, so many an hour, with a pause after repeated failures; trading never waits for it. */
import { BoundedQueue, RollingCounter, type Scope } from '@wyckoff/bounded';
import type { Channel, Delivery } from './channel.ts';
import type { Notification } from './notification.ts';
import type { ChannelName } from './routing.ts';

/** After the first and the second failed try; the third is the last. */
const PAUSES_MS: readonly number[] = [1_000, 2_000];
const WAITING = 1_000;
const MINUTE_MS = 60_000;
/** Failures within a minute that pause a channel for a minute. */
const FAILURES = 5;
const ATTEMPT_MS = 10_000;
const ITEM_BYTES = 4_096;

/** What became of one notification on one channel. */
export interface Receipt {
  readonly notificationId: string;
  readonly channel: ChannelName;
  readonly outcome: 'delivered' | 'failed' | 'gone' | 'limited' | 'obsolete' | 'overflow';
  readonly tries: number;
  readonly error: string | null;
}

export interface PostOfficeOptions {
  readonly name: ChannelName;
  readonly channel: Channel;
  readonly scope: Scope;
  /** Messages in an hour; the critical do not count and are not held back. */
  readonly perHour: number;
  /** Asked just before sending: a signal that is no longer open is not announced. */
  readonly isCurrent: (notification: Notification) => boolean;
  readonly onReceipt: (receipt: Receipt) => void;
  /** After the last try, or when there was no room to wait: it is not lost, but tried again much later. */
  readonly onUndelivered?: ((notification: Notification, receipt: Receipt) => void) | undefined;
}

export class PostOffice {
  readonly #options: PostOfficeOptions;
  /** Served first. */
  readonly #critical: BoundedQueue<Notification>;
  readonly #ordinary: BoundedQueue<Notification>;
  readonly #sent: RollingCounter;
  readonly #failures: RollingCounter;
  #pausedUntilMs = -1;
  #working = false;
  #gone = false;

  constructor(options: PostOfficeOptions) {
    this.#options = options;
    const { name, scope } = options;
    const clock = scope.timers;
    const census = `server.notify.${name}`;
    const onOverflow = (lost: Notification): void =>
      this.#tell(lost, 'overflow', { tries: 0, error: `more than ${WAITING} waited` });
    const shape = { capacity: WAITING, itemBytes: ITEM_BYTES, policy: 'fifo', scope, onOverflow } as const;
    this.#critical = new BoundedQueue({ name: `${census}.critical`, ...shape });
    this.#ordinary = new BoundedQueue({ name: `${census}.ordinary`, ...shape });
    this.#sent = new RollingCounter({ name: `${census}.sent`, capacity: 60, bucketMs: MINUTE_MS, clock, scope });
    this.#failures = new RollingCounter({ name: `${census}.failures`, capacity: 60, bucketMs: 1_000, clock, scope });
  }

  /** The address does not exist any more; nothing is sent until the settings change. */
  get isGone(): boolean {
    return this.#gone;
  }

  get isPaused(): boolean {
    return this.#options.scope.timers.now() < this.#pausedUntilMs;
  }

  /** Takes a message and returns at once. */
  post(notification: Notification): void {
    (notification.priority === 'CRITICAL' ? this.#critical : this.#ordinary).push(notification);
    if (this.#working) return;
    this.#working = true;
    this.#options.scope.task(`notify ${this.#options.name}`, () => this.#work(), { kind: 'notify' });
  }

  async #work(): Promise<void> {
    try {
      for (;;) {
        using batch = this.#critical.take(1) ?? this.#ordinary.take(1);
        const next = batch?.items[0];
        if (batch === undefined || next === undefined) return;
        await this.#one(next);
        batch.acknowledge(1);
      }
    } finally {
      this.#working = false;
    }
  }

  async #one(notification: Notification): Promise<void> {
    const refusal = this.#refusal(notification);
    if (refusal !== null) {
      this.#tell(notification, refusal, { tries: 0, error: null });
      return;
    }
    for (let tries = 1; ; tries += 1) {
      await this.#unpaused();
      const delivery = await this.#attempt(notification);
      if (delivery.outcome === 'delivered') {
        this.#sent.add();
        this.#tell(notification, 'delivered', { tries, error: null });
        return;
      }
      this.#failed(delivery);
      const pauseMs = PAUSES_MS[tries - 1];
      if (delivery.outcome === 'gone' || pauseMs === undefined) {
        this.#tell(notification, delivery.outcome, { tries, error: delivery.error });
        return;
      }
      const askedMs = delivery.retryAfterMs ?? 0;
      await this.#options.scope.delay(Math.max(pauseMs, Math.min(askedMs, MINUTE_MS)), 'notify retry');
    }
  }

  #refusal(notification: Notification): 'gone' | 'limited' | 'obsolete' | null {
    if (this.#gone) return 'gone';
    if (!this.#options.isCurrent(notification)) return 'obsolete';
    if (notification.priority === 'CRITICAL') return null;
    return this.#sent.total() >= this.#options.perHour ? 'limited' : null;
  }

  async #attempt(notification: Notification): Promise<Delivery> {
    const { channel, scope } = this.#options;
    const attempt = new AbortController();
    const forget = scope.timeout(ATTEMPT_MS, () => attempt.abort(), 'notify attempt');
    scope.own(attempt, (one) => one.abort(), 'notify attempt');
    try {
      return await channel.send(notification, attempt.signal);
    } catch (error) {
      return { outcome: 'failed', error: error instanceof Error ? error.message : String(error) };
    } finally {
      forget();
      scope.disown(attempt);
    }
  }

  #failed(delivery: Delivery): void {
    if (delivery.outcome === 'gone') this.#gone = true;
    this.#failures.add();
    if (this.#failures.total() >= FAILURES) this.#pausedUntilMs = this.#options.scope.timers.now() + MINUTE_MS;
  }

  async #unpaused(): Promise<void> {
    const leftMs = this.#pausedUntilMs - this.#options.scope.timers.now();
    if (leftMs > 0) await this.#options.scope.delay(leftMs, 'notify pause');
  }

  #tell(notification: Notification, outcome: Receipt['outcome'], of: Pick<Receipt, 'tries' | 'error'>): void {
    const receipt: Receipt = { notificationId: notification.id, channel: this.#options.name, outcome, ...of };
    this.#options.onReceipt(receipt);
    if (outcome === 'failed' || outcome === 'overflow') this.#options.onUndelivered?.(notification, receipt);
  }
}
