/** Rules that no golden case shows, each at work on a fixture. */
import { describe, expect, test } from 'vitest';
import { noiseColumns } from '../backtest/noise.ts';
import type { Bar } from '../bar/bar.ts';
import { BarCursor } from '../bar/columns.ts';
import type { BarContext } from './context.ts';
import { confidenceOf, depthPoints, effortPoints, points, POINTS, tierOf } from './confidence.ts';
import { createDetector, type Detector } from './detector.ts';
import { kindCode, type DetectionEvent, type ReasonCode } from './event.ts';
import { f0, fa, fc, fd, fh, fi, Fixture, fs, presetSpring, young, type Row } from './fixture.ts';
import type { Parameters } from './parameters.ts';
import { springSeries } from './spring-series.ts';
import type { TracedCondition } from './trace.ts';

const IDLE: Row = [105, 106, 104, 105, 1000];
const SPRING: Row = [101, 101.6, 98.6, 100.8, 450];
const SOS: Row = [109.6, 112.6, 109.4, 112.2, 2200];

function feed(fixture: Fixture, rows: readonly Row[], ctx?: BarContext): DetectionEvent[] {
  return rows.flatMap((row) => [...fixture.detector.onBar(fixture.row(row), ctx)]);
}

function said(records: readonly DetectionEvent[]): string[] {
  return records.map((r) => `${r.kind}${r.status === 'confirmed' ? '' : ` ${r.status}`} ${r.eventBar}`);
}

function phases(fixture: Fixture) {
  return fixture.detector.view().range?.hypotheses.map((h) => h.phase);
}

function times(row: Row, n: number): Row[] {
  return Array.from({ length: n }, () => row);
}

/** A calm wave between 100 and 110, about seven ATR wide: the detector after it, and the states it went through. */
function wave(params: Partial<Parameters> = {}): { readonly detector: Detector; readonly states: string } {
  const detector = createDetector({ symbol: 'WAVE', assetClass: 'STOCK', timeZone: 'UTC' }, '1d', { pack: 'strict', params });
  let states = '';
  for (let i = 0; i < 140; i++) {
    const close = 105 + 5 * Math.sin((2 * Math.PI * i) / 24);
    const before = 105 + 5 * Math.sin((2 * Math.PI * (i - 1)) / 24);
    const bar: Bar = {
      time: i * 86_400_000,
      open: before,
      high: Math.max(before, close) + 0.3,
      low: Math.min(before, close) - 0.3,
      close,
      volume: 1000,
    };
    detector.onBar(bar);
    states += `${detector.view().state} `;
  }
  return { detector, states };
}

