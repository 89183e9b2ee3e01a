/** Typed topics with handlers: bounded per topic, isolated from each other, safe to change while publishing (C3, C8). */
import { checkCount } from './checks.ts';
import type { Release } from './clock.ts';
import { DisposedError, FullError, TopicFullError } from './errors.ts';
import { type OwnFigures, type Owner, Structure, type StructureOptions } from './structure.ts';

export interface TopicHubOptions extends StructureOptions {
  /** `capacity` is the most topics with handlers at one time. */
  readonly warnAt?: number | undefined;
  /** Handlers of one topic; the next one is refused. Default 50, warned from 40. */
  readonly handlersPerTopic?: number | undefined;
  /** Told once per crossing of `warnAt` upwards. */
  readonly onCrowded?: ((topic: string, handlers: number) => void) | undefined;
  /** Told when a handler throws; the others get the message all the same. */
  readonly onError?: ((error: unknown, topic: string) => void) | undefined;
}

/** What a subscriber holds: call `dispose` (or let its scope) to be forgotten, in O(1). */
export interface Subscription extends Disposable {
  readonly topic: string;
  readonly active: boolean;
  dispose(): void;
}

interface Entry {
  readonly handle: (message: never) => void;
  active: boolean;
}

interface Topic {
  readonly handlers: Set<Entry>;
  /** Copied when somebody publishes after a change, so that whoever is being published to may come and go. */
  snapshot: readonly Entry[] | undefined;
  crowded: boolean;
}

/** `Messages` maps each topic to what is published on it. Delivery is synchronous, in the order of subscription. */
export class TopicHub<Messages extends object> extends Structure {
  readonly capacity: number;
  readonly #options: TopicHubOptions;
  readonly #warnAt: number;
  readonly #limit: number;
  readonly #topics = new Map<string, Topic>();

  constructor(options: TopicHubOptions) {
    super('topics', options);
    this.capacity = options.capacity;
    this.#options = options;
    this.#limit = checkCount(options.name, 'handlersPerTopic', options.handlersPerTopic ?? 50);
    this.#warnAt = checkCount(options.name, 'warnAt', options.warnAt ?? Math.max(1, Math.floor(this.#limit * 0.8)));
  }

  /** Topics that have handlers. */
  get size(): number {
    return this.#topics.size;
  }

  /**
   * Subscribes, until the subscription or the scope ends.
   * @throws TopicFullError for the handler too many, naming the topic; FullError for the topic too many.
   */
  on<T extends keyof Messages & string>(topic: T, handler: (message: Messages[T]) => void, scope?: Owner): Subscription {
    if (this.disposed) throw new DisposedError(this.name);
    const entry: Entry = { handle: handler, active: true };
    const dispose = (): void => {
      disown?.();
      this.#remove(topic, entry);
    };
    const disown: Release | undefined = scope?.adopt(topic, dispose);
    try {
      this.#add(topic, entry);
    } catch (refusal) {
      disown?.();
      throw refusal;
    }
    return {
      topic,
      get active() {
        return entry.active;
      },
      dispose,
      [Symbol.dispose]: dispose,
    };
  }

  /** Hands a message to every handler there is at this moment; returns how many took it without throwing. */
  publish<T extends keyof Messages & string>(topic: T, message: Messages[T]): number {
    const known = this.#topics.get(topic);
    if (known === undefined) return 0;
    known.snapshot ??= [...known.handlers];
    let reached = 0;
    for (const entry of known.snapshot) if (entry.active && this.#deliver(topic, entry, message)) reached += 1;
    return reached;
  }

  /** Handlers of one topic. */
  count(topic: keyof Messages & string): number {
    return this.#topics.get(topic)?.handlers.size ?? 0;
  }

  /** Topics with their number of handlers; a topic without handlers does not exist. */
  counts(): { readonly topic: string; readonly handlers: number }[] {
    return [...this.#topics].map(([topic, { handlers }]) => ({ topic, handlers: handlers.size }));
  }

  protected ownFigures(): OwnFigures {
    return {
      size: this.size,
      capacity: this.capacity,
      bytes: this.estimate(this.size, undefined),
      limitBytes: this.worstCase(this.capacity, undefined, 0),
      held: 0,
    };
  }

  protected release(): void {
    for (const { handlers } of this.#topics.values()) for (const entry of handlers) entry.active = false;
    this.#topics.clear();
  }

  #deliver(topic: string, entry: Entry, message: unknown): boolean {
    this.ledger.accept();
    try {
      entry.handle(message as never);
      this.ledger.deliver();
      return true;
    } catch (error) {
      this.ledger.drop('failed');
      this.#options.onError?.(error, topic);
      return false;
    }
  }

  #add(name: string, entry: Entry): void {
    let topic = this.#topics.get(name);
    if (topic === undefined) {
      if (this.#topics.size >= this.capacity) throw new FullError(this.name, this.capacity);
      topic = { handlers: new Set(), snapshot: undefined, crowded: false };
      this.#topics.set(name, topic);
      this.mark(this.size);
    }
    if (topic.handlers.size >= this.#limit) throw new TopicFullError(name, this.#limit);
    topic.handlers.add(entry);
    topic.snapshot = undefined;
    if (topic.handlers.size < this.#warnAt || topic.crowded) return;
    topic.crowded = true;
    this.#options.onCrowded?.(name, topic.handlers.size);
  }

  #remove(name: string, entry: Entry): void {
    const topic = this.#topics.get(name);
    if (!entry.active) return;
    entry.active = false;
    if (topic?.handlers.delete(entry) !== true) return;
    topic.snapshot = undefined;
    if (topic.handlers.size < this.#warnAt) topic.crowded = false;
    if (topic.handlers.size === 0) this.#topics.delete(name);
  }
}
