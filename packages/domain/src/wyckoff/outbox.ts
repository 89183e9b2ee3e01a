/** Records on their way out: begun when a rule confirms, completed when the bar has been judged from all sides (9.2, step 8). */
import { adjustmentsFor } from './adjustments.ts';
import { confidenceOf, settle, tierOf, type Components, type Pattern } from './confidence.ts';
import { EVENT_KINDS, type DetectionEvent, type EventKind, type EventStatus, type ReasonCode } from './event.ts';
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
  readonly metrics?: Readonly<Record<string, number>>;
  /** Scored events: pattern and points. */
  readonly pattern?: Pattern;
  readonly components?: Components;
  /** Follow-ups carry what the record they follow was given. */
  readonly carried?: Mark;
  /** Where score, confidence and column are remembered. */
  readonly mark?: Mark;
  /** The Spring itself, or the parent of a test. */
  readonly spring?: SpringMark;
  readonly strength?: number;
  readonly session?: number;
  readonly opening?: boolean;
  readonly doubleBottom?: boolean;
  /** Mirrored line of count, when the record states objectives. */
  readonly line?: number;
  /** Bar in the identity, when it is another record's. */
  readonly idBar?: number;
  /** Kind in the identity of the record this one refers to. */
  readonly refers?: { readonly kind: EventKind; readonly eventBar: number };
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
  #drafts: Draft[] = [];

  constructor(study: Study) {
    this.#study = study;
  }

  get empty(): boolean {
    return this.#drafts.length === 0;
  }

  /** Begins a record; the score is settled now, with the range and the levels as they judged the bar. Returns the score. */
  emit(side: Side, event: Emission): number {
    const study = this.#study;
    let score: number | null = null;
    if (event.pattern !== undefined && event.components !== undefined) {
      score = settle(event.components, event.pattern, { reliability: study.effort.reliability, low: study.params.lowVolumeWeight });
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
    this.#drafts = [];
    return Object.freeze(drafts.map((draft) => this.#complete(draft)));
  }

  static get nothing(): readonly DetectionEvent[] {
    return NOTHING;
  }

  #complete(draft: Draft): DetectionEvent {
    const { side, event, score, rangeId } = draft;
    const study = this.#study;
    const { now, params } = study;
    const at = side.at;
    const current = rangeId !== 0 && study.range.living && rangeId === study.range.id;
    const founded = current ? (draft.held?.phaseConfidence ?? at.phaseConfidence) : 0;
    const letter = side.sign === 1 ? 'A' : 'D';
    const scored = score !== null && event.carried === undefined;
    const adjustments = scored || event.status === 'direct' ? adjustmentsFor(study, side, this.#circumstances(event)) : {};
    let confidence: number | null = event.carried?.confidence ?? null;
    if (score !== null && (scored || event.status === 'direct')) {
      confidence = confidenceOf(score, founded, {
        adjustments: Object.values(adjustments).reduce((sum, points) => sum + points, 0),
        cap: params.confidenceCap[study.effort.reliability],
      });
      if (scored && current && event.mark !== undefined) event.mark.confidence = confidence;
      if (event.kind === 'TEST' && current && event.spring !== undefined) event.spring.confidence = confidence;
    }
    if (event.mark !== undefined && current) event.mark.column = study.count.column;
    const metrics: Record<string, number> = { ...event.metrics };
    let objectives: number[] | undefined;
    if (event.line !== undefined && current) {
      const found = objectivesFor(study, side, event.line);
      objectives = found.prices;
      metrics['count'] = found.count;
      metrics['conservativeCount'] = found.conservativeCount;
      if (found.capped) metrics['capped'] = 1;
      if (found.byDuration) metrics['byDuration'] = 1;
      this.#remember(side, found.prices);
    }
    const strength = event.strength ?? 0;
    const trade = judgeTrade(study, side, { event, confidence, strength, quality: draft.quality, phaseConfidence: founded, current });
    const counted = event.status === 'confirmed' || event.status === 'direct' || event.status === 'repeat';
    if (counted) study.funnel.countRecord(event.kind, trade.tradeable, trade.reasons);
    return Object.freeze({
      id: `${rangeId}:${letter}:${event.kind}:${event.idBar ?? event.eventBar}`,
      ...(event.refers === undefined ? {} : { refId: `${rangeId}:${letter}:${event.refers.kind}:${event.refers.eventBar}` }),
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
      components: Object.freeze({ ...event.components }),
      adjustments: Object.freeze(adjustments),
      confidence,
      tier: tierOf(confidence ?? 0),
      phase: current ? phaseName(draft.held?.phase ?? at.phase) : null,
      subPhase: current && draft.held === null ? subPhaseOf(study, side) : null,
      phaseConfidence: founded,
      rangeQuality: rangeId === 0 ? 0 : draft.quality,
      levelStrength: strength,
      tradeable: trade.tradeable,
      riskFactor: trade.riskFactor,
      reasons: Object.freeze(trade.reasons) as readonly ReasonCode[],
      prices: Object.freeze(this.#prices(draft, current, objectives)),
    });
  }

  #circumstances(event: Emission) {
    return {
      session: event.session ?? -1,
      opening: event.opening ?? false,
      spring: event.spring !== undefined,
      entry: event.kind === 'TEST' || event.kind === 'LPS' || event.kind === 'LPSY',
      doubleBottom: event.doubleBottom ?? false,
    };
  }

  #prices(draft: Draft, current: boolean, objectives: number[] | undefined): DetectionEvent['prices'] {
    const { side, event } = draft;
    const study = this.#study;
    const { range, now } = study;
    const known = current || (draft.rangeId === range.id && range.endBar === now.bar);
    const spring = event.spring ?? side.goodSpring;
    const sos = side.breaks.latest();
    const lps = side.lastPoints.latest();
    return {
      support: known ? range.support : now.low,
      resistance: known ? range.resistance : now.high,
      ...(known && spring !== null ? { springLow: side.sign * spring.price } : {}),
      ...(known && sos !== null ? { sosHigh: side.sign * sos.high } : {}),
      ...(known && lps !== null ? { lpsLow: side.sign * lps.price } : {}),
      atr: now.atr === now.atr ? now.atr : 0,
      ...(objectives === undefined ? {} : { objectives: Object.freeze(objectives) }),
    };
  }

  #remember(side: Side, prices: readonly number[]): void {
    const range = this.#study.range;
    range.objectiveSide = side.sign;
    range.objectiveCount = prices.length;
    for (let i = 0; i < prices.length; i++) range.objectives[i] = prices[i];
  }
}

function orNull(x: number): number | null {
  return Number.isFinite(x) ? x : null;
}

/** Index of a kind, as marks keep it. */
export function kindCode(kind: EventKind): number {
  return EVENT_KINDS.indexOf(kind);
}
