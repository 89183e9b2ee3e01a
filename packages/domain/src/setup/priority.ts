/** Which signal of an instant is served first (trading.md 4.4). */
import type { Pattern } from './signal.ts';

const RANK: Readonly<Record<Pattern, number>> = { SPRING: 1, UTAD: 1, LPS: 2, LPSY: 2, SOS: 3, SOW: 3, TEST: 4, EXTERNAL: 4 };
const FLOOR = 70;

/** 0..100: `100 (0.40 c + 0.30 r + 0.30 p)`. */
export function priorityOf(signal: {
  readonly confidence: number;
  readonly rMultiple: number;
  readonly pattern: Pattern;
}): number {
  const c = clamp01((signal.confidence - FLOOR) / 25);
  const r = clamp01((signal.rMultiple - 2) / 3);
  const p = (4 - RANK[signal.pattern]) / 3;
  return 100 * (0.4 * c + 0.3 * r + 0.3 * p);
}

function clamp01(x: number): number {
  return Math.min(1, Math.max(0, x));
}
