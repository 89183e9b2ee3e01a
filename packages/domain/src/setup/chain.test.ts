import { describe, expect, test } from 'vitest';
import type { DetectionEvent, ReasonCode } from '../wyckoff/event.ts';
import { candidateOf } from './candidate.ts';
import type { Candidate } from './candidate.ts';
import { STAGE_ORDER, fail, validate, warn } from './chain.ts';
import type { Chain, Stage } from './chain.ts';
import type { Schedule, ScheduledKind } from './event-calendar.ts';
import { externalCandidate } from './external.ts';
import { candidate, quietMarket, springRecord, utadRecord } from './fixture.ts';
import type { MarketContext } from './market-context.ts';
import { levelsStage } from './stage-levels.ts';
import { phaseStage } from './stage-phase.ts';
import { needsReview, strategyStage } from './stage-strategy.ts';
import { volumeStage } from './stage-volume.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const PASS: Stage = () => [];
const STAGES = { VOLUME: volumeStage, PHASE: phaseStage, LEVELS: levelsStage, RISK: PASS, STRATEGY: strategyStage };
const AT = quietMarket().at;
/** A calendar that was read this morning and knows of nothing. */
const NOTHING: Schedule = { loadedAt: AT - HOUR, events: [] };
const FRIDAY = (hour: number, minute = 0): number => Date.UTC(2024, 0, 12, hour, minute);

type Trading = Parameters<typeof candidate>[1];

function judge(event: Partial<DetectionEvent>, market: Partial<MarketContext> = {}, pattern: Trading = 'SPRING'): Chain {
  return judgeOne(candidate(pattern === 'UTAD' ? utadRecord(event) : springRecord(event), pattern), market);
}

function judgeOne(one: Candidate, market: Partial<MarketContext> = {}): Chain {
  return validate(one, () => quietMarket(market), STAGES);
}

const codes = (chain: Chain): string[] => chain.steps.map((step) => step.code);
const stock = (changes: Partial<MarketContext> = {}): Partial<MarketContext> => ({
  assetClass: 'STOCK',
  schedule: NOTHING,
  ...changes,
});
const pair = (changes: Partial<MarketContext> = {}): Partial<MarketContext> => ({
  assetClass: 'FOREX',
  schedule: NOTHING,
  ...changes,
});

test('3 a sound candidate passes all five stages in order', () => {
  const chain = judge({});
  expect(chain.status).toBe('PASS');
  expect(chain.steps.map((step) => step.stage)).toEqual(STAGE_ORDER);
  expect(needsReview(chain.steps)).toBe(false);
});

