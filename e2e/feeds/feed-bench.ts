/** A live feed against a local server, with everything it handed over; one bench per venue, one contract for all. */
import { Census, Scope } from '@wyckoff/bounded';
import { calendarOf, type BarCode, type Timeframe } from '@wyckoff/domain';
import { alpacaDialect } from '../../packages/server/src/feeds/alpaca/alpaca-dialect.ts';
import { AlpacaHistory } from '../../packages/server/src/feeds/alpaca/alpaca-history.ts';
import { binanceDialect } from '../../packages/server/src/feeds/binance/binance-dialect.ts';
import { BinanceHistory } from '../../packages/server/src/feeds/binance/binance-history.ts';
import { CcxtHistory } from '../../packages/server/src/feeds/ccxt/ccxt-history.ts';
import type { BarBatch, FeedStatus, FormingBar } from '../../packages/server/src/feeds/contract/feed.ts';
import type { HistoryProvider } from '../../packages/server/src/feeds/contract/history.ts';
import type { StreamDialect } from '../../packages/server/src/feeds/contract/dialect.ts';
import type { SeriesKey } from '../../packages/server/src/feeds/contract/series-key.ts';
import type { SocketTimes } from '../../packages/server/src/venue/reconnecting-socket.ts';
import { LiveFeed } from '../../packages/server/src/feeds/live/live-feed.ts';
import { AlpacaDataServer, ALPACA_KEY } from './alpaca-data-server.ts';
import { BinanceDataServer } from './binance-data-server.ts';
import { ccxtLike } from './ccxt-like.ts';
import type { DataServer } from './data-server.ts';
import { tapeBar, type TapeBar } from './tape.ts';
import { VirtualTime } from './virtual-time.ts';

export const VENUES = ['alpaca', 'binance', 'ccxt'] as const;
export type Venue = (typeof VENUES)[number];

/** A Tuesday, 10:00 in New York: every market is open. */
export const START = Date.UTC(2024, 2, 5, 15);
export const SYMBOL = 'BTCUSDT';

export interface BenchOptions {
  /** Pace of `take`, ms of virtual time; default at once. */
  readonly takeMs?: number;
  readonly outCapacity?: number;
  readonly capacity?: number;
  readonly random?: () => number;
  readonly at?: number;
  readonly times?: Partial<SocketTimes>;
}

export class FeedBench {
  readonly venue: Venue;
  readonly server: DataServer;
  readonly time: VirtualTime;
  readonly census = new Census();
  readonly scope: Scope;
  readonly feed: LiveFeed;
  readonly batches: BarBatch[] = [];
  readonly statuses: FeedStatus[] = [];
  readonly faults: { readonly series: SeriesKey | null; readonly error: Error }[] = [];
  readonly refused: BarCode[] = [];
  readonly forming: FormingBar[] = [];
  readonly notices: string[] = [];
  /** Set: `take` waits for it. */
  hold: Promise<void> | null = null;

  private constructor(
    venue: Venue,
    server: DataServer,
    options: BenchOptions & {
      readonly time?: VirtualTime;
      readonly history: (bench: FeedBench) => HistoryProvider;
      readonly dialect?: (bench: FeedBench) => StreamDialect;
    },
  ) {
    // prettier-ignore
    this.venue = venue;
    this.server = server;
    this.time = options.time ?? new VirtualTime(options.at ?? START);
    this.scope = new Scope({ name: 'bench', timers: this.time.clock, census: this.census });
    this.feed = new LiveFeed({
      name: venue,
      scope: this.scope,
      history: options.history(this),
      dialect: options.dialect?.(this),
      calendarOf: () => calendarOf('24/7'),
      now: this.time.now,
      random: options.random ?? (() => 0.5),
      outCapacity: options.outCapacity,
      capacity: options.capacity,
      times: options.times,
      take: async (batch) => {
        if (this.hold !== null) await this.hold;
        if (options.takeMs !== undefined) await this.scope.delay(options.takeMs);
        this.batches.push(batch);
      },
      onForming: (bar) => this.forming.push(bar),
      onChange: (status) => this.statuses.push(status),
      onFault: (series, error) => this.faults.push({ series, error }),
      onRefused: (_, code) => this.refused.push(code),
      onNotice: (says) => this.notices.push(says),
    });
  }

  static async open(venue: Venue, options: BenchOptions = {}): Promise<FeedBench> {
    const server = await (venue === 'alpaca' ? new AlpacaDataServer() : new BinanceDataServer()).listen();
    const urls = { restUrl: server.url, streamUrl: server.streamUrl, key: () => ALPACA_KEY, hours: 'all' } as const;
    if (venue === 'alpaca') {
      return new FeedBench(venue, server, {
        ...options,
        history: ({ scope }) => new AlpacaHistory({ ...urls, scope, random: () => 0.5 }),
        dialect: () => alpacaDialect(urls),
      });
    }
    if (venue === 'binance') {
      return new FeedBench(venue, server, {
        ...options,
        history: ({ scope, time }) => new BinanceHistory({ ...urls, scope, random: () => 0.5, now: time.now }),
        dialect: ({ time }) => binanceDialect(urls, time.now),
      });
    }
    // Its second tries wait on the same clock as everything else.
    const time = new VirtualTime(options.at ?? START);
    const own = new Scope({ name: 'ccxt', timers: time.clock, census: new Census() });
    const history = await CcxtHistory.open({
      scope: own,
      exchange: 'localex',
      config: { urls: { api: server.url } },
      load: async () => ccxtLike,
    });
    return new FeedBench(venue, server, { ...options, time, history: () => history });
  }

  get streams(): boolean {
    return this.venue !== 'ccxt';
  }

  /** Opening times of the closed bars handed over of a series. */
  times(symbol = SYMBOL, kind: 'closed' | 'revised' = 'closed'): number[] {
    return this.batches
      .filter((batch) => batch.series.symbol === symbol && batch.kind === kind)
      .flatMap(({ columns }) => [...columns.time.subarray(0, columns.length)]);
  }

  /** Closes of the bars, to compare contents with the tape. */
  closes(symbol = SYMBOL): number[] {
    return this.batches
      .filter((batch) => batch.series.symbol === symbol && batch.kind === 'closed')
      .flatMap(({ columns }) => [...columns.close.subarray(0, columns.length)]);
  }

  /** The n-th minute after the start: its bar closes. The clock is moved to its end when it is not there yet. */
  bar(n: number, timeframe: Timeframe = '1m'): TapeBar {
    return tapeBar(START, timeframe, n);
  }

  /** Moves the clock just behind the end of minute n and closes its bar. */
  async close(n: number, symbol = SYMBOL): Promise<TapeBar> {
    const bar = this.bar(n);
    await this.reach(bar.time + 60_000 + 5);
    this.server.publish(symbol, '1m', bar);
    return bar;
  }

  async reach(at: number): Promise<void> {
    if (at > this.time.now()) await this.time.pass(at - this.time.now(), 5000);
  }

  async connected(): Promise<void> {
    await this.time.until(() => ['CONNECTED', 'DEGRADED'].includes(this.feed.status().state));
  }

  /** Connected, and the venue knows what is watched. */
  async subscribed(symbols = 1): Promise<void> {
    await this.connected();
    if (this.streams) await this.time.until(() => this.server.subscribedStreams() >= symbols);
  }

  async handed(count: number, symbol = SYMBOL): Promise<void> {
    await this.time.until(() => this.times(symbol).length >= count, { what: `${count} bars handed over` });
  }

  async end(): Promise<void> {
    await this.feed.close();
    await this.scope.dispose();
    await this.server.close();
  }
}
