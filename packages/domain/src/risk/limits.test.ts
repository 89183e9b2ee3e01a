import { describe, expect, test } from 'vitest';
import { candidate, quietMarket, springRecord } from '../setup/fixture.ts';
import { tradedInstrument } from '../trade/instrument.ts';
import { mulDiv } from '../trade/money.ts';
import { assess } from './assess.ts';
import type { Exposure } from './exposure.ts';
import { EQUITY, exposure, sizeInput, snapshot } from './fixture.ts';
import { DEFAULT_LIMITS, LimitError, tightenLimits } from './limits.ts';
import { headroom, measuresFor } from './measures.ts';
import type { Measure } from './measures.ts';
import { DEFAULT_POLICY } from './policy.ts';
import type { Size, SizeInput } from './size.ts';
import { isWeekEnd, weekEndAddOn } from './week-end.ts';

const limitOf = (bp: number): number => mulDiv(EQUITY, bp, 10_000, 'down');
const SHARE = { campaignId: 'c', refusal: null, shareLeftMicros: EQUITY } as const;
const pair = tradedInstrument({ symbol: 'EURUSD', assetClass: 'FOREX', lotStepMicros: 10_000 });
const index = tradedInstrument({ symbol: 'I', assetClass: 'INDEX', leverage: 2, tickSize: 0.01 });
const NOON_WEDNESDAY = quietMarket().at;
/** Saturday. */
const WEEK_END = Date.UTC(2024, 0, 13, 12);

/** A Spring in a pair around 1.10. */
function currencyInput(changes: Partial<SizeInput> = {}, at = NOON_WEDNESDAY): SizeInput {
  const record = springRecord({
    prices: { support: 1.1, resistance: 1.14, springLow: 1.098, atr: 0.01, objectives: [1.2, 1.22, 1.24] },
  });
  return sizeInput({
    instrument: pair, market: quietMarket({ assetClass: 'FOREX', at }), campaign: SHARE,
    candidate: candidate(record, 'SPRING', { symbol: 'EURUSD', tickSize: 0.00001, bar: { time: 0, close: 1.106 } }), ...changes,
  }); // prettier-ignore
}

/** A short stop distance: notional and margin bind before the risk does. */
function nearStop(input: SizeInput): SizeInput {
  const one = input.candidate;
  return { ...input, candidate: { ...one, plan: { ...one.plan, stopPrice: one.plan.entryPrice * 0.99 } } };
}

function sizeOf(input: SizeInput): Size {
  const found = assess(input);
  return found.refusal === null ? found.size : expect.fail(`refused: ${found.refusal.code} ${found.refusal.sentence}`);
}

function measure(input: SizeInput, code: string, of: string | null = null): Measure {
  const found = measuresFor(input).find((one) => one.code === code && (of === null || one.of === of));
  return found ?? expect.fail(`no ${code}`);
}

const FAR: Partial<Exposure> = { id: 'far', symbol: 'FAR', campaignId: 'far', buckets: ['FAR'], assetClass: 'CRYPTO' };

