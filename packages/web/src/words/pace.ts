/** Pace of a replay in words, as the top bar and the hands on the replay both say it. */

/** Pace of a replay in bars per second; null is as fast as possible. */
export function paceWords(speed: number | null): string {
  return speed === null ? 'max speed' : `${String(speed)} ${speed === 1 ? 'bar' : 'bars'}/s`;
}
