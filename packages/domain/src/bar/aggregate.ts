/** Longer bars from shorter ones, streaming: a bar is handed on only when it is closed, and says whether a part of it is missing. */
import { TradingDays, type ClockOf } from './aggregate-days.ts';
import { TIMEFRAME_MS, type Bar, type EpochMs, type Instrument, type Timeframe } from './bar.ts';
import { BarCursor, createBarColumns } from './columns.ts';
import type { StateIo } from './state-io.ts';
import { barDefect } from './validate.ts';

const DAY_MS = 86_400_000;
const WEEK_DAYS = 7;

export interface AggregatorOptions {
  readonly instrument: Instrument;
  /** Timeframe of the bars that come in. */
  readonly from: Timeframe;
  /** Timeframe of the bars that go out; longer. */
  readonly to: Timeframe;
  readonly clockOf: ClockOf;
  /** The bar is a cursor that is used again: keep nothing of it. */
  readonly onClosed: (bar: Bar, incomplete: boolean) => void;
}

/** Fixed size, nothing allocated per bar. Its public numbers are its state. */
export class BarAggregator {
  /** Bars handed on, whole and not. */
  complete = 0;
  incomplete = 0;
  /** Opening time of the last bar taken. */
  lastTime = -Infinity;
  /** End of the trading day of that bar. */
  dayUntil: EpochMs = 0;
  /** The bucket in hand; `parts` 0: none is open. */
  start: EpochMs = 0;
  end: EpochMs = 0;
  parts = 0;
  lacks = false;
  open = 0;
  high = 0;
  low = 0;
  close = 0;
  volume = 0;
  readonly #days: TradingDays;
  readonly #fromMs: number;
  readonly #toMs: number;
  readonly #onClosed: AggregatorOptions['onClosed'];
  readonly #row = createBarColumns(1);
  readonly #closed = new BarCursor(this.#row);

  /** @throws {RangeError} when `to` is not longer than `from`. */
  constructor({ instrument, from, to, clockOf, onClosed }: AggregatorOptions) {
    this.#fromMs = TIMEFRAME_MS[from];
    this.#toMs = TIMEFRAME_MS[to];
    if (!(this.#toMs > this.#fromMs)) throw new RangeError(`aggregation: expected a timeframe above ${from}, was ${to}`);
    this.#days = new TradingDays(instrument, clockOf);
    this.#onClosed = onClosed;
    this.#row.length = 1;
  }

  /** Takes a closed bar. What a detector refuses (unfit, again, late) is refused here too. */
  push(bar: Bar): void {
    const { time } = bar;
    if (!(time > this.lastTime) || barDefect(bar) !== null) return;
    const dated = this.#fromMs >= DAY_MS && time % DAY_MS === 0;
    this.#days.find(time, dated);
    const hole = this.#holeBefore(time);
    const began = this.lastTime > -Infinity;
    const lastEnd = this.lastTime + this.#fromMs;
    this.lastTime = time;
    if (time >= this.end) {
      if (this.parts > 0) {
        if (hole && lastEnd < this.end && (this.#days.aroundTheClock || time < this.dayUntil)) this.lacks = true;
        this.#handOn();
      }
      this.#begin(bar, dated);
      this.lacks = began ? hole && time > this.start : time > this.#firstPart();
    } else if (this.parts > 0) {
      this.#add(bar);
      if (hole) this.lacks = true;
    }
    this.dayUntil = this.#days.until;
    if (this.parts > 0 && time + this.#fromMs >= this.end) this.#handOn();
  }

  /** A split or contract roll: prices x factor, volume / factor. */
  adjust(priceFactor: number): void {
    this.open *= priceFactor;
    this.high *= priceFactor;
    this.low *= priceFactor;
    this.close *= priceFactor;
    this.volume /= priceFactor;
  }

  persist(io: StateIo): void {
    io.own(this);
  }

  /**
   * AGG-3. Are bars missing just before this one? Around the clock every gap counts. Elsewhere, without a calendar, only gaps inside a
   * trading day and a first bar after the known opening do: early closes, holidays and late openings cannot be told from gaps.
   */
  #holeBefore(time: EpochMs): boolean {
    if (this.lastTime === -Infinity) return false;
    if (this.#days.aroundTheClock || time < this.dayUntil) return time > this.lastTime + this.#fromMs;
    return this.#days.opensAtKnownTime && this.#fromMs < DAY_MS && time > this.#days.open;
  }

  /** The first bar of a stream must open its bucket, or the bucket is taken to lack its beginning. */
  #firstPart(): EpochMs {
    const days = this.#days;
    const longer = this.#toMs >= DAY_MS && this.#fromMs < DAY_MS && days.opensAtKnownTime;
    return longer ? this.start + (days.open - days.from) : this.start;
  }

  /** AGG-1. Intraday buckets are counted from the opening and end with the day; weeks begin on Monday. */
  #begin(bar: Bar, dated: boolean): void {
    const days = this.#days;
    const length = this.#toMs;
    if (length < DAY_MS) {
      const start = days.open + Math.floor((bar.time - days.open) / length) * length;
      this.start = start > days.from ? start : days.from;
      this.end = start + length < days.until ? start + length : days.until;
    } else if (length === DAY_MS) {
      this.start = days.from;
      this.end = days.until;
    } else {
      const { monday } = days;
      this.start = days.startOf(monday, dated);
      this.end = days.startOf(monday + WEEK_DAYS, dated);
    }
    this.open = bar.open;
    this.high = bar.high;
    this.low = bar.low;
    this.close = bar.close;
    this.volume = bar.volume;
    this.parts = 1;
  }

  #add(bar: Bar): void {
    if (bar.high > this.high) this.high = bar.high;
    if (bar.low < this.low) this.low = bar.low;
    this.close = bar.close;
    this.volume += bar.volume;
    this.parts += 1;
  }

  /** AGG-2. Called when the next bucket begins, or when the last bar closed at or after the bucket's own end: never earlier. */
  #handOn(): void {
    const row = this.#row;
    row.time[0] = this.start;
    row.open[0] = this.open;
    row.high[0] = this.high;
    row.low[0] = this.low;
    row.close[0] = this.close;
    row.volume[0] = this.volume;
    this.parts = 0;
    if (this.lacks) this.incomplete += 1;
    else this.complete += 1;
    this.#onClosed(this.#closed, this.lacks);
  }
}
