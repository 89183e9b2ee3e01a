import { expect, test } from 'vitest';
import { flat, springTest } from '../engine/kit/scripted-market.ts';
import type { DetectionEvent } from '../wyckoff/event.ts';
import type { Campaign } from './campaign.ts';
import { invalidationOf } from './invalidation.ts';
import type { Verdict } from './invalidation.ts';

const CAMPAIGN: Campaign = {
  id: 'c', direction: 'LONG', rangeId: 1, rangeStart: 0, budgetMicros: 1, state: 'MARKUP', used: { F: 0, S: 0, L: 1 }, extreme: null, parents: [],
  objective: 118, objectiveTraded: false, protectingEdge: 100, hasFilled: true, rangeEnded: false, quietBars: 0,
}; // prettier-ignore

const brk = (changes: Partial<DetectionEvent>): DetectionEvent =>
  springTest(9, { id: '1:A:SOS:9', kind: 'SOS', status: 'failed', ...changes });

function verdict(state: Campaign['state'], event: DetectionEvent, holdsFirstLeg: boolean): Verdict | null {
  return invalidationOf({ ...CAMPAIGN, state }, flat(10, 108), { events: [event], transitions: [], holdsFirstLeg });
}

test('6.4 a failed break closes second and third legs; the first stays while its own rule holds', () => {
  expect(verdict('MARKUP', brk({}), true)).toEqual({ legs: ['S', 'L'], ends: null });
  expect(verdict('ACTIVE', brk({}), false)).toEqual({ legs: ['S', 'L'], ends: null });
});

test('6.1 MARKUP ends INVALIDATED when its break fails and no first leg is open', () => {
  expect(verdict('MARKUP', brk({}), false)).toEqual({ legs: ['F', 'S', 'L'], ends: 'INVALIDATED' });
});

test('6.4 a confirmed break, one of another range, or the opposite one changes nothing', () => {
  expect(verdict('MARKUP', brk({ status: 'confirmed' }), false)).toBeNull();
  expect(verdict('MARKUP', brk({ rangeId: 2 }), false)).toBeNull();
  expect(verdict('MARKUP', brk({ kind: 'SOW' }), false)).toBeNull();
});
