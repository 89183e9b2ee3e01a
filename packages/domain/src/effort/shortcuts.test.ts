/** What saves a search or a logarithm finds exactly what the search or the logarithm would have found. */
import { describe, expect, test } from 'vitest';
import { BarRing, RING_MASK } from '../bar/bar-ring.ts';
import { noiseColumns } from '../wyckoff/noise.ts';
import { Adx } from './adx.ts';
import { Extremes } from './extremes.ts';
import { VolumeHabit } from './volume-habit.ts';

const WINDOW = 20;

/** Walks 3,000 bars; `advance` may cheat. Counts the bars on which the remembered extremes differ from a search. */
function wrongExtremes(advance: (extremes: Extremes, ring: BarRing, to: number) => void): number {
  const columns = noiseColumns(11, 3000);
  const ring = new BarRing();
  const extremes = new Extremes();
  let wrong = 0;
  for (let bar = 0; bar < columns.length; bar++) {
    ring.high[bar & RING_MASK] = columns.high[bar];
    ring.low[bar & RING_MASK] = columns.low[bar];
    advance(extremes, ring, bar);
    const from = Math.max(0, bar - WINDOW + 1);
    const lowest = Math.min(...columns.low.slice(from, bar + 1));
    const highest = Math.max(...columns.high.slice(from, bar + 1));
    if (extremes.lowest !== lowest || extremes.highest !== highest) wrong++;
  }
  return wrong;
}

describe('extremes of a lookback', () => {
  test('SC-1 are those a search finds, also after they were forgotten', () => {
    const advance = (extremes: Extremes, ring: BarRing, to: number): void => {
      if (to % 97 === 0) extremes.forget();
      extremes.advance(ring, to, WINDOW);
    };
    expect(wrongExtremes(advance)).toBe(0);
  });

  test('SC-1 the twin: a longer window is noticed', () => {
    expect(wrongExtremes((extremes, ring, to) => extremes.advance(ring, to, WINDOW + 1))).toBeGreaterThan(0);
  });
});

test('PCK-1 every volume ratio falls into the bin of its logarithm', () => {
  const from = Math.log(0.05);
  const width = (Math.log(20) - from) / 128;
  const wrong: number[] = [];
  for (let i = 0; i < 20_000; i++) {
    const ratio = i === 0 ? 0 : 0.01 * 1.0004 ** i;
    const habit = new VolumeHabit(250);
    habit.push({ volRatio: ratio });
    const bin = ratio > 0 ? Math.floor((Math.log(ratio) - from) / width) : 0;
    if (habit.bins[Math.max(0, Math.min(127, bin))] !== 1) wrong.push(ratio);
  }
  expect(wrong).toEqual([]);
});

test('REG-1 the directional index is the same bar by bar and in one go', () => {
  const columns = noiseColumns(12, 120);
  const ring = new BarRing();
  const single = new Adx(14);
  const whole = new Adx(14);
  for (let bar = 0; bar < columns.length; bar++) {
    ring.high[bar & RING_MASK] = columns.high[bar];
    ring.low[bar & RING_MASK] = columns.low[bar];
    if (bar === 0) continue;
    const [high, low, prevHigh, prevLow] = [columns.high[bar], columns.low[bar], columns.high[bar - 1], columns.low[bar - 1]];
    single.push({ high, low, prevHigh, prevLow });
  }
  whole.follow(ring, 1, 119);
  expect(whole.value).toBe(single.value);
  expect(whole.value).toBeGreaterThan(0);
});