describe('TR-2 exactly the limit passes, one micro more fails', () => {
  const base = sizeInput({ campaign: SHARE });
  const wide = tightenLimits({ openPositions: 50 });
  test.each<[string, SizeInput, number, Partial<Exposure>]>([
    ['RK_CAMPAIGN', base, DEFAULT_LIMITS.campaignBp, { ...FAR, campaignId: 'c' }],
    ['RK_BUCKET', base, DEFAULT_LIMITS.bucketBp, { ...FAR, buckets: ['UNKNOWN'] }],
    ['RK_BUCKET of the base currency', currencyInput(), DEFAULT_LIMITS.bucketBp, { ...FAR, buckets: ['EUR', 'JPY'] }],
    ['RK_BUCKET of the quote currency', currencyInput(), DEFAULT_LIMITS.bucketBp, { ...FAR, buckets: ['GBP', 'USD'] }],
    ['RK_ASSET_CLASS', { ...base, limits: tightenLimits({ assetClassBp: 500 }) }, 500, { ...FAR, assetClass: 'STOCK' }],
    ['RK_HEAT', base, DEFAULT_LIMITS.heatBp, FAR],
    ['RK_FX_HEAT', currencyInput({ limits: tightenLimits({ fxHeatBp: 400 }) }), 400, { ...FAR, assetClass: 'FOREX' }],
  ])('TR-2 %s', (_code, input, bp, row) => {
    const free = sizeOf(input);
    const filled = (over: number): Size =>
      sizeOf({ ...input, snapshot: snapshot([exposure({ ...row, riskMicros: limitOf(bp) - free.riskMicros + over })]) });
    expect(filled(0).steps).toBe(free.steps);
    expect(filled(1).steps).toBe(free.steps - 1);
  });

  test('TR-2 RK_TRADE', () => {
    const free = sizeOf(sizeInput({ campaign: SHARE, baseBp: 200 }));
    const atLimit = measure(sizeInput({ campaign: SHARE }), 'RK_TRADE');
    expect(headroom(atLimit)).toBe(2_000_000_000);
    expect(free.riskMicros).toBeLessThanOrEqual(2_000_000_000);
    const tight = tightenLimits({ tradeBp: 40 });
    expect(sizeOf(sizeInput({ limits: tight })).riskMicros).toBeLessThanOrEqual(400_000_000);
  });

  test('TR-2 RK_SHARE', () => {
    const free = sizeOf(base);
    const share = (shareLeftMicros: number): number => sizeOf({ ...base, campaign: { ...SHARE, shareLeftMicros } }).steps;
    expect([share(free.riskMicros), share(free.riskMicros - 1)]).toEqual([free.steps, free.steps - 1]);
  });

  test('TR-2 RK_ORDER_VALUE', () => {
    const near = nearStop(sizeInput({ campaign: SHARE, baseBp: 200 }));
    const steps = Math.floor(limitOf(2_000) / 102_007_500);
    expect(sizeOf(near).steps).toBe(steps);
    const exact = steps * 102_007_500;
    // Equity at which 20 % is exactly the value of that many shares, and one micro less.
    const at = (equityMicros: number): number =>
      sizeOf({ ...near, snapshot: snapshot([], { equityMicros, cashMicros: EQUITY }) }).steps;
    expect([at(exact * 5), at(exact * 5 - 1)]).toEqual([steps, steps - 1]);
  });

  test('TR-2 RK_CASH a purchase needs value and commission, a short sale half its value', () => {
    const free = sizeOf(base);
    const cash = (cashMicros: number): number => sizeOf({ ...base, snapshot: snapshot([], { cashMicros }) }).steps;
    expect([cash(free.cashMicros), cash(free.cashMicros - 1)]).toEqual([free.steps, free.steps - 1]);
    const waiting = exposure({ ...FAR, cashMicros: 50_000_000_000 });
    const rest = (cashMicros: number): number => sizeOf({ ...base, snapshot: snapshot([waiting], { cashMicros }) }).steps;
    expect([rest(50_000_000_000 + free.cashMicros), rest(50_000_000_000 + free.cashMicros - 1)]).toEqual([
      free.steps,
      free.steps - 1,
    ]);
  });

  test('TR-2 RK_MARGIN', () => {
    const near = nearStop(sizeInput({ instrument: index, campaign: SHARE, baseBp: 200, market: quietMarket() }));
    const free = sizeOf(near);
    const filled = (over: number): Size =>
      sizeOf({ ...near, snapshot: snapshot([exposure({ ...FAR, marginMicros: limitOf(5_000) - free.marginMicros + over })]) });
    expect(filled(0).steps).toBe(free.steps);
    expect(filled(1).steps).toBeLessThan(free.steps);
  });

  test('TR-2 RK_FX_NOTIONAL three times equity, gross', () => {
    const free = sizeOf(currencyInput());
    const row: Partial<Exposure> = { ...FAR, assetClass: 'FOREX', direction: 'SHORT' };
    const filled = (over: number): Size =>
      sizeOf(
        currencyInput({
          snapshot: snapshot([exposure({ ...row, notionalMicros: limitOf(30_000) - free.notionalMicros + over })]),
        }),
      );
    expect([filled(0).steps, filled(1).steps]).toEqual([free.steps, free.steps - 1]);
  });

  test('TR-2 RK_MAX_POSITIONS and all the rest do not bind where there is room', () => {
    expect(assess({ ...base, limits: wide }).refusal).toBeNull();
  });
});

