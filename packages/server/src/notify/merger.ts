/** Equal notices within a minute are one; the critical are never merged (trading.md 10). */
import { type Clock, LruTtlCache, type Scope } from '@wyckoff/bounded';
import { PRIORITY_OF, type Notice } from './notification.ts';

const MERGE_MS = 60_000;
const KEYS = 1_000;

export class Merger {
  readonly #recent: LruTtlCache<string, true>;

  constructor(scope: Scope, clock: Clock) {
    this.#recent = new LruTtlCache({
      name: 'server.notify.merged',
      capacity: KEYS,
      itemBytes: 256,
      ttlMs: MERGE_MS,
      clock,
      scope,
      maxFlights: 1,
    });
  }

  /** False when the same was said less than 60 s ago. */
  admits(notice: Notice): boolean {
    if (PRIORITY_OF[notice.type] === 'CRITICAL') return true;
    const key = `${notice.type}\u0000${notice.key}`.slice(0, 200);
    if (this.#recent.get(key) !== undefined) return false;
    this.#recent.set(key, true);
    return true;
  }

  sweep(): void {
    this.#recent.sweep();
  }
}
