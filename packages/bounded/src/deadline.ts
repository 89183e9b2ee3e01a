/** How long the end of a scope waits for what does not let go. */
import type { Release, Timers } from './clock.ts';

/** The end of patience; its timer is set only when somebody must be waited for. */
export class Deadline {
  passed = false;
  readonly #timers: Timers;
  readonly #ms: number;
  #reached: Promise<void> | undefined;
  #cancel: Release | undefined;

  constructor(timers: Timers, ms: number) {
    this.#timers = timers;
    this.#ms = ms;
  }

  reached(): Promise<void> {
    this.#reached ??= new Promise((resolve) => {
      this.#cancel = this.#timers.after(this.#ms, () => {
        this.passed = true;
        resolve();
      });
    });
    return this.#reached;
  }

  cancel(): void {
    this.#cancel?.();
  }
}
