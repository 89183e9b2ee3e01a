/** Whether a record may trade, and every reason why not (detection.md 5.5). */
import { FOREX_SESSION_NAMES } from '../effort/forex-session.ts';
import { htfBias } from './adjustments.ts';
import { EVENT_KINDS, type ReasonCode } from './event.ts';
import { leads } from './leading.ts';
import type { Draft } from './outbox.ts';
import { PHASE_B, PHASE_C, type Side } from './side.ts';
import type { Study } from './study.ts';

export interface TradeVerdict {
  readonly tradeable: boolean;
  readonly riskFactor: 1 | 0.75 | 0.5;
  readonly reasons: readonly ReasonCode[];
}

/** The lists most records share. */
const NO_REASON: readonly ReasonCode[] = Object.freeze([]);
const NOT_AN_ENTRY: readonly ReasonCode[] = Object.freeze(['WRONG_PHASE']);
const INSIDE: readonly ReasonCode[] = Object.freeze(['IN_RANGE']);

const SHAKEOUT = EVENT_KINDS.indexOf('SHAKEOUT');
const UTAD = EVENT_KINDS.indexOf('UTAD');

interface Question {
  readonly event: Draft;
  readonly confidence: number | null;
  readonly strength: number;
  readonly quality: number;
  readonly phaseConfidence: number;
  /** Its range still lives after all transitions of the bar. */
  readonly current: boolean;
}

/** TRD-1. */
export function judgeTrade(study: Study, side: Side, question: Question): TradeVerdict {
  const { event } = question;
  const riskFactor = riskOf(study, side, question);
  if (event.status !== 'confirmed' && event.status !== 'direct' && event.status !== 'repeat') {
    return { tradeable: false, riskFactor, reasons: NO_REASON };
  }
  // Where the pattern never trades, its gates are not worth listing.
  const barred = neverTrades(event);
  if (barred !== null) return { tradeable: false, riskFactor, reasons: barred };
  const { reasons } = study.outbox;
  reasons.length = 0;
  const listing = { question, reasons };
  addPatternReasons(study, side, listing);
  addGateReasons(study, side, listing);
  // A copy of the exact length: a list that grows by itself reserves room for seventeen.
  return { tradeable: reasons.length === 0, riskFactor, reasons: reasons.length === 0 ? NO_REASON : reasons.slice() };
}

interface Listing {
  readonly question: Question;
  readonly reasons: ReasonCode[];
}

/** Patterns that are never an entry, with the reason. */
function neverTrades(event: Draft): readonly ReasonCode[] | null {
  switch (event.kind) {
    case 'SPRING':
    case 'SHAKEOUT':
    case 'UTAD':
    case 'TEST':
    case 'SOS':
    case 'SOW':
      return null;
    case 'LPS':
    case 'LPSY':
      return event.metrics?.['inRange'] === 1 ? INSIDE : null;
    default:
      return NOT_AN_ENTRY;
  }
}

/** TRD-2. Which record of which pattern may trade at all. */
function addPatternReasons(study: Study, side: Side, listing: Listing): void {
  const { question, reasons } = listing;
  const { event } = question;
  switch (event.kind) {
    case 'SPRING':
    case 'SHAKEOUT':
    case 'UTAD':
      if (study.params.requireTest) reasons.push('AWAIT_TEST');
      addSpringReasons(study, side, listing);
      break;
    case 'TEST':
      addSpringReasons(study, side, listing);
      break;
    case 'SOS':
    case 'SOW':
      if (event.status !== 'direct') reasons.push('AWAIT_LPS');
      else if (!study.now.noVolume && !(event.volRatio >= study.thresholds.sosDirect() * (1 - 1e-9)))
        reasons.push('VOLUME_TOO_LOW');
      break;
    default:
      break;
  }
}

function addSpringReasons(study: Study, side: Side, listing: Listing): void {
  const { question, reasons } = listing;
  const spring = question.event.spring;
  if (spring === undefined) return;
  if (spring.kind === SHAKEOUT && !study.params.tradeShakeout) reasons.push('VOLUME_TOO_HIGH');
  if (spring.kind === UTAD && !spring.volumeFits) reasons.push('VOLUME_TOO_LOW');
  if (spring.premature && !prematureAllowed(study, side, question)) reasons.push('PREMATURE');
  else if (side.at.phase !== PHASE_C && !(spring.premature && side.at.phase === PHASE_B)) reasons.push('WRONG_PHASE');
}

/** A premature Spring trades on its test only, with high confidence and two secondary tests. */
function prematureAllowed(study: Study, side: Side, question: Question): boolean {
  const p = study.params;
  return (
    question.event.kind === 'TEST' &&
    (question.confidence ?? 0) >= p.prematureConfidence &&
    side.secondaries.count >= p.prematureSt
  );
}

function riskOf(study: Study, side: Side, question: Question): 1 | 0.75 | 0.5 {
  const spring = question.event.spring;
  if (spring === undefined || !spring.premature) return 1;
  const p = study.params;
  return (question.confidence ?? 0) >= p.prematureConfidence && side.secondaries.count >= p.prematureSt ? 0.75 : 0.5;
}

/** TRD-3. The gates every trade must pass. */
function addGateReasons(study: Study, side: Side, listing: Listing): void {
  const p = study.params;
  const { question, reasons } = listing;
  const { event } = question;
  if (question.quality < p.rangeQualityMin) reasons.push('RANGE_QUALITY');
  if (question.strength < p.levelStrengthMin) reasons.push('LEVEL_STRENGTH');
  if (question.phaseConfidence < p.phaseConfidenceMin) reasons.push('PHASE_CONFIDENCE');
  const floor = event.status === 'direct' ? p.sosDirectConfidence : p.confidenceFloor;
  if ((question.confidence ?? 0) < floor) reasons.push('CONFIDENCE');
  if (!question.current || !leads(side, study.other(side))) reasons.push('HYPOTHESIS_CONFLICT');
  const { session } = event;
  if (session >= 0 && p.vetoSessions.includes(FOREX_SESSION_NAMES[session])) reasons.push('SESSION');
  if (study.now.noVolume) reasons.push('NO_VOLUME');
  if (study.context === null) return;
  if (p.htfStrict && htfBias(study.context.htf, side) < 0) reasons.push('HTF_CONFLICT');
  if (study.context.news === true) reasons.push('ANOMALY');
}