describe('V, PH, LV state what the detector said', () => {
  test.each<[string, string, Partial<DetectionEvent>]>([
    ['V-1', 'VOL_HISTORY', { volRatio: null }],
    ['V-1', 'VOL_NONE', { reasons: ['NO_VOLUME'] }],
    ['V-2', 'VOL_ANOMALY', { reasons: ['ANOMALY'] }],
    ['V-3', 'VOL_RULE', { reasons: ['VOLUME_TOO_HIGH'] }],
    ['V-3', 'VOL_RULE', { reasons: ['VOLUME_TOO_LOW'], confidence: 100 }],
    ['PH-1', 'PH_MISSING', { phase: null }],
    ['PH-1', 'PH_MISSING', { rangeId: 0 }],
    ['PH-2', 'PH_CONFIDENCE', { reasons: ['PHASE_CONFIDENCE'] }],
    ['PH-3', 'PH_PATTERN', { reasons: ['WRONG_PHASE'] }],
    ['PH-3', 'PH_PATTERN', { reasons: ['PREMATURE'] }],
    ['PH-3', 'PH_PATTERN', { reasons: ['IN_RANGE'] }],
    ['PH-3', 'PH_PATTERN', { reasons: ['AWAIT_TEST'] }],
    ['PH-3', 'PH_PATTERN', { reasons: ['AWAIT_LPS'] }],
    ['PH-4', 'PH_HYPOTHESIS', { reasons: ['HYPOTHESIS_CONFLICT'] }],
    ['LV-1', 'LV_STRENGTH', { reasons: ['LEVEL_STRENGTH'] }],
    ['LV-1', 'LV_RANGE', { reasons: ['RANGE_QUALITY'] }],
    ['LV-1', 'LV_RANGE', { prices: { support: 110, resistance: 100, atr: 2, objectives: [120] } }],
    ['LV-2', 'LV_OBJECTIVE', { prices: { support: 100, resistance: 110, atr: 2, objectives: [109, 110] } }],
    ['LV-3', 'LV_UNREALISTIC', { prices: { support: 100, resistance: 110, atr: 2, objectives: [144.1] } }],
    ['ST-1', 'ST_CONFIDENCE', { reasons: ['CONFIDENCE'] }],
    ['ST-1', 'ST_SESSION_VETO', { reasons: ['SESSION'] }],
    ['ST-1', 'ST_HTF', { reasons: ['HTF_CONFLICT'] }],
    ['ST-1', 'NOT_TRADEABLE', { tradeable: false }],
    ['ST-1', 'NOT_TRADEABLE', { confidence: null }],
  ])('%s %s stops the chain', (_rule, code, event) => {
    const chain = judge(event);
    expect(chain.failed?.code).toBe(code);
    expect(codes(chain).at(-1)).toBe(code);
  });

  test('PH-4 PH_HYPOTHESIS a pattern whose name has the other direction, also where the candidate followed its record', () => {
    for (const [pattern, hypothesis] of [
      ['SPRING', -1],
      ['SOS', -1],
      ['LPS', -1],
      ['UTAD', 1],
      ['SOW', 1],
      ['LPSY', 1],
    ] as const) {
      const one = candidate();
      const event = { ...one.event, hypothesis };
      const turned = { ...one, pattern, side: hypothesis, event } as const;
      expect(phaseStage(turned, () => { throw new Error('unused'); }, 0)[0]?.code).toBe('PH_HYPOTHESIS'); // prettier-ignore
      const test = { ...turned, pattern: 'TEST' } as const;
      expect(phaseStage(test, () => { throw new Error('unused'); }, 0)[0]?.code).not.toBe('PH_HYPOTHESIS'); // prettier-ignore
    }
  });

  test('PH-4 PH_HYPOTHESIS a pattern against its hypothesis', () => {
    const one = candidate();
    expect(judgeOne({ ...one, event: { ...one.event, hypothesis: -1 } }).failed?.code).toBe('PH_HYPOTHESIS');
  });

  test('PH-5 PH_LATE warns of a late or exhausted move', () => {
    expect(codes(judge({ subPhase: 'E_LATE' }))).toContain('PH_LATE');
    expect(codes(judge({ subPhase: 'E_EXHAUSTION' }))).toContain('PH_LATE');
    expect(codes(judge({ subPhase: 'E_MATURE' }))).not.toContain('PH_LATE');
  });

  test('LV-3 LV_UNREALISTIC LV-4 LV_CONSERVATIVE measure the last objective in causes: 2.0 and 0.8 themselves pass', () => {
    const reaching = (last: number): Chain =>
      judge({ prices: { support: 100, resistance: 110, springLow: 98.8, atr: 2, objectives: [115, last] } }, { causeFactor: 2 });
    expect(codes(reaching(150))).not.toContain('LV_UNREALISTIC');
    expect(codes(reaching(150.01))).toContain('LV_UNREALISTIC');
    expect(codes(reaching(126))).not.toContain('LV_CONSERVATIVE');
    expect(codes(reaching(125.99))).toContain('LV_CONSERVATIVE');
  });
});

