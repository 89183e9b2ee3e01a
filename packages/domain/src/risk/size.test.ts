import type { Exposure, RiskSnapshot } from './exposure.ts';
import { freeCash } from './size.ts';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { candidate, quietMarket, springRecord, utadRecord } from '../setup/fixture.ts';
import { riskOf } from '../trade/amount.ts';
import { COST_MODELS } from '../trade/costs.ts';
import { tradedInstrument } from '../trade/instrument.ts';
import type { TradedInstrument } from '../trade/instrument.ts';
import { mulDiv } from '../trade/money.ts';
import { assess } from './assess.ts';
import { atRate, rateBetween } from './conversion.ts';
import type { Conversion } from './conversion.ts';
import { EQUITY, exposure, sizeInput, snapshot, stock } from './fixture.ts';
import { breakFactor, confidenceFactor, sessionFactor } from './pattern-risk.ts';
import { DEFAULT_POLICY } from './policy.ts';
import type { Size, SizeInput } from './size.ts';
import { factorOf, wantedRisk } from './wanted-risk.ts';

const SHARE = { campaignId: 'c', refusal: null, shareLeftMicros: EQUITY } as const;
const FRIDAY_13 = Date.UTC(2024, 0, 12, 13);

function sizeOf(input: SizeInput): Size {
  const found = assess(input);
  return found.refusal === null ? found.size : expect.fail(`refused: ${found.refusal.code} ${found.refusal.sentence}`);
}

const codeOf = (input: SizeInput): string | null => assess(input).refusal?.code ?? null;

/** A plan of one's own: entry, stop and order type; the rest of the Spring. */
function planned(input: SizeInput, plan: object): SizeInput {
  return { ...input, candidate: { ...input.candidate, plan: { ...input.candidate.plan, refusal: null, ...plan } } };
}

const pair = (changes: Partial<TradedInstrument> = {}): TradedInstrument =>
  tradedInstrument({ symbol: 'EURUSD', assetClass: 'FOREX', ...changes });

/** LIMIT at 1.1000 with its stop 100 pips below, in a pair; half a spread of 0.75 pips comes on top. */
function currencyInput(changes: Partial<SizeInput> = {}): SizeInput {
  const instrument = changes.instrument ?? pair();
  const input = sizeInput({
    instrument,
    market: quietMarket({ assetClass: 'FOREX' }),
    costs: COST_MODELS.spread,
    campaign: SHARE,
    ...changes,
  });
  return planned(input, { entryType: 'LIMIT', entryPrice: 1.1, stopPrice: 1.09, targets: [1.13, 1.14, 1.15] });
}

