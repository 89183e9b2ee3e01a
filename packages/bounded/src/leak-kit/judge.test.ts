/** The leak kit itself: a leak is found by each of its three witnesses, and a verdict it cannot give counts as failed. */
import { expect, test } from 'vitest';
import { Finalized } from './finalized.ts';
import { countInstances, judgeLeak, judgeTwin } from './judge.ts';
import type { LeakCase } from './leak-case.ts';
import { fitSlope } from './slope.ts';

const clean: LeakCase = {
  id: 'kit',
  name: 'a scenario that keeps nothing',
  run(n, watch) {
    for (let i = 0; i < n; i += 1) watch({ i, text: `item ${i}` });
  },
};

test('the kit finds nothing in a scenario that keeps nothing', async () => {
  expect(await judgeLeak(clean)).toMatchObject({ judged: true, verdict: 'clean', survivors: 0, leftOver: {} });
});

test('the kit finds a twin that leaks, by the slope alone', async () => {
  const kept: unknown[] = [];
  const leaking: LeakCase = {
    ...clean,
    twin(n) {
      for (let i = 0; i < n; i += 1) kept.push({ i });
    },
  };
  const judgement = await judgeTwin(leaking);
  expect(judgement).toMatchObject({ judged: true, verdict: 'leak', survivors: 0 });
  expect(judgement?.slopeBytes).toBeGreaterThan(20);
  expect(kept.length).toBeGreaterThan(0);
});

test('the kit finds a single kept object, too small for the slope, by its WeakRef', async () => {
  let last: object | undefined;
  const judgement = await judgeLeak({
    ...clean,
    run(n, watch) {
      for (let i = 0; i < n; i += 1) {
        last = { i };
        watch(last);
      }
    },
  });
  expect(judgement).toMatchObject({ judged: true, verdict: 'leak', why: '1 watched objects are still reachable' });
  expect(last).toBeDefined();
});

test('the kit finds a left-over instance by its constructor', async () => {
  class Chart {
    readonly points = [1, 2, 3];
  }
  let living: Chart | undefined;
  const judgement = await judgeLeak({
    ...clean,
    constructors: [Chart],
    run() {
      living = new Chart();
    },
  });
  expect(judgement).toMatchObject({ verdict: 'leak', leftOver: { Chart: 1 } });
  expect(living?.points).toHaveLength(3);
  expect(countInstances([Chart])).toEqual({ Chart: 1 });
});

test('the kit does not judge what it cannot: growth without any relation to N', async () => {
  const blocks: Buffer[] = [];
  let seed = 7;
  const judgement = await judgeLeak({
    ...clean,
    run() {
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
      blocks.length = 0;
      blocks.push(Buffer.alloc(seed % 4_000_000));
    },
  });
  expect(judgement).toMatchObject({ judged: false, verdict: 'unjudged' });
});

test('a slope needs three points and two sizes; an exact line has an exact slope', () => {
  expect(fitSlope([{ x: 1, y: 1 }])).toBeUndefined();
  expect(fitSlope([1, 2, 3].map((y) => ({ x: 5, y })))).toBeUndefined();
  const exact = fitSlope([1, 2, 3, 10].map((x) => ({ x, y: 3 * x + 7 })));
  expect(exact?.slope).toBeCloseTo(3, 12);
  expect(exact?.high).toBeCloseTo(3, 6);
  // Worked by hand: slope 0.6, s = 1.0954, sxx = 5, t(2) = 9.925: 0.6 +- 9.925 x 0.4899 / 1.
  const noisy = fitSlope([
    { x: 1, y: 2 },
    { x: 2, y: 1 },
    { x: 3, y: 4 },
    { x: 4, y: 3 },
  ]);
  expect(noisy?.slope).toBeCloseTo(0.6, 12);
  expect(noisy?.high).toBeCloseTo(0.6 + 9.925 * Math.sqrt(3.2 / 2 / 5), 9);
});

test('the finalization registry names what was not collected', async () => {
  const finalized = new Finalized();
  const living = { text: 'kept' };
  (() => {
    finalized.expect('gone', { text: 'gone' });
    finalized.expect('kept', living);
  })();
  expect(await finalized.missing()).toEqual(['kept']);
  expect(living.text).toBe('kept');
});
