/** Stored bars behind the same port as a live feed: what runs on one runs on the other. */
import { KeyedRegistry, type Scope } from '@wyckoff/bounded';
import { TIMEFRAMES, type EpochMs } from '@wyckoff/domain';
import type { Series } from '../../store/store.ts';
import type { StreamState } from '../../venue/socket-state.ts';
import type { BarFeed, FeedStatus, FeedTaker, WatchAnswer } from '../contract/feed.ts';
import { seriesName, type SeriesKey } from '../contract/series-key.ts';
import { ReplayFeed, type BarSource } from './replay-feed.ts';

export interface ReplayBarsOptions extends FeedTaker {
  readonly scope: Scope;
  readonly source: BarSource & { findSeries(symbol: string, timeframe: SeriesKey['timeframe']): Promise<Series | null> };
  /** Bars per second; null = as fast as possible. */
  readonly speed: number | null;
  readonly now?: (() => EpochMs) | undefined;
  readonly capacity?: number | undefined;
}

interface Player {
  readonly series: SeriesKey;
  readonly scope: Scope;
  readonly after: EpochMs | null;
  begun: boolean;
}

const WATCHED = 200;

export class ReplayBars implements BarFeed {
  readonly name = 'replay';
  readonly #options: ReplayBarsOptions;
  readonly #scope: Scope;
  readonly #players: KeyedRegistry<string, Player>;
  readonly #now: () => EpochMs;
  #state: StreamState = 'DISCONNECTED';
  #since: EpochMs;
  #lastDataAt: EpochMs | null = null;
  #error: string | null = null;
  #opening: Promise<void> = Promise.resolve();

  constructor(options: ReplayBarsOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    this.#since = this.#now();
    this.#scope = options.scope.child('replay', { capacity: 512 });
    this.#players = new KeyedRegistry({
      name: 'server.feeds.players',
      capacity: options.capacity ?? WATCHED,
      itemBytes: 512,
      scope: this.#scope,
      policy: 'refuse',
      disposeValue: ({ scope }) => scope.dispose().then(() => undefined),
    });
  }

  start(): void {
    if (this.#state !== 'DISCONNECTED') return;
    this.#enter('CONNECTING');
    this.#enter('CONNECTED');
    for (const player of this.#players.values()) this.#begin(player);
  }

  watch(series: SeriesKey, after: EpochMs | null = null): WatchAnswer {
    const name = seriesName(series);
    if (this.#scope.state !== 'open') return { ok: false, code: 'feed.closed', sentence: 'The replay has ended.' };
    if (!TIMEFRAMES.includes(series.timeframe)) return { ok: false, code: 'feed.unsupported', sentence: `No bars of ${name}.` };
    const opened = this.#players.open(name, () => ({
      series,
      after,
      begun: false,
      scope: this.#scope.child('player', { label: name, capacity: 16 }),
    }));
    if (!opened.ok)
      return {
        ok: false,
        code: 'resource.limit',
        sentence: `Expected at most ${opened.capacity} watched series, ${name} is one more.`,
      };
    if (this.#state === 'CONNECTED') this.#begin(opened.value);
    return { ok: true, created: opened.created };
  }

  unwatch(series: SeriesKey): boolean {
    return this.#players.drop(seriesName(series));
  }

  status(): FeedStatus {
    return {
      name: this.name,
      state: this.#state,
      since: this.#since,
      lastDataAt: this.#lastDataAt,
      latencyMs: null,
      reconnects: 0,
      subscriptions: this.#players.size,
      // Recorded bars are as old as they are.
      stale: [],
      error: this.#error,
    };
  }

  async close(): Promise<void> {
    if (this.#state !== 'STOPPED') this.#enter('STOPPED');
    await this.#scope.dispose();
  }

  /** One after the other: two hundred series are opened without two hundred questions at once. */
  #begin(player: Player): void {
    if (player.begun) return;
    player.begun = true;
    this.#opening = this.#opening
      .then(() => (player.scope.state === 'open' ? this.#open(player) : undefined))
      .catch((error: unknown) => this.#fail(player, error instanceof Error ? error : new Error(String(error))));
  }

  async #open(player: Player): Promise<void> {
    const { source, speed } = this.#options;
    const series = await source.findSeries(player.series.symbol, player.series.timeframe);
    if (series === null) throw new Error(`${seriesName(player.series)}: expected stored bars, was none`);
    await ReplayFeed.open({
      scope: player.scope,
      source,
      series,
      position: 0,
      time: player.after,
      speed,
      play: true,
      now: this.#now,
      take: (columns, from, limit) => this.#take(player, { columns, from, limit }),
      onChange: ({ error }) => {
        if (error !== null) this.#fail(player, new Error(error));
      },
    });
  }

  async #take(
    { series }: Player,
    { columns, from, limit }: { readonly columns: Parameters<ReplayFeedTake>[0]; readonly from: number; readonly limit: number },
  ): Promise<number> {
    const { time, open, high, low, close, volume } = columns;
    const part = (column: Float64Array): Float64Array => column.slice(from, from + limit);
    const rows = {
      time: part(time),
      open: part(open),
      high: part(high),
      low: part(low),
      close: part(close),
      volume: part(volume),
      length: limit,
    };
    await this.#options.take({ series, columns: rows, kind: 'closed', origin: 'replay', provider: this.name, missing: 0 });
    this.#lastDataAt = this.#now();
    return limit;
  }

  #fail({ series, scope }: Player, error: Error): void {
    // It was given up meanwhile: nobody asks any more.
    if (scope.state !== 'open') return;
    this.#error = error.message;
    this.#options.onFault?.(series, error);
    this.#options.onChange?.(this.status());
  }

  #enter(state: StreamState): void {
    this.#state = state;
    this.#since = this.#now();
    this.#options.onChange?.(this.status());
  }
}

type ReplayFeedTake = Parameters<typeof ReplayFeed.open>[0]['take'];
