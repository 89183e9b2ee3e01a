/** Whether a record may trade, and every reason why not (detection.md 5.5). */
import { FOREX_SESSION_NAMES } from '../effort/forex-session.ts';
import { htfBias } from './adjustments.ts';
import { EVENT_KINDS, type ReasonCode } from './event.ts';
import type { Judge } from './judge.ts';
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
  study.judge.open(event.kind, side.sign);
  // Where the pattern never trades, its gates are not worth listing.
  const barred = neverTrades(event);
  if (barred !== null) {
    for (const code of barred) study.judge.gate(false, code, 0, 1);
    return { tradeable: false, riskFactor, reasons: barred };
  }
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
      ask(study, listing, 'AWAIT_TEST', !study.params.requireTest);
      addSpringReasons(study, side, listing);
      break;
    case 'TEST':
      addSpringReasons(study, side, listing);
      break;
    case 'SOS':
    case 'SOW':
      ask(study, listing, 'AWAIT_LPS', event.status === 'direct');
      if (event.status === 'direct' && !study.now.noVolume) {
        const least = study.thresholds.sosDirect();
        const loud = event.volRatio >= least * (1 - 1e-9);
        if (!study.judge.gate(loud, 'VOLUME_TOO_LOW', event.volRatio, least)) reasons.push('VOLUME_TOO_LOW');
      }
      break;
    default:
      break;
  }
}

function addSpringReasons(study: Study, side: Side, listing: Listing): void {
  const { question } = listing;
  const spring = question.event.spring;
  if (spring === undefined) return;
  // Its volume was judged when it happened: a habit has moved on since, so that only the verdict can be told.
  if (spring.kind === UTAD) ask(study, listing, 'VOLUME_TOO_LOW', spring.volumeFits);
  else ask(study, listing, 'VOLUME_TOO_HIGH', spring.kind !== SHAKEOUT || study.params.tradeShakeout);
  if (ask(study, listing, 'PREMATURE', !spring.premature || prematureAllowed(study, side, question)))
    ask(study, listing, 'WRONG_PHASE', side.at.phase === PHASE_C || (spring.premature && side.at.phase === PHASE_B));
}

/** A gate that is a yes or no; shut, it is a reason against. */
function ask(study: Study, { reasons }: Listing, code: ReasonCode, open: boolean): boolean {
  if (!open) reasons.push(code);
  return study.judge.gate(open, code, open ? 1 : 0, 1);
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
  if (!weigh(study.judge, 'RANGE_QUALITY', question.quality, p.rangeQualityMin)) reasons.push('RANGE_QUALITY');
  if (!weigh(study.judge, 'LEVEL_STRENGTH', question.strength, p.levelStrengthMin)) reasons.push('LEVEL_STRENGTH');
  if (!weigh(study.judge, 'PHASE_CONFIDENCE', question.phaseConfidence, p.phaseConfidenceMin)) reasons.push('PHASE_CONFIDENCE');
  const floor = event.status === 'direct' ? p.sosDirectConfidence : p.confidenceFloor;
  if (!weigh(study.judge, 'CONFIDENCE', question.confidence ?? 0, floor)) reasons.push('CONFIDENCE');
  ask(study, listing, 'HYPOTHESIS_CONFLICT', question.current && leads(side, study.other(side)));
  const { session } = event;
  if (session >= 0) ask(study, listing, 'SESSION', !p.vetoSessions.includes(FOREX_SESSION_NAMES[session]));
  ask(study, listing, 'NO_VOLUME', !study.now.noVolume);
  if (study.context === null) return;
  if (p.htfStrict) ask(study, listing, 'HTF_CONFLICT', !(htfBias(study.context.htf, side) < 0));
  ask(study, listing, 'ANOMALY', study.context.news !== true);
}

/** A gate of points; true where it is open. */
function weigh(judge: Judge, code: ReasonCode, points: number, least: number): boolean {
  return judge.gate(!(points < least), code, points, least);
}
