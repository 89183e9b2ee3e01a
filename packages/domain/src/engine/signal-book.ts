/** The living signals of an account: made once, moved through their table, gone when terminal (trading.md 4). */
import type { RangeKey } from '../campaign/campaign-book.ts';
import type { Size } from '../risk/size.ts';
import type { Candidate } from '../setup/candidate.ts';
import type { Chain } from '../setup/chain.ts';
import type { MarketContext } from '../setup/market-context.ts';
import { protectingEdge } from '../setup/plan.ts';
import type { Signal, SignalFigures, SignalState } from '../setup/signal.ts';
import { needsReview } from '../setup/stage-strategy.ts';
import { advanceSignal, isTerminalSignal } from '../setup/signal-state.ts';
import { qtyOf } from '../trade/amount.ts';
import type { PositionPlan } from '../trade/open-position.ts';
import type { FactDesk } from './fact-desk.ts';
import type { Lane } from './lane.ts';

/** A signal with what its position will be judged by, as plain JSON. */
export interface LiveSignal {
  readonly signal: Signal;
  readonly plan: PositionPlan;
  readonly range: RangeKey;
  readonly side: 1 | -1;
  /** Id of the Spring, UTAD or other record it follows. */
  readonly sourceId: string;
  /** Closed bars of its series since it was made. */
  readonly ageBars: number;
  /** What sizing needs again when a person approves it; null once it was decided. */
  readonly waiting: { readonly candidate: Candidate; readonly market: MarketContext } | null;
}

/** Signals that ended lately: a late fill of their entry still finds its plan (7.1). */
const MAX_ENDED = 16;

type Why = { readonly code: string; readonly text: string };

/** Plain JSON. */
export interface SignalBookState {
  readonly living: readonly LiveSignal[];
  readonly ended: readonly LiveSignal[];
}

export class SignalBook {
  readonly #facts: FactDesk;
  /** Bounded: one signal per reservation or position, and what waits for approval. */
  #living: readonly LiveSignal[];
  #ended: readonly LiveSignal[];

  constructor(facts: FactDesk, state?: SignalBookState) {
    this.#facts = facts;
    this.#living = state?.living ?? [];
    this.#ended = state?.ended ?? [];
  }

  get living(): readonly LiveSignal[] {
    return this.#living;
  }

