/** How many requests are being answered; above the limit a request is told to come back instead of waiting. */
import type { ServerResponse } from 'node:http';
import { Problem } from './problem.ts';

export class InFlight {
  readonly limit: number;
  #count = 0;
  #highWater = 0;

  constructor(limit: number) {
    this.limit = limit;
  }

  get count(): number {
    return this.#count;
  }

  get highWater(): number {
    return this.#highWater;
  }

  /**
   * Counts the request until its answer is sent or its client has left.
   * @throws Problem `server.busy` above the limit.
   */
  enter(response: ServerResponse): void {
    if (this.#count >= this.limit) throw new Problem('server.busy', { headers: { 'retry-after': '1' } });
    this.#count += 1;
    this.#highWater = Math.max(this.#highWater, this.#count);
    // bounded: one per response, ends with it; `close` comes once, whether it was finished or abandoned
    response.once('close', () => (this.#count -= 1));
  }
}
