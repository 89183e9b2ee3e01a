/** Every reason code of detection.md 4.12 is given by the detector for bars that deserve it; a code nobody gives fails here. */
import { expect, test } from 'vitest';
import type { BarContext } from './context.ts';
import { REASON_CODES, type DetectionEvent, type ReasonCode } from './event.ts';
import { f0, fa, fc, fd, fh, fi, fs, young, type Fixture, type FixtureOptions, type Row } from './fixture.ts';

interface Case {
  /** Position it starts from. */
  readonly from: () => Fixture;
  readonly rows: readonly Row[];
  /** Kind that is refused, or whose record does not trade. */
  readonly kind: string;
  readonly ctx?: BarContext;
}

const HOUR_MS = 3_600_000;
/** Hours whose bar 100 opens at this hour of UTC. */
const hourly = (hour: number, instrument: NonNullable<FixtureOptions['instrument']>): FixtureOptions => ({
  timeframe: '1h',
  stepMs: HOUR_MS,
  startMs: Date.UTC(2025, 0, 15, hour) - 100 * HOUR_MS,
  instrument,
});

const SPRING: Row = [101, 101.6, 98.6, 100.8, 450];
const CLIMAX: Row = [102, 102.4, 98, 100.6, 2600];
const TESTED: readonly Row[] = [SPRING, [100.8, 103, 100.6, 102.8, 900], [102.8, 104, 102.4, 103.6, 1000], [102.6, 102.9, 100.2, 101.8, 270]]; // prettier-ignore
const SOS: Row = [109.6, 112.6, 109.4, 112.2, 2200];
const SOW: Row = [100.9, 101.2, 98.6, 98.8, 1800];
const upthrust = (volume: number): readonly Row[] => [[109, 111.6, 108.6, 109.2, volume], [109.2, 109.4, 107, 107.4, 1000], [107.4, 107.8, 106.4, 106.8, 900], [107.6, 109.8, 107.4, 108.2, 700]]; // prettier-ignore
const times = (row: Row, n: number): Row[] => Array.from({ length: n }, () => row);

/** A candidate that came close or died (detection.md 4.12, first list). */
const REJECTED: Partial<Record<ReasonCode, readonly Case[]>> = {
  WRONG_PHASE: [
    {
      from: f0,
      rows: [SOW, [98.8, 99, 97.5, 98, 1000], [98, 99.2, 97.8, 98.6, 900], [98.6, 100.4, 98.5, 100.2, 1100]],
      kind: 'LPSY',
    },
  ],
  PREMATURE: [{ from: () => young(fh()), rows: [[109.6, 112, 109.4, 111.2, 1500]], kind: 'SOS' }],
  VOLUME_TOO_HIGH: [{ from: fa, rows: [[102, 102.4, 100.4, 101.4, 2200]], kind: 'ST' }],
  VOLUME_TOO_LOW: [{ from: fc, rows: [[109.6, 112, 109.4, 111.2, 1499.9]], kind: 'SOS' }],
  SPREAD_NARROW: [{ from: fc, rows: [[109.8, 111.6, 109.6, 111.4, 2400]], kind: 'SOS' }],
  WEAK_CLOSE: [{ from: fc, rows: [[109.6, 112.9, 109.4, 110.9, 2000]], kind: 'SOS' }],
  TOO_DEEP: [{ from: f0, rows: [[101, 101.4, 99.2, 99.5, 600], [99.5, 99.8, 96.9, 97.4, 650]], kind: 'SPRING' }], // prettier-ignore
  TOO_SHALLOW: [{ from: fc, rows: [[109.4, 111.8, 109, 110.55, 2000]], kind: 'SOS' }],
  NO_RECOVERY: [{ from: f0, rows: [[101, 101.4, 99.2, 99.5, 600], ...times([99.6, 100.2, 99.3, 99.7, 500], 5)], kind: 'SPRING' }],
  NO_BOUNCE: [
    { from: fc, rows: [SOS, [112.2, 112.8, 111.6, 112.4, 1300], [112.4, 112.6, 111, 111.4, 900], [111.4, 111.8, 110.4, 110.9, 640], ...times([110.8, 111.3, 110.5, 110.9, 600], 3)], kind: 'LPS' }, // prettier-ignore
  ],
  BROKE_LEVEL: [{ from: fs, rows: [[102, 102.4, 100, 101.4, 1600], [101.4, 101.5, 99.5, 99.6, 900]], kind: 'PS' }], // prettier-ignore
  TIMEOUT: [
    // No rally in ten bars.
    { from: fs, rows: [CLIMAX, ...times([100, 100.4, 99.4, 100, 1000], 10)], kind: 'AR' },
    // A new high of the rally on the eleventh bar: it has not turned in time.
    { from: fs, rows: [CLIMAX, ...Array.from({ length: 11 }, (_, i): Row => [100.6 + i, 101.8 + i, 100.5 + i, 101.7 + i, 1000])], kind: 'AR' }, // prettier-ignore
    // A Spring nobody tests in its window of 15 days.
    { from: f0, rows: [SPRING, ...times([104, 105, 103, 104, 1000], 16)], kind: 'TEST' },
    // A preliminary support without bounce.
    { from: fs, rows: [[102, 102.4, 100, 101.4, 1600], ...times([101, 101.5, 100.5, 101, 900], 6)], kind: 'PS' },
    // A secondary test that sinks bar by bar until its wait is over.
    { from: fa, rows: [[102, 102.4, 101.4, 102, 1000], [102, 102.2, 101.2, 101.8, 1000], [101.8, 102, 101, 101.6, 1000], [101.6, 101.8, 100.8, 101.4, 1000], [101.4, 101.6, 100.6, 101.2, 1000]], kind: 'ST' }, // prettier-ignore
  ],
  LOW_HISTORY: [
    // The first hour of a session, four days after the first: what it usually trades is not known yet, so no climax opens.
    { from: () => fs(hourly(9, { session: { open: '09:00', close: '16:00' } })), rows: [CLIMAX], kind: 'SC' },
    // The last one likewise.
    { from: () => fs(hourly(15, { session: { open: '09:00', close: '16:00' } })), rows: [CLIMAX], kind: 'SC' },
  ],
  ANOMALY: [
    { from: () => f0(hourly(14, { assetClass: 'FOREX' })), rows: [[101, 101.4, 99.2, 99.5, 600], [99.5, 99.8, 98.8, 98.9, 5000]], kind: 'SPRING' }, // prettier-ignore
  ],
};

