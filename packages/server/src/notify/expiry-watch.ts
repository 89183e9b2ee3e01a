/** Which signals are still open, and a word before an approval expires (trading.md 10: 60 s before). */
import { KeyedRegistry, LruTtlCache, type Scope } from '@wyckoff/bounded';
import type { FactRow } from '@wyckoff/contracts';
import type { Notice } from './notification.ts';

const WARN_MS = 60_000;
/** Approvals that may wait at one time, and signals whose end is remembered. */
const WAITING = 1_000;
const ENDED = 1_000;
const DAY_MS = 86_400_000;

const OPEN = new Set(['GENERATED', 'PENDING', 'APPROVED', 'SUBMITTED']);

export interface ExpiryWatchParts {
  readonly scope: Scope;
  readonly wallClock: () => number;
  readonly onExpiring: (notice: Notice) => void;
}

export interface ExpiryWatch {
  hear(fact: FactRow): void;
  /** False once a signal was filled, refused, cancelled or expired. */
  isOpen(signalId: string): boolean;
}

export function expiryWatch({ scope, wallClock, onExpiring }: ExpiryWatchParts): ExpiryWatch {
  const ended = new LruTtlCache<string, true>({
    name: 'server.notify.ended',
    capacity: ENDED,
    itemBytes: 200,
    ttlMs: DAY_MS,
    clock: scope.timers,
    scope,
    maxFlights: 1,
  });
  const waiting = new KeyedRegistry<string, () => void>({
    name: 'server.notify.expiring',
    capacity: WAITING,
    itemBytes: 300,
    policy: 'refuse',
    disposeValue: (cancel) => cancel(),
    scope,
  });
  return {
    isOpen: (signalId) => ended.get(signalId) === undefined,
    hear: (fact) => {
      if (fact.type === 'signal.changed' && !OPEN.has(fact.data.status)) ended.set(fact.data.id, true);
      if (fact.type !== 'approval.changed') return;
      const { signalId, state, entry } = fact.data;
      waiting.drop(signalId);
      // Only a clock that is the wall's can be waited for: a replay's deadlines are in its own time.
      const leftMs = entry.expiresAt - WARN_MS - wallClock();
      if (state !== 'WAITING' || leftMs <= 0) return;
      const { symbol, pattern, direction } = entry.snapshot;
      waiting.open(signalId, () =>
        scope.timeout(
          leftMs,
          () => {
            waiting.drop(signalId);
            onExpiring({
              type: 'queue_expiring',
              key: signalId,
              title: `${pattern} ${direction} ${symbol} expires in a minute`,
              body: 'It waits for your decision.',
              data: { signalId, symbol },
            });
          },
          'approval expiring',
        ),
      );
    },
  };
}
