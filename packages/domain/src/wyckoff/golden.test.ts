/** The golden cases of detection.md 12, as written there. */
import { describe, expect, test } from 'vitest';
import { EVENT_KINDS, type DetectionEvent } from './event.ts';
import { createDetector } from './detector.ts';
import type { Fixture } from './fixture.ts';
import { f0, fa, fc, fd, fh, fi, fs, young, type Row } from './fixture.ts';
import { goldenSeries } from './golden-series.ts';

/** What a record says, in the words of the document. */
function said(records: readonly DetectionEvent[]): string[] {
  return records.map((r) => `${r.kind}${r.status === 'confirmed' ? '' : ` ${r.status}`} ${r.eventBar}`);
}

function refused(fixture: Fixture): string[] {
  return fixture.refusals().map((r) => `${r.kind} ${r.reason} ${+r.value.toFixed(4)} ${+r.limit.toFixed(4)}`);
}

function feedAll(fixture: Fixture, rows: readonly Row[]): DetectionEvent[][] {
  return rows.map((row) => [...fixture.feed(row)]);
}

function quiet(fixture: Fixture, rows: readonly Row[]): void {
  for (const row of rows) expect(said(fixture.feed(row))).toEqual([]);
}

function one(records: readonly DetectionEvent[], kind?: string): DetectionEvent {
  const found = kind === undefined ? records : records.filter((r) => r.kind === kind);
  expect(found).toHaveLength(1);
  return found[0];
}

const phases = (fixture: Fixture) => fixture.detector.view().range?.hypotheses.map((h) => h.phase);
const G5_SPRING: Row = [101, 101.6, 98.6, 100.8, 450];

describe('G2-G4 climax, rally, secondary test', () => {
  test('G2 SC-1 SC-5 AR-1 AR-2 RNG-1 PHS-1 SC and AR are confirmed together when the rally turns', () => {
    const f = fs();
    quiet(f, [
      [102, 102.4, 98, 100.6, 2600],
      [100.6, 103, 100, 102.6, 1500],
      [102.6, 105, 102.2, 104.6, 1300],
      [104.6, 106, 104.2, 105.4, 1100],
    ]);
    const records = f.feed([105.4, 105.8, 103.6, 103.9, 800]);
    expect(said(records)).toEqual(['SC 100', 'AR 103']);
    const [sc, ar] = records;
    expect(sc.price).toBe(98);
    expect(sc.score).toBeCloseTo(80.5, 1);
    expect(ar.price).toBe(106);
    expect(ar.score).toBeCloseTo(98.75, 1);
    expect(sc.prices).toMatchObject({ support: 98, resistance: 106 });
    expect(sc.phase).toBe('A');
    expect(sc.phaseConfidence).toBe(97);
    expect(sc.confirmBar).toBe(104);
  });

  test('G3a SC-3 a weak close is saved by the second bar', () => {
    const f = fs();
    quiet(f, [[102, 102.4, 98, 99.2, 2600]]);
    expect(f.study.up.seed.stage).toBe(1);
    quiet(f, [[99.2, 102.2, 98.6, 102, 1700]]);
    const { seed } = f.study.up;
    expect([seed.live, seed.low, seed.stage]).toEqual([true, 98, 2]);
    expect(seed.closePos).toBeCloseTo(0.909, 3);
    quiet(f, [[102, 105, 101.8, 104.6, 1300]]);
    const sc = one(f.feed([104.6, 105, 102.6, 103.2, 900]), 'SC');
    expect(sc.score).toBeCloseTo(96, 5);
  });

  test('G3b SC-3 or not', () => {
    const f = fs();
    quiet(f, [[102, 102.4, 98, 99.2, 2600]]);
    quiet(f, [[99.2, 100.2, 98.4, 99, 1700]]);
    expect(refused(f)).toContain('SC WEAK_CLOSE 0.2273 0.5');
    expect(f.detector.view().state).toBe('NONE');
  });

  test('G4a ST-1 PHS-2 the first secondary test begins phase B', () => {
    const f = fa();
    quiet(f, [[102, 102.4, 100.4, 101.4, 1300]]);
    const st = one(f.feed([101.4, 103.2, 101.2, 103, 1000]));
    expect(said([st])).toEqual(['ST 100']);
    expect(st.score).toBeCloseTo(90, 1);
    expect(st.phase).toBe('B');
    expect(f.study.up.at.bStart).toBe(100);
  });

  test('G4b ST-3 too much volume is refused and phase A stays', () => {
    const f = fa();
    quiet(f, [[102, 102.4, 100.4, 101.4, 2200]]);
    expect(refused(f)).toContain('ST VOLUME_TOO_HIGH 2.2 2.08');
    quiet(f, [[101.4, 103.2, 101.2, 103, 1000]]);
    expect(phases(f)?.[0]).toBe('A');
  });

  test('G4c ST-4 LVL-4 a small undercut moves the edge', () => {
    const f = fa();
    quiet(f, [
      [101, 101.4, 99.2, 100.4, 1200],
      [100.4, 101.2, 99.6, 100.8, 900],
    ]);
    const st = one(f.feed([100.8, 101.4, 99.8, 101, 900]));
    expect(said([st])).toEqual(['ST 100']);
    expect(st.score).toBeCloseTo(85, 1);
    expect(st.prices.support).toBeCloseTo(99.2, 9);
  });
});

