/** The desk says what it sees in the trader's words, equally for both readings. */
import type { DetectionEventWire, RangeWire, SignalWire } from '@wyckoff/contracts';
import { describe, expect, it } from 'vitest';
import { GLOSSARY } from '../shell/glossary.ts';
import { EVENT_NAMES, describeStructure, factWords, orderReason, reasonWords, refusalSentence } from './words.ts';

const range = (hypothesis: 1 | -1, phase: 'B' | 'C' | 'D' | null): RangeWire =>
  ({
    rangeId: 1,
    endTime: null,
    state: 'ACTIVE',
    support: 91.1,
    resistance: 103.9,
    objectives: [],
    hypotheses:
      phase === null ? [] : [{ hypothesis, phase, leading: true, phaseConfidence: 82, phases: [{ phase, from: 5, to: null }] }],
  }) as unknown as RangeWire;
const event = (part: Partial<DetectionEventWire>): DetectionEventWire =>
  ({ rangeId: 1, status: 'confirmed', volRatio: 1.9, price: 104.2, ...part }) as DetectionEventWire;

const date = (time: number): string => `day ${String(time)}`;

describe('web 4.2 structure in words', () => {
  it('names phase, cause with its volume, and what decides next', () => {
    const words = describeStructure({
      range: range(1, 'D'),
      events: [event({ kind: 'SOS', hypothesis: 1 })],
      cause: null,
      decimals: 2,
      date,
    });
    expect(words).toMatchObject({ name: 'Accumulation', phase: 'D', why: 'Sign of strength at 104.20 on 1.90 of mean volume.' });
    expect(words.next).toContain('creek 103.90');
  });

  it('is the mirror for a distribution', () => {
    const words = describeStructure({
      range: range(-1, 'B'),
      events: [event({ kind: 'AR', hypothesis: -1 })],
      cause: null,
      decimals: 2,
      date,
    });
    expect(words).toMatchObject({ name: 'Distribution', why: 'Automatic reaction at 104.20 on 1.90 of mean volume.' });
    expect(words.next).toBe('An upthrust over resistance 103.90 opens phase C; a weak close under ice 91.10 goes straight to D.');
  });

  it('an ended range is the last one, not the present one', () => {
    const ended = describeStructure({
      range: { ...range(-1, 'D'), endTime: 9, state: 'BROKEN_DOWN' },
      events: [],
      cause: null,
      decimals: 2,
      date,
    });
    expect(ended).toMatchObject({
      name: 'No range at work',
      phase: null,
      why: 'The last one, distribution 91.10 to 103.90, ended on day 9: broken down.',
    });
  });

  it('says so when nothing is known yet', () => {
    expect(describeStructure({ range: range(1, null), events: [], cause: null, decimals: 2, date })).toMatchObject({
      name: 'Trading range',
      phase: null,
      next: '',
    });
  });

  it('a refused signal gives its sentence, else the failed step of its chain', () => {
    const signal = (part: object): SignalWire => ({ rejectText: null, chain: [], ...part }) as unknown as SignalWire;
    expect(refusalSentence(signal({ rejectText: 'Sector 6.4 % over 6 %.' }))).toBe('Sector 6.4 % over 6 %.');
    expect(refusalSentence(signal({ chain: [{ result: 'FAIL', sentence: 'volume 2.31, needs below 0.70' }] }))).toBe(
      'volume 2.31, needs below 0.70',
    );
    expect(reasonWords(['AWAIT_TEST', 'CONFIDENCE'])).toBe('waits for its test, confidence too low');
  });

  it('a refusal is said in words, without the codes of the engine', () => {
    const said = (rejectText: string): string => refusalSentence({ rejectText, chain: [] } as unknown as SignalWire) ?? '';
    expect(said('The phase does not allow this pattern (IN_RANGE).')).toBe(
      'The phase does not allow this pattern: a last point inside the range is never traded.',
    );
    expect(said('The entry ended: VALIDITY.')).toBe('The entry was not filled in time.');
    for (const code of ['WRONG_PHASE', 'PREMATURE', 'AWAIT_TEST', 'AWAIT_LPS', 'HTF_CONFLICT', 'SOMETHING_NEW'])
      expect(said(`The phase does not allow this pattern (${code}).`)).toMatch(/^[A-Z][^A-Z_()]+\.$/);
    // A broker's own words and figures stay as they are.
    expect(said('Margin (USD 4.20) too low.')).toBe('Margin (USD 4.20) too low.');
  });

  it('phase C does not speak of a spring: a shakeout or a last point of support may have opened it', () => {
    const next = (hypothesis: 1 | -1): string =>
      describeStructure({ range: range(hypothesis, 'C'), events: [], cause: null, decimals: 2, date }).next;
    expect(next(1)).toBe('A strong close over creek 103.90 confirms; a close under the low of phase C ends it.');
    expect(next(-1)).toBe('A weak close under ice 91.10 confirms; a close over the high of phase C ends it.');
  });

  it('every label of the chart has its sentence in the help', () => {
    const words = new Set(GLOSSARY.flatMap(({ word }) => word.toUpperCase().split(', ')));
    expect(Object.keys(EVENT_NAMES).filter((kind) => !words.has(kind))).toEqual([]);
    expect(words.has('XYZ')).toBe(false);
  });

  it('an order says in words why it ended, a broker in its own', () => {
    expect(orderReason({ reason: null })).toBe('–');
    expect(orderReason({ reason: 'OCO' })).toBe('the other exit filled');
    expect(orderReason({ reason: 'END_OF_DATA' })).toBe('end of data');
    expect(orderReason({ reason: 'Insufficient margin.' })).toBe('Insufficient margin.');
  });

  it('every fact is one line', () => {
    expect(
      factWords({ seq: 1, at: 1, type: 'risk.limit', data: { rule: 'RK_HEAT', state: 'WARNING', value: 0.081, limit: 0.1 } }, 2),
    ).toBe('rk heat warning: 8.10\u00a0% of 10.00\u00a0%');
  });
});
