import { expect, test } from 'vitest';
import type { DetectionEvent } from '../wyckoff/event.ts';
import { springRecord } from './fixture.ts';
import { patternOf } from './pattern.ts';

const never = (): boolean => false;
const always = (): boolean => true;

test.each<[string, Partial<DetectionEvent>, string | null]>([
  ['the first TEST of a SPRING', {}, 'SPRING'],
  ['the first TEST of a UTAD', { refId: '1:D:UTAD:55', hypothesis: -1 }, 'UTAD'],
  ['a TEST of a SHAKEOUT', { refId: '1:A:SHAKEOUT:55' }, 'TEST'],
  ['a SPRING itself', { kind: 'SPRING' }, null],
  ['a SOS at its own bar', { kind: 'SOS' }, null],
  ['a SOS direct', { kind: 'SOS', status: 'direct' }, 'SOS'],
  ['a SOW direct', { kind: 'SOW', status: 'direct' }, 'SOW'],
  ['an LPS', { kind: 'LPS' }, 'LPS'],
  ['an LPSY', { kind: 'LPSY' }, 'LPSY'],
  ['a failed TEST', { status: 'failed' }, null],
  ['a climax', { kind: 'SC' }, null],
])('4.1 %s', (_name, event, pattern) => {
  expect(patternOf(springRecord(event), never)).toBe(pattern);
});

test('4.1 later TESTs of one Spring are TESTs', () => {
  expect(patternOf(springRecord(), always)).toBe('TEST');
});

test('4.1 without the requirement of a test the Spring itself trades', () => {
  expect(patternOf(springRecord({ kind: 'SPRING' }), never, false)).toBe('SPRING');
});
