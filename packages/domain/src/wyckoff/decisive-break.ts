/** Sign of strength, sign of weakness: the far edge is broken decisively, or the break fails (detection.md 4.7). */
import { RING_MASK, SHORT_MASK } from '../bar/bar-ring.ts';
import { above, atLeast, atMost, below } from '../bar/tolerance.ts';
import { points, POINTS, type Components } from './confidence.ts';
import type { BreakMark } from './marks.ts';
import { nameFor } from './mirror.ts';
import { kindCode } from './event.ts';
import { enterD, fallBack } from './phases.ts';
import { NO_PHASE, PHASE_B, PHASE_D, PHASE_E, type Side } from './side.ts';
import type { Study } from './study.ts';

const QUIET = 0;
const REVERSAL = 1;
const EFFORT = 2;

/** The price a close must pass for the break to be decisive, as the side sees it. */
export function breakThreshold(study: Study, side: Side): number {
  const { view } = side;
  const p = study.params;
  return Math.max(
    view.resistance,
    view.resistancePrice + study.pct(p.sosBreak, view.resistancePrice),
    view.resistance + p.sosBreakAtr * study.now.atr,
  );
}

/** SOS-1. Judged for both sides before either is heard, because a break of one settles the other's penetration. */
export function judgeBreak(study: Study, side: Side): void {
  const { view } = side;
  if (!study.active || !(view.close > view.resistance)) return;
  const threshold = breakThreshold(study, side);
  if (above(view.close, view.resistance) && atMost(view.prevClose, threshold))
    side.bar.broke = meetsConditions(study, side, threshold);
}

/** SOS-2. Close beyond the threshold, volume, spread, a close in the upper half. */
function meetsConditions(study: Study, side: Side, threshold: number): boolean {
  const { view } = side;
  const { now, params: p, judge, thresholds } = study;
  if (!now.judged || now.anomaly) return false;
  const beyond = above(view.close, threshold);
  const wide = atLeast(now.spreadRatio, p.sosSpread);
  const strong = atLeast(view.closePos, p.sosClose);
  // Two failures are not even a near miss; then no quantile need be read.
  if (!judge.traced && (beyond ? !wide && !strong : !wide || !strong)) return false;
  const alternative = study.asymmetric(side) && atLeast(now.spreadRatio, p.sowAltSpread);
  const needed = alternative ? thresholds.sosMin(now.session) - p.sowAltVolDrop : thresholds.sosMin(now.session);
  judge.open(nameFor(side.sign, 'SOS'), side.sign);
  judge.require(beyond, 'TOO_SHALLOW', side.sign * view.close, side.sign * threshold);
  judge.require(study.volumeAtLeast(needed), 'VOLUME_TOO_LOW', now.volRatio, needed);
  judge.require(wide, 'SPREAD_NARROW', now.spreadRatio, p.sosSpread);
  judge.require(strong, 'WEAK_CLOSE', view.closePos, p.sosClose);
  return judge.verdict();
}

/** SOS-3, in the side's turn: confirm the break, repeat it, hold it, or see it fail. */
export function advanceBreak(study: Study, side: Side): void {
  if (side.bar.broke) {
    confirmBreak(study, side);
    return;
  }
  if (!study.brokenBy(side)) return;
  if (judgeFailure(study, side)) return;
  const { at } = side;
  if (at.phase !== PHASE_D && at.phase !== PHASE_E) return;
  if (side.view.high > at.highSinceSos) at.highSinceSos = side.view.high;
  at.eCloses = above(side.view.close, farEdge(study, side)) ? at.eCloses + 1 : 0;
  judgeHeld(study, side);
  judgeRepeat(study, side);
}

/** The broken edge, frozen at the break. */
export function farEdge(study: Study, side: Side): number {
  return side.sign === 1 ? study.range.resistance : -study.range.support;
}

