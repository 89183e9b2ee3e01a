/** Test support: the full sequence of detection.md 12, G15, as bars. */
import type { Bar } from '../bar/bar.ts';

type Knot = readonly [number, number];

const CLOSES: readonly Knot[] = [
  [0, 140], [40, 118], [46, 108], [47, 103.5], [52, 111.6], [62, 101.4], [70, 111], [78, 102.2], [86, 110.6], [92, 101.4],
  [94, 100.7], [98, 104.4], [100, 100.9], [111, 110.9], [112, 114.6], [116, 112], [120, 117], [132, 128],
]; // prettier-ignore
const VOLUMES: readonly Knot[] = [
  [0, 1000], [40, 1000], [46, 1500], [47, 1500], [52, 1900], [57, 1000], [62, 900], [66, 1000], [70, 850], [74, 1000],
  [78, 600], [82, 900], [86, 450], [90, 900], [94, 360], [96, 800], [98, 700], [100, 240], [106, 700], [111, 900], [112, 2500],
  [116, 560], [120, 1200], [132, 1200],
]; // prettier-ignore
const OVERRIDES: Readonly<Record<number, Partial<Bar>>> = {
  47: { high: 108.6, low: 100, volume: 3200 },
  62: { low: 100.6 },
  94: { high: 101.6, low: 98.8, volume: 360 },
  112: { low: 110.7, high: 114.9, volume: 2500 },
};

const DAY_MS = 86_400_000;
const START_MS = Date.UTC(2024, 0, 1);

/** Bars 0..132; bar t opens on day t. */
export function goldenSeries(): Bar[] {
  const closes = Array.from({ length: 133 }, (_, t) => toCents(between(CLOSES, t)));
  return closes.map((close, t) => {
    const open = t === 0 ? 140 : closes[t - 1];
    return {
      time: START_MS + t * DAY_MS,
      open,
      high: toCents(Math.max(open, close) + 0.6),
      low: toCents(Math.min(open, close) - 0.6),
      close,
      volume: Math.round(between(VOLUMES, t)),
      ...OVERRIDES[t],
    };
  });
}

function between(knots: readonly Knot[], x: number): number {
  for (let i = 1; i < knots.length; i++) {
    const [x0, y0] = knots[i - 1];
    const [x1, y1] = knots[i];
    if (x <= x1) return y0 + ((x - x0) / (x1 - x0)) * (y1 - y0);
  }
  return knots[knots.length - 1][1];
}

function toCents(x: number): number {
  return Math.round(x * 100) / 100;
}
