/**
 * A live feed over any venue: a stream where there is one, REST where there is none and for whatever was missed. Every closed bar of a
 * watched series is handed over once and in order, whatever happens to the connection.
 */
import { BoundedQueue, DeadlineHeap, KeyedRegistry, type Release, type Scope, type StopSignal } from '@wyckoff/bounded';
import { isStale, nextCloseAfter, TIMEFRAME_MS, barRefusal, type BarCode, type BarColumns, type Calendar, type EpochMs } from '@wyckoff/domain'; // prettier-ignore
import { ReconnectingSocket, type SocketLink, type SocketTimes } from '../../venue/reconnecting-socket.ts';
import type { StreamState } from '../../venue/socket-state.ts';
import type { DialectSink, StreamBar, StreamDialect } from '../contract/dialect.ts';
import type { BarBatch, BarFeed, FeedStatus, FeedTaker, FormingBar, WatchAnswer } from '../contract/feed.ts';
import type { HistoryProvider } from '../contract/history.ts';
import { seriesName, type SeriesKey } from '../contract/series-key.ts';
import { Lane, oneRow } from './lane.ts';
import { wantedRows } from './wanted-rows.ts';

/** M12. Watched series of one process. */
export const WATCHED = 200;
/** Batches that wait for the taker; a page of history is one. */
const OUT = 256;
const FILLS_AT_ONCE = 4;
/** A polled bar is asked for so long after its close. */
const SETTLE_MS = 2000;
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
  readonly #leaving: BoundedQueue<string>;
  readonly #fills: BoundedQueue<Lane>;
  readonly #out: BoundedQueue<BarBatch>;
  readonly #forming: BoundedQueue<FormingBar>;
  readonly #dues: DeadlineHeap<Lane>;
  #running = 0;
  #accepted = false;
  #controlMs = -Infinity;
  #controlTimer: Release | null = null;
  #formingTimer: Release | null = null;
  #paused = false;
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
    this.#leaving = new BoundedQueue({ ...of('leaving', most, 64), policy: 'fifo', keyOf: (stream) => stream });
    this.#fills = new BoundedQueue({ ...of('fills', most, 64), policy: 'discard', keyOf: (lane) => lane.name });
    this.#out = new BoundedQueue({ ...of('out', options.outCapacity ?? OUT, 512), policy: 'block' });
    this.#forming = new BoundedQueue({ ...of('forming', most, 256), policy: 'fifo', keyOf: (bar) => seriesName(bar) });
    this.#dues = new DeadlineHeap({ ...of('polls', 2 * most, 64), policy: 'refuse', timers: scope.timers, onExpire: (lane) => this.#wantFill(lane) }); // prettier-ignore
    this.#socket = dialect === undefined ? null : this.#openSocket(dialect, random);
  }

  start(): void {
    this.#socket?.start();
    if (this.#socket === null && this.#polling !== 'CONNECTED') this.#poll('CONNECTING', null);
    if (this.#begun) return;
    this.#begun = true;
    this.#scope.task('hand over bars', (signal) => this.#handOver(signal));
    this.#scope.interval(STALE_CHECK_MS, () => this.#checkStale(), 'staleness');
    for (const lane of this.#lanes.values()) if (lane.stream === null) this.#wantFill(lane);
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
      this.#leaving.removeWhere((leaving) => leaving === stream);
      this.#control();
    } else if (this.#begun) {
      this.#wantFill(lane);
    }
    return { ok: true, created: true };
  }

  unwatch(series: SeriesKey): boolean {
    const name = seriesName(series);
    const lane = this.#lanes.peek(name);
    if (lane === undefined) return false;
    if (lane.stream !== null) {
      this.#byStream.drop(lane.stream);
      if (lane.subscribed) this.#leaving.push(lane.stream);
    }
    this.#fills.removeWhere((waiting) => waiting === lane);
    this.#forming.removeWhere((bar) => seriesName(bar) === name);
    this.#lanes.drop(name);
    this.#control();
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
        if (this.#accepted) return;
        this.#accepted = true;
        this.#control();
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
      this.#accepted = false;
      this.#leaving.clear();
      for (const lane of this.#lanes.values()) {
        if (lane.stream === null) continue;
        lane.subscribed = false;
        lane.filling = true;
      }
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
    else if (lane.missingBefore(bar.time) > 0 || !this.#push(lane, oneRow(bar), { origin: 'stream', missing: 0 }))
      this.#holdBack(lane, bar);
  }

  /** FEED-2. What was missed comes first: the bar waits until the past is there. */
  #holdBack(lane: Lane, bar: StreamBar): void {
    lane.filling = true;
    lane.waiting.push(bar);
    this.#wantFill(lane);
  }

  /** A bar that was handed over before, told otherwise, or late: the taker's rules judge it. */
  #revise(lane: Lane, bar: StreamBar): void {
    if (lane.last === null || bar.time > lane.last || lane.repeats(bar)) return;
    if (bar.time === lane.last) lane.newest = bar;
    const outcome = this.#out.push({ series: lane.series, columns: oneRow(bar), kind: 'revised', origin: 'stream', provider: this.#options.history.name, missing: 0 }); // prettier-ignore
    if (outcome === 'full') this.#pause();
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

  /** Tells the venue what is watched now: at most two messages a round, rounds apart as it allows. */
  #control(): void {
    const { dialect } = this.#options;
    if (!this.#accepted || this.#controlTimer !== null || dialect === undefined || this.#scope.state !== 'open') return;
    const clock = this.#scope.timers;
    const waitMs = this.#controlMs + dialect.controlEveryMs - clock.now();
    if (waitMs > 0) {
      this.#controlTimer = this.#scope.timeout(
        waitMs,
        () => {
          this.#controlTimer = null;
          this.#control();
        },
        'subscriptions',
      );
      return;
    }
    const leaving = this.#leaving.toArray();
    const joining = this.#lanes.values().filter((lane) => lane.stream !== null && !lane.subscribed);
    if (leaving.length === 0 && joining.length === 0) return;
    this.#controlMs = clock.now();
    if (leaving.length > 0) this.#socket?.send(dialect.unsubscribe(leaving));
    this.#leaving.clear();
    if (joining.length > 0 && this.#socket?.send(dialect.subscribe(joining.flatMap(({ stream }) => stream ?? []))) === true) {
      for (const lane of joining) lane.subscribed = true;
    }
  }

  /** From now on the stream misses nothing: the time to fetch what came before. Earlier there would be a hole between the two. */
  #fillSubscribed(): void {
    for (const lane of this.#lanes.values()) if (lane.stream !== null && lane.subscribed && lane.filling) this.#wantFill(lane);
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

  #wantFill(lane: Lane): void {
    if (lane.ended || this.#scope.state !== 'open') return;
    lane.due?.cancel();
    lane.due = null;
    if (lane.fill !== null) lane.again = true;
    else this.#fills.push(lane);
    this.#fillMore();
  }

  #fillMore(): void {
    while (this.#running < FILLS_AT_ONCE && this.#fills.size > 0) {
      const lane = this.#fills.shift();
      if (lane === undefined || lane.ended || lane.fill !== null) continue;
      this.#running += 1;
      lane.again = false;
      lane.fill = this.#scope.task('back-fill', (signal) => this.#fill(lane, signal), { kind: 'feed.fill' });
      void lane.fill.finished.then(() => {
        this.#running -= 1;
        lane.fill = null;
        if (lane.ended) lane.again = false;
        if (lane.again) this.#wantFill(lane);
        if (this.#scope.state === 'open') this.#fillMore();
      });
    }
  }

  async #fill(lane: Lane, signal: StopSignal): Promise<void> {
    try {
      const before = lane.last;
      await this.#fetch(lane, signal);
      if (await this.#drainWaiting(lane, { orGap: true, signal })) {
        // The provider may be slower with its history than with its stream: once more, then the gap is real.
        await pause(this.#scope, SETTLE_MS, signal);
        await this.#fetch(lane, signal);
        await this.#drainWaiting(lane, { orGap: false, signal });
      }
      if (this.#socket === null) this.#poll('CONNECTED', null);
      this.#planNext(lane, before !== lane.last);
    } catch (error) {
      if (signal.aborted) return;
      const fault = error instanceof Error ? error : new Error(String(error));
      this.#error = fault.message;
      if (this.#socket === null) this.#poll('RECONNECTING', fault.message);
      this.#options.onFault?.(lane.series, fault);
      this.#plan(lane, lane.backoff.nextMs());
    }
  }

  async #fetch(lane: Lane, signal: StopSignal): Promise<void> {
    const { history } = this.#options;
    const { series, calendar } = lane;
    const now = this.#now();
    // Nothing is wanted of the time before it was watched, but a polled series must find the bar that closed last.
    const from = lane.last === null ? lane.since - 3 * TIMEFRAME_MS[series.timeframe] - 4 * 86_400_000 : lane.last + 1;
    const fresh = lane.last === null;
    for await (const page of history.pages({ ...series, from, to: now + 1 }, signal)) {
      const columns = wantedRows(page.columns, {
        timeframe: series.timeframe,
        calendar,
        now,
        after: lane.last ?? -Infinity,
        closedAfter: -Infinity,
        onRefused: (code, detail) => this.#options.onRefused?.(series, code, detail),
      });
      if (columns.length === 0) continue;
      this.#polledAt = this.#now();
      const known = fresh ? lastClosedBefore(columns, lane) : -1;
      if (known >= 0) lane.last = columns.time[known];
      const rest = known < 0 ? columns : rowsFrom(columns, known + 1);
      if (rest.length > 0) await this.#pushWait(lane, rest, signal);
    }
  }

  /** Hands over what came by stream meanwhile. True: a bar is missing before the next one, and it still waits. */
  async #drainWaiting(lane: Lane, { orGap, signal }: { readonly orGap: boolean; readonly signal: StopSignal }): Promise<boolean> {
    for (;;) {
      const bar = lane.nextWaiting();
      if (bar === null) {
        lane.filling = false;
        return false;
      }
      if (orGap && lane.missingBefore(bar.time) > 0) return true;
      lane.waiting.removeWhere((waiting) => waiting === bar);
      if (lane.last === null || bar.time > lane.last) await this.#pushWait(lane, oneRow(bar), signal, 'stream');
    }
  }

  /** When a polled series is asked for next. */
  #planNext(lane: Lane, progress: boolean): void {
    if (progress) lane.backoff.reset();
    if (lane.stream !== null) return;
    const dueMs =
      lane.last === null ? 0 : nextCloseAfter(lane.last, lane.series.timeframe, lane.calendar) + SETTLE_MS - this.#now();
    // Late or thin: asked again soon, then less often.
    this.#plan(lane, dueMs > 0 ? dueMs : Math.max(1000, lane.backoff.nextMs()));
  }

  #plan(lane: Lane, delayMs: number): void {
    if (lane.ended || this.#scope.state !== 'open') return;
    lane.due?.cancel();
    lane.due = this.#dues.after(delayMs, lane);
  }

  // --- handing over

  #batchOf(lane: Lane, columns: BarColumns, { origin, missing }: Pick<BarBatch, 'origin' | 'missing'>): BarBatch {
    return { series: lane.series, columns, kind: 'closed', origin, provider: this.#options.history.name, missing };
  }

  #push(lane: Lane, columns: BarColumns, of: Pick<BarBatch, 'origin' | 'missing'>): boolean {
    if (this.#out.push(this.#batchOf(lane, columns, of)) === 'full') {
      this.#pause();
      return false;
    }
    this.#took(lane, columns);
    return true;
  }

  async #pushWait(lane: Lane, columns: BarColumns, signal: StopSignal, origin?: BarBatch['origin']): Promise<void> {
    const missing = lane.missingBefore(columns.time[0]);
    const from = origin ?? (lane.stream === null ? 'poll' : 'backfill');
    const outcome = await this.#out.pushWait(this.#batchOf(lane, columns, { origin: from, missing }), signal);
    if (outcome === 'queued') this.#took(lane, columns);
    else throw new Error(`${this.name}: expected room for bars of ${lane.name}, was ${outcome}`);
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

  async #handOver(signal: StopSignal): Promise<void> {
    for (let batch = await this.#out.next(signal); batch !== undefined; batch = await this.#out.next(signal)) {
      const { series } = batch;
      // What is no longer watched is no longer wanted.
      if (this.#lanes.has(seriesName(series))) {
        await this.#options.take(batch).catch((error: unknown) => {
          this.unwatch(series);
          this.#options.onFault?.(series, error instanceof Error ? error : new Error(String(error)));
        });
      }
      if (this.#paused && this.#out.size <= this.#out.capacity / 2) {
        this.#paused = false;
        this.#socket?.resume();
      }
    }
  }

  /** The taker is slow: the venue's bytes stay in the network, and nothing piles up here. */
  #pause(): void {
    this.#paused = true;
    this.#socket?.pause();
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
      if (stale && lane.stream !== null && this.#accepted && lane.fill === null && lane.due === null)
        this.#plan(lane, lane.backoff.nextMs());
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

/** Row of the newest bar that had closed when the series began to be watched; -1 for none. */
function lastClosedBefore({ time, length }: BarColumns, { series, calendar, since }: Lane): number {
  let row = -1;
  for (let i = 0; i < length; i += 1) if (calendar.closeOf(time[i], series.timeframe) <= since) row = i;
  return row;
}

function rowsFrom(columns: BarColumns, from: number): BarColumns {
  const part = (column: Float64Array): Float64Array => column.subarray(from, columns.length);
  const { time, open, high, low, close, volume } = columns;
  return { time: part(time), open: part(open), high: part(high), low: part(low), close: part(close), volume: part(volume), length: columns.length - from }; // prettier-ignore
}

/** A pause that ends with the task, too. */
function pause(scope: Scope, ms: number, signal: StopSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const done = scope.timeout(
      ms,
      () => {
        off();
        resolve();
      },
      'provider pause',
    );
    const off = scope.listen(signal, 'abort', () => {
      done();
      off();
      reject(signal.reason as Error);
    });
  });
}
