/** The noise source of detection.md 11, N(seed): a market in which nobody knows anything. Synthetic, and labelled so. */
import { appendBar } from '../bar/columns.ts';
import type { BarColumns } from '../bar/columns.ts';
import type { EpochMs } from '../bar/bar.ts';

export interface NoiseOptions {
  readonly seed: number;
  readonly startAt: EpochMs;
  readonly barMs: number;
}

/** Starts at 100; opens at close x exp(0.003 g), eight steps x exp(0.006 g), volume 1000 exp(0.5 g); g standard normal. */
export class NoiseSource {
  readonly #barMs: number;
  #time: EpochMs;
  /** Logarithm of the price over 100, before it is folded. */
  #log = 0;
  #state: number;
  #spare = NaN;

  constructor(options: NoiseOptions) {
    this.#barMs = options.barMs;
    this.#time = options.startAt;
    this.#state = options.seed >>> 0;
  }

  /** Appends bars until the columns are full or `count` were added. */
  fill(columns: BarColumns, count: number): void {
    const room = Math.min(count, columns.time.length - columns.length);
    for (let i = 0; i < room; i += 1) this.#append(columns);
  }

  #append(columns: BarColumns): void {
    this.#log += 0.003 * this.#normal();
    const open = priceOf(this.#log);
    let high = open;
    let low = open;
    let close = open;
    for (let step = 0; step < 8; step += 1) {
      this.#log += 0.006 * this.#normal();
      close = priceOf(this.#log);
      if (close > high) high = close;
      if (close < low) low = close;
    }
    appendBar(columns, { time: this.#time, open, high, low, close, volume: 1000 * Math.exp(0.5 * this.#normal()) });
    this.#time += this.#barMs;
  }

  /** Box and Muller (1958), both values used. */
  #normal(): number {
    if (!Number.isNaN(this.#spare)) {
      const spare = this.#spare;
      this.#spare = NaN;
      return spare;
    }
    const radius = Math.sqrt(-2 * Math.log(1 - this.#uniform()));
    const angle = 2 * Math.PI * this.#uniform();
    this.#spare = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  }

  /** mulberry32 (Ettinger): 0 <= u < 1. */
  #uniform(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }
}

/**
 * Ten million bars of a geometric walk leave every tick grid behind, so the walk is folded back at 10 and at 1,000:
 * it turns there without a jump, and between them it is N(seed) itself.
 */
function priceOf(log: number): number {
  const reach = Math.LN10;
  const period = 4 * reach;
  const phase = (((log + reach) % period) + period) % period;
  return 100 * Math.exp(phase <= 2 * reach ? phase - reach : 3 * reach - phase);
}
