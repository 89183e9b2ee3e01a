/** Feeds one series into a window of bars: newest page first, older pages when asked, the stream on top (C7). */
import type { BarWire, ChartAnswer, DetectionEventWire, PositionWire, RangeWire } from '@wyckoff/contracts';
import { LruTtlCache, type Scope } from '@wyckoff/bounded';
import { isAbort, problemOf, type ProblemView } from '../../link/http.ts';
import type { DeskSession } from '../../stores/session-scope.ts';
import { BarWindow, type WindowChange } from '../../stores/bar-window.ts';

/** Bars held on a page (web.md 5). */
export const WINDOW_BARS = 5_000;
const PAGE_BARS = 1_000;

export interface ChartFeedOptions {
  readonly session: Pick<DeskSession, 'http' | 'link' | 'slices' | 'bars'>;
  readonly scope: Scope;
  readonly series: { readonly symbol: string; readonly timeframe: string };
  /** The bars changed; painted on the next frame. */
  changed(change: WindowChange): void;
  overlaysChanged(): void;
  problem(view: ProblemView | null): void;
}

export class ChartFeed {
  readonly window = new BarWindow(WINDOW_BARS);
  readonly #options: ChartFeedOptions;
  readonly #ranges: LruTtlCache<string, RangeWire>;
  readonly #events: LruTtlCache<string, DetectionEventWire>;
  readonly #trades: LruTtlCache<string, PositionWire>;
  readonly #abort = new AbortController();
  #more = false;
  #loadingOlder = false;
  #loadingNewest = false;
  #loaded = false;
  #askAgain = false;
  /** Generation of the connection whose bars join those held. */
  #generation = -1;

