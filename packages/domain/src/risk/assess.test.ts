import { describe, expect, test } from 'vitest';
import { externalCandidate } from '../setup/external.ts';
import { candidate, quietMarket, springRecord, utadRecord } from '../setup/fixture.ts';
import { riskOf } from '../trade/amount.ts';
import { tradedInstrument } from '../trade/instrument.ts';
import { assess, recheck, warnedMeasures } from './assess.ts';
import type { Assessment } from './assess.ts';
import { EQUITY, exposure, sizeInput, snapshot, stock } from './fixture.ts';
import { figuresOf } from './figures.ts';
import { tightenLimits } from './limits.ts';
import { measuresFor } from './measures.ts';
import { DEFAULT_POLICY } from './policy.ts';
import type { SizeInput } from './size.ts';

function assessed(input: SizeInput): Assessment {
  const found = assess(input);
  if (found.refusal !== null) return expect.fail(`refused: ${found.refusal.code} ${found.refusal.sentence}`);
  return found;
}

const codeOf = (changes: Partial<SizeInput>): string | null => assess(sizeInput(changes)).refusal?.code ?? null;
const positions = (n: number): ReturnType<typeof exposure>[] =>
  Array.from({ length: n }, (_, i) => exposure({ id: `x${i}`, campaignId: `c${i}`, buckets: [`B${i}`] }));
const policy = (changes: Partial<typeof DEFAULT_POLICY>): typeof DEFAULT_POLICY => ({ ...DEFAULT_POLICY, ...changes });
const planned = (changes: object): SizeInput['candidate'] => {
  const one = candidate();
  return { ...one, plan: { ...one.plan, ...changes } };
};
const implied = quietMarket({ assetClass: 'STOCK', implied: true });
const tightened = candidate(springRecord(), 'SPRING', { tightened: true });
const shortable = tradedInstrument({ symbol: 'S', assetClass: 'STOCK', shortable: false });