describe('G5-G8 springs', () => {
  test('G5 SPR-4 SPR-5 TST-1 TST-2 TST-3 PHS-4 TRD-2 Spring and test', () => {
    const f = f0();
    const spring = one(f.feed(G5_SPRING));
    expect(said([spring])).toEqual(['SPRING 100']);
    expect(spring.metrics['recoveryBars']).toBe(0);
    expect(spring.metrics['depthAtr']).toBeCloseTo(0.7, 9);
    expect(spring.score).toBeCloseTo(65.59, 1);
    expect(spring.components['volume']).toBeCloseTo(15.625, 9);
    expect(spring.components['strength']).toBeCloseTo(8.2, 9);
    expect(spring.components['quality']).toBeCloseTo(7.6, 9);
    expect(spring.components['close']).toBeCloseTo(4.167, 3);
    expect(spring).toMatchObject({ phase: 'C', phaseConfidence: 94, confidence: 65 });
    expect([...spring.reasons].sort()).toEqual(['AWAIT_TEST', 'CONFIDENCE']);
    quiet(f, [
      [100.8, 103, 100.6, 102.8, 900],
      [102.8, 104, 102.4, 103.6, 1000],
    ]);
    const tested = one(f.feed([102.6, 102.9, 100.2, 101.8, 270]));
    expect(tested.kind).toBe('TEST');
    expect(tested.refId).toBe(spring.id);
    expect(tested.metrics['decrease']).toBeCloseTo(0.4, 9);
    expect(tested.metrics['distance']).toBeCloseTo(1.623, 3);
    expect(tested.components['test']).toBeCloseTo(18.13, 2);
    expect(tested.score).toBeCloseTo(83.72, 2);
    expect(tested).toMatchObject({ phaseConfidence: 95, confidence: 83, tradeable: true, reasons: [] });
    quiet(f, [[101.8, 103.6, 101.6, 103.4, 900]]);
    expect(f.detector.view().range?.hypotheses[0].subPhase).toBe('C_READY');
  });

  test('G6 SPR-3 0.6999 is a Spring, 0.70 a Shakeout', () => {
    const spring = one(f0().feed([101, 101.6, 98.6, 100.8, 699.9]));
    expect(spring.kind).toBe('SPRING');
    expect(spring.score).toBeCloseTo(53.1, 1);
    const shakeout = one(f0().feed([101, 101.6, 98.6, 100.8, 700]));
    expect(shakeout.kind).toBe('SHAKEOUT');
    expect(shakeout.components['volume']).toBe(0);
    expect(shakeout.score).toBeCloseTo(50, 1);
    expect(shakeout.phase).toBe('C');
    expect([...shakeout.reasons].sort()).toEqual(['AWAIT_TEST', 'CONFIDENCE', 'VOLUME_TOO_HIGH']);
  });

  test('G6 SPR-3 CNF-3 forex: London accepts what the Asian session does not', () => {
    const hour = 3_600_000;
    const at = (lastBarUtc: number) => ({
      instrument: { assetClass: 'FOREX' as const },
      timeframe: '1h' as const,
      stepMs: hour,
      startMs: lastBarUtc - 100 * hour,
    });
    const london = one(f0(at(Date.UTC(2025, 0, 15, 10))).feed([101, 101.6, 98.6, 100.8, 620]));
    expect(london.kind).toBe('SPRING');
    expect(london.score).toBeCloseTo(63.3, 1);
    expect(london.confidence).toBe(62);
    const asian = one(f0(at(Date.UTC(2025, 0, 15, 3))).feed([101, 101.6, 98.6, 100.8, 620]));
    expect(asian.kind).toBe('SHAKEOUT');
  });

  test('G7a SPR-2 the deepest bar is the event, recovery counts from the first', () => {
    const f = f0();
    quiet(f, [
      [101, 101.4, 99.2, 99.5, 600],
      [99.5, 99.8, 98.4, 98.9, 500],
    ]);
    const spring = one(f.feed([98.9, 100.9, 98.6, 100.7, 650]));
    expect(said([spring])).toEqual(['SPRING 101']);
    expect(spring).toMatchObject({ price: 98.4, volRatio: 0.5 });
    expect(spring.metrics['recoveryBars']).toBe(2);
    expect(spring.score).toBeCloseTo(60.3, 1);
  });

  test('G7b SPR-2 too deep', () => {
    const f = f0();
    quiet(f, [[101, 101.4, 99.2, 99.5, 600]]);
    quiet(f, [[99.5, 99.8, 96.9, 97.4, 650]]);
    expect(refused(f).sort()).toEqual(['SOW VOLUME_TOO_LOW 0.65 1.5', 'SPRING TOO_DEEP 3.1 3']);
    quiet(f, [[97.4, 100.9, 97.2, 100.7, 650]]);
    expect(refused(f).filter((r) => r.startsWith('SPRING'))).toEqual([]);
  });

  test('G7c SPR-2 exactly at the limit is still a Spring', () => {
    const spring = one(f0().feed([101, 101.4, 97, 100.2, 600]));
    expect(spring.components['depth']).toBeCloseTo(5, 9);
    expect(spring.score).toBeCloseTo(46.1, 1);
  });

  const PENETRATION: readonly Row[] = [
    [101, 101.4, 99.2, 99.5, 600],
    [99.5, 100.2, 99.2, 99.6, 500],
    [99.6, 100.2, 99.3, 99.8, 500],
    [99.8, 100, 99.3, 99.7, 500],
    [99.7, 100, 99.3, 99.6, 500],
  ];

  test('G7d SPR-1 SPR-2 not recovered on the fifth bar', () => {
    const f = f0();
    quiet(f, PENETRATION);
    quiet(f, [[99.6, 100, 99.3, 99.5, 500]]);
    expect(refused(f)).toContain('SPRING NO_RECOVERY 5 5');
    quiet(f, [[99.5, 100.6, 99.4, 100.4, 500]]);
    expect(refused(f).filter((r) => r.startsWith('SPRING'))).toEqual([]);
    expect(f.study.up.at.blocked).toBe(false);
  });

  test('G7e SPR-2 recovered on the fifth bar', () => {
    const f = f0();
    quiet(f, PENETRATION);
    const spring = one(f.feed([99.6, 100.4, 99.3, 100.2, 500]));
    expect(said([spring])).toEqual(['SPRING 100']);
    expect(spring.metrics['recoveryBars']).toBe(5);
    expect(spring.score).toBeCloseTo(48.05, 1);
  });

  test('G8a SPR-6 a failed Spring gives way to the next', () => {
    const f = f0();
    const spring = one(f.feed(G5_SPRING));
    const records = f.feed([100.8, 101.2, 98.2, 99.4, 900]);
    expect(said(records)).toEqual(['SPRING failed 100']);
    expect(records[0].id).toBe(spring.id);
    expect(refused(f)).toContain('SOW VOLUME_TOO_LOW 0.9 1.5');
    expect(phases(f)?.[0]).toBe('B');
    const shakeout = one(f.feed([99.4, 100.4, 98.8, 100.2, 800]));
    expect(said([shakeout])).toEqual(['SHAKEOUT 101']);
    expect(shakeout.volRatio).toBe(0.9);
    expect(shakeout.metrics['recoveryBars']).toBe(1);
    expect(phases(f)?.[0]).toBe('C');
  });

  test('G8b SPR-4 PHB-1 too early', () => {
    const spring = one(young(f0()).feed(G5_SPRING));
    expect(spring).toMatchObject({ kind: 'SPRING', phase: 'B', riskFactor: 0.5 });
    expect(spring.metrics['premature']).toBe(1);
    expect([...spring.reasons].sort()).toEqual(['AWAIT_TEST', 'CONFIDENCE', 'PREMATURE']);
  });
});

