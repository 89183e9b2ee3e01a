import { expect, test } from 'vitest';
import { externalCandidate } from './external.ts';
import type { ExternalContext, ExternalOrder } from './external.ts';

const ORDER: ExternalOrder = { signature: 'abc', side: 1, entry: null, stop: 97, targets: [113] };
const CONTEXT: ExternalContext = { accountId: 'a', timeframe: '1d', tickSize: 0.01, bar: { time: 0, close: 101.5 }, at: 1_000 };

const plan = (
  order: Partial<ExternalOrder> = {},
  context: Partial<ExternalContext> = {},
): ReturnType<typeof externalCandidate>['plan'] => externalCandidate({ ...ORDER, ...order }, { ...CONTEXT, ...context }).plan;

test('5.2 EXTERNAL enters at market, or as sent: short of the price a LIMIT, beyond it a STOP', () => {
  expect(plan()).toMatchObject({ entryType: 'MARKET', entryPrice: 101.5, stopPrice: 97, validBars: 1, refusal: null });
  expect(plan({ entry: 100.504 })).toMatchObject({ entryType: 'LIMIT', entryPrice: 100.5, validBars: 10 });
  expect(plan({ entry: 102 })).toMatchObject({ entryType: 'STOP', entryPrice: 102, validBars: 5 });
  expect(plan({ entry: 101.5 }).entryType).toBe('MARKET');
  expect(plan({ side: -1, entry: 102, stop: 106, targets: [88] })).toMatchObject({ entryType: 'LIMIT', refusal: null });
  expect(plan({ side: -1, entry: 101, stop: 106, targets: [85] })).toMatchObject({ entryType: 'STOP', refusal: null });
});

test('5.3 EXTERNAL sends one to three targets; none is one rung at 3 R', () => {
  expect(plan({ targets: [] }).targets).toEqual([115, 115, 115]);
  expect(plan({ side: -1, stop: 106, targets: [] }).targets).toEqual([88, 88, 88]);
  expect(plan({ targets: [120, 113] }).targets).toEqual([113, 120, 120]);
  expect(plan({ targets: [100] }).refusal?.code).toBe('RK_TARGET');
});

test('5.4 EXTERNAL is judged at its first target, from 2.5 to 12', () => {
  expect(plan({ targets: [112.75] }).refusal).toBeNull();
  expect(plan({ targets: [112.74] }).refusal?.code).toBe('RK_R_TOO_LOW');
  expect(plan({ targets: [155.5] }).refusal).toBeNull();
  expect(plan({ targets: [155.6] }).refusal?.code).toBe('RK_R_UNREALISTIC');
  expect(plan({ targets: [112.75, 400] }).rMultiple).toBe(2.5);
});

test('5.2 EXTERNAL stops are placed like all others', () => {
  expect(plan({ stop: 101.4, targets: [] }).stopPrice).toBe(100.48);
  expect(plan({ stop: 90 }).refusal?.code).toBe('RK_STOP_TOO_WIDE');
  expect(plan({ stop: 102 }).refusal?.code).toBe('RK_STOP_SIDE');
  expect(plan({ stop: NaN }).refusal?.code).toBe('RK_CONTEXT');
  expect(plan({ stop: 101.4, targets: [] }, { timeframe: '1h' }).stopPrice).toBe(100.78);
});

test('4.1 EXTERNAL is identified by account and signature, and says nothing a detector would', () => {
  const one = externalCandidate(ORDER, CONTEXT);
  expect(one.signalId).toBe(externalCandidate({ ...ORDER, stop: 96 }, { ...CONTEXT, at: 5 }).signalId);
  expect(one.signalId).not.toBe(externalCandidate({ ...ORDER, signature: 'abd' }, CONTEXT).signalId);
  expect(one.signalId).not.toBe(externalCandidate(ORDER, { ...CONTEXT, accountId: 'b' }).signalId);
  expect(one).toMatchObject({ pattern: 'EXTERNAL', leg: 'F', direction: 'LONG', side: 1 });
  expect(one.event).toMatchObject({ kind: 'EXTERNAL', confidence: null, phase: null, volRatio: null });
});
