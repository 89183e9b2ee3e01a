/** The newest bars of the series last looked at (H8): ten windows of a thousand bars in columns, the least recently used leaves. */
import type { BarWire } from '@wyckoff/contracts';
import { type CacheStats, LruTtlCache, type Scope } from '@wyckoff/bounded';
import { BarWindow, type ChartColumns } from './bar-window.ts';

const WINDOWS = 10;
const BARS = 1_000;
/** Six columns of doubles. */
const WINDOW_BYTES = BARS * 6 * 8;

export class BarStore {
  readonly #windows: LruTtlCache<string, BarWindow>;

  constructor(scope: Scope) {
    this.#windows = new LruTtlCache({
      name: 'web.bars',
      capacity: WINDOWS,
      ttlMs: Infinity,
      maxBytes: WINDOWS * WINDOW_BYTES,
      sizeOf: (window) => window.bytes,
      scope,
    });
  }

  get size(): number {
    return this.#windows.size;
  }

  get stats(): CacheStats {
    return this.#windows.stats;
  }

  get bytes(): number {
    return this.#windows.bytes;
  }

  /** The window of a series, if it is held; looking at it keeps it. */
  get(series: string): BarWindow | undefined {
    return this.#windows.get(series);
  }

  merge(series: string, page: ChartColumns): void {
    const window = this.#windows.get(series) ?? new BarWindow(BARS);
    const start = Math.max(0, page.t.length - BARS);
    window.mergeNewest(start === 0 ? page : sliceColumns(page, start));
    this.#windows.set(series, window);
  }

  /** Bars of this series may have been missed after a time, or after the newest held. */
  suspect(series: string, after?: number): void {
    this.#windows.get(series)?.suspect(after);
  }

  apply(series: string, bar: BarWire): void {
    this.#windows.get(series)?.apply(bar);
  }

  clear(): void {
    this.#windows.clear();
  }
}

function sliceColumns(page: ChartColumns, start: number): ChartColumns {
  return {
    t: page.t.slice(start),
    o: page.o.slice(start),
    h: page.h.slice(start),
    l: page.l.slice(start),
    c: page.c.slice(start),
    v: page.v.slice(start),
  };
}
