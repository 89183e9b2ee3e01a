/** CAL-1. Regular sessions of the New York Stock Exchange by rule: holidays and early closes as its Rule 7.2 sets them, and the days it closed beyond them. */
import type { Session } from './calendar.ts';
import { civil, daysFrom, newYorkInstant, weekdayOf } from './new-york.ts';

const OPEN_MINUTES = 9 * 60 + 30;
const CLOSE_MINUTES = 16 * 60;
const EARLY_CLOSE_MINUTES = 13 * 60;

const MONDAY = 1;
const THURSDAY = 4;
const FRIDAY = 5;

/** Closures no rule foresees, since 1985: storms, days of mourning, September 2001. `yyyymmdd`. */
const EXTRAORDINARY: readonly number[] = [
  19850927, 19940427, 20010911, 20010912, 20010913, 20010914, 20040611, 20070102, 20121029, 20121030, 20181205, 20250109,
];

/**
 * Null on a holiday. Valid from 1985; early closes follow today's rule (the eve of Independence Day and of Christmas when a weekday, the
 * day after Thanksgiving), which some years before 2013 did not. `day`: calendar day in New York, Monday to Friday.
 */
export function sessionOfNewYork(day: number): Session | null {
  const date = civil(day);
  const weekday = weekdayOf(day);
  if (isHoliday(date, weekday, day)) return null;
  const close = closesEarly(date, weekday, day) ? EARLY_CLOSE_MINUTES : CLOSE_MINUTES;
  return { open: newYorkInstant(day, OPEN_MINUTES), close: newYorkInstant(day, close) };
}

interface CivilDate {
  readonly year: number;
  readonly month: number;
  readonly day: number;
}

function isHoliday({ year, month, day }: CivilDate, weekday: number, number: number): boolean {
  const nth = (which: number, on: number): boolean => weekday === on && Math.ceil(day / 7) === which;
  if (EXTRAORDINARY.includes(year * 10_000 + month * 100 + day)) return true;
  if (number === goodFriday(year)) return true;
  switch (month) {
    case 1:
      // New Year's Day on a Saturday is not observed: the year's books close on the Friday.
      return day === 1 || (day === 2 && weekday === MONDAY) || (year >= 1998 && nth(3, MONDAY));
    case 2:
      return nth(3, MONDAY);
    case 5:
      return weekday === MONDAY && day > 24;
    case 6:
      return year >= 2022 && isObserved(19, day, weekday);
    case 7:
      return isObserved(4, day, weekday);
    case 9:
      return nth(1, MONDAY);
    case 11:
      return nth(4, THURSDAY);
    case 12:
      return isObserved(25, day, weekday);
    default:
      return false;
  }
}

/** A holiday on a Saturday is kept on the Friday before, one on a Sunday on the Monday after. */
function isObserved(holiday: number, day: number, weekday: number): boolean {
  if (day === holiday) return true;
  return (day === holiday - 1 && weekday === FRIDAY) || (day === holiday + 1 && weekday === MONDAY);
}

function closesEarly({ month, day }: CivilDate, weekday: number, number: number): boolean {
  if (month === 7) return day === 3 && weekday <= THURSDAY;
  if (month === 12) return day === 24 && weekday <= THURSDAY;
  if (month !== 11 || weekday !== FRIDAY) return false;
  return Math.ceil(civil(number - 1).day / 7) === 4;
}

/** Two days before Easter Sunday (Gauss's method in Meeus, Astronomical Algorithms, ch. 8). */
function goodFriday(year: number): number {
  const a = year % 19;
  const b = Math.floor(year / 100);
  const c = year % 100;
  const d = Math.floor(b / 4);
  const e = b % 4;
  const g = Math.floor((8 * b + 13) / 25);
  const h = (19 * a + b - d - g + 15) % 30;
  const i = Math.floor(c / 4);
  const k = c % 4;
  const l = (32 + 2 * e + 2 * i - h - k) % 7;
  const m = Math.floor((a + 11 * h + 19 * l) / 433);
  const month = Math.floor((h + l - 7 * m + 90) / 25);
  const day = (h + l - 7 * m + 33 * month + 19) % 32;
  return daysFrom(year, month, day) - 2;
}