describe('5.1 warn levels', () => {
  const warnings: [string, SizeInput, number][] = [
    ['RK_TRADE', sizeInput(), 160],
    ['RK_CAMPAIGN', sizeInput(), 400],
    ['RK_BUCKET', sizeInput(), 480],
    ['RK_ASSET_CLASS', sizeInput(), 1_200],
    ['RK_HEAT', sizeInput(), 800],
    ['RK_ORDER_VALUE', sizeInput(), 1_600],
    ['RK_MARGIN', currencyInput(), 2_000],
    ['RK_FX_NOTIONAL', currencyInput(), 24_000],
    ['RK_FX_HEAT', currencyInput(), 480],
    ['RK_MARGIN', sizeInput({ instrument: index, limits: tightenLimits({ marginBp: 1_000 }) }), 800],
  ];
  test.each(warnings)('5.1 %s warns from its level', (code, input, bp) => {
    expect(measure(input, code).warnMicros).toBe(limitOf(bp));
  });

  test('5.1 order value concerns stocks and crypto, margin the others, notional and heat of currencies the currencies', () => {
    const rows = (assetClass: 'STOCK' | 'CRYPTO' | 'INDEX' | 'FUTURE'): string[] =>
      measuresFor(sizeInput({ instrument: tradedInstrument({ symbol: 'X', assetClass }) }))
        .map((one) => one.code)
        .slice(5);
    expect([rows('STOCK'), rows('CRYPTO'), rows('INDEX'), rows('FUTURE')]).toEqual([
      ['RK_ORDER_VALUE'], ['RK_ORDER_VALUE'], ['RK_MARGIN'], ['RK_MARGIN'],
    ]); // prettier-ignore
    expect(measuresFor(currencyInput()).map((one) => one.of ?? one.code)).toEqual([
      'RK_TRADE', 'RK_CAMPAIGN', 'EUR', 'USD', 'RK_ASSET_CLASS', 'RK_HEAT', 'RK_MARGIN', 'RK_FX_NOTIONAL', 'RK_FX_HEAT',
    ]); // prettier-ignore
  });
});

describe('5.1 heat that adapts', () => {
  const back = (n: number, phase: 'A' | 'D'): Exposure[] =>
    Array.from({ length: n }, (_, i) => exposure({ id: `${phase}${i}`, campaignId: `${phase}${i}`, phase }));
  const limitWith = (rows: readonly Exposure[], adaptiveHeat: boolean): number =>
    measure(sizeInput({ snapshot: snapshot(rows), policy: { ...DEFAULT_POLICY, adaptiveHeat } }), 'RK_HEAT').limitMicros;

  test('5.1 heat.adaptive is 8 % while over half of the campaigns are back in A or B, and off by default', () => {
    expect(limitWith([...back(2, 'A'), ...back(1, 'D')], true)).toBe(limitOf(800));
    expect(limitWith([...back(1, 'A'), ...back(1, 'D')], true)).toBe(limitOf(1_000));
    expect(limitWith([...back(2, 'A'), ...back(1, 'D')], false)).toBe(limitOf(1_000));
    expect(limitWith([], true)).toBe(limitOf(1_000));
  });
});

