/** How much a level can be leaned on: touches, dwindling volume, rejection and age, 0-100 points (detection.md 3.6). */
import { atLeast, below } from '../bar/tolerance.ts';
import type { Touches } from './touches.ts';

/** STR-1. */
export function levelStrength(touches: Touches, list: number): number {
  const n = touches.count[list];
  if (n === 0) return 0;
  const count = n >= 5 ? 40 : n === 4 ? 30 : n === 3 ? 20 : n === 2 ? 10 : 0;
  const trend = touches.volumeTrend(list);
  const volume = below(trend, 0.85) ? 30 : below(trend, 1.15) ? 15 : 0;
  const wick = touches.meanWick(list);
  const rejection = atLeast(wick, 0.7) ? 20 : atLeast(wick, 0.5) ? 15 : atLeast(wick, 0.3) ? 10 : 5;
  const held = touches.lastBar(list) - touches.firstBar(list);
  const hold = held >= 30 ? 10 : held >= 20 ? 8 : held >= 10 ? 5 : 2;
  return count + volume + rejection + hold;
}

export function strengthRating(points: number): 'EXCELLENT' | 'STRONG' | 'MODERATE' | 'WEAK' {
  return points >= 85 ? 'EXCELLENT' : points >= 70 ? 'STRONG' : points >= 60 ? 'MODERATE' : 'WEAK';
}
