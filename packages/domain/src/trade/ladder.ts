/** The exit ladder: 50 / 30 / 20 % of the initial quantity at T1, T2, T3 (trading.md 6.3). */
import type { Price } from '../bar/bar.ts';

export const LADDER_PERCENT = [50, 30, 20] as const;

/** One take-profit order; `target` 1..3 names the first target it stands for. */
export interface Rung {
  readonly target: 1 | 2 | 3;
  readonly price: Price;
  readonly steps: number;
}

/**
 * Cuts whole steps into rungs: `min(rest, ceil(initial x pct / 100))`, the last takes the rest, empty ones are left out,
 * and neighbours at one price are one order.
 */
export function cutLadder(initialSteps: number, targets: readonly Price[]): readonly Rung[] {
  const rungs: Rung[] = [];
  let rest = initialSteps;
  for (let i = 0; i < targets.length && rest > 0; i += 1) {
    const isLast = i === targets.length - 1;
    const steps = isLast ? rest : Math.min(rest, ceilPercent(initialSteps, LADDER_PERCENT[i] ?? 0));
    rest -= steps;
    const former = rungs.at(-1);
    if (former !== undefined && former.price === targets[i]) rungs[rungs.length - 1] = { ...former, steps: former.steps + steps };
    else if (steps > 0) rungs.push({ target: (i + 1) as Rung['target'], price: targets[i] ?? 0, steps });
  }
  return rungs;
}

/** `ceil(steps x percent / 100)` in integers; exact up to 9e13 steps. */
function ceilPercent(steps: number, percent: number): number {
  const whole = Math.floor(steps / 100) * percent;
  return whole + Math.ceil(((steps % 100) * percent) / 100);
}
