/** Bars and effort: what is believed, what is usual, what stands out (G1 of detection.md 12 among them). */
import { describe, expect, test } from 'vitest';
import type { Bar, Instrument } from '../bar/bar.ts';
import { appendBar, BarCursor, createBarColumns } from '../bar/columns.ts';
import { barDefect } from '../bar/validate.ts';
import { above, atLeast, atMost, below } from '../bar/tolerance.ts';
import { piecewise } from '../bar/piecewise.ts';
import { Adx } from './adx.ts';
import { Baseline } from './baseline.ts';
import { Effort } from './effort.ts';
import { effortResult, volumeWord } from './effort-result.ts';
import { Features } from './features.ts';
import { VolumeSilence } from './reliability.ts';
import { SessionVolume } from './session-volume.ts';
import { VolumeHabit } from './volume-habit.ts';
import { volumeDivergence, volumeTrend } from './volume-trend.ts';
import { ZoneClock } from './zone-clock.ts';

const STOCK: Instrument = { symbol: 'T', assetClass: 'STOCK', timeZone: 'UTC' };
const BOUNDS = [2, 1, 1.5, 1.5, 1.4, 0.8, 0.6, 0.8];
const PARAMS = {
  atrPeriod: 14,
  adxPeriod: 14,
  baselineClip: 5,
  climaxLookback: 30,
  newLowBars: 20,
  sessionHalfLifeDays: 10,
  sessionMinSamples: 5,
  anomalyVol: 5,
};

function bar(over: Partial<Bar> = {}): Bar {
  return { time: 0, open: 10, high: 11, low: 9, close: 10, volume: 1000, ...over };
}

function features(over: Partial<Features>): Features {
  return Object.assign(new Features(), { high: 11, low: 9, volume: 1000 }, over);
}

/** Measures and absorbs bars a day apart. */
function run(bars: readonly Partial<Bar>[], instrument = STOCK): Effort {
  const effort = new Effort({ instrument, timeframe: '1d', params: PARAMS, habitHalfLife: 0 });
  bars.forEach((over, i) => {
    effort.measure(bar({ time: i * 86_400_000, ...over }));
    effort.absorb();
  });
  return effort;
}

describe('bars', () => {
  test.each<[Partial<Bar>, string | null]>([
    [{}, null],
    [{ close: NaN }, 'NOT_FINITE'],
    [{ volume: Infinity }, 'NOT_FINITE'],
    [{ time: NaN }, 'NOT_FINITE'],
    [{ low: 0 }, 'PRICE_NOT_POSITIVE'],
    [{ open: -1 }, 'PRICE_NOT_POSITIVE'],
    [{ high: 8 }, 'HIGH_BELOW_LOW'],
    [{ volume: -1 }, 'VOLUME_NEGATIVE'],
    [{ high: 1e101 }, 'OUT_OF_REACH'],
    [{ open: 1e-101 }, 'OUT_OF_REACH'],
    [{ volume: 1e-101 }, 'OUT_OF_REACH'],
    [{ time: 1e15 }, 'OUT_OF_REACH'],
    [{ time: -1e14 }, 'OUT_OF_REACH'],
    [{ volume: 0 }, null],
    [{ close: 12 }, null],
  ])('BAR-1 %j is %s', (over, defect) => {
    expect(barDefect(bar(over))).toBe(defect);
  });

  test('BAR-1 columns refuse what does not fit, and one cursor reads them', () => {
    const columns = createBarColumns(2);
    appendBar(columns, bar({ close: 1 }));
    appendBar(columns, bar({ close: 2 }));
    expect(() => appendBar(columns, bar())).toThrow(/was full/);
    const cursor = new BarCursor(columns);
    expect([cursor.at(0).close, cursor.at(1).close, cursor.over(columns).row]).toEqual([1, 2, 0]);
  });

  test('BAR-1 comparisons carry a tolerance: 0.7 is never below 0.70', () => {
    expect(below(0.1 + 0.6, 0.7)).toBe(false);
    expect(atLeast(1.5 - 1e-12, 1.5)).toBe(true);
    expect(above(1.5 + 1e-12, 1.5)).toBe(false);
    expect(atMost(-100 + 1e-9, -100)).toBe(true);
    expect([above(NaN, 1), below(NaN, 1), atLeast(NaN, 1), atMost(NaN, 1)]).toEqual([false, false, false, false]);
    expect([piecewise([0, 1, 2, 3], -1), piecewise([0, 1, 2, 3], 1), piecewise([0, 1, 2, 3], 9)]).toEqual([1, 2, 3]);
  });
});

