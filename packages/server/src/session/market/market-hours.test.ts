import { calendarOf } from '@wyckoff/domain';
import { expect, test } from 'vitest';
import { marketTimes } from './market-hours.ts';

const at = (text: string): number => Date.parse(text);
const said = (id: 'XNYS' | 'FX', now: string): string[] => {
  const times = marketTimes(calendarOf(id), at(now));
  return times === undefined ? [] : [times.opensAt, times.closesAt].map((time) => new Date(time).toISOString().slice(0, 16));
};

test('web 6 market closed: the session that is on, or the next one, over nights, week-ends and holidays', () => {
  expect(said('XNYS', '2026-11-24T15:00Z')).toEqual(['2026-11-24T14:30', '2026-11-24T21:00']);
  expect(said('XNYS', '2026-11-24T21:00Z')).toEqual(['2026-11-25T14:30', '2026-11-25T21:00']);
  // Thanksgiving, then a day that ends early.
  expect(said('XNYS', '2026-11-26T15:00Z')).toEqual(['2026-11-27T14:30', '2026-11-27T18:00']);
  expect(said('XNYS', '2026-11-28T12:00Z')).toEqual(['2026-11-30T14:30', '2026-11-30T21:00']);
});

test('web 6 market closed: currencies trade from Sunday to Friday without a break; a market that never closes says nothing', () => {
  expect(said('FX', '2026-11-28T12:00Z')).toEqual(['2026-11-29T22:00', '2026-12-04T22:00']);
  expect(said('FX', '2026-12-02T12:00Z')[1]).toBe('2026-12-04T22:00');
  expect(marketTimes(calendarOf('24/7'), at('2026-11-28T12:00Z'))).toBeUndefined();
});
