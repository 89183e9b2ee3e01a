/** The past of several series, before they are listened to: fetched series by series into the store, then taken merged, so that the first instants are whole. */
import type { StopSignal } from '@wyckoff/bounded';
import { SeriesJudge, type Calendar, type EpochMs } from '@wyckoff/domain';
import type { HistoryProvider } from '../../feeds/contract/history.ts';
import { seriesName } from '../../feeds/contract/series-key.ts';
import { wantedRows } from '../../feeds/live/wanted-rows.ts';
import type { Series, Store } from '../../store/store.ts';
import { closingOf, type InstantRows } from '../instants/instant-rows.ts';
import { StoredRows } from '../instants/stored-rows.ts';

/** What the account says of itself. */
export interface PastRun {
  readonly series: readonly Series[];
  readonly closing: EpochMs | null;
  newestOf(symbol: string, timeframe: string): EpochMs | null;
}

export interface CommonPastParts {
  readonly store: Store;
  readonly run: PastRun;
  /** Null: there is nobody to ask; what is stored is taken. */
  readonly history: HistoryProvider | null;
  readonly calendar: Calendar;
  /** Where the history begins when nothing is stored. */
  readonly firstBar: EpochMs;
  readonly wallClock: () => EpochMs;
  readonly take: (rows: InstantRows, from: number, limit: number) => Promise<number>;
  readonly onProgress: (progress: { readonly bars: number; readonly upTo: EpochMs }) => void;
  readonly onNotice: (sentence: string) => void;
}

/** What the provider cannot give now is told, and left to the feed. */
export async function takeCommonPast(parts: CommonPastParts, signal: StopSignal): Promise<void> {
  const { run, onNotice } = parts;
  for (const [place, series] of run.series.entries()) {
    if (signal.aborted) return;
    await fetchSeries(parts, place, signal).catch((error: unknown) =>
      onNotice(
        `${seriesName(series)}: the history could not be fetched now: ${error instanceof Error ? error.message : String(error)}`,
      ),
    );
  }
  await takeStored(parts, signal);
}

async function fetchSeries(parts: CommonPastParts, place: number, signal: StopSignal): Promise<void> {
  const { store, run, history, calendar, firstBar, wallClock, onNotice } = parts;
  if (history === null) return;
  const series = run.series[place];
  const { symbol, timeframe } = series;
  const now = wallClock();
  const newest = await store.barsBefore(series, { limit: 1 });
  let after = newest.length === 0 ? firstBar : newest.time[0];
  const judge = new SeriesJudge({ timeframe, calendar });
  if (newest.length > 0) judge.block(newest);
  for await (const page of history.pages({ symbol, timeframe, from: after + 1, to: now + 1 }, signal)) {
    const onRefused = (code: string, detail: string): void =>
      onNotice(`${seriesName(series)}: a bar was refused: ${code} ${detail}`);
    const rows = wantedRows(page.columns, { timeframe, calendar, now, after, onRefused });
    if (rows.length === 0) continue;
    after = rows.time[rows.length - 1];
    await keep(parts, { place, rows: { ...rows, flags: judge.block(rows) }, provider: page.provider ?? history.name });
  }
}

/** Bars of instants that were taken already are late: the account takes them at once. All others are stored, and taken with their neighbours. */
async function keep(
  { store, run, take }: CommonPastParts,
  of: { readonly place: number; readonly rows: InstantRows; readonly provider: string },
): Promise<void> {
  const { place, rows, provider } = of;
  const places = new Uint8Array(rows.length).fill(place);
  const taken = run.closing ?? -Infinity;
  let row = 0;
  while (row < rows.length && closingOf({ ...rows, places }, row, run.series) <= taken)
    row += await take({ ...rows, places }, row, 1);
  if (row === rows.length) return;
  const part = (column: Float64Array): Float64Array => column.subarray(row, rows.length);
  const { time, open, high, low, close, volume } = rows;
  const rest = { time: part(time), open: part(open), high: part(high), low: part(low), close: part(close), volume: part(volume), length: rows.length - row }; // prettier-ignore
  await store.importBars(run.series[place], rest, provider, { flags: rows.flags?.subarray(row) });
}

/** What is stored and was not taken yet. */
async function takeStored({ store, run, take, onProgress }: CommonPastParts, signal: StopSignal): Promise<void> {
  const after = run.series.map(({ symbol, timeframe }) => run.newestOf(symbol, timeframe));
  const stored = new StoredRows({ store, series: run.series, after });
  let bars = 0;
  for (let rows = await stored.next(); rows !== null && !signal.aborted; rows = await stored.next()) {
    const chunk = { ...rows, stored: true };
    for (let row = 0; row < chunk.length && !signal.aborted;) row += await take(chunk, row, chunk.length - row);
    bars += chunk.length;
    onProgress({ bars, upTo: chunk.time[chunk.length - 1] });
  }
}
