/** The noise source of detection.md 11, N(seed): a market in which nobody knows anything. Synthetic, and labelled so. */
import type { EpochMs, Price } from '../bar/bar.ts';
import { createBarColumns, type BarColumns } from '../bar/columns.ts';

const STEPS = 8;
const GAP = 0.003;
const STEP = 0.006;
const DAY_MS = 86_400_000;

export interface NoiseOptions {
  readonly seed: number;
  /** Opening time of the first bar; default 0. */
  readonly startAt?: EpochMs;
  /** Default one day. */
  readonly barMs?: number;
  /**
   * Bounds at which the walk turns back without a jump, for runs of millions of bars on a grid of ticks, which a free walk leaves
   * behind; between them it is N(seed) itself. Default none.
   */
  readonly between?: readonly [low: Price, high: Price];
}

/** Starts at 100; opens at close x exp(0.003 g), eight steps x exp(0.006 g), volume 1000 exp(0.5 g); g standard normal. */
export class NoiseSource {
  readonly #barMs: number;
  readonly #low: Price;
  readonly #high: Price;
  #time: EpochMs;
  #close = 100;
  #state: number;
  #spare = NaN;
  /** -1 after an odd number of turns: the walk goes on as its own mirror image. */
  #way = 1;

  constructor(options: NoiseOptions) {
    this.#barMs = options.barMs ?? DAY_MS;
    this.#time = options.startAt ?? 0;
    this.#state = (options.seed * 0x9e3779b9) >>> 0;
    [this.#low, this.#high] = options.between ?? [0, Infinity];
  }

  /** Overwrites the columns with the next `rows` bars. */
  fill(columns: BarColumns, rows: number): void {
    for (let i = 0; i < rows; i++) {
      const open = this.#walk(this.#close, GAP);
      let price = open;
      let high = open;
      let low = open;
      for (let step = 0; step < STEPS; step++) {
        price = this.#walk(price, STEP);
        if (price > high) high = price;
        if (price < low) low = price;
      }
      this.#close = price;
      columns.time[i] = this.#time;
      columns.open[i] = open;
      columns.high[i] = high;
      columns.low[i] = low;
      columns.close[i] = price;
      columns.volume[i] = 1000 * Math.exp(0.5 * this.#normal());
      this.#time += this.#barMs;
    }
    columns.length = rows;
  }

  #walk(from: Price, size: number): Price {
    const to = from * Math.exp(this.#way * size * this.#normal());
    if (to > this.#high) return this.#turn(this.#high, to);
    if (to < this.#low) return this.#turn(this.#low, to);
    return to;
  }

  #turn(bound: Price, beyond: Price): Price {
    this.#way = -this.#way;
    return (bound * bound) / beyond;
  }

  /** Standard normal after Box and Muller (1958), both values used. */
  #normal(): number {
    if (this.#spare === this.#spare) {
      const kept = this.#spare;
      this.#spare = NaN;
      return kept;
    }
    const radius = Math.sqrt(-2 * Math.log(1 - this.#uniform()));
    const angle = 2 * Math.PI * this.#uniform();
    this.#spare = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  }

  /** mulberry32 (Ettinger): 0 <= u < 1. */
  #uniform(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let x = this.#state;
    x = Math.imul(x ^ (x >>> 15), x | 1);
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61);
    return ((x ^ (x >>> 14)) >>> 0) / 2 ** 32;
  }
}

/** N(seed) as a whole. */
export function noiseColumns(seed: number, bars: number): BarColumns {
  const columns = createBarColumns(bars);
  new NoiseSource({ seed }).fill(columns, bars);
  return columns;
}
