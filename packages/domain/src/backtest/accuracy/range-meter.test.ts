/** Ranges and phases against their labels. */
import { describe, expect, it } from 'vitest';
import type { PhaseTransition, RangeView } from '../../wyckoff/view.ts';
import { PhaseMeter } from './phase-meter.ts';
import { RangeMeter } from './range-meter.ts';

const view = (state: RangeView['state'], startBar: number, edges: readonly [number, number], rangeId = 1): RangeView =>
  ({ rangeId, state, startBar, support: { edge: edges[0] }, resistance: { edge: edges[1] } }) as RangeView;

function found(meter: RangeMeter, range: RangeView, to: number): void {
  for (let bar = range.startBar; bar <= to; bar++) meter.next(bar, range);
  meter.next(to + 1, { ...range, state: 'BROKEN_UP' });
  meter.next(to + 50, null);
}

const labelled = [{ fromBar: 100, toBar: 199, support: 100, resistance: 120 }];
const spans = [[90, 240]] as const;

describe('range precision (backtesting.md 13.3)', () => {
  it.each([
    ['the same bars and edges', view('ACTIVE', 100, [100, 120]), 199, { tp: 1, fp: 0, fn: 0 }],
    ['half the bars', view('ACTIVE', 150, [100, 120]), 199, { tp: 1, fp: 0, fn: 0 }],
    ['less than half', view('ACTIVE', 151, [100, 120]), 199, { tp: 0, fp: 1, fn: 1 }],
    ['an edge a quarter of the width away', view('ACTIVE', 100, [95, 125]), 199, { tp: 1, fp: 0, fn: 0 }],
    ['an edge further away', view('ACTIVE', 100, [94, 120]), 199, { tp: 0, fp: 1, fn: 1 }],
    ['outside every structure', view('ACTIVE', 300, [100, 120]), 399, { tp: 0, fp: 0, fn: 1, unscored: 1 }],
    ['never active', view('FORMING', 100, [100, 120]), 199, { tp: 0, fp: 0, fn: 1 }],
  ])('RNG-1 %s', (_, range, to, expected) => {
    const meter = new RangeMeter();
    found(meter, range, to);
    meter.finishSeries(labelled, spans);
    expect(meter.metrics()).toMatchObject(expected);
  });

  it('RNG-2 a range found twice counts once', () => {
    const meter = new RangeMeter();
    found(meter, view('ACTIVE', 100, [100, 120], 1), 160);
    found(meter, view('ACTIVE', 120, [100, 120], 2), 199);
    meter.finishSeries(labelled, spans);
    expect(meter.metrics()).toMatchObject({ tp: 1, fp: 1, fn: 0, precision: 0.5, recall: 1 });
  });
});

describe('phase accuracy (backtesting.md 13.3)', () => {
  const step = (seq: number, bar: number, to: PhaseTransition['to']): PhaseTransition => ({
    seq,
    hypothesis: 1,
    rangeId: 1,
    bar,
    time: bar,
    from: null,
    to,
    cause: 'AR',
  });

  it('PHA-1 a phase counts from the event that opened it, and apart from that as it was known at the bar', () => {
    const meter = new PhaseMeter();
    const steps = [step(1, 18, 'A'), step(2, 32, 'B')];
    const climax = { hypothesis: 1, status: 'confirmed', kind: 'SC', eventBar: 10 } as never;
    const test = { hypothesis: 1, status: 'confirmed', kind: 'ST', eventBar: 30 } as never;
    meter.next(() => [steps[0]], [climax]);
    meter.next((since) => steps.filter((s) => s.seq > since), [test]);
    meter.judge({ hypothesis: 1, phase: 'A', fromBar: 10, toBar: 29 });
    meter.judge({ hypothesis: 1, phase: 'B', fromBar: 30, toBar: 39 });
    expect(meter.share('A')).toEqual({ bars: 20, right: 20, rightLive: 12 });
    expect(meter.share('B')).toEqual({ bars: 10, right: 10, rightLive: 8 });
    meter.judge({ hypothesis: -1, phase: 'B', fromBar: 30, toBar: 39 });
    expect(meter.share()).toEqual({ bars: 40, right: 30, rightLive: 20 });
  });
});
