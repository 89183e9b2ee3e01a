/** CAL-3. When a market is open: sessions by rule, and what follows from them for the age, the end and the absence of bars (trading.md 2.2, 9). */
import { TIMEFRAME_MS } from '../bar/bar.ts';
import type { EpochMs, Timeframe } from '../bar/bar.ts';
import { isIntraday } from './intraday.ts';
import { weekdayOf } from './new-york.ts';

export const CALENDAR_IDS = ['XNYS', '24/7', 'FX'] as const;
export type CalendarId = (typeof CALENDAR_IDS)[number];

const DAY_MS = 86_400_000;
/** Days looked through for the next session: the longest closure on record is shorter. */
const LONGEST_CLOSURE_DAYS = 14;

/** Regular trading of one day. */
export interface Session {
  readonly open: EpochMs;
  /** Exclusive. */
  readonly close: EpochMs;
}

/** The rule of one market; days are numbers of calendar days since 1970-01-01 as the market labels them. */
export interface MarketHours {
  readonly id: CalendarId;
  /** IANA zone in which the market counts its days. */
  readonly timeZone: string;
  /** The label of the day an instant belongs to. */
  dayOf(at: EpochMs): number;
  /** Null on a day without trading. */
  session(day: number): Session | null;
}

export class Calendar {
  readonly #hours: MarketHours;

  constructor(hours: MarketHours) {
    this.#hours = hours;
  }

  get id(): CalendarId {
    return this.#hours.id;
  }

  get timeZone(): string {
    return this.#hours.timeZone;
  }

  /** The session that contains an instant, or null. */
  sessionAt(at: EpochMs): Session | null {
    const session = this.#hours.session(this.#hours.dayOf(at));
    return session !== null && at >= session.open && at < session.close ? session : null;
  }

  isOpen(at: EpochMs): boolean {
    return this.sessionAt(at) !== null;
  }

  /** The instant itself while the market is open, else the next opening. @throws {RangeError} when none is within two weeks. */
  nextOpen(at: EpochMs): EpochMs {
    const first = this.#hours.dayOf(at);
    for (let day = first; day <= first + LONGEST_CLOSURE_DAYS; day += 1) {
      const session = this.#hours.session(day);
      if (session !== null && at < session.close) return Math.max(at, session.open);
    }
    throw new RangeError(`calendar ${this.id}: expected a session within ${LONGEST_CLOSURE_DAYS} days of ${at}, was none`);
  }

  /** Open market time between two instants, ms; 0 when `to` is not after `from`. Costs a step per day. */
  openMs(from: EpochMs, to: EpochMs): number {
    let open = 0;
    for (let day = this.#hours.dayOf(from); day <= this.#hours.dayOf(to); day += 1) {
      const session = this.#hours.session(day);
      if (session !== null) open += Math.max(0, Math.min(to, session.close) - Math.max(from, session.open));
    }
    return open;
  }

  /** When a bar is complete: the end of its slot, and not after the end of its session, day or week. */
  closeOf(barOpen: EpochMs, timeframe: Timeframe): EpochMs {
    const nominal = barOpen + TIMEFRAME_MS[timeframe];
    if (isIntraday(timeframe)) return Math.min(nominal, this.sessionAt(barOpen)?.close ?? nominal);
    const first = this.#labelOf(barOpen);
    if (timeframe === '1d') return this.#hours.session(first)?.close ?? nominal;
    const sunday = mondayOf(first) + 6;
    for (let day = sunday; day >= first; day -= 1) {
      const session = this.#hours.session(day);
      if (session !== null) return session.close;
    }
    return nominal;
  }

  /** How many bars the market traded between two bars that follow each other, and that are therefore missing; opening times, `previous` < `next`. */
  missingBetween(previous: EpochMs, next: EpochMs, timeframe: Timeframe): number {
    if (timeframe === '1w') return Math.max(0, (mondayOf(this.#labelOf(next)) - mondayOf(this.#labelOf(previous))) / 7 - 1);
    const from = timeframe === '1d' ? this.#labelOf(previous) : this.#hours.dayOf(previous);
    const to = timeframe === '1d' ? this.#labelOf(next) : this.#hours.dayOf(next);
    let missing = 0;
    for (let day = from + 1; day < to; day += 1) missing += this.#slots(day, timeframe);
    if (timeframe === '1d') return missing;
    const slotMs = TIMEFRAME_MS[timeframe];
    const session = this.#hours.session(from);
    if (from === to) return Math.max(0, Math.round((next - previous) / slotMs) - 1);
    const rest = session === null ? 0 : Math.ceil((session.close - previous - slotMs) / slotMs);
    const opened = this.#hours.session(to);
    const before = opened === null ? 0 : Math.floor((next - opened.open) / slotMs);
    return missing + Math.max(0, rest) + Math.max(0, before);
  }

  /** Bars of a whole day. */
  #slots(day: number, timeframe: Timeframe): number {
    const session = this.#hours.session(day);
    if (session === null) return 0;
    return timeframe === '1d' ? 1 : Math.ceil((session.close - session.open) / TIMEFRAME_MS[timeframe]);
  }

  /** The day a daily or weekly bar bears: one stamped at UTC midnight is a date, any other an instant. */
  #labelOf(barOpen: EpochMs): number {
    return barOpen % DAY_MS === 0 ? barOpen / DAY_MS : this.#hours.dayOf(barOpen);
  }
}

function mondayOf(day: number): number {
  return day - weekdayOf(day - 1);
}