describe('5.5 factors', () => {
  test('5.5 2 every factor has its steps', () => {
    expect([2.5, 2.49, 2.3, 2.29, 2, 1.99, 1.7, 1.69, NaN, null].map(breakFactor)).toEqual([
      1, 0.95, 0.95, 0.9, 0.9, 0.85, 0.85, 0.75, 0.75, 0.75,
    ]);
    expect(['OVERLAP', 'LONDON', 'NEW_YORK', 'ASIAN', null].map(sessionFactor)).toEqual([1, 0.9, 0.9, 0.75, 0.75]);
    expect([90, 89, 80, 79, null].map(confidenceFactor)).toEqual([1, 0.75, 0.75, 0.5, 0.5]);
  });

  const hourly = (changes: object, timeframe: '1h' | '4h' | '1d' = '1h'): number =>
    factorOf(sizeInput({ market: quietMarket({ assetClass: 'FOREX', ...changes }), timeframe }));
  const choosing = (policy: object, input: Partial<SizeInput> = {}): number =>
    factorOf(sizeInput({ ...input, policy: { ...DEFAULT_POLICY, ...policy } }));

  test('5.5 2 detection, break volume, session, Friday and permissive multiply', () => {
    expect(factorOf(sizeInput({ candidate: candidate(springRecord({ riskFactor: 0.75 })) }))).toBe(0.75);
    const sos = candidate(springRecord({ volRatio: 2.1 }), 'SOS', { bar: { time: 0, close: 112 } });
    expect(factorOf(sizeInput({ candidate: sos }))).toBe(0.9);
    expect([hourly({ session: 'LONDON' }), hourly({ session: 'OVERLAP' }), hourly({})]).toEqual([0.9, 1, 0.75]);
    expect([hourly({}, '4h'), hourly({}, '1d')]).toEqual([1, 1]);
    expect(hourly({ session: 'OVERLAP', at: FRIDAY_13 })).toBe(0.5);
    expect(hourly({ session: 'OVERLAP', at: FRIDAY_13 - 1 })).toBe(1);
    expect(hourly({ at: FRIDAY_13 }, '4h')).toBe(0.5);
    expect(hourly({ at: FRIDAY_13 }, '1d')).toBe(1);
    expect(choosing({ prerequisites: 'permissive' }, { market: quietMarket({ implied: true }) })).toBe(0.5);
  });

  test('5.5 2 the optional ones are off, and each can be switched on', () => {
    const late = candidate(springRecord({ subPhase: 'E_EXHAUSTION', confidence: 79 }));
    const market = quietMarket({ barsSinceInvalidation: 10 });
    expect(choosing({}, { candidate: late, market })).toBe(1);
    expect(choosing({ sizeByConfidence: true }, { candidate: late })).toBe(0.5);
    expect(choosing({ sizeByExhaustion: true }, { candidate: late })).toBe(0.25);
    expect(choosing({ sizeByInvalidation: true }, { market })).toBe(0.75);
    expect(choosing({ sizeByInvalidation: true }, { market: quietMarket({ barsSinceInvalidation: 11 }) })).toBe(1);
  });

  test('5.5 3 wanted is equity x base x m, m cut to six decimals, rounded down', () => {
    const hour = sizeInput({ market: quietMarket({ assetClass: 'FOREX', session: 'LONDON', at: FRIDAY_13 }), timeframe: '1h' });
    expect(wantedRisk(hour)).toBe(mulDiv(EQUITY, 50 * 450_000, 10_000_000_000, 'down'));
    const odd = sizeInput({ snapshot: snapshot([], { equityMicros: 99_999_999_999 }), baseBp: 33 });
    expect(wantedRisk(odd)).toBe(Math.floor((99_999_999_999 * 33) / 10_000));
  });
});