describe('5.5 the eleven checks', () => {
  test('5.5 the size risks what the pattern may, from the sizing price to the stop, in whole shares', () => {
    const { size } = assessed(sizeInput());
    expect(size.sizingPrice).toBeCloseTo(102.0075, 9);
    expect(size.steps).toBe(96);
    expect(size.riskMicros).toBe(riskOf(stock, [102.0075, 96.82], 96));
    expect(size.wantedMicros).toBe(500_000_000);
  });

  test.each<[string, string, Partial<SizeInput>]>([
    ['1', 'RK_CONTEXT', { snapshot: snapshot([], { equityMicros: 0 }) }],
    ['1', 'RK_CONTEXT', { snapshot: snapshot([], { equityMicros: NaN }) }],
    ['1', 'RK_CONTEXT', { snapshot: snapshot([], { cashMicros: NaN }) }],
    ['1', 'RK_CONTEXT', { snapshot: snapshot([], { staleMarks: ['T'] }) }],
    ['1', 'RK_CONTEXT', { snapshot: snapshot([exposure({ riskMicros: NaN })]) }],
    ['1', 'RK_CONTEXT', { snapshot: snapshot([exposure({ riskMicros: -1 })]) }],
    ['1', 'RK_CONTEXT', { candidate: planned({ entryPrice: NaN }) }],
    ['1', 'RK_CONTEXT', { candidate: planned({ targets: [110, NaN, 121] }) }],
    ['1', 'RK_CONTEXT', { candidate: candidate(springRecord({ riskFactor: 0 as 1 })) }],
    ['1', 'RK_CONTEXT', { snapshot: snapshot([exposure({ riskMicros: Number.MAX_SAFE_INTEGER }), exposure({ riskMicros: 1 })]) }],
    ['1', 'FX_RATE_MISSING', { conversion: { kind: 'RATE', rate: null, ageMs: 0, maxAgeMs: 1 } }],
    ['2', 'RK_HALTED', { snapshot: snapshot([], { halts: ['DRAWDOWN'] }) }],
    ['3', 'RK_PATTERN_RISK', { baseBp: 0 }],
    ['3', 'RK_PATTERN_RISK', { baseBp: 201 }],
    ['3', 'RK_PATTERN_RISK', { baseBp: 50.5 }],
    ['4', 'RK_PREREQUISITE', { policy: policy({ prerequisites: 'strict' }), market: implied }],
    ['4', 'RK_PREREQUISITE', { policy: policy({ prerequisites: 'strict' }), market: quietMarket({ implied: null }) }],
    ['4', 'RK_PREREQUISITE', { policy: policy({ prerequisites: 'permissive' }), market: implied }],
    ['5', 'RK_STOP_SIDE', { candidate: planned({ stopPrice: 101.5 }) }],
    ['5', 'RK_STOP_TOO_WIDE', { candidate: candidate(springRecord(), 'SPRING', { bar: { time: 0, close: 108 } }) }],
    [
      '6',
      'RK_TARGET',
      { candidate: candidate(springRecord({ prices: { support: 100, resistance: 110, springLow: 98.8, atr: 2 } })) },
    ],
    ['6', 'RK_R_TOO_LOW', { candidate: candidate(springRecord({ prices: { support: 100, resistance: 110, springLow: 98.8, atr: 2, objectives: [112] } })) }], // prettier-ignore
    ['6', 'RK_R_UNREALISTIC', { candidate: candidate(springRecord({ prices: { support: 100, resistance: 110, springLow: 98.8, atr: 2, objectives: [180] } })) }], // prettier-ignore
    ['7', 'RK_OPPOSITE_OPEN', { snapshot: snapshot([exposure({ symbol: 'S', direction: 'SHORT' })]) }],
    ['7', 'RK_OPPOSITE_OPEN', { snapshot: snapshot([exposure({ symbol: 'S', direction: 'SHORT', kind: 'RESERVATION' })]) }],
    ['7', 'RK_NOT_SHORTABLE', { candidate: candidate(utadRecord()), instrument: shortable }],
    ['8', 'RK_MAX_POSITIONS', { snapshot: snapshot(positions(5)) }],
    ['8', 'RK_MAX_CAMPAIGNS', { limits: tightenLimits({ campaignsDaily: 1 }), snapshot: snapshot(positions(1)) }],
    ['9', 'RK_CAMPAIGN_CLOSED', { campaign: { campaignId: 'c', refusal: 'RK_CAMPAIGN_CLOSED', shareLeftMicros: 0 } }],
    ['9', 'RK_LPS_ONLY', { campaign: { campaignId: 'c', refusal: 'RK_LPS_ONLY', shareLeftMicros: 0 } }],
    ['9', 'RK_SHARE', { campaign: { campaignId: 'c', refusal: null, shareLeftMicros: 0 } }],
    ['10', 'RK_SIZE_MIN', { snapshot: snapshot([], { equityMicros: 500_000_000, cashMicros: 500_000_000 }) }],
    ['10', 'RK_CASH', { snapshot: snapshot([], { cashMicros: 1 }) }],
  ])('5.5 check %s %s refuses', (_check, code, changes) => {
    expect(codeOf(changes)).toBe(code);
  });

  test('5.5 the checks stand in their order: mending them one by one meets them one by one', () => {
    const mended: [string, Partial<SizeInput>][] = [
      ['RK_CONTEXT', { snapshot: snapshot([exposure({ symbol: 'S', direction: 'SHORT' }), ...positions(5)], { equityMicros: 0, halts: ['MEMORY'] }) }], // prettier-ignore
      [
        'RK_HALTED',
        { snapshot: snapshot([exposure({ symbol: 'S', direction: 'SHORT' }), ...positions(5)], { halts: ['MEMORY'] }) },
      ],
      ['RK_PATTERN_RISK', { snapshot: snapshot([exposure({ symbol: 'S', direction: 'SHORT' }), ...positions(5)]) }],
      ['RK_PREREQUISITE', { baseBp: 50 }],
      ['RK_STOP_SIDE', { market: quietMarket({ assetClass: 'STOCK' }) }],
      ['RK_R_TOO_LOW', { candidate: candidate(springRecord({ prices: { support: 100, resistance: 110, springLow: 98.8, atr: 2, objectives: [112] } })) }], // prettier-ignore
      ['RK_OPPOSITE_OPEN', { candidate: candidate() }],
      ['RK_MAX_POSITIONS', { snapshot: snapshot(positions(5)) }],
      ['RK_CAMPAIGN_CLOSED', { snapshot: snapshot([], { cashMicros: 1 }) }],
      ['RK_CASH', { campaign: { campaignId: 'c', refusal: null, shareLeftMicros: EQUITY } }],
    ];
    let input = sizeInput({
      baseBp: 0, policy: policy({ prerequisites: 'strict' }), market: implied, candidate: planned({ stopPrice: 120 }),
      campaign: { campaignId: 'c', refusal: 'RK_CAMPAIGN_CLOSED', shareLeftMicros: 0 },
    }); // prettier-ignore
    for (const [code, mend] of mended) {
      input = { ...input, ...mend };
      expect(assess(input).refusal?.code).toBe(code);
    }
    expect(assess({ ...input, snapshot: snapshot() }).refusal).toBeNull();
  });

  test('5.5 11 a final size that breaks a limit is an error of the program: each limit is asked again', () => {
    const input = sizeInput({ snapshot: snapshot([], { cashMicros: 1_000_000_000 }) });
    const measures = measuresFor(input);
    const size = {
      steps: 1,
      sizingPrice: 102,
      wantedMicros: 1,
      riskMicros: 1,
      notionalMicros: 1,
      marginMicros: 0,
      cashMicros: 1,
    };
    const breach = (changes: Partial<typeof size>): string | undefined => recheck(input, measures, { ...size, ...changes })?.code;
    expect(breach({})).toBeUndefined();
    expect(breach({ notionalMicros: 20_000_000_001 })).toBe('RK_ORDER_VALUE');
    expect(breach({ cashMicros: 1_000_000_001 })).toBe('RK_CASH');
    expect(breach({ riskMicros: 2_000_000_001 })).toBe('RK_SHARE');
    expect(breach({ riskMicros: 10_000_000_001 })).toBe('RK_HEAT');
    expect(() => breach({ riskMicros: NaN })).toThrow('micros');
  });
});

