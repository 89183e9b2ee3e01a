/** When a market's trading day begins and ends, and from when its intraday bars are counted. */
import type { EpochMs, Instrument } from './bar.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
/** The currency day turns at 17:00 in New York. */
const FOREX_TURN_MS = 17 * 60 * MINUTE_MS;

/** Wall time of a zone as if it were UTC. */
export interface LocalClock {
  local(time: EpochMs): number;
}

/** Makes the clock of an IANA zone; given from outside, because this folder knows no zones. */
export type ClockOf = (timeZone: string) => LocalClock;

/**
 * AGG-1. Markets around the clock turn at UTC midnight; currencies at 17:00 New York; a session over midnight at its opening;
 * every other market at midnight of its exchange. One day is kept at a time: `find` moves it, the fields describe it.
 */
export class TradingDays {
  from: EpochMs = 0;
  until: EpochMs = 0;
  /** Slots of intraday bars are counted from here: the session's opening, else the beginning of the day. */
  open: EpochMs = 0;
  /** Number of the date the day bears; the evening a currency week opens bears Monday's. */
  label = 0;
  /** Trades all the time: every missing bar is a gap. */
  readonly aroundTheClock: boolean;
  /** The opening is known: a day that starts later lacks bars. */
  readonly opensAtKnownTime: boolean;
  readonly #clock: LocalClock | null;
  /** After local midnight, ms. */
  readonly #turn: number;
  readonly #open: number | null;

  constructor({ assetClass, timeZone, session }: Instrument, clockOf: ClockOf) {
    const forex = assetClass === 'FOREX';
    this.aroundTheClock = !forex && (assetClass === 'CRYPTO' || session === '24h');
    const hours = forex || this.aroundTheClock || typeof session !== 'object' ? null : session;
    const open = hours === null ? 0 : minutesOf(hours.open) * MINUTE_MS;
    const overMidnight = hours !== null && minutesOf(hours.close) * MINUTE_MS <= open && open > 0;
    this.opensAtKnownTime = hours !== null;
    this.#clock = this.aroundTheClock ? null : clockOf(forex ? 'America/New_York' : timeZone);
    this.#turn = forex ? FOREX_TURN_MS : overMidnight ? open : 0;
    this.#open = hours === null || overMidnight ? null : open;
  }

  /** The day a bar belongs to, by its opening time. A daily bar stamped at UTC midnight is a date, not an instant: `dated`. */
  find(time: EpochMs, dated: boolean): void {
    if (time >= this.from && time < this.until) return;
    const clock = this.#clock;
    if (clock === null || dated) {
      const day = Math.floor(time / DAY_MS);
      this.from = day * DAY_MS;
      this.until = this.from + DAY_MS;
      this.open = this.from;
      this.label = day;
      return;
    }
    const day = Math.floor((clock.local(time) - this.#turn) / DAY_MS);
    const from = instantOf(clock, day * DAY_MS + this.#turn, time);
    this.from = from;
    this.until = instantOf(clock, (day + 1) * DAY_MS + this.#turn, from + DAY_MS);
    this.open = this.#open === null ? from : instantOf(clock, day * DAY_MS + this.#open, from);
    this.label = this.#turn > 0 ? day + 1 : day;
  }

  /** Number of the Monday of the week to which the day found last belongs. */
  get monday(): number {
    // A daily bar dated Sunday holds the first evening of a week that turns before midnight.
    const label = this.#turn > 0 && (this.label + 4) % 7 === 0 ? this.label + 1 : this.label;
    // Day 0 was a Thursday.
    return label - ((label + 3) % 7);
  }

  /** The instant at which the day that bears a date begins. */
  startOf(label: number, dated: boolean): EpochMs {
    const clock = this.#clock;
    const day = this.#turn > 0 ? label - 1 : label;
    if (clock === null || dated) return day * DAY_MS;
    const local = day * DAY_MS + this.#turn;
    return instantOf(clock, local, this.from + (label - this.label) * DAY_MS);
  }
}

/** The instant of a wall time, sought from one nearby; where clocks skip it, the instant of the skip. */
function instantOf(clock: LocalClock, local: number, near: EpochMs): EpochMs {
  let at = near + (local - clock.local(near));
  for (let round = 0; round < 2; round++) at += local - clock.local(at);
  const short = local - clock.local(at);
  return short > 0 ? at + short : at;
}

function minutesOf(text: string): number {
  const [hours, minutes] = text.split(':').map(Number);
  return hours * 60 + minutes;
}
