/** Steps 6 and 7 of a bar: what the two hypotheses' findings do to the range, to each other, and what time alone does. */
import { RING_MASK } from '../bar/bar-ring.ts';
import { above } from '../bar/tolerance.ts';
import { ACTIVE, BROKEN_DOWN, BROKEN_UP, FORMING } from '../structure/range.ts';
import { breakThreshold, classOfBreak, judgeDirect } from './decisive-break.ts';
import { PHASE_B_TURNS } from './due.ts';
import { endSide, enterE, resume, returnToB, suspend } from './phases.ts';
import { endRange, judgeActivation, judgeBroken, judgeDrift, moveEdge } from './range-life.ts';
import { NO_PHASE, PHASE_A, PHASE_B, PHASE_C, PHASE_D, PHASE_E, type Side } from './side.ts';
import type { Study } from './study.ts';
import { confirmSpring, markFailed, resolveMinorUpthrust } from './undercut.ts';

/** Step 6: break, failure, widening, lifecycle. */
export function ageRange(study: Study): void {
  const { range, up, down } = study;
  if (!range.living) return;
  if (range.state === BROKEN_UP || range.state === BROKEN_DOWN) watchExtremes(study);
  if (up.bar.broke) breakRange(study, up);
  else if (down.bar.broke) breakRange(study, down);
  if (up.bar.breakFailed) mendRange(study, up);
  else if (down.bar.breakFailed) mendRange(study, down);
  if (range.state === FORMING || range.state === ACTIVE) {
    widen(study, up);
    widen(study, down);
  }
  if (range.state === FORMING) judgeActivation(study);
  else if (range.state === ACTIVE && judgeDrift(study)) {
    endRange(study, 'EXPIRED');
    return;
  }
  if (range.living && range.state <= ACTIVE && range.duration(study.now.bar) > study.params.maxRangeBars)
    endRange(study, 'EXPIRED');
}

function watchExtremes(study: Study): void {
  const { range, now } = study;
  if (!(now.high <= range.breakHigh)) range.breakHigh = now.high;
  if (!(now.low >= range.breakLow)) range.breakLow = now.low;
}

/** SOS-9. The break is a fact of the range whether or not the hypothesis was ready for it. */
function breakRange(study: Study, side: Side): void {
  const { range, now } = study;
  range.state = side.sign === 1 ? BROKEN_UP : BROKEN_DOWN;
  range.breakSide = side.sign;
  range.breakBar = now.bar;
  range.breakAtr = now.atr;
  range.breakThreshold = breakThreshold(study, side);
  range.breakHigh = now.high;
  range.breakLow = now.low;
  range.breakVolRatio = now.volRatio;
  range.breakSpreadRatio = now.spreadRatio;
  range.breakClosePos = now.closePos;
  range.breakSession = now.session;
  range.breakOpening = now.openingBar;
  range.breakClass = classOfBreak(study, side);
  study.funnel.broken++;
  study.change();
  const other = study.other(side);
  if (other.at.phase !== NO_PHASE && other.at.phase <= PHASE_C) suspend(study, other);
}

/** SOS-10. The first failure makes the range ACTIVE again, the second ends it; the suspended hypothesis resumes. */
function mendRange(study: Study, side: Side): void {
  const { range } = study;
  study.funnel.failedBreaks++;
  study.change();
  side.seed.live = false;
  const other = study.other(side);
  other.seed.live = false;
  if (range.failedBreaks > 0) {
    endRange(study, 'FAILED');
    return;
  }
  range.failedBreaks++;
  range.state = ACTIVE;
  if (other.at.suspended) {
    resume(study, other);
    resumeWithSpring(study, other, side);
  }
  range.mend();
}

