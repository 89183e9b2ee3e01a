/** Records on their way out: begun when a rule confirms, completed when the bar has been judged from all sides (9.2, step 8). */
import { fraction } from '../bar/fraction.ts';
import { adjustmentsFor, NO_ADJUSTMENT } from './adjustments.ts';
import { confidenceOf, settle, tierOf, type Components, type Pattern } from './confidence.ts';
import { type DetectionEvent, type EventKind, type EventStatus, type ReasonCode } from './event.ts';
import type { Candidate } from './candidates.ts';
import type { BreakMark, Mark, SpringMark } from './marks.ts';
import { objectivesFor } from './objectives.ts';
import { phaseConfidence } from './phase-confidence.ts';
import type { Side } from './side.ts';
import type { Study } from './study.ts';
import { phaseName, subPhaseOf } from './sub-phase.ts';
import { judgeTrade } from './tradeable.ts';

/**
 * What many records share is frozen; a record itself is read-only by its type, because freezing it costs 3 % of a bar, and
 * the tests freeze all of them to show that nobody writes into one.
 */
const NOTHING: readonly DetectionEvent[] = Object.freeze([]);
/** Of every record that has none of its own. */
const NO_METRICS: Record<string, number> = Object.freeze({});
const NO_COMPONENTS: Components = Object.freeze({});

/**
 * A record in the making, in a slot that is used again: a rule fills in what it has to say. Prices and close position are mirrored,
 * NaN where undefined.
 */
export class Draft {
  side: Side;
  kind: EventKind = 'PS';
  status: EventStatus = 'confirmed';
  eventBar = -1;
  eventTime = NaN;
  price = NaN;
  level = NaN;
  volRatio = NaN;
  spreadRatio = NaN;
  closePos = NaN;
  /** Given away: the record takes it over. */
  metrics: Record<string, number> | undefined = undefined;
  /** Scored events: pattern and points. */
  pattern: Pattern | undefined = undefined;
  components: Components | undefined = undefined;
  /** Follow-ups carry what the record they follow was given. */
  carried: Mark | undefined = undefined;
  /** Where score, confidence and column are remembered. */
  mark: Mark | undefined = undefined;
  /** The Spring itself, or the parent of a test. */
  spring: SpringMark | undefined = undefined;
  strength = fraction(0);
  session = -1;
  opening = false;
  doubleBottom = false;
  /** Mirrored line of count, NaN when the record states no objectives. */
  line = NaN;
  /** Bar in the identity when it is another record's, else -1. */
  idBar = -1;
  /** Kind and bar in the identity of the record this one refers to. */
  refers: { readonly kind: EventKind; readonly eventBar: number } | undefined = undefined;
  /** Is its kind scored? */
  scored = false;
  settled = fraction(0);
  quality = fraction(0);
  /** Range it belongs to: a later step of the same bar may end it and even begin the next. */
  rangeId = 0;
  /** A direct entry is judged in the phase it was found in, before time moves D to E on the same bar; -1 for the others. */
  heldPhase = -1;
  heldConfidence = 0;

  constructor(side: Side) {
    this.side = side;
  }

  begin(side: Side, kind: EventKind, status: EventStatus): this {
    this.side = side;
    this.kind = kind;
    this.status = status;
    this.level = NaN;
    this.metrics = undefined;
    this.pattern = undefined;
    this.components = undefined;
    this.carried = undefined;
    this.mark = undefined;
    this.spring = undefined;
    this.strength = 0;
    this.session = -1;
    this.opening = false;
    this.doubleBottom = false;
    this.line = NaN;
    this.idBar = -1;
    this.refers = undefined;
    this.heldPhase = -1;
    this.heldConfidence = 0;
    return this;
  }

  /** The event is what the candidate waited with. */
  at(candidate: Candidate): this {
    this.eventBar = candidate.bar;
    this.eventTime = candidate.time;
    this.price = candidate.low;
    this.volRatio = candidate.volRatio;
    this.spreadRatio = candidate.spreadRatio;
    this.closePos = candidate.closePos;
    this.session = candidate.session;
    this.opening = candidate.opening;
    return this;
  }

  /** A later word on an event that was told before. */
  following(mark: BreakMark | SpringMark): this {
    this.eventBar = mark.eventBar;
    this.eventTime = mark.eventTime;
    this.price = mark.price;
    this.level = mark.level;
    this.volRatio = mark.volRatio;
    this.spreadRatio = mark.spreadRatio;
    this.closePos = mark.closePos;
    this.carried = mark;
    return this;
  }
}

export class Outbox {
  readonly #study: Study;
  // bounded: as many slots as one bar has had records, a few at most
  readonly #drafts: Draft[] = [];
  // bounded: one per reason code at most; reasons against the record being completed, handed out as a copy
  readonly reasons: ReasonCode[] = [];
  /** Slots in use on this bar. */
  #count = 0;
  #identityRange = -1;
  #accumulation = '';
  #distribution = '';

