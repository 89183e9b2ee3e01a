/** One series from a provider into a store: page by page, each page written before the next is asked for, so that a kill loses one page at most. */
import type { StopSignal } from '@wyckoff/bounded';
import { appendBar, BarCursor, createBarColumns, type BarColumns, type Calendar, type EpochMs } from '@wyckoff/domain';
import type { Series } from '../../store/store.ts';
import type { HistoryProvider, HistoryRequest } from '../contract/history.ts';
import { addResults, NOTHING, type Ingest, type IngestResult } from './ingest.ts';

/** How far a download of the same request came. */
export interface DownloadMark {
  readonly provider: string;
  readonly from: EpochMs;
  readonly to: EpochMs;
  /** Everything that opened before this is written. */
  readonly next: EpochMs;
}

export interface Marks {
  load(): Promise<DownloadMark | null>;
  save(mark: DownloadMark): Promise<void>;
  clear(): Promise<void>;
}

export interface DownloadSeriesOptions {
  readonly history: HistoryProvider;
  readonly ingest: Ingest;
  readonly series: Series;
  readonly request: HistoryRequest;
  readonly calendar: Calendar;
  readonly marks: Marks;
  readonly resume: boolean;
  readonly now: EpochMs;
  readonly signal?: StopSignal | undefined;
  readonly onPage?: (result: IngestResult, upTo: EpochMs) => void;
}

export interface DownloadResult extends IngestResult {
  /** Bars still open, and bars nobody asked for: left out. */
  readonly open: number;
  readonly outside: number;
  /** Longer bars that lacked a part. */
  readonly incomplete: number;
  /** Where it began: `from` of the request, or behind what an earlier run had written. */
  readonly from: EpochMs;
}

/** @throws ProviderFault; what was written before is kept, and `--resume` goes on behind it. */
export async function downloadSeries(options: DownloadSeriesOptions): Promise<DownloadResult> {
  const { history, ingest, series, request, marks, signal } = options;
  const mark = options.resume ? await marks.load() : null;
  const resumed =
    mark?.provider === history.name && mark.from === request.from && mark.to >= mark.next ? mark.next : request.from;
  const from = Math.max(request.from, Math.min(resumed, request.to));
  let total: DownloadResult = { ...NOTHING, open: 0, outside: 0, incomplete: 0, from };
  for await (const page of history.pages({ ...request, from }, signal)) {
    signal?.throwIfAborted();
    const { columns, open, outside } = closedWithin(page.columns, { ...options, from });
    const result = await ingest.take(series, columns, { provider: page.provider ?? history.name });
    total = { ...total, ...addResults(total, result), open: total.open + open, outside: total.outside + outside, incomplete: total.incomplete + (page.incomplete ?? 0) }; // prettier-ignore
    const newest = newestTime(columns);
    // The last bar is fetched again next time: it may have been revised meanwhile.
    if (newest > -Infinity) await marks.save({ provider: history.name, from: request.from, to: request.to, next: newest });
    options.onPage?.(total, Math.max(newest, from));
  }
  await marks.clear();
  return total;
}

/** Rows that are no bars are kept: the rules name and count them. */
function closedWithin(
  page: BarColumns,
  { request, calendar, now, from }: Pick<DownloadSeriesOptions, 'request' | 'calendar' | 'now'> & { readonly from: EpochMs },
): { readonly columns: BarColumns; readonly open: number; readonly outside: number } {
  const columns = createBarColumns(page.length);
  const bar = new BarCursor(page);
  let open = 0;
  let outside = 0;
  for (let row = 0; row < page.length; row += 1) {
    const { time } = bar.at(row);
    if (Math.abs(time) <= 8.64e15) {
      if (time < from || time >= request.to) {
        outside += 1;
        continue;
      }
      if (calendar.closeOf(time, request.timeframe) > now) {
        open += 1;
        continue;
      }
    }
    appendBar(columns, bar);
  }
  return { columns, open, outside };
}

function newestTime({ time, length }: BarColumns): EpochMs {
  let newest = -Infinity;
  for (let row = 0; row < length; row += 1) if (time[row] > newest) newest = time[row];
  return newest;
}
