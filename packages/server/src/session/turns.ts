/** One thing at a time, in the order of asking: bars, commands and reports of a venue change an account one after the other. */

/** More than this waiting means that nothing moves any more. */
const MAX_WAITING = 1_000;

/** Somebody asked an account that is too far behind to answer. */
export class TurnRefused extends Error {
  readonly code = 'server.busy';

  constructor(waiting: number) {
    super(`session: expected fewer than ${MAX_WAITING} inputs waiting, were ${waiting}; the account does not keep up`);
    this.name = 'TurnRefused';
  }
}

export class Turns {
  #tail: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  get waiting(): number {
    return this.#waiting;
  }

  /** Does the work when everything asked for before is done. @throws TurnRefused when a thousand wait already. */
  async take<T>(work: () => Promise<T>): Promise<T> {
    if (this.#waiting >= MAX_WAITING) throw new TurnRefused(this.#waiting);
    this.#waiting += 1;
    const turn = this.#tail.then(work);
    this.#tail = turn.catch(() => undefined);
    try {
      return await turn;
    } finally {
      this.#waiting -= 1;
    }
  }
}
