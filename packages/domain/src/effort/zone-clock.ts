/** Wall clock of an IANA zone: the offset is asked of the zone database once and kept until it may change. */

const WEEK_MS = 7 * 86_400_000;
const MINUTE_MS = 60_000;

export class ZoneClock {
  readonly #format: Intl.DateTimeFormat;
  #from = 1;
  #until = 0;
  #offset = 0;

  constructor(timeZone: string) {
    this.#format = new Intl.DateTimeFormat('en-US', {
      timeZone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
  }

  /** Local wall time as if it were UTC, epoch ms: divide it for the local date, take the remainder for the time of day. */
  local(time: number): number {
    if (time < this.#from || time >= this.#until) this.#ask(time);
    return time + this.#offset;
  }

  #ask(time: number): void {
    const offset = this.#offsetAt(time);
    this.#from = time;
    this.#offset = offset;
    let same = time;
    let other = time + WEEK_MS;
    if (this.#offsetAt(other) === offset) {
      this.#until = other;
      return;
    }
    while (other - same > MINUTE_MS) {
      const middle = Math.floor((same + other) / 2);
      if (this.#offsetAt(middle) === offset) same = middle;
      else other = middle;
    }
    // Offsets change on whole minutes; `other` is at most a minute late.
    this.#until = Math.floor(other / MINUTE_MS) * MINUTE_MS;
  }

  #offsetAt(time: number): number {
    const part: Record<string, number> = {};
    for (const { type, value } of this.#format.formatToParts(time)) part[type] = Number(value);
    const wall = Date.UTC(part['year'], part['month'] - 1, part['day'], part['hour'], part['minute'], part['second']);
    return wall - Math.floor(time / 1000) * 1000;
  }
}
