/** The journal of a session: what is committed is numbered, stored, and only then told to whoever listens. */
import { TopicHub, type Scope } from '@wyckoff/bounded';
import type { FactRow } from '@wyckoff/contracts';
import type { Commit, Store } from '../store/store.ts';
import type { ConflatedValue } from './desk.ts';

interface Messages {
  readonly facts: readonly FactRow[];
  readonly values: readonly ConflatedValue[];
}

/** Subscribers of one journal: the live hub, the metrics, a test; a desk does not subscribe per connection. */
const LISTENERS = 64;

export class Journal {
  readonly epoch: string;
  readonly #store: Store;
  readonly #hub: TopicHub<Messages>;
  #seq: number;

  private constructor(store: Store, hub: TopicHub<Messages>, seq: number) {
    this.epoch = store.epoch;
    this.#store = store;
    this.#hub = hub;
    this.#seq = seq;
  }

  static async open(store: Store, scope: Scope, onError: (error: unknown) => void): Promise<Journal> {
    const hub = new TopicHub<Messages>({
      name: 'server.session.journal',
      capacity: 2,
      handlersPerTopic: LISTENERS,
      // A topic is a list of handlers; messages pass through and are not held.
      itemBytes: LISTENERS * 256,
      scope,
      onError,
    });
    return new Journal(store, hub, await store.lastSeq());
  }

  /** Number of the newest committed fact. */
  get seq(): number {
    return this.#seq;
  }

  /**
   * Stores everything or nothing; nobody hears of it yet: the broker acts on what is stored, then `publish` tells the world.
   * @throws CommitConflict when the bars were committed before.
   */
  async commit(commit: Commit): Promise<readonly FactRow[]> {
    const rows = await this.#store.commit(commit);
    const last = rows.at(-1);
    if (last !== undefined) this.#seq = last.seq;
    return rows;
  }

  /** Facts first, then the values of the same bars. A listener that throws does not keep the others from hearing. */
  publish(facts: readonly FactRow[], values: readonly ConflatedValue[]): void {
    if (facts.length > 0) this.#hub.publish('facts', facts);
    if (values.length > 0) this.#hub.publish('values', values);
  }

  /** @throws TopicFullError for the 65th listener. */
  subscribeFacts(listener: (facts: readonly FactRow[]) => void): Disposable {
    // bounded: the hub takes 64 listeners; the caller disposes of this one, or the scope of all.
    return this.#hub.on('facts', listener);
  }

  subscribeValues(listener: (values: readonly ConflatedValue[]) => void): Disposable {
    // bounded: as above.
    return this.#hub.on('values', listener);
  }
}
