import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Drawdowns } from './drawdowns.ts';
import { EquitySample } from './equity-sample.ts';
import { Moments } from './moments.ts';
import { MonthlyReturns } from './monthly-returns.ts';
import { RunStatistics, periodsPerYear } from './run-statistics.ts';
import { Tally } from './tally.ts';
import { wilson } from './wilson.ts';

const DAY = 86_400_000;
const START = 100_000_000_000;
const equities = fc.array(fc.integer({ min: 1_000_000, max: 400_000_000_000 }), { minLength: 1, maxLength: 400 });

function close(a: number | null, b: number | null): void {
  if (a === null || b === null) {
    expect(a).toBe(b);
    return;
  }
  expect(Math.abs(a - b)).toBeLessThanOrEqual(1e-9 * Math.max(1, Math.abs(a), Math.abs(b)));
}

function twoPass(list: readonly number[], target = 0): { mean: number; sd: number | null; downside: number | null } {
  const mean = list.reduce((sum, x) => sum + x, 0) / list.length;
  const squares = list.reduce((sum, x) => sum + (x - mean) ** 2, 0);
  const short = list.reduce((sum, x) => sum + Math.min(x - target, 0) ** 2, 0);
  return {
    mean,
    sd: list.length < 2 ? null : Math.sqrt(squares / (list.length - 1)),
    downside: list.length < 2 ? null : Math.sqrt(short / list.length),
  };
}

test('C9 BT-5 running mean, deviation and downside equal a two-pass computation to 1e-9', () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: -10, max: 10, noNaN: true }), { minLength: 1, maxLength: 500 }), (list) => {
      const moments = new Moments(0.1);
      for (const x of list) moments.next(x);
      const expected = twoPass(list, 0.1);
      close(moments.mean, expected.mean);
      close(moments.sd, expected.sd);
      close(moments.downsideDeviation, expected.downside);
    }),
    { seed: 19, numRuns: 300 },
  );
});

test('C9 the twin: the sum of squares loses what Welford keeps', () => {
  const moments = new Moments();
  let sum = 0;
  let squares = 0;
  for (let i = 0; i < 1_000; i += 1) {
    const x = 1e8 + (i % 2);
    moments.next(x);
    sum += x;
    squares += x * x;
  }
  const exact = Math.sqrt(250 / 999);
  expect(Math.abs((moments.sd ?? 0) - exact)).toBeLessThan(1e-9);
  expect(Math.abs(Math.sqrt(Math.max(0, squares - (sum * sum) / 1_000) / 999) - exact)).toBeGreaterThan(1e-9);
});

test('C9 BT-5 Sharpe, Sortino, drawdown, Calmar and return equal a two-pass computation to 1e-9', () => {
  fc.assert(
    fc.property(equities, (list) => {
      const run = new RunStatistics({ startingMicros: START, assetClass: 'STOCK', timeframe: '1d' });
      list.forEach((equity, i) => run.next(i * DAY, equity, i % 3 === 0));
      const curve = [START, ...list];
      const returns = list.map((equity, i) => equity / curve[i] - 1);
      const { mean, sd, downside } = twoPass(returns);
      let peak = START;
      let worst = 0;
      for (const equity of list) {
        peak = Math.max(peak, equity);
        worst = Math.max(worst, (peak - equity) / peak);
      }
      const seen = run.summary();
      close(seen.sharpe, sd === null || sd === 0 ? null : ((mean - 0.02 / 252) / sd) * Math.sqrt(252));
      close(seen.sortino, downside === null || downside === 0 ? null : (mean / downside) * Math.sqrt(252));
      close(seen.maxDrawdown, worst);
      close(seen.totalReturn, (list[list.length - 1] - START) / START);
      close(seen.exposure, list.filter((_, i) => i % 3 === 0).length / list.length);
      const cagr = list.length < 2 ? null : (list[list.length - 1] / START) ** (365.25 / (list.length - 1)) - 1;
      close(seen.calmar, cagr === null || worst === 0 ? null : cagr / worst);
    }),
    { seed: 20, numRuns: 300 },
  );
});

