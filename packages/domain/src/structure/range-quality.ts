/** How good a trading range is: duration, touches, tightness and dwindling volume, 0-100 points (detection.md 3.5). */
import { atLeast, below } from '../bar/tolerance.ts';
import { RESISTANCE, SUPPORT } from './level-book.ts';
import type { Touches } from './touches.ts';

/** A side touched once counts as this loose (share of the width). */
const UNTESTED_TIGHTNESS = 0.18;

export function durationPoints(bars: number): number {
  return bars >= 40 ? 30 : bars >= 25 ? 20 : bars >= 15 ? 15 : bars >= 10 ? 10 : 0;
}

export function touchPoints(supports: number, resistances: number): number {
  const n = supports + resistances;
  const base = n >= 8 ? 30 : n >= 6 ? 25 : n >= 4 ? 15 : 5;
  const most = Math.max(supports, resistances);
  const balanced = most > 0 && atLeast(Math.min(supports, resistances) / most, 0.8);
  return Math.min(30, base + (balanced ? 5 : 0));
}

export function tightnessPoints(touches: Touches, width: number): number {
  const share = (list: number): number => {
    const deviation = touches.deviation(list);
    return deviation === deviation ? deviation / width : UNTESTED_TIGHTNESS;
  };
  const mean = (share(SUPPORT) + share(RESISTANCE)) / 2;
  return below(mean, 0.08) ? 20 : below(mean, 0.12) ? 15 : below(mean, 0.18) ? 10 : 0;
}

export function volumePoints(touches: Touches): number {
  return volumeSidePoints(touches.volumeTrend(SUPPORT)) + volumeSidePoints(touches.volumeTrend(RESISTANCE));
}

function volumeSidePoints(trend: number): number {
  return below(trend, 0.85) ? 10 : below(trend, 1.15) ? 5 : 0;
}

export function qualityGrade(points: number): 'EXCELLENT' | 'GOOD' | 'FAIR' | 'POOR' {
  return points >= 80 ? 'EXCELLENT' : points >= 60 ? 'GOOD' : points >= 40 ? 'FAIR' : 'POOR';
}

export type QualityWeakness = 'insufficient_duration' | 'weak_levels' | 'loose_clusters' | 'no_volume_confirmation';

export function qualityWeaknesses(parts: {
  readonly duration: number;
  readonly touches: number;
  readonly tightness: number;
  readonly volume: number;
}): QualityWeakness[] {
  const weak: QualityWeakness[] = [];
  if (parts.duration < 15) weak.push('insufficient_duration');
  if (parts.touches < 20) weak.push('weak_levels');
  if (parts.tightness < 10) weak.push('loose_clusters');
  if (parts.volume < 10) weak.push('no_volume_confirmation');
  return weak;
}
