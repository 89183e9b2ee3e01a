/** The stored bars of a session's series from where each stands, chunk by chunk; a chunk ends with an instant. */
import { TIMEFRAME_MS, type BarColumns, type EpochMs } from '@wyckoff/domain';
import type { BarStore, Series } from '../../store/store.ts';
import { closingOf, mergedRows, type InstantRows, type PartOfSeries } from './instant-rows.ts';

/** Bars read of one series at a time; of many series fewer each, so that the pages together stay as small. */
const PAGE = 1_000;
const LEAST_PAGE = 32;

interface Reader {
  readonly place: number;
  page: BarColumns | null;
  row: number;
  /** Opening time of the newest bar read. */
  after: EpochMs | null;
  /** The last page was full: more may come. */
  more: boolean;
}

export interface StoredRowsOptions {
  readonly store: Pick<BarStore, 'barsAfter'>;
  readonly series: readonly Series[];
  /** Opening time of the newest bar taken, by series. */
  readonly after: readonly (EpochMs | null)[];
}

export class StoredRows {
  readonly #options: StoredRowsOptions;
  readonly #page: number;
  readonly #readers: readonly Reader[];

  constructor(options: StoredRowsOptions) {
    this.#options = options;
    this.#page = Math.max(LEAST_PAGE, Math.floor(PAGE / options.series.length));
    this.#readers = options.after.map((after, place) => ({ place, page: null, row: 0, after, more: true }));
  }

  /** The next chunk; null: no more is stored now. */
  async next(): Promise<InstantRows | null> {
    if (this.#readers.length === 1) return await this.#only(this.#readers[0]);
    for (const reader of this.#readers) await this.#fill(reader);
    const horizon = this.#horizon();
    const parts: PartOfSeries[] = [];
    for (const reader of this.#readers) {
      const part = this.#upTo(reader, horizon);
      if (part !== null) parts.push(part);
    }
    return parts.length === 0 ? null : mergedRows(parts, this.#options.series);
  }

  async #only(reader: Reader): Promise<InstantRows | null> {
    await this.#fill(reader);
    const { page } = reader;
    reader.page = null;
    return page;
  }

  async #fill(reader: Reader): Promise<void> {
    if (reader.page !== null) return;
    const { store, series } = this.#options;
    const page = await store.barsAfter(series[reader.place], { after: reader.after ?? undefined, limit: this.#page });
    reader.more = page.length === this.#page;
    if (page.length === 0) return;
    reader.page = page;
    reader.row = 0;
    reader.after = page.time[page.length - 1];
  }

  /** Up to here every series is read. */
  #horizon(): EpochMs {
    const ends = this.#readers.map(({ page, more, place }) => (page === null || !more ? Infinity : closingOf(page, page.length - 1, [this.#options.series[place]]))); // prettier-ignore
    return Math.min(...ends);
  }

  #upTo(reader: Reader, horizon: EpochMs): PartOfSeries | null {
    const { page, row: from, place } = reader;
    if (page === null) return null;
    const last = horizon - TIMEFRAME_MS[this.#options.series[place].timeframe];
    let to = from;
    while (to < page.length && page.time[to] <= last) to += 1;
    if (to === page.length) reader.page = null;
    else reader.row = to;
    return to === from ? null : { place, columns: page, from, to };
  }
}
