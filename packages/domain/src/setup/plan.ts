/** The plan of a pattern: entry, stop, targets, reward to risk (trading.md 5.2-5.4). Computed once, used everywhere. */
import type { Price, Ratio, Timeframe } from '../bar/bar.ts';
import { DEFAULT_PLAN_POLICY } from './plan-policy.ts';
import type { PlanPolicy } from './plan-policy.ts';
import { refusal } from './refusal.ts';
import type { Refusal } from './refusal.ts';
import { floor2, gradeReward, judgedTarget, ladderReward, refuseReward, rewardToRisk } from './reward.ts';
import type { RewardGrade } from './reward.ts';
import type { EntryType, Pattern } from './signal.ts';
import { toTick } from './tick.ts';
import { TIMEFRAME_FACTOR } from './timeframe-factor.ts';

export interface PlanInput {
  readonly pattern: Exclude<Pattern, 'EXTERNAL'>;
  /** +1 long, -1 short. */
  readonly side: 1 | -1;
  /** Of the bar at whose close the record became knowable. */
  readonly close: Price;
  readonly support: Price;
  readonly resistance: Price;
  /** Spring low or UTAD high; needed by first legs. */
  readonly extreme: Price | null;
  readonly objectives: readonly Price[];
  readonly tickSize: number;
  readonly timeframe: Timeframe;
  /** Default: `DEFAULT_PLAN_POLICY`. */
  readonly policy?: PlanPolicy;
  /** Three quarters of the stop distance: an entry that only `permissive` prerequisites let through (5.5 check 4). */
  readonly tightened?: boolean;
}

export interface Plan {
  readonly entryType: EntryType;
  readonly entryPrice: Price;
  /** Bars the entry may wait: MARKET 1, STOP 5, LIMIT 10 (4.3). */
  readonly validBars: number;
  readonly stopPrice: Price;
  readonly stopReason: string;
  /** T1, T2, T3 outward, or empty when there is no objective. */
  readonly targets: readonly Price[];
  /** R at the judged target (T2; EXTERNAL: T1), rounded down to 2 decimals; null without targets. */
  readonly rMultiple: Ratio | null;
  /** Over the whole ladder: `0.5 R(T1) + 0.3 R(T2) + 0.2 R(T3)`. */
  readonly rPlan: Ratio | null;
  /** Null below the minimum. */
  readonly reward: RewardGrade | null;
  /** What the percentages marked * were multiplied by; the gap allowance of the size takes the same. */
  readonly scale: number;
  readonly isTightened: boolean;
  /** Why it cannot be traded; null when it can. */
  readonly refusal: Refusal | null;
}

const VALID_BARS: Readonly<Record<EntryType, number>> = { MARKET: 1, STOP: 5, LIMIT: 10 };
/** Fractions of the price, all multiplied by the timeframe factor. */
const F_ENTRY = 0.005;
const L_ENTRY = 0.01;
const STOP_BEYOND = { SPRING: 0.02, UTAD: 0.02, TEST: 0.03, SOS: 0.05, SOW: 0.05, LPS: 0.03, LPSY: 0.03 } as const;
const STOP_MIN = 0.01;
const STOP_MAX = 0.1;
const RANGE_MAX = 0.15;
/** Share of the stop distance that is kept. */
const TIGHTENED = 0.75;
/** Range widths beyond the edge of the measured targets. */
const MEASURED = [1, 1.25, 1.5] as const;

export interface Entry {
  readonly type: EntryType;
  readonly price: Price;
}

export interface Stop {
  readonly price: Price;
  readonly reason: string;
  readonly refusal: Refusal | null;
}

/** Plans an entry; `refusal` is set when the prices leave none. */
export function planEntry(input: PlanInput): Plan {
  const entry = entryOf(input);
  const stop = stopOf(input, entry.price);
  const targets = targetsOf(input, entry.price);
  return finishPlan({ ...input, scale: scaleOf(input), isTightened: input.tightened ?? false }, { entry, stop, targets });
}

interface Parts {
  readonly entry: Entry;
  readonly stop: Stop;
  readonly targets: readonly Price[];
}