  constructor(options: ChartFeedOptions) {
    this.#options = options;
    const { scope } = options;
    const bound = { ttlMs: Infinity, scope };
    this.#ranges = new LruTtlCache({ ...bound, name: 'web.chart.ranges', capacity: 64, itemBytes: 4_096 });
    this.#events = new LruTtlCache({ ...bound, name: 'web.chart.events', capacity: 500, itemBytes: 2_048 });
    this.#trades = new LruTtlCache({ ...bound, name: 'web.chart.trades', capacity: 200, itemBytes: 1_024 });
    scope.adopt('chart-requests', () => this.#abort.abort(new DOMException('the view has left', 'AbortError')));
    const { symbol, timeframe } = options.series;
    options.session.link.subscribe(
      `bars:${symbol}:${timeframe}`,
      (frame) => {
        if (frame.type === 'bar.closed') this.#take(frame.data as BarWire);
        else this.#missed();
      },
      scope,
    );
    const held = options.session.bars.get(this.#key);
    if (held !== undefined && held.length > 0) this.#show(this.window.mergeNewest(columnsOf(held)));
    this.#suspect();
  }

  /** Whether the first page has come. */
  get loaded(): boolean {
    return this.#loaded;
  }

  get ranges(): readonly RangeWire[] {
    return entries(this.#ranges);
  }

  get events(): readonly DetectionEventWire[] {
    return entries(this.#events);
  }

  get trades(): readonly PositionWire[] {
    return entries(this.#trades).sort((a, b) => a.openedAt - b.openedAt);
  }

  /** What the stream says of ranges, events and positions goes over what the pages said. */
  merge(overlays: {
    readonly ranges?: readonly RangeWire[];
    readonly events?: readonly DetectionEventWire[];
    readonly trades?: readonly PositionWire[];
  }): void {
    for (const range of overlays.ranges ?? []) this.#ranges.set(range.id, range);
    for (const event of overlays.events ?? []) this.#events.set(`${event.id}|${event.status}`, event);
    for (const trade of overlays.trades ?? []) {
      const known = this.#trades.peek(trade.id);
      if (known === undefined || trade.version >= known.version) this.#trades.set(trade.id, trade);
    }
    this.#options.overlaysChanged();
  }

  /** The newest page: at the start, after a gap or a reconnect, and on "now". Calls meanwhile share it. */
  async loadNewest(): Promise<void> {
    if (this.#loadingNewest) return;
    this.#loadingNewest = true;
    try {
      // A loop, not a call of itself: a client that is always behind would wait for ever deeper.
      do await this.#takeNewest();
      while (this.#askAgain && !this.#abort.signal.aborted);
    } finally {
      this.#loadingNewest = false;
    }
  }

  async #takeNewest(): Promise<void> {
    this.#askAgain = false;
    this.#generation = this.#options.session.link.connection.status.generation;
    try {
      const { symbol, timeframe } = this.#options.series;
      const answer = await this.#options.session.http.chart({ symbol, timeframe, limit: PAGE_BARS }, this.#abort.signal);
      const wasLive = this.window.live && this.window.length > 0;
      const change = this.window.mergeNewest(answer.columns);
      if (!wasLive || this.window.length === answer.columns.t.length) this.#more = answer.more;
      this.#options.session.bars.merge(this.#key, answer.columns);
      this.#accept(answer, change);
    } catch (error) {
      this.#fail(error);
    }
  }

  /** The page before the first bar held; at most one at a time, from the cache when it is there. */
  async loadOlder(): Promise<void> {
    if (!this.#more || this.#loadingOlder || this.window.length === 0) return;
    this.#loadingOlder = true;
    try {
      const { symbol, timeframe } = this.#options.series;
      const before = this.window.t[0];
      const query = { symbol, timeframe, before, limit: PAGE_BARS };
      const answer = await this.#options.session.slices.fetch(
        `${this.#key}|${String(before)}`,
        (signal) => this.#options.session.http.chart(query, signal),
        this.#abort.signal,
      );
      if (before !== this.window.t[0]) return;
      this.#more = answer.more;
      this.#accept(answer, this.window.prepend(answer.columns));
    } catch (error) {
      this.#fail(error);
    } finally {
      this.#loadingOlder = false;
    }
  }

  get #key(): string {
    return `${this.#options.series.symbol}|${this.#options.series.timeframe}`;
  }

  /** Bars may be missing from here on: the next newest page mends it. */
  #suspect(): void {
    this.window.suspect();
    this.#options.session.bars.suspect(this.#key);
  }

  #missed(): void {
    this.#suspect();
    // A page that is already on its way may be too old to have what was missed.
    this.#askAgain = true;
    void this.loadNewest();
  }

  #take(bar: BarWire): void {
    const { generation } = this.#options.session.link.connection.status;
    if (generation !== this.#generation) {
      this.#generation = generation;
      this.#missed();
    }
    this.#options.session.bars.apply(this.#key, bar);
    this.#show(this.window.apply(bar));
  }

  #accept(answer: ChartAnswer, change: WindowChange): void {
    this.#loaded = true;
    this.#options.problem(null);
    this.#show(change);
    this.merge({ ranges: answer.ranges, events: answer.events.map((held) => held.event), trades: answer.trades });
  }

  #show(change: WindowChange): void {
    // What was dropped at the old end can be paged in again.
    if (change.shift < 0) this.#more = true;
    if (change.kind !== 'none') this.#options.changed(change);
  }

  #fail(error: unknown): void {
    if (!this.#abort.signal.aborted && !isAbort(error)) this.#options.problem(problemOf(error));
  }
}

function entries<V extends object>(cache: LruTtlCache<string, V>): V[] {
  return cache
    .keys()
    .flatMap((key) => cache.peek(key) ?? [])
    .reverse();
}

function columnsOf(window: BarWindow): ChartAnswer['columns'] {
  const column = (of: Float64Array): number[] => [...of.subarray(0, window.length)];
  return {
    t: column(window.t),
    o: column(window.o),
    h: column(window.h),
    l: column(window.l),
    c: column(window.c),
    v: column(window.v),
  };
}
