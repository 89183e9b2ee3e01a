/** Where a session's bars come from, as its desk shows and steers it: a replay can be paused and paced, a live feed only watched. */
import type { Scope } from '@wyckoff/bounded';
import type { ConnectionWire } from '@wyckoff/contracts';
import type { BarColumns, EpochMs } from '@wyckoff/domain';
import type { BarFeed, FeedTaker } from '../feeds/contract/feed.ts';
import { ProviderFault } from '../feeds/contract/provider-fault.ts';
import { seriesName } from '../feeds/contract/series-key.ts';
import type { Series } from '../store/store.ts';
import type { ReplayControl } from './desk.ts';

export interface SessionSource extends ReplayControl {
  /** Ends it with a reason that the desk shows. */
  fail(reason: string): void;
}

/** Makes the feed of a live session; it belongs to the scope. */
export type OpenFeed = (taker: FeedTaker, scope: Scope) => BarFeed;

export interface LiveSourceOptions {
  readonly scope: Scope;
  readonly open: OpenFeed;
  readonly series: Series;
  /** Opening time of the newest bar taken. */
  readonly time: EpochMs | null;
  /** Takes bars from row `from` on and answers how many; they are stored with what they led to. */
  readonly take: (columns: BarColumns, from: number, limit: number) => Promise<number>;
  readonly onChange: (state: ConnectionWire) => void;
  /** The series became too old for new entries, or fresh again (trading.md 9.5). */
  readonly onStale: (isStale: boolean) => void;
}

export class LiveSource implements SessionSource {
  readonly #options: LiveSourceOptions;
  readonly #feed: BarFeed;
  #error: string | null = null;
  #isStale = false;

  constructor(options: LiveSourceOptions) {
    this.#options = options;
    const { scope, series, time } = options;
    this.#feed = options.open(
      {
        take: (batch) => this.#take(batch.kind === 'closed' ? batch.columns : null),
        onChange: () => this.#changed(),
        // A provider that cannot answer is asked again by the feed; what cannot be taken is the end.
        onFault: (_series, error) => {
          if (!(error instanceof ProviderFault)) this.fail(error.message);
        },
      },
      scope,
    );
    const answer = this.#feed.watch(series, time);
    if (!answer.ok) this.#error = answer.sentence;
    scope.adopt('feed', () => this.#feed.close());
  }

  start(): void {
    this.#feed.start();
  }

  /** Why it takes no more bars; null while it does. A feed that is away for a while is not over. */
  get failure(): string | null {
    return this.#error;
  }

  state(): ConnectionWire {
    const { name, state, since, lastDataAt, error } = this.#feed.status();
    const isOver = this.#error !== null;
    return {
      name,
      kind: 'FEED',
      state: isOver ? 'STOPPED' : state,
      since,
      lastDataAt,
      error: this.#error ?? error,
      replay: null,
    };
  }

  fail(reason: string): void {
    this.#error = reason;
    this.#feed.unwatch(this.#options.series);
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

  setSpeed(): ConnectionWire {
    return this.state();
  }

  /** Corrections of bars that were acted on are the store's business: what was decided stays decided. */
  async #take(columns: BarColumns | null): Promise<void> {
    if (columns === null || this.#error !== null) return;
    for (let row = 0; row < columns.length;) row += await this.#options.take(columns, row, columns.length - row);
  }

  #changed(): void {
    const isStale = this.#feed.status().stale.includes(seriesName(this.#options.series));
    if (isStale !== this.#isStale) {
      this.#isStale = isStale;
      this.#options.onStale(isStale);
    }
    this.#options.onChange(this.state());
  }
}
