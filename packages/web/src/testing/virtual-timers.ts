/** Time that only moves when a test says so; timers fire in order, microtasks run between them. */
import type { Timers } from '@wyckoff/bounded';

interface Alarm {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
}

export class VirtualTimers implements Timers {
  #now = 0;
  #order = 0;
  // Bound: what a test sets.
  readonly #alarms = new Set<Alarm>();

  /** Timers that wait. */
  get waiting(): number {
    return this.#alarms.size;
  }

  now(): number {
    return this.#now;
  }

  after(delayMs: number, run: () => void): () => void {
    const alarm: Alarm = { at: this.#now + delayMs, order: this.#order, run };
    this.#order += 1;
    this.#alarms.add(alarm);
    return () => void this.#alarms.delete(alarm);
  }

  /** Lets time pass. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    await settle();
    for (let next = this.#next(end); next !== undefined; next = this.#next(end)) {
      this.#alarms.delete(next);
      this.#now = Math.max(this.#now, next.at);
      next.run();
      await settle();
    }
    this.#now = end;
  }

  #next(end: number): Alarm | undefined {
    return [...this.#alarms]
      .filter((alarm) => alarm.at <= end)
      .sort((a, b) => a.at - b.at || a.order - b.order)
      .at(0);
  }
}

/** Enough turns of the microtask queue for what is ready to finish. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 12; turn += 1) await Promise.resolve();
}