describe('ranges', () => {
  test('RNG-2 two levels touched twice each become a range, implied for both sides', () => {
    const { detector, states } = wave();
    expect(states).toMatch(/NONE (FORMING )*ACTIVE/);
    const { range } = detector.view();
    expect(range?.route).toBe('structural');
    expect(range?.support.edge).toBeCloseTo(99.7, 1);
    expect(range?.resistance.edge).toBeCloseTo(110.3, 1);
    expect(range?.hypotheses.map((h) => [h.phase, h.implied, h.leading])).toEqual([
      ['B', true, false],
      ['B', true, false],
    ]);
  });

  test('RNG-2 a pack may bound the width: wider than that is no range', () => {
    expect(wave({ maxWidthAtr: 12 }).detector.view().state).toBe('ACTIVE');
    expect(wave({ maxWidthAtr: 5 }).states).not.toContain('FORMING');
  });

  test('RNG-4 RNG-7 a close far below a forming range ends it, and its summary stays', () => {
    const f = fa();
    feed(f, [[100, 100.5, 94, 94.2, 1000]]);
    const view = f.detector.view();
    expect(view.range).toBeNull();
    expect(view.previous).toMatchObject({ rangeId: 1, state: 'FAILED', endBar: 100, startBar: 84 });
    expect(view.previous?.hypotheses[0]).toMatchObject({ phase: 'A', ended: true });
    expect(f.detector.transitions(0).at(-1)).toMatchObject({ from: 'A', to: null, cause: 'RANGE_ENDED' });
  });

  test('RNG-4 a close just outside on little volume does not', () => {
    const f = fa();
    feed(f, [[100, 100.5, 97, 97.2, 1000]]);
    expect(f.detector.view().state).toBe('FORMING');
  });

  test('RNG-6 five quiet closes beyond the edge: it has drifted away', () => {
    const f = f0();
    const beyond: Row = [113, 113.5, 112.8, 113.2, 1000];
    feed(f, times(beyond, 4));
    expect(f.detector.view().state).toBe('ACTIVE');
    feed(f, [beyond]);
    expect(f.detector.view()).toMatchObject({ state: 'NONE', previous: { state: 'EXPIRED' } });
  });

  test('RNG-8 back inside after ten bars, a broken range is completed', () => {
    const f = fc();
    feed(f, [SOS, ...times([112.2, 112.8, 111.9, 112.4, 1000], 10)]);
    expect(f.detector.view().state).toBe('BROKEN_UP');
    feed(f, [[112, 112.2, 106.8, 107, 1300]]);
    expect(f.detector.view()).toMatchObject({ state: 'NONE', previous: { state: 'COMPLETED' } });
  });

  test('SOS-10 the second failed break ends the range', () => {
    const f = fc();
    feed(f, [SOS, [112.2, 112.8, 111.6, 112.4, 1300], [112.4, 112.5, 109.2, 109.4, 1200], [109.4, 109.6, 107, 107.4, 1300]]);
    expect(f.detector.view().state).toBe('ACTIVE');
    expect(said(feed(f, [[107.4, 112.6, 107.3, 112.2, 2200]]))).toContain('SOS 104');
    expect(said(feed(f, [[112, 112.1, 106.5, 107, 1500]]))).toContain('SOS failed 104');
    expect(f.detector.view()).toMatchObject({ state: 'NONE', previous: { state: 'FAILED' } });
    expect(f.detector.funnel()).toMatchObject({ broken: 2, failedBreaks: 2 });
  });
});

