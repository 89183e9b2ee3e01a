import fc from 'fast-check';
import { expect, test } from 'vitest';
import { lps, springTest } from '../engine/kit/scripted-market.ts';
import { candidateOf } from '../setup/candidate.ts';
import type { DetectionEvent } from '../wyckoff/event.ts';
import type { MarketContext } from '../setup/market-context.ts';
import { amt, riskOf } from '../trade/amount.ts';
import { DEFAULT_POLICY } from './policy.ts';
import { SAME_CURRENCY } from './conversion.ts';
import { COST_MODELS } from '../trade/costs.ts';
import { tradedInstrument } from '../trade/instrument.ts';
import { mulDiv } from '../trade/money.ts';
import { assess, warnedMeasures } from './assess.ts';
import { RiskDesk } from './desk.ts';
import type { Exposure } from './exposure.ts';
import { DEFAULT_LIMITS, LimitError, tightenLimits } from './limits.ts';
import { breakFactor, sessionFactor } from './pattern-risk.ts';
import type { Size, SizeInput } from './size.ts';

const stock = tradedInstrument({ symbol: 'S', assetClass: 'STOCK' });
const FRESH = { staleMarks: [], permissive: { today: 0, campaignIds: [] } } as const;
const EQUITY = 100_000_000_000;
const MARKET: MarketContext = {
  assetClass: 'STOCK', timeframe: '1d', at: Date.UTC(2024, 0, 10), regime: 'RANGING', session: null, atrPercentile: 40, volumePercentile: 40,
  causeFactor: 3, invalidatedAt: null, barsSinceInvalidation: null, implied: false, schedule: null,
}; // prettier-ignore

function input(
  changes: Partial<SizeInput> = {},
  event: DetectionEvent = springTest(60),
  pattern: 'SPRING' | 'LPS' = 'SPRING',
): SizeInput {
  const instrument = changes.instrument ?? stock;
  return {
    candidate: candidateOf(event, pattern, { accountId: 'a', symbol: 'S', timeframe: '1d', tickSize: instrument.tickSize, bar: { time: 0, close: 101.5 } }),
    market: MARKET, instrument, limits: DEFAULT_LIMITS, timeframe: '1d', costs: COST_MODELS.zero, baseBp: 50, policy: DEFAULT_POLICY, conversion: SAME_CURRENCY, maxSteps: null,
    snapshot: { equityMicros: EQUITY, cashMicros: EQUITY, exposures: [], halts: [], ...FRESH },
    campaign: { campaignId: 'c', refusal: null, shareLeftMicros: 2_000_000_000 },
    ...changes,
  }; // prettier-ignore
}

function exposure(changes: Partial<Exposure> = {}): Exposure {
  return {
    id: 'x', kind: 'POSITION', symbol: 'OTHER', assetClass: 'STOCK', buckets: ['OTHER'], direction: 'LONG', campaignId: 'other', intraday: false, leg: 'F', phase: 'C',
    riskMicros: 0, notionalMicros: 0, marginMicros: 0, cashMicros: 0, ...changes,
  }; // prettier-ignore
}

function sizeOf(of: SizeInput): Size {
  const assessed = assess(of);
  if (assessed.refusal !== null) return expect.fail(`refused: ${assessed.refusal.code} ${assessed.refusal.sentence}`);
  return assessed.size;
}

const codeOf = (of: SizeInput): string | null => assess(of).refusal?.code ?? null;

test('5.5 the size risks what the pattern may, from the sizing price to the stop, in whole shares', () => {
  const size = sizeOf(input());
  expect(size.sizingPrice).toBeCloseTo(102.0075, 9);
  expect(size.steps).toBe(96);
  expect(size.riskMicros).toBe(riskOf(stock, [102.0075, 96.82], 96));
  expect(size.wantedMicros).toBe(500_000_000);
});

test('5.5 2 factors shrink the risk: premature, break volume, thin sessions', () => {
  expect(sizeOf(input({}, springTest(60, { riskFactor: 0.5 }))).wantedMicros).toBe(250_000_000);
  expect([2.5, 2.3, 2, 1.7, 1.6, null].map(breakFactor)).toEqual([1, 0.95, 0.9, 0.85, 0.75, 0.75]);
  expect(['OVERLAP', 'LONDON', 'NEW_YORK', 'ASIAN', null].map(sessionFactor)).toEqual([1, 0.9, 0.9, 0.75, 0.75]);
});

