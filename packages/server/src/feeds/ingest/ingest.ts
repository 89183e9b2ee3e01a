/** The door of the store for bars: each is judged by the rules, and what is believed is written in batches; the same bars again change nothing (TR-13). */
import { BAR_FLAGS, BarCursor, appendBar, createBarColumns, judgeBar, barRefusal, priceFactorBetween, type Bar, type BarColumns, type BarVerdict, type Calendar, type EpochMs, type Split } from '@wyckoff/domain'; // prettier-ignore
import type { BarStore, Series } from '../../store/store.ts';
import type { Quarantine } from './quarantine.ts';
import { StoredWalk } from './stored-walk.ts';

export type IngestStore = Pick<BarStore, 'barsBefore' | 'barsAfter' | 'importBars'>;

const BATCH = 500;

/** What became of a run of bars. `fetched = inserted + corrected + duplicates + quarantined + rejected`. */
export interface IngestResult {
  readonly fetched: number;
  readonly inserted: number;
  readonly corrected: number;
  readonly duplicates: number;
  readonly quarantined: number;
  readonly rejected: number;
  /** Remarks on bars that were accepted. */
  readonly late: number;
  readonly outliers: number;
  readonly zeroVolume: number;
  /** Bars the calendar expects between those that came. */
  readonly missing: number;
}

export const NOTHING: IngestResult = Object.freeze({ fetched: 0, inserted: 0, corrected: 0, duplicates: 0, quarantined: 0, rejected: 0, late: 0, outliers: 0, zeroVolume: 0, missing: 0 }); // prettier-ignore

/** A stored bar that the provider now tells otherwise. */
export interface Revision {
  readonly time: EpochMs;
  readonly old: Bar;
  readonly now: Bar;
}

export interface IngestOptions {
  readonly store: IngestStore;
  readonly calendarOf: (symbol: string) => Calendar;
  /** Wall clock; default `Date.now`. */
  readonly now?: (() => EpochMs) | undefined;
  /** Where outliers of a live feed wait; without it they are accepted and flagged, as history is. */
  readonly quarantine?: Quarantine | undefined;
  /** Splits of a symbol: they explain a jump. */
  readonly splitsOf?: ((symbol: string) => readonly Split[]) | undefined;
  /** Every verdict that is more than an ordinary acceptance, with its bar; the bar is a cursor. */
  readonly onVerdict?: ((series: Series, bar: Bar, verdict: BarVerdict) => void) | undefined;
  readonly onRevision?: ((series: Series, revision: Revision) => void) | undefined;
}

export interface IngestFrom {
  readonly provider: string;
  /** Bars of the moment: an outlier is held back. */
  readonly live?: boolean;
}

export class Ingest {
  readonly #options: IngestOptions;

  constructor(options: IngestOptions) {
    this.#options = options;
  }