describe('ST fails', () => {
  test.each<[string, string, Partial<MarketContext>, Trading]>([
    ['ST-1', 'ST_CONTEXT', { regime: null }, 'SPRING'],
    ['ST-2', 'ST_CONTEXT', { atrPercentile: null }, 'UTAD'],
    ['ST-2', 'ST_VOLATILITY', { atrPercentile: 95, volumePercentile: 85 }, 'SPRING'],
    ['ST-2', 'ST_VOLATILITY', pair({ atrPercentile: 90, volumePercentile: 85 }), 'SPRING'],
    ['ST-8', 'ST_RECENT_FAILURE', { invalidatedAt: AT - 5 * DAY + 1 }, 'SPRING'],
    ['ST-8', 'ST_RECENT_FAILURE', pair({ invalidatedAt: AT - 3 * DAY + 1 }), 'SPRING'],
    ['ST-10', 'ST_FRIDAY', pair({ at: FRIDAY(17) }), 'LPS'],
  ])('%s %s', (_rule, code, market, pattern) => {
    expect(judge({}, market, pattern).failed?.code).toBe(code);
  });

  test('ST-2 ST-8 ST-10 the limits themselves pass', () => {
    expect(judge({}, { atrPercentile: 94, volumePercentile: 100 }).status).toBe('PASS');
    expect(judge({}, { atrPercentile: 100, volumePercentile: 84 }).status).toBe('PASS');
    expect(judge({}, { atrPercentile: 100, volumePercentile: 100 }, 'LPS').status).toBe('PASS');
    expect(judge({}, { invalidatedAt: AT - 5 * DAY }).status).toBe('PASS');
    expect(judge({}, pair({ invalidatedAt: AT - 3 * DAY })).failed).toBeNull();
    expect(judge({}, pair({ at: FRIDAY(16, 59), schedule: null }), 'LPS').failed).toBeNull();
    expect(judge({}, { at: FRIDAY(20) }).failed).toBeNull();
  });

  test('ST-5 ST_EARNINGS from 24 h before to 2 h after, both ends included', () => {
    const earnings = (at: number): string | undefined =>
      judge({}, stock({ at, schedule: { loadedAt: AT, events: [{ time: AT, kind: 'EARNINGS', subject: 'S' }] } })).failed?.code;
    expect([AT - DAY, AT, AT + 2 * HOUR].map(earnings)).toEqual(['ST_EARNINGS', 'ST_EARNINGS', 'ST_EARNINGS']);
    expect([AT - DAY - 1, AT + 2 * HOUR + 1].map(earnings)).toEqual([undefined, undefined]);
  });

  test.each<[ScheduledKind, number, number]>([
    ['NFP', 6, 2],
    ['FOMC', 4, 2],
    ['ECB', 4, 1],
    ['BOJ', 4, 1],
    ['CPI', 2, 1],
    ['GDP', 2, 1],
    ['UNEMPLOYMENT', 2, 1],
    ['OTHER', 4, 1],
  ])('ST-6 ST_NEWS around %s from %d h before to %d h after', (kind, before, after) => {
    const news = (at: number): string | undefined =>
      judge({}, pair({ at, schedule: { loadedAt: AT, events: [{ time: AT, kind, subject: 'USD' }] } })).failed?.code;
    expect([AT - before * HOUR, AT + after * HOUR].map(news)).toEqual(['ST_NEWS', 'ST_NEWS']);
    expect([AT - before * HOUR - 1, AT + after * HOUR + 1].map(news)).toEqual([undefined, undefined]);
  });

  test('ST-5 ST-6 earnings concern stocks, news concern currencies', () => {
    const events = [{ time: AT, kind: 'EARNINGS', subject: 'S' }] as const;
    expect(judge({}, pair({ schedule: { loadedAt: AT, events } })).failed).toBeNull();
    const news = [{ time: AT, kind: 'CPI', subject: 'USD' }] as const;
    expect(judge({}, stock({ schedule: { loadedAt: AT, events: news } })).failed).toBeNull();
    expect(judge({}, { assetClass: 'CRYPTO', schedule: { loadedAt: AT, events: news } }).status).toBe('PASS');
  });
});

