/** The score interval of a proportion (Wilson 1927), which stays inside 0..1 and is honest for few trials. */

export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** 95 %. */
const Z = 1.959963984540054;

/** Null without trials. */
export function wilson(successes: number, trials: number): Interval | null {
  if (trials <= 0) return null;
  const share = successes / trials;
  const shrink = 1 + (Z * Z) / trials;
  const centre = (share + (Z * Z) / (2 * trials)) / shrink;
  const half = (Z / shrink) * Math.sqrt((share * (1 - share)) / trials + (Z * Z) / (4 * trials * trials));
  return { low: round4(Math.max(0, centre - half)), high: round4(Math.min(1, centre + half)) };
}

/** Four decimals, as every figure of this harness is given. */
export function round4(value: number): number {
  return Math.round(value * 10_000) / 10_000;
}

/** numerator / denominator to four decimals; null when there is nothing to divide by. */
export function share(numerator: number, denominator: number): number | null {
  return denominator === 0 ? null : round4(numerator / denominator);
}