describe('5.5 4 prerequisites', () => {
  const permissive = policy({ prerequisites: 'permissive' });
  const input = { policy: permissive, market: implied, candidate: tightened };

  test('5.5 4 RK_PREREQUISITE permissive trades half the size with three quarters of the stop distance', () => {
    expect(assessed(sizeInput(input)).size.wantedMicros).toBe(250_000_000);
    expect(codeOf({ ...input, candidate: candidate() })).toBe('RK_PREREQUISITE');
    expect(codeOf({ ...input, market: quietMarket({ assetClass: 'STOCK' }), candidate: candidate() })).toBeNull();
  });

  test('5.5 4 RK_PREREQUISITE permissive: two a day, and nothing more into the campaign', () => {
    const used = (today: number, campaignIds: readonly string[]): string | null =>
      codeOf({ ...input, snapshot: snapshot([], { permissive: { today, campaignIds } }) });
    expect([used(1, ['other']), used(2, []), used(0, ['c'])]).toEqual([null, 'RK_PREREQUISITE', 'RK_PREREQUISITE']);
    const seen = { ...input, market: quietMarket({ assetClass: 'STOCK' }), candidate: candidate() };
    expect(codeOf({ ...seen, snapshot: snapshot([], { permissive: { today: 2, campaignIds: [] } }) })).toBeNull();
    expect(codeOf({ ...seen, snapshot: snapshot([], { permissive: { today: 0, campaignIds: ['c'] } }) })).toBe('RK_PREREQUISITE');
  });

  test('5.5 4 detector leaves an implied hypothesis to the phase machine', () => {
    expect(codeOf({ market: implied })).toBeNull();
    expect(codeOf({ policy: policy({ prerequisites: 'strict' }) })).toBeNull();
  });

  test('8.4 EXTERNAL has no prerequisites; its risk is judged as usual', () => {
    const outside = externalCandidate(
      { signature: 'x', side: 1, entry: null, stop: 97, targets: [] },
      { accountId: 'a', timeframe: '1d', tickSize: 0.01, bar: { time: 0, close: 101.5 }, at: 0 },
    );
    const strict = { policy: policy({ prerequisites: 'strict' }), market: implied, candidate: outside };
    expect(codeOf(strict)).toBeNull();
    expect(codeOf({ ...strict, snapshot: snapshot([], { halts: ['MEMORY'] }) })).toBe('RK_HALTED');
    expect(codeOf({ ...strict, snapshot: snapshot(positions(5)) })).toBe('RK_MAX_POSITIONS');
  });
});

