/** trading.md end of 3: a refused signal keeps what it was judged by, as far as it came. */
import { expect, test } from 'vitest';
import { tightenLimits } from '../risk/limits.ts';
import type { Signal } from '../setup/signal.ts';
import { account } from './kit/account-rig.ts';
import type { Account, Said } from './kit/account-rig.ts';
import { flat, springTest } from './kit/scripted-market.ts';

const rejected = (one: Account): Signal[] => one.of('signal.created').filter(({ status }) => status === 'REJECTED');
const steps = ({ chain }: Signal) =>
  chain.map(({ stage, code, measured, limit }) => [stage, code, measured, limit].map((word) => (typeof word === 'number' ? Math.round(word * 100) / 100 : word))); // prettier-ignore
const measure = ({ figures }: Signal, code: string) => figures?.measures.find((row) => row.code === code);

test('3 the stages that passed say what they measured and against what; one that failed before the limits were asked has no figures of them', () => {
  const one = account({ 'AAA A': { 60: [springTest(60, { reasons: ['LEVEL_STRENGTH'], levelStrength: 55 })] } });
  const [signal] = rejected(one);
  expect(steps(signal)).toEqual([
    ['VOLUME', 'PASS', 0.4, null],
    ['PHASE', 'PASS', 95, 70],
    ['LEVELS', 'LV_STRENGTH', 55, 60],
  ]);
  expect(signal.figures).toBeNull();
});

test('3 refused by strategy: size, money and every measure of 5.1 as they would have been are kept', () => {
  const one = account({ 'AAA A': { 60: [springTest(60, { reasons: ['SESSION'] })] } });
  const [signal] = rejected(one);
  expect(signal.rejectCode).toBe('ST_SESSION_VETO');
  expect(signal.chain.map(({ stage, result }) => `${stage} ${result}`)).toEqual(['VOLUME PASS', 'PHASE PASS', 'LEVELS WARN', 'RISK PASS', 'STRATEGY FAIL']); // prettier-ignore
  const { figures } = signal;
  expect(figures?.steps).toBeGreaterThan(0);
  expect(signal.chain[3].measured).toBe(figures?.riskMicros);
  expect(signal.chain[3].limit).toBe(2_000_000_000);
  expect(measure(signal, 'RK_TRADE')).toEqual({ code: 'RK_TRADE', of: null, beforeMicros: 0, afterMicros: figures?.riskMicros, limitMicros: 2_000_000_000 }); // prettier-ignore
  // Nothing was ordered.
  expect([signal.qtyMicros, signal.riskMicros]).toEqual([0, 0]);
});

test('3 refused by a limit that leaves nothing: every limit as it stood, what was wanted, and no steps; so too when it was lost to a signal of the same instant', () => {
  const ONE: Said = { 60: [springTest(60)] };
  const series = Object.fromEntries(['AAA', 'BBB', 'CCC', 'DDD', 'EEE'].map((symbol) => [`${symbol} TECH`, ONE]));
  const limits = tightenLimits({ bucketBp: 200, campaignBp: 300 });
  const patternRisk = { SPRING: 200, UTAD: 200, TEST: 200, SOS: 80, SOW: 80, LPS: 70, LPSY: 70, EXTERNAL: 50 };
  const one = account({ ...series, 'FFF TECH': { 61: [springTest(61)] } }, { limits, patternRisk });
  one.run([flat(61, 101.6)]);
  const [sameInstant] = rejected(one);
  const later = rejected(one).at(-1) ?? sameInstant;
  for (const signal of rejected(one)) {
    expect(signal.rejectCode).toBe('RK_BUCKET');
    const bucket = measure(signal, 'RK_BUCKET');
    expect(bucket).toMatchObject({ of: 'TECH', limitMicros: expect.any(Number) as number });
    expect(bucket?.afterMicros).toBe(bucket?.beforeMicros);
    expect(bucket?.beforeMicros).toBeGreaterThan(0.9 * (bucket?.limitMicros ?? Infinity));
    expect(signal.figures).toMatchObject({ steps: 0, riskMicros: 0, notionalMicros: 0 });
    expect(signal.figures?.wantedMicros).toBeGreaterThan(0);
    expect(signal.figures?.equityMicros).toBeGreaterThan(0);
  }
  // The one of the same instant had passed the chain; the later one failed in it.
  expect([sameInstant.chain.at(-1)?.stage, later.chain.at(-1)?.stage]).toEqual(['STRATEGY', 'RISK']);
});

test('3 refused by a count before the size was asked: the count and its limit stand in the chain', () => {
  const one = account({ 'AAA A': { 60: [springTest(60)] }, 'BBB B': { 61: [springTest(61)] } }, { limits: tightenLimits({ openPositions: 1 }) }); // prettier-ignore
  one.run([flat(61, 101.6)]);
  const [signal] = rejected(one);
  expect([signal.chain.at(-1), signal.figures]).toEqual([expect.objectContaining({ code: 'RK_MAX_POSITIONS', measured: 1, limit: 1 }), null]); // prettier-ignore
});