test.each<[string, Partial<SizeInput>]>([
  ['RK_CONTEXT', { snapshot: { equityMicros: 0, cashMicros: 0, exposures: [], halts: [], ...FRESH } }],
  ['RK_CONTEXT', { snapshot: { equityMicros: NaN, cashMicros: 1, exposures: [], halts: [], ...FRESH } }],
  [
    'RK_CONTEXT',
    { snapshot: { equityMicros: EQUITY, cashMicros: EQUITY, exposures: [exposure({ riskMicros: NaN })], halts: [], ...FRESH } },
  ],
  ['RK_HALTED', { snapshot: { equityMicros: EQUITY, cashMicros: EQUITY, exposures: [], halts: ['DRAWDOWN'], ...FRESH } }],
  ['RK_PATTERN_RISK', { baseBp: 0 }],
  ['RK_PATTERN_RISK', { baseBp: 201 }],
  [
    'RK_OPPOSITE_OPEN',
    {
      snapshot: {
        equityMicros: EQUITY,
        cashMicros: EQUITY,
        exposures: [exposure({ symbol: 'S', direction: 'SHORT' })],
        halts: [],
        ...FRESH,
      },
    },
  ],
  [
    'RK_MAX_POSITIONS',
    {
      snapshot: {
        equityMicros: EQUITY,
        cashMicros: EQUITY,
        exposures: [1, 2, 3, 4, 5].map((n) => exposure({ id: `x${n}` })),
        halts: [],
        ...FRESH,
      },
    },
  ],
  [
    'RK_MAX_CAMPAIGNS',
    {
      limits: tightenLimits({ campaignsDaily: 1 }),
      snapshot: { equityMicros: EQUITY, cashMicros: EQUITY, exposures: [exposure()], halts: [], ...FRESH },
    },
  ],
  ['RK_CAMPAIGN_CLOSED', { campaign: { campaignId: 'c', refusal: 'RK_CAMPAIGN_CLOSED', shareLeftMicros: 0 } }],
  ['RK_LPS_ONLY', { campaign: { campaignId: 'c', refusal: 'RK_LPS_ONLY', shareLeftMicros: 0 } }],
  ['RK_SHARE', { campaign: { campaignId: 'c', refusal: null, shareLeftMicros: 0 } }],
  ['RK_CASH', { snapshot: { equityMicros: EQUITY, cashMicros: 1, exposures: [], halts: [], ...FRESH } }],
])('5.5 %s refuses', (code, changes) => {
  expect(codeOf(input(changes))).toBe(code);
});

test('5.5 a short sale needs a shortable instrument and half its value in cash', () => {
  const event = springTest(60, {
    hypothesis: -1,
    prices: { support: 100, resistance: 110, springLow: 111.2, atr: 2, objectives: [60] },
  });
  const short = (changes: Partial<SizeInput>): SizeInput => {
    const of = input(changes, event);
    return {
      ...of,
      candidate: { ...of.candidate, plan: { ...of.candidate.plan, entryPrice: 101.5, stopPrice: 106.5, refusal: null } },
    };
  };
  expect(codeOf(short({ instrument: tradedInstrument({ symbol: 'S', assetClass: 'STOCK', shortable: false }) }))).toBe(
    'RK_NOT_SHORTABLE',
  );
  const size = sizeOf(short({}));
  expect(size.cashMicros).toBe(mulDiv(size.notionalMicros, 1, 2, 'up'));
});

test('TR-2 exactly the limit passes, one micro more fails', () => {
  const free = sizeOf(input()).riskMicros;
  const used = (limit: number, over: number): Exposure => exposure({ riskMicros: limit - free + over });
  const book = (row: Exposure): Partial<SizeInput> => ({
    snapshot: { equityMicros: EQUITY, cashMicros: EQUITY, exposures: [row], halts: [], ...FRESH },
  });
  const heat = mulDiv(EQUITY, DEFAULT_LIMITS.heatBp, 10_000, 'down');
  expect(sizeOf(input(book(used(heat, 0)))).steps).toBe(96);
  expect(sizeOf(input(book(used(heat, 1)))).steps).toBe(95);
  const bucket = mulDiv(EQUITY, DEFAULT_LIMITS.bucketBp, 10_000, 'down');
  const sameBucket = (over: number): Partial<SizeInput> => book({ ...used(bucket, over), buckets: ['UNKNOWN'] });
  expect(sizeOf(input(sameBucket(0))).steps).toBe(96);
  expect(sizeOf(input(sameBucket(1))).steps).toBe(95);
  expect(sizeOf(input({ campaign: { campaignId: 'c', refusal: null, shareLeftMicros: free } })).steps).toBe(96);
  expect(sizeOf(input({ campaign: { campaignId: 'c', refusal: null, shareLeftMicros: free - 1 } })).steps).toBe(95);
});