describe('5.5 sizes of the five classes', () => {
  test('5.5 STOCK whole shares, MARKET with its gap allowance, LIMIT at its price', () => {
    const limit = planned(sizeInput(), { entryType: 'LIMIT', entryPrice: 100, stopPrice: 95 });
    expect(sizeOf(limit)).toMatchObject({
      steps: 100,
      sizingPrice: 100,
      riskMicros: 500_000_000,
      notionalMicros: 10_000_000_000,
      marginMicros: 0,
    });
    const market = planned(sizeInput(), { entryType: 'MARKET', entryPrice: 100, stopPrice: 95 });
    expect(sizeOf(market)).toMatchObject({ steps: 90, sizingPrice: 100.5 });
  });

  test('5.5 CRYPTO lot steps of a millionth, and a smallest value', () => {
    const coin = tradedInstrument({ symbol: 'BTC', assetClass: 'CRYPTO', lotStepMicros: 10, minNotionalMicros: 10_000_000 });
    const of = planned(sizeInput({ instrument: coin }), { entryType: 'LIMIT', entryPrice: 40_000, stopPrice: 38_000 });
    expect(sizeOf(of)).toMatchObject({ steps: 25_000, riskMicros: 500_000_000, notionalMicros: 10_000_000_000 });
    const poor = { ...of, snapshot: snapshot([], { equityMicros: 90_000_000, cashMicros: 90_000_000 }) };
    expect(codeOf(poor)).toBe('RK_SIZE_MIN');
    expect(sizeOf({ ...of, snapshot: snapshot([], { equityMicros: 100_000_000, cashMicros: 100_000_000 }) }).notionalMicros).toBe(
      10_000_000,
    );
  });

  test('5.5 FOREX lots of 100,000, 10,000 and 1,000, half the spread on the way in', () => {
    // 100.75 pips of 0.0001 on a lot of 100,000 are 1,007.50: 500.00 buys 0.49 lots.
    expect(sizeOf(currencyInput())).toMatchObject({ steps: 49, riskMicros: 493_675_000 });
    expect(sizeOf(currencyInput()).sizingPrice).toBeCloseTo(1.100075, 12);
    expect(sizeOf(currencyInput({ instrument: pair({ contractSize: 10_000 }) }))).toMatchObject({ steps: 496 });
    expect(sizeOf(currencyInput({ instrument: pair({ contractSize: 1_000 }) })).steps).toBe(4_962);
    const margin = sizeOf(currencyInput());
    expect(margin.marginMicros).toBe(mulDiv(margin.notionalMicros, 1, 50, 'up'));
    expect(margin.cashMicros).toBe(0);
  });

  test('5.5 FOREX at most 100 lots', () => {
    const rich = currencyInput({
      instrument: pair({ contractSize: 1_000 }), snapshot: snapshot([], { equityMicros: EQUITY * 1_000, cashMicros: EQUITY * 1_000 }),
      campaign: { ...SHARE, shareLeftMicros: EQUITY * 1_000 },
    }); // prettier-ignore
    expect(sizeOf(rich).steps).toBe(10_000);
  });

  test('5.5 FOREX converts the quote currency: a pip of a yen pair is worth what the rate says', () => {
    const yen = atRate(pair({ symbol: 'USDJPY', tickSize: 0.001 }), 1 / 150);
    const conversion: Conversion = { kind: 'RATE', rate: 1 / 150, ageMs: 0, maxAgeMs: 1 };
    const of = planned(currencyInput({ instrument: yen, conversion }), { entryPrice: 150, stopPrice: 149 });
    // 100.5 pips of 0.01 on 100,000 are 100,500 yen = 670.00: 500.00 buys 0.74 lots.
    expect(sizeOf(of)).toMatchObject({ steps: 74, riskMicros: 495_800_001 });
  });

  test('5.5 FUTURE and INDEX multiply by the contract, margin by their leverage', () => {
    const future = tradedInstrument({ symbol: 'ES', assetClass: 'FUTURE', contractSize: 50, tickSize: 0.25, leverage: 20 });
    const big = snapshot([], { equityMicros: EQUITY * 10, cashMicros: EQUITY * 10 });
    const of = planned(sizeInput({ instrument: future, snapshot: big, campaign: SHARE }), {
      entryType: 'LIMIT',
      entryPrice: 5_000,
      stopPrice: 4_950,
    });
    expect(sizeOf(of)).toMatchObject({
      steps: 2,
      riskMicros: 5_000_000_000,
      notionalMicros: 500_000_000_000,
      marginMicros: 25_000_000_000,
    });
    expect(codeOf({ ...of, snapshot: snapshot() })).toBe('RK_SIZE_MIN');
    const index = tradedInstrument({ symbol: 'I', assetClass: 'INDEX' });
    const small = planned(sizeInput({ instrument: index }), { entryType: 'LIMIT', entryPrice: 5_000, stopPrice: 4_950 });
    expect(sizeOf(small)).toMatchObject({ steps: 1_000, riskMicros: 500_000_000, marginMicros: 2_500_000_000 });
  });

  test('5.5 shorts are sized like longs; of cash they need half their value', () => {
    const short = sizeInput({ candidate: candidate(utadRecord()), costs: COST_MODELS['per-share'] });
    const size = sizeOf(short);
    expect(size.sizingPrice).toBeCloseTo(108.5 * 0.995, 9);
    expect(size.riskMicros).toBe(riskOf(stock, [size.sizingPrice, 113.43], size.steps));
    expect(riskOf(stock, [size.sizingPrice, 113.43], size.steps + 1)).toBeGreaterThan(500_000_000);
    expect(size.cashMicros).toBe(mulDiv(size.notionalMicros, 1, 2, 'up'));
    const cash = (cashMicros: number): number => sizeOf({ ...short, snapshot: snapshot([], { cashMicros }) }).steps;
    expect([cash(size.cashMicros), cash(size.cashMicros - 1)]).toEqual([size.steps, size.steps - 1]);
  });

  test('5.5 5 a purchase needs its commission too', () => {
    const of = planned(sizeInput({ costs: COST_MODELS['per-share'] }), { entryType: 'LIMIT', entryPrice: 100, stopPrice: 95 });
    expect(sizeOf(of).cashMicros).toBe(10_001_000_000);
    expect(sizeOf({ ...of, snapshot: snapshot([], { cashMicros: 10_000_999_999 }) }).steps).toBe(99);
  });
});

