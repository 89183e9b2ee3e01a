/** New York wall clock without a zone database: the trading day turns at its midnight (trading.md 4.6, 5.7). */
import type { EpochMs } from '../bar/bar.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** Offset of New York from UTC: -4 h in daylight saving, else -5 h. US rules since 1967 without the exceptions of 1974-75. */
export function newYorkOffset(at: EpochMs): number {
  const year = yearOf(at);
  const march = year >= 2007 ? sundayOf(year, 3, 8) : year >= 1987 ? sundayOf(year, 4, 1) : sundayOf(year, 4, 24);
  const autumn = year >= 2007 ? sundayOf(year, 11, 1) : sundayOf(year, 10, 25);
  return at >= march + 7 * HOUR && at < autumn + 6 * HOUR ? -4 * HOUR : -5 * HOUR;
}

/** Number of the New York calendar day. */
export function newYorkDay(at: EpochMs): number {
  return Math.floor((at + newYorkOffset(at)) / DAY);
}

/** The instant at which clocks in New York show a time of day; `minutes` after the midnight that begins calendar day `day`. Never in the hour clocks skip. */
export function newYorkInstant(day: number, minutes: number): EpochMs {
  const local = day * DAY + minutes * 60_000;
  return local - newYorkOffset(local + 5 * HOUR);
}

/** Hours since midnight in New York, 0 <= h < 24. */
export function newYorkHour(at: EpochMs): number {
  const local = at + newYorkOffset(at);
  return (local - Math.floor(local / DAY) * DAY) / HOUR;
}

/** 0 Sunday ... 6 Saturday, UTC. */
export function weekdayUtc(at: EpochMs): number {
  return weekdayOf(Math.floor(at / DAY));
}

/** 0 Sunday ... 6 Saturday, of a day number; day 0, 1970-01-01, was a Thursday. */
export function weekdayOf(day: number): number {
  return (((day + 4) % 7) + 7) % 7;
}

export function hourUtc(at: EpochMs): number {
  return (at - Math.floor(at / DAY) * DAY) / HOUR;
}

/** The calendar month as `12 * year + month - 1`, UTC. */
export function monthUtc(at: EpochMs): number {
  const { year, month } = civil(Math.floor(at / DAY));
  return year * 12 + month - 1;
}

/** Instant at which a month (as of `monthUtc`) begins. */
export function monthStart(month: number): EpochMs {
  const year = Math.floor(month / 12);
  return daysFrom(year, month - year * 12 + 1, 1) * DAY;
}

export function yearOf(at: EpochMs): number {
  return civil(Math.floor(at / DAY)).year;
}

/** Midnight UTC of the first Sunday on or after a day of a month. */
function sundayOf(year: number, month: number, day: number): EpochMs {
  const from = daysFrom(year, month, day);
  return (from + ((7 - weekdayUtc(from * DAY)) % 7)) * DAY;
}

/** Days since 1970-01-01 of a Gregorian date (Howard Hinnant, days_from_civil). */
export function daysFrom(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yoe = y - era * 400;
  const doy = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  return era * 146_097 + yoe * 365 + Math.floor(yoe / 4) - Math.floor(yoe / 100) + doy - 719_468;
}

/** The Gregorian date of a day number (Howard Hinnant, civil_from_days). */
export function civil(days: number): { readonly year: number; readonly month: number; readonly day: number } {
  const z = days + 719_468;
  const era = Math.floor(z / 146_097);
  const doe = z - era * 146_097;
  const yoe = Math.floor((doe - Math.floor(doe / 1460) + Math.floor(doe / 36_524) - Math.floor(doe / 146_096)) / 365);
  const doy = doe - (365 * yoe + Math.floor(yoe / 4) - Math.floor(yoe / 100));
  const mp = Math.floor((5 * doy + 2) / 153);
  const month = mp < 10 ? mp + 3 : mp - 9;
  const day = doy - Math.floor((153 * mp + 2) / 5) + 1;
  return { year: yoe + era * 400 + (month <= 2 ? 1 : 0), month, day };
}
