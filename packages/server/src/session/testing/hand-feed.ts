/** Hourly bars round the clock, and a feed that hands them over when a test says so. */
import { appendBar, BarCursor, createBarColumns, drawSeries, type BarColumns } from '@wyckoff/domain';
import type { BarBatch, BarFeed, FeedStatus, FeedTaker } from '../../feeds/contract/feed.ts';
import type { SeriesKey } from '../../feeds/contract/series-key.ts';

export const HOUR = 3_600_000;
export const FROM = Date.UTC(2024, 0, 1);
export const PLACES = [
  { symbol: 'AAA', timeframe: '1h' },
  { symbol: 'BBB', timeframe: '1h' },
] as const;

export function hourlyBars(number: number, bars: number): BarColumns {
  const { columns } = drawSeries({ schematic: 'all', seed: 1042, number, bars, noise: 'low' });
  for (let row = 0; row < columns.length; row += 1) columns.time[row] = FROM + row * HOUR;
  return columns;
}

export function rowsOf(columns: BarColumns, from: number, to: number): BarColumns {
  const rows = createBarColumns(to - from);
  const bar = new BarCursor(columns);
  for (let row = from; row < to; row += 1) appendBar(rows, bar.at(row));
  return rows;
}

/** A feed whose bars a test hands over. */
export class HandFeed implements BarFeed {
  readonly name = 'hand';
  readonly #taker: FeedTaker;

  readonly #places: readonly SeriesKey[];

  constructor(taker: FeedTaker, places: readonly SeriesKey[]) {
    this.#taker = taker;
    this.#places = places;
  }

  start(): void {
    this.#taker.onChange?.(this.status());
  }

  watch(): ReturnType<BarFeed['watch']> {
    return { ok: true, created: true };
  }

  unwatch(): boolean {
    return true;
  }

  status(): FeedStatus {
    return { name: this.name, state: 'CONNECTED', since: 0, lastDataAt: null, latencyMs: null, reconnects: 0, subscriptions: 1, stale: [], error: null }; // prettier-ignore
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  async give(place: number, columns: BarColumns, origin: BarBatch['origin'] = 'stream'): Promise<void> {
    await this.#taker.take({ series: this.#places[place], columns, kind: 'closed', origin, provider: 'hand', missing: 0 });
  }
}
