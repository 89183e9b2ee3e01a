/** Feeds one series into a window of bars: newest page first, older pages when asked, the stream on top (C7). */
import type { BarWire, ChartAnswer, DetectionEventWire, PositionWire, RangeWire } from '@wyckoff/contracts';
import { LruTtlCache, type Release, type Scope } from '@wyckoff/bounded';
import { isAbort, problemOf, type ProblemView } from '../../link/http.ts';
import type { DeskSession } from '../../stores/session-scope.ts';
import { BarWindow, type WindowChange } from '../../stores/bar-window.ts';

/** Bars held on a page (web.md 5). */
export const WINDOW_BARS = 5_000;
const PAGE_BARS = 1_000;
/** Between two newest pages that nobody asked for: a desk that is always behind must not use up what the server allows a minute. */
const MEND_MS = 1_000;
const MEND_MOST_MS = 30_000;

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
  /** Bars are missing that the page on its way may be too old to have, or that no page has brought yet. */
  #askAgain = false;
  /** Newest pages that failed since the last one came. */
  #failed = 0;
  /** Runs out when the next page may be asked for. */
  #calm: Release | undefined;
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

  /** The newest page: at the start, after a gap or a reconnect, and on "now". Calls meanwhile share it; one that fails is asked for again. */
  async loadNewest(): Promise<void> {
    if (this.#loadingNewest || this.#abort.signal.aborted) return;
    this.#loadingNewest = true;
    this.#calm?.();
    const waitMs = await this.#takeNewest();
    this.#loadingNewest = false;
    if (this.#options.scope.state === 'open') this.#calm = this.#options.scope.timeout(waitMs, () => this.#mend(), 'chart-mend');
  }

  /** Asks for what is still missing, if the last page was long enough ago. */
  #mend(): void {
    this.#calm = undefined;
    if (this.#askAgain) void this.loadNewest();
  }

  /** Takes one newest page; answers how long to leave the server alone then, in milliseconds. */
  async #takeNewest(): Promise<number> {
    this.#askAgain = false;
    this.#generation = this.#options.session.link.connection.status.generation;
    try {
      const { symbol, timeframe } = this.#options.series;
      const answer = await this.#options.session.http.chart({ symbol, timeframe, limit: PAGE_BARS }, this.#abort.signal);
      const wasLive = this.window.live && this.window.length > 0;
      const change = this.window.mergeNewest(answer.columns);
      if (!wasLive || this.window.length === answer.columns.t.length) this.#more = answer.more;
      this.#options.session.bars.merge(this.#key, answer.columns);
      // What was missed while the page was on its way is missing after its end.
      if (this.#askAgain) this.#suspect(answer.columns.t.at(-1));
      this.#failed = 0;
      this.#accept(answer, change);
      return MEND_MS;
    } catch (error) {
      this.#fail(error);
      // Without another try the chart would stay behind until someone loads the page anew.
      this.#askAgain = true;
      this.#failed += 1;
      return problemOf(error).retryAfterMs ?? Math.min(MEND_MOST_MS, MEND_MS * 2 ** Math.min(this.#failed, 10));
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

  /** Bars may be missing from here, or from a time, on: the next newest page mends it. */
  #suspect(after?: number): void {
    this.window.suspect(after);
    this.#options.session.bars.suspect(this.#key, after);
  }

  #missed(): void {
    this.#suspect();
    // A page that is already on its way may be too old to have what was missed.
    this.#askAgain = true;
    if (this.#calm === undefined) this.#mend();
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
