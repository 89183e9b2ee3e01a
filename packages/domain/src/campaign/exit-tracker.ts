/** What exit rules 4, 7-9 and 11 see of the last bars: divergences, lows, swings, closes; of fixed size, nothing allocated per bar. */
import type { Bar, Ratio } from '../bar/bar.ts';
import { correlationOf } from './correlation.ts';
import { sideOf } from '../trade/open-position.ts';
import type { OpenPosition } from '../trade/open-position.ts';

/** A power of two above everything looked back at. */
const KEPT = 32;
const DIVERGENCE_BARS = 10;
const EARLIER_BARS = 6;
/** `200 (1 - later / earlier) >= 60`: the later extreme on at most 0.7 of the volume of the earlier one. */
const DIVERGENCE_VOLUME = 0.7;
const DIVERGENCE_SPACING = 10;
const LOWS = 10;
/** Bars on either side that a swing exceeds. */
const WING = 2;
const RALLY_BARS = 20;
const SWINGS = 8;
const CORRELATED_BARS = 20;

/** Plain JSON. */
export interface ExitTrackerState {
  readonly bars: number;
  readonly highs: readonly number[];
  readonly lows: readonly number[];
  readonly volumes: readonly number[];
  /** Absent in states of older programs. */
  readonly closes?: readonly number[];
  readonly times?: readonly number[];
  readonly swings: { readonly up: SwingState; readonly down: SwingState };
}

interface SwingState {
  readonly count: number;
  readonly at: readonly number[];
  readonly price: readonly number[];
}

/** The last swings on one side: highs as they are, lows negated, so that a failed one is always the lower. */
class Swings {
  readonly at = new Int32Array(SWINGS);
  readonly price = new Float64Array(SWINGS);
  count = 0;

  restore(state: SwingState): void {
    this.at.set(state.at);
    this.price.set(state.price);
    this.count = state.count;
  }

  push(bar: number, price: number): void {
    const slot = this.count % SWINGS;
    this.at[slot] = bar;
    this.price[slot] = price;
    this.count += 1;
  }

  /** The slot of the `back`-th last swing; -1: there is none. */
  slot(back: number): number {
    return back < Math.min(this.count, SWINGS) ? (this.count - 1 - back) % SWINGS : -1;
  }

  state(): SwingState {
    return { count: this.count, at: [...this.at], price: [...this.price] };
  }
}

export class ExitTracker {
  readonly #highs = new Float64Array(KEPT);
  readonly #lows = new Float64Array(KEPT);
  readonly #volumes = new Float64Array(KEPT);
  readonly #closes = new Float64Array(KEPT);
  readonly #times = new Float64Array(KEPT);
  readonly #up = new Swings();
  readonly #down = new Swings();
  readonly #bars = new Int32Array(1);

  constructor(state?: ExitTrackerState) {
    if (state === undefined) return;
    this.#highs.set(state.highs);
    this.#lows.set(state.lows);
    this.#volumes.set(state.volumes);
    this.#closes.set(state.closes ?? []);
    this.#times.set(state.times ?? []);
    this.#up.restore(state.swings.up);
    this.#down.restore(state.swings.down);
    this.#bars[0] = state.bars;
  }

  next(bar: Bar): void {
    const n = this.#bars[0];
    const slot = n % KEPT;
    this.#highs[slot] = bar.high;
    this.#lows[slot] = bar.low;
    this.#volumes[slot] = bar.volume;
    this.#closes[slot] = bar.close;
    this.#times[slot] = bar.time;
    this.#bars[0] = n + 1;
    this.#noteSwing(this.#highs, 1, this.#up);
    this.#noteSwing(this.#lows, -1, this.#down);
  }

