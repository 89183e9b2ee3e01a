import { expect, test } from 'vitest';
import { amt, riskOf, stepsForRisk } from './amount.ts';
import { InstrumentError, tradedInstrument } from './instrument.ts';

test('2.2 a symbol and a class are enough for geometry and settlement', () => {
  const stock = tradedInstrument({ symbol: 'AAPL', assetClass: 'STOCK' });
  expect(stock).toMatchObject({ settlement: 'CASH', tickSize: 0.01, lotStepMicros: 1_000_000, buckets: ['UNKNOWN'] });
  expect(tradedInstrument({ symbol: 'BTCUSD', assetClass: 'CRYPTO' })).toMatchObject({ settlement: 'CASH', lotStepMicros: 1 });
  expect(tradedInstrument({ symbol: '^GSPC', assetClass: 'INDEX' })).toMatchObject({
    settlement: 'MARGIN',
    lotStepMicros: 10_000,
    volumeReal: false,
  });
});

test('2.2 a currency pair counts in both currencies and pays half its spread', () => {
  const euro = tradedInstrument({ symbol: 'EUR/USD', assetClass: 'FOREX' });
  expect(euro.buckets).toEqual(['EUR', 'USD']);
  expect(euro.halfSpread).toBeCloseTo(0.000075, 12);
  expect(tradedInstrument({ symbol: 'USDJPY', assetClass: 'FOREX' })).toMatchObject({ tickSize: 0.001, halfSpread: 0.005 });
});

test('2.2 what nobody could trade is refused with its field', () => {
  expect(() => tradedInstrument({ symbol: 'no such', assetClass: 'STOCK' })).toThrow(/symbol/);
  expect(() => tradedInstrument({ symbol: 'A', assetClass: 'STOCK', tickSize: 0 })).toThrow(InstrumentError);
  expect(() => tradedInstrument({ symbol: 'A', assetClass: 'STOCK', lotStepMicros: 0.5 })).toThrow(/lotStepMicros/);
});

test('2.1 risk is the difference of two amounts, rounded against us', () => {
  const stock = tradedInstrument({ symbol: 'AAPL', assetClass: 'STOCK' });
  expect(riskOf(stock, [100, 98], 10)).toBe(20_000_000);
  expect(riskOf(stock, [98, 100], 10)).toBe(20_000_000);
  expect(amt(stock, 1 / 3, { steps: 1, mode: 'up' }) - amt(stock, 1 / 3, { steps: 1, mode: 'down' })).toBe(1);
});

test('5.5 the size for a budget is the largest that fits', () => {
  const coin = tradedInstrument({ symbol: 'BTCUSD', assetClass: 'CRYPTO' });
  for (const budget of [1, 999_999, 500_000_000, 123_456_789]) {
    const steps = stepsForRisk(coin, [43_210.5, 41_999.37], { budget, atMost: 1e15 });
    if (steps > 0) expect(riskOf(coin, [43_210.5, 41_999.37], steps)).toBeLessThanOrEqual(budget);
    expect(riskOf(coin, [43_210.5, 41_999.37], steps + 1)).toBeGreaterThan(budget);
  }
});

test('4.1 STOCK is levered twice at most', () => {
  expect(tradedInstrument({ symbol: 'S', assetClass: 'STOCK', leverage: 2 }).leverage).toBe(2);
  expect(() => tradedInstrument({ symbol: 'S', assetClass: 'STOCK', leverage: 2.01 })).toThrow(/at most 2/);
});
