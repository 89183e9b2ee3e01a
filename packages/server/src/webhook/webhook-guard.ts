/** The door of the webhook: who signed an alert, whether it came before, and how often its symbol may (trading.md 8.4, M11). */
import { LruTtlCache, type Clock, type Scope } from '@wyckoff/bounded';
import { Problem } from '../http/problem.ts';
import { TokenBuckets } from '../http/token-buckets.ts';
import { signatureFault, type SignedAlert } from './signature.ts';

const REMEMBERED = 10_000;
const REMEMBERED_MS = 10 * 60_000;
const PER_SYMBOL_AND_MINUTE = 10;

export interface WebhookGuardOptions {
  readonly scope: Scope;
  readonly clock: Clock;
  /** Milliseconds since 1970. */
  readonly wallClock: () => number;
  /** Null: none is set, and nobody can sign. */
  readonly secret: string | null;
}

export class WebhookGuard {
  readonly #options: WebhookGuardOptions;
  /** Answers by signature. */
  readonly #answered: LruTtlCache<string, Promise<unknown>>;
  readonly #perSymbol: TokenBuckets;

  constructor(options: WebhookGuardOptions) {
    const { scope, clock } = options;
    this.#options = options;
    this.#answered = new LruTtlCache({
      name: 'server.webhook.signatures',
      capacity: REMEMBERED,
      ttlMs: REMEMBERED_MS,
      itemBytes: 512,
      scope,
      clock,
    });
    this.#perSymbol = new TokenBuckets({ name: 'server.webhook.symbols', scope, clock, perMinute: PER_SYMBOL_AND_MINUTE });
  }

  /** @throws Problem `webhook.signature` */
  check(alert: SignedAlert): void {
    const { secret, wallClock } = this.#options;
    const fault =
      secret === null
        ? 'expected WYCKOFF_WEBHOOK_SECRET to be set where the server runs, was nothing'
        : signatureFault(secret, alert, wallClock());
    if (fault !== null) throw new Problem('webhook.signature', { detail: fault });
  }

  /**
   * What `act` answers; an alert that comes again gets the first answer, and nothing is done twice. One that failed may be sent again.
   * @throws Problem `request.rate_limited` above 10 alerts of a symbol in a minute
   */
  once<T>(signature: string, symbol: string, act: () => Promise<T>): { readonly answer: Promise<T>; readonly repeated: boolean } {
    const key = signature.toLowerCase();
    const earlier = this.#answered.get(key) as Promise<T> | undefined;
    if (earlier !== undefined) return { answer: earlier, repeated: true };
    const waitMs = this.#perSymbol.take(symbol);
    if (waitMs > 0) {
      const detail = `expected at most ${PER_SYMBOL_AND_MINUTE} alerts of ${symbol} in a minute`;
      throw new Problem('request.rate_limited', { detail, headers: { 'retry-after': String(Math.ceil(waitMs / 1000)) } });
    }
    const answer = act();
    this.#answered.set(key, answer);
    answer.catch(() => this.#answered.delete(key));
    return { answer, repeated: false };
  }
}