test('5.5 6 what is left must be worth it: below a tenth of the wanted risk the binding limit refuses', () => {
  const heat = mulDiv(EQUITY, DEFAULT_LIMITS.heatBp, 10_000, 'down');
  const almost = exposure({ riskMicros: heat - 40_000_000 });
  expect(
    codeOf(input({ snapshot: { equityMicros: EQUITY, cashMicros: EQUITY, exposures: [almost], halts: [], ...FRESH } })),
  ).toBe('RK_HEAT');
  const small = { equityMicros: 500_000_000, cashMicros: 500_000_000, exposures: [], halts: [], ...FRESH };
  expect(codeOf(input({ snapshot: small }))).toBe('RK_SIZE_MIN');
});

test('5.5 5 order value, margin and cash lower the size, never raise it', () => {
  const near = lps(60);
  const dear = input({ baseBp: 70 }, near, 'LPS');
  const plan = { ...dear.candidate.plan, entryPrice: 101.5, stopPrice: 100.4, refusal: null };
  const size = sizeOf({ ...dear, candidate: { ...dear.candidate, plan } });
  const limit = mulDiv(EQUITY, DEFAULT_LIMITS.orderValueBp, 10_000, 'down');
  expect(size.notionalMicros).toBeLessThanOrEqual(limit);
  expect(amt(stock, size.sizingPrice, { steps: size.steps + 1, mode: 'up' })).toBeGreaterThan(limit);
  const poor = { equityMicros: EQUITY, cashMicros: 15_000_000_000, exposures: [], halts: [], ...FRESH };
  expect(sizeOf({ ...dear, snapshot: poor, candidate: { ...dear.candidate, plan } }).cashMicros).toBeLessThanOrEqual(
    15_000_000_000,
  );
});

test('5.1 measures near their limit warn, with the figures', () => {
  const heat = mulDiv(EQUITY, DEFAULT_LIMITS.heatBp, 10_000, 'down');
  const of = input({
    snapshot: {
      equityMicros: EQUITY,
      cashMicros: EQUITY,
      exposures: [exposure({ riskMicros: mulDiv(heat, 80, 100, 'down') })],
      halts: [],
      ...FRESH,
    },
  });
  const assessed = assess(of);
  if (assessed.refusal !== null) expect.fail(assessed.refusal.code);
  else expect(warnedMeasures(assessed).map((one) => one.code)).toContain('RK_WARN_HEAT');
});

const anyInput = fc.record({
  equity: fc.integer({ min: 1_000_000_000, max: 1_000_000_000_000 }),
  bp: fc.integer({ min: 1, max: 200 }),
  stop: fc.integer({ min: 9_200, max: 10_040 }),
});

test('TR-1 the risk never exceeds what the pattern may; more equity or a tighter stop never gives a smaller size', () => {
  const sizeAt = (equity: number, bp: number, stop: number): number => {
    const of = input({
      baseBp: bp, snapshot: { equityMicros: equity, cashMicros: equity, exposures: [], halts: [], ...FRESH },
      campaign: { campaignId: 'c', refusal: null, shareLeftMicros: equity }, instrument: tradedInstrument({ symbol: 'I', assetClass: 'INDEX', leverage: 1e6 }),
    }); // prettier-ignore
    const plan = { ...of.candidate.plan, stopPrice: stop / 100, refusal: null };
    const assessed = assess({ ...of, candidate: { ...of.candidate, plan } });
    if (assessed.refusal !== null) return 0;
    expect(assessed.size.riskMicros).toBeLessThanOrEqual(mulDiv(equity, bp, 10_000, 'down'));
    expect(Number.isInteger(assessed.size.steps)).toBe(true);
    return assessed.size.steps;
  };
  fc.assert(
    fc.property(
      anyInput,
      fc.integer({ min: 1, max: 1_000_000_000 }),
      fc.integer({ min: 1, max: 40 }),
      ({ equity, bp, stop }, more, tighter) => {
        const steps = sizeAt(equity, bp, stop);
        expect(sizeAt(equity + more, bp, stop)).toBeGreaterThanOrEqual(steps);
        expect(sizeAt(equity, bp, stop + tighter)).toBeGreaterThanOrEqual(steps);
      },
    ),
    { seed: 13, numRuns: 500 },
  );
});

