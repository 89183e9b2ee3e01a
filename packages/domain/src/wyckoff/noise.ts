/** Test support: the noise source N(seed) of detection.md 11, a driftless random walk with volume that means nothing. */
import { createBarColumns, type BarColumns } from '../bar/columns.ts';

const STEPS = 8;
const GAP = 0.003;
const STEP = 0.006;

export interface NoiseOptions {
  readonly seed: number;
  /** Opening time of the first bar and spacing, ms. */
  readonly startMs?: number;
  readonly stepMs?: number;
  /** Close before the first bar. */
  readonly price?: number;
}

/** A stream of noise bars, written into columns chunk by chunk. */
export class Noise {
  #state: number;
  #spare = NaN;
  #close: number;
  #time: number;
  readonly #stepMs: number;

  constructor(options: NoiseOptions) {
    this.#state = (options.seed * 0x9e3779b9) >>> 0;
    this.#close = options.price ?? 100;
    this.#time = options.startMs ?? 0;
    this.#stepMs = options.stepMs ?? 86_400_000;
  }

  /** Overwrites the columns with the next `rows` bars. */
  fill(columns: BarColumns, rows: number): void {
    for (let i = 0; i < rows; i++) {
      const open = this.#close * Math.exp(GAP * this.#normal());
      let price = open;
      let high = open;
      let low = open;
      for (let step = 0; step < STEPS; step++) {
        price *= Math.exp(STEP * this.#normal());
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
      this.#time += this.#stepMs;
    }
    columns.length = rows;
  }

  /** Standard normal after Box and Muller. */
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

  /** 0..1, mulberry32. */
  #uniform(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let x = this.#state;
    x = Math.imul(x ^ (x >>> 15), x | 1);
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61);
    return ((x ^ (x >>> 14)) >>> 0) / 4_294_967_296;
  }
}

/** N(seed) as a whole. */
export function noiseColumns(seed: number, bars: number): BarColumns {
  const columns = createBarColumns(bars);
  new Noise({ seed }).fill(columns, bars);
  return columns;
}
