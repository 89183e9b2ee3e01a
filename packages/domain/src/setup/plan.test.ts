import fc from 'fast-check';
import { expect, test } from 'vitest';
import { planEntry } from './plan.ts';
import type { PlanInput } from './plan.ts';
import { gradeReward, refuseReward, rewardToRisk } from './reward.ts';

const BASE: PlanInput = {
  pattern: 'SPRING', side: 1, close: 101.5, support: 100, resistance: 110, extreme: 98.8, objectives: [118, 121, 124], tickSize: 0.01, timeframe: '1d',
}; // prettier-ignore

test('5.2 SPRING: market above the entry level, stop 2 % beyond the extreme, the range edge first', () => {
  const plan = planEntry(BASE);
  expect(plan).toMatchObject({
    entryType: 'MARKET',
    entryPrice: 101.5,
    stopPrice: 96.82,
    targets: [110, 118, 121],
    validBars: 1,
    refusal: null,
  });
  expect(plan.rMultiple).toBe(3.52);
});

test('5.2 SPRING: below the entry level a stop order waits there for five bars', () => {
  expect(planEntry({ ...BASE, close: 100.2 })).toMatchObject({ entryType: 'STOP', entryPrice: 100.5, validBars: 5 });
});

test('5.2 UTAD mirrors: entry below resistance, stop above the high', () => {
  const plan = planEntry({ ...BASE, pattern: 'UTAD', side: -1, close: 108.5, extreme: 111.2, objectives: [89, 86, 83] });
  expect(plan).toMatchObject({
    entryType: 'MARKET',
    entryPrice: 108.5,
    stopPrice: 113.43,
    targets: [100, 89, 86],
    refusal: null,
  });
  expect(planEntry({ ...BASE, pattern: 'UTAD', side: -1, close: 109.8, extreme: 111.2 })).toMatchObject({
    entryType: 'STOP',
    entryPrice: 109.45,
  });
});

test('5.2 TEST: stop 3 % beyond the farther of extreme and edge', () => {
  expect(planEntry({ ...BASE, pattern: 'TEST' }).stopPrice).toBe(95.83);
  expect(planEntry({ ...BASE, pattern: 'TEST', extreme: 100.4 }).stopPrice).toBe(97);
  expect(planEntry({ ...BASE, pattern: 'TEST', side: -1, close: 108, extreme: 109, objectives: [80] }).stopPrice).toBe(113.3);
});

test('5.2 SOS: market at the close, stop 5 % under the broken edge; a wide range has its stop too far', () => {
  expect(planEntry({ ...BASE, pattern: 'SOS', close: 112 })).toMatchObject({
    entryType: 'MARKET',
    entryPrice: 112,
    stopPrice: 104.5,
    targets: [118, 121, 124],
  });
  expect(planEntry({ ...BASE, pattern: 'SOS', close: 117, resistance: 115.1 }).refusal?.code).toBe('RK_STOP_TOO_WIDE');
  expect(planEntry({ ...BASE, pattern: 'SOS', close: 117, resistance: 115 }).refusal?.code).not.toBe('RK_STOP_TOO_WIDE');
});

test('5.2 LPS: market at the level or better, else a limit there for ten bars', () => {
  expect(planEntry({ ...BASE, pattern: 'LPS', close: 111.1 })).toMatchObject({
    entryType: 'MARKET',
    entryPrice: 111.1,
    stopPrice: 106.7,
  });
  expect(planEntry({ ...BASE, pattern: 'LPS', close: 111.2 })).toMatchObject({
    entryType: 'LIMIT',
    entryPrice: 111.1,
    validBars: 10,
  });
  expect(planEntry({ ...BASE, pattern: 'LPSY', side: -1, close: 98, objectives: [85, 80] })).toMatchObject({
    entryType: 'LIMIT',
    entryPrice: 99,
    stopPrice: 103,
  });
});

