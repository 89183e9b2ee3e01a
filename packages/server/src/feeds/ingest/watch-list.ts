/** The watched series of a process: one engine each, ended with its series; the one too many is refused before anything is opened (C11, M12). */
import { KeyedRegistry, type Scope } from '@wyckoff/bounded';
import type { EpochMs } from '@wyckoff/domain';
import type { BarFeed, WatchAnswer } from '../contract/feed.ts';
import { seriesName, type SeriesKey } from '../contract/series-key.ts';

/** What works on a series: it says where it stands and ends when it is told to. */
export interface SeriesWorker extends AsyncDisposable {
  /** Opening time of the newest bar it has; null when it has none. */
  readonly newest: EpochMs | null;
}

export interface WatchListOptions<W extends SeriesWorker> {
  readonly scope: Scope;
  readonly feed: BarFeed;
  readonly open: (series: SeriesKey) => Promise<W>;
  /** Engines a series takes, those of the timeframes above included; default 1. */
  readonly enginesOf?: (series: SeriesKey) => number;
  /** Engines of the process; default 200. */
  readonly maxEngines?: number;
  /** Series at once; default: as many as engines. */
  readonly capacity?: number;
  /** Told when a worker could not be ended. */
  readonly onError?: (error: unknown, series: string) => void;
}

interface Entry<W> {
  readonly series: SeriesKey;
  readonly engines: number;
  readonly worker: Promise<W>;
}

const MAX_ENGINES = 200;

export class WatchList<W extends SeriesWorker> {
  readonly #options: WatchListOptions<W>;
  readonly #entries: KeyedRegistry<string, Entry<W>>;
  readonly #max: number;
  readonly #capacity: number;
  #engines = 0;

  constructor(options: WatchListOptions<W>) {
    this.#options = options;
    this.#max = options.maxEngines ?? MAX_ENGINES;
    this.#capacity = options.capacity ?? this.#max;
    this.#entries = new KeyedRegistry({
      name: 'server.watched',
      capacity: this.#capacity,
      itemBytes: 512,
      scope: options.scope,
      policy: 'refuse',
      disposeValue: (entry) => this.#end(entry),
      onError: (error, name) => options.onError?.(error, name),
    });
  }

  /** Engines in use, those that are ending included. */
  get engines(): number {
    return this.#engines;
  }

  list(): readonly SeriesKey[] {
    return this.#entries.values().map(({ series }) => series);
  }

  worker(series: SeriesKey): Promise<W> | null {
    return this.#entries.peek(seriesName(series))?.worker ?? null;
  }

  /** Opens its engine, then has the feed continue behind the newest bar it has. */
  async watch(series: SeriesKey): Promise<WatchAnswer> {
    const name = seriesName(series);
    if (this.#entries.has(name)) return { ok: true, created: false };
    const engines = this.#options.enginesOf?.(series) ?? 1;
    if (this.#engines + engines > this.#max || this.#entries.size + this.#entries.closing >= this.#capacity) {
      const sentence = `Expected at most ${this.#max} engines, ${this.#engines} are in use and ${name} takes ${engines}. Stop watching another series first.`;
      return { ok: false, code: 'resource.limit', sentence };
    }
    this.#engines += engines;
    const entry: Entry<W> = { series, engines, worker: this.#options.open(series) };
    this.#entries.set(name, entry);
    try {
      const worker = await entry.worker;
      if (this.#entries.peek(name) !== entry)
        return { ok: false, code: 'feed.closed', sentence: `${name} was given up while it was opened.` };
      const answer = this.#options.feed.watch(series, worker.newest);
      if (!answer.ok) this.#entries.drop(name, entry);
      return answer;
    } catch (error) {
      this.#entries.drop(name, entry);
      throw error;
    }
  }

  /** No bar reaches it any more, then its engine is ended; false when it was not watched. */
  unwatch(series: SeriesKey): boolean {
    return this.#entries.drop(seriesName(series));
  }

  /** Resolves when every engine given up has ended. */
  settled(): Promise<void> {
    return this.#entries.settled();
  }

  async #end({ series, engines, worker }: Entry<W>): Promise<void> {
    this.#options.feed.unwatch(series);
    try {
      // One that could not be opened has nothing to end; who asked for it was told.
      const opened = await worker.catch(() => null);
      await opened?.[Symbol.asyncDispose]();
    } finally {
      this.#engines -= engines;
    }
  }
}