  /** Takes bars in any order, any of them any number of times. */
  async take(series: Series, columns: BarColumns, from: IngestFrom): Promise<IngestResult> {
    let total = NOTHING;
    for (let row = 0; row < columns.length; row += BATCH) {
      total = addResults(total, await this.#batch(series, rowsOf(columns, row, Math.min(row + BATCH, columns.length)), from));
    }
    return total;
  }

  /** Lets a held bar in. False when none of this id is held. */
  async confirm(
    id: string,
    seriesOf: (symbol: string, timeframe: Series['timeframe']) => Promise<Series | null>,
  ): Promise<boolean> {
    const { quarantine, store } = this.#options;
    const held = quarantine?.find(id) ?? null;
    const series = held === null ? null : await seriesOf(held.series.symbol, held.series.timeframe);
    if (quarantine === undefined || held === null || series === null) return false;
    const columns = createBarColumns(1);
    appendBar(columns, held.bar);
    // Somebody has looked at it; that it moved so far stays written beside it.
    await store.importBars(series, columns, held.provider, { flags: Uint8Array.of(BAR_FLAGS.outlier) });
    await quarantine.release(id);
    return true;
  }

  async #batch(series: Series, columns: BarColumns, from: IngestFrom): Promise<IngestResult> {
    const { onVerdict, store, quarantine, onRevision } = this.#options;
    const tally = { ...NOTHING, fetched: columns.length };
    const rows = this.#fitRows(series, columns, tally);
    const believed = createBarColumns(rows.length);
    const flags = new Uint8Array(rows.length);
    if (rows.length === 0) return tally;
    const bar = new BarCursor(columns);
    const walk = await StoredWalk.open(store, series, columns.time[rows[0]]);
    const newest = await store.barsBefore(series, { limit: 1 });
    const context = { timeframe: series.timeframe, calendar: this.#options.calendarOf(series.symbol), now: this.#now(), live: from.live === true && quarantine !== undefined, newest: newest.length === 0 ? null : newest.time[0] }; // prettier-ignore
    const splits = this.#options.splitsOf?.(series.symbol) ?? [];
    let last: { readonly time: EpochMs; readonly close: number } | null = null;
    for (const row of rows) {
      bar.at(row);
      while (walk.lacks(bar.time)) await walk.load();
      const same = walk.at(bar.time);
      const before = laterOf(laterOf(walk.before, last), quarantine?.before(series, bar.time) ?? null);
      const priceFactor = before === null ? 1 : priceFactorBetween(splits, before.time, bar.time);
      const verdict = judgeBar(bar, { ...context, before, same, priceFactor });
      if (verdict.codes.length > 0) onVerdict?.(series, bar, verdict);
      remark(tally, verdict);
      last = { time: bar.time, close: bar.close };
      if (verdict.action === 'QUARANTINE') {
        tally.quarantined += 1;
        await quarantine?.hold({ series, bar: copyOf(bar), provider: from.provider, detail: verdict.detail, at: context.now });
        continue;
      }
      if (verdict.action === 'CORRECT' && same !== null)
        onRevision?.(series, { time: bar.time, old: copyOf(same), now: copyOf(bar) });
      flags[believed.length] = verdict.flags;
      appendBar(believed, bar);
    }
    const counts = await store.importBars(series, believed, from.provider, { flags });
    tally.inserted = counts.inserted;
    tally.corrected += counts.corrected;
    tally.duplicates += counts.duplicate;
    return tally;
  }

  /** Rules 1 to 3, then the order of time; of two rows of one time the later one holds, as if it had come in a batch of its own. */
  #fitRows(series: Series, columns: BarColumns, tally: { rejected: number; duplicates: number; corrected: number }): number[] {
    const { onVerdict, calendarOf } = this.#options;
    const bar = new BarCursor(columns);
    const context = { timeframe: series.timeframe, calendar: calendarOf(series.symbol), now: this.#now() };
    const rows: number[] = []; // bounded: one batch
    for (let row = 0; row < columns.length; row += 1) {
      const refusal = barRefusal(bar.at(row), context);
      if (refusal === null) rows.push(row);
      else {
        tally.rejected += 1;
        onVerdict?.(series, bar, refusal);
      }
    }
    rows.sort((a, b) => columns.time[a] - columns.time[b] || a - b);
    return rows.filter((row, i) => {
      const next = rows[i + 1] as number | undefined;
      if (next === undefined || columns.time[next] !== columns.time[row]) return true;
      if (equalRows(columns, row, next)) tally.duplicates += 1;
      else tally.corrected += 1;
      return false;
    });
  }

  #now(): EpochMs {
    return (this.#options.now ?? Date.now)();
  }
}

export function addResults(a: IngestResult, b: IngestResult): IngestResult {
  return {
    fetched: a.fetched + b.fetched,
    inserted: a.inserted + b.inserted,
    corrected: a.corrected + b.corrected,
    duplicates: a.duplicates + b.duplicates,
    quarantined: a.quarantined + b.quarantined,
    rejected: a.rejected + b.rejected,
    late: a.late + b.late,
    outliers: a.outliers + b.outliers,
    zeroVolume: a.zeroVolume + b.zeroVolume,
    missing: a.missing + b.missing,
  };
}

function remark(
  tally: { late: number; outliers: number; zeroVolume: number; missing: number },
  { codes, missing }: BarVerdict,
): void {
  if (codes.includes('BAR_LATE')) tally.late += 1;
  if (codes.includes('BAR_OUTLIER')) tally.outliers += 1;
  if (codes.includes('BAR_ZERO_VOLUME')) tally.zeroVolume += 1;
  tally.missing += missing;
}

function laterOf<T extends { readonly time: EpochMs }>(a: T | null, b: T | null): T | null {
  return a === null || b === null ? (a ?? b) : a.time >= b.time ? a : b;
}

function copyOf({ time, open, high, low, close, volume }: Bar): Bar {
  return { time, open, high, low, close, volume };
}

function rowsOf(columns: BarColumns, from: number, to: number): BarColumns {
  const { time, open, high, low, close, volume } = columns;
  const part = (column: Float64Array): Float64Array => column.subarray(from, to);
  return { time: part(time), open: part(open), high: part(high), low: part(low), close: part(close), volume: part(volume), length: to - from }; // prettier-ignore
}

function equalRows({ open, high, low, close, volume }: BarColumns, a: number, b: number): boolean {
  return open[a] === open[b] && high[a] === high[b] && low[a] === low[b] && close[a] === close[b] && volume[a] === volume[b];
}