test('5.2 a stop nearer than 1 % is moved away to exactly 1 %, beyond 10 % is refused', () => {
  const near = planEntry({ ...BASE, pattern: 'LPS', close: 107, objectives: [111, 112] });
  expect(near.stopPrice).toBe(105.93);
  expect(near.stopReason).toContain('least distance');
  expect(planEntry({ ...BASE, close: 108 }).refusal?.code).toBe('RK_STOP_TOO_WIDE');
  expect(planEntry({ ...BASE, pattern: 'LPS', close: 106.6 }).refusal?.code).toBe('RK_STOP_SIDE');
});

test('5.2 percentages shrink with the timeframe', () => {
  expect(planEntry({ ...BASE, timeframe: '1h', close: 100.4 }).entryPrice).toBe(100.4);
  expect(planEntry({ ...BASE, timeframe: '1h' }).stopPrice).toBe(97.41);
});

test('5.3 a missing objective equals the last one; entries beyond the edge start at the first objective', () => {
  expect(planEntry({ ...BASE, objectives: [118] }).targets).toEqual([110, 118, 118]);
  expect(planEntry({ ...BASE, objectives: [] })).toMatchObject({ targets: [], rMultiple: null });
  expect(planEntry({ ...BASE, objectives: [] }).refusal?.code).toBe('RK_TARGET');
  expect(planEntry({ ...BASE, objectives: [90, 121, 118] }).targets).toEqual([110, 118, 121]);
});

test('5.4 R is judged at the second target, rounded down, and exactly the minimum passes', () => {
  const r = (objectives: readonly number[]): string | undefined => planEntry({ ...BASE, objectives }).refusal?.code;
  expect(r([115.54])).toBeUndefined();
  expect(r([115.53])).toBe('RK_R_TOO_LOW');
  expect(r([148.3])).toBeUndefined();
  expect(r([148.35])).toBe('RK_R_UNREALISTIC');
});

test('5.5 1 a missing price is no plan', () => {
  expect(planEntry({ ...BASE, extreme: null }).refusal?.code).toBe('RK_CONTEXT');
  expect(planEntry({ ...BASE, close: NaN }).refusal?.code).toBe('RK_CONTEXT');
});

const inputs = fc.record({
  pattern: fc.constantFrom<PlanInput['pattern']>('SPRING', 'TEST', 'SOS', 'LPS'),
  support: fc.integer({ min: 5_000, max: 20_000 }).map((n) => n / 100),
  width: fc.double({ min: 0.04, max: 0.3, noNaN: true }),
  depth: fc.double({ min: -0.005, max: 0.02, noNaN: true }),
  at: fc.double({ min: 0, max: 1.15, noNaN: true }),
  reach: fc.array(fc.double({ min: -0.2, max: 4, noNaN: true }), { maxLength: 4 }),
  timeframe: fc.constantFrom<PlanInput['timeframe']>('1m', '1h', '1d', '1w'),
});

test('TR-3 a plan that is not refused has stop < entry < T1 <= T2 <= T3, and R is what its prices say', () => {
  let accepted = 0;
  fc.assert(
    fc.property(inputs, ({ pattern, support, width, depth, at, reach, timeframe }) => {
      const resistance = support * (1 + width);
      const objectives = reach.map((r) => resistance + r * (resistance - support));
      const close = support + at * (resistance - support);
      const plan = planEntry({
        pattern,
        side: 1,
        close,
        support,
        resistance,
        extreme: support * (1 - depth),
        objectives,
        tickSize: 0.01,
        timeframe,
      });
      if (plan.refusal !== null) return;
      accepted += 1;
      const [t1, t2, t3] = plan.targets;
      expect(plan.stopPrice).toBeLessThan(plan.entryPrice);
      expect(plan.entryPrice).toBeLessThan(t1);
      expect(t1).toBeLessThanOrEqual(t2);
      expect(t2).toBeLessThanOrEqual(t3);
      const r = rewardToRisk(t2, plan.entryPrice, plan.stopPrice);
      expect(Math.abs((plan.rMultiple ?? NaN) - r)).toBeLessThan(0.01);
      expect((plan.entryPrice - plan.stopPrice) / plan.entryPrice).toBeGreaterThanOrEqual(
        0.01 * { '1m': 0.15, '1h': 0.7, '1d': 1, '1w': 1.6 }[timeframe as '1m'] - 1e-9,
      );
    }),
    { seed: 6, numRuns: 10_000 },
  );
  expect(accepted).toBeGreaterThan(100);
});