describe('beginnings', () => {
  test('PS-1 preliminary support is confirmed by its bounce', () => {
    const f = fs();
    expect(feed(f, [[102, 102.4, 100, 101.4, 1600]])).toEqual([]);
    const records = feed(f, [[101.4, 103, 100.8, 102.6, 900]]);
    expect(said(records)).toEqual(['PS 100']);
    expect(records[0]).toMatchObject({ id: '0:A:PS:100', rangeId: 0, score: null, tradeable: false });
  });

  test('PS-1 and dropped by a lower low', () => {
    const f = fs();
    feed(f, [[102, 102.4, 100, 101.4, 1600], [101.4, 101.5, 99.5, 99.6, 900]]); // prettier-ignore
    expect(f.refusals().map((r) => `${r.kind} ${r.reason}`)).toContain('PS BROKE_LEVEL');
  });

  test('PS-2 SCH-1 the schematic takes the preliminary support that led to the climax, no older one', () => {
    const schematic = (psBar: number) => {
      const f = f0();
      const mark = f.study.up.preliminary.next();
      Object.assign(mark, { kind: kindCode('PS'), eventBar: psBar, confirmBar: psBar + 1, price: 101, volRatio: 1.6 });
      return f.detector.view().schematics.find((s) => s.id === 'A1');
    };
    expect(schematic(40)).toMatchObject({ score: 74, forming: true, alternative: 'A2', completion: 3.5 / 6 });
    expect(schematic(40)?.points[0]).toMatchObject({ kind: 'PS', bar: 40 });
    expect(schematic(-1)).toMatchObject({ score: 70, completion: 0.5 });
    expect(schematic(-1)?.points[0].bar).toBeNull();
  });

  test('SC-2 a buying climax may be quieter, a selling climax may not', () => {
    const bull = (volume: number): boolean => {
      const f = new Fixture();
      f.fill([100, 101, 99.5, 100.5, 1000], 100);
      f.freeze();
      f.feed([105, 108.4, 104.6, 105.8, volume]);
      return f.study.down.seed.live;
    };
    expect([bull(1850), bull(1750)]).toEqual([true, false]);
    const f = fs();
    feed(f, [[102, 102.4, 98, 100.6, 1850]]);
    expect(f.study.up.seed.live).toBe(false);
    expect(f.refusals()[0]).toMatchObject({ kind: 'SC', reason: 'VOLUME_TOO_LOW', value: 1.85, limit: 2 });
  });

  test('SC-4 a small undercut moves the low, a new climax replaces it, a deep one ends it', () => {
    const after = (row: Row) => {
      const f = fs();
      feed(f, [[102, 102.4, 98, 100.6, 2600], row]);
      return f;
    };
    expect(after([100.6, 101, 97.5, 99.5, 1200]).study.up.seed).toMatchObject({
      live: true,
      low: 97.5,
      bar: 100,
      lowBar: 101,
      zone: 1,
    });
    expect(after([100, 100.5, 95, 98, 2600]).study.up.seed).toMatchObject({ live: true, low: 95, bar: 101, zone: 2 });
    const broken = after([100.6, 101, 96.5, 99.5, 1200]);
    expect(broken.study.up.seed.live).toBe(false);
    expect(broken.refusals().map((r) => `${r.kind} ${r.reason}`)).toContain('SC BROKE_LEVEL');
  });

  test('ST-2 in a mature B a break of the edge is no secondary test', () => {
    const opens = (f: Fixture): boolean => {
      f.study.up.at.stArmed = true;
      feed(f, [[101, 101.4, 99.6, 100.8, 900]]);
      return f.study.up.secondary.live;
    };
    expect([opens(f0()), opens(young(f0()))]).toEqual([false, true]);
  });

  test('PHS-11 phase A without a test in forty bars is over, and the forming range with it', () => {
    const f = fa();
    feed(f, times(IDLE, 30));
    expect(phases(f)?.[0]).toBe('A');
    feed(f, [IDLE]);
    expect(f.detector.view()).toMatchObject({ state: 'NONE', previous: { state: 'EXPIRED', endBar: 130 } });
  });
});

describe('springs', () => {
  const FAILED: readonly Row[] = [SPRING, [100.8, 101.2, 98.2, 99.4, 900]];

  test('SPR-8 when the last Spring failed and the edge is not regained, the hypothesis ends', () => {
    const f = f0();
    feed(f, [...FAILED, ...times([99.4, 99.6, 98.6, 99.2, 800], 4)]);
    expect(phases(f)?.[0]).toBe('B');
    feed(f, [[99.4, 99.6, 98.6, 99.2, 800]]);
    expect(phases(f)?.[0]).toBeNull();
    expect(f.detector.transitions(0).at(-1)).toMatchObject({ from: 'B', to: null, cause: 'BREAKDOWN' });
  });

  test('SPR-9 several Springs: declining volume is good, crowding and rising volume are not', () => {
    const series = (volumes: readonly number[], step: number) => {
      const f = f0();
      volumes.forEach((volRatio, i) =>
        presetSpring(f, f.study.up, { bar: 60 + step * i, price: 98, volRatio, score: 60, testBar: 0 }),
      );
      return springSeries(f.study.up);
    };
    expect(series([0.6, 0.5, 0.4], 3)).toMatchObject({ volumeTrend: 'DECLINING', timing: 'COMPRESSED', risk: 'MODERATE' });
    expect(series([0.4, 0.5, 0.6], 3)).toMatchObject({ volumeTrend: 'RISING', risk: 'HIGH' });
    expect(series([0.6, 0.5, 0.4], 12)).toMatchObject({ timing: 'NORMAL', risk: 'LOW' });
    expect(series([0.5, 0.5], 30)).toMatchObject({ volumeTrend: 'STABLE', timing: 'HEALTHY', risk: 'LOW' });
    expect(series([0.25], 1)).toMatchObject({ volumeTrend: null, risk: 'LOW' });
    expect(series([0.5], 1).risk).toBe('MODERATE');
  });

  test('PHS-7 forty bars in C without a break lead back to the old B, and the Spring takes no more tests', () => {
    const f = fc();
    feed(f, times(IDLE, 32));
    expect(phases(f)?.[0]).toBe('C');
    feed(f, [IDLE]);
    expect(f.detector.view().range?.hypotheses[0]).toMatchObject({ phase: 'B', bStart: 80 });
    expect(f.study.up.springs.at(0).closed).toBe(true);
  });
});

