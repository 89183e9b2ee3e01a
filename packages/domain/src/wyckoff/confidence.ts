/** Points for each component of a pattern, and the one confidence formula (detection.md 6). */
import type { VolumeReliability } from '../bar/bar.ts';
import { clamp01, piecewise, type Knots } from '../bar/piecewise.ts';
import { atMost } from '../bar/tolerance.ts';

export type Pattern = 'SPRING' | 'UTAD' | 'SOS' | 'LPS' | 'SC' | 'ST' | 'AR';

/** CNF-1. Largest points of each component; each row sums to 100. */
export const WEIGHTS: Readonly<Record<Pattern, Readonly<Record<string, number>>>> = {
  SPRING: { volume: 25, depth: 15, recovery: 15, test: 20, strength: 10, quality: 10, close: 5 },
  UTAD: { volume: 15, depth: 15, speed: 20, test: 20, strength: 10, quality: 10, close: 10 },
  SOS: { volume: 30, spread: 15, close: 15, break: 10, cause: 15, prior: 10, quiet: 5 },
  LPS: { hold: 25, volume: 25, effort: 15, bounce: 10, parent: 15, distance: 10 },
  SC: { volume: 40, spread: 30, close: 30 },
  ST: { volumeDrop: 45, proximity: 25, hold: 20, close: 10 },
  AR: { rally: 80, speed: 15, volume: 5 },
};

/** The tables of detection.md 6.3. */
export const POINTS = {
  springVolume: [0.3, 25, 0.4, 18.75, 0.5, 12.5, 0.6, 6.25, 0.7, 3.125],
  springRecovery: [1, 15, 2, 12, 3, 9, 4, 7.5, 5, 6],
  testDecrease: [0, 14, 0.2, 17, 0.4, 20],
  testDistance: [1, 20, 2, 17, 3, 14],
  strength: [40, 0, 60, 5, 70, 7, 80, 10],
  quality: [50, 0, 70, 6, 90, 10],
  springClose: [0, 0, 0.5, 1.25, 0.7, 3.75, 0.8, 5],
  utadVolume: [1.2, 3, 1.5, 7, 1.7, 10, 2.0, 15],
  utadSpeed: [0, 20, 1, 16, 2, 12, 3, 8],
  utadClose: [0, 0, 0.5, 2.5, 0.7, 7.5, 0.8, 10],
  sosVolume: [1.3, 10.3, 1.5, 12.9, 1.7, 15.4, 2.0, 21.4, 2.3, 27.4, 2.5, 30],
  sosSpread: [1.2, 11.25, 1.5, 15],
  sosClose: [0, 0, 0.5, 3.75, 0.7, 11.25, 0.8, 15],
  sosBreak: [0, 3, 0.25, 5, 0.5, 6.7, 1.5, 10],
  sosCause: [10, 5, 20, 10, 30, 15],
  sosQuiet: [0.8, 5, 1.2, 0],
  lpsHold: [-2, 10, -1, 17, 0, 25],
  inRangeHold: [0.35, 10, 0.5, 18, 0.65, 25],
  lpsVolume: [0.5, 25, 0.6, 22, 0.9, 15, 1.0, 12, 1.5, 4],
  lpsBounce: [1, 6, 2, 10],
  lpsDistance: [1, 10, 2, 5, 3, 0],
  climaxVolume: [1.8, 27, 2.0, 30, 2.5, 35, 3.0, 40],
  climaxSpread: [1.5, 20, 1.8, 25, 2.0, 30],
  climaxClose: [0.5, 10, 0.6, 15, 0.7, 20, 0.8, 25, 0.9, 30],
  stVolumeDrop: [0, 0, 0.2, 20, 0.3, 28, 0.4, 35, 0.5, 40, 0.6, 45],
  stProximity: [0.5, 25, 1, 20.4, 1.5, 16.7, 2, 13.9],
  stHold: [0, 20, 0.5, 16.7, 1, 13.3],
  stClose: [0.3, 0, 0.5, 5, 0.7, 10],
  arRally: [1, 10, 4 / 3, 20, 5 / 3, 30],
  arSpeed: [5, 15, 8, 8, 10, 2],
  arVolume: [0.8, 0, 1.2, 5],
} satisfies Record<string, Knots>;

/** CNF-2. Points of one component from its table (detection.md 6.3); 0 where the measure is undefined. */
export function points(table: Knots, x: number): number {
  const value = piecewise(table, x);
  return value === value ? value : 0;
}

/** Spring and UTAD: a shallow poke scores little, one ATR is ideal, the limit is as deep as it may go. */
export function depthPoints(depthAtr: number, limitAtr: number): number {
  if (atMost(depthAtr, 0.3)) return 5 + (10 * depthAtr) / 0.3;
  if (atMost(depthAtr, 1)) return 15;
  return Math.max(5, 15 - (10 * (depthAtr - 1)) / (limitAtr - 1));
}

/** Last point: wide on rising volume is effort without result. */
export function effortPoints(spreadRatio: number, volRatio: number): number {
  const wide = clamp01((spreadRatio - 0.8) / 0.4);
  const busy = clamp01((volRatio - 0.9) / 0.2);
  const value = 15 - 6 * wide - 9 * wide * busy;
  return value === value ? value : 15;
}

export type Components = Record<string, number>;

/**
 * CNF-3. Takes weight from the volume component where volume cannot be trusted and gives it to the others.
 * Returns the sum, 0-100; `components` is rewritten.
 */
export function settle(
  components: Components,
  pattern: Pattern,
  options: { readonly reliability: VolumeReliability; readonly low: number },
): number {
  const share = options.reliability === 'NONE' ? 0 : options.reliability === 'LOW' ? options.low : 1;
  const key = pattern === 'ST' ? 'volumeDrop' : 'volume';
  const weight = WEIGHTS[pattern][key];
  let sum = 0;
  for (const name in components) {
    if (share !== 1) components[name] *= name === key ? share : (100 - share * weight) / (100 - weight);
    sum += components[name];
  }
  return Math.min(100, sum);
}

/** CNF-4. max(0, round(min(cap, score x sqrt(0.5 + 0.5 x phase confidence / 100) + adjustments))). */
export function confidenceOf(
  score: number,
  phaseConfidence: number,
  rest: { readonly adjustments: number; readonly cap: number },
): number {
  const value = score * Math.sqrt(0.5 + (0.5 * phaseConfidence) / 100) + rest.adjustments;
  return Math.max(0, Math.round(Math.min(rest.cap, value)));
}

/** Tier of a confidence. */
export function tierOf(confidence: number): 'EXCELLENT' | 'GOOD' | 'ACCEPTABLE' | 'WEAK' {
  return confidence >= 85 ? 'EXCELLENT' : confidence >= 75 ? 'GOOD' : confidence >= 70 ? 'ACCEPTABLE' : 'WEAK';
}
