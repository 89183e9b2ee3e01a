/** Words for what waits: modes of acceptance, the time that is left, why automation passed a signal on, and the consent to it. */
import type { ApprovalWire } from '@wyckoff/contracts';
import type { AccountTrading } from '../../stores/trading-book.ts';

type Mode = AccountTrading['acceptance'];

export const MODE_NAMES: Readonly<Record<Mode, string>> = { all: 'All', queue: 'By approval', auto: 'Automatic' };

/** What each mode does with a signal that passes the rules. */
export const MODE_WORDS: Readonly<Record<Mode, string>> = {
  all: 'Every signal that passes the rules is entered by itself.',
  queue: 'Every signal that passes the rules waits here for you.',
  auto: 'Signals within your automation limits are entered; the others wait here.',
};

const MISSED: Readonly<Partial<Record<string, string>>> = {
  AUTO_OFF: 'automation is off',
  KILL_SWITCH: 'trading was halted',
  AUTO_CONSENT: 'automation has no consent for its settings',
  AUTO_BREAKER: 'the loss breaker is open',
  HALTED: 'entries were halted',
  AUTO_CONFIDENCE: 'below the confidence for automation',
  AUTO_PATTERN: 'this pattern is not automated',
  AUTO_SYMBOL: 'this symbol is not automated',
  ST_REVIEW: 'it needs a review',
  AUTO_TRADES: 'the automatic trades of today are used up',
  AUTO_RISK: 'the automatic risk of today is used up',
  STALE_DATA: 'the data was too old',
  BROKER_DOWN: 'the broker was not connected',
};

/** Why automation passed it on; null: it was not asked. */
export function missedWords(code: string | null): string | null {
  return code === null ? null : (MISSED[code] ?? `automation was refused by rule ${code}`);
}

/** `3:12`, `1:04:00`, or `ended`. */
export function leftWords(leftMs: number): string {
  if (leftMs <= 0) return 'ended';
  const seconds = Math.ceil(leftMs / 1000);
  const two = (value: number): string => String(value).padStart(2, '0');
  const [hours, minutes] = [Math.floor(seconds / 3_600), Math.floor((seconds % 3_600) / 60)];
  return `${hours > 0 ? `${String(hours)}:${two(minutes)}` : String(minutes)}:${two(seconds % 60)}`;
}

/** Moments at which the time left is said aloud, seconds before the end. */
const SAID_AT = [60, 10] as const;

/** What to announce between two ticks of the clock; null: nothing. */
export function countdownNews(approval: ApprovalWire, before: number, now: number): string | null {
  const { symbol, pattern } = approval.entry.snapshot;
  const crossed = SAID_AT.find((seconds) => {
    const moment = approval.entry.expiresAt - seconds * 1_000;
    return before < moment && now >= moment;
  });
  return crossed === undefined ? null : `${symbol} ${pattern}: ${String(crossed)} seconds left to decide.`;
}
