/** The equity curve: read once, then carried on by the account's own updates; bounded, and read again after a lost link. */
import type { AccountWire } from '@wyckoff/contracts';
import { Ring, type Scope } from '@wyckoff/bounded';
import { shallowRef, type ShallowRef } from 'vue';
import type { HttpClient } from '../../link/http.ts';

/** Points of the answer, and room for as many updates. */
const CAPACITY = 2_000;

export class EquityHistory {
  readonly values: ShallowRef<readonly number[]> = shallowRef([]);
  readonly #ring: Ring<number>;
  readonly #http: Pick<HttpClient, 'equity'>;
  readonly #abort = new AbortController();
  #loadedFor: string | null = null;
  #lastAt = 0;

  constructor(scope: Scope, http: Pick<HttpClient, 'equity'>) {
    this.#http = http;
    this.#ring = new Ring({ name: 'web.equity', capacity: CAPACITY, itemBytes: 8, scope });
    scope.adopt('equity-request', () => this.#abort.abort(new DOMException('the view has left', 'AbortError')));
  }

  /** Takes an account as it stands now. */
  follow(account: AccountWire): void {
    if (this.#loadedFor !== account.id) {
      this.#loadedFor = account.id;
      void this.#load(account.id);
      return;
    }
    if (account.at <= this.#lastAt) return;
    this.#lastAt = account.at;
    this.#ring.push(account.equityMicros);
    this.values.value = this.#ring.toArray();
  }

  /** The link was lost: what happened meanwhile is in the store. */
  forget(): void {
    this.#loadedFor = null;
  }

  async #load(accountId: string): Promise<void> {
    // Without the curve the panel still has its figures; the next account or link tries again.
    const answer = await this.#http.equity(accountId, this.#abort.signal).catch(() => null);
    if (answer === null || this.#abort.signal.aborted) return;
    this.#ring.clear();
    for (const [at, equityMicros] of answer.items) {
      this.#ring.push(equityMicros);
      this.#lastAt = Math.max(this.#lastAt, at);
    }
    this.values.value = this.#ring.toArray();
  }
}
