import fc from 'fast-check';
import { expect, test } from 'vitest';
import { COST_MODELS, commissionOf, costsFor, slip } from './costs.ts';
import { tradedInstrument } from './instrument.ts';

const stock = tradedInstrument({ symbol: 'AAPL', assetClass: 'STOCK' });
const euro = tradedInstrument({ symbol: 'EURUSD', assetClass: 'FOREX' });
const liquid = { turnover: 1_000_000, volume: 1_000_000 };

test('5 per share with a minimum, of the value, per contract', () => {
  expect(commissionOf(costsFor('STOCK'), stock, { price: 100, steps: 10 })).toBe(1_000_000);
  expect(commissionOf(costsFor('STOCK'), stock, { price: 100, steps: 1_000 })).toBe(5_000_000);
  const coin = tradedInstrument({ symbol: 'BTCUSD', assetClass: 'CRYPTO' });
  expect(commissionOf(costsFor('CRYPTO'), coin, { price: 50_000, steps: 100_000 })).toBe(5_000_000);
  const future = tradedInstrument({ symbol: 'ES', assetClass: 'FUTURE' });
  expect(commissionOf(costsFor('FUTURE'), future, { price: 5_000, steps: 3 })).toBe(6_000_000);
  expect(commissionOf(COST_MODELS.zero, stock, { price: 100, steps: 1_000 })).toBe(0);
});

test('5 slippage is 0.02 % from a turnover of a million on, else 0.05 %, and moves to the tick against us', () => {
  const at = { price: 100, steps: 100, side: 1, liquidity: liquid } as const;
  expect(slip(costsFor('STOCK'), stock, at)).toEqual({ price: 100.02, slippageMicros: 2_000_000, impactMicros: 0 });
  expect(slip(costsFor('STOCK'), stock, { ...at, liquidity: { ...liquid, turnover: 999_999 } }).price).toBe(100.05);
  expect(slip(costsFor('STOCK'), stock, { ...at, liquidity: { ...liquid, turnover: null } }).price).toBe(100.05);
  expect(slip(costsFor('STOCK'), stock, { ...at, side: -1 }).price).toBe(99.98);
  expect(slip(costsFor('STOCK'), stock, { ...at, price: 100.01 }).price).toBe(100.04);
});

test('5 impact: 0.01 % for each started 10 % of the volume above the first 10 %', () => {
  const at = (steps: number): number =>
    slip(COST_MODELS['per-share'], stock, { price: 1000, steps, side: 1, liquidity: { ...liquid, volume: 1_000 } }).price;
  expect(at(100)).toBe(1000.2);
  expect(at(101)).toBe(1000.3);
  expect(at(300)).toBe(1000.4);
});

test('5 a bar without volume has no impact, and no impact sells below one tick', () => {
  const sale = (volume: number): ReturnType<typeof slip> =>
    slip(COST_MODELS['per-share'], stock, { price: 10, steps: 5_000, side: -1, liquidity: { turnover: null, volume } });
  expect(sale(0)).toEqual({ price: 9.99, slippageMicros: 50_000_000, impactMicros: 0 });
  expect(sale(1).price).toBe(0.01);
});

test('5 currencies pay half the spread instead, and no impact on tick volume', () => {
  const paid = slip(costsFor('FOREX'), euro, { price: 1.1, steps: 100, side: 1, liquidity: { turnover: 1, volume: 1 } });
  expect(paid.price).toBe(1.10008);
  expect(paid.impactMicros).toBe(0);
});

test('BT-4 a cost never improves a fill, and the zero profile moves none that is on the tick', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 100, max: 1_000_000 }),
      fc.integer({ min: 1, max: 100_000 }),
      fc.constantFrom(1, -1),
      (cents, steps, side) => {
        const fill = { price: cents / 100, steps, side: side, liquidity: { turnover: null, volume: 5_000 } };
        const paid = slip(COST_MODELS['per-share'], stock, fill);
        expect(side * (paid.price - fill.price)).toBeGreaterThan(0);
        expect(paid.slippageMicros).toBeGreaterThanOrEqual(0);
        expect(paid.impactMicros).toBeGreaterThanOrEqual(0);
        expect(slip(COST_MODELS.zero, stock, fill)).toEqual({ price: fill.price, slippageMicros: 0, impactMicros: 0 });
      },
    ),
    { seed: 4 },
  );
});
