/** What is known beforehand: earnings of companies and news of currencies, asked by subject and time (trading.md ST-5 to ST-7). */
import type { AssetClass, EpochMs } from '../bar/bar.ts';

export const SCHEDULED_KINDS = ['EARNINGS', 'NFP', 'FOMC', 'ECB', 'BOJ', 'CPI', 'GDP', 'UNEMPLOYMENT', 'OTHER'] as const;
/** `OTHER`: any other news of high impact. */
export type ScheduledKind = (typeof SCHEDULED_KINDS)[number];

export interface ScheduledEvent {
  readonly time: EpochMs;
  readonly kind: ScheduledKind;
  /** A symbol for EARNINGS, a currency otherwise. */
  readonly subject: string;
}

/** A port: the server feeds it from a user's file. Dates are never estimated. */
export interface EventCalendar {
  /** When it was last read; null: never, or it is unreadable. */
  loadedAt(of: 'EARNINGS' | 'NEWS'): EpochMs | null;
  /** Events of one subject, both ends included. */
  between(subject: string, from: EpochMs, to: EpochMs): readonly ScheduledEvent[];
}

/** The part of a calendar a chain needs, as plain data: taken before validation. */
export interface Schedule {
  readonly loadedAt: EpochMs | null;
  readonly events: readonly ScheduledEvent[];
}

const HOUR = 3_600_000;

/** Hours before and after in which nothing is entered. */
const WINDOW: Readonly<Record<ScheduledKind, readonly [number, number]>> = {
  EARNINGS: [24, 2],
  NFP: [6, 2],
  FOMC: [4, 2],
  ECB: [4, 1],
  BOJ: [4, 1],
  CPI: [2, 1],
  GDP: [2, 1],
  UNEMPLOYMENT: [2, 1],
  OTHER: [4, 1],
};
const LONGEST_MS = 24 * HOUR;

/** A calendar older than this does not count as known. */
export const CALENDAR_MAX_AGE_MS = 7 * 24 * HOUR;

/** Whether an instant lies in the window of an event, both ends included. */
export function isInWindow(event: ScheduledEvent, at: EpochMs): boolean {
  const [before, after] = WINDOW[event.kind];
  return at >= event.time - before * HOUR && at <= event.time + after * HOUR;
}

/** The events that could touch an instant; null: no calendar is connected. STOCK asks by symbol, FOREX by both currencies. */
export function scheduleAround(
  calendar: EventCalendar | null,
  of: { readonly assetClass: AssetClass; readonly symbol: string; readonly currencies: readonly string[]; readonly at: EpochMs },
): Schedule | null {
  if (calendar === null || (of.assetClass !== 'STOCK' && of.assetClass !== 'FOREX')) return null;
  const isStock = of.assetClass === 'STOCK';
  const subjects = isStock ? [of.symbol] : of.currencies;
  const near = subjects.flatMap((subject) => calendar.between(subject, of.at - LONGEST_MS, of.at + LONGEST_MS));
  return { loadedAt: calendar.loadedAt(isStock ? 'EARNINGS' : 'NEWS'), events: near };
}
