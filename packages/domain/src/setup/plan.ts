/** The plan of a pattern: entry, stop, targets, reward to risk (trading.md 5.2-5.4). Computed once, used everywhere. */
import type { Price, Ratio, Timeframe } from '../bar/bar.ts';
import { refusal } from './refusal.ts';
import type { Refusal } from './refusal.ts';
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
  /** R at T2, rounded down to 2 decimals; null without targets. */
  readonly rMultiple: Ratio | null;
  /** Why it cannot be traded; null when it can. */
  readonly refusal: Refusal | null;
}

const VALID_BARS: Readonly<Record<EntryType, number>> = { MARKET: 1, STOP: 5, LIMIT: 10 };
/** Minimum and maximum of R at T2. */
const R_GATE: Readonly<Record<PlanInput['pattern'], readonly [number, number]>> = {
  SPRING: [3, 10],
  UTAD: [3.5, 12],
  TEST: [2.5, 8],
  SOS: [2.5, 8],
  SOW: [2.5, 8],
  LPS: [2.5, 8],
  LPSY: [2.5, 8],
};
/** Fractions of the price, all multiplied by the timeframe factor. */
const F_ENTRY = 0.005;
const L_ENTRY = 0.01;
const STOP_BEYOND = { SPRING: 0.02, UTAD: 0.02, TEST: 0.03, SOS: 0.05, SOW: 0.05, LPS: 0.03, LPSY: 0.03 } as const;
const STOP_MIN = 0.01;
const STOP_MAX = 0.1;
const RANGE_MAX = 0.15;

interface Entry {
  readonly type: EntryType;
  readonly price: Price;
}

interface Stop {
  readonly price: Price;
  readonly reason: string;
  readonly refusal: Refusal | null;
}

/** Plans an entry; `refusal` is set when the prices leave none. */
export function planEntry(input: PlanInput): Plan {
  const entry = entryOf(input);
  const stop = stopOf(input, entry.price);
  const targets = targetsOf(input, entry.price);
  const rMultiple = targets.length === 0 ? null : floor2(rewardToRisk(targets[1] ?? NaN, entry.price, stop.price));
  return {
    entryType: entry.type,
    entryPrice: entry.price,
    validBars: VALID_BARS[entry.type],
    stopPrice: stop.price,
    stopReason: stop.reason,
    targets,
    rMultiple: rMultiple !== null && Number.isFinite(rMultiple) ? rMultiple : null,
    refusal: stop.refusal ?? refuseTargets(input, entry.price, targets) ?? refuseReward(input.pattern, rMultiple),
  };
}

/** `(T - entry) / (entry - stop)`, the same for both directions. */
export function rewardToRisk(target: Price, entry: Price, stop: Price): Ratio {
  return (target - entry) / (entry - stop);
}

/** Down to 2 decimals; what is an exact hundredth up to float dust stays it. */
export function floor2(r: number): number {
  return Math.floor(r * 100 + 1e-7) / 100;
}

/** The edge the trade breaks through (resistance of a long). */
export function breakingEdge(input: Pick<PlanInput, 'side' | 'support' | 'resistance'>): Price {
  return input.side === 1 ? input.resistance : input.support;
}

/** The edge that protects the trade (support of a long). */
export function protectingEdge(input: Pick<PlanInput, 'side' | 'support' | 'resistance'>): Price {
  return input.side === 1 ? input.support : input.resistance;
}

function scaled(input: PlanInput, fraction: number): number {
  return fraction * TIMEFRAME_FACTOR[input.timeframe];
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
  const wanted = base.price * (1 - side * scaled(input, STOP_BEYOND[pattern]));
  const isLeastMoved = side * (entry - wanted) < entry * scaled(input, STOP_MIN);
  const unrounded = isLeastMoved ? entry * (1 - side * scaled(input, STOP_MIN)) : wanted;
  const price = toTick(unrounded, input.tickSize, side === 1 ? 'down' : 'up');
  const reason = isLeastMoved && side * (entry - wanted) > 0 ? `${base.reason}, moved to the least distance` : base.reason;
  return { price, reason, refusal: refuseStop(input, { entry, wanted, unrounded }) };
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

function refuseStop(
  input: PlanInput,
  of: { readonly entry: Price; readonly wanted: Price; readonly unrounded: Price },
): Refusal | null {
  const numbers = [of.entry, of.wanted, input.support, input.resistance];
  if (!numbers.every((price) => Number.isFinite(price) && price > 0))
    return refusal('RK_CONTEXT', 'A price of the plan is missing.');
  if (input.side * (of.entry - of.wanted) <= 0)
    return refusal('RK_STOP_SIDE', 'The stop is not on the losing side of the entry.', { measured: of.wanted, limit: of.entry });
  const distance = Math.abs(of.entry - of.unrounded) / of.entry;
  const most = scaled(input, STOP_MAX);
  if (distance > most * (1 + 1e-9))
    return refusal('RK_STOP_TOO_WIDE', 'The stop is too far from the entry.', { measured: distance, limit: most });
  const isBreak = input.pattern === 'SOS' || input.pattern === 'SOW';
  const width = (input.resistance - input.support) / input.support;
  const widest = scaled(input, RANGE_MAX);
  if (isBreak && width > widest * (1 + 1e-9))
    return refusal('RK_STOP_TOO_WIDE', 'The range is so wide that the stop belongs beyond its other edge.', {
      measured: width,
      limit: widest,
    });
  return null;
}

/** T1-T3, rounded towards the entry; a missing one equals the last existing one (5.3). */
function targetsOf(input: PlanInput, entry: Price): readonly Price[] {
  const { side } = input;
  const edge = breakingEdge(input);
  const beyond = input.objectives.filter((price) => side * (price - edge) > 0).sort((a, b) => side * (a - b));
  if (beyond.length === 0) return [];
  const isInside =
    (input.pattern === 'SPRING' || input.pattern === 'UTAD' || input.pattern === 'TEST') && side * (edge - entry) > 0;
  const raw = (isInside ? [edge, ...beyond] : beyond).slice(0, 3);
  const last = raw.at(-1) ?? NaN;
  return [0, 1, 2].map((i) => toTick(raw[i] ?? last, input.tickSize, side === 1 ? 'down' : 'up'));
}

function refuseTargets(input: PlanInput, entry: Price, targets: readonly Price[]): Refusal | null {
  const first = targets[0];
  if (first === undefined) return refusal('RK_TARGET', 'There is no target.');
  if (input.side * (first - entry) <= 0)
    return refusal('RK_TARGET', 'The first target is not beyond the entry.', { measured: first, limit: entry });
  return null;
}

function refuseReward(pattern: PlanInput['pattern'], r: Ratio | null): Refusal | null {
  const [least, most] = R_GATE[pattern];
  if (r === null || !Number.isFinite(r)) return refusal('RK_CONTEXT', 'The reward cannot be computed.');
  if (r < least) return refusal('RK_R_TOO_LOW', 'The second target pays too little for the risk.', { measured: r, limit: least });
  if (r > most) return refusal('RK_R_UNREALISTIC', 'The second target is too far to be believed.', { measured: r, limit: most });
  return null;
}
