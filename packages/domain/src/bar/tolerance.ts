/** Comparisons of prices and ratios with the relative tolerance of 1e-9, so that 0.70 is never "< 0.70" (detection.md 1.2). */

const RELATIVE = 1e-9;
// Each comparison is one short function: one that calls another hands fractions across, which costs memory on every bar.
const { abs, max } = Math;

/** a > b beyond tolerance; false when either is NaN. */
export function above(a: number, b: number): boolean {
  return a > b + RELATIVE * max(abs(a), abs(b));
}

/** a < b beyond tolerance; false when either is NaN. */
export function below(a: number, b: number): boolean {
  return b > a + RELATIVE * max(abs(a), abs(b));
}

/** a >= b within tolerance; false when either is NaN. */
export function atLeast(a: number, b: number): boolean {
  return a >= b - RELATIVE * max(abs(a), abs(b));
}

/** a <= b within tolerance; false when either is NaN. */
export function atMost(a: number, b: number): boolean {
  return a <= b + RELATIVE * max(abs(a), abs(b));
}