describe('ST warns', () => {
  test('ST-3 ST_NO_TREND a break while the market ranges', () => {
    expect(codes(judge({}, {}, 'SOS'))).toContain('ST_NO_TREND');
    expect(codes(judge({}, { regime: 'TREND_UP' }, 'SOS'))).not.toContain('ST_NO_TREND');
    expect(codes(judge({}, {}, 'LPS'))).not.toContain('ST_NO_TREND');
  });

  test('ST-4 ST_AGAINST_TREND a Spring in a falling, a UTAD in a rising market', () => {
    expect(codes(judge({}, { regime: 'TREND_DOWN' }))).toContain('ST_AGAINST_TREND');
    expect(codes(judge({}, { regime: 'TREND_UP' }, 'UTAD'))).toContain('ST_AGAINST_TREND');
    expect(codes(judge({}, { regime: 'TREND_UP' }))).not.toContain('ST_AGAINST_TREND');
  });

  test('ST-7 ST_CALENDAR_UNKNOWN absent, never read, or older than seven days', () => {
    const unknown = (schedule: Schedule | null): boolean => codes(judge({}, stock({ schedule }))).includes('ST_CALENDAR_UNKNOWN');
    expect([null, { loadedAt: null, events: [] }, { loadedAt: AT - 7 * DAY - 1, events: [] }].map(unknown)).toEqual([
      true,
      true,
      true,
    ]);
    expect(unknown({ loadedAt: AT - 7 * DAY, events: [] })).toBe(false);
    expect(codes(judge({}, { assetClass: 'CRYPTO' }))).not.toContain('ST_CALENDAR_UNKNOWN');
  });

  test('ST-9 ST_SESSION stocks within the day: before the opening, from 15:00, after the close, on an early close', () => {
    const at = (utc: number): boolean => codes(judge({}, stock({ timeframe: '1h', at: utc }))).includes('ST_SESSION');
    expect(at(Date.UTC(2024, 0, 10, 14, 29))).toBe(true);
    expect(at(Date.UTC(2024, 0, 10, 14, 30))).toBe(false);
    expect(at(Date.UTC(2024, 0, 10, 19, 59))).toBe(false);
    expect(at(Date.UTC(2024, 0, 10, 20))).toBe(true);
    expect(at(Date.UTC(2024, 6, 3, 16, 59))).toBe(false);
    expect(at(Date.UTC(2024, 6, 3, 17))).toBe(true);
    expect(codes(judge({}, stock({ at: Date.UTC(2024, 0, 10, 21) })))).not.toContain('ST_SESSION');
  });

  test('ST-11 ST_FRIDAY_LATE, ST_SWAP, ST_ASIAN currencies within the day, more than one at a time', () => {
    const at = (changes: Partial<MarketContext>): string[] => codes(judge({}, pair({ timeframe: '1h', ...changes })));
    expect(at({ at: FRIDAY(13) })).toContain('ST_FRIDAY_LATE');
    expect(at({ at: FRIDAY(12, 59) })).not.toContain('ST_FRIDAY_LATE');
    expect(at({ at: Date.UTC(2024, 0, 10, 17), session: 'ASIAN' })).toEqual(expect.arrayContaining(['ST_SWAP', 'ST_ASIAN']));
    expect(at({ at: Date.UTC(2024, 0, 10, 16, 59) })).not.toContain('ST_SWAP');
    expect(at({ timeframe: '1d', at: FRIDAY(13), session: 'ASIAN' })).not.toEqual(expect.arrayContaining(['ST_FRIDAY_LATE']));
  });

  test('ST-12 ST_WARN_LIFTED from 90 on, for ST-3, 4, 9 and 11 alone, each in a row of its own', () => {
    const sure = judge({ confidence: 90 }, stock({ regime: 'TREND_DOWN', schedule: null }));
    expect(sure.steps.find((step) => step.code === 'ST_AGAINST_TREND')?.result).toBe('PASS');
    expect(sure.steps.find((step) => step.code === 'ST_WARN_LIFTED')?.sentence).toContain('ST_AGAINST_TREND');
    expect(sure.steps.find((step) => step.code === 'ST_CALENDAR_UNKNOWN')?.result).toBe('WARN');
    expect(codes(judge({ confidence: 89 }, { regime: 'TREND_DOWN' }))).not.toContain('ST_WARN_LIFTED');
    const all = pair({ timeframe: '1h', at: FRIDAY(13), session: 'ASIAN' });
    expect(judge({ confidence: 90 }, all, 'SOS').status).toBe('PASS');
    const swap = pair({ timeframe: '1h', at: Date.UTC(2024, 0, 10, 17), session: 'ASIAN' });
    expect(judge({ confidence: 90 }, swap).status).toBe('PASS');
    expect(judge({ confidence: 89 }, swap).status).toBe('WARN');
    expect(judge({ confidence: 90 }, stock({ timeframe: '1h', at: Date.UTC(2024, 0, 10, 20) })).status).toBe('PASS');
  });

  test('ST-13 ST_REVIEW two warnings left, or one below a confidence of 80', () => {
    const review = (event: Partial<DetectionEvent>, market: Partial<MarketContext>): boolean =>
      needsReview(judge(event, market).steps);
    expect(review({}, { regime: 'TREND_DOWN' })).toBe(false);
    expect(review({ confidence: 79 }, { regime: 'TREND_DOWN' })).toBe(true);
    expect(review({ confidence: 80 }, { regime: 'TREND_DOWN' })).toBe(false);
    expect(review({}, stock({ regime: 'TREND_DOWN', schedule: null }))).toBe(true);
    expect(review({ subPhase: 'E_LATE' }, { regime: 'TREND_DOWN' })).toBe(true);
    expect(review({ confidence: 90 }, stock({ regime: 'TREND_DOWN', schedule: null }))).toBe(false);
    expect(review({ confidence: 79 }, {})).toBe(false);
  });
});

