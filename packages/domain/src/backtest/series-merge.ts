/** Several series read as one stream of instants: all bars of one closing time together, in time order (backtesting.md 3). */
import type { EpochMs, Timeframe } from '../bar/bar.ts';
import { TIMEFRAME_MS } from '../bar/bar.ts';
import { BarCursor, createBarColumns } from '../bar/columns.ts';
import type { BarColumns } from '../bar/columns.ts';
import type { SeriesBar } from '../engine/input.ts';

export interface MergedSeries {
  readonly timeframe: Timeframe;
  /** Pages in time order; a page is valid until the next is asked for. */
  readonly source: Iterable<BarColumns>;
}

/** Where one series stands; its bar is a cursor over its page. */
class Reader implements SeriesBar {
  readonly series: number;
  readonly bar = new BarCursor(createBarColumns(0));
  readonly #pages: Iterator<BarColumns>;
  readonly #barMs: number;
  readonly #onPage: (series: number, page: BarColumns) => void;
  #page: BarColumns | null = null;

  constructor(series: number, of: MergedSeries, onPage: (series: number, page: BarColumns) => void) {
    this.series = series;
    this.#pages = of.source[Symbol.iterator]();
    this.#barMs = TIMEFRAME_MS[of.timeframe];
    this.#onPage = onPage;
    this.#turn();
  }

  /** Closing time of its bar; Infinity: it has no more. */
  get closesAt(): EpochMs {
    return this.#page === null ? Infinity : this.#page.time[this.bar.row] + this.#barMs;
  }

  advance(): void {
    if (this.#page !== null && this.bar.row + 1 < this.#page.length) this.bar.row += 1;
    else this.#turn();
  }

  /** The reader is done before its series is. */
  close(): void {
    this.#pages.return?.();
  }

  #turn(): void {
    for (let next = this.#pages.next(); next.done !== true; next = this.#pages.next()) {
      if (next.value.length === 0) continue;
      this.#page = next.value;
      this.bar.over(next.value);
      this.bar.row = 0;
      this.#onPage(this.series, next.value);
      return;
    }
    this.#page = null;
  }
}

/** The instants in order. What `next` answers is reused: it is valid until the next call. */
export class SeriesMerge {
  readonly #readers: readonly Reader[];
  readonly #instant: Reader[] = [];
  /** Closing time of the instant. */
  at: EpochMs = NaN;

  constructor(series: readonly MergedSeries[], onPage: (series: number, page: BarColumns) => void = () => undefined) {
    this.#readers = series.map((one, i) => new Reader(i, one, onPage));
  }

  /** The bars of the next instant; null: there are no more. */
  next(): readonly SeriesBar[] | null {
    const instant = this.#instant;
    for (const reader of instant) reader.advance();
    instant.length = 0;
    let at = Infinity;
    for (const reader of this.#readers) at = Math.min(at, reader.closesAt);
    if (at === Infinity) return null;
    // bounded: one per series, 200 at most
    for (const reader of this.#readers) if (reader.closesAt === at) instant.push(reader);
    this.at = at;
    return instant;
  }

  close(): void {
    for (const reader of this.#readers) reader.close();
  }
}