describe('breaks', () => {
  test('SOS-4 quiet, reversal, effort', () => {
    const classOf = (f: Fixture, row: Row) => f.feed(row).find((r) => r.kind === 'SOS')?.metrics['breakClass'];
    expect(classOf(fc(), [109.6, 112, 109.4, 111.2, 1500])).toBe(0);
    expect(classOf(fc(), SOS)).toBe(1);
    expect(classOf(fh(), [109.6, 112, 109.4, 111.2, 1800])).toBe(2);
  });

  test('SOS-7 the break repeated from inside is a repeat under the same name', () => {
    const f = fc();
    const [first] = feed(f, [SOS]);
    feed(f, [[112.2, 112.3, 110.2, 110.5, 1000]]);
    const repeat = feed(f, [[110.5, 113, 110.4, 112.8, 1800]]).find((r) => r.status === 'repeat');
    expect(repeat).toMatchObject({ id: first.id, eventBar: 102, confirmBar: 102, reasons: ['AWAIT_LPS'] });
    expect(f.study.up.at.lpsFrom).toBe(102);
  });

  test('SUB-1 a young E is early', () => {
    const f = fc();
    feed(f, [SOS, [112.2, 112.8, 111.6, 112.4, 1300], [112.4, 112.6, 111, 111.4, 900], [111.4, 111.8, 110.4, 110.9, 640]]);
    feed(f, [[110.9, 112.4, 110.8, 112, 950], [112, 113.4, 111.8, 113.2, 1200]]); // prettier-ignore
    expect(f.detector.view().range?.hypotheses[0]).toMatchObject({ phase: 'E', subPhase: 'E_EARLY' });
    feed(f, times([113, 113.6, 112.4, 113.2, 1000], 10));
    expect(f.detector.view().range?.hypotheses[0].subPhase).not.toBe('E_MATURE');
  });
});

