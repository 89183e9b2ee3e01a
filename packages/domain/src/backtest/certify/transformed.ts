/** The same bars in other units, upside down, or cut into pieces. */
import { createBarColumns, type BarColumns } from '../../bar/columns.ts';

/** Prices x `price`, volumes x `volume`. */
export function scaled(truth: BarColumns, factor: { readonly price: number; readonly volume: number }): BarColumns {
  const columns = copyOf(truth);
  for (let row = 0; row < truth.length; row++) {
    columns.open[row] *= factor.price;
    columns.high[row] *= factor.price;
    columns.low[row] *= factor.price;
    columns.close[row] *= factor.price;
    columns.volume[row] *= factor.volume;
  }
  return columns;
}

export const MIRROR_BASE = 1000;
const GRID = 64;

/** The bars brought onto a 1/64 grid around 1000, on which mirroring at 1000 is exact (P6). */
export function onGrid(truth: BarColumns): BarColumns {
  let low = Infinity;
  let high = 0;
  for (let row = 0; row < truth.length; row++) {
    low = Math.min(low, truth.low[row]);
    high = Math.max(high, truth.high[row]);
  }
  const factor = (2 * MIRROR_BASE * GRID) / (low + high);
  const columns = copyOf(truth);
  for (const prices of [columns.open, columns.high, columns.low, columns.close]) {
    for (let row = 0; row < truth.length; row++) prices[row] = Math.max(1, Math.round(prices[row] * factor)) / GRID;
  }
  return columns;
}

/** Every price p becomes 2000 - p; highs become lows. */
export function mirrored(grid: BarColumns): BarColumns {
  const columns = copyOf(grid);
  for (let row = 0; row < grid.length; row++) {
    columns.open[row] = 2 * MIRROR_BASE - grid.open[row];
    columns.high[row] = 2 * MIRROR_BASE - grid.low[row];
    columns.low[row] = 2 * MIRROR_BASE - grid.high[row];
    columns.close[row] = 2 * MIRROR_BASE - grid.close[row];
  }
  return columns;
}

/** A piece of its own, rows `from` to `to` (exclusive). */
export function pieceOf(truth: BarColumns, from: number, to: number): BarColumns {
  return {
    time: truth.time.slice(from, to),
    open: truth.open.slice(from, to),
    high: truth.high.slice(from, to),
    low: truth.low.slice(from, to),
    close: truth.close.slice(from, to),
    volume: truth.volume.slice(from, to),
    length: to - from,
  };
}

function copyOf(truth: BarColumns): BarColumns {
  const columns = createBarColumns(truth.length);
  for (const key of ['time', 'open', 'high', 'low', 'close', 'volume'] as const)
    columns[key].set(truth[key].subarray(0, truth.length));
  columns.length = truth.length;
  return columns;
}
