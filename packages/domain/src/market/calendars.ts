/** The markets whose hours are known by rule. */
import { Calendar } from './calendar.ts';
import type { CalendarId, MarketHours } from './calendar.ts';
import { newYorkDay, newYorkInstant, newYorkOffset, weekdayOf } from './new-york.ts';
import { sessionOfNewYork } from './new-york-stock-exchange.ts';

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

/** Every instant of every day (UTC). */
const AROUND_THE_CLOCK: MarketHours = {
  id: '24/7',
  timeZone: 'UTC',
  dayOf: (at) => Math.floor(at / DAY_MS),
  session: (day) => ({ open: day * DAY_MS, close: (day + 1) * DAY_MS }),
};

/** CAL-2. Currencies: from Sunday to Friday 17:00 in New York; a day begins at 17:00 and bears the date on which it ends. */
const CURRENCIES: MarketHours = {
  id: 'FX',
  timeZone: 'America/New_York',
  dayOf: (at) => Math.floor((at + newYorkOffset(at) + 7 * HOUR_MS) / DAY_MS),
  session: (day) => (isWeekend(day) ? null : { open: newYorkInstant(day - 1, 17 * 60), close: newYorkInstant(day, 17 * 60) }),
};

const STOCKS: MarketHours = {
  id: 'XNYS',
  timeZone: 'America/New_York',
  dayOf: newYorkDay,
  session: (day) => (isWeekend(day) ? null : sessionOfNewYork(day)),
};

const CALENDARS: Readonly<Record<CalendarId, Calendar>> = Object.freeze({
  XNYS: new Calendar(STOCKS),
  '24/7': new Calendar(AROUND_THE_CLOCK),
  FX: new Calendar(CURRENCIES),
});

export function calendarOf(id: CalendarId): Calendar {
  return CALENDARS[id];
}

function isWeekend(day: number): boolean {
  const weekday = weekdayOf(day);
  return weekday === 0 || weekday === 6;
}
