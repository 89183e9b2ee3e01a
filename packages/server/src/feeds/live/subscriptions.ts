/** Tells a venue what is watched now: the difference to what it knows, in at most two messages a round, rounds apart as it allows. */
import { BoundedQueue, type Release, type Scope } from '@wyckoff/bounded';
import type { StreamDialect } from '../contract/dialect.ts';
import type { Lane } from './lane.ts';

export interface SubscriptionsOptions {
  readonly scope: Scope;
  readonly dialect: StreamDialect;
  readonly capacity: number;
  readonly lanes: () => readonly Lane[];
  /** False when the socket could not take it. */
  readonly send: (text: string) => boolean;
}

export class Subscriptions {
  readonly #options: SubscriptionsOptions;
  readonly #leaving: BoundedQueue<string>;
  #sentMs = -Infinity;
  #timer: Release | null = null;
  /** The venue listens. */
  open = false;

  constructor(options: SubscriptionsOptions) {
    const { scope, capacity } = options;
    this.#options = options;
    this.#leaving = new BoundedQueue({
      name: 'server.feeds.leaving',
      capacity,
      itemBytes: 64,
      scope,
      policy: 'fifo',
      keyOf: (stream) => stream,
    });
  }

  /** The connection is gone, and with it all the venue knew. */
  forget(): void {
    this.open = false;
    this.#leaving.clear();
    for (const lane of this.#options.lanes()) lane.subscribed = false;
  }

  leave(stream: string): void {
    this.#leaving.push(stream);
    this.tell();
  }

  /** Watched again before the venue was told that it is not. */
  stay(stream: string): void {
    this.#leaving.removeWhere((leaving) => leaving === stream);
  }

  tell(): void {
    const { scope, dialect, lanes, send } = this.#options;
    if (!this.open || this.#timer !== null || scope.state !== 'open') return;
    const waitMs = this.#sentMs + dialect.controlEveryMs - scope.timers.now();
    if (waitMs > 0) {
      this.#timer = scope.timeout(waitMs, () => this.#later(), 'subscriptions');
      return;
    }
    const leaving = this.#leaving.toArray();
    const joining = lanes().filter((lane) => lane.stream !== null && !lane.subscribed);
    if (leaving.length === 0 && joining.length === 0) return;
    this.#sentMs = scope.timers.now();
    if (leaving.length > 0) send(dialect.unsubscribe(leaving));
    this.#leaving.clear();
    if (joining.length > 0 && send(dialect.subscribe(joining.flatMap(({ stream }) => stream ?? [])))) {
      for (const lane of joining) lane.subscribed = true;
    }
  }

  #later(): void {
    this.#timer = null;
    this.tell();
  }
}
