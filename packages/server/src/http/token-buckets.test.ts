/** Rate limits cannot be used to fill the memory (M11). */
import { Census, Scope } from '@wyckoff/bounded';
import { collectGarbage, VirtualClock } from '@wyckoff/bounded/leak-kit';
import { describe, expect, it } from 'vitest';
import { TokenBuckets } from './token-buckets.ts';

function open(perMinute: number) {
  const clock = new VirtualClock();
  const scope = new Scope({ name: 'test', census: new Census(), timers: clock });
  return { clock, scope, buckets: new TokenBuckets({ name: 'test.limits', scope, clock, perMinute }) };
}

describe('TokenBuckets', () => {
  it('M11 a minute of requests at once, then one per refill, and Retry-After is true', () => {
    const { clock, buckets } = open(60);
    for (let i = 0; i < 60; i += 1) expect(buckets.take('a')).toBe(0);
    const waitMs = buckets.take('a');
    expect(waitMs).toBe(1_000);
    expect(buckets.take('b')).toBe(0);
    clock.advance(waitMs - 1);
    expect(buckets.take('a')).toBeGreaterThan(0);
    clock.advance(1);
    expect(buckets.take('a')).toBe(0);
  });

  it('M11 a million invented keys do not move the heap: 10,000 are held', async () => {
    const { buckets, scope } = open(60);
    const invent = (from: number): void => {
      for (let i = from; i < from + 500_000; i += 1) buckets.take(`key-${i}`);
    };
    invent(0);
    const before = await collectGarbage();
    invent(500_000);
    const after = await collectGarbage();
    expect(buckets.size).toBe(10_000);
    expect(scope.census.row('test.limits')?.size).toBe(10_000);
    // The plain map of the twin takes several times as much; code that is compiled meanwhile does not.
    expect(after - before).toBeLessThan(5_000_000);
    expect(scope.census.audit()).toEqual([]);
  });

  it('M11 twin: the same keys in a plain map move the heap', async () => {
    const buckets = new Map<string, { tokens: number; atMs: number }>();
    const before = await collectGarbage();
    for (let i = 0; i < 500_000; i += 1) buckets.set(`key-${i}`, { tokens: 60, atMs: i });
    const after = await collectGarbage();
    expect(after - before).toBeGreaterThan(10_000_000);
    expect(buckets.size).toBe(500_000);
  });

  it('M11 a key unseen for a minute is swept', () => {
    const { clock, buckets } = open(60);
    for (let i = 0; i < 100; i += 1) buckets.take(`key-${i}`);
    clock.advance(60_001);
    buckets.sweep();
    expect(buckets.size).toBe(0);
  });

  it('M11 a key of any length costs the same', () => {
    const { buckets } = open(60);
    for (let i = 0; i < 60; i += 1) buckets.take(`${'x'.repeat(100)}${i}`);
    expect(buckets.size).toBe(1);
  });
});
