/** Which forex session a bar opens in, from the wall clocks of London and New York (detection.md 8.4). */
import { ZoneClock } from './zone-clock.ts';

/** Codes of {@link FOREX_SESSION_NAMES}; `NO_SESSION` for other markets and for 4h and longer. */
export const NO_SESSION = -1;
export const FOREX_SESSION_NAMES = ['LONDON', 'NEW_YORK', 'OVERLAP', 'ASIAN', 'CLOSE'] as const;

const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;

export class ForexClock {
  readonly #london = new ZoneClock('Europe/London');
  readonly #newYork = new ZoneClock('America/New_York');

  /** SES-1. Index into {@link FOREX_SESSION_NAMES} for the bar's opening time. */
  code(time: number): number {
    const london = dayTime(this.#london.local(time));
    const newYork = dayTime(this.#newYork.local(time));
    const londonOpen = london >= 8 * HOUR_MS && london < 17 * HOUR_MS;
    const newYorkOpen = newYork >= 8 * HOUR_MS && newYork < 15 * HOUR_MS;
    if (londonOpen) return newYorkOpen ? 2 : 0;
    if (newYorkOpen) return 1;
    return newYork >= 15 * HOUR_MS && newYork < 17 * HOUR_MS ? 4 : 3;
  }
}

function dayTime(wall: number): number {
  const rest = wall % DAY_MS;
  return rest < 0 ? rest + DAY_MS : rest;
}