  state(): SignalBookState {
    return { living: this.#living, ended: this.#ended };
  }

  find(signalId: string): LiveSignal | undefined {
    return this.#living.find((live) => live.signal.id === signalId);
  }

  /** One that ended lately. */
  ended(signalId: string): LiveSignal | undefined {
    return this.#ended.find((live) => live.signal.id === signalId);
  }

  /** A candidate that the chain, or a later stage, refused: kept as a fact, never as state. */
  refused(
    lane: Lane,
    candidate: Candidate,
    of: { readonly chain: Chain; readonly figures: SignalFigures | null; readonly why: Why },
  ): void {
    this.#facts.tell('signal.created', signalOf(lane, candidate, { ...of, status: 'REJECTED', size: null }));
  }

  /** A candidate that passed: GENERATED. */
  generated(
    lane: Lane,
    candidate: Candidate,
    of: {
      readonly chain: Chain;
      readonly market: MarketContext;
      readonly size: Size;
      readonly figures: SignalFigures;
      readonly range: RangeKey;
      readonly campaignId: string;
    },
  ): LiveSignal {
    const signal = signalOf(lane, candidate, {
      chain: of.chain,
      status: 'GENERATED',
      size: of.size,
      figures: of.figures,
      why: null,
    });
    const { event, pattern, leg, direction, plan, signalId, side } = candidate;
    const { support, resistance } = event.prices;
    const live: LiveSignal = {
      signal,
      plan: {
        signalId, symbol: lane.symbol, timeframe: lane.timeframe, origin: pattern === 'EXTERNAL' ? 'WEBHOOK' : 'SYSTEM',
        campaignId: of.campaignId, pattern, leg, direction, phase: event.phase, confidence: event.confidence, signalAt: this.#facts.at,
        initialStop: plan.stopPrice, targets: plan.targets, protectingEdge: protectingEdge({ side, support, resistance }),
      },
      range: of.range,
      side,
      sourceId: event.refId ?? event.id,
      ageBars: 0,
      waiting: { candidate, market: of.market },
    }; // prettier-ignore
    // bounded: one per reservation, position or place in the approval queue; a terminal signal leaves
    this.#living = [...this.#living, live];
    this.#facts.tell('signal.created', signal);
    return live;
  }

  /** The next state; a decided signal drops what only its decision needed. @throws {IllegalTransition} */
  move(signalId: string, to: SignalState, why: Why | null = null): void {
    const live = this.find(signalId);
    if (live === undefined) return;
    const status = advanceSignal(live.signal.status, to);
    const rejected = why === null ? {} : { rejectCode: why.code, rejectText: why.text };
    const signal: Signal = { ...live.signal, ...rejected, status, version: live.signal.version + 1 };
    const next = { ...live, signal, waiting: to === 'PENDING' ? live.waiting : null };
    if (isTerminalSignal(status)) {
      this.#living = this.#living.filter((one) => one !== live);
      const wasOrdered = live.signal.status !== 'GENERATED' && live.signal.status !== 'PENDING';
      // bounded: MAX_ENDED
      if (wasOrdered) this.#ended = [...this.#ended, next].slice(-MAX_ENDED);
    } else this.#replace(live, next);
    this.#facts.tell('signal.changed', signal);
  }

  /** The quantity that was approved, which may be less than what was shown. */
  resize(live: LiveSignal, lane: Lane, size: Size): void {
    const { steps, riskMicros, notionalMicros, marginMicros } = size;
    const shown = live.signal.figures ?? null;
    const figures = shown === null ? null : { ...shown, steps, riskMicros, notionalMicros, marginMicros };
    this.#replace(live, {
      ...live,
      signal: { ...live.signal, qtyMicros: qtyOf(lane.instrument, steps), riskMicros, notionalMicros, figures },
    });
  }

  /** One more bar of its series has closed. */
  age(live: LiveSignal): LiveSignal {
    return this.#replace(live, { ...live, ageBars: live.ageBars + 1 });
  }

  #replace(live: LiveSignal, next: LiveSignal): LiveSignal {
    this.#living = this.#living.map((one) => (one === live ? next : one));
    return next;
  }
}

function signalOf(
  lane: Lane,
  candidate: Candidate,
  of: {
    readonly chain: Chain;
    readonly status: SignalState;
    readonly size: Size | null;
    readonly figures: SignalFigures | null;
    readonly why: Why | null;
  },
): Signal {
  const { event, plan } = candidate;
  return {
    id: candidate.signalId,
    symbol: lane.symbol,
    timeframe: lane.timeframe,
    assetClass: lane.instrument.assetClass,
    pattern: candidate.pattern,
    leg: candidate.leg,
    direction: candidate.direction,
    status: of.status,
    eventId: event.id,
    phase: event.phase,
    barTime: candidate.barTime,
    entryType: plan.entryType,
    entryPrice: plan.entryPrice,
    stopPrice: plan.stopPrice,
    stopReason: plan.stopReason,
    targets: plan.targets,
    qtyMicros: of.size === null ? 0 : qtyOf(lane.instrument, of.size.steps),
    riskMicros: of.size?.riskMicros ?? 0,
    notionalMicros: of.size?.notionalMicros ?? 0,
    rMultiple: plan.rMultiple,
    confidence: event.confidence,
    reasons: event.reasons,
    chain: of.chain.steps,
    rejectCode: of.why?.code ?? null,
    rejectText: of.why?.text ?? null,
    figures: of.figures,
    needsReview: needsReview(of.chain.steps),
    validBars: plan.validBars,
    version: 1,
  };
}