test('TR-3 shorts: a plan that is not refused has stop > entry > T1 >= T2 >= T3, in every mode of targets and stops', () => {
  let accepted = 0;
  const choices = fc.record({ scale: fc.boolean(), measured: fc.boolean(), tightened: fc.boolean() });
  fc.assert(
    fc.property(inputs, choices, ({ pattern, support, width, depth, at, reach, timeframe }, { scale, measured, tightened }) => {
      const resistance = support * (1 + width);
      const plan = planEntry({
        pattern: ({ SPRING: 'UTAD', TEST: 'TEST', SOS: 'SOW', LPS: 'LPSY' } as const)[pattern as 'SPRING'],
        side: -1,
        close: resistance - at * (resistance - support),
        support,
        resistance,
        extreme: resistance * (1 + depth),
        objectives: reach.map((r) => support - r * (resistance - support)),
        tickSize: 0.01,
        timeframe,
        policy: { scaleWithTimeframe: scale, targets: measured ? 'measured' : 'objectives' },
        tightened,
      });
      if (plan.refusal !== null) return;
      accepted += 1;
      const [t1, t2, t3] = plan.targets;
      expect(plan.stopPrice).toBeGreaterThan(plan.entryPrice);
      expect(plan.entryPrice).toBeGreaterThan(t1 ?? NaN);
      expect(t1).toBeGreaterThanOrEqual(t2 ?? NaN);
      expect(t2).toBeGreaterThanOrEqual(t3 ?? NaN);
      expect(Math.abs((plan.rMultiple ?? NaN) - rewardToRisk(t2 ?? NaN, plan.entryPrice, plan.stopPrice))).toBeLessThan(0.01);
    }),
    { seed: 61, numRuns: 10_000 },
  );
  expect(accepted).toBeGreaterThan(100);
});

test('TR-4 mirrored prices give the mirrored plan, up to ticks and percentage bases', () => {
  const centre = 1_000;
  const twin = { SPRING: 'UTAD', TEST: 'TEST', SOS: 'SOW', LPS: 'LPSY' } as const;
  fc.assert(
    fc.property(
      fc.constantFrom('SPRING', 'TEST', 'SOS', 'LPS' as const),
      fc.integer({ min: -30, max: 60 }),
      fc.integer({ min: 1, max: 80 }),
      (pattern, at, reach) => {
        const long = {
          pattern,
          side: 1,
          close: 995 + at / 4,
          support: 990,
          resistance: 1_010,
          extreme: 988,
          objectives: [1_010 + reach],
          tickSize: 0.01,
          timeframe: '1d',
        } as const;
        const mirror = (price: number): number => 2 * centre - price;
        const a = planEntry(long);
        const b = planEntry({
        ...long, pattern: twin[pattern], side: -1, close: mirror(long.close), support: 990, resistance: 1_010, extreme: mirror(988),
        objectives: [mirror(1_010 + reach)],
      }); // prettier-ignore
        const bases = 1.5;
        if (a.entryType === b.entryType) expect(Math.abs(mirror(a.entryPrice) - b.entryPrice)).toBeLessThan(bases);
        expect(Math.abs(mirror(a.stopPrice) - b.stopPrice)).toBeLessThan(bases);
        if (a.targets.length === b.targets.length)
          a.targets.forEach((t, i) => expect(Math.abs(mirror(t) - b.targets[i])).toBeLessThan(0.02));
      },
    ),
    { seed: 8, numRuns: 10_000 },
  );
});

test('5.2 stops.scaleWithTimeframe off: every factor * is 1', () => {
  const policy = { scaleWithTimeframe: false, targets: 'objectives' } as const;
  const hourly = planEntry({ ...BASE, timeframe: '1h', policy });
  expect(hourly).toMatchObject({ stopPrice: 96.82, scale: 1 });
  expect(planEntry({ ...BASE, timeframe: '1h' })).toMatchObject({ stopPrice: 97.41, scale: 0.7 });
  expect(planEntry({ ...BASE, timeframe: '1h', close: 100.4, policy }).entryType).toBe('STOP');
});

