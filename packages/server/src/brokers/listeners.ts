/** Who hears what a broker says: at most eight, each leaves by the function it got. */

const MOST = 8;

export class Listeners<E> {
  // bounded: at most eight
  #listeners: readonly ((event: E) => void)[] = [];

  /** @throws {RangeError} at the ninth. */
  add(listener: (event: E) => void): () => void {
    if (this.#listeners.length >= MOST) throw new RangeError(`broker events: expected at most ${MOST} listeners, was one more`);
    this.#listeners = [...this.#listeners, listener];
    return () => {
      this.#listeners = this.#listeners.filter((one) => one !== listener);
    };
  }

  /** Walks a list that does not change underneath. */
  tell(event: E): void {
    for (const listener of this.#listeners) listener(event);
  }
}