  /** After the bar of a position: counts a divergence against it, at most one per 10 bars (rule 4). */
  watch(position: OpenPosition): void {
    const spaced = position.divergences === 0 || position.bars - position.divergenceAt >= DIVERGENCE_SPACING;
    if (position.bars === 0 || !spaced || !this.#diverges(sideOf(position.direction))) return;
    position.divergences += 1;
    position.divergenceAt = position.bars;
  }

  /** Rule 7: a close below `ratio` times the mean of the last 10 lows; mirrored for shorts. */
  isBelowLows(side: 1 | -1, close: number, ratio: Ratio): boolean {
    if (this.#bars[0] < LOWS) return false;
    const values = side === 1 ? this.#lows : this.#highs;
    let sum = 0;
    for (let i = 1; i <= LOWS; i += 1) sum += values[(this.#bars[0] - i) % KEPT];
    const mean = sum / LOWS;
    return side === 1 ? close < ratio * mean : close > (2 - ratio) * mean;
  }

  /** Rule 8: on this bar a swing high was completed below `ratio` times the one before, not older than `within` bars. */
  isLowerSwing(side: 1 | -1, of: { readonly ratio: Ratio; readonly within: number }): boolean {
    const swings = side === 1 ? this.#up : this.#down;
    const last = swings.slot(0);
    const before = swings.slot(1);
    const age = this.#bars[0] - 1 - swings.at[Math.max(0, last)];
    if (before < 0 || age !== WING || age > of.within) return false;
    const [now, former] = [side * swings.price[last], side * swings.price[before]];
    return side === 1 ? now < of.ratio * former : now > (2 - of.ratio) * former;
  }

  /** Rule 9: swings of the last 20 bars that did not exceed the one before. */
  failedRallies(side: 1 | -1): number {
    const swings = side === 1 ? this.#up : this.#down;
    let failed = 0;
    for (let back = 0; back < SWINGS - 1; back += 1) {
      const [last, before] = [swings.slot(back), swings.slot(back + 1)];
      if (before < 0 || this.#bars[0] - swings.at[last] > RALLY_BARS) break;
      if (swings.price[last] <= swings.price[before]) failed += 1;
    }
    return failed;
  }

  /** Rule 11: how the returns of two series went together over the bars both have, of the last 31; null: fewer than 20, or one stood still. */
  correlationWith(other: ExitTracker): Ratio | null {
    const [mine, theirs] = [this.#returns(), other.#returns()];
    const pairs = [...mine].flatMap(([time, x]): [number, number][] => {
      const y = theirs.get(time);
      return y === undefined ? [] : [[x, y]];
    });
    return pairs.length < CORRELATED_BARS ? null : correlationOf(pairs);
  }

  /** Close to close, by the time of the later bar. */
  #returns(): ReadonlyMap<number, number> {
    const returns = new Map<number, number>();
    const n = this.#bars[0];
    for (let i = Math.max(1, n - KEPT + 1); i < n; i += 1) {
      const before = this.#closes[(i - 1) % KEPT];
      // bounded: KEPT
      if (before > 0) returns.set(this.#times[i % KEPT], this.#closes[i % KEPT] / before - 1);
    }
    return returns;
  }

  state(): ExitTrackerState {
    return {
      bars: this.#bars[0],
      highs: [...this.#highs],
      lows: [...this.#lows],
      volumes: [...this.#volumes],
      closes: [...this.#closes],
      times: [...this.#times],
      swings: { up: this.#up.state(), down: this.#down.state() },
    };
  }

  /** A bar beyond both neighbours on either side, known two bars later. */
  #noteSwing(values: Float64Array, sign: 1 | -1, swings: Swings): void {
    const n = this.#bars[0];
    if (n < 2 * WING + 1) return;
    const middle = n - 1 - WING;
    const price = sign * values[middle % KEPT];
    for (let i = 1; i <= WING; i += 1) {
      if (sign * values[(middle - i) % KEPT] >= price || sign * values[(middle + i) % KEPT] > price) return;
    }
    swings.push(middle, price);
  }

  /** A new extreme in the last 4 of 10 bars on at most 0.7 of the volume of the extreme before (detection.md 2.7, quality 60). */
  #diverges(side: 1 | -1): boolean {
    if (this.#bars[0] < DIVERGENCE_BARS) return false;
    const first = this.#bars[0] - DIVERGENCE_BARS;
    const earlier = this.#extreme(side, first, first + EARLIER_BARS);
    const later = this.#extreme(side, first + EARLIER_BARS, this.#bars[0]);
    const values = side === 1 ? this.#highs : this.#lows;
    const isBeyond = side * (values[later % KEPT] - values[earlier % KEPT]) > 0;
    return isBeyond && this.#volumes[later % KEPT] <= DIVERGENCE_VOLUME * this.#volumes[earlier % KEPT];
  }

  #extreme(side: 1 | -1, from: number, to: number): number {
    const values = side === 1 ? this.#highs : this.#lows;
    let at = from;
    for (let i = from + 1; i < to; i += 1) if (side * (values[i % KEPT] - values[at % KEPT]) > 0) at = i;
    return at;
  }
}
