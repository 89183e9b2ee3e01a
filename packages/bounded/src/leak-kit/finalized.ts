/** Counts, through a `FinalizationRegistry`, which objects the collector has really taken: for detecting leaks, never for cleaning up. */
import { collectGarbage } from './garbage.ts';

/** Registers objects by name; `finished` waits, within some collections, until all are reported gone. */
export class Finalized {
  readonly #waiting: string[] = [];
  readonly #registry = new FinalizationRegistry<string>((name) => {
    this.#waiting.splice(this.#waiting.indexOf(name), 1);
  });

  expect(name: string, object: object): void {
    this.#waiting.push(name);
    this.#registry.register(object, name);
  }

  /** Names of objects that were not collected. */
  async missing(rounds = 5): Promise<readonly string[]> {
    for (let round = 0; round < rounds && this.#waiting.length > 0; round += 1) await collectGarbage();
    return [...this.#waiting];
  }
}
