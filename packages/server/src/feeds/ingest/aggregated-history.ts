/** Timeframes a provider does not have, made of complete shorter bars; a longer bar that lacks a part is left out and counted. */
import type { StopSignal } from '@wyckoff/bounded';
import { appendBar, BarAggregator, BarCursor, createBarColumns, TIMEFRAMES, TIMEFRAME_MS, type BarColumns, type Calendar, type Instrument, type Timeframe, ZoneClock } from '@wyckoff/domain'; // prettier-ignore
import type { HistoryPage, HistoryProvider, HistoryRequest } from '../contract/history.ts';

export interface AggregatedOptions {
  readonly history: HistoryProvider;
  readonly instrumentOf: (symbol: string) => Instrument;
  readonly calendarOf: (symbol: string) => Calendar;
}

/** The longest of the provider's timeframes below one that we want, that divides it; null when none does. */
export function sourceOf(timeframe: Timeframe, known: readonly Timeframe[]): Timeframe | null {
  const ms = TIMEFRAME_MS[timeframe];
  const below = TIMEFRAMES.filter((other) => known.includes(other) && TIMEFRAME_MS[other] < ms && ms % TIMEFRAME_MS[other] === 0);
  return below.at(-1) ?? null;
}

export class AggregatedHistory implements HistoryProvider {
  readonly name: string;
  readonly timeframes: readonly Timeframe[];
  readonly #options: AggregatedOptions;

  constructor(options: AggregatedOptions) {
    this.#options = options;
    this.name = options.history.name;
    const { timeframes } = options.history;
    this.timeframes = TIMEFRAMES.filter(
      (timeframe) => timeframes.includes(timeframe) || sourceOf(timeframe, timeframes) !== null,
    );
  }

  async *pages(request: HistoryRequest, signal?: StopSignal): AsyncIterableIterator<HistoryPage> {
    const { history } = this.#options;
    const source = history.timeframes.includes(request.timeframe) ? null : sourceOf(request.timeframe, history.timeframes);
    if (source === null) yield* history.pages(request, signal);
    else yield* this.#aggregated(request, source, signal);
  }

  close(): Promise<void> {
    return this.#options.history.close();
  }

  async *#aggregated(
    request: HistoryRequest,
    source: Timeframe,
    signal: StopSignal | undefined,
  ): AsyncIterableIterator<HistoryPage> {
    const { history, instrumentOf, calendarOf } = this.#options;
    const { symbol, timeframe, from, to } = request;
    const calendar = calendarOf(symbol);
    let incomplete = 0;
    let made = createBarColumns(0);
    const aggregator = new BarAggregator({
      instrument: instrumentOf(symbol),
      from: source,
      to: timeframe,
      clockOf: (timeZone) => new ZoneClock(timeZone),
      onClosed: (bar, lacks) => {
        if (lacks) incomplete += 1;
        // A bar begun before what was asked for lacks what came before it.
        else if (bar.time >= from && bar.time < to) appendBar(made, bar);
      },
    });
    for await (const { columns, provider } of history.pages({ ...request, timeframe: source }, signal)) {
      made = createBarColumns(columns.length);
      for (const bar of sessionBars(columns, calendar)) aggregator.push(bar);
      if (made.length > 0 || incomplete > 0) yield { columns: made, incomplete, ...(provider !== undefined && { provider }) };
      incomplete = 0;
    }
    const closing = closedBucket(aggregator, { source, timeframe, calendar });
    if (closing !== null && closing.time[0] >= from && closing.time[0] < to) yield { columns: closing };
  }
}

/** The last longer bar, when the calendar says that it is over although the clock of its slot still runs: the short slot before a closing bell. */
function closedBucket(
  { parts, lacks, start, open, high, low, close, volume, lastTime }: BarAggregator,
  { source, timeframe, calendar }: { readonly source: Timeframe; readonly timeframe: Timeframe; readonly calendar: Calendar },
): BarColumns | null {
  if (parts === 0 || lacks || lastTime + TIMEFRAME_MS[source] < calendar.closeOf(start, timeframe)) return null;
  const columns = createBarColumns(1);
  appendBar(columns, { time: start, open, high, low, close, volume });
  return columns;
}

/** In order, each once, and only those of regular trading hours: what trades before and after belongs to no session's bar. */
function* sessionBars(columns: BarColumns, calendar: Calendar): IterableIterator<BarCursor> {
  const order = Array.from({ length: columns.length }, (_, row) => row).sort((a, b) => columns.time[a] - columns.time[b]);
  const cursor = new BarCursor(columns);
  for (const row of order) {
    const bar = cursor.at(row);
    if (Number.isFinite(bar.time) && calendar.isOpen(bar.time)) yield bar;
  }
}
