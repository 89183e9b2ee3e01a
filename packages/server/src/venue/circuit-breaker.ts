/** Asks nothing more of what keeps failing: five failures within a minute open it for a minute, then one trial decides (trading.md 1.2). */
import type { Clock } from '@wyckoff/bounded';

export interface BreakerOptions {
  readonly clock: Clock;
  /** Failures that open it; default 5. */
  readonly failures?: number;
  /** Within so long, ms; default 60,000. */
  readonly windowMs?: number;
  /** Open for so long, ms; default 60,000. */
  readonly openMs?: number;
}

export type BreakerState = 'CLOSED' | 'OPEN' | 'TRIAL';

export class CircuitBreaker {
  readonly #clock: Clock;
  readonly #windowMs: number;
  readonly #openMs: number;
  /** When the last failures were; the oldest is overwritten. */
  readonly #at: Float64Array;
  #next = 0;
  #openedMs: number | null = null;
  #trial = false;

  constructor({ clock, failures = 5, windowMs = 60_000, openMs = 60_000 }: BreakerOptions) {
    this.#clock = clock;
    this.#windowMs = windowMs;
    this.#openMs = openMs;
    this.#at = new Float64Array(failures).fill(-Infinity);
  }

  get state(): BreakerState {
    if (this.#openedMs === null) return 'CLOSED';
    return this.#clock.now() - this.#openedMs < this.#openMs ? 'OPEN' : 'TRIAL';
  }

  /** Whether it may be asked now. In a trial only the first who asks may; he says how it went. */
  admits(): boolean {
    const { state } = this;
    if (state === 'CLOSED') return true;
    if (state === 'OPEN' || this.#trial) return false;
    this.#trial = true;
    return true;
  }

  succeeded(): void {
    this.#openedMs = null;
    this.#trial = false;
    this.#at.fill(-Infinity);
  }

  failed(): void {
    const now = this.#clock.now();
    this.#at[this.#next] = now;
    this.#next = (this.#next + 1) % this.#at.length;
    // The slot that comes next holds the oldest of them.
    if (this.#trial || now - this.#at[this.#next] <= this.#windowMs) this.#openedMs = now;
    this.#trial = false;
  }

  /** Neither well nor badly: the trial was given up. */
  abandoned(): void {
    this.#trial = false;
  }
}
