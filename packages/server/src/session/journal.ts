/** The journal of a session: what is committed is numbered, stored, and only then told to whoever listens. */
import { TopicHub, type Scope } from '@wyckoff/bounded';
import { FACT_TOPIC, type FactRow } from '@wyckoff/contracts';
import type { Change, StoredFact } from '../store/changes.ts';
import type { Commit, Store } from '../store/store.ts';
import type { ConflatedValue } from './desk.ts';
import { Turns } from './turns.ts';

interface Messages {
  readonly facts: readonly FactRow[];
  readonly values: readonly ConflatedValue[];
}

/** Subscribers of one journal: the live hub, the metrics, a test; a desk does not subscribe per connection. */
const LISTENERS = 64;
/** Facts read at a time. */
const PAGE = 1_000;

export class Journal {
  readonly epoch: string;
  readonly #store: Store;
  readonly #hub: TopicHub<Messages>;
  /** From storing to telling is one turn, so that the world hears in the order of the numbers. */
  readonly #turns = new Turns();
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
   * Stores everything or nothing, then lets the broker `act` on what is stored, then tells the world: the facts first, then the values that `act`
   * answers. What is stored is told even when acting failed.
   * @throws CommitConflict when the bars were committed before.
   */
  async record(commit: Commit, act: () => Promise<readonly ConflatedValue[]>): Promise<void> {
    await this.#turns.take(async () => {
      const rows = await this.#store.commit(commit);
      this.#seq = rows.at(-1)?.seq ?? this.#seq;
      let values: readonly ConflatedValue[] = [];
      try {
        values = await act();
      } finally {
        this.#tell(rows);
        this.tellValues(values);
      }
    });
  }

  /** Stores what people, clocks and venues changed, and tells it. @throws VersionConflict when a row changed meanwhile. */
  async change(change: Change): Promise<readonly StoredFact[]> {
    return await this.#turns.take(async () => {
      const rows = await this.#store.change(change);
      this.#seq = rows.at(-1)?.seq ?? this.#seq;
      this.#tell(rows.map(({ seq, at, type, data }) => ({ seq, at, type, data }) as unknown as FactRow));
      return rows;
    });
  }

  /** Tells what is stored and was not told: of a commit whose answer was lost. */
  async catchUp(): Promise<void> {
    await this.#turns.take(async () => {
      for (
        let rows = await this.#store.factsAfter(this.#seq, PAGE);
        rows.length > 0;
        rows = await this.#store.factsAfter(this.#seq, PAGE)
      ) {
        this.#seq = rows[rows.length - 1].seq;
        this.#tell(rows);
      }
    });
  }

  /** Values of which only the latest counts. A listener that throws does not keep the others from hearing. */
  tellValues(values: readonly ConflatedValue[]): void {
    if (values.length > 0) this.#hub.publish('values', values);
  }

  /** Inputs and the ledger stay inside. */
  #tell(rows: readonly FactRow[]): void {
    const told = rows.filter((row) => Object.hasOwn(FACT_TOPIC, row.type));
    if (told.length > 0) this.#hub.publish('facts', told);
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
