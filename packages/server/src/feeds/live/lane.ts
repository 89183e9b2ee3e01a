/** One watched series of a live feed: how far it was handed over, and what waits while the past is being fetched. */
import { BoundedQueue, type Census, type DeadlineEntry, type Task } from '@wyckoff/bounded';
import { createBarColumns, type BarColumns, type Calendar, type EpochMs } from '@wyckoff/domain';
import { Backoff } from '../../venue/backoff.ts';
import type { StreamBar } from '../contract/dialect.ts';
import { seriesName, type SeriesKey } from '../contract/series-key.ts';

/** Stream bars kept while a back-fill runs; what is too many leaves a gap that the back-fill closes. */
const WAITING = 64;

export interface LaneOptions {
  readonly series: SeriesKey;
  /** Its stream; null when it is polled. */
  readonly stream: string | null;
  readonly calendar: Calendar;
  /** Opening time of the newest bar the taker has; null: from the next one on. */
  readonly after: EpochMs | null;
  /** When it was begun to be watched. */
  readonly since: EpochMs;
  readonly census: Census;
  readonly random: () => number;
}

export class Lane {
  readonly series: SeriesKey;
  readonly name: string;
  readonly stream: string | null;
  readonly calendar: Calendar;
  readonly since: EpochMs;
  readonly waiting: BoundedQueue<StreamBar>;
  readonly backoff: Backoff;
  /** Opening time of the newest bar handed over, or that the taker has. */
  last: EpochMs | null;
  /** The newest bar handed over, to know it again. */
  newest: StreamBar | null = null;
  /** Stream bars wait until the past has been fetched. */
  filling: boolean;
  /** Asked for at the venue on the present connection. */
  subscribed = false;
  /** A back-fill is on its way; `again`: another one is wanted after it. */
  fill: Task<void> | null = null;
  again = false;
  due: DeadlineEntry<Lane> | null = null;
  stale = false;
  ended = false;

  constructor({ series, stream, calendar, after, since, census, random }: LaneOptions) {
    this.series = series;
    this.name = seriesName(series);
    this.stream = stream;
    this.calendar = calendar;
    this.since = since;
    this.last = after;
    // Without a past to join there is nothing to fetch before the stream's first bar; a polled series must find where it stands.
    this.filling = after !== null || stream === null;
    this.waiting = new BoundedQueue({ name: 'server.feeds.waiting', capacity: WAITING, itemBytes: 256, policy: 'fifo', census });
    this.backoff = new Backoff({ random });
  }

  /** Bars the calendar expects between the newest one handed over and this one. */
  missingBefore(time: EpochMs): number {
    return this.last === null || time <= this.last ? 0 : this.calendar.missingBetween(this.last, time, this.series.timeframe);
  }

  /** Whether this very bar was the last one handed over. */
  repeats(bar: StreamBar): boolean {
    const last = this.newest;
    return last?.time === bar.time && last.open === bar.open && last.high === bar.high && last.low === bar.low && last.close === bar.close && last.volume === bar.volume; // prettier-ignore
  }

  /** The oldest of those that wait, which need not be the one that came first. */
  nextWaiting(): StreamBar | null {
    let next: StreamBar | null = null;
    for (const bar of this.waiting.toArray()) if (next === null || bar.time < next.time) next = bar;
    return next;
  }

  dispose(): void {
    this.ended = true;
    this.fill?.cancel();
    this.due?.cancel();
    this.waiting.dispose();
  }
}

/** One bar as columns, the form in which all bars travel. */
export function oneRow(bar: Omit<StreamBar, 'stream'>): BarColumns {
  const columns = createBarColumns(1);
  columns.time[0] = bar.time;
  columns.open[0] = bar.open;
  columns.high[0] = bar.high;
  columns.low[0] = bar.low;
  columns.close[0] = bar.close;
  columns.volume[0] = bar.volume;
  columns.length = 1;
  return columns;
}

/** Row of the newest bar that had closed when the series began to be watched; -1 for none. */
export function lastClosedBefore({ time, length }: BarColumns, { series, calendar, since }: Lane): number {
  let row = -1;
  for (let i = 0; i < length; i += 1) if (calendar.closeOf(time[i], series.timeframe) <= since) row = i;
  return row;
}

/** The rows from one on, as views. */
export function rowsFrom(columns: BarColumns, from: number): BarColumns {
  const part = (column: Float64Array): Float64Array => column.subarray(from, columns.length);
  const { time, open, high, low, close, volume } = columns;
  return { time: part(time), open: part(open), high: part(high), low: part(low), close: part(close), volume: part(volume), length: columns.length - from }; // prettier-ignore
}