describe('G9-G11 breaks, and what their failure means (SOS-5 SPR-7 PHS-8 LPS-2)', () => {
  test('G9 SOS-1 SOS-2 SOS-9 PHS-5 volume exactly at the minimum is enough', () => {
    const f = fc();
    const sos = one(f.feed([109.6, 112, 109.4, 111.2, 1500]));
    expect(sos).toMatchObject({ kind: 'SOS', phase: 'D', confidence: 69 });
    expect(sos.score).toBeCloseTo(70.9, 1);
    expect([...sos.reasons].sort()).toEqual(['AWAIT_LPS', 'CONFIDENCE']);
    const view = f.detector.view();
    expect(view.state).toBe('BROKEN_UP');
    expect(view.range?.hypotheses[1].suspended).toBe(true);
  });

  test.each<[string, Row, string]>([
    ['volume just below', [109.6, 112, 109.4, 111.2, 1499.9], 'SOS VOLUME_TOO_LOW 1.4999 1.5'],
    ['above the edge but not the threshold', [109.4, 111.8, 109, 110.55, 2000], 'SOS TOO_SHALLOW 110.55 110.595'],
    ['narrow', [109.8, 111.6, 109.6, 111.4, 2400], 'SOS SPREAD_NARROW 1 1.2'],
    ['a weak close', [109.6, 112.9, 109.4, 110.9, 2000], 'SOS WEAK_CLOSE 0.4286 0.5'],
  ])('G9 SOS-2 %s', (_, row, rejection) => {
    const f = fc();
    quiet(f, [row]);
    expect(refused(f)).toEqual([rejection]);
    expect(f.detector.view().state).toBe('ACTIVE');
  });

  test('G9 SOS-3 premature: no SOS, yet broken', () => {
    const f = young(fh());
    quiet(f, [[109.6, 112, 109.4, 111.2, 1500]]);
    expect(refused(f)).toEqual(['SOS PREMATURE 6 10']);
    const view = f.detector.view();
    expect(view.state).toBe('BROKEN_UP');
    expect(view.range?.hypotheses[1].suspended).toBe(true);
  });

  const SOS: Row = [109.6, 112.6, 109.4, 112.2, 2200];
  const AFTER: readonly Row[] = [
    [112.2, 112.8, 111.6, 112.4, 1300],
    [112.4, 112.6, 111, 111.4, 900],
  ];

  test('G10 LPS-1 LPS-4 SOS-6 PHS-6 SOS, LPS, BU', () => {
    const f = fc();
    const sos = one(f.feed(SOS));
    expect(sos.score).toBeCloseTo(91.6, 1);
    expect(sos).toMatchObject({ phaseConfidence: 97, confidence: 91, reasons: ['AWAIT_LPS'] });
    quiet(f, [AFTER[0]]);
    expect(f.study.up.lastPoint.live).toBe(false);
    quiet(f, [AFTER[1]]);
    expect(f.study.up.lastPoint.live).toBe(true);
    expect(said(f.feed([111.4, 111.8, 110.4, 110.9, 640]))).toEqual(['SOS held 100']);
    const lps = one(f.feed([110.9, 112.4, 110.8, 112, 950]));
    expect(said([lps])).toEqual(['LPS 103']);
    expect(lps.metrics['isBackUp']).toBe(1);
    expect(lps.score).toBeCloseTo(93.9, 1);
    expect(lps).toMatchObject({ confidence: 93, tradeable: true });
    quiet(f, [[112, 113.4, 111.8, 113.2, 1200]]);
    expect(phases(f)?.[0]).toBe('E');
  });

  test('G10a LPS-3 the average volume is too much', () => {
    const f = fc();
    feedAll(f, [SOS, ...AFTER, [111.4, 111.8, 110.4, 110.9, 1000]]);
    quiet(f, [[110.9, 112.4, 110.8, 112, 950]]);
    expect(refused(f)).toContain('LPS VOLUME_TOO_HIGH 1 1');
  });

  test('G10b LPS-3 unless it is absorbed', () => {
    const f = fc();
    feedAll(f, [SOS, ...AFTER, [111.4, 111.8, 110.4, 111.4, 1300]]);
    const lps = one(f.feed([111.4, 112.4, 110.8, 112, 950]));
    expect(lps.score).toBeCloseTo(80, 1);
    expect(lps).toMatchObject({ confidence: 79, tradeable: true });
  });

  test('G10c LPS-4 no bounce in three bars', () => {
    const f = fc();
    feedAll(f, [SOS, ...AFTER, [111.4, 111.8, 110.4, 110.9, 640]]);
    quiet(f, [
      [110.9, 111.4, 110.5, 110.8, 600],
      [110.8, 111.3, 110.5, 110.9, 600],
      [110.9, 111.3, 110.5, 111, 600],
    ]);
    expect(refused(f)).toContain('LPS NO_BOUNCE 111 111.504');
  });

  test.each([
    ['a Spring stands', fc, 'C'],
    ['no Spring', fh, 'B'],
  ] as const)('G11 SOS-5 SPR-7 PHS-8 LPS-2 a failed SOS is the other side`s UTAD (%s)', (_, make, back) => {
    const f = make();
    feedAll(f, [SOS, AFTER[0]]);
    quiet(f, [[112.4, 112.5, 109.2, 109.4, 1200]]);
    const records = f.feed([109.4, 109.6, 107, 107.4, 1300]);
    expect(said(records).sort()).toEqual(['SOS failed 100', 'UTAD 100']);
    expect(refused(f)).toContain('LPS BROKE_LEVEL 107 107.8');
    const utad = one(records, 'UTAD');
    expect(utad).toMatchObject({ price: 112.8, volRatio: 2.2 });
    expect(utad.metrics['recoveryBars']).toBe(3);
    expect(utad.score).toBeCloseTo(55.2, 1);
    expect([...utad.reasons].sort()).toEqual(
      back === 'C' ? ['AWAIT_TEST', 'CONFIDENCE', 'HYPOTHESIS_CONFLICT'] : ['AWAIT_TEST', 'CONFIDENCE', 'HYPOTHESIS_CONFLICT'],
    );
    expect(f.detector.view().state).toBe('ACTIVE');
    expect(phases(f)).toEqual([back, 'C']);
  });
});

