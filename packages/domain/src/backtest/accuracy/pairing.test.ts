/** Matching: one to one, nearest first, and the stream decides nothing. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { EventKind } from '../../wyckoff/event.ts';
import { Pairing, type PlacedDetection, type PlacedLabel, type Settled } from './pairing.ts';

const label = (labelId: string, bar: number, kind: EventKind = 'ST'): PlacedLabel => ({
  labelId, kind, bar, time: bar, verdict: 'CORRECT', hypothesis: 1, phase: 'B', structure: 1,
}); // prettier-ignore
const detection = (id: string, bar: number, kind: EventKind = 'ST'): PlacedDetection => ({
  id, kind, bar, time: bar, confirmBar: bar + 1, hypothesis: 1, phase: 'B', confidence: 80, tradeable: false, regime: null,
}); // prettier-ignore

function settle(
  labels: PlacedLabel[],
  detections: PlacedDetection[],
  how: { tolerance?: number; stream?: boolean } = {},
): Settled[] {
  const settled: Settled[] = [];
  const pairing = new Pairing({ tolerance: how.tolerance ?? 1, horizon: 8, onSettled: (s) => settled.push(s) });
  if (how.stream === true) {
    for (let bar = 0; bar <= 400; bar++) {
      for (const l of labels) if (l.bar === bar) pairing.label(l);
      for (const d of detections) if (d.confirmBar === bar) pairing.detection(d);
      pairing.passed(bar);
    }
  } else {
    labels.forEach((l) => pairing.label(l));
    detections.forEach((d) => pairing.detection(d));
  }
  pairing.finish();
  return settled;
}

const pairs = (settled: Settled[]): string[] =>
  settled.flatMap((s) => (s.what === 'pair' ? [`${s.label.labelId}-${s.detection.id}`] : [])).sort();

describe('matching (backtesting.md 13.2)', () => {
  it('ACC-1 a pair needs the same kind and at most the tolerance', () => {
    expect(pairs(settle([label('a', 10)], [detection('x', 11)]))).toEqual(['a-x']);
    expect(pairs(settle([label('a', 10)], [detection('x', 12)]))).toEqual([]);
    expect(pairs(settle([label('a', 10)], [detection('x', 12)], { tolerance: 3 }))).toEqual(['a-x']);
    expect(pairs(settle([label('a', 10)], [detection('x', 10, 'SC')]))).toEqual([]);
  });

  it('ACC-2 nearest first, each label and detection once; a tie goes to the earlier label, then the earlier detection', () => {
    expect(pairs(settle([label('a', 10), label('b', 12)], [detection('x', 11)], { tolerance: 2 }))).toEqual(['a-x']);
    expect(pairs(settle([label('a', 11)], [detection('x', 10), detection('y', 12)], { tolerance: 2 }))).toEqual(['a-x']);
    expect(pairs(settle([label('a', 10), label('b', 11)], [detection('x', 11), detection('y', 12)], { tolerance: 2 }))).toEqual([
      'a-y',
      'b-x',
    ]);
  });

  it('ACC-3 a missed label names the kind that was found in its place', () => {
    const missed = settle([label('a', 10)], [detection('x', 10, 'SHAKEOUT')]).find((s) => s.what === 'label');
    expect(missed).toMatchObject({ mistakenFor: 'SHAKEOUT' });
  });

  const bars = fc.array(fc.integer({ min: 0, max: 300 }), { maxLength: 40 });
  const kinds = fc.constantFrom<EventKind>('ST', 'SC', 'SPRING');

  it('BT-15 settling group by group in the stream gives what settling everything at once gives, in any order of rows', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 0, max: 300 }), kinds), { maxLength: 40 }),
        fc.array(fc.tuple(fc.integer({ min: 0, max: 300 }), kinds), { maxLength: 40 }),
        (ls, ds) => {
          const labels = ls.map(([bar, kind], i) => label(`l${String(i).padStart(2, '0')}`, bar, kind));
          const detections = ds.map(([bar, kind], i) => detection(`d${String(i).padStart(2, '0')}`, bar, kind));
          const whole = pairs(settle(labels, detections, { tolerance: 3 }));
          expect(pairs(settle(labels, detections, { tolerance: 3, stream: true }))).toEqual(whole);
          expect(pairs(settle([...labels].reverse(), [...detections].reverse(), { tolerance: 3 }))).toEqual(whole);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('BT-15 every label and every detection is settled exactly once', () => {
    fc.assert(
      fc.property(bars, bars, (ls, ds) => {
        const settled = settle(
          ls.map((bar, i) => label(`l${i}`, bar)),
          ds.map((bar, i) => detection(`d${i}`, bar)),
          { stream: true },
        );
        const count = (what: Settled['what']): number => settled.filter((s) => s.what === what).length;
        expect(count('pair') + count('label')).toBe(ls.length);
        expect(count('pair') + count('detection')).toBe(ds.length);
      }),
      { numRuns: 60 },
    );
  });
});
