/** Whether a record may trade, and every reason why not (detection.md 5.5). */
import { FOREX_SESSION_NAMES } from '../effort/forex-session.ts';
import { htfBias } from './adjustments.ts';
import { EVENT_KINDS, type ReasonCode } from './event.ts';
import { leads } from './leading.ts';
import type { Emission } from './outbox.ts';
import { PHASE_B, PHASE_C, type Side } from './side.ts';
import type { Study } from './study.ts';

export interface TradeVerdict {
  readonly tradeable: boolean;
  readonly riskFactor: 1 | 0.75 | 0.5;
  readonly reasons: ReasonCode[];
}

interface Question {
  readonly event: Emission;
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
  const reasons: ReasonCode[] = [];
  const riskFactor = riskOf(study, side, question);
  if (event.status !== 'confirmed' && event.status !== 'direct' && event.status !== 'repeat') {
    return { tradeable: false, riskFactor, reasons };
  }
  const pattern = patternReasons(study, side, question);
  reasons.push(...pattern);
  if (pattern.length > 0 && !isEntryPattern(event)) return { tradeable: false, riskFactor, reasons };
  reasons.push(...gateReasons(study, side, question));
  return { tradeable: reasons.length === 0, riskFactor, reasons };
}

/** Patterns whose gates are worth listing even where something else already forbids the trade. */
function isEntryPattern(event: Emission): boolean {
  switch (event.kind) {
    case 'SPRING':
    case 'SHAKEOUT':
    case 'UTAD':
    case 'TEST':
    case 'SOS':
    case 'SOW':
      return true;
    case 'LPS':
    case 'LPSY':
      return event.metrics?.['inRange'] !== 1;
    default:
      return false;
  }
}

/** TRD-2. Which record of which pattern may trade at all. */
function patternReasons(study: Study, side: Side, question: Question): ReasonCode[] {
  const { event } = question;
  const p = study.params;
  switch (event.kind) {
    case 'SPRING':
    case 'SHAKEOUT':
    case 'UTAD':
      return [...(p.requireTest ? (['AWAIT_TEST'] as const) : []), ...springReasons(study, side, question)];
    case 'TEST':
      return springReasons(study, side, question);
    case 'SOS':
    case 'SOW':
      if (event.status !== 'direct') return ['AWAIT_LPS'];
      return study.effort.now.noVolume || event.volRatio >= study.thresholds.sosDirect() * (1 - 1e-9) ? [] : ['VOLUME_TOO_LOW'];
    case 'LPS':
    case 'LPSY':
      return event.metrics?.['inRange'] === 1 ? ['IN_RANGE'] : [];
    default:
      return ['WRONG_PHASE'];
  }
}

function springReasons(study: Study, side: Side, question: Question): ReasonCode[] {
  const spring = question.event.spring;
  if (spring === undefined) return ['WRONG_PHASE'];
  const reasons: ReasonCode[] = [];
  const kind = EVENT_KINDS[spring.kind];
  if (kind === 'SHAKEOUT' && !study.params.tradeShakeout) reasons.push('VOLUME_TOO_HIGH');
  if (kind === 'UTAD' && !spring.volumeFits) reasons.push('VOLUME_TOO_LOW');
  if (spring.premature && !prematureAllowed(study, side, question)) reasons.push('PREMATURE');
  else if (side.at.phase !== PHASE_C && !(spring.premature && side.at.phase === PHASE_B)) reasons.push('WRONG_PHASE');
  return reasons;
}

/** A premature Spring trades on its test only, with high confidence and two secondary tests. */
function prematureAllowed(study: Study, side: Side, question: Question): boolean {
  const p = study.params;
  return question.event.kind === 'TEST' && (question.confidence ?? 0) >= p.prematureConfidence && side.secondaries.count >= p.prematureSt;
}

function riskOf(study: Study, side: Side, question: Question): 1 | 0.75 | 0.5 {
  const spring = question.event.spring;
  if (spring === undefined || !spring.premature) return 1;
  const p = study.params;
  return (question.confidence ?? 0) >= p.prematureConfidence && side.secondaries.count >= p.prematureSt ? 0.75 : 0.5;
}

/** TRD-3. The gates every trade must pass. */
function gateReasons(study: Study, side: Side, question: Question): ReasonCode[] {
  const p = study.params;
  const { event } = question;
  const reasons: ReasonCode[] = [];
  if (question.quality < p.rangeQualityMin) reasons.push('RANGE_QUALITY');
  if (question.strength < p.levelStrengthMin) reasons.push('LEVEL_STRENGTH');
  if (question.phaseConfidence < p.phaseConfidenceMin) reasons.push('PHASE_CONFIDENCE');
  const floor = event.status === 'direct' ? p.sosDirectConfidence : p.confidenceFloor;
  if ((question.confidence ?? 0) < floor) reasons.push('CONFIDENCE');
  if (!question.current || !leads(side, study.other(side))) reasons.push('HYPOTHESIS_CONFLICT');
  const session = event.session ?? -1;
  if (session >= 0 && p.vetoSessions.includes(FOREX_SESSION_NAMES[session])) reasons.push('SESSION');
  if (p.htfStrict && htfBias(study.context?.htf, side) < 0) reasons.push('HTF_CONFLICT');
  if (study.now.noVolume) reasons.push('NO_VOLUME');
  if (study.context?.news === true) reasons.push('ANOMALY');
  return reasons;
}
