/** How long to wait before the next attempt: twice as long each time up to a ceiling, and anywhere below it, so that a thousand clients do not come back at once. */

export interface BackoffOptions {
  /** Ceiling of the first wait, ms; default 1,000. */
  readonly firstMs?: number;
  /** Ceiling of every wait, ms; default 60,000. */
  readonly mostMs?: number;
  /** 0 inclusive to 1 exclusive; default `Math.random`. */
  readonly random?: () => number;
}

/** No wait is shorter: a venue that refuses at once is not asked in a tight loop. */
const LEAST_MS = 100;

/** STR-3. Full jitter: uniform between nothing and 1, 2, 4 ... 60 s. */
export class Backoff {
  readonly #firstMs: number;
  readonly #mostMs: number;
  readonly #random: () => number;
  #attempts = 0;

  constructor({ firstMs = 1000, mostMs = 60_000, random = Math.random }: BackoffOptions = {}) {
    this.#firstMs = firstMs;
    this.#mostMs = mostMs;
    this.#random = random;
  }

  /** Attempts since the last success. */
  get attempts(): number {
    return this.#attempts;
  }

  /** The wait before the next attempt, ms. */
  nextMs(): number {
    const ceiling = Math.min(this.#mostMs, this.#firstMs * 2 ** Math.min(this.#attempts, 30));
    this.#attempts += 1;
    return Math.max(LEAST_MS, this.#random() * ceiling);
  }

  /** After the venue itself has said that all is well; an open socket alone is no success. */
  reset(): void {
    this.#attempts = 0;
  }
}
