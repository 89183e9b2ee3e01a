/** When a market is open next, or until when it is: for people, who would else take a closed market for a feed that is silent (web.md 6). */
import type { ConnectionWire } from '@wyckoff/contracts';
import type { Calendar, EpochMs } from '@wyckoff/domain';

export type MarketTimes = NonNullable<ConnectionWire['market']>;

/** Sessions that follow each other without a break, of a week at most. */
const JOINED = 8;

/** The session that is on, or the next one; undefined: the market never closes. */
export function marketTimes(calendar: Calendar, now: EpochMs): MarketTimes | undefined {
  if (calendar.id === '24/7') return undefined;
  const first = calendar.sessionAt(calendar.nextOpen(now));
  if (first === null) return undefined;
  let closesAt = first.close;
  for (let n = 0, next = calendar.sessionAt(closesAt); next !== null && n < JOINED; n += 1) {
    closesAt = next.close;
    next = calendar.sessionAt(closesAt);
  }
  return { opensAt: first.open, closesAt };
}
