import fc from 'fast-check';
import { expect, test } from 'vitest';
import { riskOf } from '../trade/amount.ts';
import { recapFill } from './fill-recap.ts';
import type { FillToCap } from './fill-recap.ts';
import { stock } from './fixture.ts';

const FILL: FillToCap = {
  instrument: stock,
  side: 1,
  price: 100,
  stop: 95,
  steps: 10,
  reservedMicros: 50_000_000,
  where: 'simulated',
};
const decide = (changes: Partial<FillToCap>): unknown[] => Object.values(recapFill({ ...FILL, ...changes }));

test('5.6 RISK_RECAP a simulated fill keeps the steps that fit, exactly the reservation fits', () => {
  expect(decide({})).toEqual([10, 0, 'FITS']);
  expect(decide({ reservedMicros: 49_999_999 })).toEqual([9, 1, 'RISK_RECAP']);
  expect(decide({ price: 103 })).toEqual([6, 4, 'RISK_RECAP']);
  expect(decide({ side: -1, price: 97, stop: 105 })).toEqual([6, 4, 'RISK_RECAP']);
});

test('5.6 TRIM a live fill is filled already: the excess is closed', () => {
  expect(decide({ price: 103, where: 'live' })).toEqual([6, 4, 'TRIM']);
});

test('5.6 GAP_BEYOND_STOP nothing fits, the fill is at or beyond the stop, or its risk is unknown', () => {
  expect(decide({ price: 95 })).toEqual([0, 10, 'GAP_BEYOND_STOP']);
  expect(decide({ price: 94, where: 'live' })).toEqual([0, 10, 'GAP_BEYOND_STOP']);
  expect(decide({ side: -1, price: 100, stop: 99 })).toEqual([0, 10, 'GAP_BEYOND_STOP']);
  expect(decide({ reservedMicros: 4_999_999 })).toEqual([0, 10, 'GAP_BEYOND_STOP']);
  for (const wrong of [{ price: NaN }, { stop: NaN }, { reservedMicros: NaN }, { price: 0 }])
    expect(decide(wrong)).toEqual([0, 10, 'GAP_BEYOND_STOP']);
});

test('TR-2 what stays never risks more than was reserved, and one step more would', () => {
  fc.assert(
    fc.property(
      fc.constantFrom<1 | -1>(1, -1),
      fc.integer({ min: 1, max: 20_000 }),
      fc.integer({ min: 1, max: 5_000 }),
      fc.integer({ min: 0, max: 10_000_000_000 }),
      (side, cents, steps, reservedMicros) => {
        const fill = { ...FILL, side, price: 200 + (side * cents) / 100 - side, stop: 200, steps, reservedMicros } as const;
        const { keep, excess } = recapFill(fill);
        expect(keep + excess).toBe(steps);
        if (keep > 0) expect(riskOf(stock, [fill.price, 200], keep)).toBeLessThanOrEqual(reservedMicros);
        if (excess > 0 && side * (fill.price - 200) > 0)
          expect(riskOf(stock, [fill.price, 200], keep + 1)).toBeGreaterThan(reservedMicros);
      },
    ),
    { seed: 56, numRuns: 10_000 },
  );
});

/** Prices in cents, so that a part is no whole number of micros; each reservation is made at the limit. */
const entry = fc.record({
  side: fc.constantFrom<1 | -1>(1, -1),
  limit: fc.integer({ min: 1_000, max: 60_000 }),
  distance: fc.integer({ min: 1, max: 900 }),
  parts: fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1, maxLength: 8 }),
  better: fc.integer({ min: 0, max: 3 }),
  fx: fc.constantFrom(1, 0.913_377, 1.270_31, 149.313_7),
});

function partsOf(
  { side, limit, distance, parts, better, fx }: typeof entry extends fc.Arbitrary<infer T> ? T : never,
  sums: 'together' | 'apart',
) {
  const instrument = { ...stock, fx, lotStepMicros: 10_000 };
  const price = (limit - side * Math.min(better, distance - 1)) / 100;
  const stop = (limit - side * distance) / 100;
  const total = parts.reduce((sum, one) => sum + one, 0);
  const reservedMicros = riskOf(instrument, [limit / 100, stop], total);
  const before = { value: 0, steps: 0 };
  let spent = 0;
  let excess = 0;
  for (const steps of parts) {
    const fill = { ...FILL, instrument, side, price, stop, steps };
    const apart = { ...fill, reservedMicros: Math.max(0, reservedMicros - spent) };
    excess += recapFill(sums === 'together' ? { ...fill, reservedMicros, before: { ...before } } : apart).excess;
    before.value += price * steps;
    before.steps += steps;
    spent += riskOf(instrument, [price, stop], steps);
  }
  return excess;
}

test('5.6 over 10,000 entries filled in parts at the reserved price or better: not one step is cut for the rounding of parts', () => {
  fc.assert(
    fc.property(entry, (of) => {
      expect(partsOf(of, 'together')).toBe(0);
    }),
    { seed: 57, numRuns: 10_000 },
  );
});

test('5.6 the twin: the roundings of the parts added up cut steps that fit', () => {
  const cut = fc.sample(entry, { seed: 57, numRuns: 500 }).filter((of) => partsOf(of, 'apart') > 0);
  expect(cut.length).toBeGreaterThan(50);
});
