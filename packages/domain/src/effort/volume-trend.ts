/** Volume over a stretch of bars: its trend, and its divergence from price (detection.md 2.7), for display. */

/** Least-squares slope of the values in per cent of their mean per bar: below -5 DECLINING, above +5 RISING. */
export function volumeTrend(values: readonly number[]): 'RISING' | 'FLAT' | 'DECLINING' | null {
  const n = values.length;
  if (n < 2) return null;
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  if (mean <= 0) return null;
  const middle = (n - 1) / 2;
  let covariance = 0;
  let variance = 0;
  values.forEach((value, i) => {
    covariance += (i - middle) * (value - mean);
    variance += (i - middle) ** 2;
  });
  const slope = (100 * covariance) / variance / mean;
  return slope < -5 ? 'DECLINING' : slope > 5 ? 'RISING' : 'FLAT';
}

/** Extremes (price in the direction looked at) and volumes of 10 bars: a new extreme in the last 4 on less than 80 % of the volume. */
export function volumeDivergence(extremes: readonly number[], volumes: readonly number[]): boolean {
  if (extremes.length < 10) return false;
  const peak = (from: number, to: number): number => {
    let at = from;
    for (let i = from; i < to; i++) if (extremes[i] > extremes[at]) at = i;
    return at;
  };
  const earlier = peak(0, 6);
  const later = peak(6, 10);
  return extremes[later] > extremes[earlier] && volumes[later] < 0.8 * volumes[earlier];
}
