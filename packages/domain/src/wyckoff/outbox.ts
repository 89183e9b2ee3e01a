/** Records on their way out: begun when a rule confirms, completed when the bar has been judged from all sides (9.2, step 8). */
import { adjustmentsFor, NO_ADJUSTMENT } from './adjustments.ts';
import { confidenceOf, settle, tierOf, type Components, type Pattern } from './confidence.ts';
import { type DetectionEvent, type EventKind, type EventStatus } from './event.ts';
import type { Mark, SpringMark } from './marks.ts';
import { objectivesFor } from './objectives.ts';
import { phaseConfidence } from './phase-confidence.ts';
import type { Side } from './side.ts';
import type { Study } from './study.ts';
import { phaseName, subPhaseOf } from './sub-phase.ts';
import { judgeTrade } from './tradeable.ts';

const NOTHING: readonly DetectionEvent[] = Object.freeze([]);

/** What a rule says of an event; prices and close position are mirrored, NaN where undefined. */
export interface Emission {
  readonly kind: EventKind;
  readonly status: EventStatus;
  readonly eventBar: number;
  readonly eventTime: number;
  readonly price: number;
  readonly level: number;
  readonly volRatio: number;
  readonly spreadRatio: number;
  readonly closePos: number;
  /** Given away: the record takes it over. */
  readonly metrics?: Record<string, number> | undefined;
  /** Scored events: pattern and points. */
  readonly pattern?: Pattern | undefined;
  readonly components?: Components | undefined;
  /** Follow-ups carry what the record they follow was given. */
  readonly carried?: Mark | undefined;
  /** Where score, confidence and column are remembered. */
  readonly mark?: Mark | undefined;
  /** The Spring itself, or the parent of a test. */
  readonly spring?: SpringMark | undefined;
  readonly strength?: number | undefined;
  readonly session?: number | undefined;
  readonly opening?: boolean | undefined;
  readonly doubleBottom?: boolean | undefined;
  /** Mirrored line of count, when the record states objectives. */
  readonly line?: number | undefined;
  /** Bar in the identity, when it is another record's. */
  readonly idBar?: number | undefined;
  /** Kind in the identity of the record this one refers to. */
  readonly refers?: { readonly kind: EventKind; readonly eventBar: number } | undefined;
}

interface Draft {
  readonly side: Side;
  readonly event: Emission;
  readonly score: number | null;
  readonly quality: number;
  /** Range it belongs to: a later step of the same bar may end it and even begin the next. */
  readonly rangeId: number;
  /** A direct entry is judged in the phase it was found in, before time moves D to E on the same bar. */
  readonly held: { readonly phase: number; readonly phaseConfidence: number } | null;
}

export class Outbox {
  readonly #study: Study;
  // bounded: the records of one bar, a few at most; emptied when the bar is over
  readonly #drafts: Draft[] = [];

  constructor(study: Study) {
    this.#study = study;
  }

  get empty(): boolean {
    return this.#drafts.length === 0;
  }

  /** Begins a record; the score is settled now, with the range and the levels as they judged the bar. Returns the score. */
  emit(side: Side, said: Emission): number {
    const study = this.#study;
    const event = inOneShape(said);
    let score: number | null = null;
    if (event.pattern !== undefined && event.components !== undefined) {
      score = settle(event.components, event.pattern, {
        reliability: study.effort.reliability,
        low: study.params.lowVolumeWeight,
      });
    } else if (event.carried !== undefined) score = event.carried.score;
    if (event.mark !== undefined && score !== null) event.mark.score = score;
    const { range, tally } = study;
    const context = event.kind === 'PS' || event.kind === 'PSY';
    const rangeId = context ? 0 : range.living ? range.id : tally.nextRangeId;
    const held = event.status === 'direct' ? { phase: side.at.phase, phaseConfidence: phaseConfidence(study, side) } : null;
    this.#drafts.push({ side, event, score, quality: range.living ? range.quality(study.now.bar) : 0, rangeId, held });
    return score ?? 0;
  }

