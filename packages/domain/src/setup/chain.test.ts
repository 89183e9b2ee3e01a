import { expect, test } from 'vitest';
import { lps, springTest } from '../engine/kit/scripted-market.ts';
import type { DetectionEvent, ReasonCode } from '../wyckoff/event.ts';
import { candidateOf } from './candidate.ts';
import type { Candidate } from './candidate.ts';
import { STAGE_ORDER, fail, validate, warn } from './chain.ts';
import type { Chain, Stage } from './chain.ts';
import type { MarketContext } from './market-context.ts';
import { levelsStage } from './stage-levels.ts';
import { phaseStage } from './stage-phase.ts';
import { strategyStage } from './stage-strategy.ts';
import { volumeStage } from './stage-volume.ts';

const PASS: Stage = () => [];
const MARKET: MarketContext = {
  assetClass: 'INDEX', timeframe: '1d', at: Date.UTC(2024, 0, 10), regime: 'RANGING', session: null, atrPercentile: 40, volumePercentile: 40,
  causeFactor: 1.7, invalidatedAt: null, barsSinceInvalidation: null, implied: false, schedule: null,
}; // prettier-ignore

function candidate(event: DetectionEvent, pattern: Parameters<typeof candidateOf>[1] = 'SPRING'): Candidate {
  return candidateOf(event, pattern, {
    accountId: 'a',
    symbol: 'S',
    timeframe: '1d',
    tickSize: 0.01,
    bar: { time: 0, close: 101.5 },
  });
}

function judge(
  event: Partial<DetectionEvent>,
  market: Partial<MarketContext> = {},
  pattern: Parameters<typeof candidateOf>[1] = 'SPRING',
): Chain {
  const stages = { VOLUME: volumeStage, PHASE: phaseStage, LEVELS: levelsStage, RISK: PASS, STRATEGY: strategyStage };
  return validate(candidate(springTest(60, event), pattern), () => ({ ...MARKET, ...market }), stages);
}

const codes = (chain: Chain): string[] => chain.steps.map((step) => step.code);

test('3 a sound candidate passes all five stages in order', () => {
  const chain = judge({});
  expect(chain.status).toBe('PASS');
  expect(chain.steps.map((step) => step.stage)).toEqual(STAGE_ORDER);
});

test.each<[string, Partial<DetectionEvent>]>([
  ['VOL_HISTORY', { volRatio: null }],
  ['VOL_NONE', { reasons: ['NO_VOLUME'] }],
  ['VOL_ANOMALY', { reasons: ['ANOMALY'] }],
  ['VOL_RULE', { reasons: ['VOLUME_TOO_HIGH'] }],
  ['VOL_RULE', { reasons: ['VOLUME_TOO_LOW'], confidence: 100 }],
  ['PH_MISSING', { phase: null }],
  ['PH_CONFIDENCE', { reasons: ['PHASE_CONFIDENCE'] }],
  ['PH_PATTERN', { reasons: ['AWAIT_TEST'] }],
  ['PH_PATTERN', { reasons: ['IN_RANGE'] }],
  ['PH_HYPOTHESIS', { reasons: ['HYPOTHESIS_CONFLICT'] }],
  ['LV_STRENGTH', { reasons: ['LEVEL_STRENGTH'] }],
  ['LV_RANGE', { reasons: ['RANGE_QUALITY'] }],
  ['LV_RANGE', { prices: { support: 110, resistance: 100, atr: 2, objectives: [120] } }],
  ['LV_OBJECTIVE', { prices: { support: 100, resistance: 110, atr: 2, objectives: [109] } }],
  ['LV_UNREALISTIC', { prices: { support: 100, resistance: 110, atr: 2, objectives: [170.1] } }],
  ['ST_CONFIDENCE', { reasons: ['CONFIDENCE'] }],
  ['ST_SESSION_VETO', { reasons: ['SESSION'] }],
  ['ST_HTF', { reasons: ['HTF_CONFLICT'] }],
  ['NOT_TRADEABLE', { tradeable: false }],
])('3 %s stops the chain', (code, event) => {
  const chain = judge(event);
  expect(chain.status).toBe('FAIL');
  expect(chain.failed?.code).toBe(code);
  expect(codes(chain).at(-1)).toBe(code);
});

test.each<[string, Partial<MarketContext>, Parameters<typeof candidateOf>[1]]>([
  ['ST_CONTEXT', { regime: null }, 'SPRING'],
  ['ST_VOLATILITY', { atrPercentile: 95, volumePercentile: 85 }, 'SPRING'],
  ['ST_VOLATILITY', { assetClass: 'FOREX', atrPercentile: 90, volumePercentile: 85 }, 'SPRING'],
  ['ST_RECENT_FAILURE', { invalidatedAt: MARKET.at - 86_400_000 * 5 + 1 }, 'SPRING'],
  ['ST_FRIDAY', { assetClass: 'FOREX', at: Date.UTC(2024, 0, 12, 17) }, 'LPS'],
])('3 %s fails on the market', (code, market, pattern) => {
  expect(judge({}, market, pattern).failed?.code).toBe(code);
});

test('3 the limits themselves pass: 94 % of volatility, five days after a failure, one minute before Friday 17:00', () => {
  expect(judge({}, { atrPercentile: 94, volumePercentile: 100 }).status).toBe('PASS');
  expect(judge({}, { invalidatedAt: MARKET.at - 86_400_000 * 5 }).status).toBe('PASS');
  expect(judge({}, { assetClass: 'FOREX', at: Date.UTC(2024, 0, 12, 16, 59) }, 'LPS').failed).toBeNull();
});