test('5.3 targets.mode measured: 1, 1.25 and 1.5 widths beyond the edge, the edge first while inside', () => {
  const policy = { scaleWithTimeframe: true, targets: 'measured' } as const;
  expect(planEntry({ ...BASE, objectives: [], policy }).targets).toEqual([110, 120, 122.5]);
  expect(planEntry({ ...BASE, pattern: 'LPS', close: 111, policy }).targets).toEqual([120, 122.5, 125]);
  const short = planEntry({ ...BASE, pattern: 'LPSY', side: -1, close: 99, objectives: [], policy });
  expect(short.targets).toEqual([90, 87.5, 85]);
});

test('5.5 4 a tightened stop keeps three quarters of its distance, and never less than 1 %', () => {
  const plan = planEntry({ ...BASE, tightened: true });
  expect(plan).toMatchObject({ stopPrice: 97.99, isTightened: true });
  expect(planEntry({ ...BASE, pattern: 'LPS', close: 107.8, objectives: [112, 113], tightened: true }).stopPrice).toBe(106.72);
});

test('5.4 every pattern has its minimum, ideal and maximum', () => {
  const gates = { SPRING: [3, 4, 10], UTAD: [3.5, 5, 12], TEST: [2.5, 3.5, 8], SOS: [2.5, 3.5, 8], SOW: [2.5, 3.5, 8], LPS: [2.5, 3.5, 8], LPSY: [2.5, 3.5, 8], EXTERNAL: [2.5, 3.5, 12] } as const; // prettier-ignore
  for (const [pattern, [least, ideal, most]] of Object.entries(gates) as [
    keyof typeof gates,
    readonly [number, number, number],
  ][]) {
    const code = (r: number): string | undefined => refuseReward(pattern, r)?.code;
    expect([least - 0.01, least, most, most + 0.01].map(code)).toEqual([
      'RK_R_TOO_LOW',
      undefined,
      undefined,
      'RK_R_UNREALISTIC',
    ]);
    expect([least - 0.01, ideal - 0.01, ideal].map((r) => gradeReward(pattern, r))).toEqual([null, 'ACCEPTABLE', 'IDEAL']);
    expect([null, NaN, Infinity].map((r) => refuseReward(pattern, r)?.code)).toEqual(['RK_CONTEXT', 'RK_CONTEXT', 'RK_CONTEXT']);
  }
});

test('4.1 rPlan weighs the ladder 50, 30 and 20 %', () => {
  const plan = planEntry(BASE);
  const r = (target: number): number => (target - 101.5) / (101.5 - 96.82);
  expect(plan.rPlan).toBeCloseTo(0.5 * r(110) + 0.3 * r(118) + 0.2 * r(121), 1);
  expect(planEntry({ ...BASE, objectives: [] }).rPlan).toBeNull();
});

test('TR-4 UTAD, SOW, LPSY and short TEST mirror their longs exactly where the percentage base is the same price', () => {
  // Ranges whose edges are a ratio apart mirror by division: p -> 100 x 110 / p keeps every percentage up to its square.
  const mirror = (price: number): number => 11_000 / price;
  for (const [long, short, close, extreme] of [
    ['SPRING', 'UTAD', 101.5, 98.8],
    ['TEST', 'TEST', 101.5, 98.8],
    ['SOS', 'SOW', 112, null],
    ['LPS', 'LPSY', 111, null],
  ] as const) {
    const a = planEntry({ ...BASE, pattern: long, close, extreme, tickSize: 1e-6 });
    const b = planEntry({
      ...BASE, pattern: short, side: -1, close: mirror(close), extreme: extreme === null ? null : mirror(extreme),
      objectives: BASE.objectives.map(mirror), tickSize: 1e-6,
    }); // prettier-ignore
    expect(b.entryType).toBe(a.entryType);
    expect(mirror(b.entryPrice) / a.entryPrice).toBeCloseTo(1, 3);
    expect(Math.abs(mirror(b.stopPrice) / a.stopPrice - 1)).toBeLessThan(0.003);
    a.targets.forEach((target, i) => expect(mirror(b.targets[i] ?? NaN) / target).toBeCloseTo(1, 5));
  }
});
