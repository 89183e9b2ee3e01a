/** Strength against a benchmark: closes of both, kept as far back as sixty bars (detection.md 8.2). */

const KEPT = 64;

export class Strength {
  readonly closes = new Float64Array(KEPT).fill(NaN);
  next = 0;

  /** NaN where no benchmark close was given. */
  push(benchClose: number): void {
    this.closes[this.next] = benchClose;
    this.next = (this.next + 1) % KEPT;
  }

  /** ln(C / C_n) - ln(B / B_n), n at most 60; NaN without the data. */
  relative(bars: number, closeNow: number, closeThen: number): number {
    const now = this.closes[(this.next - 1 + KEPT) % KEPT];
    const then = this.closes[(this.next - 1 - bars + KEPT) % KEPT];
    return Math.log(closeNow / closeThen) - Math.log(now / then);
  }
}
