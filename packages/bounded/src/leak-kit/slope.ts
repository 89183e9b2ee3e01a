/** A straight line through measured points, with a bound on how far its slope can be trusted. */

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Slope {
  /** Least-squares slope, y per x. */
  readonly slope: number;
  /** Bounds of the two-sided 99 % confidence interval of the slope. */
  readonly low: number;
  readonly high: number;
}

/** Two-sided 99 % quantiles of Student's t by degrees of freedom 1..30; beyond, the normal value is near enough. Source: any table. */
const T_99 = [
  63.657, 9.925, 5.841, 4.604, 4.032, 3.707, 3.499, 3.355, 3.25, 3.169, 3.106, 3.055, 3.012, 2.977, 2.947, 2.921, 2.898, 2.878,
  2.861, 2.845, 2.831, 2.819, 2.807, 2.797, 2.787, 2.779, 2.771, 2.763, 2.756, 2.75,
];
const T_99_BEYOND = 2.576;

/** Ordinary least squares; undefined when fewer than three points or a single x leave nothing to judge by. */
export function fitSlope(points: readonly Point[]): Slope | undefined {
  const n = points.length;
  if (n < 3) return undefined;
  const meanX = mean(points.map((point) => point.x));
  const meanY = mean(points.map((point) => point.y));
  const sxx = points.reduce((sum, { x }) => sum + (x - meanX) ** 2, 0);
  if (sxx === 0) return undefined;
  const slope = points.reduce((sum, { x, y }) => sum + (x - meanX) * (y - meanY), 0) / sxx;
  const residuals = points.reduce((sum, { x, y }) => sum + (y - meanY - slope * (x - meanX)) ** 2, 0);
  const error = Math.sqrt(residuals / (n - 2) / sxx) * (T_99[n - 3] ?? T_99_BEYOND);
  return { slope, low: slope - error, high: slope + error };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
