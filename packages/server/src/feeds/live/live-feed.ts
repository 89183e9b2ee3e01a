/**
 * A live feed over any venue: a stream where there is one, REST where there is none and for whatever was missed. Every closed bar of a
 * watched series is handed over once and in order, whatever happens to the connection.
 */
import { BoundedQueue, KeyedRegistry, type Release, type Scope, type StopSignal } from '@wyckoff/bounded';
import { isStale, barRefusal, type BarCode, type BarColumns, type Calendar, type EpochMs } from '@wyckoff/domain';
import { ReconnectingSocket, type SocketLink, type SocketTimes } from '../../venue/reconnecting-socket.ts';
import type { StreamState } from '../../venue/socket-state.ts';
import type { DialectSink, StreamBar, StreamDialect } from '../contract/dialect.ts';
import type { BarBatch, BarFeed, FeedStatus, FeedTaker, FormingBar, WatchAnswer } from '../contract/feed.ts';
import type { HistoryProvider } from '../contract/history.ts';
import { seriesName, type SeriesKey } from '../contract/series-key.ts';
import { BackFiller } from './back-filler.ts';
import { HandOver } from './hand-over.ts';
import { Lane, oneRow } from './lane.ts';
import { Subscriptions } from './subscriptions.ts';

/** M12. Watched series of one process. */
export const WATCHED = 200;
/** Batches that wait for the taker; a page of history is one. */
const OUT = 256;
const STALE_CHECK_MS = 30_000;
/** A forming bar is shown at most this often. */
const FORMING_MS = 250;

export interface LiveFeedOptions extends FeedTaker {
  readonly name: string;
  readonly scope: Scope;
  readonly history: HistoryProvider;
  /** Absent: everything is polled. */
  readonly dialect?: StreamDialect | undefined;
  readonly calendarOf: (symbol: string) => Calendar;
  /** A bar that cannot be believed: counted, never handed over. */
  readonly onRefused?: (series: SeriesKey, code: BarCode, detail: string) => void;
  /** Something the venue says, for the log. */
  readonly onNotice?: (says: string) => void;
  readonly now?: (() => EpochMs) | undefined;
  readonly random?: (() => number) | undefined;
  readonly times?: Partial<SocketTimes> | undefined;
  readonly capacity?: number | undefined;
  readonly outCapacity?: number | undefined;
}

export class LiveFeed implements BarFeed {
  readonly name: string;
  readonly #options: LiveFeedOptions;
  readonly #scope: Scope;
  readonly #now: () => EpochMs;
  readonly #socket: ReconnectingSocket | null;
  readonly #lanes: KeyedRegistry<string, Lane>;
  readonly #byStream: KeyedRegistry<string, Lane>;
  readonly #forming: BoundedQueue<FormingBar>;
  readonly #out: HandOver;
  readonly #filler: BackFiller;
  readonly #subscriptions: Subscriptions | null;
  #formingTimer: Release | null = null;
  #begun = false;
  /** State of a feed without a stream. */
  #polling: StreamState = 'DISCONNECTED';
  #pollingSince: EpochMs;
  #polledAt: EpochMs | null = null;
  #error: string | null = null;

  constructor(options: LiveFeedOptions) {
    const { name, dialect, random = Math.random, capacity = WATCHED } = options;
    this.name = name;
    this.#options = options;
    this.#now = options.now ?? Date.now;
    this.#pollingSince = this.#now();
    const scope = options.scope.child('feed', { label: name, capacity: 512 });
    this.#scope = scope;
    const of = (what: string, size: number, itemBytes: number): { name: string; capacity: number; itemBytes: number; scope: Scope } => ({ name: `server.feeds.${what}`, capacity: size, itemBytes, scope }); // prettier-ignore
    const most = Math.min(capacity, dialect?.maxStreams ?? capacity);
    this.#byStream = new KeyedRegistry({ ...of('streams', most, 64), policy: 'refuse', disposeValue: () => undefined });
    this.#lanes = new KeyedRegistry({ ...of('series', most, 2048), policy: 'refuse', disposeValue: (lane) => lane.dispose() });
    this.#forming = new BoundedQueue({ ...of('forming', most, 256), policy: 'fifo', keyOf: (bar) => seriesName(bar) });
    this.#out = this.#openHandOver();
    this.#filler = this.#openFiller(most);
    this.#subscriptions = dialect === undefined ? null : new Subscriptions({ scope, dialect, capacity: most, lanes: () => this.#lanes.values(), send: (text) => this.#socket?.send(text) ?? false }); // prettier-ignore
    this.#socket = dialect === undefined ? null : this.#openSocket(dialect, random);
  }

