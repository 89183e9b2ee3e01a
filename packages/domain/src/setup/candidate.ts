/** A candidate: one record of the detector with its pattern and plan, before anything judged it (trading.md S3). */
import type { EpochMs, Price, Timeframe } from '../bar/bar.ts';
import type { DetectionEvent, EventKind } from '../wyckoff/event.ts';
import { idOf } from './digest.ts';
import { directionOf, legOf } from './pattern.ts';
import { planEntry } from './plan.ts';
import type { Plan } from './plan.ts';
import type { PlanPolicy } from './plan-policy.ts';
import type { Direction, Leg, Pattern } from './signal.ts';

/** The detector's record; an EXTERNAL candidate carries one that says nothing (8.4). */
export type CandidateRecord = Omit<DetectionEvent, 'kind'> & { readonly kind: EventKind | 'EXTERNAL' };

export interface Candidate {
  readonly signalId: string;
  readonly event: CandidateRecord;
  readonly pattern: Pattern;
  readonly leg: Leg;
  readonly direction: Direction;
  readonly side: 1 | -1;
  readonly plan: Plan;
  /** Opening time of the bar at whose close it arose. */
  readonly barTime: EpochMs;
}

export interface CandidateContext {
  readonly accountId: string;
  readonly symbol: string;
  readonly timeframe: Timeframe;
  readonly tickSize: number;
  readonly bar: { readonly time: EpochMs; readonly close: Price };
  /** Default: `DEFAULT_PLAN_POLICY`. */
  readonly policy?: PlanPolicy;
  /** The hypothesis is implied and prerequisites are `permissive`: the stop is nearer. */
  readonly tightened?: boolean;
}

export function candidateOf(event: DetectionEvent, pattern: Exclude<Pattern, 'EXTERNAL'>, context: CandidateContext): Candidate {
  const { support, resistance, springLow, objectives } = event.prices;
  const { tickSize, timeframe, bar, policy, tightened } = context;
  const side = event.hypothesis;
  const plan = planEntry({
    pattern, side, close: bar.close, support, resistance, extreme: springLow ?? null, objectives: objectives ?? [], tickSize, timeframe,
    ...(policy !== undefined && { policy }), ...(tightened !== undefined && { tightened }),
  }); // prettier-ignore
  return {
    signalId: signalIdOf(event, pattern, context),
    event,
    pattern,
    leg: legOf(pattern),
    direction: directionOf(event),
    side,
    plan,
    barTime: bar.time,
  };
}

/** The same record gives the same id, whenever and from whichever start of history it is processed (TR-13). */
function signalIdOf(event: DetectionEvent, pattern: Pattern, context: CandidateContext): string {
  const { accountId, symbol, timeframe } = context;
  return idOf(accountId, symbol, timeframe, event.kind, event.hypothesis, event.eventTime, event.status, pattern);
}