describe('5.5 8 counts', () => {
  test('RK_MAX_POSITIONS a partly filled entry, position and reservation, is one', () => {
    const half = [exposure({ id: 'one' }), exposure({ id: 'one', kind: 'RESERVATION' })];
    expect(codeOf({ limits: tightenLimits({ openPositions: 2 }), snapshot: snapshot(half) })).toBeNull();
    expect(codeOf({ limits: tightenLimits({ openPositions: 1 }), snapshot: snapshot(half) })).toBe('RK_MAX_POSITIONS');
  });

  test('RK_MAX_POSITIONS per campaign', () => {
    const mine = [exposure({ id: '1', campaignId: 'c' }), exposure({ id: '2', campaignId: 'c' })];
    expect(codeOf({ limits: tightenLimits({ positionsPerCampaign: 3 }), snapshot: snapshot(mine) })).toBeNull();
    expect(codeOf({ limits: tightenLimits({ positionsPerCampaign: 2 }), snapshot: snapshot(mine) })).toBe('RK_MAX_POSITIONS');
  });

  test('RK_MAX_CAMPAIGNS intraday 3, daily 5, per bucket 3; adding to one is not a new one', () => {
    const limits = tightenLimits({ openPositions: 50 });
    const intraday = positions(3).map((row) => ({ ...row, intraday: true }));
    expect(codeOf({ limits, snapshot: snapshot(intraday) })).toBeNull();
    expect(codeOf({ limits, snapshot: snapshot(intraday), timeframe: '1h' })).toBe('RK_MAX_CAMPAIGNS');
    expect(codeOf({ limits, snapshot: snapshot(intraday.slice(1)), timeframe: '1h' })).toBeNull();
    expect(codeOf({ limits, snapshot: snapshot(positions(5)) })).toBe('RK_MAX_CAMPAIGNS');
    expect(codeOf({ limits, snapshot: snapshot(positions(4)) })).toBeNull();
    expect(codeOf({ limits, snapshot: snapshot([...positions(5), exposure({ id: 'm', campaignId: 'c' })]) })).toBeNull();
    const bucket = positions(3).map((row) => ({ ...row, buckets: ['UNKNOWN'] }));
    expect(codeOf({ limits, snapshot: snapshot(bucket) })).toBe('RK_MAX_CAMPAIGNS');
    expect(codeOf({ limits, snapshot: snapshot(bucket.slice(1)) })).toBeNull();
  });

  test('RK_OPPOSITE_OPEN concerns the symbol, not another one', () => {
    expect(codeOf({ snapshot: snapshot([exposure({ symbol: 'T', direction: 'SHORT' })]) })).toBeNull();
    expect(codeOf({ candidate: candidate(utadRecord()), snapshot: snapshot([exposure({ symbol: 'S' })]) })).toBe(
      'RK_OPPOSITE_OPEN',
    );
  });
});

