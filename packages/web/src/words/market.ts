/** What a closed market says of itself: `closed, opens 15:30 CEST`, with the day when it is another one. */

/** Null: it is open. */
export function closedWords(
  { opensAt, closesAt }: { readonly opensAt: number; readonly closesAt: number },
  now: number,
  timeZone: string,
): string | null {
  if (now >= opensAt && now < closesAt) return null;
  // What comes after the session that ended is told in a moment.
  if (now >= closesAt) return 'closed';
  const part = (options: Intl.DateTimeFormatOptions, at: number): string =>
    new Intl.DateTimeFormat('en-US', { timeZone, hourCycle: 'h23', ...options }).format(at);
  const day = (at: number): string => part({ weekday: 'short', day: 'numeric', month: 'short' }, at);
  const time = part({ hour: '2-digit', minute: '2-digit', timeZoneName: 'short' }, opensAt);
  return `closed, opens ${day(opensAt) === day(now) ? '' : `${part({ weekday: 'short' }, opensAt)} `}${time}`;
}
