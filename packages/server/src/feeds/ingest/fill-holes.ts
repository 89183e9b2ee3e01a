/** The holes of a stored series, asked for at its provider: what it has is stored, what it lacks too is not asked for again all day (trading.md 9.1, BAR_GAP). */
import { LruTtlCache, type Scope, type StopSignal } from '@wyckoff/bounded';
import { appendBar, BarCursor, createBarColumns, TIMEFRAME_MS, type BarColumns, type Calendar, type EpochMs } from '@wyckoff/domain'; // prettier-ignore
import type { Series, Store } from '../../store/store.ts';
import type { HistoryProvider } from '../contract/history.ts';
import { seriesName } from '../contract/series-key.ts';
import { Ingest } from './ingest.ts';

export type HoleStore = Pick<Store, 'barsBefore' | 'barsAfter' | 'importBars' | 'streamBars' | 'surveyBars'>;

export interface HoleFillerOptions {
  readonly scope: Scope;
  readonly store: HoleStore;
  /** In the prices in which the series is stored. */
  readonly historyOf: (series: Series) => Promise<HistoryProvider>;
  readonly calendarOf: (symbol: string) => Calendar;
  /** Told of bars of a hole before they are stored, at most 1,000; what rejects keeps them out. */
  readonly beforeStored?: ((series: Series, times: readonly EpochMs[]) => Promise<void>) | undefined;
  /** Bars that somebody has to confirm first: a hole is not filled with them. */
  readonly isHeld?: ((series: Series, time: EpochMs) => boolean) | undefined;
  /** Wall clock; default `Date.now`. */
  readonly now?: (() => EpochMs) | undefined;
}

/** What became of a visit to a series. */
export interface Filled {
  readonly series: Series;
  /** Holes that were asked for. */
  readonly holes: number;
  /** Bars that are stored now and were not before. */
  readonly bars: number;
  /** The first of them opened at or after this; null when there are none. */
  readonly from: EpochMs | null;
}

/** How far a series was looked through. */
interface Walk {
  /** Every hole before this bar was asked for. */
  readonly upTo: EpochMs;
  readonly began: EpochMs;
}

/** Opening times of the stored bars around a hole; `before` is no bar where the end of the series is asked for. */
interface Hole {
  readonly after: EpochMs;
  readonly before: EpochMs;
}

/** Holes of one series that are asked for in one visit; the next ones wait for the next. */
const AT_ONCE = 20;
/** Series remembered: as many as a process may watch. */
const REMEMBERED = 200;
const DAY_MS = 86_400_000;
const TOLD = 1_000;
const CHUNK = 5_000;

export class HoleFiller {
  readonly #options: HoleFillerOptions;
  readonly #walked: LruTtlCache<string, Walk>;

  constructor(options: HoleFillerOptions) {
    this.#options = options;
    this.#walked = new LruTtlCache({ name: 'server.feeds.walked', capacity: REMEMBERED, ttlMs: DAY_MS, itemBytes: 96, scope: options.scope }); // prettier-ignore
  }

  /**
   * Asks for the oldest holes not asked for today; with `tail` also for what closed after the last stored bar, which a stream would bring.
   * A hole that was asked for is done, whatever came; after a fault the same hole is the next.
   * @throws ProviderFault
   */
  async fill(series: Series, { tail, signal }: { readonly tail: boolean; readonly signal?: StopSignal }): Promise<Filled> {
    const { store, now = Date.now } = this.#options;
    const name = seriesName(series);
    const known = this.#walked.get(name);
    const at = now();
    const walk = known !== undefined && at - known.began < DAY_MS ? known : { upTo: -8.64e15, began: at };
    const { holes, last } = await this.#holesOf(series, walk.upTo, signal);
    const asked = tail && last !== null && holes.length < AT_ONCE ? [...holes, { after: last, before: at }] : holes;
    let bars = 0;
    let from: EpochMs | null = null;
    for (const hole of asked) {
      const inserted = await this.#ask(series, hole, signal);
      if (inserted > 0) from ??= hole.after + 1;
      bars += inserted;
      if (holes.includes(hole)) this.#walked.set(name, { ...walk, upTo: hole.before });
    }
    if (holes.length < AT_ONCE && last !== null) this.#walked.set(name, { ...walk, upTo: last });
    if (bars > 0) await store.surveyBars(series);
    return { series, holes: asked.length, bars, from };
  }

  /** The first holes behind a bar, and the newest stored bar. */
  async #holesOf(
    series: Series,
    upTo: EpochMs,
    signal: StopSignal | undefined,
  ): Promise<{ readonly holes: readonly Hole[]; readonly last: EpochMs | null }> {
    const { store, calendarOf } = this.#options;
    const calendar = calendarOf(series.symbol);
    const slotMs = TIMEFRAME_MS[series.timeframe];
    const holes: Hole[] = []; // bounded: AT_ONCE
    let last: EpochMs | null = null;
    for await (const { time, length } of store.streamBars(series, { after: upTo - 1, chunk: CHUNK })) {
      signal?.throwIfAborted();
      for (let row = 0; row < length; row += 1) {
        if (last !== null && time[row] - last > slotMs && calendar.missingBetween(last, time[row], series.timeframe) > 0) {
          holes.push({ after: last, before: time[row] });
          if (holes.length === AT_ONCE) return { holes, last: time[row] };
        }
        last = time[row];
      }
    }
    return { holes, last };
  }

  async #tell(series: Series, { time, length }: BarColumns): Promise<void> {
    const { beforeStored } = this.#options;
    if (beforeStored === undefined) return;
    for (let row = 0; row < length; row += TOLD)
      await beforeStored(series, Array.from(time.subarray(row, Math.min(length, row + TOLD))));
  }

  /** Answers how many bars were new. */
  async #ask(series: Series, { after, before }: Hole, signal: StopSignal | undefined): Promise<number> {
    const { store, calendarOf, historyOf, isHeld, now = Date.now } = this.#options;
    const { symbol, timeframe } = series;
    const history = await historyOf(series);
    const ingest = new Ingest({ store, calendarOf, now });
    let inserted = 0;
    for await (const page of history.pages({ symbol, timeframe, from: after + 1, to: before }, signal)) {
      signal?.throwIfAborted();
      const closed = closedBetween(
        page.columns,
        { after, before },
        (time) => calendarOf(symbol).closeOf(time, timeframe) <= now() && isHeld?.(series, time) !== true,
      );
      await this.#tell(series, closed);
      inserted += (await ingest.take(series, closed, { provider: page.provider ?? history.name })).inserted;
    }
    return inserted;
  }
}

/** Rows of a page that lie in the hole and are over; whatever else a provider sends is not what was asked for. */
function closedBetween(page: BarColumns, { after, before }: Hole, isOver: (time: EpochMs) => boolean): BarColumns {
  const columns = createBarColumns(page.length);
  const bar = new BarCursor(page);
  for (let row = 0; row < page.length; row += 1) {
    const { time } = bar.at(row);
    if (time > after && time < before && isOver(time)) appendBar(columns, bar);
  }
  return columns;
}
