/** Times of bars in the exchange's zone, for axis, legend and tables (web.md 2.2). */

const MINUTE_TIMEFRAMES = ['1m', '5m', '15m', '30m', '1h', '4h'];
const DAY_MS = 86_400_000;

export interface BarTimes {
  /** `3 Jul 2003`, with hours below a day. */
  readonly full: (time: number) => string;
  /** The bar that a closing instant belongs to: midnight ends the day before. */
  readonly closing: (time: number) => string;
  /** What an axis tick says: year, month, day or time, by how coarse the tick is. */
  readonly tick: (time: number, level: 'year' | 'month' | 'day' | 'time') => string;
  /** Shown with the axis, such as `America/New_York`. */
  readonly zone: string;
}

/** Formatters for a series. A daily bar stamped at midnight UTC is a date, not a moment: it is read as that date. */
export function barTimes(timeframe: string, timeZone: string): BarTimes {
  const intraday = MINUTE_TIMEFRAMES.includes(timeframe);
  const zones = { exchange: formats(timeZone), date: formats('UTC') };
  const pick = (time: number): ReturnType<typeof formats> => (!intraday && time % DAY_MS === 0 ? zones.date : zones.exchange);
  return {
    full: (time) => fullDate(pick(time), time) + (intraday ? ` ${pick(time).time.format(time)}` : ''),
    closing: (time) =>
      !intraday && time % DAY_MS === 0
        ? fullDate(zones.date, time - 1)
        : fullDate(zones.exchange, time) + (intraday ? ` ${zones.exchange.time.format(time)}` : ''),
    tick: (time, level) => pick(time)[level].format(time),
    zone: timeZone,
  };
}

/** `3 Jul 2003`: three letters for every month, which no locale gives with this order. */
function fullDate({ day, month, year }: ReturnType<typeof formats>, time: number): string {
  return `${day.format(time)} ${month.format(time)} ${year.format(time)}`;
}

function formats(timeZone: string) {
  const make = (options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat =>
    new Intl.DateTimeFormat('en-US', { ...options, timeZone });
  return {
    year: make({ year: 'numeric' }),
    month: make({ month: 'short' }),
    day: make({ day: 'numeric' }),
    time: make({ hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }),
  };
}