  /** Completes the records of this bar; one shared empty array when there are none. */
  flush(): readonly DetectionEvent[] {
    if (this.#drafts.length === 0) return NOTHING;
    const drafts = this.#drafts;
    const records = new Array<DetectionEvent>(drafts.length);
    for (let i = 0; i < drafts.length; i++) records[i] = this.#complete(drafts[i]);
    drafts.length = 0;
    return Object.freeze(records);
  }

  static get nothing(): readonly DetectionEvent[] {
    return NOTHING;
  }

  #complete(draft: Draft): DetectionEvent {
    const { side, event, score, rangeId, quality } = draft;
    const study = this.#study;
    const { now, range } = study;
    const at = side.at;
    const current = rangeId !== 0 && range.living && rangeId === range.id;
    const phaseConfidence = !current ? 0 : draft.held === null ? at.phaseConfidence : draft.held.phaseConfidence;
    const fresh = score !== null && (event.carried === undefined || event.status === 'direct');
    const adjustments = fresh ? adjustmentsFor(study, side, event) : NO_ADJUSTMENT;
    let confidence: number | null = event.carried === undefined ? null : event.carried.confidence;
    if (fresh) {
      confidence = confidenceOf(score, phaseConfidence, {
        adjustments: total(adjustments),
        cap: study.params.confidenceCap[study.effort.reliability],
      });
      if (current && event.carried === undefined) remember(event, confidence);
    }
    if (event.mark !== undefined && current) event.mark.column = study.count.column;
    const metrics = event.metrics ?? {};
    const objectives = event.line !== undefined && current ? this.#objectives(side, event.line, metrics) : null;
    const strength = event.strength ?? 0;
    const trade = judgeTrade(study, side, { event, confidence, strength, quality, phaseConfidence, current });
    if (event.status === 'confirmed' || event.status === 'direct' || event.status === 'repeat') {
      study.funnel.countRecord(event.kind, trade.tradeable, trade.reasons);
    }
    const own = `${rangeId}:${side.sign === 1 ? 'A' : 'D'}:`;
    const record: MutableRecord = {
      id: `${own}${event.kind}:${event.idBar ?? event.eventBar}`,
      rangeId,
      kind: event.kind,
      status: event.status,
      hypothesis: side.sign,
      eventBar: event.eventBar,
      confirmBar: now.bar,
      eventTime: event.eventTime,
      confirmTime: now.time,
      price: side.sign * event.price,
      level: event.level === event.level ? side.sign * event.level : null,
      volRatio: orNull(event.volRatio),
      spreadRatio: orNull(event.spreadRatio),
      closePos: side.sign === 1 ? event.closePos : 1 - event.closePos,
      metrics: Object.freeze(metrics),
      score,
      components: Object.freeze(event.components ?? {}),
      adjustments,
      confidence,
      tier: tierOf(confidence ?? 0),
      phase: current ? phaseName(draft.held === null ? at.phase : draft.held.phase) : null,
      subPhase: current && draft.held === null ? subPhaseOf(study, side) : null,
      phaseConfidence,
      rangeQuality: rangeId === 0 ? 0 : quality,
      levelStrength: strength,
      tradeable: trade.tradeable,
      riskFactor: trade.riskFactor,
      reasons: trade.reasons,
      prices: this.#prices(draft, current, objectives),
    };
    if (event.refers !== undefined) record.refId = `${own}${event.refers.kind}:${event.refers.eventBar}`;
    return Object.freeze(record);
  }

  #prices(draft: Draft, current: boolean, objectives: number[] | null): DetectionEvent['prices'] {
    const { side, event } = draft;
    const { range, now } = this.#study;
    const known = current || (draft.rangeId === range.id && range.endBar === now.bar);
    const prices: MutablePrices = {
      support: known ? range.support : now.low,
      resistance: known ? range.resistance : now.high,
      atr: now.atr === now.atr ? now.atr : 0,
    };
    if (known) {
      const spring = event.spring ?? side.goodSpring;
      const sos = side.breaks.latest();
      const lps = side.lastPoints.latest();
      if (spring !== null) prices.springLow = side.sign * spring.price;
      if (sos !== null) prices.sosHigh = side.sign * sos.high;
      if (lps !== null) prices.lpsLow = side.sign * lps.price;
    }
    if (objectives !== null) prices.objectives = Object.freeze<number[]>(objectives);
    return Object.freeze(prices);
  }

  /** Computes and keeps the objectives; what they were counted from joins the metrics. */
  #objectives(side: Side, line: number, metrics: Record<string, number>): number[] {
    const found = objectivesFor(this.#study, side, line);
    metrics['count'] = found.count;
    metrics['conservativeCount'] = found.conservativeCount;
    if (found.capped) metrics['capped'] = 1;
    if (found.byDuration) metrics['byDuration'] = 1;
    const range = this.#study.range;
    range.objectiveSide = side.sign;
    range.objectiveCount = found.prices.length;
    for (let i = 0; i < found.prices.length; i++) range.objectives[i] = found.prices[i];
    return found.prices;
  }
}

/** Every rule says something else; whoever reads it afterwards reads objects of one shape, which is several times faster. */
function inOneShape(said: Emission): Emission {
  return {
    kind: said.kind,
    status: said.status,
    eventBar: said.eventBar,
    eventTime: said.eventTime,
    price: said.price,
    level: said.level,
    volRatio: said.volRatio,
    spreadRatio: said.spreadRatio,
    closePos: said.closePos,
    metrics: said.metrics,
    pattern: said.pattern,
    components: said.components,
    carried: said.carried,
    mark: said.mark,
    spring: said.spring,
    strength: said.strength,
    session: said.session,
    opening: said.opening,
    doubleBottom: said.doubleBottom,
    line: said.line,
    idBar: said.idBar,
    refers: said.refers,
  };
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
type MutableRecord = Mutable<DetectionEvent>;
type MutablePrices = Mutable<DetectionEvent['prices']>;

/** A test speaks for its parent; every other scored event for itself. */
function remember(event: Emission, confidence: number): void {
  if (event.mark !== undefined) event.mark.confidence = confidence;
  if (event.kind === 'TEST' && event.spring !== undefined) event.spring.confidence = confidence;
}

function total(adjustments: Readonly<Record<string, number>>): number {
  if (adjustments === NO_ADJUSTMENT) return 0;
  let sum = 0;
  for (const name in adjustments) sum += adjustments[name];
  return sum;
}

function orNull(x: number): number | null {
  return Number.isFinite(x) ? x : null;
}
