/** Levels, ranges' worth, count, profile and zones. */
import { describe, expect, test } from 'vitest';
import { BarRing, RING_MASK } from '../bar/bar-ring.ts';
import { noiseColumns } from '../backtest/noise.ts';
import { LevelBook, RESISTANCE, SUPPORT } from './level-book.ts';
import { levelStrength, strengthRating } from './level-strength.ts';
import { Pivot, PIVOT_SPAN, PivotWatch } from './pivots.ts';
import { niceStep, PointAndFigure } from './point-and-figure.ts';
import { durationPoints, qualityGrade, qualityWeaknesses, tightnessPoints, touchPoints, volumePoints } from './range-quality.ts';
import { EVENT_ROUTE, Range } from './range.ts';
import { Touches } from './touches.ts';
import { VolumeProfile } from './volume-profile.ts';
import { Zones } from './zones.ts';

function pivot(bar: number, price: number, rest: Partial<Pivot> = {}): Pivot {
  return Object.assign(new Pivot(), { bar, price, volume: 1000, volRatio: 1, wick: 0.5, ...rest });
}

/** The pivot, belonging to what lies at most `reach` away. */
function near(reach: number, of: Pivot): Pivot {
  return Object.assign(of, { reach });
}

/** Bars that turn out to be pivots, as a watch tells them one by one. */
function pivotsOf(highs: readonly number[], lows: readonly number[]): { readonly high: number[]; readonly low: number[] } {
  const bars = new BarRing();
  const watch = new PivotWatch();
  const found = { high: [] as number[], low: [] as number[] };
  highs.forEach((high, bar) => {
    bars.high[bar & RING_MASK] = high;
    bars.low[bar & RING_MASK] = lows[bar];
    const low = lows[bar];
    if (watch.highConfirmed({ bar, high, low }, bars.high)) found.high.push(bar - PIVOT_SPAN);
    if (watch.lowConfirmed({ bar, high, low }, bars.low)) found.low.push(bar - PIVOT_SPAN);
  });
  return found;
}

/** Bars whose price beats the five before and is not beaten by the five after, found by looking; `last`: the last of a plateau wins. */
function searched(prices: readonly number[], plateau: 'first' | 'last' = 'first'): number[] {
  return prices.flatMap((price, bar) => {
    if (bar < PIVOT_SPAN || bar + PIVOT_SPAN >= prices.length) return [];
    const before = prices.slice(bar - PIVOT_SPAN, bar);
    const after = prices.slice(bar + 1, bar + 1 + PIVOT_SPAN);
    const [strict, loose] = plateau === 'first' ? [before, after] : [after, before];
    return strict.every((other) => price > other) && loose.every((other) => price >= other) ? [bar] : [];
  });
}

describe('pivots', () => {
  test('G1c PIV-1 the first bar of a plateau is the one pivot', () => {
    const highs = [10, 11, 12, 13, 14, 15, 15, 14, 13, 12, 11, 10];
    const lows = highs.map((x) => 100 - x);
    expect(pivotsOf(highs, lows)).toEqual({ high: [5], low: [5] });
  });

  test('PIV-1 the watch finds every pivot a search finds, plateaus included; the twin, another plateau rule, is noticed', () => {
    const noise = noiseColumns(14, 4000);
    const rounded = (column: Float64Array): number[] => Array.from(column.slice(0, 4000), (price) => Math.round(price));
    const highs = rounded(noise.high);
    const lows = rounded(noise.low);
    const found = pivotsOf(highs, lows);
    expect(found.high).toEqual(searched(highs));
    expect(found.low).toEqual(searched(lows.map((low) => -low)));
    expect(found.high.length).toBeGreaterThan(200);
    expect(found.high).not.toEqual(searched(highs, 'last'));
  });
});

