/** Reward to risk: the multiple of a target, the gate of each pattern, the plan over the whole ladder (trading.md 5.4). */
import type { Price, Ratio } from '../bar/bar.ts';
import { refusal } from './refusal.ts';
import type { Refusal } from './refusal.ts';
import type { Pattern } from './signal.ts';

/** Minimum, ideal and maximum of R at the judged target. */
const R_GATE: Readonly<Record<Pattern, readonly [number, number, number]>> = {
  SPRING: [3, 4, 10],
  UTAD: [3.5, 5, 12],
  TEST: [2.5, 3.5, 8],
  SOS: [2.5, 3.5, 8],
  SOW: [2.5, 3.5, 8],
  LPS: [2.5, 3.5, 8],
  LPSY: [2.5, 3.5, 8],
  EXTERNAL: [2.5, 3.5, 12],
};

export type RewardGrade = 'IDEAL' | 'ACCEPTABLE';

/** `(T - entry) / (entry - stop)`, the same for both directions. */
export function rewardToRisk(target: Price, entry: Price, stop: Price): Ratio {
  return (target - entry) / (entry - stop);
}

/** Down to 2 decimals; what is an exact hundredth up to float dust stays it. */
export function floor2(r: number): number {
  return Math.floor(r * 100 + 1e-7) / 100;
}

/** The target the gate judges: the second, the first of an EXTERNAL. */
export function judgedTarget(pattern: Pattern, targets: readonly Price[]): Price | undefined {
  return targets[pattern === 'EXTERNAL' ? 0 : 1];
}

/** `0.5 R(T1) + 0.3 R(T2) + 0.2 R(T3)`, rounded down to 2 decimals; null without three targets. */
export function ladderReward(targets: readonly Price[], entry: Price, stop: Price): Ratio | null {
  const [t1, t2, t3] = targets.map((target) => rewardToRisk(target, entry, stop));
  if (t1 === undefined || t2 === undefined || t3 === undefined) return null;
  const r = floor2(0.5 * t1 + 0.3 * t2 + 0.2 * t3);
  return Number.isFinite(r) ? r : null;
}

/** Below the minimum, above the maximum or unknown: refused. Also for the R of an approval at the last price (4.5). */
export function refuseReward(pattern: Pattern, r: Ratio | null): Refusal | null {
  const [least, , most] = R_GATE[pattern];
  if (r === null || !Number.isFinite(r)) return refusal('RK_CONTEXT', 'The reward cannot be computed.');
  if (r < least) return refusal('RK_R_TOO_LOW', 'The judged target pays too little for the risk.', { measured: r, limit: least });
  if (r > most) return refusal('RK_R_UNREALISTIC', 'The judged target is too far to be believed.', { measured: r, limit: most });
  return null;
}

export function gradeReward(pattern: Pattern, r: Ratio | null): RewardGrade | null {
  const [least, ideal] = R_GATE[pattern];
  if (r === null || !(r >= least)) return null;
  return r >= ideal ? 'IDEAL' : 'ACCEPTABLE';
}
