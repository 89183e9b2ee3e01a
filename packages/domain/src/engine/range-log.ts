/** What the detector saw, as facts: records, phase changes, and the range whenever it changed. */
import type { EpochMs, Timeframe } from '../bar/bar.ts';
import type { RangeKey } from '../campaign/campaign-book.ts';
import type { DetectionEvent, Hypothesis } from '../wyckoff/event.ts';
import type { PhaseTransition, RangeView } from '../wyckoff/view.ts';
import type { FactDesk } from './fact-desk.ts';
import type { PhaseSpan, RangeFactState } from './fact.ts';
import type { DetectorPort, PortView } from './detector-port.ts';

/** Spans kept per hypothesis of a range. */
const MAX_SPANS = 16;
const NO_STEPS: readonly PhaseTransition[] = Object.freeze([]);

/** Plain JSON. */
export interface RangeLogState {
  readonly revision: number;
  readonly seq: number;
  readonly rangeId: number | null;
  readonly rangeStart: EpochMs;
  readonly spans: Readonly<Record<'long' | 'short', readonly PhaseSpan[]>>;
}

export class RangeLog {
  readonly #facts: FactDesk;
  readonly #symbol: string;
  readonly #timeframe: Timeframe;
  #revision: number;
  #seq: number;
  #rangeId: number | null;
  #rangeStart: EpochMs;
  #spans: Record<'long' | 'short', readonly PhaseSpan[]>;

  constructor(facts: FactDesk, of: { readonly symbol: string; readonly timeframe: Timeframe }, state?: RangeLogState) {
    this.#facts = facts;
    this.#symbol = of.symbol;
    this.#timeframe = of.timeframe;
    this.#revision = state?.revision ?? 0;
    this.#seq = state?.seq ?? 0;
    this.#rangeId = state?.rangeId ?? null;
    this.#rangeStart = state?.rangeStart ?? 0;
    this.#spans = state?.spans ?? { long: [], short: [] };
  }

  /** Id of the living range; null: none. */
  get currentRangeId(): number | null {
    return this.#rangeId;
  }

  /** Tells the records of a bar and, when the detector says that something moved, phases and range. */
  next(detector: DetectorPort, events: readonly DetectionEvent[]): readonly PhaseTransition[] {
    for (const event of events) this.#facts.tell('event.changed', { symbol: this.#symbol, timeframe: this.#timeframe, event });
    if (detector.revision === this.#revision) return NO_STEPS;
    this.#revision = detector.revision;
    return this.#changed(detector);
  }

  /** The range a record belongs to, by its start time, which survives another start of history. */
  keyOf(event: DetectionEvent, view: PortView): RangeKey {
    const range = [view.range, view.previous].find((one) => one?.rangeId === event.rangeId);
    return { rangeId: event.rangeId, rangeStart: range?.startTime ?? event.eventTime };
  }

  state(): RangeLogState {
    return { revision: this.#revision, seq: this.#seq, rangeId: this.#rangeId, rangeStart: this.#rangeStart, spans: { ...this.#spans } };
  }

  #changed(detector: DetectorPort): readonly PhaseTransition[] {
    const view = detector.view();
    const steps = detector.transitions(this.#seq);
    const former = this.#rangeId;
    if (former !== null && view.range?.rangeId !== former && view.previous?.rangeId === former) {
      this.#record(steps.filter((step) => step.rangeId === former));
      this.#facts.tell('range.changed', this.#fact(view.previous));
    }
    this.#enter(view.range);
    if (view.range !== null) {
      const { rangeId } = view.range;
      this.#record(steps.filter((step) => step.rangeId === rangeId));
      this.#facts.tell('range.changed', this.#fact(view.range));
    }
    for (const step of steps) this.#tellPhase(step, view);
    this.#seq = steps.at(-1)?.seq ?? this.#seq;
    return steps;
  }

  #enter(range: RangeView | null): void {
    if (range?.rangeId === this.#rangeId) return;
    this.#rangeId = range?.rangeId ?? null;
    this.#rangeStart = range?.startTime ?? 0;
    this.#spans = { long: [], short: [] };
  }

  #record(steps: readonly PhaseTransition[]): void {
    for (const step of steps) {
      const key = keyOfHypothesis(step.hypothesis);
      const spans = this.#spans[key].map((span) => (span.to === null ? { ...span, to: step.time } : span));
      const next = step.to === null ? spans : [...spans, { phase: step.to, from: step.time, to: null }];
      this.#spans = { ...this.#spans, [key]: next.slice(-MAX_SPANS) };
    }
  }

  #tellPhase(step: PhaseTransition, view: PortView): void {
    const range = [view.range, view.previous].find((one) => one?.rangeId === step.rangeId);
    const confidence = range?.hypotheses.find((one) => one.hypothesis === step.hypothesis)?.phaseConfidence ?? 0;
    const { rangeId, hypothesis, from, to, cause, time } = step;
    this.#facts.tell('phase.changed', { symbol: this.#symbol, timeframe: this.#timeframe, rangeId, hypothesis, from, to, confidence, cause, time });
  }

  #fact(range: RangeView): RangeFactState {
    const { rangeId, state, route, startTime, endTime, quality, durationBars, columns, objectives, support, resistance } = range;
    return {
      id: `${this.#symbol}:${this.#timeframe}:${startTime}`,
      symbol: this.#symbol,
      timeframe: this.#timeframe,
      rangeId, state, route, startTime, endTime, quality, durationBars, columns, objectives,
      support: support.edge,
      resistance: resistance.edge,
      supportPrice: support.price,
      resistancePrice: resistance.price,
      supportStrength: support.strength,
      resistanceStrength: resistance.strength,
      hypotheses: range.hypotheses.map((one) => ({
        hypothesis: one.hypothesis,
        phase: one.phase,
        subPhase: one.subPhase,
        phaseConfidence: one.phaseConfidence,
        leading: one.leading,
        implied: one.implied,
        suspended: one.suspended,
        ended: one.ended,
        phases: this.#spans[keyOfHypothesis(one.hypothesis)],
      })),
    }; // prettier-ignore
  }
}

function keyOfHypothesis(hypothesis: Hypothesis): 'long' | 'short' {
  return hypothesis === 1 ? 'long' : 'short';
}