describe('G12 upthrusts', () => {
  const rows = (volume: number): readonly Row[] => [
    [109, 111.6, 108.6, 109.2, volume],
    [109.2, 109.4, 107, 107.4, 1000],
    [107.4, 107.8, 106.4, 106.8, 900],
    [107.6, 109.8, 107.4, 108.2, 700],
  ];

  test('G12 TRD-1 UTAD with enough volume trades on its test', () => {
    const f = fd();
    const [first, second, third, fourth] = feedAll(f, rows(1600));
    const utad = one(first);
    expect(utad).toMatchObject({ kind: 'UTAD', phase: 'C' });
    expect(utad.score).toBeCloseTo(68.7, 1);
    expect([second, third]).toEqual([[], []]);
    const tested = one(fourth);
    expect(tested.kind).toBe('TEST');
    expect(tested.metrics['decrease']).toBeCloseTo(0.5625, 9);
    expect(tested.metrics['distance']).toBeCloseTo(1.613, 3);
    expect(tested.score).toBeCloseTo(86.9, 1);
    expect(tested).toMatchObject({ confidence: 86, tradeable: true });
  });

  test('G12 TRD-2 with little it does not', () => {
    const [first, , , fourth] = feedAll(fd(), rows(1300));
    expect(one(first).score).toBeCloseTo(64.5, 1);
    expect(one(fourth).reasons).toEqual(['VOLUME_TOO_LOW']);
  });

  test('G12 LEA-1 an implied hypothesis is in conflict with the explicit one', () => {
    const [first, , , fourth] = feedAll(fh(), rows(1600));
    expect(one(first).kind).toBe('UTAD');
    const tested = one(fourth);
    expect(tested.phaseConfidence).toBeLessThanOrEqual(75);
    expect(tested.reasons).toEqual(['HYPOTHESIS_CONFLICT']);
  });

  test('G12 UT-1 below the minimum it is a minor upthrust', () => {
    const f = fh();
    const [first, , , fourth] = feedAll(f, rows(1100));
    const ut = one(first);
    expect(ut.kind).toBe('UT');
    expect(ut.score).toBeCloseTo(60.2, 1);
    expect(ut.phase).toBe('B');
    expect(fourth).toEqual([]);
  });

  test('G12 late', () => {
    const f = fd();
    quiet(f, [[109, 111.6, 108.8, 110.4, 1600]]);
    expect(refused(f)).toContain('SOS TOO_SHALLOW 110.4 110.595');
    quiet(f, [
      [110.4, 111, 110.1, 110.5, 1000],
      [110.5, 110.9, 110.2, 110.3, 900],
      [110.3, 110.8, 110.1, 110.2, 900],
    ]);
    expect(refused(f)).toContain('UTAD NO_RECOVERY 3 3');
  });
});

