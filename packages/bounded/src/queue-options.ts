/** The words of a queue: its policies and bounds, what a push answers; and the refusal of options that cannot be meant. */
import { checkCount } from './checks.ts';
import type { Clock } from './clock.ts';
import { BoundedError } from './errors.ts';
import type { DropReason } from './ledger.ts';
import type { StructureOptions } from './structure.ts';

/**
 * What happens to the item too many: `fifo` drops the oldest, `discard` refuses the newest, `priority` drops the lowest priority
 * (the oldest among equals; the newcomer itself when all others rank higher), `block` makes the producer wait (`pushWait`).
 */
export type OverflowPolicy = 'fifo' | 'discard' | 'priority' | 'block';

/** `queued`; `displaced`: queued, others left for it; `replaced`: took the place of the waiting one with its key; the rest are refusals. */
export type PushOutcome = 'queued' | 'displaced' | 'replaced' | 'full' | 'lowest' | 'oversize' | 'closed';

/** Said once per crossing of 80 % upwards, in entries or in bytes, whichever is fuller. */
export interface Pressure {
  readonly name: string;
  readonly size: number;
  readonly capacity: number;
  /** 0..1 */
  readonly utilisation: number;
}

export interface QueueStats {
  readonly size: number;
  readonly max: number;
  readonly bytes: number;
  readonly maxBytes: number | null;
  readonly dropped: number;
  /** 0..100 */
  readonly utilisationPercent: number;
}

export interface BoundedQueueOptions<T> extends StructureOptions {
  readonly policy: OverflowPolicy;
  /** Bytes of an item, measured once, when it comes in. */
  readonly sizeOf?: ((item: T) => number) | undefined;
  /** Byte bound; needs `sizeOf`. */
  readonly maxBytes?: number | undefined;
  /** Rank for the policy `priority`; higher stays longer. */
  readonly priorityOf?: ((item: T) => number) | undefined;
  /** Conflation: a newer item replaces the waiting one of the same key, in its place. Undefined: not conflated. */
  readonly keyOf?: ((item: T) => string | undefined) | undefined;
  /** Makes `oldestAgeMs` and `dropOlderThan` possible. */
  readonly clock?: Clock | undefined;
  readonly onPressure?: ((pressure: Pressure) => void) | undefined;
  /**
   * Called for each item that is lost to overflow *before* it leaves: when it throws, the push throws and the queue is as it was
   * (dead letters are written to the store here, C6).
   */
  readonly onOverflow?: ((item: T, reason: DropReason) => void) | undefined;
  /** Producers and consumers that may wait at one time; further ones are refused. Default 16. */
  readonly maxWaiting?: number | undefined;
}

/** Whether the item did not get in. */
export function isRefusal(outcome: PushOutcome): outcome is 'full' | 'lowest' | 'oversize' | 'closed' {
  return outcome !== 'queued' && outcome !== 'displaced' && outcome !== 'replaced';
}

/** @throws BoundedError naming the option that is missing or wrong. */
export function checkQueueOptions<T>(options: BoundedQueueOptions<T>): BoundedQueueOptions<T> {
  const { name } = options;
  if (options.maxBytes !== undefined) checkCount(name, 'maxBytes', options.maxBytes);
  if (options.maxWaiting !== undefined) checkCount(name, 'maxWaiting', options.maxWaiting);
  if (options.maxBytes !== undefined && options.sizeOf === undefined) {
    throw new BoundedError(
      'bounded.argument',
      name,
      `${name}: expected sizeOf beside maxBytes, was none; pass how large an item is`,
    );
  }
  if (options.policy === 'priority' && options.priorityOf === undefined) {
    throw new BoundedError(
      'bounded.argument',
      name,
      `${name}: expected priorityOf with the policy priority, was none; pass how items rank`,
    );
  }
  return options;
}