test('TR-2 after any accepted sequence every limit holds at the equity of acceptance', () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.record({ bp: fc.integer({ min: 10, max: 200 }), campaign: fc.integer({ min: 0, max: 3 }), fills: fc.boolean() }),
        { maxLength: 15 },
      ),
      (wishes) => {
        const desk = new RiskDesk();
        let filled: Exposure[] = [];
        wishes.forEach((wish, i) => {
          const campaignId = `c${wish.campaign}`;
          const of = input({
          baseBp: wish.bp, snapshot: { equityMicros: EQUITY, cashMicros: EQUITY, exposures: [...filled, ...desk.held], halts: [], ...FRESH },
          campaign: { campaignId, refusal: null, shareLeftMicros: EQUITY },
        }); // prettier-ignore
          const approval = desk.approveEntry({ ...of, candidate: { ...of.candidate, signalId: `s${i}` } });
          if (approval.refusal !== null) return;
          const held = desk.held.find((row) => row.id === `s${i}`);
          if (wish.fills && held !== undefined) {
            filled = [...filled, { ...held, kind: 'POSITION' }];
            desk.release(`s${i}`);
          }
          const rows = [...filled, ...desk.held];
          const sum = (list: readonly Exposure[]): number => list.reduce((total, row) => total + row.riskMicros, 0);
          expect(approval.size.riskMicros).toBeLessThanOrEqual(EQUITY * 0.02);
          expect(approval.size.notionalMicros).toBeLessThanOrEqual(EQUITY * 0.2);
          expect(sum(rows)).toBeLessThanOrEqual(EQUITY * 0.06);
          for (const row of rows)
            expect(sum(rows.filter((one) => one.campaignId === row.campaignId))).toBeLessThanOrEqual(EQUITY * 0.05);
          expect(rows.length).toBeLessThanOrEqual(DEFAULT_LIMITS.openPositions);
          expect(rows.reduce((total, row) => total + (row.kind === 'RESERVATION' ? row.cashMicros : 0), 0)).toBeLessThanOrEqual(
            EQUITY,
          );
        });
      },
    ),
    { seed: 14, numRuns: 300 },
  );
});

test('TR-2 the twin: without a reservation the second of two would pass although only one fits', () => {
  const one = {
    campaign: { campaignId: 'c', refusal: null, shareLeftMicros: EQUITY },
    limits: tightenLimits({ openPositions: 1 }),
  } as const;
  const desk = new RiskDesk();
  const first = desk.approveEntry(input(one));
  expect(first.refusal).toBeNull();
  const snapshot = { equityMicros: EQUITY, cashMicros: EQUITY, halts: [], ...FRESH };
  expect(codeOf(input({ ...one, snapshot: { ...snapshot, exposures: desk.held } }))).toBe('RK_MAX_POSITIONS');
  expect(codeOf(input({ ...one, snapshot: { ...snapshot, exposures: [] } }))).toBeNull();
});

test('6.3 a stop is never widened and an exit never opens', () => {
  const desk = new RiskDesk();
  const position = { signalId: 's', symbol: 'S', side: 1, openSteps: 10, stop: 95 } as const;
  expect(desk.approveStop(position, 2, 95.01).terms).toMatchObject({ leg: 'STOP.2', side: 'SELL', steps: 10, intent: 'CLOSE' });
  expect(() => desk.approveStop(position, 2, 94.99)).toThrow(/STOP_WIDENED/);
  expect(() => desk.approveStop({ ...position, side: -1 }, 2, 95.01)).toThrow(/STOP_WIDENED/);
  expect(() => desk.approveExit({ ...position, openSteps: 0 }, 1, 'RULE_1')).toThrow(/expected an open quantity/);
});

test('5.1 limits can only be tightened, and trade < campaign < heat must hold', () => {
  expect(tightenLimits({ tradeBp: 100 }).tradeBp).toBe(100);
  for (const wrong of [
    { tradeBp: 201 },
    { heatBp: 1_001 },
    { tradeBp: 9 },
    { openPositions: 51 },
    { heatBp: 500 },
    { tradeBp: 1.5 },
  ])
    expect(() => tightenLimits(wrong)).toThrow(LimitError);
  expect(tightenLimits({ openPositions: 50 }).openPositions).toBe(50);
});
