/** The packs: effort by habit instead of fixed ratios, and what that does on a real series. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { Bar, Instrument } from '../bar/bar.ts';
import { createDetector } from './detector.ts';
import { f0 } from './fixture.ts';
import { noiseColumns } from '../backtest/noise.ts';
import { BarCursor } from '../bar/columns.ts';
import { CLASSIC, resolvePack, STRICT, type RulePack } from './rule-pack.ts';
import { Study } from './study.ts';

const INDEX: Instrument = { symbol: 'SPX', assetClass: 'INDEX', timeZone: 'America/New_York' };

function demoSeries(): Bar[] {
  const file = new URL('../../../../node_modules/vega-datasets/data/sp500-2000.csv', import.meta.url);
  const [head, ...rows] = readFileSync(file, 'utf8').trim().split(/\r?\n/);
  const names = head.split(',');
  const at = (name: string): number => names.indexOf(name);
  return rows.map((row) => {
    const cells = row.split(',');
    const value = (name: string): number => Number(cells[at(name)]);
    return {
      time: Date.parse(cells[at('date')]),
      open: value('open'),
      high: value('high'),
      low: value('low'),
      close: value('close'),
      volume: value('volume'),
    };
  });
}

function tradeable(pack: RulePack, bars: readonly Bar[]): number {
  const detector = createDetector(INDEX, '1d', { pack });
  return bars.reduce((sum, bar) => sum + detector.onBar(bar).filter((record) => record.tradeable).length, 0);
}

describe('PCK-1 thresholds from the habit', () => {
  const habit = (pack: RulePack): Study => {
    const study = new Study(INDEX, '1d', { pack });
    const columns = noiseColumns(5, 600);
    const cursor = new BarCursor(columns);
    for (let row = 0; row < 600; row++) {
      study.effort.measure(cursor.at(row));
      study.effort.absorb();
    }
    return study;
  };

  test('PCK-1 a threshold is the quantile of the instrument`s own volume ratio, within its bounds', () => {
    const { thresholds, effort } = habit(CLASSIC);
    const own = effort.habit;
    if (own === null) throw new Error('PCK-1: expected a habit in classic, was none');
    expect(thresholds.sosMin(-1)).toBeCloseTo(Math.max(1.1, own.quantile(0.9)), 12);
    expect(thresholds.climaxVol()).toBeGreaterThan(thresholds.sosMin(-1));
    expect(thresholds.springMax(-1)).toBeLessThanOrEqual(0.9);
    expect(thresholds.springMax(-1)).toBeLessThan(thresholds.lpsMax());
  });

  test('PCK-1 strict keeps its constants, and classic does until it has heard sixty bars', () => {
    expect(habit(STRICT).thresholds.sosMin(-1)).toBe(1.5);
    const young = new Study(INDEX, '1d', { pack: CLASSIC });
    expect(young.thresholds.climaxVol()).toBe(2);
  });

  test('PCK-2 points are read on the scale of a liquid stock', () => {
    const { thresholds, effort } = habit(CLASSIC);
    const own = effort.habit;
    if (own === null) throw new Error('PCK-2: expected a habit in classic, was none');
    expect(thresholds.onStockScale(own.quantile(0.9))).toBeCloseTo(1.55, 1);
    expect(thresholds.onStockScale(own.quantile(0.2))).toBeCloseTo(0.68, 1);
    expect(habit(STRICT).thresholds.onStockScale(1.234)).toBe(1.234);
  });
});

describe('PCK-3 what the packs hear', () => {
  const bars = demoSeries();

  test('PCK-3 on twenty years of the S&P 500 classic gives two to six tradeable records per 1,000 bars', () => {
    expect(bars.length).toBeGreaterThan(5_000);
    const rate = (1000 * tradeable(CLASSIC, bars)) / bars.length;
    expect(rate).toBeGreaterThan(2);
    expect(rate).toBeLessThan(6);
  });

  test('PCK-3 the twin: the same pack without its calibrated gates hardly speaks', () => {
    expect(tradeable({ ...CLASSIC, params: STRICT.params }, bars)).toBeLessThan(5);
  });

  test('PCK-4 a pack is data: overrides make a new one and leave the old alone', () => {
    const own = resolvePack('strict', { confidenceFloor: 60 });
    expect(own.params.confidenceFloor).toBe(60);
    expect(STRICT.params.confidenceFloor).toBe(70);
    expect(resolvePack()).toBe(CLASSIC);
  });

  test('TRC-1 the trace hears every condition judged, failed ones included', () => {
    const heard: string[] = [];
    const fixture = f0({ trace: (c) => void heard.push(`${c.kind} ${c.code} ${c.passed}`) });
    fixture.feed([99.5, 99.8, 96.9, 97.4, 650]);
    expect(heard).toContain('SPRING TOO_DEEP false');
    expect(heard).toContain('SOW VOLUME_TOO_LOW false');
    expect(heard).toContain('SOW SPREAD_NARROW true');
  });
});
