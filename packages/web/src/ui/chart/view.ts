/** The part of a chart a layer needs to know: how bars and prices become pixels, and which bars are loaded. */

/** Bars in columns, ascending by opening time. */
export interface BarColumns {
  readonly length: number;
  readonly t: ArrayLike<number>;
  readonly o: ArrayLike<number>;
  readonly h: ArrayLike<number>;
  readonly l: ArrayLike<number>;
  readonly c: ArrayLike<number>;
  readonly v: ArrayLike<number>;
}

/** Pixels of one pane. Indices count from the first loaded bar; they may lie outside the window. */
export interface PaneView {
  readonly width: number;
  readonly height: number;
  /** First and last index on screen, whole, possibly outside of what is loaded. */
  readonly from: number;
  readonly to: number;
  readonly barSpacing: number;
  /** Centre of a bar. */
  x(index: number): number;
  /** Null when the scale has no range yet. */
  y(price: number): number | null;
}

/** Index of the first bar at or after `time`; `length` when there is none. */
export function lowerBound(bars: Pick<BarColumns, 't' | 'length'>, time: number): number {
  let low = 0;
  let high = bars.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (bars.t[middle] < time) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Index of the bar that opens exactly at `time`, else -1. */
export function indexOfTime(bars: Pick<BarColumns, 't' | 'length'>, time: number): number {
  const at = lowerBound(bars, time);
  return at < bars.length && bars.t[at] === time ? at : -1;
}

/** Whether `time` lies before the first loaded bar. */
export function isBeforeWindow(bars: Pick<BarColumns, 't' | 'length'>, time: number): boolean {
  return bars.length === 0 || time < bars.t[0];
}
