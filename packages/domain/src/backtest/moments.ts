/** Running mean and variance (Welford 1962), and the downside beside it: one pass, no list (backtesting.md 6). */
export class Moments {
  n = 0;
  mean = 0;
  #m2 = 0;
  #downside = 0;
  readonly #target: number;

  /** @param target values below it count as downside; default 0 */
  constructor(target = 0) {
    this.#target = target;
  }

  next(x: number): void {
    this.n += 1;
    const d = x - this.mean;
    this.mean += d / this.n;
    this.#m2 += d * (x - this.mean);
    if (x < this.#target) this.#downside += (x - this.#target) * (x - this.#target);
  }

  /** Sample standard deviation (n - 1); null for fewer than 2 values. */
  get sd(): number | null {
    return this.n < 2 ? null : Math.sqrt(this.#m2 / (this.n - 1));
  }

  /** Root of the mean squared shortfall over all values; null for fewer than 2. */
  get downsideDeviation(): number | null {
    return this.n < 2 ? null : Math.sqrt(this.#downside / this.n);
  }
}