describe('confidence', () => {
  test('PHC-1 presence, quality, sequence and context of F0', () => {
    expect(
      f0()
        .detector.view()
        .range?.hypotheses.map((h) => h.phaseConfidence),
    ).toEqual([95, 53]);
  });

  test('CNF-2 the tables', () => {
    expect(points(POINTS.springVolume, 0.45)).toBeCloseTo(15.625, 9);
    expect([points(POINTS.springVolume, 0.1), points(POINTS.springVolume, 9), points(POINTS.springVolume, NaN)]).toEqual([
      25, 3.125, 0,
    ]);
    expect([depthPoints(0.15, 1.5), depthPoints(0.7, 1.5), depthPoints(1.25, 1.5), depthPoints(2, 1.5)]).toEqual([10, 15, 10, 5]);
    expect([effortPoints(0.7, 2), effortPoints(1.2, 0.9), effortPoints(1.2, 1.1)].map(Math.round)).toEqual([15, 9, 0]);
  });

  test('CNF-4 the formula, its cap and its floor', () => {
    expect(confidenceOf(83.72, 95, { adjustments: 0, cap: 100 })).toBe(83);
    expect(confidenceOf(95, 100, { adjustments: 15, cap: 90 })).toBe(90);
    expect(confidenceOf(20, 0, { adjustments: -25, cap: 100 })).toBe(0);
    expect([85, 75, 70, 69].map(tierOf)).toEqual(['EXCELLENT', 'GOOD', 'ACCEPTABLE', 'WEAK']);
  });

  test.each<[string, BarContext, Record<string, number>]>([
    ['nothing', {}, {}],
    ['aligned', { htf: { hypothesis: 1, phase: 'D', confidence: 80 } }, { htf: 12 }],
    ['opposed', { htf: { hypothesis: -1, phase: 'C', confidence: 80 } }, { htf: -25 }],
    ['undecided', { htf: { hypothesis: -1, phase: 'B', confidence: 80 } }, {}],
    ['strong', { rsPercentile: 85 }, { rs: 5 }],
    ['weak', { rsPercentile: 15 }, { rs: -5 }],
  ])('ADJ-1 %s: %j', (_, ctx, expected) => {
    const [spring] = feed(f0(), [SPRING], ctx);
    expect(spring.adjustments).toEqual(expected);
  });

  test('ADJ-1 the session of the event bar weighs on forex', () => {
    const hour = 3_600_000;
    const f = f0({
      instrument: { assetClass: 'FOREX' },
      timeframe: '1h',
      stepMs: hour,
      startMs: Date.UTC(2025, 0, 15, 3) - 100 * hour,
    });
    expect(feed(f, [[101, 101.6, 98.6, 100.8, 400]])[0].adjustments).toEqual({ session: -20 });
  });

  const TESTED: readonly Row[] = [[100.8, 103, 100.6, 102.8, 900], [102.8, 104, 102.4, 103.6, 1000]]; // prettier-ignore
  const TEST: Row = [102.6, 102.9, 100.2, 101.8, 270];

  test('TRD-3 news, a strict higher timeframe and silent volume are gates', () => {
    const tested = (ctx: BarContext, params = {}): DetectionEvent => {
      const f = f0({ params });
      feed(f, [SPRING, ...TESTED]);
      return feed(f, [TEST], ctx)[0];
    };
    expect(tested({}).reasons).toEqual([]);
    expect(tested({ news: true }).reasons).toEqual(['ANOMALY']);
    const opposed = { htf: { hypothesis: -1, phase: 'D', confidence: 50 } } as const;
    expect([...tested(opposed, { htfStrict: true }).reasons].sort()).toEqual(['CONFIDENCE', 'HTF_CONFLICT']);
    expect(
      tested({}, { rangeQualityMin: 79, levelStrengthMin: 75, phaseConfidenceMin: 96, confidenceFloor: 84 }).reasons,
    ).toEqual(['RANGE_QUALITY', 'LEVEL_STRENGTH', 'PHASE_CONFIDENCE', 'CONFIDENCE']);
    const mute = f0({ instrument: { volumeReliability: 'NONE' } });
    const [spring] = feed(mute, [SPRING]);
    expect(spring.kind).toBe('SPRING');
    expect(spring.reasons).toContain('NO_VOLUME');
    expect(spring.components['volume']).toBe(0);
  });
});