  start(): void {
    this.#socket?.start();
    if (this.#socket === null && this.#polling !== 'CONNECTED') this.#poll('CONNECTING', null);
    if (this.#begun) return;
    this.#begun = true;
    this.#out.start();
    this.#scope.interval(STALE_CHECK_MS, () => this.#checkStale(), 'staleness');
    for (const lane of this.#lanes.values()) if (lane.stream === null) this.#filler.want(lane);
  }

  watch(series: SeriesKey, after: EpochMs | null = null): WatchAnswer {
    const name = seriesName(series);
    if (this.#scope.state !== 'open') return { ok: false, code: 'feed.closed', sentence: `The feed ${this.name} has ended.` };
    const { dialect, history } = this.#options;
    if (!history.timeframes.includes(series.timeframe)) {
      const known = history.timeframes.join(' ');
      return {
        ok: false,
        code: 'feed.unsupported',
        sentence: `${this.name}: expected one of ${known}, was ${series.timeframe}.`,
      };
    }
    if (this.#lanes.has(name)) return { ok: true, created: false };
    const stream = dialect?.timeframes.includes(series.timeframe) === true ? dialect.streamOf(series) : null;
    if (stream !== null && this.#byStream.has(stream)) {
      return {
        ok: false,
        code: 'feed.unsupported',
        sentence: `${this.name}: ${name} is watched already under another spelling.`,
      };
    }
    const opened = this.#lanes.open(name, () => this.#laneOf(series, stream, after));
    if (!opened.ok) {
      return {
        ok: false,
        code: 'resource.limit',
        sentence: `Expected at most ${opened.capacity} watched series, ${name} is one more.`,
      };
    }
    const lane = opened.value;
    if (stream !== null) {
      this.#byStream.set(stream, lane);
      this.#subscriptions?.stay(stream);
      this.#subscriptions?.tell();
    } else if (this.#begun) {
      this.#filler.want(lane);
    }
    return { ok: true, created: true };
  }

  unwatch(series: SeriesKey): boolean {
    const name = seriesName(series);
    const lane = this.#lanes.peek(name);
    if (lane === undefined) return false;
    if (lane.stream !== null) this.#byStream.drop(lane.stream);
    this.#filler.forget(lane);
    this.#forming.removeWhere((bar) => seriesName(bar) === name);
    this.#lanes.drop(name);
    if (lane.stream !== null && lane.subscribed) this.#subscriptions?.leave(lane.stream);
    return true;
  }

  status(): FeedStatus {
    const lanes = this.#lanes.values();
    const socket = this.#socket;
    return {
      name: this.name,
      state: socket?.state ?? this.#polling,
      since: socket?.since ?? this.#pollingSince,
      lastDataAt: latest(socket?.lastDataAt ?? null, this.#polledAt),
      latencyMs: socket?.latencyMs ?? null,
      reconnects: socket?.reconnects ?? 0,
      subscriptions: lanes.length,
      stale: lanes.filter((lane) => lane.stale).map((lane) => lane.name),
      error: socket?.lastError ?? this.#error,
    };
  }

  /** Ends the present connection and opens the next. */
  renew(reason: string): void {
    this.#socket?.renew(reason);
  }

  async close(): Promise<void> {
    await this.#socket?.stop();
    if (this.#socket === null && this.#polling !== 'STOPPED') this.#poll('STOPPED', null);
    await this.#scope.dispose();
    await this.#options.history.close();
  }

  // --- the stream

  #openSocket(dialect: StreamDialect, random: () => number): ReconnectingSocket {
    return new ReconnectingSocket({
      name: this.name,
      scope: this.#scope,
      url: () => dialect.url,
      login: dialect.login,
      times: { ...(dialect.ageMs !== undefined && { ageMs: dialect.ageMs }), ...this.#options.times },
      now: this.#now,
      random,
      marketOpen: (at) => this.#lanes.values().some((lane) => lane.calendar.isOpen(at)),
      onOpen: (link) => void link.send(dialect.hello()),
      onMessage: (text, link) => dialect.decode(text, this.#sinkOf(link)),
      onState: ({ state }) => this.#stateChanged(state),
    });
  }

  #sinkOf(link: SocketLink): DialectSink {
    return {
      welcome: () => {
        link.welcome();
        if (this.#subscriptions === null || this.#subscriptions.open) return;
        this.#subscriptions.open = true;
        this.#subscriptions.tell();
      },
      refused: (reason) => link.refused(reason),
      fail: (reason) => link.fail(reason),
      subscribed: () => this.#fillSubscribed(),
      notice: (says) => this.#options.onNotice?.(says),
      age: (ms) => link.age(ms),
      bar: (bar, kind) => this.#streamBar(bar, kind),
    };
  }

  #stateChanged(state: StreamState): void {
    if (state === 'RECONNECTING' || state === 'STOPPED') {
      this.#subscriptions?.forget();
      for (const lane of this.#lanes.values()) if (lane.stream !== null) lane.filling = true;
    }
    this.#changed();
  }

  #streamBar(bar: StreamBar, kind: 'closed' | 'forming' | 'revised'): void {
    const lane = this.#byStream.peek(bar.stream);
    // Late words about a series that is no longer watched.
    if (lane === undefined) return;
    const { series, calendar } = lane;
    const refusal = barRefusal(bar, { timeframe: series.timeframe, calendar, now: this.#now() });
    if (refusal !== null) this.#options.onRefused?.(series, refusal.codes[0], refusal.detail);
    else if (kind === 'forming') this.#form(series, bar);
    else if (kind === 'revised' || (lane.last !== null && bar.time <= lane.last)) this.#revise(lane, bar);
    else if (lane.filling) lane.waiting.push(bar);
    else if (lane.missingBefore(bar.time) > 0 || !this.#push(lane, oneRow(bar))) this.#holdBack(lane, bar);
  }

  /** FEED-2. What was missed comes first: the bar waits until the past is there. */
  #holdBack(lane: Lane, bar: StreamBar): void {
    lane.filling = true;
    lane.waiting.push(bar);
    this.#filler.want(lane);
  }

  /** A bar that was handed over before, told otherwise, or late: the taker's rules judge it. */
  #revise(lane: Lane, bar: StreamBar): void {
    if (lane.last === null || bar.time > lane.last || lane.repeats(bar)) return;
    if (bar.time === lane.last) lane.newest = bar;
    this.#out.push({ series: lane.series, columns: oneRow(bar), kind: 'revised', origin: 'stream', provider: this.#options.history.name, missing: 0 }); // prettier-ignore
  }

  #form(series: SeriesKey, bar: StreamBar): void {
    const { onForming } = this.#options;
    if (onForming === undefined) return;
    const { time, open, high, low, close, volume } = bar;
    this.#forming.push({ ...series, time, open, high, low, close, volume });
    this.#formingTimer ??= this.#scope.timeout(
      FORMING_MS,
      () => {
        this.#formingTimer = null;
        for (let next = this.#forming.shift(); next !== undefined; next = this.#forming.shift()) onForming(next);
      },
      'forming bars',
    );
  }

  /** From now on the stream misses nothing: the time to fetch what came before. Earlier there would be a hole between the two. */
  #fillSubscribed(): void {
    for (const lane of this.#lanes.values()) if (lane.stream !== null && lane.subscribed && lane.filling) this.#filler.want(lane);
  }

  // --- the past

  #laneOf(series: SeriesKey, stream: string | null, after: EpochMs | null): Lane {
    return new Lane({
      series,
      stream,
      after,
      calendar: this.#options.calendarOf(series.symbol),
      since: this.#now(),
      census: this.#scope.census,
      random: this.#options.random ?? Math.random,
    });
  }

  #openFiller(capacity: number): BackFiller {
    return new BackFiller({
      scope: this.#scope,
      history: this.#options.history,
      capacity,
      now: this.#now,
      handOver: (lane, columns, of) => this.#pushWait(lane, columns, of),
      onRefused: (lane, code, detail) => this.#options.onRefused?.(lane.series, code, detail),
      onAnswered: () => {
        this.#polledAt = this.#now();
        if (this.#socket === null) this.#poll('CONNECTED', null);
      },
      onFault: (lane, fault) => {
        this.#error = fault.message;
        if (this.#socket === null) this.#poll('RECONNECTING', fault.message);
        this.#options.onFault?.(lane.series, fault);
      },
    });
  }

  // --- handing over

  #openHandOver(): HandOver {
    return new HandOver({
      scope: this.#scope,
      capacity: this.#options.outCapacity ?? OUT,
      wanted: ({ series }) => this.#lanes.has(seriesName(series)),
      take: (batch) => this.#options.take(batch),
      onFailed: ({ series }, error) => {
        this.unwatch(series);
        this.#options.onFault?.(series, error);
      },
      // The venue's bytes stay in the network, and nothing piles up here.
      onFull: () => this.#socket?.pause(),
      onRoom: () => this.#socket?.resume(),
    });
  }

  /** A bar of the stream that follows the last one; false when there is no room. */
  #push(lane: Lane, columns: BarColumns): boolean {
    if (
      !this.#out.push({
        series: lane.series,
        columns,
        kind: 'closed',
        origin: 'stream',
        provider: this.#options.history.name,
        missing: 0,
      })
    )
      return false;
    this.#took(lane, columns);
    return true;
  }

  async #pushWait(
    lane: Lane,
    columns: BarColumns,
    { origin, signal, provider }: { readonly origin: BarBatch['origin']; readonly signal: StopSignal; readonly provider: string },
  ): Promise<void> {
    const missing = lane.missingBefore(columns.time[0]);
    await this.#out.pushWait({ series: lane.series, columns, kind: 'closed', origin, provider, missing }, signal);
    this.#took(lane, columns);
  }

  #took(lane: Lane, columns: BarColumns): void {
    const row = columns.length - 1;
    lane.last = columns.time[row];
    const { time, open, high, low, close, volume } = columns;
    lane.newest = {
      stream: '',
      time: time[row],
      open: open[row],
      high: high[row],
      low: low[row],
      close: close[row],
      volume: volume[row],
    };
    if (lane.stale) this.#checkStale();
  }

  // --- what is shown

  #checkStale(): void {
    let changed = false;
    for (const lane of this.#lanes.values()) {
      const { series, calendar } = lane;
      const stale = isStale(lane.last ?? lane.since, series.timeframe, { calendar, now: this.#now() });
      changed ||= stale !== lane.stale;
      lane.stale = stale;
      // A subscription that died quietly: the past knows.
      const asleep =
        stale && lane.stream !== null && this.#subscriptions?.open === true && lane.fill === null && lane.due === null;
      if (asleep) this.#filler.wantLater(lane, lane.backoff.nextMs());
    }
    if (changed) this.#changed();
  }

  #poll(state: StreamState, error: string | null): void {
    this.#error = error;
    if (this.#polling === state || this.#polling === 'STOPPED') return;
    if (state === 'CONNECTED' && this.#polling === 'RECONNECTING') this.#poll('CONNECTING', null);
    this.#polling = state;
    this.#pollingSince = this.#now();
    this.#changed();
  }

  #changed(): void {
    this.#options.onChange?.(this.status());
  }
}

function latest(a: EpochMs | null, b: EpochMs | null): EpochMs | null {
  return a === null || b === null ? (a ?? b) : Math.max(a, b);
}