describe('level book', () => {
  test('LVL-1 a second touch needs a swing in between, else it only extends the edge', () => {
    const book = new LevelBook();
    const list = book.insert(SUPPORT, near(2, pivot(10, 100)));
    expect(book.insert(SUPPORT, near(2, pivot(14, 99.5)))).toBe(list);
    expect([book.touches.count[list], book.edge[list]]).toEqual([1, 99.5]);
    book.swing(SUPPORT, pivot(10, 110), 2);
    book.insert(SUPPORT, near(2, pivot(15, 100.2)));
    expect(book.touches.count[list]).toBe(1);
    book.swing(SUPPORT, pivot(20, 110), 2);
    book.insert(SUPPORT, near(2, pivot(26, 100.4)));
    expect(book.touches.count[list]).toBe(2);
    expect(book.insert(SUPPORT, near(2, pivot(30, 103)))).not.toBe(list);
  });

  test('LVL-1 a swing too near the level or a weak pivot makes no touch', () => {
    const book = new LevelBook();
    const list = book.insert(SUPPORT, near(2, pivot(10, 100)));
    book.swing(SUPPORT, pivot(20, 101), 2);
    book.insert(SUPPORT, near(2, pivot(26, 100.4)));
    expect(book.touches.count[list]).toBe(1);
    book.swing(SUPPORT, pivot(28, 108), 2);
    book.insert(SUPPORT, near(2, pivot(33, 99, { weak: true })));
    expect([book.touches.count[list], book.edge[list]]).toEqual([1, 99]);
    expect(book.insert(SUPPORT, near(2, pivot(34, 150, { weak: true })))).toBe(-1);
  });

  test('LVL-1 twelve clusters a side, the one touched longest ago gives way', () => {
    const book = new LevelBook();
    for (let i = 0; i < 13; i++) book.insert(SUPPORT, near(1, pivot(i, 100 + 10 * i)));
    expect(book.watch.evicted).toBe(1);
    expect(book.insert(SUPPORT, near(1, pivot(50, 100)))).toBe(1);
  });

  test('LVL-5 forgotten with age or when the close leaves the edge behind', () => {
    const limits = { clusterMaxAge: 120, clusterBreak: 1 };
    const book = new LevelBook();
    const list = book.insert(SUPPORT, near(2, pivot(10, 100)));
    const high = book.insert(RESISTANCE, near(2, pivot(40, 110)));
    expect(book.stale({ bar: 50, close: 98.5, atr: 2 }, limits)).toBe(false);
    book.prune({ bar: 50, close: 97.9, atr: 2 }, limits);
    expect([book.touches.count[list], book.touches.count[high]]).toEqual([0, 1]);
    expect(book.stale({ bar: 160, close: 105, atr: 2 }, limits)).toBe(false);
    expect(book.stale({ bar: 161, close: 105, atr: 2 }, limits)).toBe(true);
    book.prune({ bar: 161, close: 105, atr: 2 }, limits);
    expect(book.touches.count[high]).toBe(0);
  });
});

describe('levels', () => {
  test('LVL-2 the price is weighted by volume, plain without', () => {
    const touches = new Touches(1);
    touches.push(0, pivot(1, 100, { volume: 3000 }));
    touches.push(0, pivot(9, 104, { volume: 1000 }));
    expect(touches.weightedPrice(0)).toBe(101);
    touches.clear(0);
    touches.push(0, pivot(1, 100, { volume: 0 }));
    touches.push(0, pivot(9, 104, { volume: 0 }));
    expect(touches.weightedPrice(0)).toBe(102);
  });

  test('LVL-2 the thirteenth touch drops the first', () => {
    const touches = new Touches(2);
    for (let i = 0; i < 13; i++) touches.push(1, pivot(i, 100 + i));
    expect([touches.count[1], touches.firstBar(1), touches.lastBar(1), touches.count[0]]).toEqual([12, 1, 12, 0]);
  });

  test('LVL-3 a forming range extends its edge, an active one does not', () => {
    const range = new Range();
    range.begin({ id: 1, route: EVENT_ROUTE, startBar: 1, startTime: 0 });
    range.found(SUPPORT, pivot(1, 100));
    range.found(RESISTANCE, pivot(5, 110));
    range.refresh();
    expect(range.take(SUPPORT, near(1.2, pivot(8, 99.5)))).toBe(true);
    expect([range.support, range.touchCount(SUPPORT)]).toEqual([99.5, 1]);
    range.swing(SUPPORT, pivot(12, 109), 2);
    range.state = 3;
    expect(range.take(SUPPORT, near(1.2, pivot(18, 99.2)))).toBe(false);
    expect([range.support, range.touchCount(SUPPORT)]).toEqual([99.5, 2]);
    expect(range.take(SUPPORT, near(1.2, pivot(20, 95)))).toBe(false);
  });

  test('STR-1 touches, dwindling volume, rejection and age', () => {
    const touches = new Touches(1);
    expect(levelStrength(touches, 0)).toBe(0);
    touches.push(0, pivot(0, 100, { wick: 0.1 }));
    expect(levelStrength(touches, 0)).toBe(0 + 0 + 5 + 2);
    [12, 24, 36, 48].forEach((bar, i) => touches.push(0, pivot(bar, 100, { volRatio: 0.8 - 0.1 * i, wick: 0.9 })));
    expect(levelStrength(touches, 0)).toBe(40 + 30 + 20 + 10);
    expect([85, 70, 60, 59].map(strengthRating)).toEqual(['EXCELLENT', 'STRONG', 'MODERATE', 'WEAK']);
  });

  test('QLT-1 duration, touches, tightness, volume', () => {
    expect([9, 10, 15, 25, 40].map(durationPoints)).toEqual([0, 10, 15, 20, 30]);
    expect([touchPoints(1, 1), touchPoints(2, 2), touchPoints(5, 1), touchPoints(4, 4), touchPoints(4, 5)]).toEqual([
      10, 20, 25, 30, 30,
    ]);
    const touches = new Touches(2);
    for (const bar of [0, 20]) {
      touches.push(SUPPORT, pivot(bar, 100, { volRatio: bar === 0 ? 2 : 1 }));
      touches.push(RESISTANCE, pivot(bar + 10, 110));
    }
    expect(tightnessPoints(touches, 10)).toBe(20);
    expect(volumePoints(touches)).toBe(5 + 5);
    expect([80, 60, 40, 39].map(qualityGrade)).toEqual(['EXCELLENT', 'GOOD', 'FAIR', 'POOR']);
    expect(qualityWeaknesses({ duration: 10, touches: 30, tightness: 0, volume: 10 })).toEqual([
      'insufficient_duration',
      'loose_clusters',
    ]);
  });
});

