import fc from 'fast-check';
import { expect, test } from 'vitest';
import { calendarOfEvents, parseCalendar } from './calendar-file.ts';
import { isInWindow, scheduleAround } from './event-calendar.ts';
import type { ScheduledEvent } from './event-calendar.ts';

const HOUR = 3_600_000;

test('ST-5 ST-6 a calendar file is read line by line; what is wrong is named by its line', () => {
  const { events, problems } = parseCalendar(
    [
      'time,kind,subject',
      '# my earnings',
      '2024-01-25T21:00:00Z,EARNINGS,aapl',
      '',
      '2024-01-05T08:30:00-05:00, nfp , USD',
      '2024-01-05T08:30:00,CPI,USD',
      '2024-01-05T08:30:00Z,RUMOUR,USD',
      '2024-01-05T08:30:00Z,CPI',
      'tomorrow,CPI,USD',
      'a,b,c,d',
    ].join('\r\n'),
  );
  expect(events).toEqual([
    { time: Date.UTC(2024, 0, 25, 21), kind: 'EARNINGS', subject: 'AAPL' },
    { time: Date.UTC(2024, 0, 5, 13, 30), kind: 'NFP', subject: 'USD' },
  ]);
  expect(problems.map((problem) => problem.slice(0, 12))).toEqual([
    'line 6: time',
    'line 7: kind',
    'line 8: expe',
    'line 9: time',
    'line 10: exp',
  ]);
});

test('ST-5 ST-6 a calendar answers by subject and time, both ends included, like a search through all of it', () => {
  const event = fc.record({
    time: fc.integer({ min: 0, max: 100 }),
    kind: fc.constantFrom<ScheduledEvent['kind']>('CPI', 'EARNINGS'),
    subject: fc.constantFrom('USD', 'EUR', 'S'),
  });
  fc.assert(
    fc.property(
      fc.array(event, { maxLength: 50 }),
      fc.integer({ min: -5, max: 105 }),
      fc.integer({ min: 0, max: 50 }),
      (events, from, span) => {
        const calendar = calendarOfEvents(events, { earnings: 1, news: 2 });
        const expected = events.filter((one) => one.subject === 'USD' && one.time >= from && one.time <= from + span);
        const found = calendar.between('USD', from, from + span);
        expect(found.map((one) => one.time)).toEqual(expected.map((one) => one.time).sort((a, b) => a - b));
      },
    ),
    { seed: 55, numRuns: 1_000 },
  );
});

test('ST-5 ST-6 ST-7 stocks ask for their symbol and earnings, currencies for both currencies and news, others for nothing', () => {
  const at = Date.UTC(2024, 0, 10);
  const events: ScheduledEvent[] = [
    { time: at + 23 * HOUR, kind: 'EARNINGS', subject: 'S' },
    { time: at + 5 * HOUR, kind: 'NFP', subject: 'USD' },
    { time: at + 3 * HOUR, kind: 'ECB', subject: 'EUR' },
    { time: at + 3 * HOUR, kind: 'BOJ', subject: 'JPY' },
  ];
  const calendar = calendarOfEvents(events, { earnings: 1, news: 2 });
  const asked = (assetClass: 'STOCK' | 'FOREX' | 'CRYPTO'): unknown =>
    scheduleAround(calendar, { assetClass, symbol: 'S', currencies: ['EUR', 'USD'], at });
  expect(asked('STOCK')).toEqual({ loadedAt: 1, events: [events[0]] });
  expect(asked('FOREX')).toEqual({ loadedAt: 2, events: [events[2], events[1]] });
  expect(asked('CRYPTO')).toBeNull();
  expect(scheduleAround(null, { assetClass: 'STOCK', symbol: 'S', currencies: [], at })).toBeNull();
  expect(events.map((event) => isInWindow(event, at))).toEqual([true, true, true, true]);
});
