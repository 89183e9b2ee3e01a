import { expect, test } from 'vitest';
import { flat, lps, springTest } from '../engine/kit/scripted-market.ts';
import { candidateOf } from '../setup/candidate.ts';
import type { DetectionEvent } from '../wyckoff/event.ts';
import type { PhaseTransition } from '../wyckoff/view.ts';
import { CampaignBook } from './campaign-book.ts';
import type { Campaign } from './campaign.ts';
import { invalidationOf } from './invalidation.ts';
import type { Verdict } from './invalidation.ts';

const context = { accountId: 'a', symbol: 'S', timeframe: '1d', tickSize: 0.01, bar: { time: 0, close: 101.5 } } as const;
const book = new CampaignBook({ accountId: 'a', symbol: 'S', timeframe: '1d', campaignBp: () => 500 });
const range = { rangeId: 1, rangeStart: 0 };
const joined = book.join(candidateOf(lps(9, {}), 'LPS', context), range, { equity: 1_000_000_000, riskMicros: 1 });
/** Support 100, resistance 110 by the kit's records. */
const CAMPAIGN: Campaign = {
  ...joined,
  state: 'MARKUP',
  hasFilled: true,
  protectingEdge: 100,
  breakingEdge: 107,
  objective: 118,
};

const ALL = ['F', 'S', 'L'];
const brk = (changes: Partial<DetectionEvent>): DetectionEvent =>
  springTest(9, { id: '1:A:SOS:9', kind: 'SOS', status: 'failed', ...changes });
const step = (changes: Partial<PhaseTransition>): PhaseTransition => ({
  seq: 1, hypothesis: 1, rangeId: 1, bar: 10, time: 0, from: 'E', to: null, cause: 'RANGE_ENDED', ...changes,
}); // prettier-ignore

interface Case {
  readonly campaign?: Partial<Campaign>;
  readonly close?: number;
  readonly events?: readonly DetectionEvent[];
  readonly transitions?: readonly PhaseTransition[];
  readonly holdsFirstLeg?: boolean;
}

function verdict({ campaign = {}, close = 108, events = [], transitions = [], holdsFirstLeg = false }: Case): Verdict | null {
  return invalidationOf({ ...CAMPAIGN, ...campaign }, flat(10, close), { events, transitions, holdsFirstLeg });
}

test('6.4 a failed break closes second and third legs; the first stays while its own rule holds', () => {
  expect(verdict({ events: [brk({})], holdsFirstLeg: true })).toEqual({ legs: ['S', 'L'], ends: null, reason: 'BREAK_FAILED' });
  expect(verdict({ campaign: { state: 'ACTIVE' }, events: [brk({})] })).toEqual({
    legs: ['S', 'L'],
    ends: null,
    reason: 'BREAK_FAILED',
  });
});

test('6.1 MARKUP ends INVALIDATED when its break fails and no first leg is open', () => {
  expect(verdict({ events: [brk({})] })).toEqual({ legs: ALL, ends: 'INVALIDATED', reason: 'BREAK_FAILED' });
});

test('6.4 a confirmed break, one of another range, or the opposite one changes nothing', () => {
  expect(verdict({ events: [brk({ status: 'confirmed' })] })).toBeNull();
  expect(verdict({ events: [brk({ rangeId: 2 })] })).toBeNull();
  expect(verdict({ events: [brk({ kind: 'SOW' })] })).toBeNull();
});

test("6.4 a close beyond the first leg's extreme, or the failure of the Spring that was entered, ends the whole campaign", () => {
  const extreme = { extreme: 97 };
  expect(verdict({ campaign: extreme, close: 96.99 })).toEqual({ legs: ALL, ends: 'INVALIDATED', reason: 'EXTREME_BROKEN' });
  expect(verdict({ campaign: extreme, close: 97 })).toBeNull();
  const failed = brk({ kind: 'SPRING', id: '1:A:SPRING:5' });
  expect(verdict({ campaign: { parents: ['1:A:SPRING:5'] }, events: [failed] })?.reason).toBe('SOURCE_FAILED');
  expect(verdict({ campaign: { parents: ['1:A:SPRING:4'] }, events: [failed] })).toBeNull();
});

test('6.4 after the first objective traded, a close back beyond the protecting edge ends the whole campaign', () => {
  expect(verdict({ campaign: { objectiveTraded: true }, close: 99.99 })).toMatchObject({
    legs: ALL,
    ends: 'INVALIDATED',
    reason: 'EDGE_LOST',
  });
  expect(verdict({ campaign: { objectiveTraded: false }, close: 99.99 })).toBeNull();
});

test('6.4 a trend end or an opposite climax: INVALIDATED before phase E, COMPLETED in it', () => {
  const turned = [brk({ kind: 'AR', status: 'confirmed', hypothesis: -1, rangeId: 2 })];
  expect(verdict({ transitions: [step({ from: 'D' })], close: 104 })).toMatchObject({
    ends: 'INVALIDATED',
    reason: 'TREND_ENDED',
  });
  expect(verdict({ transitions: [step({ from: 'E' })], close: 104 })).toMatchObject({ ends: 'COMPLETED', reason: 'TREND_ENDED' });
  expect(verdict({ transitions: [step({ from: 'E' })], close: 120, events: turned })).toMatchObject({
    legs: ALL,
    ends: 'COMPLETED',
    reason: 'OPPOSITE_CLIMAX',
  });
});

test('6.4 a range that merely completes, is replaced or ages out closes nothing', () => {
  expect(verdict({ transitions: [step({ from: 'E' })], close: 120 })).toBeNull();
  expect(verdict({ transitions: [step({ from: 'B' })], close: 104 })).toBeNull();
  expect(verdict({ transitions: [step({ rangeId: 2 })], close: 104 })).toBeNull();
  expect(verdict({ transitions: [step({ hypothesis: -1 })], close: 104 })).toBeNull();
});

test('6.2 an entry from outside has no range that could fail', () => {
  expect(verdict({ campaign: { isExternal: true, extreme: 97, objectiveTraded: true }, close: 50 })).toBeNull();
});
