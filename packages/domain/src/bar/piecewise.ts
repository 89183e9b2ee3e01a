/** Piecewise linear scales: straight lines between the knots, constant outside (detection.md 1.2). */

/** Alternating x and y, x ascending: `[x0, y0, x1, y1, ...]`. */
export type Knots = readonly number[];

/** Value of the scale at x; NaN stays NaN. */
export function piecewise(knots: Knots, x: number): number {
  if (x !== x) return NaN;
  const last = knots.length - 2;
  if (x <= knots[0]) return knots[1];
  for (let i = 0; i < last; i += 2) {
    const right = knots[i + 2];
    if (x <= right) {
      const left = knots[i];
      return knots[i + 1] + ((x - left) / (right - left)) * (knots[i + 3] - knots[i + 1]);
    }
  }
  return knots[last + 1];
}

/** min(1, max(0, x)). */
export function clamp01(x: number): number {
  return x < 0 ? 0 : x > 1 ? 1 : x;
}
