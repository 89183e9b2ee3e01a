/** The synthetic series are what their labels say: valid bars, events at their extremes, proportions as described. */
import { describe, expect, it } from 'vitest';
import { barDefect } from '../../bar/validate.ts';
import { BarCursor, type BarColumns } from '../../bar/columns.ts';
import type { Label } from './label.ts';
import { drawSeries, type LabelledSeries, type SeriesOptions } from './series.ts';

const draw = (options: Partial<SeriesOptions> = {}): LabelledSeries =>
  drawSeries({ schematic: 'all', seed: 7, number: 1, bars: 3000, noise: 'moderate', ...options });

const barOf = (columns: BarColumns, time: number): number => columns.time.indexOf(time);
const events = (labels: readonly Label[]): Label[] => labels.filter((l) => !['RANGE', 'PHASE', 'NONE'].includes(l.kind));

function volumeRatio(columns: BarColumns, bar: number): number {
  let sum = 0;
  for (let i = bar - 20; i < bar; i++) sum += columns.volume[i];
  return (20 * columns.volume[bar]) / sum;
}

/** Share of swing lows labelled ST (own side, accumulation) that are the lowest low within three bars. */
function shareAtExtreme(series: LabelledSeries, shift: number): number {
  const { columns, labels } = series;
  const tests = labels.filter((l) => l.kind === 'ST' && l.hypothesis === 1 && l.verdict === 'CORRECT');
  const right = tests.filter((label) => {
    const bar = barOf(columns, label.barTs) + shift;
    return [1, 2, 3].every((d) => columns.low[bar] <= columns.low[bar - d] && columns.low[bar] <= columns.low[bar + d]);
  });
  return right.length / tests.length;
}

describe('synthetic series (issue 3.6, backtesting.md 13.1)', () => {
  it('SYN-1 the same seed gives the same series, another seed or number another', () => {
    expect(draw()).toEqual(draw());
    expect(draw({ seed: 8 }).columns.close).not.toEqual(draw().columns.close);
    expect(draw({ number: 2 }).columns.close).not.toEqual(draw().columns.close);
  });

  it.each(['low', 'moderate', 'high'] as const)('SYN-2 every bar is sound and later than the one before (%s noise)', (noise) => {
    const { columns } = draw({ noise });
    const bar = new BarCursor(columns);
    expect(columns.length).toBe(3000);
    for (let row = 0; row < columns.length; row++) {
      bar.at(row);
      expect(barDefect(bar)).toBeNull();
      expect(bar.low <= Math.min(bar.open, bar.close) && bar.high >= Math.max(bar.open, bar.close)).toBe(true);
      if (row > 0) expect(columns.time[row]).toBeGreaterThan(columns.time[row - 1]);
    }
  });

  it('SYN-3 a labelled test is the low of its swing; labels three bars late are found out', () => {
    expect(shareAtExtreme(draw({ schematic: 'A1' }), 0)).toBeGreaterThan(0.95);
    expect(shareAtExtreme(draw({ schematic: 'A1' }), 3)).toBeLessThan(0.2);
  });

  it('SYN-4 a climax has climactic volume, a spring little, a break much', () => {
    const { columns, labels } = draw({ schematic: 'A1', bars: 6000 });
    const ratios = (kind: string): number[] =>
      labels.filter((l) => l.kind === kind).map((l) => volumeRatio(columns, barOf(columns, l.barTs)));
    const median = (values: number[]): number => values.sort((a, b) => a - b)[values.length >> 1];
    expect(median(ratios('SC'))).toBeGreaterThan(2.2);
    expect(median(ratios('SPRING'))).toBeLessThan(0.7);
    expect(median(ratios('SOS'))).toBeGreaterThan(1.6);
  });

  it.each([
    ['A1', ['SC', 'AR', 'ST', 'TEST', 'SOS', 'LPS']],
    ['A2', ['SC', 'AR', 'ST', 'LPS', 'SOS', 'LPS']],
    ['D1', ['BC', 'AR', 'ST', 'UTAD', 'TEST', 'SOW', 'LPSY']],
    ['D2', ['BC', 'AR', 'ST', 'LPSY', 'SOW', 'LPSY']],
  ] as const)('SYN-5 schematic %s has its events in order', (schematic, order) => {
    const labels = events(draw({ schematic }).labels).filter((l) => l.verdict === 'CORRECT' && l.rangeId === 1);
    const kinds = labels.sort((a, b) => a.barTs - b.barTs).map((l) => l.kind);
    let at = -1;
    for (const kind of order) {
      at = kinds.indexOf(kind, at + 1);
      expect(at, `${kind} in ${kinds.join(' ')}`).toBeGreaterThanOrEqual(0);
    }
  });

  it('SYN-6 widths are 6-25 %, ranges last 30 bars or more, phases follow each other without holes', () => {
    for (const number of [1, 2, 3]) {
      const { columns, labels } = draw({ number });
      for (const range of labels.filter((l) => l.kind === 'RANGE')) {
        const width = (range.resistance ?? NaN) / (range.support ?? NaN) - 1;
        // An undercutting first test may widen the range by up to 1 %.
        expect(width).toBeGreaterThan(0.059);
        expect(width).toBeLessThan(0.265);
        expect(barOf(columns, range.spanTo) - barOf(columns, range.spanFrom)).toBeGreaterThan(28);
        const phases = labels.filter((l) => l.kind === 'PHASE' && l.rangeId === range.rangeId);
        phases.slice(1).forEach((phase, i) => expect(barOf(columns, phase.spanFrom)).toBe(barOf(columns, phases[i].spanTo) + 1));
      }
    }
  });

  it('SYN-7 "none" holds no event, "broken" holds look-alikes with a reason', () => {
    expect(new Set(draw({ schematic: 'none' }).labels.map((l) => l.kind))).toEqual(new Set(['NONE']));
    const broken = [1, 2, 3, 4].flatMap((number) => events(draw({ schematic: 'broken', number }).labels));
    const alike = broken.filter((l) => l.kind.startsWith('FALSE_'));
    expect(alike.length).toBeGreaterThan(0);
    for (const label of alike)
      expect(label).toMatchObject({ verdict: 'INCORRECT', reason: expect.stringContaining('volume') as string });
    expect(broken.some((l) => l.outcome === 'LOSS')).toBe(true);
  });

  it('SYN-8 every label says where it comes from', () => {
    for (const label of draw().labels)
      expect(label).toMatchObject({ source: expect.stringMatching(/^synthetic:/) as string, labeler: 'author of the series' });
  });

  it('SYN-9 volume clusters and its ratios are spread as those of stocks', () => {
    const { columns } = draw({ schematic: 'none', bars: 6000 });
    const ratios = Array.from({ length: 5900 }, (_, i) => volumeRatio(columns, i + 50));
    const logs = ratios.map(Math.log);
    const mean = logs.reduce((a, b) => a + b, 0) / logs.length;
    const lagged = logs.slice(1).reduce((sum, x, i) => sum + (x - mean) * (logs[i] - mean), 0);
    expect(lagged / logs.reduce((sum, x) => sum + (x - mean) ** 2, 0)).toBeGreaterThan(0.2);
    const sorted = ratios.sort((a, b) => a - b);
    const quantile = (q: number): number => sorted[Math.floor(q * sorted.length)];
    expect(quantile(0.5)).toBeGreaterThan(0.85);
    expect(quantile(0.5)).toBeLessThan(1.02);
    expect(quantile(0.9)).toBeGreaterThan(1.25);
    expect(quantile(0.9)).toBeLessThan(1.75);
  });
});