  constructor(study: Study) {
    this.#study = study;
  }

  get empty(): boolean {
    return this.#count === 0;
  }

  /** Begins a record; the caller fills it in and then has it scored. */
  begin(side: Side, kind: EventKind, status: EventStatus): Draft {
    if (this.#count === this.#drafts.length) this.#drafts.push(new Draft(side));
    return this.#drafts[this.#count++].begin(side, kind, status);
  }

  /** Settles the score, with the range and the levels as they judged the bar, and returns it; 0 for an unscored event. */
  score(draft: Draft): number {
    const study = this.#study;
    const { side, components, pattern, carried } = draft;
    draft.scored = components !== undefined || carried !== undefined;
    let score = 0;
    if (pattern !== undefined && components !== undefined) {
      score = settle(components, pattern, { reliability: study.effort.reliability, low: study.params.lowVolumeWeight });
    } else if (carried !== undefined) score = carried.score;
    if (draft.mark !== undefined && draft.scored) draft.mark.score = score;
    const { range, tally } = study;
    const context = draft.kind === 'PS' || draft.kind === 'PSY';
    draft.settled = score;
    draft.quality = range.living ? range.quality(study.now.bar) : 0;
    draft.rangeId = context ? 0 : range.living ? range.id : tally.nextRangeId;
    if (draft.status === 'direct') {
      draft.heldPhase = side.at.phase;
      draft.heldConfidence = phaseConfidence(study, side);
    }
    return score;
  }

  /** Completes the records of this bar; one shared empty array when there are none. */
  flush(): readonly DetectionEvent[] {
    const count = this.#count;
    if (count === 0) return NOTHING;
    const records = [this.#complete(this.#drafts[0])];
    for (let i = 1; i < count; i++) records.push(this.#complete(this.#drafts[i]));
    this.#count = 0;
    return records;
  }

  static get nothing(): readonly DetectionEvent[] {
    return NOTHING;
  }

  /** `3:A:`, what the identities of a hypothesis' records in one range begin with. */
  #identity(side: Side, rangeId: number): string {
    if (this.#identityRange !== rangeId) {
      this.#identityRange = rangeId;
      this.#accumulation = `${rangeId}:A:`;
      this.#distribution = `${rangeId}:D:`;
    }
    return side.sign === 1 ? this.#accumulation : this.#distribution;
  }

  #complete(event: Draft): DetectionEvent {
    const { side, rangeId, quality, strength } = event;
    const score = event.scored ? event.settled : null;
    const study = this.#study;
    const { now, range } = study;
    const at = side.at;
    const current = rangeId !== 0 && range.living && rangeId === range.id;
    const held = event.heldPhase >= 0;
    const phaseConfidence = !current ? 0 : held ? event.heldConfidence : at.phaseConfidence;
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
    const counted = event.line === event.line && current;
    const metrics = event.metrics ?? (counted ? {} : NO_METRICS);
    const objectives = counted ? this.#objectives(side, event.line, metrics) : null;
    const trade = judgeTrade(study, side, { event, confidence, strength, quality, phaseConfidence, current });
    if (event.status === 'confirmed' || event.status === 'direct' || event.status === 'repeat') {
      study.funnel.countRecord(event.kind, trade.tradeable, trade.reasons);
    }
    const own = this.#identity(side, rangeId);
    const record: MutableRecord = {
      id: `${own}${event.kind}:${event.idBar < 0 ? event.eventBar : event.idBar}`,
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
      metrics,
      score,
      components: event.components ?? NO_COMPONENTS,
      adjustments,
      confidence,
      tier: tierOf(confidence ?? 0),
      phase: current ? phaseName(held ? event.heldPhase : at.phase) : null,
      subPhase: current && !held ? subPhaseOf(study, side) : null,
      phaseConfidence,
      rangeQuality: rangeId === 0 ? 0 : quality,
      levelStrength: strength,
      tradeable: trade.tradeable,
      riskFactor: trade.riskFactor,
      reasons: trade.reasons,
      prices: this.#prices(event, current, objectives),
    };
    if (event.refers !== undefined) record.refId = `${own}${event.refers.kind}:${event.refers.eventBar}`;
    return record;
  }

  #prices(event: Draft, current: boolean, objectives: number[] | null): DetectionEvent['prices'] {
    const { side } = event;
    const { range, now } = this.#study;
    const known = current || (event.rangeId === range.id && range.endBar === now.bar);
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
    if (objectives !== null) prices.objectives = objectives;
    return prices;
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

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
type MutableRecord = Mutable<DetectionEvent>;
type MutablePrices = Mutable<DetectionEvent['prices']>;

/** A test speaks for its parent; every other scored event for itself. */
function remember(event: Draft, confidence: number): void {
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
