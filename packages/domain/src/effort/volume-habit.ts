/** The instrument's own habit: an aged distribution of ln(volume ratio), from which quantiles are read (detection.md 13). */
import type { Features } from './features.ts';

const BINS = 128;
const FROM = Math.log(0.05);
const WIDTH = (Math.log(20) - FROM) / BINS;
/** Weights grow instead of the past shrinking; past this the whole histogram is scaled down. */
const RESCALE_AT = 2 ** 20;

export class VolumeHabit {
  readonly bins = new Float32Array(BINS);
  total = 0;
  weight = 1;
  samples = 0;
  readonly #growth: number;

  constructor(halfLifeBars: number) {
    this.#growth = 2 ** (1 / halfLifeBars);
  }

  push(now: Features): void {
    const volRatio = now.volRatio;
    if (volRatio !== volRatio) return;
    const at = volRatio > 0 ? Math.floor((Math.log(volRatio) - FROM) / WIDTH) : 0;
    this.bins[at < 0 ? 0 : at >= BINS ? BINS - 1 : at] += this.weight;
    this.total += this.weight;
    this.weight *= this.#growth;
    this.samples++;
    if (this.weight > RESCALE_AT) this.#rescale();
  }

  /** Volume ratio below which the share q of the aged past lies; NaN without samples. */
  quantile(q: number): number {
    if (this.total <= 0) return NaN;
    let need = q * this.total;
    for (let i = 0; i < BINS; i++) {
      const mass = this.bins[i];
      if (need <= mass && mass > 0) return Math.exp(FROM + (i + need / mass) * WIDTH);
      need -= mass;
    }
    return Math.exp(FROM + BINS * WIDTH);
  }

  /** Share of the aged past below this volume ratio, 0..1; NaN without samples. */
  share(volRatio: number): number {
    if (this.total <= 0 || volRatio !== volRatio) return NaN;
    const position = volRatio > 0 ? (Math.log(volRatio) - FROM) / WIDTH : 0;
    const whole = Math.floor(position);
    if (whole < 0) return 0;
    if (whole >= BINS) return 1;
    let mass = 0;
    for (let i = 0; i < whole; i++) mass += this.bins[i];
    return (mass + (position - whole) * this.bins[whole]) / this.total;
  }

  #rescale(): void {
    let total = 0;
    for (let i = 0; i < BINS; i++) {
      this.bins[i] /= RESCALE_AT;
      total += this.bins[i];
    }
    this.total = total;
    this.weight /= RESCALE_AT;
  }
}