describe('effort', () => {
  test('G1a BAS-1 a huge print enters as five times the mean, a bar without trade not at all', () => {
    const effort = run([...Array.from({ length: 20 }, () => ({})), { volume: 10_000 }]);
    expect(effort.now.volRatio).toBe(10);
    expect(effort.baseline.meanVolume).toBe(1200);
    effort.measure(bar({ time: 21 * 86_400_000, volume: 1200 }));
    expect(effort.now.volRatio).toBe(1);
    const before = effort.baseline.meanVolume;
    effort.baseline.push(features({ volume: 0, high: 10, low: 10 }), 5);
    expect(effort.baseline.meanVolume).toBe(before);
  });

  test('G1a BAS-1 twenty bars must have passed', () => {
    expect(run(Array.from({ length: 20 }, () => ({}))).now.volRatio).toBeNaN();
    expect(run(Array.from({ length: 21 }, () => ({}))).now.volRatio).toBe(1);
  });

  test('BAS-1 the running sums do not drift', () => {
    const baseline = new Baseline();
    for (let i = 0; i < 100_003; i++) baseline.push(features({ volume: 1e9 + (i % 7) / 3, high: 10 + (i % 5) / 7, low: 9 }), 5);
    const exact = baseline.volumes.reduce((sum, v) => sum + v, 0) / 20;
    expect(Math.abs(baseline.meanVolume - exact)).toBeLessThan(1e-5);
  });

  test.each<[number, number, string]>([
    [2.0, 1.0, 'CLIMACTIC'],
    [1.5, 1.5, 'CLIMACTIC'],
    [1.99, 1.49, 'NORMAL'],
    [1.4, 0.8, 'ABSORPTION'],
    [0.6, 0.8, 'NO_DEMAND'],
    [0.61, 0.8, 'NORMAL'],
    [NaN, 1, 'NORMAL'],
  ])('G1b EFF-1 volume %d on spread %d is %s', (vol, spread, name) => {
    expect(effortResult(vol, spread, BOUNDS)).toBe(name);
  });

  test('EFF-1 the words and the trend of volume', () => {
    expect([2, 1.5, 1, 0.5, 0.4, NaN].map(volumeWord)).toEqual(['CLIMACTIC', 'HIGH', 'AVERAGE', 'LOW', 'DRIED_UP', null]);
    const rising = Array.from({ length: 20 }, (_, i) => 100 + 20 * i);
    expect([volumeTrend(rising), volumeTrend([...rising].reverse()), volumeTrend(rising.map(() => 5))]).toEqual([
      'RISING',
      'DECLINING',
      'FLAT',
    ]);
    const volumes = [9, 9, 9, 9, 9, 9, 5, 5, 5, 5];
    expect(volumeDivergence([1, 2, 3, 4, 5, 6, 7, 7, 7, 7], volumes)).toBe(true);
    expect(volumeDivergence([1, 2, 3, 4, 5, 6, 6, 5, 5, 5], volumes)).toBe(false);
  });

  test('VOL-1 silence after twenty bars without volume, until twenty with', () => {
    const silence = new VolumeSilence();
    const states: boolean[] = [];
    for (let i = 0; i < 45; i++) {
      silence.push(features({ volume: i >= 2 && i < 22 ? 0 : 1 }));
      states.push(silence.silent);
    }
    expect(states.indexOf(true)).toBe(21);
    expect(states.lastIndexOf(true)).toBe(40);
  });

  test('VOL-1 with volume declared meaningless every bar may be judged', () => {
    const effort = run([{}], { ...STOCK, volumeReliability: 'NONE' });
    expect([effort.now.judged, effort.reliability]).toEqual([true, 'NONE']);
    expect(run([{}]).now.judged).toBe(false);
  });

  test('BAS-1 volume of the same time of day: needs five days, then forgets with a half-life of ten', () => {
    const session = new SessionVolume(60, 10, 5);
    for (let day = 0; day < 4; day++) session.push(570, features({ volume: 100 }));
    expect(session.ratio(570, features({ volume: 100 }))).toBeNaN();
    session.push(570, features({ volume: 100 }));
    expect(session.ratio(570, features({ volume: 250 }))).toBe(2.5);
    expect(session.ratio(630, features({ volume: 250 }))).toBeNaN();
    for (let day = 0; day < 10; day++) session.push(570, features({ volume: 200 }));
    expect(session.ratio(570, features({ volume: 150 }))).toBeCloseTo(1, 3);
  });

  test('PCK-1 the habit reads its own quantiles back and forgets', () => {
    const habit = new VolumeHabit(250);
    for (let i = 0; i < 5000; i++) habit.push(features({ volRatio: 0.5 + (i % 100) / 100 }));
    expect(habit.quantile(0.5)).toBeCloseTo(1, 1);
    expect(habit.share(habit.quantile(0.9))).toBeCloseTo(0.9, 6);
    for (let i = 0; i < 2500; i++) habit.push(features({ volRatio: 3 }));
    expect(habit.quantile(0.5)).toBeCloseTo(3, 0);
    expect(habit.weight).toBeLessThan(2 ** 21);
  });

  test('SES-1 a zone keeps its wall clock through a clock change', () => {
    const clock = new ZoneClock('America/New_York');
    const hour = (utc: string): number => (clock.local(Date.parse(utc)) / 3_600_000) % 24;
    expect([hour('2025-03-09T06:59:59Z'), hour('2025-03-09T07:00:00Z')].map(Math.floor)).toEqual([1, 3]);
    expect(Math.floor(hour('2025-11-02T06:00:00Z'))).toBe(1);
  });

  test('REG-1 the directional index is high in a trend and low in a range', () => {
    const index = (next: (i: number) => number): number => {
      const adx = new Adx(14);
      for (let i = 1; i < 200; i++) {
        const now = next(i);
        const before = next(i - 1);
        adx.push(
          features({
            high: now + 1,
            low: now - 1,
            prevHigh: before + 1,
            prevLow: before - 1,
            trueRange: 2 + Math.abs(now - before),
          }),
        );
      }
      return adx.value;
    };
    expect(index((i) => 100 + i)).toBeGreaterThan(60);
    expect(index((i) => 100 + (i % 2))).toBeLessThan(25);
  });
});