/** Reward and refusals over the prices of a plan. */
export function finishPlan(
  of: { readonly pattern: Pattern; readonly side: 1 | -1; readonly scale: number; readonly isTightened: boolean },
  { entry, stop, targets }: Parts,
): Plan {
  const judged = judgedTarget(of.pattern, targets);
  const r = judged === undefined ? null : floor2(rewardToRisk(judged, entry.price, stop.price));
  const rMultiple = r !== null && Number.isFinite(r) ? r : null;
  return {
    entryType: entry.type,
    entryPrice: entry.price,
    validBars: VALID_BARS[entry.type],
    stopPrice: stop.price,
    stopReason: stop.reason,
    targets,
    rMultiple,
    rPlan: ladderReward(targets, entry.price, stop.price),
    reward: gradeReward(of.pattern, rMultiple),
    scale: of.scale,
    isTightened: of.isTightened,
    refusal: stop.refusal ?? refuseTargets(of.side, entry.price, targets) ?? refuseReward(of.pattern, rMultiple),
  };
}

/** The edge the trade breaks through (resistance of a long). */
export function breakingEdge(input: Pick<PlanInput, 'side' | 'support' | 'resistance'>): Price {
  return input.side === 1 ? input.resistance : input.support;
}

/** The edge that protects the trade (support of a long). */
export function protectingEdge(input: Pick<PlanInput, 'side' | 'support' | 'resistance'>): Price {
  return input.side === 1 ? input.support : input.resistance;
}

/** The factor of every percentage marked *; 1 when `stops.scaleWithTimeframe` is off. */
export function scaleOf({ timeframe, policy }: Pick<PlanInput, 'timeframe' | 'policy'>): number {
  return (policy ?? DEFAULT_PLAN_POLICY).scaleWithTimeframe ? TIMEFRAME_FACTOR[timeframe] : 1;
}

function scaled(input: PlanInput, fraction: number): number {
  return fraction * scaleOf(input);
}

function entryOf(input: PlanInput): Entry {
  const { pattern, side } = input;
  const close = toTick(input.close, input.tickSize, 'nearest');
  if (pattern === 'SOS' || pattern === 'SOW') return { type: 'MARKET', price: close };
  const isLast = pattern === 'LPS' || pattern === 'LPSY';
  const edge = isLast ? breakingEdge(input) : protectingEdge(input);
  const price = toTick(edge * (1 + side * scaled(input, isLast ? L_ENTRY : F_ENTRY)), input.tickSize, 'nearest');
  if (isLast) return side * (price - close) >= 0 ? { type: 'MARKET', price: close } : { type: 'LIMIT', price };
  return side * (price - close) > 0 ? { type: 'STOP', price } : { type: 'MARKET', price: close };
}

function stopOf(input: PlanInput, entry: Price): Stop {
  const { pattern, side } = input;
  const base = stopBase(input);
  const beyond = base.price * (1 - side * scaled(input, STOP_BEYOND[pattern]));
  const wanted = input.tightened === true ? entry - (entry - beyond) * TIGHTENED : beyond;
  const placed = placeStop({ side, entry, wanted, scale: scaleOf(input), tickSize: input.tickSize });
  const reason = placed.isMoved ? `${base.reason}, moved to the least distance` : base.reason;
  return { price: placed.price, reason, refusal: placed.refusal ?? refuseRange(input) };
}

/** Never nearer than 1 %*, never farther than 10 %*; on the tick away from the entry. */
export function placeStop(of: {
  readonly side: 1 | -1;
  readonly entry: Price;
  readonly wanted: Price;
  readonly scale: number;
  readonly tickSize: number;
}): { readonly price: Price; readonly isMoved: boolean; readonly refusal: Refusal | null } {
  const { side, entry, wanted, scale, tickSize } = of;
  const distance = side * (entry - wanted);
  const isNear = distance < entry * STOP_MIN * scale;
  const unrounded = isNear ? entry * (1 - side * STOP_MIN * scale) : wanted;
  const price = toTick(unrounded, tickSize, side === 1 ? 'down' : 'up');
  return { price, isMoved: isNear && distance > 0, refusal: refuseStop({ side, entry, wanted, unrounded, scale }) };
}

