/**
 * What a handler could not do in three tries is kept in the store and tried again later, further and further apart; one that never succeeds holds
 * up no other, and leaves after seven days or when somebody discards it (C6).
 */
import { BoundedQueue, type Scope } from '@wyckoff/bounded';
import { timeOrderedId } from '../notify/id.ts';
import type { DeadLetterRow, DeadLetterStore } from '../store/notices-store.ts';

/** Tries once more. Null: it went through, or is of no use any more; else why not. */
export type Retry = (payload: unknown) => Promise<string | null>;

export interface DeadLettersOptions {
  readonly store: DeadLetterStore;
  readonly scope: Scope;
  readonly wallClock: () => number;
  readonly onProblem: (error: unknown) => void;
}

const LOOK_MS = 60_000;
/** Retries of one look: the rest has its turn at the next. */
const PER_LOOK = 20;
const PAGE = 200;
const FIRST_PAUSE_MS = 60_000;
const LONGEST_PAUSE_MS = 6 * 3_600_000;
/** What waits for a store that does not answer. */
const HELD = 1_000;
const HELD_BYTES = 4 * 1024 * 1024;

export class DeadLetters {
  readonly #options: DeadLettersOptions;
  // bounded: one per topic, of which there are as many as kinds of handlers
  readonly #retries = new Map<string, Retry>();
  readonly #held: BoundedQueue<DeadLetterRow>;
  #looking: Promise<number> | null = null;

  constructor(options: DeadLettersOptions) {
    this.#options = options;
    const { scope, onProblem } = options;
    this.#held = new BoundedQueue({
      name: 'server.dead-letters',
      capacity: HELD,
      maxBytes: HELD_BYTES,
      sizeOf: (letter) => JSON.stringify(letter.payload ?? null).length * 2 + 512,
      policy: 'fifo',
      scope,
      onOverflow: (letter) =>
        onProblem(new Error(`dead letter ${letter.id} of ${letter.topic} was lost: the store does not answer`)),
    });
    scope.interval(LOOK_MS, () => void scope.task('dead letters', () => this.look(), { kind: 'dead-letters' }), 'dead letters');
  }

  /** Who tries what failed under this topic once more. */
  handle(topic: string, retry: Retry): void {
    this.#retries.set(topic, retry);
  }

  /** Topics that somebody would try again. */
  get topics(): readonly string[] {
    return [...this.#retries.keys()];
  }

  /** A person wants them tried now, whatever their time: of these topics all, or by id. Answers how many; the tries go on behind it. */
  async retry(which: { readonly topic?: string | undefined; readonly ids?: readonly string[] | undefined }): Promise<number> {
    const { store, scope } = this.#options;
    const topics = this.topics.filter((topic) => which.topic === undefined || topic === which.topic);
    const count = await store.retryDeadLetters({ topics, ids: which.ids });
    if (count > 0) scope.task('dead letters', () => this.#lookAgain(), { kind: 'dead-letters' });
    return count;
  }

  /** A look under way may have passed them already. */
  async #lookAgain(): Promise<void> {
    await this.#looking;
    await this.look();
  }

  /** After the last of the handler's own tries. */
  async keep({
    topic,
    payload,
    error,
    attempts,
  }: Pick<DeadLetterRow, 'topic' | 'payload' | 'error' | 'attempts'>): Promise<void> {
    const now = this.#options.wallClock();
    await this.#save({ id: timeOrderedId(now), topic, payload, error, attempts, firstAt: now, lastAt: now, state: 'WAITING' });
  }

  /** Tries what is due; answers how many went through. Several who ask share one look. */
  async look(): Promise<number> {
    this.#looking ??= this.#look().finally(() => (this.#looking = null));
    return await this.#looking;
  }

  async #look(): Promise<number> {
    const { store, onProblem } = this.#options;
    let done = 0;
    let tried = 0;
    try {
      await this.#flush();
      for (let afterId: string | undefined; tried < PER_LOOK;) {
        const page = await store.deadLetters({ afterId, limit: PAGE });
        for (const letter of page) {
          if (tried === PER_LOOK || !this.#isDue(letter)) continue;
          tried += 1;
          done += (await this.#retry(letter)) ? 1 : 0;
        }
        if (page.length < PAGE) break;
        afterId = page[page.length - 1].id;
      }
    } catch (error) {
      onProblem(error);
    }
    return done;
  }

  async #retry(letter: DeadLetterRow): Promise<boolean> {
    const { store, wallClock } = this.#options;
    const error = await this.#tried(letter);
    if (error === null) await store.removeDeadLetters({ ids: [letter.id] });
    else await store.changeDeadLetter({ ...letter, error, attempts: letter.attempts + 1, lastAt: wallClock(), state: 'WAITING' });
    return error === null;
  }

  async #tried({ topic, payload }: DeadLetterRow): Promise<string | null> {
    try {
      return (await this.#retries.get(topic)?.(payload)) ?? null;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }

  /** Asked for by a person at once; else after 1, 2, 4 ... minutes up to six hours, each letter at a moment of its own. */
  #isDue({ id, topic, attempts, lastAt, state }: DeadLetterRow): boolean {
    if (!this.#retries.has(topic)) return false;
    if (state === 'RETRYING') return true;
    const ceilingMs = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.max(0, Math.min(20, attempts - 3)));
    const jitter = 0.5 + Number.parseInt(id.slice(-4), 16) / 0x1_ffff;
    return this.#options.wallClock() - lastAt >= ceilingMs * jitter;
  }

  async #save(letter: DeadLetterRow): Promise<void> {
    try {
      await this.#options.store.saveDeadLetter(letter);
    } catch (error) {
      this.#held.push(letter);
      this.#options.onProblem(error);
    }
  }

  async #flush(): Promise<void> {
    for (;;) {
      using batch = this.#held.take(1);
      const [letter] = batch?.items ?? [];
      if (batch === undefined || letter === undefined) return;
      await this.#options.store.saveDeadLetter(letter);
      batch.acknowledge(1);
    }
  }
}
