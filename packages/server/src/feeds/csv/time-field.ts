/** A time read straight from the bytes of a field: ISO dates and date-times, epoch seconds or milliseconds. Without a zone it is UTC. */
import { numberIn, type FieldView } from './number-field.ts';

const ZERO = 48;
const DAY_MS = 86_400_000;
const DAYS_IN_MONTH = Uint8Array.of(31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31);
/** Epoch numbers below this are seconds: as milliseconds they would lie before March 1973, as seconds it is the year 5138. */
const SECONDS_BELOW = 1e11;

/** The 2 or 4 digits at `at`, or -1. */
function digitsAt(bytes: Uint8Array, at: number, count: number): number {
  let value = 0;
  for (let i = at; i < at + count; i += 1) {
    const digit = bytes[i] - ZERO;
    if (!(digit >= 0 && digit <= 9)) return -1;
    value = value * 10 + digit;
  }
  return value;
}

/** Milliseconds of midnight UTC of a civil date (Howard Hinnant, "chrono-compatible low-level date algorithms"), or NaN. */
function midnight(year: number, month: number, day: number): number {
  if (year < 0 || month < 1 || month > 12 || day < 1) return NaN;
  const leap = month === 2 && year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  if (day > DAYS_IN_MONTH[month - 1] + (leap ? 1 : 0)) return NaN;
  const shifted = month <= 2 ? year - 1 : year;
  const era = Math.floor(shifted / 400);
  const yearOfEra = shifted - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return (era * 146_097 + dayOfEra - 719_468) * DAY_MS;
}

/** The time in the field, already trimmed, as epoch milliseconds; NaN when it is none. */
export function timeIn(field: FieldView): number {
  const { bytes, start, end } = field;
  const separator = bytes[start + 4];
  const isDate = end - start >= 10 && (separator === 45 || separator === 47) && bytes[start + 7] === separator;
  if (!isDate) return epochIn(field);
  const date = midnight(digitsAt(bytes, start, 4), digitsAt(bytes, start + 5, 2), digitsAt(bytes, start + 8, 2));
  if (end - start === 10) return date;
  const between = bytes[start + 10];
  if (between !== 84 && between !== 116 && between !== 32) return NaN;
  return date + clockIn(bytes, start + 11, end);
}

/** Whether a time of day stands in the text without a zone behind it: `HH:MM...` from `clock` on. A bare date is a date, not an hour. */
export function isFloating(bytes: Uint8Array, clock: number, end: number): boolean {
  if (clock + 5 > end || bytes[clock + 2] !== 58) return false;
  for (let at = clock + 5; at < end; at += 1) {
    const sign = bytes[at];
    if (sign === 90 || sign === 122 || sign === 85 || sign === 43 || sign === 45) return false;
  }
  return true;
}

/** `HH:MM[:SS[.fff]][zone]` in milliseconds of the day, the zone's offset taken off; NaN when it is none. */
export function clockIn(bytes: Uint8Array, start: number, end: number): number {
  const hours = digitsAt(bytes, start, 2);
  const minutes = bytes[start + 2] === 58 ? digitsAt(bytes, start + 3, 2) : -1;
  if (start + 5 > end || hours < 0 || hours > 23 || minutes < 0 || minutes > 59) return NaN;
  let at = start + 5;
  let ms = (hours * 60 + minutes) * 60_000;
  if (at < end && bytes[at] === 58) {
    const seconds = at + 3 <= end ? digitsAt(bytes, at + 1, 2) : -1;
    if (seconds < 0 || seconds > 59) return NaN;
    ms += seconds * 1000;
    at += 3;
    if (at < end && (bytes[at] === 46 || bytes[at] === 44)) {
      let scale = 100;
      for (at += 1; at < end && bytes[at] >= ZERO && bytes[at] <= 57; at += 1, scale /= 10) ms += (bytes[at] - ZERO) * scale;
      ms = Math.floor(ms);
    }
  }
  return ms - zoneIn(bytes, at, end);
}

/** Offset east of UTC in ms: nothing, `Z`, `UTC`, `+hh`, `+hhmm` or `+hh:mm`, blanks before it; NaN for anything else. */
function zoneIn(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end && bytes[at] === 32) at += 1;
  const length = end - at;
  if (length === 0) return 0;
  if (length === 1 && (bytes[at] === 90 || bytes[at] === 122)) return 0;
  if (length === 3 && bytes[at] === 85 && bytes[at + 1] === 84 && bytes[at + 2] === 67) return 0;
  const sign = bytes[at] === 43 ? 1 : bytes[at] === 45 ? -1 : NaN;
  const hours = length >= 3 ? digitsAt(bytes, at + 1, 2) : -1;
  const colon = bytes[at + 3] === 58 ? 1 : 0;
  const minutes = length === 3 ? 0 : length === 5 + colon ? digitsAt(bytes, at + 3 + colon, 2) : -1;
  if (hours < 0 || hours > 14 || minutes < 0 || minutes > 59) return NaN;
  return sign * (hours * 60 + minutes) * 60_000;
}

/** Epoch seconds or milliseconds by size; eight digits that are a date of 1900-2099 are that date (`20200131`). */
function epochIn(field: FieldView): number {
  const { bytes, start, end } = field;
  if (end - start === 8 && (bytes[start] === 49 || bytes[start] === 50)) {
    const year = digitsAt(bytes, start, 4);
    const date = year >= 1900 && year < 2100 ? midnight(year, digitsAt(bytes, start + 4, 2), digitsAt(bytes, start + 6, 2)) : NaN;
    if (!Number.isNaN(date)) return date;
  }
  const value = numberIn(field);
  if (!Number.isFinite(value)) return NaN;
  return Math.abs(value) < SECONDS_BELOW ? Math.round(value * 1000) : Math.round(value);
}
