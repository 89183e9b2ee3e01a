/** A fresh confirmation for one kind of action: in local mode a typed phrase, good for five minutes (interface.md 6.4). */
import { randomBytes } from 'node:crypto';
import { LruTtlCache, type Scope } from '@wyckoff/bounded';
import { STEP_UP_PHRASES as PHRASES, type StepUpAction } from '@wyckoff/contracts';

export { PHRASES };

const TTL_MS = 5 * 60_000;
const CAPACITY = 100;

export class StepUps {
  readonly #tokens: LruTtlCache<string, StepUpAction>;
  readonly #wallClock: () => number;

  constructor(scope: Scope, wallClock: () => number) {
    this.#tokens = new LruTtlCache({
      name: 'server.http.step-ups',
      capacity: CAPACITY,
      ttlMs: TTL_MS,
      itemBytes: 256,
      scope,
      clock: scope.timers,
    });
    this.#wallClock = wallClock;
  }

  /** Null: the phrase is another one. */
  confirm(action: StepUpAction, phrase: string): { readonly stepUpToken: string; readonly expiresAt: number } | null {
    if (phrase !== PHRASES[action]) return null;
    const stepUpToken = randomBytes(24).toString('base64url');
    this.#tokens.set(stepUpToken, action);
    return { stepUpToken, expiresAt: this.#wallClock() + TTL_MS };
  }

  /** Whether a token was given for this action and still holds. */
  covers(token: string | string[] | undefined, action: string): boolean {
    return typeof token === 'string' && this.#tokens.get(token) === action;
  }
}
