/** What saves a search or a logarithm finds exactly what the search or the logarithm would have found. */
import { describe, expect, test } from 'vitest';
import { BarRing, RING_MASK } from '../bar/bar-ring.ts';
import { noiseColumns } from '../backtest/noise.ts';
import { Adx } from './adx.ts';
import { Extremes } from './extremes.ts';
import { VolumeHabit } from './volume-habit.ts';

const WINDOW = 20;

/** Walks 3,000 bars; `window` may cheat. Counts the bars on which the kept extremes differ from a search. */
function wrongExtremes(window: number, recallEvery = Infinity): number {
  const columns = noiseColumns(11, 3000);
  const ring = new BarRing();
  const extremes = new Extremes(window, ring);
  let wrong = 0;
  for (let bar = 0; bar < columns.length; bar++) {
    ring.high[bar & RING_MASK] = columns.high[bar];
    ring.low[bar & RING_MASK] = columns.low[bar];
    extremes.note(bar);
    if (bar % recallEvery === 0) extremes.recall(bar);
    const from = Math.max(0, bar - WINDOW + 1);
    const lowest = Math.min(...columns.low.slice(from, bar + 1));
    const highest = Math.max(...columns.high.slice(from, bar + 1));
    if (extremes.lowest !== lowest || extremes.highest !== highest) wrong++;
  }
  return wrong;
}

describe('extremes of a lookback', () => {
  test('SC-1 are those a search finds, also after they were recalled from the ring', () => {
    expect([wrongExtremes(WINDOW), wrongExtremes(WINDOW, 97), wrongExtremes(WINDOW, 1)]).toEqual([0, 0, 0]);
  });

  test('SC-1 the twin: a longer window is noticed', () => {
    expect(wrongExtremes(WINDOW + 1)).toBeGreaterThan(0);
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

test('PCK-1 a quantile is the one found by walking through all bins, and the share is its inverse', () => {
  const { volume } = noiseColumns(13, 5000);
  const habit = new VolumeHabit(250);
  const width = (Math.log(20) - Math.log(0.05)) / 128;
  for (let bar = 0; bar < volume.length; bar++) {
    habit.push({ volRatio: volume[bar] / 1000 });
    if (bar % 50 !== 0) continue;
    for (const q of [0.05, 0.22, 0.55, 0.75, 0.9, 0.95, 0.965, 0.999]) {
      let need = q * habit.total;
      let bin = 0;
      for (; bin < 127 && need > habit.bins[bin]; bin++) need -= habit.bins[bin];
      expect(habit.quantile(q)).toBeCloseTo(Math.exp(Math.log(0.05) + (bin + need / habit.bins[bin]) * width), 9);
      expect(habit.share(habit.quantile(q))).toBeCloseTo(q, 6);
    }
  }
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
