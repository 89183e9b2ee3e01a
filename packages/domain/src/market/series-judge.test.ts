/** A series judged bar by bar: gaps by its calendar, jumps and silence, in whatever blocks it comes. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createBarColumns, type BarColumns } from '../bar/columns.ts';
import { BAR_FLAGS } from './bar-rules.ts';
import { calendarOf } from './calendars.ts';
import { SeriesJudge } from './series-judge.ts';

const DAY = 86_400_000;
const FRIDAY = Date.UTC(2024, 2, 1);

function bars(rows: readonly (readonly [day: number, close: number, volume: number])[]): BarColumns {
  const columns = createBarColumns(rows.length);
  columns.length = rows.length;
  for (const [i, [day, close, volume]] of rows.entries()) {
    columns.time[i] = FRIDAY + day * DAY;
    columns.open[i] = columns.high[i] = columns.low[i] = columns.close[i] = close;
    columns.volume[i] = volume;
  }
  return columns;
}

describe('BAR_GAP BAR_OUTLIER BAR_ZERO_VOLUME of a whole series', () => {
  it('BAR_GAP a weekend is none for shares, two bars for coins, and nothing can be said without a calendar', () => {
    const series = bars([[0, 10, 1], [3, 10, 1], [5, 10, 1]]); // prettier-ignore
    const judged = (calendar: 'XNYS' | '24/7' | null) => {
      const judge = new SeriesJudge({ timeframe: '1d', calendar: calendar === null ? null : calendarOf(calendar) });
      return { flags: [...judge.block(series)], gaps: judge.figures.gaps, quality: judge.figures.quality };
    };
    expect(judged('XNYS')).toEqual({ flags: [0, 0, BAR_FLAGS.gapBefore], gaps: 1, quality: 75 });
    expect(judged('24/7')).toEqual({ flags: [0, BAR_FLAGS.gapBefore, BAR_FLAGS.gapBefore], gaps: 3, quality: 50 });
    expect(judged(null)).toEqual({ flags: [0, 0, 0], gaps: null, quality: 100 });
  });

  it('BAR_OUTLIER a split explains a jump, BAR_ZERO_VOLUME costs quality', () => {
    const series = bars([[0, 400, 0], [1, 100, 4], [2, 101, 4], [3, 102, 4]]); // prettier-ignore
    const alone = new SeriesJudge({ timeframe: '1d', calendar: null });
    expect([...alone.block(series)]).toEqual([BAR_FLAGS.zeroVolume, BAR_FLAGS.outlier, 0, 0]);
    expect(alone.figures).toMatchObject({ outliers: 1, zeroVolume: 1, quality: 75 });
    const splits = [{ kind: 'SPLIT', symbol: 'X', from: FRIDAY + DAY, priceFactor: 0.25 }] as const;
    const told = new SeriesJudge({ timeframe: '1d', calendar: null, splits });
    expect([...told.block(series)][1]).toBe(0);
  });

  it('BAR_GAP the figures do not depend on the blocks, oldest first or newest first', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.nat({ max: 80 }), { minLength: 1, maxLength: 40 }),
        fc.integer({ min: 1, max: 9 }),
        fc.boolean(),
        (days, size, backward) => {
          const rows = [...days].sort((a, b) => a - b).map((day) => [day, 1 + (day % 3), day % 2] as const);
          const options = { timeframe: '1d', calendar: calendarOf('24/7') } as const;
          const whole = new SeriesJudge(options);
          whole.block(bars(rows));
          const blocks = Array.from({ length: Math.ceil(rows.length / size) }, (_, i) => rows.slice(i * size, (i + 1) * size));
          const judge = new SeriesJudge(options);
          for (const block of backward ? blocks.reverse() : blocks) judge.block(bars(block));
          expect(judge.figures).toEqual(whole.figures);
        },
      ),
      { numRuns: 500, seed: 9 },
    );
  });

  it('BAR_GAP five gaps are named, the largest first', () => {
    const judge = new SeriesJudge({ timeframe: '1d', calendar: calendarOf('24/7') });
    judge.block(bars([0, 2, 5, 9, 14, 20, 27, 35].map((day) => [day, 1, 1] as const)));
    expect(judge.figures.largest.map(({ missing }) => missing)).toEqual([7, 6, 5, 4, 3]);
  });
});
