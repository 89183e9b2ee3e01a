import type { SignalWire } from '@wyckoff/contracts';
import { describe, expect, it } from 'vitest';
import { marginOf, notAsked, unitOfStep } from './chain-words.ts';

type Step = SignalWire['chain'][number];
const step = (stage: Step['stage'], code: string, figures: Partial<Step> = {}): Step => ({ stage, code, result: 'PASS', measured: null, limit: null, sentence: '', ...figures }); // prettier-ignore

describe('web 12.3 the chain of a signal in words', () => {
  it('web 12.3 money, counts, R, shares and prices are told apart by their rule', () => {
    const units = (['RK_HEAT', 'RK_WARN_HEAT', 'PASS', 'RK_MAX_POSITIONS', 'RK_R_TOO_LOW', 'RK_STOP_TOO_WIDE', 'RK_TARGET'] as const).map((code) => unitOfStep(step('RISK', code))); // prettier-ignore
    expect(units).toEqual(['money', 'money', 'money', 'count', 'r', 'percent', 'price']);
    expect([unitOfStep(step('VOLUME', 'VOL_RULE')), unitOfStep(step('PHASE', 'PASS')), unitOfStep(step('LEVELS', 'LV_STRENGTH')), unitOfStep(step('STRATEGY', 'PASS'))]).toEqual(['ratio', 'count', 'count', 'count']); // prettier-ignore
  });

  it('web 12.3 a margin needs both figures; stages behind a failure were not asked', () => {
    expect(marginOf(step('PHASE', 'PASS', { measured: 95, limit: 70 }))).toBe(25);
    expect(marginOf(step('LEVELS', 'LV_STRENGTH', { measured: 55, limit: 60 }))).toBe(5);
    expect(marginOf(step('VOLUME', 'PASS', { measured: 0.4 }))).toBeNull();
    expect(notAsked([step('VOLUME', 'PASS'), step('PHASE', 'PH_MISSING')])).toEqual(['LEVELS', 'RISK', 'STRATEGY']);
  });
});
