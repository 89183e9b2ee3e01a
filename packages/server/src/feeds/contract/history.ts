/** The port of history: bars of the past from a provider, page by page, exactly as the provider says them. */
import type { StopSignal } from '@wyckoff/bounded';
import type { BarColumns, EpochMs, Timeframe } from '@wyckoff/domain';
import type { SeriesKey } from './series-key.ts';

/** Opening times: `from` inclusive, `to` exclusive. */
export interface HistoryRequest extends SeriesKey {
  readonly from: EpochMs;
  readonly to: EpochMs;
}

/** One answer of the provider: bars in its order, not judged yet; fields that are no numbers are NaN. */
export interface HistoryPage {
  readonly columns: BarColumns;
  /** Longer bars that lack a part and were therefore left out; only where bars are made of shorter ones. */
  readonly incomplete?: number;
  /** Who gave it, where several may; default the provider asked. */
  readonly provider?: string;
}

export interface HistoryProvider {
  readonly name: string;
  /** Timeframes the provider itself delivers, anchored as ours are. */
  readonly timeframes: readonly Timeframe[];
  /** @throws ProviderFault when the provider cannot or will not answer. */
  pages(request: HistoryRequest, signal?: StopSignal): AsyncIterable<HistoryPage>;
  /** Ends sockets and keep-alive; idempotent. */
  close(): Promise<void>;
}
