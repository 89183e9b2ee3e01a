/** What a screen reader is told: at most one announcement per 3 s, the rest summed up (web.md 10). */
import type { Release, Scope } from '@wyckoff/bounded';
import { shallowRef, type ShallowRef } from 'vue';

const PAUSE_MS = 3_000;

export class Announcer {
  /** Text of the polite region. */
  readonly polite: ShallowRef<string> = shallowRef('');
  readonly #scope: Scope;
  #pause: Release | undefined;
  #waiting = 0;
  #last = '';

  constructor(scope: Scope) {
    this.#scope = scope;
  }

  /** Says it now, or after the pause: alone when it is the only one, else with the number of those before it. */
  say(text: string): void {
    if (this.#pause !== undefined) {
      this.#waiting += 1;
      this.#last = text;
      return;
    }
    this.polite.value = text;
    this.#pause = this.#scope.timeout(PAUSE_MS, () => this.#resume(), 'announcement');
  }

  #resume(): void {
    this.#pause = undefined;
    if (this.#waiting === 0) return;
    const text = this.#waiting === 1 ? this.#last : `${String(this.#waiting)} news, the last: ${this.#last}`;
    this.#waiting = 0;
    this.say(text);
  }
}
