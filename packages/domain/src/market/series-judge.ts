/** What the bars of one series say of each other in ascending order: flags of each bar, and the figures of all (trading.md 9.2 rules 6 to 8). */
import { TIMEFRAME_MS, type EpochMs, type Price, type Timeframe } from '../bar/bar.ts';
import type { BarColumns } from '../bar/columns.ts';
import { BAR_FLAGS, OUTLIER_MOVE, qualityScore } from './bar-rules.ts';
import type { Calendar } from './calendar.ts';
import { priceFactorBetween, type Split } from './corporate-action.ts';

/** Gaps named one by one: the largest. */
const NAMED_GAPS = 5;

/** Bars the calendar expects between two that follow each other. */
export interface Gap {
  /** Opening times of the bars around it. */
  readonly after: EpochMs;
  readonly before: EpochMs;
  readonly missing: number;
}

export interface SeriesFigures {
  readonly bars: number;
  readonly zeroVolume: number;
  readonly outliers: number;
  /** BAR_GAP. Bars that are missing; null without a calendar: nobody can say. */
  readonly gaps: number | null;
  /** 0 to 100; null without a bar. Unjudged gaps do not lower it. */
  readonly quality: number | null;
  /** At most five, the largest first. */
  readonly largest: readonly Gap[];
}

export interface SeriesJudgeOptions {
  readonly timeframe: Timeframe;
  /** Null: gaps are not judged. */
  readonly calendar: Calendar | null;
  /** They explain a jump. */
  readonly splits?: readonly Split[] | undefined;
}

interface Edge {
  readonly time: EpochMs;
  readonly close: Price;
}

export class SeriesJudge {
  readonly #options: SeriesJudgeOptions;
  readonly #slotMs: number;
  #first: Edge | null = null;
  #time: EpochMs = NaN;
  #close: Price = NaN;
  #bars = 0;
  #zeroVolume = 0;
  #outliers = 0;
  #missing = 0;
  #largest: readonly Gap[] = [];

  constructor(options: SeriesJudgeOptions) {
    this.#options = options;
    this.#slotMs = TIMEFRAME_MS[options.timeframe];
  }

  get figures(): SeriesFigures {
    const counts = { bars: this.#bars, zeroVolume: this.#zeroVolume, missing: this.#missing };
    const gaps = this.#options.calendar === null ? null : this.#missing;
    return { bars: this.#bars, zeroVolume: this.#zeroVolume, outliers: this.#outliers, gaps, quality: qualityScore(counts), largest: this.#largest }; // prettier-ignore
  }

  /** The next bar, later than the last one. Answers its flags, a sum of `BAR_FLAGS` without `revised`. */
  next(time: EpochMs, close: Price, volume: number): number {
    this.#first ??= { time, close };
    let flags = this.#bars === 0 ? 0 : this.#between(this.#time, this.#close, { time, close });
    if (volume === 0) {
      this.#zeroVolume += 1;
      flags += BAR_FLAGS.zeroVolume;
    }
    this.#bars += 1;
    this.#time = time;
    this.#close = close;
    return flags;
  }

  /**
   * A block of ascending bars, and its flags. Blocks may come oldest first or, of a descending file, newest first; one that overlaps what was
   * seen is judged in itself only.
   */
  block(columns: BarColumns): Uint8Array {
    const { time, close, volume, length } = columns;
    const flags = new Uint8Array(length);
    if (length === 0) return flags;
    const [seen, last] = [this.#first, length - 1];
    const [newestTime, newestClose] = [this.#time, this.#close];
    const follows = seen === null || time[0] > newestTime;
    if (!follows) this.#time = NaN;
    for (let row = 0; row < length; row += 1) flags[row] = this.next(time[row], close[row], volume[row]);
    if (follows) return flags;
    if (time[last] < seen.time) {
      this.#between(time[last], close[last], seen);
      this.#first = { time: time[0], close: close[0] };
    }
    if (newestTime > this.#time) [this.#time, this.#close] = [newestTime, newestClose];
    return flags;
  }

  #between(time: EpochMs, close: Price, next: Edge): number {
    const { calendar, timeframe, splits } = this.#options;
    let flags = 0;
    // A bar one slot after another lacks nothing in any market; the first of a block that does not follow has nothing before it.
    if (calendar !== null && next.time - time > this.#slotMs) {
      const missing = calendar.missingBetween(time, next.time, timeframe);
      if (missing > 0) {
        this.#missing += missing;
        this.#name({ after: time, before: next.time, missing });
        flags += BAR_FLAGS.gapBefore;
      }
    }
    if (Number.isNaN(time)) return flags;
    const factor = splits === undefined ? 1 : priceFactorBetween(splits, time, next.time);
    if (Math.abs(next.close / (close * factor) - 1) > OUTLIER_MOVE) {
      this.#outliers += 1;
      flags += BAR_FLAGS.outlier;
    }
    return flags;
  }

  #name(gap: Gap): void {
    const least = this.#largest.at(-1);
    if (this.#largest.length === NAMED_GAPS && least !== undefined && bySize(gap, least) >= 0) return;
    this.#largest = [...this.#largest, gap].sort(bySize).slice(0, NAMED_GAPS);
  }
}

/** The largest first, of equal ones the earliest. */
function bySize(a: Gap, b: Gap): number {
  return b.missing - a.missing || a.after - b.after;
}
