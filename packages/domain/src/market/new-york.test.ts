import { expect, test } from 'vitest';
import { monthStart, monthUtc, newYorkDay, newYorkHour, newYorkOffset, yearOf } from './new-york.ts';

const HOUR = 3_600_000;
const zone = new Intl.DateTimeFormat('en-US', { timeZone: 'America/New_York', hourCycle: 'h23', year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric' }); // prettier-ignore

function fromZone(at: number): number {
  const part = Object.fromEntries(zone.formatToParts(at).map(({ type, value }) => [type, Number(value)]));
  return Date.UTC(part.year, part.month - 1, part.day, part.hour, part.minute) - at;
}

test('5.7 New York time agrees with the zone database, every 5 hours from 1976 to 2037', () => {
  for (let at = Date.UTC(1976, 0, 1); at < Date.UTC(2037, 0, 1); at += 5 * HOUR) {
    if (newYorkOffset(at) !== fromZone(at))
      expect.fail(`${new Date(at).toISOString()}: ${newYorkOffset(at)} instead of ${fromZone(at)}`);
  }
});

test('5.7 the twin: a clock without daylight saving disagrees in summer', () => {
  const july = Date.UTC(2024, 6, 1, 12);
  expect(fromZone(july)).not.toBe(-5 * HOUR);
  expect(newYorkHour(july)).toBe(8);
});

test('4.6 the trading day turns at midnight in New York', () => {
  const midnight = Date.UTC(2024, 0, 10, 5);
  expect(newYorkDay(midnight) - newYorkDay(midnight - 1)).toBe(1);
});

test('6 months of the calendar agree with the platform over four centuries', () => {
  for (let year = 1800; year < 2200; year += 1) {
    for (let month = 0; month < 12; month += 1) {
      const at = Date.UTC(year, month, 1);
      expect(monthUtc(at)).toBe(year * 12 + month);
      expect(monthStart(year * 12 + month)).toBe(at);
      expect(yearOf(at - 1)).toBe(month === 0 ? year - 1 : year);
    }
  }
});
