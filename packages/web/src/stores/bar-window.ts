/** Bars of one series in columns: the newest at the end, at most a fixed number, the far side dropped in blocks (C7, H8, M5). */
import type { BarWire, ChartAnswer } from '@wyckoff/contracts';
import { lowerBound } from '../ui/chart/view.ts';

const COLUMNS = ['t', 'o', 'h', 'l', 'c', 'v'] as const;
type Column = (typeof COLUMNS)[number];
export type ChartColumns = ChartAnswer['columns'];

/** How the indices moved: `shift` bars were put in front (negative: dropped there). */
export interface WindowChange {
  readonly kind: 'none' | 'updated' | 'appended' | 'rebuilt';
  readonly shift: number;
}

const NONE: WindowChange = { kind: 'none', shift: 0 };

export class BarWindow {
  readonly capacity: number;
  /** Bars dropped at once when the window is full. */
  readonly #block: number;
  readonly #columns: Readonly<Record<Column, Float64Array>>;
  #length = 0;
  #live = true;
  /** Time up to which no bar is missing; null: to the end. */
  #sureUntil: number | null = null;

  constructor(capacity: number) {
    this.capacity = capacity;
    this.#block = Math.max(1, Math.floor(capacity / 5));
    const make = (): Float64Array => new Float64Array(capacity);
    this.#columns = { t: make(), o: make(), h: make(), l: make(), c: make(), v: make() };
  }

  get length(): number {
    return this.#length;
  }

  /** Whether the newest bar of the series is in the window; after scrolling far back it may not be. */
  get live(): boolean {
    return this.#live;
  }

  get bytes(): number {
    return this.capacity * COLUMNS.length * Float64Array.BYTES_PER_ELEMENT;
  }

  get t(): Float64Array { return this.#columns.t; } // prettier-ignore
  get o(): Float64Array { return this.#columns.o; } // prettier-ignore
  get h(): Float64Array { return this.#columns.h; } // prettier-ignore
  get l(): Float64Array { return this.#columns.l; } // prettier-ignore
  get c(): Float64Array { return this.#columns.c; } // prettier-ignore
  get v(): Float64Array { return this.#columns.v; } // prettier-ignore

  clear(): void {
    this.#length = 0;
    this.#live = true;
    this.#sureUntil = null;
  }

  /**
   * Bars may be missing after the newest one held, or after a time: the link was lost, or the stream said so. What the stream still adds is kept, but only
   * the next newest page makes one run of it again.
   */
  suspect(after?: number): void {
    if (this.#length > 0) this.#sureUntil ??= after ?? this.t[this.#length - 1];
  }

  /** The newest page: what it covers is taken from it, older and younger bars stay where they join it without a hole. */
  mergeNewest(page: ChartColumns): WindowChange {
    const { length } = page.t;
    if (length === 0) return NONE;
    const joins = this.#live && this.#length > 0 && page.t[0] <= (this.#sureUntil ?? this.t[this.#length - 1]);
    const younger = this.#takeAfter(this.#live ? page.t[length - 1] : Infinity);
    const keep = joins ? lowerBound(this, page.t[0]) : 0;
    const dropped = this.#dropFront(Math.max(0, keep + length + younger.t.length - this.capacity));
    const at = Math.max(0, keep - dropped);
    this.#length = at;
    this.#copyIn(page, { from: Math.max(0, length - this.capacity), at });
    this.#copyIn(younger, { from: 0, at: this.#length });
    this.#sureUntil = null;
    return { kind: 'rebuilt', shift: joins ? -dropped : 0 };
  }

  /** An older page, ascending, ending before the first bar held; what exceeds the window leaves at the new end in one step. */
  prepend(page: ChartColumns): WindowChange {
    const first = this.#length === 0 ? Infinity : this.t[0];
    const older = page.t.filter((time) => time < first).length;
    const count = Math.min(older, this.capacity);
    if (count === 0) return NONE;
    const keep = Math.min(this.#length, this.capacity - count);
    if (keep < this.#length) this.#live = false;
    for (const name of COLUMNS) {
      this.#columns[name].copyWithin(count, 0, keep);
      const source = page[name];
      for (let i = 0; i < count; i += 1) this.#columns[name][i] = source[older - count + i];
    }
    this.#length = keep + count;
    return { kind: 'rebuilt', shift: count };
  }

  /** A bar of the stream: replaces the last, follows it, or is not of this window. */
  apply(bar: BarWire): WindowChange {
    if (!this.#live) return NONE;
    const last = this.#length === 0 ? -Infinity : this.t[this.#length - 1];
    if (bar.ts < last) return this.#revise(bar);
    if (bar.ts === last) {
      this.#put(this.#length - 1, bar);
      return { kind: 'updated', shift: 0 };
    }
    const dropped = this.#length >= this.capacity ? this.#dropFront(this.#block) : 0;
    this.#put(this.#length, bar);
    this.#length += 1;
    return dropped === 0 ? { kind: 'appended', shift: 0 } : { kind: 'rebuilt', shift: -dropped };
  }

  #revise(bar: BarWire): WindowChange {
    const at = this.t.subarray(0, this.#length).lastIndexOf(bar.ts);
    if (at < 0) return NONE;
    this.#put(at, bar);
    return { kind: 'rebuilt', shift: 0 };
  }

  #put(at: number, bar: BarWire): void {
    this.t[at] = bar.ts;
    this.o[at] = bar.o;
    this.h[at] = bar.h;
    this.l[at] = bar.l;
    this.c[at] = bar.c;
    this.v[at] = bar.v;
  }

  #copyIn(page: ChartColumns, place: { readonly from: number; readonly at: number }): void {
    const count = page.t.length - place.from;
    for (const name of COLUMNS) for (let i = 0; i < count; i += 1) this.#columns[name][place.at + i] = page[name][place.from + i];
    this.#length = place.at + count;
    this.#live = true;
  }

  /** Copies of the bars after a time: what the stream brought while the page was on its way. */
  #takeAfter(time: number): ChartColumns {
    const from = Number.isFinite(time) ? lowerBound(this, time + 1) : this.#length;
    const column = (of: Float64Array): number[] => [...of.subarray(from, this.#length)];
    return { t: column(this.t), o: column(this.o), h: column(this.h), l: column(this.l), c: column(this.c), v: column(this.v) };
  }

  /** Drops at least `least` bars at the old end, in whole blocks; gives the number dropped. */
  #dropFront(least: number): number {
    if (least === 0) return 0;
    const count = Math.min(this.#length, Math.ceil(least / this.#block) * this.#block);
    for (const name of COLUMNS) this.#columns[name].copyWithin(0, count, this.#length);
    this.#length -= count;
    return count;
  }
}
