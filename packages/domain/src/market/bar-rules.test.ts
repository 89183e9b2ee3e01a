/** The eight bar rules, staleness and corporate actions, each at its edge. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Bar } from '../bar/bar.ts';
import { createBarColumns } from '../bar/columns.ts';
import { BAR_FLAGS, barFault, barRefusal, judgeBar, qualityScore, type BarContext } from './bar-rules.ts';
import { calendarOf } from './calendars.ts';
import { adjustedBefore, matchesSplit, priceFactorBetween } from './corporate-action.ts';
import { isStale, nextCloseAfter, staleAfterMs } from './staleness.ts';

const DAY = 86_400_000;
const HOUR = 3_600_000;
const AT = Date.UTC(2024, 2, 5);
const bar = (over: Partial<Bar> = {}): Bar => ({ time: AT, open: 10, high: 12, low: 9, close: 11, volume: 100, ...over });
const around = (over: Partial<BarContext> = {}): BarContext => ({
  timeframe: '1d',
  calendar: calendarOf('24/7'),
  now: AT + 2 * DAY,
  live: false,
  before: { time: AT - DAY, close: 11 },
  same: null,
  newest: AT - DAY,
  priceFactor: 1,
  ...over,
});

describe('trading 9.2: one bar, one verdict', () => {
  it.each([
    ['BAR_VALUE', { open: NaN }],
    ['BAR_VALUE', { close: Infinity }],
    ['BAR_VALUE', { low: 0 }],
    ['BAR_VALUE', { volume: -1 }],
    ['BAR_VALUE', { volume: NaN }],
    ['BAR_VALUE', { time: NaN }],
    ['BAR_VALUE', { time: 1e300 }],
    ['BAR_SHAPE', { open: 12.5 }],
    ['BAR_SHAPE', { close: 8 }],
    ['BAR_SHAPE', { high: 8 }],
  ] as const)('%s refuses %o', (code, over) => {
    expect(judgeBar(bar(over), around())).toMatchObject({ action: 'REJECT', codes: [code] });
    expect(judgeBar(bar(over), around({ live: true, before: null }))).toMatchObject({ action: 'REJECT', codes: [code] });
  });

  it('BAR_FUTURE: a bar may close one bar ahead of the clock, not a millisecond more', () => {
    const closes = AT + DAY;
    expect(barRefusal(bar(), around({ now: closes - DAY }))).toBeNull();
    expect(barRefusal(bar(), around({ now: closes - DAY - 1 }))?.codes).toEqual(['BAR_FUTURE']);
  });

  it('BAR_DUPLICATE and BAR_CORRECTED: the same content is ignored, another corrects and is flagged', () => {
    expect(judgeBar(bar(), around({ same: bar(), newest: AT }))).toMatchObject({ action: 'IGNORE', codes: ['BAR_DUPLICATE'] });
    const corrected = judgeBar(bar({ close: 11.5 }), around({ same: bar(), newest: AT }));
    expect(corrected).toMatchObject({ action: 'CORRECT', codes: ['BAR_CORRECTED'], flags: BAR_FLAGS.revised });
  });

  it('BAR_LATE: older than the newest bar, accepted', () => {
    expect(judgeBar(bar(), around({ newest: AT + DAY }))).toMatchObject({ action: 'ACCEPT', codes: ['BAR_LATE'] });
  });

  it('BAR_OUTLIER: above half either way; live it waits, in history it is flagged; a split explains it', () => {
    const before = { time: AT - DAY, close: 10 };
    const jump = bar({ open: 15.1, high: 15.1, low: 15.1, close: 15.1 });
    expect(judgeBar(bar({ high: 15, close: 15 }), around({ before })).codes).toEqual([]);
    expect(judgeBar(jump, around({ before }))).toMatchObject({
      action: 'ACCEPT',
      codes: ['BAR_OUTLIER'],
      flags: BAR_FLAGS.outlier,
    });
    expect(judgeBar(jump, around({ before, live: true }))).toMatchObject({ action: 'QUARANTINE', codes: ['BAR_OUTLIER'] });
    expect(judgeBar(bar(), around({ before: { time: AT - DAY, close: 44 }, live: true })).action).toBe('QUARANTINE');
    expect(judgeBar(bar(), around({ before: { time: AT - DAY, close: 44 }, live: true, priceFactor: 0.25 })).action).toBe(
      'ACCEPT',
    );
  });

  it('BAR_GAP and BAR_ZERO_VOLUME: accepted with a flag and a number', () => {
    const verdict = judgeBar(bar({ volume: 0 }), around({ before: { time: AT - 3 * DAY, close: 11 } }));
    expect(verdict).toMatchObject({ action: 'ACCEPT', codes: ['BAR_GAP', 'BAR_ZERO_VOLUME'], missing: 2, flags: 3 });
    const weekend = { time: Date.UTC(2024, 2, 1), close: 11 };
    const monday = judgeBar(bar({ time: Date.UTC(2024, 2, 4) }), around({ calendar: calendarOf('XNYS'), before: weekend }));
    expect(monday.missing).toBe(0);
  });

  it('an ordinary bar allocates no verdict', () => {
    expect(judgeBar(bar(), around())).toBe(judgeBar(bar({ time: AT + DAY }), around({ before: bar(), newest: AT })));
  });

  it('TR-13 a verdict is a function of the bar and what is around it; a refused neighbour changes nothing', () => {
    const value = fc.oneof(fc.double({ min: -5, max: 100 }), fc.constantFrom(NaN, Infinity, 0));
    const any = fc.record({ time: fc.integer({ min: AT - 9 * DAY, max: AT + 9 * DAY }), open: value, high: value, low: value, close: value, volume: value }); // prettier-ignore
    fc.assert(
      fc.property(any, any, fc.boolean(), (one, other, live) => {
        const alone = judgeBar(one, around({ live }));
        judgeBar(other, around({ live }));
        expect(judgeBar(one, around({ live }))).toEqual(alone);
        expect(alone.action === 'REJECT').toBe(barRefusal(one, around()) !== null);
      }),
      { numRuns: 2000, seed: 5 },
    );
  });

  it('quality: 100 less the silent and the missing per cent, null without bars', () => {
    expect(qualityScore({ bars: 0, zeroVolume: 0, missing: 0 })).toBeNull();
    expect(qualityScore({ bars: 100, zeroVolume: 0, missing: 0 })).toBe(100);
    expect(qualityScore({ bars: 90, zeroVolume: 9, missing: 10 })).toBeCloseTo(80);
    expect(qualityScore({ bars: 1, zeroVolume: 1, missing: 99 })).toBe(0);
  });
});

describe('trading 9.5: staleness in open market time', () => {
  const stocks = calendarOf('XNYS');
  const FRIDAY = Date.UTC(2024, 2, 8);

  it('STALE_DATA: around the clock two bars and five minutes', () => {
    const calendar = calendarOf('24/7');
    const limit = 2 * HOUR + 300_000;
    expect(staleAfterMs(AT, '1h', { calendar })).toBe(limit);
    expect(isStale(AT, '1h', { calendar, now: AT + limit })).toBe(false);
    expect(isStale(AT, '1h', { calendar, now: AT + limit + 1 })).toBe(true);
  });

  it('a weekend makes nothing stale, the second session without a bar does', () => {
    expect(isStale(FRIDAY, '1d', { calendar: stocks, now: Date.UTC(2024, 2, 11, 13) })).toBe(false);
    expect(isStale(FRIDAY, '1d', { calendar: stocks, now: Date.UTC(2024, 2, 11, 21) })).toBe(false);
    expect(isStale(FRIDAY, '1d', { calendar: stocks, now: Date.UTC(2024, 2, 12, 13, 34) })).toBe(false);
    expect(isStale(FRIDAY, '1d', { calendar: stocks, now: Date.UTC(2024, 2, 12, 13, 36) })).toBe(true);
  });

  it('the next bar closes after the next opening', () => {
    expect(nextCloseAfter(FRIDAY, '1d', stocks)).toBe(Date.UTC(2024, 2, 11, 20));
    expect(nextCloseAfter(Date.UTC(2024, 2, 8, 20, 30), '30m', stocks)).toBe(Date.UTC(2024, 2, 11, 14));
    expect(nextCloseAfter(AT, '4h', calendarOf('24/7'))).toBe(AT + 8 * HOUR);
  });
});

describe('corporate actions', () => {
  const split = { kind: 'SPLIT', symbol: 'X', from: AT, priceFactor: 0.25 } as const;

  it('ADJ-1 a jump that fits the split is explained by it, another one and none are not', () => {
    expect(priceFactorBetween([split, { ...split, priceFactor: 0.5 }], AT - DAY, AT)).toBe(0.125);
    expect(priceFactorBetween([split], AT, AT + DAY)).toBe(1);
    expect(matchesSplit(400, 102, 0.25)).toBe(true);
    expect(matchesSplit(400, 402, 0.25)).toBe(false);
    expect(matchesSplit(400, 200, 0.25)).toBe(false);
    expect(matchesSplit(105, 100, 1 / 1.05)).toBe(true);
    expect(matchesSplit(100, 100, 1 / 1.05)).toBe(false);
  });

  it('ADJ-2 prices before it are multiplied, volume divided, the rest is left out', () => {
    const columns = createBarColumns(2);
    columns.length = 2;
    columns.time.set([AT - DAY, AT]);
    for (const name of ['open', 'high', 'low', 'close'] as const) columns[name].set([400, 100]);
    columns.volume.set([10, 40]);
    const adjusted = adjustedBefore(columns, AT, 0.25);
    expect(adjusted.length).toBe(1);
    expect([adjusted.time[0], adjusted.close[0], adjusted.volume[0]]).toEqual([AT - DAY, 100, 40]);
    expect(columns.close[0]).toBe(400);
  });
});

it('TR-13 no bar is older than the first share: the year 1500 is a mistake of a file, 1602 is not', () => {
  const at = (time: number) => barFault({ time, open: 1, high: 2, low: 1, close: 2, volume: 0 });
  expect([Date.UTC(1500, 0, 3), Date.UTC(1599, 11, 31), -8.65e15, NaN].map(at)).toEqual(Array(4).fill('BAR_VALUE'));
  expect([Date.UTC(1600, 0, 1), Date.UTC(1602, 7, 1), 0, 8.64e15].map(at)).toEqual(Array(4).fill(null));
});