/** SPR-7. A failed break is the other hypothesis' Shakeout or UTAD, if that was ready when the edge broke. */
function resumeWithSpring(study: Study, other: Side, broken: Side): void {
  const { range, params: p } = study;
  const edge = other.sign === 1 ? range.support : -range.resistance;
  const extreme = other.sign === 1 ? range.breakLow : -range.breakHigh;
  for (let i = 0; i < other.springs.count; i++) {
    const spring = other.springs.at(i);
    if (!spring.failed && extreme < spring.price) markFailed(study, other, spring);
  }
  // A SOW that only drifts back over the tolerance is no Shakeout (asymmetry 6); a SOS always leaves a UTAD.
  const speaks = p.symmetric || other.sign === -1 || broken.bar.fastFail;
  if (!speaks || !study.eligible(other, range.breakBar)) {
    if (other.at.phase === PHASE_C && other.goodSpring === null && other.inRangePoints.count === 0)
      returnToB(study, other, 'SPRING_FAILED');
    return;
  }
  const u = other.undercut;
  const atr = range.breakAtr;
  u.openBar = range.breakBar;
  u.bar = range.breakBar;
  u.time = study.effort.bars.time[range.breakBar & RING_MASK];
  u.low = extreme;
  u.level = edge;
  u.width = range.width;
  u.atr = atr;
  u.volRatio = range.breakVolRatio;
  u.spreadRatio = range.breakSpreadRatio;
  u.closePos = other.sign === 1 ? range.breakClosePos : 1 - range.breakClosePos;
  u.session = range.breakSession;
  u.opening = range.breakOpening;
  u.effort = true;
  u.limit = Math.min(study.pct(p.springMaxDepth, edge), Math.max(p.springMaxAtr * atr, p.springMaxW * range.width));
  u.live = false;
  confirmSpring(study, other, { kind: study.asymmetric(other) ? 'UTAD' : 'SHAKEOUT', premature: false, fromFailedBreak: true });
}

/** LVL-4. ST undercut first, then the limited widening by tests and minor upthrusts. */
function widen(study: Study, side: Side): void {
  const { stEdge } = side.bar;
  if (stEdge === stEdge) moveEdge(study, side, { price: stEdge, limited: false });
  if (study.range.state !== ACTIVE) return;
  resolveMinorUpthrust(study, side);
  const { widenTo } = side.bar;
  if (widenTo === widenTo) moveEdge(study, side, { price: widenTo, limited: true });
}

/** Step 7: what time does to the phases. */
export function passTime(study: Study): void {
  const { range } = study;
  if (!range.living) return;
  passTimeFor(study, study.up);
  passTimeFor(study, study.down);
  if (!range.living) return;
  if (range.breakSide !== 0) {
    const end = judgeBroken(study);
    if (end !== null) endRange(study, end);
    return;
  }
  if (range.state === ACTIVE && study.up.at.ended && study.down.at.ended) endRange(study, 'EXPIRED');
}

function passTimeFor(study: Study, side: Side): void {
  const { at } = side;
  if (at.phase === NO_PHASE) return;
  const { now, range, params: p } = study;
  if (at.suspended) {
    // PHS-9. Ten bars without failure of the break: over.
    if (now.bar - range.breakBar >= p.sosFailBars) endSide(study, side, 'OPPOSITE_BREAK');
    return;
  }
  switch (at.phase) {
    case PHASE_A:
      expireA(study, side);
      break;
    case PHASE_B:
    case PHASE_C:
      watchBreakdown(study, side);
      if (at.phase === PHASE_C && now.bar - at.cStart >= p.phaseCMax) returnToB(study, side, 'NO_BREAK');
      break;
    case PHASE_D:
    case PHASE_E:
      judgeDirect(study, side);
      if (at.phase === PHASE_D) judgeE(study, side);
      break;
  }
}

/** PHS-11. Phase A without a secondary test in time is over; a forming range goes with it. */
function expireA(study: Study, side: Side): void {
  const { at } = side;
  const { now, params: p } = study;
  const waited = now.bar - at.rallyConfirmBar >= p.stWindow && !side.secondary.live;
  const tooLong = now.bar - side.climax.at(0).eventBar >= p.phaseAMax;
  if (!waited && !tooLong) return;
  endSide(study, side, 'TIME');
  if (study.range.state === FORMING) endRange(study, 'EXPIRED');
}

/** SPR-8. After the last Spring failed, the edge must be regained within five bars. */
function watchBreakdown(study: Study, side: Side): void {
  const { at } = side;
  if (at.failWatch < 0) return;
  const edge = side.sign === 1 ? study.range.support : -study.range.resistance;
  if (above(side.sign * study.now.close, edge)) at.failWatch = -1;
  else if (study.now.bar - at.failWatch >= study.params.failWatchBars) endSide(study, side, 'BREAKDOWN');
}

/** PHS-6. A last point and a new high over the break bar, or ten closes beyond the edge. */
function judgeE(study: Study, side: Side): void {
  const { at } = side;
  const close = side.sign * study.now.close;
  if (side.lastPoints.count > 0 && above(close, at.sosHigh)) enterE(study, side, 'LPS');
  else if (at.eCloses >= study.params.eCloses) enterE(study, side, 'CLOSES');
}

/** Does the confidence of phase B change by its age on this bar? */
export function phaseBTurns(study: Study, side: Side): boolean {
  if (side.at.phase !== PHASE_B) return false;
  const age = study.now.bar - side.at.bStart;
  return age === PHASE_B_TURNS[0] || age === PHASE_B_TURNS[1];
}