/** Said of a record that does not trade (second list). */
const NOT_TRADEABLE: Partial<Record<ReasonCode, readonly Case[]>> = {
  AWAIT_TEST: [{ from: f0, rows: [SPRING], kind: 'SPRING' }],
  AWAIT_LPS: [{ from: fc, rows: [SOS], kind: 'SOS' }],
  IN_RANGE: [{ from: fi, rows: [[106.8, 107, 105.4, 105.8, 820], [105.8, 106.2, 104.8, 105.4, 700], [105.4, 107, 105.2, 106.8, 900]], kind: 'LPS' }], // prettier-ignore
  WRONG_PHASE: [{ from: fa, rows: [[102, 102.4, 100.4, 101.4, 1300], [101.4, 103.2, 101.2, 103, 1000]], kind: 'ST' }], // prettier-ignore
  PREMATURE: [{ from: () => young(f0()), rows: [SPRING], kind: 'SPRING' }],
  VOLUME_TOO_HIGH: [{ from: f0, rows: [[101, 101.6, 98.6, 100.8, 700]], kind: 'SHAKEOUT' }],
  VOLUME_TOO_LOW: [{ from: fd, rows: upthrust(1300), kind: 'TEST' }],
  RANGE_QUALITY: [{ from: () => f0({ params: { rangeQualityMin: 79 } }), rows: TESTED, kind: 'TEST' }],
  LEVEL_STRENGTH: [{ from: () => f0({ params: { levelStrengthMin: 75 } }), rows: TESTED, kind: 'TEST' }],
  PHASE_CONFIDENCE: [{ from: () => f0({ params: { phaseConfidenceMin: 96 } }), rows: TESTED, kind: 'TEST' }],
  CONFIDENCE: [{ from: f0, rows: [SPRING], kind: 'SPRING' }],
  HYPOTHESIS_CONFLICT: [{ from: fh, rows: upthrust(1600), kind: 'TEST' }],
  SESSION: [
    {
      from: () => f0({ ...hourly(14, { assetClass: 'FOREX' }), params: { vetoSessions: ['OVERLAP'] } }),
      rows: [SPRING],
      kind: 'SPRING',
    },
  ],
  HTF_CONFLICT: [
    { from: () => f0({ params: { htfStrict: true } }), rows: TESTED, kind: 'TEST', ctx: { htf: { hypothesis: -1, phase: 'D', confidence: 50 } } }, // prettier-ignore
  ],
  NO_VOLUME: [{ from: () => f0({ instrument: { volumeReliability: 'NONE' } }), rows: [SPRING], kind: 'SPRING' }],
  ANOMALY: [{ from: f0, rows: TESTED, kind: 'TEST', ctx: { news: true } }],
};

/** What the detector said and refused over the rows of a case, from its first bar on. */
function play({ from, rows, ctx }: Case): { readonly records: DetectionEvent[]; readonly refused: string[] } {
  const fixture = from();
  const first = fixture.bar;
  const records = rows.flatMap((row) => [...fixture.detector.onBar(fixture.row(row), ctx)]);
  const refused = fixture.detector.rejections().filter((r) => r.bar >= first).map((r) => `${r.kind} ${r.reason}`); // prettier-ignore
  return { records, refused };
}

const listed = (table: Partial<Record<ReasonCode, readonly Case[]>>) =>
  REASON_CODES.flatMap((code) => (table[code] ?? []).map((one, i) => ({ code, kind: one.kind, number: i + 1, one })));

test.each(listed(REJECTED))('4.12 $code rejects $kind ($number)', ({ code, kind, one }) => {
  expect(play(one).refused).toContain(`${kind} ${code}`);
});

test.each(listed(NOT_TRADEABLE))('4.12 $code keeps $kind from trading ($number)', ({ code, kind, one }) => {
  const record = play(one).records.find((r) => r.kind === kind && r.reasons.includes(code));
  expect(record).toMatchObject({ tradeable: false });
});

/** Codes nobody gives. */
const unseen = (codes: readonly string[]): string[] => codes.filter((code) => !(code in REJECTED) && !(code in NOT_TRADEABLE));

test('4.12 no reason code is without such a case, and a new one would be noticed', () => {
  expect(unseen(REASON_CODES)).toEqual([]);
  expect(unseen([...REASON_CODES, 'FULL_MOON'])).toEqual(['FULL_MOON']);
});

test('4.12 LOW_HISTORY is over once the hour has been seen on five days', () => {
  const hours = hourly(9, { session: { open: '09:00', close: '16:00' } });
  const fixture = fs({ ...hours, startMs: (hours.startMs ?? 0) - 24 * HOUR_MS });
  for (let i = 0; i < 24; i++) fixture.feed([102, 103, 101.5, 102, 1000]);
  fixture.feed(CLIMAX);
  expect(fixture.refusals()).toEqual([]);
  expect(fixture.study.up.seed.live).toBe(true);
});
