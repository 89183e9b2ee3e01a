/** Volume against the same time of day on earlier days, for bars up to one hour (detection.md 2.5). */
import type { Features } from './features.ts';

const BUCKETS = 288;
const DAY_MINUTES = 1440;

export class SessionVolume {
  readonly means = new Float32Array(BUCKETS);
  readonly counts = new Uint8Array(BUCKETS);
  readonly #slotMinutes: number;
  readonly #factor: number;
  readonly #needed: number;

  /** `barMinutes` 1..60; 1-minute bars share buckets of five minutes. */
  constructor(barMinutes: number, halfLifeDays: number, minSamples: number) {
    const perDay = barMinutes === 1 ? 5 : 1;
    this.#slotMinutes = barMinutes === 1 ? 5 : barMinutes;
    this.#factor = 1 - 2 ** (-1 / (halfLifeDays * perDay));
    this.#needed = minSamples * perDay;
  }

  /** NaN while the bucket has too few samples or nothing was ever traded in it. */
  ratio(localMinute: number, now: Features): number {
    const at = this.#bucket(localMinute);
    return this.counts[at] < this.#needed || this.means[at] <= 0 ? NaN : now.volume / this.means[at];
  }

  push(localMinute: number, now: Features): void {
    const volume = now.volume;
    const at = this.#bucket(localMinute);
    if (this.counts[at] === 0) this.means[at] = volume;
    else this.means[at] += this.#factor * (volume - this.means[at]);
    if (this.counts[at] < 255) this.counts[at]++;
  }

  adjust(priceFactor: number): void {
    for (let i = 0; i < BUCKETS; i++) this.means[i] /= priceFactor;
  }

  #bucket(localMinute: number): number {
    return Math.floor((localMinute % DAY_MINUTES) / this.#slotMinutes);
  }
}
