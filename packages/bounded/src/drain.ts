/** Sends what a queue holds, in order and in chunks; a failed send loses and reorders nothing (C2). */
import type { BoundedQueue } from './bounded-queue.ts';
import { checkCount } from './checks.ts';
import { yieldTurn } from './clock.ts';
import type { StopSignal } from './host.ts';
import type { Batch } from './queue-batch.ts';

export interface DrainOptions {
  /** Items between two yields. Default 50. */
  readonly chunk?: number | undefined;
  /** Stops before the next item, for example when the socket has gone. */
  readonly signal?: StopSignal | undefined;
  /** Between chunks, so that others get their turn; a timer of 0 ms unless told. */
  readonly yieldTurn?: (() => Promise<void>) | undefined;
}

export interface DrainReport {
  readonly delivered: number;
  /** Items still in the queue. */
  readonly left: number;
  /** `busy`: another drain is under way and this one did nothing; `cleared`: the queue was cleared or disposed meanwhile. */
  readonly stopped: 'empty' | 'failed' | 'aborted' | 'busy' | 'cleared';
  /** What `send` threw, if it did. */
  readonly error?: unknown;
}

type Stop = Pick<DrainReport, 'stopped' | 'error'>;

/**
 * Sends item by item. `send` answers false, throws or rejects when the item did not go: then it and all that follow stay, in order.
 * A second drain of the same queue while one runs does nothing (`busy`); items pushed meanwhile are sent too.
 */
export async function drain<T>(
  queue: BoundedQueue<T>,
  send: (item: T) => boolean | Promise<boolean>,
  options: DrainOptions = {},
): Promise<DrainReport> {
  const chunk = checkCount(queue.name, 'chunk', options.chunk ?? 50);
  const pause = options.yieldTurn ?? yieldTurn;
  let delivered = 0;
  let stop: Stop | undefined;
  while (stop === undefined) {
    if (queue.busy) return { delivered, left: queue.size, stopped: 'busy' };
    // Leaving this block gives back whatever was not acknowledged.
    using batch = queue.take(chunk);
    if (batch === undefined) return { delivered, left: queue.size, stopped: 'empty' };
    for (const item of batch.items) {
      stop = await sendOne(batch, () => send(item), options.signal);
      if (stop !== undefined) break;
      delivered += 1;
    }
    if (stop === undefined && queue.size > 0) await pause();
  }
  return { delivered, left: queue.size, ...stop };
}

/** Undefined when the item went and was acknowledged, else why to stop. */
async function sendOne<T>(
  batch: Batch<T>,
  send: () => boolean | Promise<boolean>,
  signal: StopSignal | undefined,
): Promise<Stop | undefined> {
  if (signal?.aborted === true) return { stopped: 'aborted' };
  if (!batch.open) return { stopped: 'cleared' };
  try {
    const answer = send();
    const sent = typeof answer === 'boolean' ? answer : await answer;
    if (!sent) return { stopped: 'failed' };
  } catch (error) {
    return { stopped: 'failed', error };
  }
  if (!batch.open) return { stopped: 'cleared' };
  batch.acknowledge(1);
  return undefined;
}
