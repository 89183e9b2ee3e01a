import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { calendarOf, CALENDAR_IDS } from '../index.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const newYork = new Intl.DateTimeFormat('en-CA', { timeZone: 'America/New_York', dateStyle: 'short', timeStyle: 'short', hourCycle: 'h23' }); // prettier-ignore
const at = (text: string): number => Date.parse(text);
const local = (instant: number): string => newYork.format(instant);

const stocks = calendarOf('XNYS');
const currencies = calendarOf('FX');
const always = calendarOf('24/7');

/** Every day the S&P 500 traded, 2000 to 2020, as recorded. */
function recordedDays(): number[] {
  const path = new URL('../../../../node_modules/vega-datasets/data/sp500-2000.csv', import.meta.url);
  const lines = readFileSync(path, 'utf8').trim().split('\n').slice(1);
  return lines.map((line) => Date.parse(`${line.split(',')[0]}T00:00:00Z`));
}

describe('CAL-1 New York stock sessions by rule', () => {
  it('CAL-1 are exactly the days on which the S&P 500 traded from 2000 to 2020', () => {
    const days = recordedDays();
    const traded = new Set(days);
    const wrong: string[] = [];
    for (let day = days[0]; day <= (days.at(-1) ?? 0); day += DAY) {
      if (stocks.isOpen(day + 16 * HOUR) !== traded.has(day)) wrong.push(new Date(day).toISOString().slice(0, 10));
    }
    expect(days.length).toBeGreaterThan(5_000);
    expect(wrong).toEqual([]);
  });

  it('CAL-1 the twin: a calendar that knows weekends only is wrong on every holiday', () => {
    const days = recordedDays();
    const traded = new Set(days);
    let wrong = 0;
    for (let day = days[0]; day <= (days.at(-1) ?? 0); day += DAY) {
      if (currencies.isOpen(day + 16 * HOUR) !== traded.has(day)) wrong += 1;
    }
    expect(wrong).toBeGreaterThan(150);
  });

  it.each([
    ['2024-01-15', 'Martin Luther King Day'],
    ['2024-03-29', 'Good Friday'],
    ['2024-06-19', 'Juneteenth'],
    ['2022-06-20', 'Juneteenth on a Sunday'],
    ['2026-07-03', 'Independence Day on a Saturday'],
    ['2022-12-26', 'Christmas on a Sunday'],
    ['2023-01-02', "New Year's Day on a Sunday"],
    ['2025-01-09', 'mourning for President Carter'],
    ['2026-11-26', 'Thanksgiving'],
  ])('CAL-1 %s is closed: %s', (date) => {
    expect(stocks.isOpen(at(`${date}T17:00:00Z`))).toBe(false);
  });

  it.each(['2021-12-31', '2021-06-18', '2027-12-31'])('CAL-1 %s is open', (date) => {
    expect(stocks.isOpen(at(`${date}T17:00:00Z`))).toBe(true);
  });

  it.each([
    ['2024-07-03', '13:00'],
    ['2024-11-29', '13:00'],
    ['2024-12-24', '13:00'],
    ['2024-07-05', '16:00'],
    ['2024-03-11', '16:00'],
  ])('CAL-1 %s ends at %s New York', (date, closes) => {
    const session = stocks.sessionAt(at(`${date}T15:00:00Z`));
    expect(local(session?.open ?? 0)).toBe(`${date}, 09:30`);
    expect(local(session?.close ?? 0)).toBe(`${date}, ${closes}`);
  });
});

describe('CAL-2 currencies trade from Sunday to Friday 17:00 New York', () => {
  it.each([
    ['2024-03-08T21:59:59Z', true],
    ['2024-03-08T22:00:00Z', false],
    ['2024-03-10T20:59:59Z', false],
    ['2024-03-10T21:00:00Z', true],
    ['2024-07-14T21:00:00Z', true],
    ['2024-07-14T20:59:00Z', false],
  ])('CAL-2 %s is open: %s', (when, open) => {
    expect(currencies.isOpen(at(when))).toBe(open);
  });

  it('CAL-2 the next opening on a Saturday is Sunday 17:00', () => {
    expect(local(currencies.nextOpen(at('2024-06-01T12:00:00Z')))).toBe('2024-06-02, 17:00');
  });
});

