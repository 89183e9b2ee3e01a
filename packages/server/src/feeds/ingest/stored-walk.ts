/** Walks the stored bars of a series beside a run of ascending times: what is stored under a time, and what lies before it. */
import { BarCursor, type Bar, type BarColumns, type EpochMs } from '@wyckoff/domain';
import type { BarStore, Series } from '../../store/store.ts';

export type WalkedStore = Pick<BarStore, 'barsBefore' | 'barsAfter'>;

const PAGE = 1000;

export class StoredWalk {
  readonly #store: WalkedStore;
  readonly #series: Series;
  readonly #cursor: BarCursor;
  #page: BarColumns;
  #row = 0;
  #more = true;
  /** The newest stored bar before the time asked for last. */
  before: { readonly time: EpochMs; readonly close: number } | null;

  private constructor(
    store: WalkedStore,
    series: Series,
    begin: { readonly page: BarColumns; readonly before: StoredWalk['before'] },
  ) {
    this.#store = store;
    this.#series = series;
    this.#page = begin.page;
    this.before = begin.before;
    this.#more = begin.page.length === PAGE;
    this.#cursor = new BarCursor(begin.page);
  }

  /** @param first the first time that will be asked for. */
  static async open(store: WalkedStore, series: Series, first: EpochMs): Promise<StoredWalk> {
    const one = await store.barsBefore(series, { before: first, limit: 1 });
    const before = one.length === 0 ? null : { time: one.time[0], close: one.close[0] };
    return new StoredWalk(store, series, { page: await store.barsAfter(series, { after: first - 1, limit: PAGE }), before });
  }

  /** True when the bars up to this time are not all in hand: `load` first. */
  lacks(time: EpochMs): boolean {
    return this.#more && (this.#page.length === 0 || this.#page.time[this.#page.length - 1] < time);
  }

  async load(): Promise<void> {
    const last = this.#page.length - 1;
    const after = this.#page.time[last];
    this.before = { time: after, close: this.#page.close[last] };
    this.#page = await this.#store.barsAfter(this.#series, { after, limit: PAGE });
    this.#more = this.#page.length === PAGE;
    this.#row = 0;
    this.#cursor.over(this.#page);
  }

  /** The stored bar of a time, which is not before the one asked for last; null when there is none. A cursor: keep nothing of it. */
  at(time: EpochMs): Bar | null {
    const page = this.#page;
    for (; this.#row < page.length && page.time[this.#row] < time; this.#row += 1) {
      this.before = { time: page.time[this.#row], close: page.close[this.#row] };
    }
    return this.#row < page.length && page.time[this.#row] === time ? this.#cursor.at(this.#row) : null;
  }
}