test('6 what is not defined is null: a constant, a single and an empty series', () => {
  const constant = new RunStatistics({ startingMicros: START, assetClass: 'STOCK', timeframe: '1d' });
  for (let i = 0; i < 10; i += 1) constant.next(i * DAY, START, false);
  expect(constant.summary()).toMatchObject({ sharpe: null, sortino: null, calmar: null, maxDrawdown: 0, cagr: 0, exposure: 0 });
  const empty = new RunStatistics({ startingMicros: START, assetClass: 'STOCK', timeframe: '1d' }).summary();
  expect(empty).toMatchObject({ sharpe: null, cagr: null, exposure: null, firstAt: null, totalReturn: 0 });
});

test('6 periods per year by class and timeframe', () => {
  expect(periodsPerYear('STOCK', '1d')).toBe(252);
  expect(periodsPerYear('CRYPTO', '1d')).toBe(365);
  expect(periodsPerYear('STOCK', '1h')).toBe(252 * 6.5);
  expect(periodsPerYear('CRYPTO', '1m')).toBe(365 * 24 * 60);
  expect(periodsPerYear('FOREX', '1w')).toBe(52);
});

test('BT-6 the curve has at most 2,000 points in ascending time, with exact first, last, lowest and highest', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 30_000 }), fc.integer(), (length, seed) => {
      const sample = new EquitySample();
      const full: [number, number][] = [];
      let state = seed;
      let equity = 1_000_000;
      for (let i = 0; i < length; i += 1) {
        state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
        equity += state % 1_000;
        full.push([i * DAY, equity]);
        sample.next(i * DAY, equity);
      }
      const points = sample.points();
      expect(points.length).toBeLessThanOrEqual(2_000);
      for (let i = 1; i < points.length; i += 1) expect(points[i][0]).toBeGreaterThan(points[i - 1][0]);
      expect(points[0]).toEqual(full[0]);
      expect(points.at(-1)).toEqual(full.at(-1));
      const values = points.map(([, value]) => value);
      const all = full.map(([, value]) => value);
      expect(Math.min(...values)).toBe(Math.min(...all));
      expect(Math.max(...values)).toBe(Math.max(...all));
      const inFull = new Map(full);
      for (const [at, value] of points) expect(inFull.get(at)).toBe(value);
    }),
    { seed: 21, numRuns: 60 },
  );
});

test('6 drawdown periods: peak, trough, recovery, the twenty deepest', () => {
  const falls = new Drawdowns(100);
  [110, 90, 99, 110, 120, 60, 90].forEach((equity, i) => falls.next(i, equity));
  expect(falls.maximum).toBe(0.5);
  expect(falls.periods()).toEqual([
    { peakAt: 4, troughAt: 5, recoveredAt: null, depth: 0.5, barsDown: 1, barsToRecover: null },
    { peakAt: 0, troughAt: 1, recoveredAt: 3, depth: 20 / 110, barsDown: 1, barsToRecover: 2 },
  ]);
  const many = new Drawdowns(1_000);
  for (let i = 0; i < 200; i += 1) many.next(i, i % 2 === 0 ? 1_000 + i : 900 - i);
  expect(many.periods()).toHaveLength(20);
});

test('6 monthly returns against the last equity of the month before, at most a hundred years of them', () => {
  const monthly = new MonthlyReturns(100);
  monthly.next(Date.UTC(2024, 0, 10), 110);
  monthly.next(Date.UTC(2024, 0, 31), 120);
  monthly.next(Date.UTC(2024, 2, 1), 90);
  expect(monthly.list()).toEqual([
    { year: 2024, month: 1, ratio: 120 / 100 - 1 },
    { year: 2024, month: 3, ratio: 90 / 120 - 1 },
  ]);
  for (let month = 0; month < 5_000; month += 1) monthly.next(Date.UTC(2025, month, 1), 100);
  expect(monthly.list()).toHaveLength(1_200);
});

test("4.7 Wilson's interval", () => {
  expect(wilson(0, 0)).toBeNull();
  const [low, high] = wilson(8, 10) ?? [0, 0];
  expect(low).toBeCloseTo(0.4902, 4);
  expect(high).toBeCloseTo(0.9433, 4);
  expect(wilson(0, 5)?.[0]).toBe(0);
});

test('7 counts by code are exact and bounded', () => {
  const tally = new Tally();
  for (let i = 0; i < 1_000; i += 1) tally.count(`code ${i % 600}`);
  const list = tally.list();
  expect(Object.keys(list)).toHaveLength(501);
  expect(Object.values(list).reduce((sum, n) => sum + n, 0)).toBe(1_000);
});
