/** One timer for everything that time alone will change: approvals that expire, halts that end, the day that turns (M8). */
import type { Release, Scope, Timers } from '@wyckoff/bounded';
import type { EpochMs } from '@wyckoff/domain';

/** Far deadlines are looked at again: clocks are set, and a platform timer cannot wait for months. */
const LONGEST_MS = 3_600_000;

export interface DeadlineTimerOptions {
  readonly scope: Scope;
  readonly timers: Timers;
  readonly wallClock: () => EpochMs;
  /** The deadline has come. */
  readonly run: (at: EpochMs) => void;
}

export class DeadlineTimer {
  readonly #options: DeadlineTimerOptions;
  #disarm: Release | null = null;
  #at: EpochMs | null = null;

  constructor(options: DeadlineTimerOptions) {
    this.#options = options;
    options.scope.adopt('deadline', () => this.#rest());
  }

  /** The next deadline; null: none. Takes the place of the one before. */
  arm(at: EpochMs | null): void {
    if (at === this.#at) return;
    this.#rest();
    this.#at = at;
    this.#wait();
  }

  #wait(): void {
    const at = this.#at;
    if (at === null || this.#options.scope.state !== 'open') return;
    const { timers, wallClock, run } = this.#options;
    const leftMs = at - wallClock();
    this.#disarm = timers.after(Math.min(Math.max(0, leftMs), LONGEST_MS), () => {
      if (wallClock() < at) {
        this.#wait();
        return;
      }
      this.#at = null;
      run(wallClock());
    });
  }

  #rest(): void {
    this.#disarm?.();
    this.#disarm = null;
    this.#at = null;
  }
}
