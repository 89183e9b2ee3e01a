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
  /** A binary heap by closing time, then by place: 200 series cost eight comparisons a bar and no scan. The first `#waiting` count. */
  readonly #heap: Reader[];
  #waiting: number;
  readonly #instant: Reader[] = [];
  /** Closing time of the instant. */
  at: EpochMs = NaN;

  constructor(series: readonly MergedSeries[], onPage: (series: number, page: BarColumns) => void = () => undefined) {
    this.#readers = series.map((one, i) => new Reader(i, one, onPage));
    // Sorted is a heap.
    this.#heap = this.#readers.filter(({ closesAt }) => closesAt < Infinity).sort((a, b) => (isBefore(a, b) ? -1 : 1));
    this.#waiting = this.#heap.length;
  }

  /** The bars of the next instant, in the order of the series; null: there are no more. */
  next(): readonly SeriesBar[] | null {
    const instant = this.#instant;
    for (const reader of instant) this.#return(reader);
    instant.length = 0;
    if (this.#waiting === 0) return null;
    this.at = this.#heap[0].closesAt;
    // bounded: one per series, 200 at most
    while (this.#waiting > 0 && this.#heap[0].closesAt === this.at) instant.push(this.#takeFirst());
    return instant;
  }

  close(): void {
    for (const reader of this.#readers) reader.close();
  }

  #takeFirst(): Reader {
    const heap = this.#heap;
    const first = heap[0];
    this.#waiting -= 1;
    const last = heap[this.#waiting];
    let place = 0;
    for (let child = 1; child < this.#waiting; child = 2 * place + 1) {
      if (child + 1 < this.#waiting && isBefore(heap[child + 1], heap[child])) child += 1;
      if (!isBefore(heap[child], last)) break;
      heap[place] = heap[child];
      place = child;
    }
    heap[place] = last;
    return first;
  }

  /** It waits with its next bar; one that has no more is gone. */
  #return(reader: Reader): void {
    reader.advance();
    if (reader.closesAt === Infinity) return;
    const heap = this.#heap;
    let place = this.#waiting;
    this.#waiting += 1;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (!isBefore(reader, heap[parent])) break;
      heap[place] = heap[parent];
      place = parent;
    }
    heap[place] = reader;
  }
}

function isBefore(a: Reader, b: Reader): boolean {
  return a.closesAt < b.closesAt || (a.closesAt === b.closesAt && a.series < b.series);
}
