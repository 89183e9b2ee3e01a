import { expect, test } from 'vitest';
import { DEFAULT_HALTS, Halts } from './halts.ts';
import type { HaltChange } from './halts.ts';

const DAY = 86_400_000;
const NOON = Date.UTC(2024, 0, 10, 17);
const START = 100_000_000_000;

function halts(rules = DEFAULT_HALTS): {
  next: (at: number, equity: number, peak?: number) => void;
  told: HaltChange[];
  of: Halts;
} {
  const told: HaltChange[] = [];
  const of = new Halts(rules, { day: -1, dayStartMicros: START, lastMicros: START, dailyLoss: false, drawdown: false });
  return { next: (at, equity, peak = START) => of.next(at, equity, peak, (change) => told.push(change)), told, of };
}

test('5.7 exactly the daily loss limit halts, one micro less does not, the next New York day clears it', () => {
  const { next, of, told } = halts();
  next(NOON, START - 2_999_999_999);
  expect(of.inForce).toEqual([]);
  next(NOON + 1, START - 3_000_000_000);
  expect(of.inForce).toEqual(['DAILY_LOSS']);
  next(NOON + 2, START - 3_000_000_000);
  next(NOON + DAY, START - 3_000_000_000);
  expect(of.inForce).toEqual([]);
  expect(told.map((change) => change.state)).toEqual(['REACHED', 'CLEARED']);
});

test('5.7 a daily bar loses against the equity the day before ended with', () => {
  const { next, of } = halts();
  next(NOON, START + 1_000_000_000);
  next(NOON + DAY, START + 1_000_000_000 - 3_030_000_000);
  expect(of.inForce).toEqual(['DAILY_LOSS']);
});

test('5.7 a drawdown of 15 % halts for good', () => {
  const { next, of } = halts({ dailyLossBp: null, drawdownBp: 1_500 });
  next(NOON, START * 0.85 + 1);
  expect(of.inForce).toEqual([]);
  next(NOON, START * 0.85);
  for (let i = 1; i < 100; i += 1) next(NOON + i * DAY, START * 0.99);
  expect(of.inForce).toEqual(['DRAWDOWN']);
});
