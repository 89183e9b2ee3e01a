/** Subscribers with queues of their own: slow and throwing ones stay alone with their trouble (C8). */
import { expect, test } from 'vitest';
import { Census, QueuedHandler, Scope, TopicFullError, TopicHub } from './index.ts';
import { settle, VirtualClock } from './leak-kit/virtual-clock.ts';

interface Messages {
  readonly bar: number;
}

function open() {
  const clock = new VirtualClock();
  const census = new Census();
  const scope = new Scope({ name: 'bus', census, timers: clock });
  const hub = new TopicHub<Messages>({ name: 'bus.topics', capacity: 8, handlersPerTopic: 64, scope });
  return { clock, census, scope, hub };
}

test('C8 a slow subscriber is bounded and delays nobody; a throwing one is isolated', async () => {
  const { clock, census, scope, hub } = open();
  const fast: number[] = [];
  const slow: number[] = [];
  const errors: unknown[] = [];
  const subscribe = (name: string, handle: (bar: number) => void | Promise<void>): QueuedHandler<number> => {
    const handler = new QueuedHandler<number>({
      name: `bus.${name}`,
      capacity: 10,
      policy: 'fifo',
      scope,
      handle,
      onError: (error) => errors.push(error),
    });
    hub.on('bar', handler.push, scope);
    return handler;
  };
  const slowHandler = subscribe('slow', async (bar) => {
    await scope.delay(1_000);
    slow.push(bar);
  });
  const thrower = subscribe('thrower', () => {
    throw new Error('planted');
  });
  subscribe('fast', (bar) => void fast.push(bar));
  for (let bar = 0; bar < 100; bar += 1) {
    hub.publish('bar', bar);
    await clock.run(1);
  }
  expect(fast).toEqual(Array.from({ length: 100 }, (_, bar) => bar));
  expect(thrower.failures).toBe(100);
  expect(errors).toHaveLength(100);
  expect(slowHandler.queue.size).toBeLessThanOrEqual(10);
  await clock.run(20_000);
  expect(slow[0]).toBe(0);
  expect(slow.slice(1)).toEqual([91, 92, 93, 94, 95, 96, 97, 98, 99].slice(-slow.length + 1));
  expect(slow.length + slowHandler.queue.dropped).toBe(100);
  expect(census.audit()).toEqual([]);
  await scope.dispose();
  expect(census.size).toBe(0);
});

test('C8 disposal drops what waits, tells the message at hand to stop, and awaits it', async () => {
  const { census, scope, clock } = open();
  let stopped = false;
  const handler = new QueuedHandler<number>({
    name: 'bus.worker',
    capacity: 5,
    policy: 'discard',
    scope,
    handle: (_message, signal) =>
      new Promise<void>((resolve) =>
        signal.addEventListener('abort', () => {
          stopped = true;
          resolve();
        }),
      ),
  });
  for (let i = 0; i < 5; i += 1) handler.push(i);
  await settle();
  expect((await scope.dispose()).stuck).toEqual([]);
  expect(stopped).toBe(true);
  expect(handler.push(9)).toBe('closed');
  expect(handler.busy).toBe(false);
  expect(clock.pending).toBe(0);
  expect(census.size).toBe(0);
});

test('C3 C8 the handler too many is refused with a typed error naming the topic; adding and removing 10,000 leaves none', () => {
  const { hub } = open();
  const subscriptions = Array.from({ length: 64 }, () => hub.on('bar', () => undefined));
  expect(() => hub.on('bar', () => undefined)).toThrow(TopicFullError);
  expect(() => hub.on('bar', () => undefined)).toThrow('topic bar has 64 handlers, the limit');
  for (const subscription of subscriptions) subscription.dispose();
  for (let i = 0; i < 10_000; i += 1) hub.on('bar', () => undefined).dispose();
  expect(hub.counts()).toEqual([]);
});

test('C3 the browser hub warns at 40 and refuses the 51st', () => {
  const crowded: number[] = [];
  const hub = new TopicHub<Messages>({
    name: 'web.topics',
    capacity: 8,
    census: new Census(),
    onCrowded: (_topic, handlers) => crowded.push(handlers),
  });
  for (let i = 0; i < 50; i += 1) hub.on('bar', () => undefined);
  expect(crowded).toEqual([40]);
  expect(() => hub.on('bar', () => undefined)).toThrow(TopicFullError);
});

test('C3 a subscription in a scope ends with it and leaves it when disposed', async () => {
  const { hub, scope } = open();
  const component = scope.child('component');
  hub.on('bar', () => undefined, component);
  const early = hub.on('bar', () => undefined, component);
  early.dispose();
  expect(component.size).toBe(1);
  expect(hub.count('bar')).toBe(1);
  await component.dispose();
  expect(hub.count('bar')).toBe(0);
});