function stopBase(input: PlanInput): { readonly price: Price; readonly reason: string } {
  const { side, pattern } = input;
  const protecting = protectingEdge(input);
  const extreme = input.extreme ?? NaN;
  const outer = side === 1 ? Math.min : Math.max;
  if (pattern === 'SPRING' || pattern === 'UTAD') return { price: extreme, reason: `beyond the ${pattern} extreme` };
  if (pattern === 'TEST') return { price: outer(extreme, protecting), reason: 'beyond the extreme and the edge' };
  return { price: breakingEdge(input), reason: 'beyond the broken edge' };
}

function refuseStop(of: {
  readonly side: 1 | -1;
  readonly entry: Price;
  readonly wanted: Price;
  readonly unrounded: Price;
  readonly scale: number;
}): Refusal | null {
  if (![of.entry, of.wanted].every((price) => Number.isFinite(price) && price > 0))
    return refusal('RK_CONTEXT', 'A price of the plan is missing.');
  if (of.side * (of.entry - of.wanted) <= 0)
    return refusal('RK_STOP_SIDE', 'The stop is not on the losing side of the entry.', { measured: of.wanted, limit: of.entry });
  const measured = Math.abs(of.entry - of.unrounded) / of.entry;
  const limit = STOP_MAX * of.scale;
  return measured > limit * (1 + 1e-9)
    ? refusal('RK_STOP_TOO_WIDE', 'The stop is too far from the entry.', { measured, limit })
    : null;
}

/** A break of a wide range has its stop beyond the far edge: the last point is the entry. */
function refuseRange(input: PlanInput): Refusal | null {
  if (![input.support, input.resistance].every((price) => Number.isFinite(price) && price > 0))
    return refusal('RK_CONTEXT', 'A price of the plan is missing.');
  const measured = (input.resistance - input.support) / input.support;
  const limit = scaled(input, RANGE_MAX);
  if ((input.pattern !== 'SOS' && input.pattern !== 'SOW') || measured <= limit * (1 + 1e-9)) return null;
  return refusal('RK_STOP_TOO_WIDE', 'The range is so wide that the stop belongs beyond its other edge.', { measured, limit });
}

/** T1-T3, rounded towards the entry; a missing one equals the last existing one (5.3). */
function targetsOf(input: PlanInput, entry: Price): readonly Price[] {
  const { side } = input;
  const edge = breakingEdge(input);
  const beyond = objectivesOf(input, edge);
  if (beyond.length === 0) return [];
  const isInside =
    (input.pattern === 'SPRING' || input.pattern === 'UTAD' || input.pattern === 'TEST') && side * (edge - entry) > 0;
  const raw = (isInside ? [edge, ...beyond] : beyond).slice(0, 3);
  const last = raw.at(-1) ?? NaN;
  return [0, 1, 2].map((i) => toTick(raw[i] ?? last, input.tickSize, side === 1 ? 'down' : 'up'));
}

/** The record's objectives beyond the edge, sorted outward, or one, one and a quarter, one and a half widths of the range. */
function objectivesOf(input: PlanInput, edge: Price): readonly Price[] {
  const { side, support, resistance } = input;
  if ((input.policy ?? DEFAULT_PLAN_POLICY).targets === 'measured')
    return MEASURED.map((widths) => edge + side * widths * (resistance - support));
  return input.objectives.filter((price) => side * (price - edge) > 0).sort((a, b) => side * (a - b));
}

function refuseTargets(side: 1 | -1, entry: Price, targets: readonly Price[]): Refusal | null {
  const first = targets[0];
  if (first === undefined) return refusal('RK_TARGET', 'There is no target.');
  if (!targets.every(Number.isFinite)) return refusal('RK_CONTEXT', 'A target is missing.');
  if (side * (first - entry) <= 0)
    return refusal('RK_TARGET', 'The first target is not beyond the entry.', { measured: first, limit: entry });
  return null;
}