describe('2.2 conversion', () => {
  const of = (conversion: Conversion, fx = 0.8): SizeInput => currencyInput({ instrument: atRate(pair(), fx), conversion });
  const rate = (changes: object): Conversion => ({ kind: 'RATE', rate: 0.8, ageMs: 100, maxAgeMs: 100, ...changes });

  test('2.2 FX_RATE_MISSING no rate, an absurd one, an old one, or one nobody asked for', () => {
    expect(codeOf(of(rate({})))).toBeNull();
    for (const wrong of [
      { rate: null },
      { rate: NaN },
      { rate: 0 },
      { rate: -1 },
      { rate: 0.9 },
      { ageMs: 101 },
      { ageMs: NaN },
      { ageMs: -1 },
    ])
      expect(codeOf(of(rate(wrong)))).toBe('FX_RATE_MISSING');
    expect(codeOf(of({ kind: 'SAME' }))).toBe('FX_RATE_MISSING');
    expect(codeOf(of({ kind: 'SAME' }, 1))).toBeNull();
  });

  test('2.2 a rate comes from the pair or its inverse, else there is none', () => {
    expect(rateBetween({ EURUSD: 1.25 }, 'EUR', 'USD')).toEqual({ rate: 1.25, pair: 'EURUSD' });
    expect(rateBetween({ EURUSD: 1.25 }, 'USD', 'EUR')).toEqual({ rate: 0.8, pair: 'EURUSD' });
    expect(rateBetween({ EURUSD: 1.25, GBPUSD: 0 }, 'GBP', 'USD')).toBeNull();
  });
});

describe('5.5 5 and 6: what binds', () => {
  const near = planned(sizeInput({ baseBp: 200, campaign: SHARE }), { entryType: 'LIMIT', entryPrice: 100, stopPrice: 99 });

  test('5.5 5 RK_ORDER_VALUE reduces, or refuses when told to', () => {
    expect(sizeOf(near).steps).toBe(200);
    const reject = { ...near, policy: { ...DEFAULT_POLICY, orderValueMode: 'reject' } } as const;
    expect(codeOf(reject)).toBe('RK_ORDER_VALUE');
    expect(sizeOf({ ...reject, baseBp: 20 }).steps).toBe(200);
  });

  test('5.5 6 the binding code says what left too little', () => {
    const heat = mulDiv(EQUITY, 1_000, 10_000, 'down');
    const left = (micros: number): string | null =>
      codeOf({ ...near, snapshot: snapshot([exposure({ riskMicros: heat - micros })]) });
    // A tenth of the wanted 2,000 is 200.
    expect([left(200_000_000), left(199_999_999), left(0)]).toEqual([null, 'RK_HEAT', 'RK_HEAT']);
    expect(codeOf({ ...near, campaign: { ...SHARE, shareLeftMicros: 10_000_000 } })).toBe('RK_SHARE');
    expect(codeOf({ ...near, snapshot: snapshot([], { cashMicros: 50_000_000 }) })).toBe('RK_CASH');
    const most = { ...DEFAULT_POLICY, minFractionPercent: 11 };
    expect(codeOf({ ...near, policy: most })).toBe('RK_ORDER_VALUE');
  });

  test('5.5 6 RK_SIZE_MIN when the wish alone is too small, whatever else binds', () => {
    const dear = planned(sizeInput(), { entryType: 'LIMIT', entryPrice: 9_000, stopPrice: 8_400 });
    const nearHeat = exposure({ riskMicros: mulDiv(EQUITY, 1_000, 10_000, 'down') - 400_000_000 });
    expect(codeOf({ ...dear, snapshot: snapshot([nearHeat]) })).toBe('RK_SIZE_MIN');
    expect(codeOf({ ...dear, baseBp: 60, snapshot: snapshot([nearHeat]) })).toBe('RK_HEAT');
    expect(sizeOf({ ...dear, baseBp: 60 }).steps).toBe(1);
  });

  test('4.5 9 never above what was shown or lowered to; what a person lowered is his to choose', () => {
    expect(sizeOf({ ...near, maxSteps: 150 }).steps).toBe(150);
    expect(sizeOf({ ...near, maxSteps: 3 }).steps).toBe(3);
    expect(sizeOf({ ...near, maxSteps: 1_000 }).steps).toBe(200);
    expect(codeOf({ ...near, maxSteps: 0 })).toBe('RK_SIZE_MIN');
  });
});

