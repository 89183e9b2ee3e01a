/** A calendar out of the text of a user's file: `time,kind,subject`, a line per event (trading.md 3). */
import type { EpochMs } from '../bar/bar.ts';
import { SCHEDULED_KINDS } from './event-calendar.ts';
import type { EventCalendar, ScheduledEvent } from './event-calendar.ts';

/** More lines than any calendar has; the rest is refused, said in the problems. */
const MAX_EVENTS = 100_000;
const MAX_PROBLEMS = 100;

export interface CalendarText {
  readonly events: readonly ScheduledEvent[];
  /** Lines that were left out, each with its number and what is wrong with it. */
  readonly problems: readonly string[];
}

/** Reads lines of `2026-11-26T13:30:00Z,CPI,USD`; a heading, empty lines and `#` comments are passed over. */
export function parseCalendar(text: string): CalendarText {
  const events: ScheduledEvent[] = [];
  const problems: string[] = [];
  let number = 0;
  for (const line of text.split(/\r?\n/)) {
    number += 1;
    const said = line.trim();
    if (said === '' || said.startsWith('#') || (number === 1 && /^time\s*,/i.test(said))) continue;
    const read = events.length < MAX_EVENTS ? eventOf(said) : `expected at most ${MAX_EVENTS} events, were more`;
    if (typeof read !== 'string') events.push(read);
    else if (problems.length < MAX_PROBLEMS) problems.push(`line ${number}: ${read}`);
  }
  return { events, problems };
}

/** The event, or what is wrong with the line. */
function eventOf(line: string): ScheduledEvent | string {
  const [when = '', what = '', subject = '', ...more] = line.split(',').map((field) => field.trim());
  const kind = SCHEDULED_KINDS.find((one) => one === what.toUpperCase());
  if (more.length > 0 || subject === '') return `expected time,kind,subject, was ${JSON.stringify(line.slice(0, 80))}`;
  if (kind === undefined) return `kind: expected one of ${SCHEDULED_KINDS.join(' ')}, was ${JSON.stringify(what.slice(0, 40))}`;
  // Without a zone a time would mean another instant on every machine.
  const time = /(Z|[+-]\d\d:?\d\d)$/i.test(when) ? Date.parse(when) : NaN;
  if (!Number.isFinite(time)) return `time: expected ISO 8601 with a zone, was ${JSON.stringify(when.slice(0, 40))}`;
  return { time, kind, subject: subject.toUpperCase() };
}

/** A calendar over events that were read at one instant. */
export function calendarOfEvents(
  events: readonly ScheduledEvent[],
  loadedAt: { readonly earnings: EpochMs | null; readonly news: EpochMs | null },
): EventCalendar {
  const bySubject = Map.groupBy([...events].sort(byTime), (event) => event.subject);
  return {
    loadedAt: (of) => (of === 'EARNINGS' ? loadedAt.earnings : loadedAt.news),
    between: (subject, from, to) => {
      const mine = bySubject.get(subject) ?? [];
      const first = lowerBound(mine, from);
      const found: ScheduledEvent[] = [];
      for (let i = first; i < mine.length; i += 1) {
        const event = mine[i];
        if (event === undefined || event.time > to) break;
        found.push(event);
      }
      return found;
    },
  };
}

function byTime(a: ScheduledEvent, b: ScheduledEvent): number {
  return a.time - b.time;
}

/** Index of the first event at or after an instant. */
function lowerBound(events: readonly ScheduledEvent[], at: EpochMs): number {
  let low = 0;
  let high = events.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((events[middle]?.time ?? Infinity) < at) low = middle + 1;
    else high = middle;
  }
  return low;
}