describe('G13, G14', () => {
  const SOW: Row = [100.9, 101.2, 98.6, 98.8, 1800];

  test('G13 PHS-9 SOW suspends accumulation', () => {
    const f = f0();
    const sow = one(f.feed(SOW));
    expect(sow).toMatchObject({ kind: 'SOW', phase: 'D', confidence: 65 });
    expect(sow.score).toBeCloseTo(69.4, 1);
    expect([...sow.reasons].sort()).toEqual(['AWAIT_LPS', 'CONFIDENCE']);
    expect(f.detector.view().range?.hypotheses[0].suspended).toBe(true);
  });

  test('G13a SOS-5 SPR-7 taken back at once it is a Shakeout', () => {
    const f = f0();
    f.feed(SOW);
    quiet(f, [[98.8, 99.8, 98.2, 99.4, 1300]]);
    const records = f.feed([99.4, 100.8, 99.2, 100.6, 1100]);
    expect(said(records).sort()).toEqual(['SHAKEOUT 100', 'SOW failed 100']);
    const shakeout = one(records, 'SHAKEOUT');
    expect(shakeout).toMatchObject({ price: 98.2, volRatio: 1.8 });
    expect(shakeout.metrics['recoveryBars']).toBe(2);
    expect(phases(f)).toEqual(['C', 'B']);
    expect(f.detector.view().state).toBe('ACTIVE');
  });

  test('G13b SOS-8 SOS-9 PHS-10 ten bars without failure', () => {
    const f = f0();
    f.feed(SOW);
    const all = feedAll(
      f,
      Array.from({ length: 10 }, (): Row => [98.8, 99.4, 98.2, 98.6, 900]),
    );
    expect(all.map(said)).toEqual([[], [], ['SOW held 100'], [], [], [], [], [], [], ['SOW direct 100']]);
    expect([...one(all[9]).reasons].sort()).toEqual(['CONFIDENCE', 'VOLUME_TOO_LOW']);
    expect(phases(f)).toEqual([null, 'E']);
    expect(f.detector.view().range?.hypotheses[0].ended).toBe(true);
  });

  test('G13c SOS-2 a wide bar makes up for volume', () => {
    const sow = one(fd({}, 'low').feed([101.8, 102, 98.4, 98.8, 1300]));
    expect(sow.kind).toBe('SOW');
    expect(sow.score).toBeCloseTo(64.8, 1);
  });

  test('G14 ILP-1 ILP-2 ILP-3 schematic #2', () => {
    const f = fi();
    quiet(f, [[106.8, 107, 105.4, 105.8, 820]]);
    expect(f.study.up.inRange.live).toBe(true);
    quiet(f, [[105.8, 106.2, 104.8, 105.4, 700]]);
    const lps = one(f.feed([105.4, 107, 105.2, 106.8, 900]));
    expect(said([lps])).toEqual(['LPS 101']);
    expect(lps.metrics['inRange']).toBe(1);
    expect(lps.score).toBeCloseTo(75.2, 1);
    expect(lps.reasons).toEqual(['IN_RANGE']);
    expect(lps.phase).toBe('C');
    quiet(f, [
      [106.8, 108.8, 106.6, 108.6, 1100],
      [108.6, 109.6, 108.2, 109.4, 1200],
    ]);
    const sos = one(f.feed([109.6, 112.6, 109.4, 112.2, 2200]));
    expect(sos.components['prior']).toBe(5);
    expect(sos.components['quiet']).toBeCloseTo(1.67, 2);
    expect(sos.score).toBeCloseTo(85.7, 1);
    expect(sos).toMatchObject({ phase: 'D', phaseConfidence: 91, confidence: 84 });
  });
});