describe('CAL-3 what follows from the sessions', () => {
  it('CAL-3 a daily bar ends with its session, whether it bears a date or an instant', () => {
    expect(local(stocks.closeOf(at('2024-07-03T00:00:00Z'), '1d'))).toBe('2024-07-03, 13:00');
    expect(local(stocks.closeOf(at('2024-07-05T04:00:00Z'), '1d'))).toBe('2024-07-05, 16:00');
    expect(local(currencies.closeOf(at('2024-07-05T00:00:00Z'), '1d'))).toBe('2024-07-05, 17:00');
    expect(local(currencies.closeOf(at('2024-07-04T21:00:00Z'), '1d'))).toBe('2024-07-05, 17:00');
    expect(always.closeOf(at('2024-07-04T00:00:00Z'), '1d')).toBe(at('2024-07-05T00:00:00Z'));
  });

  it('CAL-3 a week ends with its last session, an hour with the session it is in', () => {
    expect(local(stocks.closeOf(at('2024-03-25T00:00:00Z'), '1w'))).toBe('2024-03-28, 16:00');
    expect(local(stocks.closeOf(at('2024-07-02T19:30:00Z'), '1h'))).toBe('2024-07-02, 16:00');
    expect(local(stocks.closeOf(at('2024-07-02T14:30:00Z'), '1h'))).toBe('2024-07-02, 11:30');
  });

  it.each([
    ['XNYS', '1d', '2024-03-28T00:00:00Z', '2024-04-01T00:00:00Z', 0],
    ['XNYS', '1d', '2024-03-27T00:00:00Z', '2024-04-02T00:00:00Z', 2],
    ['XNYS', '1d', '2024-03-08T05:00:00Z', '2024-03-11T04:00:00Z', 0],
    ['XNYS', '1h', '2024-07-02T19:30:00Z', '2024-07-03T13:30:00Z', 0],
    ['XNYS', '1h', '2024-07-02T17:30:00Z', '2024-07-03T15:30:00Z', 4],
    ['XNYS', '1h', '2024-07-03T13:30:00Z', '2024-07-08T13:30:00Z', 10],
    ['XNYS', '1h', '2024-07-02T19:00:00Z', '2024-07-03T14:00:00Z', 0],
    ['XNYS', '5m', '2024-07-02T19:55:00Z', '2024-07-03T13:35:00Z', 1],
    ['XNYS', '1w', '2024-07-01T00:00:00Z', '2024-07-15T00:00:00Z', 1],
    ['FX', '1d', '2024-07-05T00:00:00Z', '2024-07-08T00:00:00Z', 0],
    ['FX', '4h', '2024-07-05T17:00:00Z', '2024-07-07T21:00:00Z', 0],
    ['FX', '4h', '2024-07-05T17:00:00Z', '2024-07-08T01:00:00Z', 1],
    ['24/7', '1h', '2024-07-05T17:00:00Z', '2024-07-06T17:00:00Z', 23],
    ['24/7', '1d', '2024-07-05T00:00:00Z', '2024-07-06T00:00:00Z', 0],
  ] as const)('CAL-3 %s %s between %s and %s: %d bars are missing', (id, timeframe, previous, next, missing) => {
    expect(calendarOf(id).missingBetween(at(previous), at(next), timeframe)).toBe(missing);
  });

  it('CAL-3 open time leaves out nights, week-ends and holidays', () => {
    expect(stocks.openMs(at('2024-07-03T13:30:00Z'), at('2024-07-05T14:30:00Z'))).toBe(4.5 * HOUR);
    expect(currencies.openMs(at('2024-07-05T20:00:00Z'), at('2024-07-07T22:00:00Z'))).toBe(2 * HOUR);
    expect(always.openMs(5, 25)).toBe(20);
    expect(always.openMs(25, 5)).toBe(0);
  });

  it('CAL-3 open time is additive, and the next opening is open', () => {
    const instant = fc.integer({ min: at('1986-01-01T00:00:00Z'), max: at('2036-01-01T00:00:00Z') });
    const span = fc.integer({ min: 0, max: 12 * DAY });
    fc.assert(
      fc.property(fc.constantFrom(...CALENDAR_IDS), instant, span, span, (id, from, first, second) => {
        const calendar = calendarOf(id);
        const middle = from + first;
        const to = middle + second;
        expect(calendar.openMs(from, middle) + calendar.openMs(middle, to)).toBe(calendar.openMs(from, to));
        const next = calendar.nextOpen(from);
        expect(calendar.isOpen(next)).toBe(true);
        expect(calendar.openMs(from, next)).toBe(0);
      }),
      { seed: 7, numRuns: 3_000 },
    );
  });
});