function confirmBreak(study: Study, side: Side): void {
  const { at } = side;
  const { now, judge } = study;
  const kind = nameFor(side.sign, 'SOS');
  if (study.eligible(side, now.bar) && !at.suspended) {
    const mark = emitBreak(study, side, breakThreshold(study, side));
    at.sosBar = now.bar;
    at.sosHigh = mark.high;
    at.highSinceSos = mark.high;
    at.lpsFrom = now.bar;
    at.eCloses = 0;
    at.directDone = false;
    side.lastPoints.clear();
    side.secondary.live = false;
    side.undercut.live = false;
    side.inRange.live = false;
    enterD(study, side, side.sign === 1 ? 'SOS' : 'SOW');
  } else if (at.phase === PHASE_B) {
    judge.reject(kind, side.sign, { code: 'PREMATURE', value: now.bar - at.bStart, limit: study.minPhaseB(side) });
  } else judge.reject(kind, side.sign, { code: 'WRONG_PHASE', value: at.phase, limit: PHASE_B });
}

/** SOS-4. Effort behind the break: quiet, a reversal, or effort. */
export function classOfBreak(study: Study, side: Side): number {
  const ratio = study.now.volRatio;
  if (!above(ratio, 1.5)) return QUIET;
  let busy = 0;
  const tests = side.secondaries;
  for (let i = 0; i < tests.count; i++) if (above(tests.at(i).volRatio, 1.3)) busy++;
  const signs =
    (side.springs.count > 0 ? 1 : 0) + (tests.count > 0 && 2 * busy >= tests.count ? 1 : 0) + (above(ratio, 2) ? 1 : 0);
  return signs >= 2 ? REVERSAL : EFFORT;
}

function emitBreak(study: Study, side: Side, threshold: number): BreakMark {
  const { view } = side;
  const { now } = study;
  const first = side.breaks.count === 0 ? null : side.breaks.at(0);
  const repeat = first !== null && study.brokenBy(side);
  const mark = side.breaks.next();
  mark.kind = kindCode(nameFor(side.sign, 'SOS'));
  mark.eventBar = now.bar;
  mark.eventTime = now.time;
  mark.confirmBar = now.bar;
  mark.price = view.close;
  mark.close = view.close;
  mark.high = view.high;
  mark.level = farEdge(study, side);
  mark.volRatio = now.volRatio;
  mark.spreadRatio = now.spreadRatio;
  mark.closePos = view.closePos;
  const edge = mark.level;
  const atr = repeat ? study.range.breakAtr : now.atr;
  const components = breakComponents(study, side, (view.close - edge) / atr);
  Object.values(components).forEach((value, i) => (mark.points[i] = value));
  const record = study.outbox.begin(side, nameFor(side.sign, 'SOS'), repeat ? 'repeat' : 'confirmed');
  record.eventBar = now.bar;
  if (repeat && first !== null) record.idBar = side.at.sosBar;
  record.eventTime = now.time;
  record.price = view.close;
  record.level = edge;
  record.volRatio = now.volRatio;
  record.spreadRatio = now.spreadRatio;
  record.closePos = view.closePos;
  record.metrics = {
    breakAtr: (view.close - edge) / atr,
    T: side.sign * threshold,
    cause: study.range.duration(now.bar),
    isJump: 1,
    breakClass: classOfBreak(study, side),
  };
  record.pattern = 'SOS';
  record.components = components;
  record.mark = mark;
  record.strength = study.farStrength(side);
  record.session = now.session;
  record.opening = now.openingBar;
  study.outbox.score(record);
  side.bar.touched = true;
  return mark;
}

function breakComponents(study: Study, side: Side, breakAtr: number): Components {
  const { view } = side;
  const { now, range } = study;
  return {
    volume: points(POINTS.sosVolume, study.thresholds.onStockScale(now.volRatio)),
    spread: points(POINTS.sosSpread, now.spreadRatio),
    close: points(POINTS.sosClose, view.closePos),
    break: points(POINTS.sosBreak, breakAtr),
    cause: points(POINTS.sosCause, range.duration(now.bar)),
    prior: priorPoints(side),
    quiet: points(POINTS.sosQuiet, quietBefore(study)),
  };
}

