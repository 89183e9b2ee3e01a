/** The living signals: made once, moved through their table, gone when terminal (trading.md 4). */
import type { RangeKey } from '../campaign/campaign-book.ts';
import type { Size } from '../risk/size.ts';
import type { Candidate } from '../setup/candidate.ts';
import type { Chain } from '../setup/chain.ts';
import { protectingEdge } from '../setup/plan.ts';
import type { Signal, SignalState } from '../setup/signal.ts';
import { advanceSignal, isTerminalSignal } from '../setup/signal-state.ts';
import { qtyOf } from '../trade/amount.ts';
import type { TradedInstrument } from '../trade/instrument.ts';
import type { PositionPlan } from '../trade/open-position.ts';
import type { FactDesk } from './fact-desk.ts';
import type { Timeframe } from '../bar/bar.ts';

/** A signal with what its position will be judged by, as plain JSON. */
export interface LiveSignal {
  readonly signal: Signal;
  readonly plan: PositionPlan;
  readonly range: RangeKey;
  /** First target: an entry that waits is void once it traded. */
  readonly side: 1 | -1;
  /** Id of the Spring, UTAD or other record it follows. */
  readonly sourceId: string;
}

export class SignalBook {
  readonly #facts: FactDesk;
  readonly #instrument: TradedInstrument;
  readonly #timeframe: Timeframe;
  /** Bounded like orders and positions: one signal per reservation or position. */
  #living: readonly LiveSignal[];

  constructor(
    facts: FactDesk,
    of: { readonly instrument: TradedInstrument; readonly timeframe: Timeframe },
    living: readonly LiveSignal[] = [],
  ) {
    this.#facts = facts;
    this.#instrument = of.instrument;
    this.#timeframe = of.timeframe;
    this.#living = living;
  }

  get living(): readonly LiveSignal[] {
    return this.#living;
  }

  find(signalId: string): LiveSignal | undefined {
    return this.#living.find((live) => live.signal.id === signalId);
  }

  /** A candidate that the chain, or a later stage, refused: kept as a fact, never as state. */
  refused(candidate: Candidate, chain: Chain, why: { readonly code: string; readonly text: string }): void {
    this.#facts.tell('signal.created', this.#signal(candidate, chain, { status: 'REJECTED', size: null, why }));
  }

  /** A candidate that passed: GENERATED. */
  generated(
    candidate: Candidate,
    chain: Chain,
    of: { readonly size: Size; readonly range: RangeKey; readonly campaignId: string },
  ): LiveSignal {
    const signal = this.#signal(candidate, chain, { status: 'GENERATED', size: of.size, why: null });
    const { event, pattern, leg, direction, plan, signalId, side } = candidate;
    const { support, resistance } = event.prices;
    const live: LiveSignal = {
      signal,
      plan: {
        signalId, campaignId: of.campaignId, pattern, leg, direction, phase: event.phase, confidence: event.confidence, signalAt: this.#facts.at,
        initialStop: plan.stopPrice, targets: plan.targets, protectingEdge: protectingEdge({ side, support, resistance }),
      },
      range: of.range,
      side,
      sourceId: event.refId ?? event.id,
    }; // prettier-ignore
    // bounded: one per reservation or position; a terminal signal leaves
    this.#living = [...this.#living, live];
    this.#facts.tell('signal.created', signal);
    return live;
  }

  /** The next state. @throws {IllegalTransition} */
  move(signalId: string, to: SignalState, why: { readonly code: string; readonly text: string } | null = null): void {
    const live = this.find(signalId);
    if (live === undefined) return;
    const status = advanceSignal(live.signal.status, to);
    const rejected = why === null ? {} : { rejectCode: why.code, rejectText: why.text };
    const signal: Signal = { ...live.signal, ...rejected, status, version: live.signal.version + 1 };
    const others = this.#living.filter((one) => one !== live);
    this.#living = isTerminalSignal(status) ? others : [...others, { ...live, signal }];
    this.#facts.tell('signal.changed', signal);
  }

  #signal(
    candidate: Candidate,
    chain: Chain,
    of: {
      readonly status: SignalState;
      readonly size: Size | null;
      readonly why: { readonly code: string; readonly text: string } | null;
    },
  ): Signal {
    const { event, plan } = candidate;
    return {
      id: candidate.signalId,
      symbol: this.#instrument.symbol,
      timeframe: this.#timeframe,
      assetClass: this.#instrument.assetClass,
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
      qtyMicros: of.size === null ? 0 : qtyOf(this.#instrument, of.size.steps),
      riskMicros: of.size?.riskMicros ?? 0,
      notionalMicros: of.size?.notionalMicros ?? 0,
      rMultiple: plan.rMultiple,
      confidence: event.confidence,
      reasons: event.reasons,
      chain: chain.steps,
      rejectCode: of.why?.code ?? null,
      rejectText: of.why?.text ?? null,
      validBars: plan.validBars,
      version: 1,
    };
  }
}
