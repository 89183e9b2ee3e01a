/** Which bar is the last of its session: the one with which DAY orders end (backtesting.md 4.1). */
import type { AssetClass, EpochMs, Timeframe } from '../bar/bar.ts';
import { isIntraday } from './intraday.ts';
import type { Calendar, CalendarId } from './calendar.ts';

const OF_CLASS: Readonly<Partial<Record<AssetClass, CalendarId>>> = { STOCK: 'XNYS', CRYPTO: '24/7', FOREX: 'FX' };

/** The market of a class whose hours are known by rule; null: there is none. */
export function calendarIdOf(assetClass: AssetClass): CalendarId | null {
  return OF_CLASS[assetClass] ?? null;
}

/** A daily or longer bar ends its session always; an intraday one when the session ends with it. Outside of sessions nothing ends. */
export function closesSession(calendar: Calendar, timeframe: Timeframe, opensAt: EpochMs): boolean {
  if (!isIntraday(timeframe)) return true;
  const session = calendar.sessionAt(opensAt);
  return session !== null && calendar.closeOf(opensAt, timeframe) >= session.close;
}
