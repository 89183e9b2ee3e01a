/** Asks the store whether it answers, when a probe wants to know: a database that has just gone is noticed by the first who asks, not by the next write. */
import type { Scope } from '@wyckoff/bounded';
import type { Store } from '../store/store.ts';

/** A store that takes longer is as good as away. */
const PATIENCE_MS = 2_000;

export class StoreProbe {
  readonly #store: Pick<Store, 'lastSeq'>;
  readonly #scope: Scope;
  /** Those who ask at the same time share one question. */
  #asking: Promise<boolean> | null = null;

  constructor({ store, scope }: { readonly store: Pick<Store, 'lastSeq'>; readonly scope: Scope }) {
    this.#store = store;
    this.#scope = scope;
  }

  /** Within two seconds; never rejects. */
  answers(): Promise<boolean> {
    if (this.#scope.state !== 'open') return Promise.resolve(false);
    this.#asking ??= this.#ask().finally(() => (this.#asking = null));
    return this.#asking;
  }

  async #ask(): Promise<boolean> {
    const { promise: late, resolve } = Promise.withResolvers<boolean>();
    const release = this.#scope.timeout(PATIENCE_MS, () => resolve(false), 'store probe');
    try {
      const answer = this.#store.lastSeq().then(
        () => true,
        () => false,
      );
      return await Promise.race([answer, late]);
    } finally {
      release();
    }
  }
}
