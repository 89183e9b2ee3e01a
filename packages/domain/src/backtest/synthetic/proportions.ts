/** The proportions of one structure, drawn at random within what Wyckoff's students describe. */
import type { Random } from './random.ts';

/** How a structure goes on after its phase B. */
export type Course = 'spring' | 'in-range' | 'spring-fails' | 'break-fails' | 'dissolves' | 'false-climax';

export interface Proportions {
  readonly course: Course;
  /** Width of the range in ln price: 6-25 %. */
  readonly width: number;
  /** Average range of a bar, ln price. */
  readonly unit: number;
  /** Bars of phase B wanted. */
  readonly causeBars: number;
  /** How near the edge a test must come to be one: 2 % of price, at most a quarter of the width. */
  readonly testZone: number;
}

export function drawProportions(random: Random, course: Course): Proportions {
  // Ranges of 8-14 % are the common ones; the tails reach 6 and 25 %.
  const width = Math.log(1 + clamp(0.11 * Math.exp(0.38 * random.normal()), 0.06, 0.25));
  const unit = width / random.between(5.2, 8.8);
  const causeBars = Math.round(clamp(42 * Math.exp(0.5 * random.normal()), 20, 120));
  return { course, width, unit, causeBars, testZone: Math.min(0.02, 0.25 * width) };
}

export function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}