describe('count, profile, zones', () => {
  test('G1d PNF-1 three boxes to reverse', () => {
    const count = new PointAndFigure();
    count.start(1, 104, 3);
    const state = (high: number, low: number): [number, number, number, number] => {
      count.push({ high, low });
      return [count.direction, count.top, count.bottom, count.column];
    };
    expect(state(104.6, 101.8)).toEqual([-1, 104, 102, 1]);
    expect(state(103, 100.4)).toEqual([-1, 104, 101, 1]);
    expect(state(104.2, 101.5)).toEqual([1, 104, 102, 2]);
    expect(state(106.3, 103)).toEqual([1, 106, 102, 2]);
    expect(state(106.9, 104.1)).toEqual([1, 106, 102, 2]);
    expect(state(105, 103.6)).toEqual([1, 106, 102, 2]);
    expect(state(104.4, 103.9)).toEqual([1, 106, 102, 2]);
    expect(state(107.2, 104.4)).toEqual([1, 107, 102, 2]);
  });

  test.each([
    [1.295, 1],
    [0.5, 0.5],
    [0.0037, 0.002],
    [49.99, 20],
    [5, 5],
    [0, 0],
  ])('G1d PNF-1 the box of %d is %d', (x, box) => {
    expect(niceStep(x)).toBeCloseTo(box, 12);
  });

  test('PRF-1 volume is spread over the prices covered, nothing is lost', () => {
    const profile = new VolumeProfile();
    profile.start(100, 164);
    profile.push({ high: 103.5, low: 100.5, volume: 400 });
    profile.push({ high: 101.5, low: 101.2, volume: 300 });
    profile.push({ high: 500, low: 400, volume: 50 });
    const bins = profile.bins();
    expect(Array.from(bins.subarray(1, 5))).toEqual([100, 400, 100, 100]);
    expect(bins[65]).toBe(50);
    expect(bins.reduce((sum, v) => sum + v, 0)).toBeCloseTo(750, 9);
    expect(profile.pointOfControl()).toBe(2);
    const [from, to] = profile.valueArea();
    expect([from, to]).toEqual([1, 3]);
    expect(profile.priceOf(1)).toBe(100);
  });

  test('ZON-1 a narrow bar on volume leaves a zone; visits tire it, a break ends it', () => {
    const params = { zoneVol: 1.3, zoneSpread: 0.8, zoneDeparture: 1, formingBreakVol: 1.5 };
    const now = {
      bar: 1,
      high: 101,
      low: 100,
      close: 100.8,
      prevClose: 100,
      volFloor: 2,
      volRatio: 2,
      spreadRatio: 0.5,
      closePos: 0.8,
      atr: 2,
    };
    const zones = new Zones();
    const near = (at: number): number => zones.significance(at, true);
    zones.open({ ...now, spreadRatio: 0.9 }, params, near);
    expect(zones.count).toBe(0);
    zones.open(now, params, near);
    expect([zones.count, zones.kind[0]]).toEqual([1, 1]);
    expect(near(0)).toBeCloseTo(40 + 30 + (15 * 0.7) / 2 + (15 * 0.3) / 0.8, 5);
    const visit = (low: number, high: number): number => {
      zones.follow({ ...now, low, high, close: high, volFloor: 1 }, params);
      return zones.touches[0];
    };
    expect(visit(100.5, 102)).toBe(0);
    expect(visit(103.5, 105)).toBe(0);
    expect(visit(100.9, 104)).toBe(1);
    expect(visit(100.2, 101)).toBe(1);
    zones.follow({ ...now, low: 97, high: 98, close: 97.5, volFloor: 1 }, params);
    expect(zones.count).toBe(0);
    for (let i = 0; i < 25; i++) zones.open({ ...now, bar: i }, params, near);
    expect([zones.count, zones.evicted]).toEqual([20, 5]);
  });
});
