/** Exact counts by code, with a bound on how many codes are told apart (backtesting.md 7). */
const KEPT = 500;

export class Tally {
  #codes: readonly string[] = [];
  readonly #counts = new Float64Array(KEPT + 1);

  count(code: string): void {
    const known = this.#codes.indexOf(code);
    if (known >= 0) this.#counts[known] += 1;
    else if (this.#codes.length < KEPT) {
      this.#counts[this.#codes.length] = 1;
      // bounded: at most KEPT codes, checked above
      this.#codes = [...this.#codes, code];
    } else this.#counts[KEPT] += 1;
  }

  /** In the order of first appearance; what was too much is `OTHER`. */
  list(): Readonly<Record<string, number>> {
    const out = Object.fromEntries(this.#codes.map((code, i) => [code, this.#counts[i]]));
    return this.#counts[KEPT] > 0 ? { ...out, OTHER: this.#counts[KEPT] } : out;
  }
}
