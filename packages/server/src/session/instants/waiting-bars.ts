/** The bars of one watched series that wait for their instant to close: columns that grow to what one page of history needs, and are given back. */
import { BarCursor, appendBar, createBarColumns, type BarColumns, type EpochMs } from '@wyckoff/domain';
import type { SeriesWorker } from '../../feeds/ingest/watch-list.ts';
import type { PartOfSeries } from './instant-rows.ts';

/** Bars of one series that may wait; with so many the oldest instant closes without those that lack. */
export const WAITING_BARS = 1_024;
const LEAST = 16;

export class WaitingBars implements SeriesWorker {
  readonly place: number;
  readonly newest: EpochMs | null;
  /** The feed says that its last bar is too old: nobody waits for it. */
  isStale = false;
  #columns = createBarColumns(LEAST);
  #flags = new Uint8Array(LEAST);
  #from = 0;

  constructor(place: number, newest: EpochMs | null) {
    this.place = place;
    this.newest = newest;
  }

  get length(): number {
    return this.#columns.length - this.#from;
  }

  get isFull(): boolean {
    return this.length >= WAITING_BARS;
  }

  /** Opening time of the first that waits. */
  get first(): EpochMs {
    return this.#columns.time[this.#from];
  }

  get last(): EpochMs {
    return this.#columns.time[this.#columns.length - 1];
  }

  push(columns: BarColumns, flags: Uint8Array): void {
    this.#makeRoom(columns.length);
    const bar = new BarCursor(columns);
    for (let row = 0; row < columns.length; row += 1) {
      this.#flags[this.#columns.length] = flags[row];
      appendBar(this.#columns, bar.at(row));
    }
  }

  /** Those that opened at `until` or before, which wait no longer; valid until the next push. Null: none. */
  takeUpTo(until: EpochMs): PartOfSeries | null {
    const { time, length } = this.#columns;
    const from = this.#from;
    let to = from;
    while (to < length && time[to] <= until) to += 1;
    this.#from = to;
    return to === from ? null : { place: this.place, columns: this.#columns, flags: this.#flags, from, to };
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#columns = createBarColumns(0);
    this.#flags = new Uint8Array(0);
    this.#from = 0;
    return Promise.resolve();
  }

  /** Columns of their own each time: those handed out stay as they are. */
  #makeRoom(more: number): void {
    const wanted = this.length + more;
    if (this.#from === 0 && wanted <= this.#columns.time.length) return;
    const old = new BarCursor(this.#columns);
    const columns = createBarColumns(Math.max(LEAST, wanted + (wanted >> 1)));
    const flags = new Uint8Array(columns.time.length);
    flags.set(this.#flags.subarray(this.#from, this.#columns.length));
    for (let row = this.#from; row < this.#columns.length; row += 1) appendBar(columns, old.at(row));
    this.#columns = columns;
    this.#flags = flags;
    this.#from = 0;
  }
}
