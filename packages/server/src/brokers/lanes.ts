/** What concerns one ward happens one after another; wards do not wait for each other. */
import type { Scope } from '@wyckoff/bounded';

interface Lane {
  readonly jobs: (() => Promise<void>)[];
}

/** Jobs that may wait in one lane; wards ask again on their own, so one too many is left out. */
const MOST_JOBS = 64;

export class Lanes {
  readonly #scope: Scope;
  readonly #capacity: number;
  readonly #onError: (error: unknown, key: string) => void;
  // bounded: at most `capacity`; a lane leaves with its last job
  readonly #lanes = new Map<string, Lane>();
  #idle: (() => void)[] = [];

  constructor(scope: Scope, options: { readonly capacity: number; readonly onError: (error: unknown, key: string) => void }) {
    this.#scope = scope;
    this.#capacity = options.capacity;
    this.#onError = options.onError;
    scope.adopt('lanes', () => this.idle());
  }

  get size(): number {
    return this.#lanes.size;
  }

  /** Resolves when it has run, or was left out: false. Never rejects. */
  run(key: string, job: () => Promise<void>): Promise<boolean> {
    if (this.#scope.state !== 'open') return Promise.resolve(false);
    let lane = this.#lanes.get(key);
    const isNew = lane === undefined;
    if (lane === undefined) {
      if (this.#lanes.size >= this.#capacity) return Promise.resolve(false);
      lane = { jobs: [] };
      this.#lanes.set(key, lane);
    }
    if (lane.jobs.length >= MOST_JOBS) return Promise.resolve(false);
    const { jobs } = lane;
    return new Promise((resolve) => {
      jobs.push(async () => {
        try {
          await job();
        } catch (error) {
          this.#onError(error, key);
        }
        resolve(true);
      });
      if (isNew) void this.#pump(key, jobs).catch((error: unknown) => this.#onError(error, key));
    });
  }

  /** Resolves when nothing runs any more. */
  idle(): Promise<void> {
    if (this.#lanes.size === 0) return Promise.resolve();
    // bounded: whoever waits for the end; all leave together
    return new Promise((resolve) => void this.#idle.push(resolve));
  }

  async #pump(key: string, jobs: (() => Promise<void>)[]): Promise<void> {
    for (let job = jobs[0]; job !== undefined; job = jobs[0]) {
      await job();
      jobs.shift();
    }
    this.#lanes.delete(key);
    if (this.#lanes.size > 0) return;
    const waiting = this.#idle;
    this.#idle = [];
    for (const resolve of waiting) resolve();
  }
}
