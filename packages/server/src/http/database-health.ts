/** What `GET /health/database` answers: the figures of the gate, without anything that changes what it measures. */
import type { Store } from '../store/store.ts';

export function databaseHealth(store: Pick<Store, 'kind' | 'stats'>) {
  const { size, idle, inUse, waiting, acquired, released, errors, longestHold } = store.stats();
  return { kind: store.kind, size, idle, inUse, waiting, acquired, released, errors, longestHold };
}

export type DatabaseHealth = ReturnType<typeof databaseHealth>;
