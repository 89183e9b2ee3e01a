/** Where a session's bars come from, as its desk shows and steers it: a replay can be paused and paced, a live feed only watched. */
import type { Scope } from '@wyckoff/bounded';
import type { ConnectionWire } from '@wyckoff/contracts';
import { BAR_FLAGS, HIGHER_TIMEFRAMES, SeriesJudge, type BarColumns, type Calendar, type EpochMs } from '@wyckoff/domain';
import type { BarBatch, BarFeed, FeedTaker } from '../feeds/contract/feed.ts';
import { ProviderFault } from '../feeds/contract/provider-fault.ts';
import { seriesName, type SeriesKey } from '../feeds/contract/series-key.ts';
import { WatchList } from '../feeds/ingest/watch-list.ts';
import type { Series } from '../store/store.ts';
import type { ReplayControl } from './desk.ts';
import { Gathering } from './instants/gathering.ts';
import type { InstantRows } from './instants/instant-rows.ts';
import { WaitingBars } from './instants/waiting-bars.ts';
import type { HeldBars } from './market/held-bars.ts';
import { marketTimes } from './market/market-hours.ts';

export interface SessionSource extends ReplayControl {
  /** Ends it with a reason that the desk shows. */
  fail(reason: string): void;
}

const SESSION_LOOK_MS = 60_000;

/** Makes the feed of a live session; it belongs to the scope. */
export type OpenFeed = (taker: FeedTaker, scope: Scope) => BarFeed;

/** The newest bar of a series that the account has. */
export interface NewestBar {
  readonly time: EpochMs;
  /** Null: not known; the jump to the next one is unjudged. */
  readonly close: number | null;
}

export interface LiveSourceOptions {
  readonly scope: Scope;
  readonly open: OpenFeed;
  /** In the order of their places. */
  readonly series: readonly Series[];
  readonly calendar: Calendar;
  /** Asked when a series begins to be watched. */
  readonly newestOf: (series: SeriesKey) => NewestBar | null;
  /** Closing time of the newest instant taken. */
  readonly closing: () => EpochMs | null;
  /** Takes bars from row `from` on and answers how many; they are stored with what they led to. */
  readonly take: (rows: InstantRows, from: number, limit: number) => Promise<number>;
  readonly wallClock: () => EpochMs;
  /** Judges what moved too far; null: everything is accepted and flagged. */
  readonly held: Pick<HeldBars, 'believed'> | null;
  readonly onChange: (state: ConnectionWire) => void;
  /** A series became too old for new entries, or fresh again (trading.md 9.5). */
  readonly onStale: (symbol: string, isStale: boolean) => void;
  /** A gap or a jump was flagged. */
  readonly onNotice: (sentence: string) => void;
}

export class LiveSource implements SessionSource {
  readonly #options: LiveSourceOptions;
  readonly #feed: BarFeed;
  readonly #watched: WatchList<WatchedSeries>;
  /** Those that are watched, opened. */
  // bounded: one per series of the session
  readonly #open = new Map<string, WatchedSeries>();
  readonly #gathering: Gathering;
  #error: string | null = null;
  #closesAt: EpochMs | undefined = undefined;

