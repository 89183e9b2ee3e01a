/** Queues: waiting producers and consumers, batches, overflow hooks, refusals (C2, C6, M14). */
import { expect, test } from 'vitest';
import { BoundedError, BoundedQueue, type BoundedQueueOptions, Census, drain, type Pressure } from './index.ts';
import { settle, VirtualClock } from './leak-kit/virtual-clock.ts';

function open<T>(options: Partial<BoundedQueueOptions<T>> = {}) {
  const census = new Census();
  return { census, queue: new BoundedQueue<T>({ name: 'outbox', capacity: 3, policy: 'fifo', census, ...options }) };
}

test('C2 warns once per crossing of 80 %, not per message', () => {
  const pressures: Pressure[] = [];
  const { queue } = open<number>({ capacity: 10, onPressure: (pressure) => pressures.push(pressure) });
  for (let i = 0; i < 50; i += 1) queue.push(i);
  expect(pressures).toEqual([{ name: 'outbox', size: 8, capacity: 10, utilisation: 0.8 }]);
  while (queue.size > 5) queue.shift();
  for (let i = 0; i < 5; i += 1) queue.push(i);
  expect(pressures).toHaveLength(2);
  expect(queue.stats).toEqual({ size: 10, max: 10, bytes: 0, maxBytes: null, dropped: 40, utilisationPercent: 100 });
});

test('C2 1,000 messages and 2 MiB, whichever comes first', () => {
  const { queue, census } = open<string>({ capacity: 1_000, maxBytes: 2 * 1024 * 1024, sizeOf: (text) => text.length });
  for (let i = 0; i < 3_000; i += 1) queue.push('x'.repeat(4_096));
  expect(queue.size).toBe(512);
  expect(queue.bytes).toBe(2 * 1024 * 1024);
  expect(census.audit()).toEqual([]);
});

test.each([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])('C2 a send failing at message %i loses and reorders nothing', async (failAt) => {
  const { queue } = open<number>({ capacity: 20 });
  for (let i = 1; i <= 10; i += 1) queue.push(i);
  const arrived: number[] = [];
  const send = (item: number): boolean => item !== failAt && arrived.push(item) > 0;
  const report = await drain(queue, send, { chunk: 4, yieldTurn: () => Promise.resolve() });
  expect(report).toMatchObject({ delivered: failAt - 1, left: 11 - failAt, stopped: 'failed' });
  expect([...arrived, ...queue.toArray()]).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
});

test('C2 a flush stops when disconnected, and a second one beside it does nothing', async () => {
  const { queue } = open<number>({ capacity: 20 });
  for (let i = 0; i < 10; i += 1) queue.push(i);
  const connection = new AbortController();
  const arrived: number[] = [];
  const first = drain(
    queue,
    async (item) => {
      arrived.push(item);
      if (item === 3) connection.abort();
      await settle();
      return true;
    },
    { chunk: 5, signal: connection.signal },
  );
  expect(await drain(queue, () => true)).toMatchObject({ delivered: 0, stopped: 'busy' });
  expect(await first).toEqual({ delivered: 4, left: 6, stopped: 'aborted' });
  expect(queue.toArray()).toEqual([4, 5, 6, 7, 8, 9]);
});

test('C2 a queue cleared during a flush sends nothing more', async () => {
  const { queue, census } = open<number>({ capacity: 20 });
  for (let i = 0; i < 10; i += 1) queue.push(i);
  const arrived: number[] = [];
  const report = await drain(queue, (item) => {
    arrived.push(item);
    if (item === 2) queue.clear();
    return true;
  });
  expect(report).toEqual({ delivered: 2, left: 0, stopped: 'cleared' });
  expect(arrived).toEqual([0, 1, 2]);
  expect(census.audit()).toEqual([]);
});

test('C2 5,000 messages over 10 reconnects: dropped ones are counted, the others arrive in order', async () => {
  const { queue } = open<number>({ capacity: 1_000 });
  const arrived: number[] = [];
  let next = 0;
  for (let reconnect = 0; reconnect < 10; reconnect += 1) {
    for (let i = 0; i < 500; i += 1) queue.push(next++);
    let budget = reconnect * 120;
    await drain(queue, (item) => budget-- > 0 && arrived.push(item) > 0, { yieldTurn: () => Promise.resolve() });
  }
  await drain(queue, (item) => arrived.push(item) > 0, { yieldTurn: () => Promise.resolve() });
  expect(arrived.length + queue.dropped).toBe(5_000);
  expect(arrived).toEqual(arrived.toSorted((a, b) => a - b));
  expect(new Set(arrived).size).toBe(arrived.length);
});

test('a batch that is left by an exception gives back what it did not acknowledge', () => {
  const { queue } = open<number>();
  queue.push(1);
  queue.push(2);
  const failing = (): void => {
    using batch = queue.take(2);
    batch?.acknowledge(1);
    throw new Error('planted');
  };
  expect(failing).toThrow('planted');
  expect(queue.busy).toBe(false);
  expect(queue.toArray()).toEqual([2]);
});

test('C6 the overflow hook runs before the loss, and its failure keeps the queue as it was', () => {
  const stored: number[] = [];
  let down = false;
  const { queue, census } = open<number>({
    onOverflow: (item) => {
      if (down) throw new Error('store down');
      stored.push(item);
      expect(queue.toArray()).toContain(item);
    },
  });
  for (let i = 0; i < 5; i += 1) queue.push(i);
  expect(stored).toEqual([0, 1]);
  down = true;
  expect(() => queue.push(9)).toThrow('store down');
  expect(queue.toArray()).toEqual([2, 3, 4]);
  expect(census.audit()).toEqual([]);
});

