/** Every structure against its simplest form: 100,000 random operations and more, never over a bound, the books exact. */
import { expect, test } from 'vitest';
import * as bounded from './index.ts';
import { checkCache } from './models/cache-model.ts';
import { checkCounter } from './models/counter-model.ts';
import { checkHeap, checkWheel } from './models/deadlines-model.ts';
import { checkDrain } from './models/drain-model.ts';
import { checkHub } from './models/hub-model.ts';
import { checkQueue } from './models/queue-model.ts';
import { type Effort, LEAST_OPERATIONS } from './models/random-operations.ts';
import { checkRegistry } from './models/registry-model.ts';
import { checkRing } from './models/ring-model.ts';
import { checkScope } from './models/scope-model.ts';

const checks: readonly (readonly [string, (effort: Effort) => number | Promise<number>])[] = [
  ['a ring never exceeds its entries and bytes, and loses the oldest', (effort) => checkRing(bounded, effort)],
  ['C2 a fifo queue never exceeds its entries and bytes, and loses the oldest', (effort) => checkQueue(bounded, 'fifo', effort)],
  [
    'C2 a discarding queue never exceeds its entries and bytes, and refuses the newest',
    (effort) => checkQueue(bounded, 'discard', effort),
  ],
  [
    'C2 a priority queue never exceeds its entries and bytes, and loses the lowest',
    (effort) => checkQueue(bounded, 'priority', effort),
  ],
  [
    'a blocking queue never exceeds its entries and bytes, and refuses who will not wait',
    (effort) => checkQueue(bounded, 'block', effort),
  ],
  ['C2 a failed send loses nothing and reorders nothing', (effort) => checkDrain(bounded, effort)],
  [
    'C7 a cache never exceeds its entries, bytes and age, and loses the least recently used',
    (effort) => checkCache(bounded, effort),
  ],
  ['M2 a rolling counter equals the list of samples it does not keep', (effort) => checkCounter(bounded, effort)],
  [
    'M12 a refusing registry never exceeds its cap and ends each value once',
    (effort) => checkRegistry(bounded, 'refuse', effort),
  ],
  [
    'C11 an evicting registry never exceeds its cap and ends each value once',
    (effort) => checkRegistry(bounded, 'leastUsed', effort),
  ],
  ['C1 a timer wheel meets every deadline at its tick on one timer', (effort) => checkWheel(bounded, effort)],
  ['M8 a deadline heap expires in order on one timer', (effort) => checkHeap(bounded, effort)],
  ['C3 C8 a hub bounds its handlers, which may come and go while published to', (effort) => checkHub(bounded, effort)],
  ['C12 L2 a scope releases everything once, in reverse order, and leaves nothing', (effort) => checkScope(bounded, effort)],
];

test.each(checks)('%s', async (_name, check) => {
  expect(await check('full')).toBeGreaterThanOrEqual(LEAST_OPERATIONS);
});