function priorPoints(side: Side): number {
  const spring = side.goodSpring;
  if (spring !== null) return spring.tests > 0 ? 10 : 7;
  return side.inRangePoints.count > 0 ? 5 : 0;
}

/** Mean volume ratio of the three bars before; 1 when one is undefined. */
function quietBefore(study: Study): number {
  const bar = study.now.bar;
  const ratios = study.effort.bars.volRatio;
  const mean = (ratios[(bar - 1) & SHORT_MASK] + ratios[(bar - 2) & SHORT_MASK] + ratios[(bar - 3) & SHORT_MASK]) / 3;
  return Number.isFinite(mean) ? mean : 1;
}

/** SOS-5. The close is back inside by the tolerance within ten bars, or a SOW is taken back at once (asymmetry 6). */
function judgeFailure(study: Study, side: Side): boolean {
  const { view, at } = side;
  const { range, now, params: p } = study;
  const age = now.bar - range.breakBar;
  if (age < 1 || age > p.sosFailBars) return false;
  const edge = farEdge(study, side);
  const fast = study.asymmetric(side) && age <= p.sowFastFailBars && below(view.close, edge);
  if (!fast && !below(view.close, edge - study.pct(p.sosFailTol, edge))) return false;
  side.bar.breakFailed = true;
  side.bar.fastFail = fast;
  if (at.phase === PHASE_D || at.phase === PHASE_E) {
    emitFollowUp(study, side, 'failed');
    fallBack(study, side);
  }
  return true;
}

function emitFollowUp(study: Study, side: Side, status: 'failed' | 'held'): void {
  const mark = firstBreak(side);
  if (mark === null) return;
  const record = study.outbox.begin(side, nameFor(side.sign, 'SOS'), status).following(mark);
  record.strength = study.farStrength(side);
  study.outbox.score(record);
}

/** The SOS of the present break: repeats share its identity. */
export function firstBreak(side: Side): BreakMark | null {
  for (let i = 0; i < side.breaks.count; i++) if (side.breaks.at(i).eventBar === side.at.sosBar) return side.breaks.at(i);
  return null;
}

/** SOS-6. The next three closes stay beyond the edge. */
function judgeHeld(study: Study, side: Side): void {
  const { now, params: p } = study;
  if (now.bar !== side.at.sosBar + p.sosHeldBars) return;
  const edge = farEdge(study, side);
  const closes = study.effort.bars.close;
  for (let i = 0; i < p.sosHeldBars; i++) {
    if (!atLeast(side.sign * closes[(now.bar - i) & RING_MASK], edge)) return;
  }
  emitFollowUp(study, side, 'held');
}

/** SOS-7. The same test against the frozen threshold; it reopens the window for a last point. */
function judgeRepeat(study: Study, side: Side): void {
  const { view, at } = side;
  const threshold = study.range.breakThreshold;
  if (!(view.close > farEdge(study, side)) || !atMost(view.prevClose, threshold)) return;
  let seen = 0;
  for (let i = 0; i < side.breaks.count; i++) if (side.breaks.at(i).eventBar >= at.sosBar) seen++;
  if (seen >= study.params.sosMax || !meetsConditions(study, side, threshold)) return;
  emitBreak(study, side, threshold);
  at.lpsFrom = study.now.bar;
}

/** SOS-8. Ten bars without a last point and still beyond the edge: the break itself may be followed. */
export function judgeDirect(study: Study, side: Side): void {
  const { at } = side;
  const { now, params: p } = study;
  if (at.directDone || at.phase < PHASE_D || at.phase === NO_PHASE || !study.brokenBy(side)) return;
  if (now.bar !== at.sosBar + p.sosDirectWait) return;
  at.directDone = true;
  const mark = firstBreak(side);
  const edge = farEdge(study, side);
  if (side.lastPoints.count > 0 || mark === null || !above(side.sign * now.close, edge)) return;
  const record = study.outbox.begin(side, nameFor(side.sign, 'SOS'), 'direct').following(mark);
  record.level = edge;
  record.strength = study.farStrength(side);
  record.line = edge;
  study.outbox.score(record);
}
