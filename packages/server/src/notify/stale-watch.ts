/** A symbol whose prices became too old is told ten minutes after its entries were halted, and not at all when a fresh bar came before (trading.md 9.5). */
import { KeyedRegistry, type Scope } from '@wyckoff/bounded';
import type { FactRow } from '@wyckoff/contracts';

type Halt = Extract<FactRow, { type: 'halt.changed' }>['data'];

const TOLD_AFTER_MS = 600_000;
/** One that a former process halted may be fresh in a moment. */
const AFTER_START_MS = 60_000;
/** Watched symbols, and what is left from accounts before. */
const WAITING = 250;

export interface StaleWatchParts {
  readonly scope: Scope;
  readonly wallClock: () => number;
  /** It is stale still. */
  readonly onStale: (halt: Halt) => void;
}

export interface StaleWatch {
  hear(fact: FactRow): void;
  /** In force when the process began. */
  found(halt: Halt): void;
}

export function staleWatch({ scope, wallClock, onStale }: StaleWatchParts): StaleWatch {
  const waiting = new KeyedRegistry<string, () => void>({
    name: 'server.notify.stale',
    capacity: WAITING,
    itemBytes: 300,
    policy: 'refuse',
    disposeValue: (cancel) => cancel(),
    scope,
  });
  const wait = (halt: Halt, leastMs: number): void => {
    waiting.drop(halt.id);
    if (halt.kind !== 'STALE' || halt.until !== null) return;
    const leftMs = Math.max(leastMs, halt.since + TOLD_AFTER_MS - wallClock());
    const tell = (): void => {
      waiting.drop(halt.id);
      onStale(halt);
    };
    waiting.open(halt.id, () => scope.timeout(leftMs, tell, 'stale'));
  };
  return {
    hear: (fact) => {
      if (fact.type === 'halt.changed') wait(fact.data, 0);
    },
    found: (halt) => wait(halt, AFTER_START_MS),
  };
}
