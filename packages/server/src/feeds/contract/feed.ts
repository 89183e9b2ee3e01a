/** The port of a live feed: closed bars of the watched series, each once and in order, whatever happens to the connection. */
import type { BarColumns, EpochMs } from '@wyckoff/domain';
import type { StreamState } from '../../venue/socket-state.ts';
import type { SeriesKey } from './series-key.ts';

/**
 * `closed`: the next bars of the series, ascending, all later than those before. `revised`: the venue corrects bars it gave before.
 * Both are the taker's to keep.
 */
export interface BarBatch {
  readonly series: SeriesKey;
  readonly columns: BarColumns;
  readonly kind: 'closed' | 'revised';
  /** `backfill`: fetched by REST, at the start or after a gap. */
  readonly origin: 'stream' | 'backfill' | 'poll' | 'replay';
  /** Who delivered them. */
  readonly provider: string;
  /** Bars the calendar expects between the last batch and this one, and that the provider does not have either (BAR_GAP). */
  readonly missing: number;
}

/** A bar that is still open: only the latest of a series matters. */
export interface FormingBar extends SeriesKey {
  readonly time: EpochMs;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume: number;
}

export interface FeedStatus {
  readonly name: string;
  readonly state: StreamState;
  readonly since: EpochMs;
  readonly lastDataAt: EpochMs | null;
  readonly latencyMs: number | null;
  readonly reconnects: number;
  readonly subscriptions: number;
  /** Series whose last bar is too old for new entries (trading.md 9.5), by name. */
  readonly stale: readonly string[];
  readonly error: string | null;
}

export type WatchAnswer =
  | { readonly ok: true; readonly created: boolean }
  | { readonly ok: false; readonly code: 'resource.limit' | 'feed.unsupported' | 'feed.closed'; readonly sentence: string };

export interface BarFeed {
  readonly name: string;
  start(): void;
  /** Begins behind `after` (opening time of the newest bar the taker has), or with the next bar that closes. */
  watch(series: SeriesKey, after?: EpochMs | null): WatchAnswer;
  /** Ends it and forgets all about it. */
  unwatch(series: SeriesKey): boolean;
  status(): FeedStatus;
  /** Ends sockets, timers and queues; idempotent. */
  close(): Promise<void>;
}

export interface FeedTaker {
  /** Takes a batch; the next one is handed over when it has resolved. A rejection ends the series with the reason in `onFault`. */
  readonly take: (batch: BarBatch) => Promise<void>;
  readonly onForming?: (bar: FormingBar) => void;
  /** After every change that `status` shows; conflate it. */
  readonly onChange?: (status: FeedStatus) => void;
  readonly onFault?: (series: SeriesKey | null, error: Error) => void;
}