describe('5.1 the week-end of currencies', () => {
  test('5.1 RK_FX_HEAT the week-end is from Friday 12:00 to Sunday 17:00 New York', () => {
    const at = [
      Date.UTC(2024, 0, 12, 16, 59),
      Date.UTC(2024, 0, 12, 17),
      WEEK_END,
      Date.UTC(2024, 0, 14, 21, 59),
      Date.UTC(2024, 0, 14, 22),
    ];
    expect(at.map(isWeekEnd)).toEqual([false, true, true, true, false]);
    expect(isWeekEnd(Date.UTC(2024, 6, 12, 16))).toBe(true);
  });

  test.each([
    ['EURUSD', 'F', 'D', 30],
    ['EURUSD', 'L', 'D', 40],
    ['EURUSD', 'S', 'D', 60],
    ['EURUSD', null, 'D', 50],
    ['USDJPY', 'F', 'C', 36],
    ['USDJPY', 'F', 'E', 39],
    ['USDJPY', 'F', null, 39],
    ['GBPUSD', 'F', 'D', 33],
    ['EURGBP', 'F', 'D', 36],
    ['EURJPY', 'F', 'D', 36],
    ['GBPJPY', 'F', 'D', 39],
    ['USDMXN', 'F', 'D', 54],
    ['USDZAR', 'F', 'D', 54],
    ['USDTRY', 'F', 'D', 60],
    ['EURCHF', 'F', 'D', 75],
    ['NZDJPY', 'F', 'D', 45],
    ['EURCHF', 'S', 'E', 195],
  ] as const)('5.1 the add-on of %s, leg %s, phase %s is %d hundredths of a percent', (symbol, leg, phase, bp) => {
    expect(weekEndAddOn({ symbol, leg, phase }, EQUITY)).toBe(limitOf(bp));
  });

  test('5.1 RK_FX_HEAT 5.5 % less the add-ons of all, the new position too; a partly filled entry has one gap', () => {
    const held = exposure({
      id: 'p',
      symbol: 'GBPUSD',
      assetClass: 'FOREX',
      buckets: ['GBP'],
      leg: 'F',
      phase: 'D',
      riskMicros: 1_000_000_000,
    });
    const rest = { ...held, kind: 'RESERVATION', riskMicros: 500_000_000 } as const;
    const row = measure(currencyInput({ snapshot: snapshot([held, rest]) }, WEEK_END), 'RK_FX_HEAT');
    expect(row).toMatchObject({ beforeMicros: 1_500_000_000 + limitOf(33), fixedMicros: limitOf(36), limitMicros: limitOf(550) });
    expect(headroom(row)).toBe(limitOf(550) - 1_500_000_000 - limitOf(33) - limitOf(36));
    const weekday = measure(currencyInput({ snapshot: snapshot([held, rest]) }), 'RK_FX_HEAT');
    expect(weekday).toMatchObject({ beforeMicros: 1_500_000_000, fixedMicros: 0, limitMicros: limitOf(600) });
    const tight = measure(currencyInput({ limits: tightenLimits({ fxHeatBp: 300 }) }, WEEK_END), 'RK_FX_HEAT');
    expect(tight.limitMicros).toBe(limitOf(300));
  });

  test('TR-2 RK_FX_HEAT over the week-end: exactly the limit passes, one micro more fails', () => {
    const input = currencyInput({}, WEEK_END);
    const free = sizeOf(input);
    const room = limitOf(550) - limitOf(36) - limitOf(30) - free.riskMicros;
    const row: Partial<Exposure> = { ...FAR, symbol: 'USDJPY', assetClass: 'FOREX', leg: 'F', phase: 'D' };
    const filled = (over: number): number =>
      sizeOf({ ...input, snapshot: snapshot([exposure({ ...row, riskMicros: room + over })]) }).steps;
    expect([filled(0), filled(1)]).toEqual([free.steps, free.steps - 1]);
  });
});

describe('5.1 tightening', () => {
  test('5.1 limits can only be tightened, down to their tightest, counts of positions raised to 50', () => {
    const tightest = {
      tradeBp: 10, campaignBp: 300, bucketBp: 200, assetClassBp: 500, heatBp: 500, orderValueBp: 500, marginBp: 1_000, fxNotionalBp: 10_000,
      fxHeatBp: 300, openPositions: 1, positionsPerCampaign: 1, campaignsIntraday: 1, campaignsDaily: 1, campaignsPerBucket: 1,
    } as const; // prettier-ignore
    expect(tightenLimits(tightest)).toEqual(tightest);
    for (const field of Object.keys(tightest) as (keyof typeof tightest)[]) {
      const loosest = field === 'openPositions' ? 50 : DEFAULT_LIMITS[field];
      expect(tightenLimits({ [field]: loosest })[field]).toBe(loosest);
      for (const wrong of [tightest[field] - 1, loosest + 1, tightest[field] + 0.5, NaN])
        expect(() => tightenLimits({ [field]: wrong }), `${field} ${wrong}`).toThrow(LimitError);
    }
  });

  test('5.1 trade < campaign < heat must hold', () => {
    expect(() => tightenLimits({ heatBp: 500 })).toThrow(/campaignBp: expected below heatBp 500/);
    expect(tightenLimits({ heatBp: 500, campaignBp: 499 }).heatBp).toBe(500);
  });
});