describe('G15 the full sequence', () => {
  const STOCK = { symbol: 'TEST', assetClass: 'STOCK', timeZone: 'UTC' } as const;

  test('G15 OBJ-1 PHS-3 PHS-5 PHS-6 RNG-5 record by record', () => {
    const detector = createDetector(STOCK, '1d', { pack: 'strict' });
    const lines: string[] = [];
    const steps: string[] = [];
    let seen = 0;
    for (const bar of goldenSeries()) {
      for (const r of detector.onBar(bar)) {
        lines.push(
          [
            r.confirmBar, r.kind, r.status, r.hypothesis, r.eventBar, r.price, r.score?.toFixed(1) ?? '-', r.confidence ?? '-',
            r.tradeable, r.reasons.join(' '),
          ].join('|'), // prettier-ignore
        );
        if (r.kind === 'TEST') {
          expect(r).toMatchObject({ levelStrength: 70, rangeQuality: 100 });
          expect(r.prices.objectives).toEqual([122.8, 123.55, 124.3].map((x) => expect.closeTo(x, 9) as number));
          expect(r.metrics['count']).toBe(8);
          expect(r.prices.support).toBeCloseTo(98.8, 9);
        }
        if (r.kind === 'LPS') {
          expect(r.prices.objectives).toEqual([128.8, 135.1, 141.4].map((x) => expect.closeTo(x, 9) as number));
          expect(r.metrics).toMatchObject({ count: 10, isBackUp: 1 });
          expect(r.volRatio).toBeCloseTo(0.651, 3);
        }
        if (r.kind === 'SPRING')
          expect(r).toMatchObject({ levelStrength: 40, phase: 'C', volRatio: expect.closeTo(0.499, 3) as number });
        if (r.kind === 'SOS' && r.status === 'confirmed')
          expect(r).toMatchObject({ levelStrength: 65, volRatio: expect.closeTo(4.107, 3) as number });
        if (r.kind === 'SC') expect(r).toMatchObject({ phase: 'A', prices: { support: 100, resistance: 112.2 } });
      }
      for (const s of detector.transitions(seen)) {
        seen = s.seq;
        steps.push(`${s.bar} ${s.hypothesis} ${s.from}->${s.to}`);
      }
    }
    expect(lines).toEqual([
      '55|SC|confirmed|1|47|100|84.2|84|false|WRONG_PHASE',
      '55|AR|confirmed|1|52|112.2|100.0|99|false|WRONG_PHASE',
      '64|ST|confirmed|1|62|100.6|89.8|85|false|WRONG_PHASE',
      '80|ST|confirmed|1|79|101.6|91.1|90|false|WRONG_PHASE',
      '88|ST|confirmed|-1|87|111.2|96.4|90|false|WRONG_PHASE',
      '94|SPRING|confirmed|1|94|98.8|54.1|53|false|AWAIT_TEST LEVEL_STRENGTH CONFIDENCE',
      '100|TEST|confirmed|1|100|100.3|81.3|81|true|',
      '112|SOS|confirmed|1|112|114.6|93.6|93|false|AWAIT_LPS',
      '114|PSY|confirmed|-1|113|115.2|-|-|false|WRONG_PHASE',
      '115|SOS|held|1|112|114.6|93.6|93|false|',
      '117|LPS|confirmed|1|116|111.4|88.1|87|true|',
    ]);
    expect(steps).toEqual([
      '55 1 null->A',
      '64 1 A->B',
      '75 -1 null->B',
      '94 1 B->C',
      '112 1 C->D',
      '112 -1 B->B',
      '119 1 D->E',
      '122 -1 B->null',
    ]);
  });

  test('G15 the twin: one louder bar and the Spring is a Shakeout that does not trade', () => {
    const detector = createDetector(STOCK, '1d', { pack: 'strict' });
    const bars = goldenSeries().map((bar, t) => (t === 94 ? { ...bar, volume: 900 } : bar));
    const kinds = bars.flatMap((bar) =>
      detector
        .onBar(bar)
        .filter((r) => r.tradeable || r.eventBar === 94)
        .map((r) => r.kind),
    );
    expect(kinds[0]).toBe('SHAKEOUT');
    expect(kinds).not.toContain('TEST');
    expect(EVENT_KINDS).toContain(kinds[0]);
  });
});
