/** How much of equity a pattern risks before the market is asked (trading.md 5.5 items 1 and 2). */
import type { Pattern } from '../setup/signal.ts';

/** Basis points of equity per pattern. */
export type PatternRisk = Readonly<Record<Pattern, number>>;

export const DEFAULT_PATTERN_RISK: PatternRisk = Object.freeze({
  SPRING: 50,
  UTAD: 50,
  TEST: 50,
  SOS: 80,
  SOW: 80,
  LPS: 70,
  LPSY: 70,
  EXTERNAL: 50,
});

/** A pattern may risk this much at most: the trade limit itself. */
export const PATTERN_RISK_MAX_BP = 200;

/** SOS and SOW by the volume ratio of the break bar: effort that was spent is a reason to believe. */
export function breakFactor(volRatio: number | null): number {
  if (volRatio === null || Number.isNaN(volRatio)) return 0.75;
  if (volRatio >= 2.5) return 1;
  if (volRatio >= 2.3) return 0.95;
  if (volRatio >= 2) return 0.9;
  return volRatio >= 1.7 ? 0.85 : 0.75;
}

/** FX below 4h: how deep the market is in this session. */
export function sessionFactor(session: string | null): number {
  if (session === 'OVERLAP') return 1;
  return session === 'LONDON' || session === 'NEW_YORK' ? 0.9 : 0.75;
}

/** Optional: the surer, the larger; unknown counts as unsure. */
export function confidenceFactor(confidence: number | null): number {
  if (confidence === null || !(confidence >= 80)) return 0.5;
  return confidence >= 90 ? 1 : 0.75;
}