  constructor(options: LiveSourceOptions) {
    this.#options = options;
    const { scope, series, calendar, closing, wallClock } = options;
    this.#feed = options.open(
      {
        take: (batch) => this.#take(batch),
        onChange: () => this.#changed(),
        // A provider that cannot answer is asked again by the feed; what cannot be taken is the end.
        onFault: (_series, error) => {
          if (!(error instanceof ProviderFault)) this.fail(error.message);
        },
      },
      scope,
    );
    scope.adopt('feed', () => this.#feed.close());
    scope.interval(SESSION_LOOK_MS, () => this.#lookAtSession(), 'session');
    this.#watched = new WatchList({
      scope,
      feed: this.#feed,
      open: (key) => Promise.resolve(this.#opened(key)),
      enginesOf,
      capacity: series.length,
    });
    this.#gathering = new Gathering({
      scope,
      series,
      calendar,
      closing,
      wallClock,
      waiting: () => [...this.#open.values()].map(({ waiting }) => waiting),
      take: (rows) => this.#takeAll(rows),
      onFailed: (error) => this.fail(error instanceof Error ? error.message : String(error)),
    });
  }

  /** Watches every series behind its newest bar, then listens. */
  async start(): Promise<void> {
    for (const series of this.#options.series) {
      const answer = await this.#watched.watch({ symbol: series.symbol, timeframe: series.timeframe });
      if (!answer.ok) {
        this.fail(answer.sentence);
        return;
      }
    }
    this.#feed.start();
  }

  /** Why it takes no more bars; null while it does. A feed that is away for a while is not over. */
  get failure(): string | null {
    return this.#error;
  }

  state(): ConnectionWire {
    const { name, state, since, lastDataAt, error } = this.#feed.status();
    const isOver = this.#error !== null;
    const market = isOver ? undefined : marketTimes(this.#options.calendar, this.#options.wallClock());
    return {
      name,
      kind: 'FEED',
      state: isOver ? 'STOPPED' : state,
      since,
      lastDataAt,
      error: this.#error ?? error,
      ...(market !== undefined && { market }),
      replay: null,
    };
  }

  fail(reason: string): void {
    this.#error = reason;
    for (const series of this.#watched.list()) this.#watched.unwatch(series);
    this.#options.onChange(this.state());
  }

  /** A market cannot be paused; what a replay obeys changes nothing here. */
  play(): ConnectionWire {
    return this.state();
  }

  pause(): ConnectionWire {
    return this.state();
  }

  step(): ConnectionWire {
    return this.state();
  }

  hold(): ConnectionWire {
    return this.state();
  }

  setSpeed(): ConnectionWire {
    return this.state();
  }

  #opened(key: SeriesKey): WatchedSeries {
    const { series, calendar, newestOf } = this.#options;
    const name = seriesName(key);
    const place = series.findIndex((one) => seriesName(one) === name);
    const newest = newestOf(key);
    const judge = new SeriesJudge({ timeframe: key.timeframe, calendar });
    if (newest !== null && newest.close !== null) judge.next(newest.time, newest.close, 1);
    const worker = new WatchedSeries({ waiting: new WaitingBars(place, newest?.time ?? null), judge, onEnd: () => this.#open.delete(name) }); // prettier-ignore
    // bounded: one per series of the session, deleted with its entry in the watch list
    this.#open.set(name, worker);
    return worker;
  }

  /** Corrections of bars that were acted on are the store's business: what was decided stays decided. */
  async #take(batch: BarBatch): Promise<void> {
    const { kind, series } = batch;
    const watched = this.#open.get(seriesName(series));
    if (kind !== 'closed' || batch.columns.length === 0 || this.#error !== null || watched === undefined) return;
    const all = this.#flagged(series, batch.columns, watched.judge);
    const { columns, flags } = (await this.#options.held?.believed(batch, all)) ?? { columns: batch.columns, flags: all };
    if (columns.length === 0) return;
    if (this.#options.series.length === 1) await this.#takeAll({ ...columns, flags });
    else await this.#gathering.push(watched.waiting, columns, flags);
  }

  async #takeAll(rows: InstantRows): Promise<void> {
    for (let row = 0; row < rows.length && this.#error === null;) row += await this.#options.take(rows, row, rows.length - row);
  }

  /** BAR_GAP, BAR_OUTLIER, BAR_ZERO_VOLUME: accepted, flagged, told. */
  #flagged(series: SeriesKey, columns: BarColumns, judge: SeriesJudge): Uint8Array {
    const flags = judge.block(columns);
    for (const [row, flag] of flags.entries()) {
      const at = `${seriesName(series)} ${new Date(columns.time[row]).toISOString()}`;
      if ((flag & BAR_FLAGS.gapBefore) !== 0) this.#options.onNotice(`${at}: BAR_GAP, bars are missing before it`);
      if ((flag & BAR_FLAGS.outlier) !== 0) this.#options.onNotice(`${at}: BAR_OUTLIER, the close moved by more than half`);
    }
    return flags;
  }

  /** The market closed, or opened: nothing else would say so. */
  #lookAtSession(): void {
    const state = this.state();
    if (state.market?.closesAt === this.#closesAt) return;
    this.#closesAt = state.market?.closesAt;
    this.#options.onChange(state);
  }

  #changed(): void {
    const { stale } = this.#feed.status();
    for (const [name, { waiting }] of this.#open) {
      const isStale = stale.includes(name);
      if (isStale === waiting.isStale) continue;
      waiting.isStale = isStale;
      this.#options.onStale(this.#options.series[waiting.place].symbol, isStale);
      // Nobody waits for it any more.
      if (isStale) void this.#gathering.look().catch((error: unknown) => this.fail(String(error)));
    }
    this.#options.onChange(this.state());
  }
}

/** With those of the timeframes above it (trading.md 9.4). */
function enginesOf({ timeframe }: Pick<SeriesKey, 'timeframe'>): number {
  return 1 + HIGHER_TIMEFRAMES[timeframe].length;
}

class WatchedSeries implements AsyncDisposable {
  readonly waiting: WaitingBars;
  readonly judge: SeriesJudge;
  readonly #onEnd: () => void;

  constructor(of: { readonly waiting: WaitingBars; readonly judge: SeriesJudge; readonly onEnd: () => void }) {
    this.waiting = of.waiting;
    this.judge = of.judge;
    this.#onEnd = of.onEnd;
  }

  get newest(): EpochMs | null {
    return this.waiting.newest;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#onEnd();
    await this.waiting[Symbol.asyncDispose]();
  }
}