describe('candidates on request', () => {
  test('TRC-1 a waiting candidate and its end are records only when asked for', () => {
    const rows: readonly Row[] = [[101, 101.4, 99.2, 99.5, 600], [99.5, 99.8, 96.9, 97.4, 650]]; // prettier-ignore
    expect(feed(f0(), rows)).toEqual([]);
    expect(said(feed(f0({ emitCandidates: true }), rows))).toEqual(['SPRING candidate 100', 'SPRING expired 101']);
  });

  test('TRC-1 what is judged is told as the chart shows it: prices of distribution upright, the limit the one that decided', () => {
    const heard: TracedCondition[] = [];
    const detector = createDetector({ symbol: 'N', assetClass: 'STOCK', timeZone: 'UTC' }, '1d', {
      pack: 'strict',
      trace: (condition) => heard.push(condition),
    });
    const columns = noiseColumns(4, 10_000);
    const cursor = new BarCursor(columns);
    for (let row = 0; row < columns.length; row++) detector.onBar(cursor.at(row));
    const of = (code: ReasonCode): TracedCondition[] => heard.filter((it) => it.hypothesis === -1 && it.code === code);
    const prices = [...of('TOO_SHALLOW'), ...of('NO_BOUNCE'), ...of('BROKE_LEVEL').filter((it) => it.kind !== 'BC')];
    expect(new Set(prices.map((it) => it.code)).size).toBe(3);
    expect(prices.filter((it) => !(it.value > 0 && it.limit > 0))).toEqual([]);
    expect(of('TOO_SHALLOW').filter((it) => it.passed !== it.value < it.limit)).toEqual([]);
    const enough = of('VOLUME_TOO_LOW').filter((it) => it.kind === 'SOW' && it.passed);
    expect(enough.length).toBeGreaterThan(0);
    expect(enough.filter((it) => it.value < it.limit * (1 - 1e-9))).toEqual([]);
  });

  test('TRC-1 what waits is shown with the prices that decide', () => {
    const f = f0();
    feed(f, [[101, 101.4, 99.2, 99.5, 600]]);
    expect(f.detector.view().pending).toEqual([
      { kind: 'SPRING', hypothesis: 1, bar: 100, price: 99.2, confirmsAt: 100, failsAt: 97, lastBar: 105 },
    ]);
  });

  test('SPR-3 a candidate bears the name it would be confirmed under', () => {
    const loud: Row = [101, 101.4, 99.2, 99.5, 900];
    expect(said(feed(f0({ emitCandidates: true }), [loud]))).toEqual(['SHAKEOUT candidate 100']);
    const f = f0();
    feed(f, [loud]);
    expect(f.detector.view().pending[0].kind).toBe('SHAKEOUT');
    const over = (volume: number): Row => [109, 111.6, 108.8, 110.4, volume];
    expect(said(feed(fd({ emitCandidates: true }), [over(1300)]))).toEqual(['UTAD candidate 100']);
    expect(said(feed(fd({ emitCandidates: true }), [over(1100)]))).toEqual(['UT candidate 100']);
  });
});

describe('bounds a pack may set', () => {
  test('SC-1 a climax that turns on its own day and closes higher is one where the pack says so', () => {
    const reversal: Row = [101, 103.4, 98, 102.8, 2600];
    const rally: readonly Row[] = [[102.8, 105, 102.2, 104.6, 1300], [104.6, 106, 104.2, 105.4, 1100], [105.4, 105.8, 103.6, 103.9, 800]]; // prettier-ignore
    expect(said(feed(fs(), [reversal, ...rally]))).toEqual(['PS 100']);
    expect(said(feed(fs({ params: { climaxReversal: true } }), [reversal, ...rally]))).toEqual(['SC 100', 'AR 102']);
    const weak: Row = [99, 103.4, 98, 99.5, 2600];
    expect(said(feed(fs({ params: { climaxReversal: true } }), [[99.4, 99.6, 98.9, 99.2, 1000], weak, ...rally]))).not.toContain(
      'SC 101',
    );
  });

  test('LPS-1 the back-up stays near the edge: in per cent, or in ATR where that is more', () => {
    const rows: readonly Row[] = [SOS, [114.5, 116.4, 114.4, 116, 1300], [116, 116.2, 113.8, 114.2, 700], [114.2, 115.4, 114, 115.2, 900]]; // prettier-ignore
    expect(said(feed(fc(), rows))).not.toContain('LPS 102');
    expect(said(feed(fc({ params: { lpsMaxDistAtr: 2 } }), rows))).toContain('LPS 102');
  });

  test('ILP-2 a pack may keep last points inside the range for the hypothesis that leads', () => {
    const lastPoint = (inLpsAgainstLead: boolean, leading: 'up' | 'down'): string[] => {
      const f = fi({ params: { inLpsAgainstLead } });
      f.study.up.at.implied = leading === 'down';
      f.study.down.at.implied = leading === 'up';
      return said(feed(f, [[106.8, 107, 105.4, 105.8, 820], [105.8, 106.2, 104.8, 105.4, 700], [105.4, 107, 105.2, 106.8, 900]])); // prettier-ignore
    };
    expect(lastPoint(true, 'down')).toEqual(['LPS 101']);
    expect(lastPoint(false, 'down')).toEqual([]);
    expect(lastPoint(false, 'up')).toEqual(['LPS 101']);
  });
});
