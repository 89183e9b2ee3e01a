/** Registries: values that take their time to end still count (pitfall: a supervisor that restarts before the old one has gone). */
import { expect, test } from 'vitest';
import { Census, KeyedRegistry, RollingCounter, Scope } from './index.ts';
import { settle, VirtualClock } from './leak-kit/virtual-clock.ts';

test('values on their way out are bounded: a hanging end cannot pile up', async () => {
  const ends: (() => void)[] = [];
  const registry = new KeyedRegistry<string, object>({
    name: 'feeds',
    capacity: 2,
    policy: 'refuse',
    census: new Census(),
    disposeValue: () => new Promise<void>((resolve) => ends.push(resolve)),
  });
  expect(registry.open('a', () => ({})).ok).toBe(true);
  expect(registry.open('b', () => ({})).ok).toBe(true);
  registry.drop('a');
  expect(registry.open('c', () => ({}))).toEqual({ ok: false, reason: 'full', name: 'feeds', capacity: 2 });
  ends[0]?.();
  await settle();
  expect(registry.open('c', () => ({})).ok).toBe(true);
  expect(registry.set('c', {})).toBe('replaced');
  expect(registry.set('c', {})).toBe('replaced');
  expect(registry.set('c', {})).toBe('full');
  expect(registry.closing).toBe(2);
});

test('a scope awaits the slow ends of a registry it owns', async () => {
  const clock = new VirtualClock();
  const scope = new Scope({ name: 'server', census: new Census(), timers: clock });
  let ended = 0;
  const registry = new KeyedRegistry<string, object>({
    name: 'server.feeds',
    capacity: 3,
    policy: 'refuse',
    scope,
    disposeValue: async () => {
      await new Promise<void>((resolve) => void clock.after(50, resolve));
      ended += 1;
    },
  });
  for (const key of ['a', 'b', 'c']) registry.open(key, () => ({}));
  const disposal = scope.dispose();
  await clock.run(49);
  expect(ended).toBe(0);
  await clock.run(1);
  expect(await disposal).toMatchObject({ stuck: [], tookMs: 50 });
  expect(ended).toBe(3);
});

test('an end that throws or rejects is counted and told, and the others end all the same', async () => {
  const errors: unknown[] = [];
  const registry = new KeyedRegistry<string, string>({
    name: 'feeds',
    capacity: 3,
    policy: 'refuse',
    census: new Census(),
    onError: (error) => errors.push(error),
    disposeValue: (value) => {
      if (value === 'throws') throw new Error('planted');
      return value === 'rejects' ? Promise.reject(new Error('planted')) : undefined;
    },
  });
  for (const key of ['throws', 'rejects', 'fine']) registry.set(key, key);
  registry.dispose();
  await registry.settled();
  expect(errors).toHaveLength(2);
  expect(registry.failures).toBe(2);
});

test('M2 a day by hours is 24 buckets, whatever is counted', () => {
  const hourMs = 3_600_000;
  const counter = new RollingCounter({ name: 'bus.published', capacity: 24, bucketMs: hourMs, census: new Census() });
  for (let minute = 0; minute < 3 * 24 * 60; minute += 1) counter.add(10, minute * 60_000);
  expect(counter.buckets((3 * 24 - 1) * hourMs)).toEqual(new Array<number>(24).fill(600));
  expect(counter.figures().bytes).toBe(24 * 8);
});
