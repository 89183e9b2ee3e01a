/** Bars in columns, the form in which they travel from a reader to the engine, and the one cursor that walks them. */
import type { Bar } from './bar.ts';

/** Parallel columns; only the first `length` rows are meaningful. `time` is epoch milliseconds, exact to 2^53. */
export interface BarColumns {
  readonly time: Float64Array;
  readonly open: Float64Array;
  readonly high: Float64Array;
  readonly low: Float64Array;
  readonly close: Float64Array;
  readonly volume: Float64Array;
  length: number;
}

/** Allocates columns for `capacity` bars; `length` starts at 0. */
export function createBarColumns(capacity: number): BarColumns {
  return {
    time: new Float64Array(capacity),
    open: new Float64Array(capacity),
    high: new Float64Array(capacity),
    low: new Float64Array(capacity),
    close: new Float64Array(capacity),
    volume: new Float64Array(capacity),
    length: 0,
  };
}

/** Appends a bar; throws when the columns are full, because a silent drop would be a gap in history. */
export function appendBar(columns: BarColumns, bar: Bar): void {
  const row = columns.length;
  if (row >= columns.time.length)
    throw new RangeError(`bar columns: expected fewer than ${columns.time.length} rows, was full; flush them first`);
  columns.time[row] = bar.time;
  columns.open[row] = bar.open;
  columns.high[row] = bar.high;
  columns.low[row] = bar.low;
  columns.close[row] = bar.close;
  columns.volume[row] = bar.volume;
  columns.length = row + 1;
}

/** One reused bar over columns: set `row`, read the fields. Nobody may keep it. */
export class BarCursor implements Bar {
  row = 0;
  #columns: BarColumns;

  constructor(columns: BarColumns) {
    this.#columns = columns;
  }

  /** Points the cursor at other columns, row 0. */
  over(columns: BarColumns): this {
    this.#columns = columns;
    this.row = 0;
    return this;
  }

  at(row: number): this {
    this.row = row;
    return this;
  }

  get time(): number {
    return this.#columns.time[this.row];
  }
  get open(): number {
    return this.#columns.open[this.row];
  }
  get high(): number {
    return this.#columns.high[this.row];
  }
  get low(): number {
    return this.#columns.low[this.row];
  }
  get close(): number {
    return this.#columns.close[this.row];
  }
  get volume(): number {
    return this.#columns.volume[this.row];
  }
}
