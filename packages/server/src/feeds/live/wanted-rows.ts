/** Of a page of history the rows a lane still wants: fit, closed, later than what it has, in order, each once. */
import { BarCursor, barRefusal, createBarColumns, appendBar, type BarCode, type BarColumns, type Calendar, type EpochMs, type Timeframe } from '@wyckoff/domain'; // prettier-ignore

export interface Wanted {
  readonly timeframe: Timeframe;
  readonly calendar: Calendar;
  readonly now: EpochMs;
  /** Exclusive. */
  readonly after: EpochMs;
  readonly onRefused: (code: BarCode, detail: string) => void;
}

/** FEED-1. A bar enters only when its time is over by the calendar; of two rows of one time the later one holds. */
export function wantedRows(page: BarColumns, { timeframe, calendar, now, after, onRefused }: Wanted): BarColumns {
  const cursor = new BarCursor(page);
  const rows: number[] = []; // bounded: the rows of one page
  for (let row = 0; row < page.length; row += 1) {
    const bar = cursor.at(row);
    const refusal = barRefusal(bar, { timeframe, calendar, now });
    if (refusal !== null) {
      onRefused(refusal.codes[0], refusal.detail);
      continue;
    }
    if (bar.time > after && calendar.closeOf(bar.time, timeframe) <= now) rows.push(row);
  }
  rows.sort((a, b) => page.time[a] - page.time[b] || a - b);
  const wanted = createBarColumns(rows.length);
  rows.forEach((row, i) => {
    if (i + 1 === rows.length || page.time[rows[i + 1]] !== page.time[row]) appendBar(wanted, cursor.at(row));
  });
  return wanted;
}