test('3 warnings add up, are lifted by confidence, and ask for review', () => {
  const stock = judge({}, { assetClass: 'STOCK', regime: 'TREND_DOWN' });
  expect(stock.status).toBe('WARN');
  expect(codes(stock)).toContain('ST_AGAINST_TREND');
  expect(codes(stock)).toContain('ST_CALENDAR_UNKNOWN');
  expect(codes(stock)).toContain('ST_REVIEW');
  const sure = judge({ confidence: 90 }, { assetClass: 'STOCK', regime: 'TREND_DOWN' });
  expect(sure.steps.find((step) => step.code === 'ST_AGAINST_TREND')?.result).toBe('PASS');
  expect(codes(sure)).not.toContain('ST_REVIEW');
  expect(codes(judge({ confidence: 79 }, { assetClass: 'STOCK' }))).toContain('ST_REVIEW');
});

test('3 late phases, modest objectives, session and swap warn', () => {
  expect(codes(judge({ subPhase: 'E_LATE' }))).toContain('PH_LATE');
  expect(codes(judge({}, {}))).not.toContain('LV_UNREALISTIC');
  expect(codes(judge({ prices: { support: 100, resistance: 110, springLow: 98.8, atr: 2, objectives: [118] } }))).toContain(
    'LV_CONSERVATIVE',
  );
  const noon = { assetClass: 'STOCK', timeframe: '1h', at: Date.UTC(2024, 0, 10, 17) } as const;
  expect(codes(judge({}, noon))).not.toContain('ST_SESSION');
  expect(codes(judge({}, { ...noon, at: Date.UTC(2024, 0, 10, 20) }))).toContain('ST_SESSION');
  expect(codes(judge({}, { assetClass: 'FOREX', timeframe: '1h', at: Date.UTC(2024, 0, 10, 17) }))).toContain('ST_SWAP');
  expect(codes(judge({}, { assetClass: 'FOREX', timeframe: '1h', session: 'ASIAN' }))).toContain('ST_ASIAN');
});

test('TR-10 a stage that throws is a FAIL, and nothing after it runs', () => {
  const after: string[] = [];
  const chain = validate(candidate(springTest(60)), () => MARKET, {
    VOLUME: PASS,
    PHASE: () => {
      throw new Error('no phase machine');
    },
    LEVELS: () => (after.push('LEVELS'), []),
    RISK: PASS,
    STRATEGY: PASS,
  });
  expect(chain.failed).toMatchObject({ stage: 'PHASE', code: 'VALIDATOR_ERROR' });
  expect(chain.failed?.sentence).toContain('no phase machine');
  expect(after).toEqual([]);
});

test('TR-10 what a stage says after its FAIL is not heard', () => {
  const stages = { VOLUME: () => [fail('A', 'a'), warn('B', 'b')], PHASE: PASS, LEVELS: PASS, RISK: PASS, STRATEGY: PASS };
  expect(codes(validate(candidate(springTest(60)), () => MARKET, stages))).toEqual(['A']);
});

test('TR-10 taking away any field never turns a refusal into acceptance', () => {
  const refused: [Partial<DetectionEvent>, Partial<MarketContext>][] = [
    ...(
      [
        'NO_VOLUME',
        'ANOMALY',
        'PHASE_CONFIDENCE',
        'AWAIT_TEST',
        'HYPOTHESIS_CONFLICT',
        'LEVEL_STRENGTH',
        'CONFIDENCE',
        'SESSION',
      ] as ReasonCode[]
    ).map((reason): [Partial<DetectionEvent>, Partial<MarketContext>] => [{ reasons: [reason] }, {}]),
    [{ tradeable: false }, {}],
    [{}, { atrPercentile: 99, volumePercentile: 99 }],
    [{}, { invalidatedAt: MARKET.at - 1 }],
    [{}, { assetClass: 'FOREX', at: Date.UTC(2024, 0, 12, 18) }],
    [{ prices: { support: 100, resistance: 110, atr: 2, objectives: [171] } }, {}],
  ];
  const stages = { VOLUME: volumeStage, PHASE: phaseStage, LEVELS: levelsStage, RISK: PASS, STRATEGY: strategyStage };
  for (const [event, market] of refused) {
    const whole = candidate(springTest(60, event));
    const context = { ...MARKET, ...market };
    expect(validate(whole, () => context, stages).status).toBe('FAIL');
    for (const field of Object.keys(context))
      expect(validate(whole, () => ({ ...context, [field]: undefined }), stages).status).toBe('FAIL');
    for (const field of Object.keys(whole.event)) {
      if (Object.hasOwn(event, field) && field !== 'reasons') continue;
      expect(validate({ ...whole, event: { ...whole.event, [field]: undefined } }, () => context, stages).status, field).toBe(
        'FAIL',
      );
    }
  }
});

test('4.1 the same record gives the same signal id, another account another one', () => {
  const context = { accountId: 'a', symbol: 'S', timeframe: '1d', tickSize: 0.01, bar: { time: 0, close: 101.5 } } as const;
  const id = (changes: object): string => candidateOf(lps(60), 'LPS', { ...context, ...changes }).signalId;
  expect(id({})).toBe(id({ bar: { time: 99, close: 102 } }));
  expect(id({ accountId: 'b' })).not.toBe(id({}));
  expect(id({})).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});
