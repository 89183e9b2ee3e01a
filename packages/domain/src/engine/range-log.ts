/** What the detector saw, as facts: records, phase changes, and the range whenever it changed. */
import type { Timeframe } from '../bar/bar.ts';
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
  readonly spans: Readonly<Record<'long' | 'short', readonly PhaseSpan[]>>;
}

export interface RangeLogOptions {
  readonly symbol: string;
  readonly timeframe: Timeframe;
  /** False: phases and ranges are followed for the campaigns only, and only while there are some; records are always told. */
  readonly tellsAnalysis: boolean;
}

export class RangeLog {
  readonly #facts: FactDesk;
  readonly #symbol: string;
  readonly #timeframe: Timeframe;
  readonly #tellsAnalysis: boolean;
  #revision: number;
  #seq: number;
  #rangeId: number | null;
  #spans: Record<'long' | 'short', readonly PhaseSpan[]>;

  constructor(facts: FactDesk, of: RangeLogOptions, state?: RangeLogState) {
    this.#facts = facts;
    this.#symbol = of.symbol;
    this.#timeframe = of.timeframe;
    this.#tellsAnalysis = of.tellsAnalysis;
    this.#revision = state?.revision ?? 0;
    this.#seq = state?.seq ?? 0;
    this.#rangeId = state?.rangeId ?? null;
    this.#spans = state?.spans ?? { long: [], short: [] };
  }

  /** Id of the living range; null: none. */
  get currentRangeId(): number | null {
    return this.#rangeId;
  }

  /** Tells the records of a bar and, when the detector says that something moved, phases and range. */
  next(detector: DetectorPort, events: readonly DetectionEvent[], isNeeded: boolean): readonly PhaseTransition[] {
    for (const event of events) this.#facts.tell('event.changed', { symbol: this.#symbol, timeframe: this.#timeframe, event });
    if (detector.revision === this.#revision || !(this.#tellsAnalysis || isNeeded)) return NO_STEPS;
    this.#revision = detector.revision;
    return this.#changed(detector);
  }

  /** The range a record belongs to, by its start time, which survives another start of history. */
  keyOf(event: DetectionEvent, view: PortView): RangeKey {
    const range = [view.range, view.previous].find((one) => one?.rangeId === event.rangeId);
    return { rangeId: event.rangeId, rangeStart: range?.startTime ?? event.eventTime };
  }

  state(): RangeLogState {
    return { revision: this.#revision, seq: this.#seq, rangeId: this.#rangeId, spans: { ...this.#spans } };
  }

  #changed(detector: DetectorPort): readonly PhaseTransition[] {
    const view = detector.glance();
    const steps = detector.transitions(this.#seq);
    this.#seq = steps.at(-1)?.seq ?? this.#seq;
    if (this.#tellsAnalysis) this.#tell(view, steps);
    else this.#rangeId = view.range?.rangeId ?? null;
    return steps;
  }

  #tell(view: PortView, steps: readonly PhaseTransition[]): void {
    const former = this.#rangeId;
    if (former !== null && view.range?.rangeId !== former && view.previous?.rangeId === former)
      this.#tellRange(view.previous, steps);
    this.#enter(view.range);
    if (view.range !== null) this.#tellRange(view.range, steps);
    for (const step of steps) this.#tellPhase(step, view);
  }

  #tellRange(range: RangeView, steps: readonly PhaseTransition[]): void {
    this.#record(steps.filter((step) => step.rangeId === range.rangeId));
    this.#facts.tell('range.changed', this.#fact(range));
  }

  #enter(range: RangeView | null): void {
    if (range?.rangeId === this.#rangeId) return;
    this.#rangeId = range?.rangeId ?? null;
    this.#spans = { long: [], short: [] };
  }

  #record(steps: readonly PhaseTransition[]): void {
    for (const step of steps) {
      const key = keyOfHypothesis(step.hypothesis);
      const spans = this.#spans[key].map((span) => (span.to === null ? { ...span, to: step.time } : span));
      const next = step.to === null ? spans : [...spans, { phase: step.to, from: step.time, to: null }];
      // bounded: two hypotheses, MAX_SPANS each
      this.#spans = { ...this.#spans, [key]: next.slice(-MAX_SPANS) };
    }
  }

  #tellPhase(step: PhaseTransition, view: PortView): void {
    const range = [view.range, view.previous].find((one) => one?.rangeId === step.rangeId);
    const confidence = range?.hypotheses.find((one) => one.hypothesis === step.hypothesis)?.phaseConfidence ?? 0;
    const { rangeId, hypothesis, from, to, cause, time } = step;
    this.#facts.tell('phase.changed', {
      symbol: this.#symbol,
      timeframe: this.#timeframe,
      rangeId,
      hypothesis,
      from,
      to,
      confidence,
      cause,
      time,
    });
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
