/** Wilson's interval of a share (trading.md 4.7): honest for small counts. */
const Z = 1.96;

/** Lower and upper bound at 95 %; null when nothing was counted. */
export function wilson(successes: number, n: number): readonly [number, number] | null {
  if (n === 0) return null;
  const p = successes / n;
  const denominator = 1 + (Z * Z) / n;
  const centre = (p + (Z * Z) / (2 * n)) / denominator;
  const half = (Z * Math.sqrt((p * (1 - p)) / n + (Z * Z) / (4 * n * n))) / denominator;
  return [Math.max(0, centre - half), Math.min(1, centre + half)];
}
