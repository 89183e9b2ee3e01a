/** How two series of returns went together. */
import type { Ratio } from '../bar/bar.ts';

/** Pearson's; null where one of both does not vary. */
export function correlationOf(pairs: readonly (readonly [number, number])[]): Ratio | null {
  const n = pairs.length;
  const meanOf = (at: 0 | 1): number => pairs.reduce((sum, pair) => sum + pair[at], 0) / n;
  const [mx, my] = [meanOf(0), meanOf(1)];
  let [xy, xx, yy] = [0, 0, 0];
  for (const [x, y] of pairs) {
    xy += (x - mx) * (y - my);
    xx += (x - mx) ** 2;
    yy += (y - my) ** 2;
  }
  return xx > 0 && yy > 0 ? xy / Math.sqrt(xx * yy) : null;
}
