import fc from 'fast-check';
import { expect, test } from 'vitest';
import { cutLadder } from './ladder.ts';

test('TR-6 rungs add up to the initial size, for every size and every coincidence of targets', () => {
  const targets = fc.tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 0, max: 2 }), fc.integer({ min: 0, max: 2 }));
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 9e13 }), targets, (steps, [first, second, third]) => {
      const prices = [first, first + second, first + second + third];
      const rungs = cutLadder(steps, prices);
      expect(rungs.reduce((sum, rung) => sum + rung.steps, 0)).toBe(steps);
      expect(rungs.every((rung) => rung.steps > 0)).toBe(true);
      expect(new Set(rungs.map((rung) => rung.price)).size).toBe(rungs.length);
    }),
    { seed: 3 },
  );
});

test('6.3 50 / 30 / 20 % of the initial quantity, rounded up, the last takes the rest', () => {
  expect(cutLadder(10, [1, 2, 3]).map((rung) => rung.steps)).toEqual([5, 3, 2]);
  expect(cutLadder(7, [1, 2, 3]).map((rung) => rung.steps)).toEqual([4, 3]);
  expect(cutLadder(1, [1, 2, 3]).map((rung) => rung.steps)).toEqual([1]);
  expect(cutLadder(10, [1, 2, 2])).toEqual([
    { target: 1, price: 1, steps: 5 },
    { target: 2, price: 2, steps: 5 },
  ]);
});