describe('8.4 EXTERNAL', () => {
  const order = { signature: 'abc', side: 1, entry: null, stop: 97, targets: [113] } as const;
  const context = { accountId: 'a', timeframe: '1d', tickSize: 0.01, bar: { time: 0, close: 101.5 }, at: AT } as const;

  test('8.4 volume, phase and levels are recorded as not applicable, the strategy is judged as usual', () => {
    const chain = judgeOne(externalCandidate(order, context));
    expect(chain.steps.slice(0, 3).map((step) => [step.stage, step.code, step.result])).toEqual([
      ['VOLUME', 'NOT_APPLICABLE', 'PASS'],
      ['PHASE', 'NOT_APPLICABLE', 'PASS'],
      ['LEVELS', 'NOT_APPLICABLE', 'PASS'],
    ]);
    expect(chain.failed).toBeNull();
    expect(judgeOne(externalCandidate(order, context), { regime: null }).failed?.code).toBe('ST_CONTEXT');
    expect(judgeOne(externalCandidate(order, context), pair({ at: FRIDAY(18) })).failed?.code).toBe('ST_FRIDAY');
    expect(codes(judgeOne(externalCandidate(order, context), stock({ schedule: null })))).toContain('ST_REVIEW');
  });
});

describe('TR-10', () => {
  test('TR-10 VALIDATOR_ERROR a stage that throws is a FAIL, and nothing after it runs', () => {
    for (const broken of STAGE_ORDER) {
      const after: string[] = [];
      const noted = Object.fromEntries(
        STAGE_ORDER.map((name) => [name, () => (after.push(name), [])]),
      ) as unknown as typeof STAGES;
      const boom: Stage = () => {
        throw new Error('no phase machine');
      };
      const chain = validate(candidate(), () => quietMarket(), { ...noted, [broken]: boom });
      expect(chain.failed).toMatchObject({ stage: broken, code: 'VALIDATOR_ERROR' });
      expect(chain.failed?.sentence).toContain('no phase machine');
      expect(after).toEqual(STAGE_ORDER.slice(0, STAGE_ORDER.indexOf(broken)));
    }
  });

  test('TR-10 what a stage says after its FAIL is not heard', () => {
    const stages = { ...STAGES, VOLUME: () => [fail('A', 'a'), warn('B', 'b')] };
    expect(codes(validate(candidate(), () => quietMarket(), stages))).toEqual(['A']);
  });

  test('TR-10 nothing a later stage says turns a FAIL into anything else', () => {
    const pardon: Stage = () => [{ code: 'PASS', result: 'PASS', measured: null, limit: null, sentence: 'Passed.' }];
    const lenient = { VOLUME: volumeStage, PHASE: pardon, LEVELS: pardon, RISK: pardon, STRATEGY: pardon };
    expect(
      validate(candidate(springRecord({ reasons: ['ANOMALY'], confidence: 100 })), () => quietMarket(), lenient).status,
    ).toBe('FAIL');
  });

  test('TR-10 taking away any field never turns a refusal into acceptance', () => {
    const earnings: Schedule = { loadedAt: AT, events: [{ time: AT, kind: 'EARNINGS', subject: 'S' }] };
    const reasons = [
      'NO_VOLUME',
      'ANOMALY',
      'PHASE_CONFIDENCE',
      'AWAIT_TEST',
      'HYPOTHESIS_CONFLICT',
      'LEVEL_STRENGTH',
      'CONFIDENCE',
      'SESSION',
    ];
    const refused: [Partial<DetectionEvent>, Partial<MarketContext>][] = [
      ...reasons.map((reason): [Partial<DetectionEvent>, Partial<MarketContext>] => [{ reasons: [reason as ReasonCode] }, {}]),
      [{ tradeable: false }, {}],
      [{}, { atrPercentile: 99, volumePercentile: 99 }],
      [{}, { invalidatedAt: AT - 1 }],
      [{}, pair({ at: FRIDAY(18) })],
      [{}, stock({ schedule: earnings })],
      [{ prices: { support: 100, resistance: 110, atr: 2, objectives: [171] } }, {}],
    ];
    for (const [event, market] of refused) {
      const whole = candidate(springRecord(event));
      const context = quietMarket(market);
      expect(validate(whole, () => context, STAGES).status).toBe('FAIL');
      for (const field of Object.keys(context))
        expect(validate(whole, () => ({ ...context, [field]: undefined }), STAGES).status, field).toBe('FAIL');
      for (const field of Object.keys(whole.event)) {
        if (Object.hasOwn(event, field) && field !== 'reasons') continue;
        const less = { ...whole, event: { ...whole.event, [field]: undefined } };
        expect(validate(less, () => context, STAGES).status, field).toBe('FAIL');
      }
    }
  });

  test('TR-10 the twin: a stage that trusts what it is given lets a missing schedule pass', () => {
    const trusting: Stage = (one, market) => (market().schedule?.events.length ? strategyStage(one, market, 0) : []);
    const stages = { ...STAGES, STRATEGY: trusting };
    const earnings: Schedule = { loadedAt: AT, events: [{ time: AT, kind: 'EARNINGS', subject: 'S' }] };
    const context = quietMarket(stock({ schedule: earnings }));
    expect(validate(candidate(), () => context, stages).status).toBe('FAIL');
    expect(validate(candidate(), () => ({ ...context, schedule: undefined as unknown as null }), stages).status).not.toBe('FAIL');
  });
});

test('4.1 the same record gives the same signal id, another account another one', () => {
  const context = { accountId: 'a', symbol: 'S', timeframe: '1d', tickSize: 0.01, bar: { time: 0, close: 101.5 } } as const;
  const record = springRecord({ kind: 'LPS' });
  const id = (changes: object): string => candidateOf(record, 'LPS', { ...context, ...changes }).signalId;
  expect(id({})).toBe(id({ bar: { time: 99, close: 102 } }));
  expect(id({ accountId: 'b' })).not.toBe(id({}));
  expect(id({})).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});
