/** Comparisons of prices and ratios with the relative tolerance of 1e-9, so that 0.70 is never "< 0.70" (detection.md 1.2). */

const RELATIVE = 1e-9;

function slack(a: number, b: number): number {
  const x = a < 0 ? -a : a;
  const y = b < 0 ? -b : b;
  return RELATIVE * (x > y ? x : y);
}

/** a > b beyond tolerance; false when either is NaN. */
export function above(a: number, b: number): boolean {
  return a > b + slack(a, b);
}

/** a < b beyond tolerance; false when either is NaN. */
export function below(a: number, b: number): boolean {
  return b > a + slack(a, b);
}

/** a >= b within tolerance; false when either is NaN. */
export function atLeast(a: number, b: number): boolean {
  return a >= b - slack(a, b);
}

/** a <= b within tolerance; false when either is NaN. */
export function atMost(a: number, b: number): boolean {
  return a <= b + slack(a, b);
}
