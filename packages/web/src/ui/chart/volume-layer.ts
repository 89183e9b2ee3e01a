/** Volume as effort: the 20-bar mean and which bars are climactic (detection.md: at least twice the mean of the 20 before). */
import type { Shape } from './shapes.ts';
import type { BarColumns, PaneView } from './view.ts';

/** Bars in the mean. */
export const MEAN_BARS = 20;
/** Volume to mean from which a bar is climactic. */
export const CLIMACTIC_RATIO = 2;

/** Mean volume of the 20 bars before `index`, itself left out; null with fewer. O(20). */
export function meanBefore(volume: ArrayLike<number>, index: number): number | null {
  if (index < MEAN_BARS) return null;
  let sum = 0;
  for (let i = index - MEAN_BARS; i < index; i += 1) sum += volume[i];
  return sum / MEAN_BARS;
}

/** Volume of a bar as a multiple of its mean; null where there is none. */
export function volumeRatio(volume: ArrayLike<number>, index: number): number | null {
  const mean = meanBefore(volume, index);
  return mean === null || mean === 0 ? null : volume[index] / mean;
}

/** Outlines around the climactic bars on screen. */
export function climacticOutlines(bars: BarColumns, view: PaneView): readonly Shape[] {
  const shapes: Shape[] = [];
  const base = view.y(0);
  if (base === null) return shapes;
  const half = Math.max(1, Math.floor(view.barSpacing * 0.4));
  for (let i = Math.max(MEAN_BARS, view.from); i <= Math.min(bars.length - 1, view.to); i += 1) {
    const ratio = volumeRatio(bars.v, i);
    const top = ratio !== null && ratio >= CLIMACTIC_RATIO ? view.y(bars.v[i]) : null;
    if (top !== null)
      shapes.push({ kind: 'outline', x1: view.x(i) - half, x2: view.x(i) + half, y1: top, y2: base, ink: { token: 'text' } });
  }
  return shapes;
}
