/** The loss breaker: a row of losing trades switches automatic entries of the account off until the next trading day (trading.md 4.6). */
import type { EpochMs } from '../bar/bar.ts';
import { newYorkDay } from '../market/new-york.ts';
import type { Micros } from '../setup/signal.ts';

export interface BreakerState {
  readonly state: 'CLOSED' | 'OPEN';
  /** Losers in a row. */
  readonly losses: number;
  /** Trading day on which it opened; null while closed. */
  readonly openedDay: number | null;
}

/** Losers in a row that open it, 1-10. */
export const BREAKER_LOSSES = 3;
export const BREAKER_CLOSED: BreakerState = Object.freeze({ state: 'CLOSED', losses: 0, openedDay: null });

/** What was stored; unreadable is OPEN, and stays so until it is reset by hand. */
export function readBreaker(stored: unknown): BreakerState {
  const { state, losses, openedDay } = (stored ?? {}) as Partial<BreakerState>;
  const isCount = Number.isSafeInteger(losses) && (losses ?? -1) >= 0;
  if (state === 'CLOSED' && isCount && openedDay === null) return { state, losses: losses ?? 0, openedDay };
  if (state === 'OPEN' && isCount && Number.isSafeInteger(openedDay))
    return { state, losses: losses ?? 0, openedDay: openedDay ?? 0 };
  return { state: 'OPEN', losses: 0, openedDay: Number.MAX_SAFE_INTEGER };
}

/** A closed trade: a loser counts, a winner begins anew, a flat one changes nothing. */
export function afterTrade(
  breaker: BreakerState,
  trade: { readonly netMicros: Micros; readonly at: EpochMs },
  threshold: number = BREAKER_LOSSES,
): BreakerState {
  const today = atTime(breaker, trade.at);
  if (trade.netMicros === 0) return today;
  if (trade.netMicros > 0) return today.state === 'OPEN' ? today : BREAKER_CLOSED;
  const losses = today.losses + 1;
  if (today.state === 'OPEN') return { ...today, losses };
  return losses >= threshold
    ? { state: 'OPEN', losses, openedDay: newYorkDay(trade.at) }
    : { state: 'CLOSED', losses, openedDay: null };
}

/** Closes with the next trading day, which turns at midnight in New York. */
export function atTime(breaker: BreakerState, at: EpochMs): BreakerState {
  return breaker.openedDay !== null && newYorkDay(at) > breaker.openedDay ? BREAKER_CLOSED : breaker;
}
