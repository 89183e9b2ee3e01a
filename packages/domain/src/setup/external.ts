/** A candidate somebody else sends through the webhook: its plan as sent, without a record of the detector (trading.md 5.2-5.4, 8.4). */
import type { EpochMs, Price, Timeframe } from '../bar/bar.ts';
import type { Candidate, CandidateRecord } from './candidate.ts';
import { idOf } from './digest.ts';
import { finishPlan, placeStop, scaleOf } from './plan.ts';
import type { Entry, Plan } from './plan.ts';
import type { PlanPolicy } from './plan-policy.ts';
import { toTick } from './tick.ts';

/** R of the one rung of an order sent without targets. */
const DEFAULT_R = 3;

export interface ExternalOrder {
  /** Signature of the request: with the account it is the signal's identity. */
  readonly signature: string;
  readonly side: 1 | -1;
  /** Null: at market. */
  readonly entry: Price | null;
  readonly stop: Price;
  /** None to three. */
  readonly targets: readonly Price[];
}

export interface ExternalContext {
  readonly accountId: string;
  readonly timeframe: Timeframe;
  readonly tickSize: number;
  /** Last closed bar of the symbol. */
  readonly bar: { readonly time: EpochMs; readonly close: Price };
  /** Instant of the request. */
  readonly at: EpochMs;
  readonly policy?: PlanPolicy;
}

/** One rung at 3 R when no target was sent; R is judged at the first. */
export function externalCandidate(order: ExternalOrder, context: ExternalContext): Candidate {
  const { side } = order;
  const plan = planExternal(order, context);
  return {
    signalId: idOf(context.accountId, 'EXTERNAL', order.signature),
    event: recordOf(order, context, plan),
    pattern: 'EXTERNAL',
    leg: 'F',
    direction: side === 1 ? 'LONG' : 'SHORT',
    side,
    plan,
    barTime: context.bar.time,
  };
}

function planExternal(order: ExternalOrder, context: ExternalContext): Plan {
  const { side, targets } = order;
  const { tickSize } = context;
  const scale = scaleOf(context);
  const entry = entryOf(order, context);
  const placed = placeStop({ side, entry: entry.price, wanted: order.stop, scale, tickSize });
  const reason = placed.isMoved ? 'as sent, moved to the least distance' : 'as sent';
  const sorted = [...targets].sort((a, b) => side * (a - b)).slice(0, 3);
  const wanted = sorted.length > 0 ? sorted : [entry.price + DEFAULT_R * (entry.price - placed.price)];
  const last = wanted.at(-1) ?? NaN;
  const towards = side === 1 ? 'down' : 'up';
  return finishPlan(
    { pattern: 'EXTERNAL', side, scale, isTightened: false },
    {
      entry,
      stop: { price: placed.price, reason, refusal: placed.refusal },
      targets: [0, 1, 2].map((i) => toTick(wanted[i] ?? last, tickSize, towards)),
    },
  );
}

/** A price short of the market waits as a LIMIT, one beyond it as a STOP. */
function entryOf(order: ExternalOrder, context: ExternalContext): Entry {
  const close = toTick(context.bar.close, context.tickSize, 'nearest');
  const price = order.entry === null ? close : toTick(order.entry, context.tickSize, 'nearest');
  const ahead = order.side * (price - close);
  if (ahead === 0 || order.entry === null) return { type: 'MARKET', price };
  return { type: ahead > 0 ? 'STOP' : 'LIMIT', price };
}

/** Says nothing about volume, phase or levels; its edges are the order's own prices, so that no exit rule finds another. */
function recordOf(order: ExternalOrder, context: ExternalContext, plan: Plan): CandidateRecord {
  const [support, resistance] = order.side === 1 ? [plan.stopPrice, plan.entryPrice] : [plan.entryPrice, plan.stopPrice];
  return {
    id: `EXTERNAL:${order.signature}`,
    rangeId: 0,
    kind: 'EXTERNAL',
    status: 'confirmed',
    hypothesis: order.side,
    eventBar: -1,
    confirmBar: -1,
    eventTime: context.at,
    confirmTime: context.at,
    price: plan.entryPrice,
    level: null,
    volRatio: null,
    spreadRatio: null,
    closePos: 0,
    metrics: {},
    score: null,
    components: {},
    adjustments: {},
    confidence: null,
    tier: 'WEAK',
    phase: null,
    subPhase: null,
    phaseConfidence: 0,
    rangeQuality: 0,
    levelStrength: 0,
    tradeable: true,
    riskFactor: 1,
    reasons: [],
    prices: { support, resistance, atr: 0, objectives: plan.targets },
  };
}
