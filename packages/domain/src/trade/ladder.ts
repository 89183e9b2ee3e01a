/** The exit ladder: 50 / 30 / 20 % of the initial quantity at T1, T2, T3 (trading.md 6.3). */
import type { Price } from '../bar/bar.ts';

export const LADDER_PERCENT = [50, 30, 20] as const;

/** One take-profit order; `target` 1..3 names the first target it stands for. */
export interface Rung {
  readonly target: 1 | 2 | 3;
  readonly price: Price;
  readonly steps: number;
}

/** What of a ladder was done already. */
export interface LadderProgress {
  /** Everything the entry ever filled. */
  readonly initialSteps: number;
  readonly openSteps: number;
  /** Bit `i` set: the rung at target `i + 1` has fired; a fired one never works again. */
  readonly rungBits: number;
  /** Steps each target took so far, fired or not. */
  readonly rungSteps: readonly number[];
}

/**
 * Cuts whole steps into rungs: `min(rest, ceil(initial x pct / 100))`, the last takes the rest, empty ones are left out,
 * and neighbours at one price are one order.
 */
export function cutLadder(initialSteps: number, targets: readonly Price[]): readonly Rung[] {
  return recutLadder({ initialSteps, openSteps: initialSteps, rungBits: 0, rungSteps: [] }, targets);
}

/** The rungs that still have to fire, cut anew over what is open: after a later part of the entry, or after a trim. */
export function recutLadder(done: LadderProgress, targets: readonly Price[]): readonly Rung[] {
  const rungs: Rung[] = [];
  let rest = done.openSteps;
  // What a rung took for its neighbours at the same price, which it stands for.
  let ahead = 0;
  const last = lastUnfired(done.rungBits, targets.length);
  for (let i = 0; i <= last && rest > 0; i += 1) {
    if (hasFired(done.rungBits, i)) continue;
    const owed = ceilPercent(done.initialSteps, LADDER_PERCENT[i] ?? 0) - (done.rungSteps[i] ?? 0) - ahead;
    ahead = owed < 0 && targets[i + 1] === targets[i] ? -owed : 0;
    const steps = i === last ? rest : Math.min(rest, Math.max(0, owed));
    rest -= steps;
    const former = rungs.at(-1);
    if (former !== undefined && former.price === targets[i]) rungs[rungs.length - 1] = { ...former, steps: former.steps + steps };
    else if (steps > 0) rungs.push({ target: firstAt(i, done.rungBits, targets), price: targets[i] ?? 0, steps });
  }
  return rungs;
}

/** The bits of a rung that fired: its own and those of the targets at its price, which it stood for. */
export function bitsOf(target: 1 | 2 | 3, targets: readonly Price[]): number {
  let bits = 0;
  for (let i = target - 1; i < targets.length && targets[i] === targets[target - 1]; i += 1) bits |= 1 << i;
  return bits;
}

export function hasFired(rungBits: number, index: number): boolean {
  return (rungBits & (1 << index)) !== 0;
}

/** How many targets have fired, counted to the farthest. */
export function rungsDone(rungBits: number): number {
  return 32 - Math.clz32(rungBits);
}

/** The order at a price keeps the name of the first target it stands for, also when that one's own part is taken. */
function firstAt(index: number, rungBits: number, targets: readonly Price[]): Rung['target'] {
  let first = index;
  while (first > 0 && targets[first - 1] === targets[index] && !hasFired(rungBits, first - 1)) first -= 1;
  return (first + 1) as Rung['target'];
}

function lastUnfired(rungBits: number, count: number): number {
  for (let i = count - 1; i >= 0; i -= 1) if (!hasFired(rungBits, i)) return i;
  return -1;
}

/** `ceil(steps x percent / 100)` in integers; exact up to 9e13 steps. */
function ceilPercent(steps: number, percent: number): number {
  const whole = Math.floor(steps / 100) * percent;
  return whole + Math.ceil(((steps % 100) * percent) / 100);
}
