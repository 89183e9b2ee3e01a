/** Bars on their way to an account: of one series as they are, of several merged by closing time, so that the rows of an instant are neighbours. */
import {
  appendBar,
  BarCursor,
  createBarColumns,
  SeriesMerge,
  TIMEFRAME_MS,
  type BarColumns,
  type EpochMs,
  type TradingEngine,
} from '@wyckoff/domain';
import type { Series, SeriesBars } from '../../store/store.ts';

export interface InstantRows extends BarColumns {
  /** Place of each row's series among those of the account; absent: all are of its only one. */
  readonly places?: Uint8Array | undefined;
  /** `BAR_FLAGS` of each row. */
  readonly flags?: Uint8Array | undefined;
  /** They come from the store: nothing is to be stored of them. */
  readonly stored?: boolean | undefined;
}

/** Rows `[from, to)` of one series. */
export interface PartOfSeries {
  readonly place: number;
  readonly columns: BarColumns;
  readonly flags?: Uint8Array | undefined;
  readonly from: number;
  readonly to: number;
}

/** Closing time of a row, as `SeriesMerge` counts it. */
export function closingOf(rows: InstantRows, row: number, series: readonly Series[]): EpochMs {
  return rows.time[row] + TIMEFRAME_MS[series[rows.places?.[row] ?? 0].timeframe];
}

/** The first row behind those of the instant that begins at `from`. */
export function endOfInstant(rows: InstantRows, from: number, series: readonly Series[]): number {
  if (rows.places === undefined) return from + 1;
  const closing = closingOf(rows, from, series);
  let to = from + 1;
  while (to < rows.length && closingOf(rows, to, series) === closing) to += 1;
  return to;
}

/** The instants of several parts in the order of a backtest (trading.md 4.4): the code that merges its files. */
export function mergedRows(parts: readonly PartOfSeries[], series: readonly Series[]): InstantRows {
  const length = parts.reduce((sum, { from, to }) => sum + to - from, 0);
  const columns = createBarColumns(length);
  const places = new Uint8Array(length);
  const flags = new Uint8Array(length);
  const read = parts.map(({ from }) => from);
  const merge = new SeriesMerge(parts.map((part) => ({ timeframe: series[part.place].timeframe, source: [viewOf(part)] })));
  for (let bars = merge.next(); bars !== null; bars = merge.next()) {
    for (const { series: i, bar } of bars) {
      const part = parts[i];
      places[columns.length] = part.place;
      flags[columns.length] = part.flags?.[read[i]] ?? 0;
      read[i] += 1;
      appendBar(columns, bar);
    }
  }
  return { ...columns, places, flags };
}

/** Those rows `[from, to)` that are kept, as rows of their own. */
export function keptRows(rows: InstantRows, from: number, to: number, isKept: (row: number) => boolean): InstantRows {
  const columns = createBarColumns(to - from);
  const places = new Uint8Array(to - from);
  const bar = new BarCursor(rows);
  for (let row = from; row < to; row += 1) {
    if (!isKept(row)) continue;
    places[columns.length] = rows.places?.[row] ?? 0;
    appendBar(columns, bar.at(row));
  }
  return { ...columns, places };
}

/** The engine takes one instant, the rows `[from, to)`. */
export function stepInstant(engine: TradingEngine, rows: InstantRows, from: number, to: number): void {
  const { places } = rows;
  if (places === undefined) {
    engine.step(new BarCursor(rows).at(from));
    return;
  }
  const bars = Array.from({ length: to - from }, (_, i) => ({
    series: places[from + i],
    bar: new BarCursor(rows).at(from + i),
  }));
  engine.next({ kind: 'bars', bars });
}

/** The rows `[from, to)` by series, as a commit stores them. */
export function barsBySeries(
  rows: InstantRows,
  of: { readonly from: number; readonly to: number },
  series: readonly Series[],
): SeriesBars[] {
  const { from, to } = of;
  const found: SeriesBars[] = [];
  const bar = new BarCursor(rows);
  for (const [place, one] of series.entries()) {
    const columns = createBarColumns(to - from);
    const flags = new Uint8Array(to - from);
    for (let row = from; row < to; row += 1) {
      if ((rows.places?.[row] ?? 0) !== place) continue;
      flags[columns.length] = rows.flags?.[row] ?? 0;
      appendBar(columns, bar.at(row));
    }
    if (columns.length > 0) found.push({ series: one, columns, ...(rows.flags !== undefined && { flags }) });
  }
  return found;
}

function viewOf({ columns, from, to }: PartOfSeries): BarColumns {
  const part = (column: Float64Array): Float64Array => column.subarray(from, to);
  const { time, open, high, low, close, volume } = columns;
  return { time: part(time), open: part(open), high: part(high), low: part(low), close: part(close), volume: part(volume), length: to - from }; // prettier-ignore
}