describe('TR-1', () => {
  const wide = tradedInstrument({ symbol: 'I', assetClass: 'INDEX', leverage: 1e6 });
  const instruments = [wide, pair({ leverage: 1e6, tickSize: 0.01, lotStepMicros: 1_000 })] as const;
  const any = fc.record({
    which: fc.integer({ min: 0, max: instruments.length - 1 }),
    side: fc.constantFrom<1 | -1>(1, -1),
    type: fc.constantFrom('LIMIT', 'MARKET', 'STOP'),
    equity: fc.integer({ min: 1_000_000_000, max: 1_000_000_000_000 }),
    bp: fc.integer({ min: 1, max: 200 }),
    distance: fc.integer({ min: 100, max: 1_000 }),
    more: fc.integer({ min: 1, max: 1_000_000_000 }),
    tighter: fc.integer({ min: 1, max: 50 }),
  });
  type Drawn = typeof any extends fc.Arbitrary<infer T> ? T : never;

  function stepsOf(drawn: Drawn, changes: { readonly equity?: number; readonly distance?: number } = {}): number {
    const { side, type, bp } = drawn;
    const equity = changes.equity ?? drawn.equity;
    const instrument = instruments[drawn.which] ?? wide;
    const record = side === 1 ? springRecord() : utadRecord();
    const input = sizeInput({
      instrument, baseBp: bp, candidate: candidate(record), market: quietMarket({ assetClass: instrument.assetClass }),
      snapshot: snapshot([], { equityMicros: equity, cashMicros: equity }), campaign: { ...SHARE, shareLeftMicros: equity },
    }); // prettier-ignore
    const stopPrice = 100 - side * ((changes.distance ?? drawn.distance) / 100);
    const found = assess(
      planned(input, {
        entryType: type,
        entryPrice: 100,
        stopPrice,
        targets: [100 + side * 30, 100 + side * 40, 100 + side * 50],
      }),
    );
    if (found.refusal !== null) return 0;
    expect(found.size.riskMicros).toBeLessThanOrEqual(mulDiv(equity, bp, 10_000, 'down'));
    expect(found.size.riskMicros).toBe(riskOf(instrument, [found.size.sizingPrice, stopPrice], found.size.steps));
    expect(Number.isSafeInteger(found.size.steps)).toBe(true);
    return found.size.steps;
  }

  test('TR-1 the risk never exceeds what the pattern may; more equity or a tighter stop never gives a smaller size', () => {
    let sized = 0;
    fc.assert(
      fc.property(any, (drawn) => {
        const steps = stepsOf(drawn);
        if (steps > 0) sized += 1;
        // Gross notional and 100 lots bind for a pair; a size grows with equity only where nothing else binds.
        if (drawn.which === 1) return;
        expect(stepsOf(drawn, { equity: drawn.equity + drawn.more })).toBeGreaterThanOrEqual(steps);
        expect(stepsOf(drawn, { distance: drawn.distance - drawn.tighter })).toBeGreaterThanOrEqual(steps);
      }),
      { seed: 13, numRuns: 10_000 },
    );
    expect(sized).toBeGreaterThan(5_000);
  });

  test('TR-1 the twin: a size rounded to the nearest step breaks the limit', () => {
    const of = planned(sizeInput(), { entryType: 'LIMIT', entryPrice: 100, stopPrice: 97 });
    const nearest = Math.round(sizeOf(of).wantedMicros / riskOf(stock, [100, 97], 1));
    expect(riskOf(stock, [100, 97], nearest)).toBeGreaterThan(500_000_000);
    expect(sizeOf(of).steps).toBe(nearest - 1);
  });
});

test('RK_CASH what is paid out and what secures a margin are not free', () => {
  const row = { cashMicros: 20, marginMicros: 30 } as Exposure;
  const free = (cashMicros: number) => freeCash({ snapshot: { cashMicros, exposures: [row, row] } as unknown as RiskSnapshot });
  expect(free(150)).toBe(50);
  expect(free(90)).toBe(0);
});