describe('TR-10', () => {
  test('TR-10 RK_CONTEXT taking away any part of what the check reads is a refusal, never an acceptance', () => {
    const whole = sizeInput({ policy: policy({ prerequisites: 'strict', sizeByInvalidation: true }) });
    expect(assess(whole).refusal).toBeNull();
    const parts: readonly (keyof SizeInput)[] = [
      'candidate', 'market', 'instrument', 'snapshot', 'limits', 'campaign', 'policy', 'conversion', 'baseBp', 'maxSteps',
    ]; // prettier-ignore
    for (const part of parts) expect(assess({ ...whole, [part]: undefined }).refusal, part).not.toBeNull();
    const read: Partial<Record<keyof SizeInput, readonly string[]>> = {
      snapshot: Object.keys(whole.snapshot),
      limits: Object.keys(whole.limits),
      campaign: ['shareLeftMicros'],
      instrument: [
        'fx',
        'contractSize',
        'lotStepMicros',
        'minSteps',
        'maxSteps',
        'leverage',
        'halfSpread',
        'minNotionalMicros',
        'buckets',
      ],
      market: ['at', 'implied', 'barsSinceInvalidation'],
      policy: ['minFractionPercent'],
      conversion: ['kind'],
    };
    for (const [part, fields] of Object.entries(read)) {
      const given = whole[part as keyof SizeInput] as object;
      for (const field of fields)
        expect(assess({ ...whole, [part]: { ...given, [field]: undefined } }).refusal, `${part}.${field}`).not.toBeNull();
    }
  });

  test('TR-10 no refusal becomes an acceptance when a field is taken away', () => {
    const refused = [
      sizeInput({ snapshot: snapshot([], { halts: ['DRAWDOWN'] }) }),
      sizeInput({ snapshot: snapshot([], { staleMarks: ['S'] }) }),
      sizeInput({ snapshot: snapshot([exposure({ symbol: 'S', direction: 'SHORT' })]) }),
      sizeInput({ snapshot: snapshot(positions(5)) }),
      sizeInput({ campaign: { campaignId: 'c', refusal: null, shareLeftMicros: 0 } }),
      sizeInput({ policy: policy({ prerequisites: 'strict' }), market: implied }),
    ];
    for (const input of refused) {
      expect(assess(input).refusal).not.toBeNull();
      for (const part of ['snapshot', 'market', 'campaign', 'instrument'] as const)
        for (const field of Object.keys(input[part]))
          expect(assess({ ...input, [part]: { ...input[part], [field]: undefined } }).refusal, `${part}.${field}`).not.toBeNull();
    }
  });
});

test('3 every figure is kept: size, money, and each measure before, after and its limit', () => {
  const input = sizeInput({ snapshot: snapshot([exposure({ riskMicros: 1_000_000_000 })]) });
  const found = assessed(input);
  const figures = figuresOf(input, found);
  expect(figures).toMatchObject({
    steps: 96, unit: 'SHARES', leverage: 1, marginMicros: 0, equityMicros: EQUITY, volumeSource: 'ACTUAL', reward: 'ACCEPTABLE', wantedMicros: 500_000_000,
    riskMicros: found.size.riskMicros, notionalMicros: found.size.notionalMicros,
  }); // prettier-ignore
  expect(figures.riskRatio).toBeCloseTo(0.00498, 5);
  expect(figures.measures.map((row) => row.code)).toEqual([
    'RK_TRADE', 'RK_CAMPAIGN', 'RK_BUCKET', 'RK_ASSET_CLASS', 'RK_HEAT', 'RK_ORDER_VALUE',
  ]); // prettier-ignore
  expect(figures.measures.find((row) => row.code === 'RK_HEAT')).toEqual({
    code: 'RK_HEAT', of: null, beforeMicros: 1_000_000_000, afterMicros: 1_000_000_000 + found.size.riskMicros, limitMicros: 10_000_000_000,
  }); // prettier-ignore
  expect(JSON.stringify(figures).length).toBeLessThan(16_384);
});

test('RK-W a measure at its warn level after the trade warns with its figures, one micro below does not', () => {
  const free = assessed(sizeInput()).size.riskMicros;
  const warned = (before: number): string[] =>
    warnedMeasures(assessed(sizeInput({ snapshot: snapshot([exposure({ riskMicros: before })]) }))).map((row) => row.code);
  expect(warned(8_000_000_000 - free)).toContain('RK_WARN_HEAT');
  expect(warned(8_000_000_000 - free - 1)).toEqual([]);
});
