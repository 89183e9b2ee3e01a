/** The growing series: prices in logarithms while it is drawn, rounded bars once it is printed. */
import { appendBar, type BarColumns } from '../../bar/columns.ts';
import type { EpochMs, Timeframe } from '../../bar/bar.ts';
import { TIMEFRAME_MS } from '../../bar/bar.ts';

const HABIT_BARS = 20;
const DAY_MS = TIMEFRAME_MS['1d'];

/** A bar in natural logarithms of price. */
export interface LogBar {
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume: number;
}

export interface TapeOptions {
  readonly columns: BarColumns;
  readonly timeframe: Timeframe;
  readonly start: EpochMs;
  /** ln of the first price. */
  readonly logPrice: number;
  /** Usual volume of a bar, > 0. */
  readonly volume: number;
  /** Usual range of a bar, in ln price. */
  readonly range: number;
}

/** Prints bars and remembers the habit of the last 20: what a reader of the tape compares a bar's effort with. */
export class Tape {
  readonly columns: BarColumns;
  /** ln of the last close as printed. */
  close: number;
  readonly #volumes = new Float64Array(HABIT_BARS);
  readonly #ranges = new Float64Array(HABIT_BARS);
  readonly #stepMs: number;
  readonly #weekdaysOnly: boolean;
  #time: EpochMs;

  constructor(options: TapeOptions) {
    this.columns = options.columns;
    this.close = options.logPrice;
    this.#volumes.fill(options.volume);
    this.#ranges.fill(options.range);
    this.#stepMs = TIMEFRAME_MS[options.timeframe];
    this.#weekdaysOnly = options.timeframe === '1d';
    this.#time = options.start;
  }

  /** Number of bars printed, which is also the index of the next one. */
  get length(): number {
    return this.columns.length;
  }

  get room(): number {
    return this.columns.time.length - this.columns.length;
  }

  /** Mean volume of the last 20 bars. */
  get usualVolume(): number {
    return mean(this.#volumes);
  }

  /** Mean range of the last 20 bars, in ln price. */
  get usualRange(): number {
    return mean(this.#ranges);
  }

  /** How far the last `bars` bars reached below the last close (above it for side -1), ln price. */
  reach(side: 1 | -1, bars: number): number {
    const { low, high } = this.columns;
    let farthest = 0;
    for (let row = Math.max(0, this.length - bars); row < this.length; row++) {
      farthest = Math.max(farthest, side > 0 ? this.close - Math.log(low[row]) : Math.log(high[row]) - this.close);
    }
    return farthest;
  }

  print(bar: LogBar): void {
    const high = Math.max(bar.high, bar.open, bar.close);
    const low = Math.min(bar.low, bar.open, bar.close);
    const volume = Math.max(1, Math.round(bar.volume));
    const row = this.length;
    appendBar(this.columns, {
      time: this.#time,
      open: cents(bar.open),
      high: cents(high),
      low: cents(low),
      close: cents(bar.close),
      volume,
    });
    this.close = bar.close;
    this.#volumes[row % HABIT_BARS] = volume;
    this.#ranges[row % HABIT_BARS] = high - low;
    this.#advance();
  }

  #advance(): void {
    this.#time += this.#stepMs;
    if (!this.#weekdaysOnly) return;
    // 1970-01-01 was a Thursday.
    const weekday = (Math.floor(this.#time / DAY_MS) + 4) % 7;
    if (weekday === 6) this.#time += 2 * DAY_MS;
    else if (weekday === 0) this.#time += DAY_MS;
  }
}

/** Four significant decimals below 10, cents above: the grid of a stock. */
function cents(logPrice: number): number {
  const price = Math.exp(logPrice);
  const grid = price < 10 ? 10_000 : 100;
  return Math.max(1, Math.round(price * grid)) / grid;
}

function mean(values: Float64Array): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum / values.length;
}