test('an overflow hook that pushes into its own full queue is refused, not recursed into', () => {
  const outcomes: string[] = [];
  const { queue, census } = open<number>({ onOverflow: () => outcomes.push(queue.push(99)) });
  for (let i = 0; i < 5; i += 1) queue.push(i);
  expect(outcomes).toEqual(['full', 'full']);
  expect(queue.toArray()).toEqual([2, 3, 4]);
  expect(census.audit()).toEqual([]);
});

test('a blocked producer waits for room, in order; an aborted one was never there', async () => {
  const { queue, census } = open<number>({ capacity: 2, policy: 'block' });
  await queue.pushWait(1);
  await queue.pushWait(2);
  const gaveUp = new AbortController();
  const waiting = [queue.pushWait(3), queue.pushWait(4, gaveUp.signal), queue.pushWait(5)];
  const refused = waiting[1]?.catch((error: unknown) => error);
  expect(queue.push(6)).toBe('full');
  gaveUp.abort(new Error('gave up'));
  expect(await refused).toEqual(new Error('gave up'));
  expect(queue.shift()).toBe(1);
  expect(await waiting[0]).toBe('queued');
  expect(queue.toArray()).toEqual([2, 3]);
  queue.shift();
  expect(await waiting[2]).toBe('queued');
  expect(queue.toArray()).toEqual([3, 5]);
  expect(census.audit()).toEqual([]);
});

test('waiting producers are bounded too, and told when the queue ends', async () => {
  const { queue } = open<number>({ capacity: 1, policy: 'block', maxWaiting: 2 });
  queue.push(0);
  const waiting = [queue.pushWait(1), queue.pushWait(2)];
  expect(await queue.pushWait(3)).toBe('full');
  queue.dispose();
  expect(await Promise.all(waiting)).toEqual(['closed', 'closed']);
  expect(await queue.pushWait(4)).toBe('closed');
});

test('an abort signal that lives long keeps no listener of a wait that is over', async () => {
  const { queue } = open<number>({ capacity: 1, policy: 'block' });
  const controller = new AbortController();
  let listeners = 0;
  const { signal } = controller;
  const add = signal.addEventListener.bind(signal);
  const remove = signal.removeEventListener.bind(signal);
  signal.addEventListener = ((...args: Parameters<typeof add>) => {
    listeners += 1;
    add(...args);
  }) as typeof signal.addEventListener;
  signal.removeEventListener = ((...args: Parameters<typeof remove>) => {
    listeners -= 1;
    remove(...args);
  }) as typeof signal.removeEventListener;
  for (let i = 0; i < 100; i += 1) {
    queue.push(i);
    const waiting = queue.pushWait(i, signal);
    queue.shift();
    await waiting;
    queue.shift();
    const consumer = queue.next(signal);
    queue.push(i);
    await consumer;
  }
  expect(listeners).toBe(0);
});

test('a consumer waits for what comes, and gets undefined when the queue ends', async () => {
  const { queue } = open<string>();
  const first = queue.next();
  queue.push('bar');
  expect(await first).toBe('bar');
  const second = queue.next();
  queue.dispose();
  expect(await second).toBeUndefined();
});

test('M14 a newer bar replaces the waiting one of its key, one in flight is left alone', () => {
  const { queue, census } = open<{ key: string; close: number }>({ keyOf: (bar) => bar.key });
  expect(queue.push({ key: 'SPY', close: 1 })).toBe('queued');
  queue.push({ key: 'TLT', close: 1 });
  expect(queue.push({ key: 'SPY', close: 2 })).toBe('replaced');
  expect(queue.toArray().map((bar) => `${bar.key} ${bar.close}`)).toEqual(['SPY 2', 'TLT 1']);
  const batch = queue.take(1);
  expect(queue.push({ key: 'SPY', close: 3 })).toBe('queued');
  batch?.giveBack();
  expect(queue.toArray().map((bar) => `${bar.key} ${bar.close}`)).toEqual(['SPY 2', 'TLT 1', 'SPY 3']);
  expect(census.audit()).toEqual([]);
});

test('M14 what has waited longer than its age is dropped', () => {
  const clock = new VirtualClock();
  const { queue } = open<number>({ clock });
  queue.push(1);
  clock.advance(4_000);
  queue.push(2);
  clock.advance(1_001);
  expect(queue.oldestAgeMs()).toBe(5_001);
  expect(queue.dropOlderThan(5_000)).toBe(1);
  expect(queue.toArray()).toEqual([2]);
});

test('a newcomer that is refused in the end has displaced nobody', () => {
  const { queue } = open<{ priority: number; bytes: number }>({
    policy: 'priority',
    priorityOf: (item) => item.priority,
    maxBytes: 10,
    sizeOf: (item) => item.bytes,
  });
  queue.push({ priority: 1, bytes: 3 });
  queue.push({ priority: 9, bytes: 7 });
  expect(queue.push({ priority: 5, bytes: 6 })).toBe('lowest');
  expect(queue.size).toBe(2);
});

test.each([
  [{ capacity: 0 }],
  [{ capacity: 1.5 }],
  [{ capacity: Number.NaN }],
  [{ capacity: Infinity }],
  [{ maxBytes: 10 }],
  [{ policy: 'priority' as const }],
  [{ name: 'Has Spaces' }],
])('a queue is refused when it is made with %j, and enrols nothing', (wrong) => {
  const census = new Census();
  expect(() => new BoundedQueue({ name: 'queue', capacity: 1, policy: 'fifo', census, ...wrong })).toThrow(BoundedError);
  expect(census.size).toBe(0);
});
