/** Whether the last bar of a series is too old to trade on, counted in open market time (trading.md 9.5). */
import type { EpochMs, Timeframe } from '../bar/bar.ts';
import type { Calendar } from './calendar.ts';

/** Grace on top of two bars, ms; 60,000 to 1,800,000. */
export const STALE_GRACE_MS = 300_000;

/** Open market time since a bar opened, ms. */
export function barAgeMs(barOpen: EpochMs, now: EpochMs, calendar: Calendar): number {
  return calendar.openMs(barOpen, now);
}

/**
 * STALE_DATA. Above this age there are no new entries, ms: two bars and the grace. The length of a bar is the open market time within it,
 * so that two daily bars are two sessions and not two times 24 hours of trading.
 */
export function staleAfterMs(
  barOpen: EpochMs,
  timeframe: Timeframe,
  { calendar, graceMs = STALE_GRACE_MS }: { readonly calendar: Calendar; readonly graceMs?: number },
): number {
  return 2 * calendar.openMs(barOpen, calendar.closeOf(barOpen, timeframe)) + graceMs;
}

export function isStale(
  barOpen: EpochMs,
  timeframe: Timeframe,
  at: { readonly calendar: Calendar; readonly now: EpochMs; readonly graceMs?: number },
): boolean {
  return barAgeMs(barOpen, at.now, at.calendar) > staleAfterMs(barOpen, timeframe, at);
}

/** When the bar after the one that opened at `barOpen` closes. */
export function nextCloseAfter(barOpen: EpochMs, timeframe: Timeframe, calendar: Calendar): EpochMs {
  return calendar.closeOf(calendar.nextOpen(calendar.closeOf(barOpen, timeframe)), timeframe);
}
