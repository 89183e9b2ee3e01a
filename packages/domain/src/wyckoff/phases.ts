/** The phase machine: each hypothesis walks A to E by its own events (detection.md 5.1). */
import { C_READY, C_SPRING, NO_PHASE, PHASE_A, PHASE_B, PHASE_C, PHASE_D, PHASE_E, type Side } from './side.ts';
import type { Study } from './study.ts';
import type { Cause } from './transition-log.ts';

/** Every change of phase passes here: logged, numbered, seen by whoever watches the revision. */
export function moveTo(study: Study, side: Side, phase: number, cause: Cause): void {
  const from = side.at.phase;
  side.at.phase = phase;
  if (side.bar.cameFrom < 0) side.bar.cameFrom = from;
  side.bar.touched = true;
  logStep(study, side, { from, to: phase, cause });
}

function logStep(study: Study, side: Side, step: { readonly from: number; readonly to: number; readonly cause: Cause }): void {
  study.change();
  side.transitions.write({
    seq: ++study.tally.transitionSeq,
    rangeId: study.range.id,
    bar: study.now.bar,
    time: study.now.time,
    from: step.from,
    to: step.to,
    cause: step.cause,
  });
}

/** PHS-1. The automatic rally is confirmed: stopping action has begun. */
export function enterA(study: Study, side: Side, start: { readonly bar: number; readonly time: number }): void {
  side.at.startBar = start.bar;
  side.at.startTime = start.time;
  moveTo(study, side, PHASE_A, 'AR');
}

/** PHS-2. A secondary test is confirmed: the cause is being built. */
export function enterB(study: Study, side: Side, bStart: number): void {
  side.at.bStart = bStart;
  moveTo(study, side, PHASE_B, 'ST');
}

/** PHS-3. The range turned ACTIVE and this hypothesis had no phase: B, implied. */
export function implyB(study: Study, side: Side): void {
  const at = side.at;
  at.implied = true;
  at.startBar = study.range.startBar;
  at.startTime = study.range.startTime;
  at.bStart = study.now.bar;
  moveTo(study, side, PHASE_B, 'RANGE_ACTIVE');
}

/** PHS-4. A Spring (UTAD) or an in-range last point in time: the test of the cause. */
export function enterC(
  study: Study,
  side: Side,
  how: { readonly subPhase: typeof C_SPRING | typeof C_READY; readonly cause: Cause },
): void {
  side.at.cStart = study.now.bar;
  side.at.subPhase = how.subPhase;
  moveTo(study, side, PHASE_C, how.cause);
}

/** PHS-5. A decisive break in time. */
export function enterD(study: Study, side: Side, cause: Cause): void {
  side.at.subPhase = 0;
  moveTo(study, side, PHASE_D, cause);
}

/** PHS-6. */
export function enterE(study: Study, side: Side, cause: Cause): void {
  side.at.eStart = study.now.bar;
  side.at.lpsInE = 0;
  moveTo(study, side, PHASE_E, cause);
}

/** PHS-7. Back to B with the old start; the Springs seen take no more tests. */
export function returnToB(study: Study, side: Side, cause: Cause): void {
  side.at.subPhase = 0;
  side.at.testHigh = NaN;
  for (let i = 0; i < side.springs.count; i++) side.springs.at(i).closed = true;
  moveTo(study, side, PHASE_B, cause);
}

/** PHS-8. The break failed: C when an unfailed Spring stands, else B. */
export function fallBack(study: Study, side: Side): void {
  side.at.malus = true;
  side.at.directDone = true;
  const spring = side.goodSpring;
  if (spring === null) returnToB(study, side, 'BREAK_FAILED');
  else {
    side.at.cStart = study.now.bar;
    side.at.subPhase = spring.tests > 0 ? C_READY : C_SPRING;
    moveTo(study, side, PHASE_C, 'BREAK_FAILED');
  }
}

/** PHS-9. A decisive break against the hypothesis. */
export function suspend(study: Study, side: Side): void {
  side.at.suspended = true;
  side.at.failWatch = -1;
  side.secondary.live = false;
  side.undercut.live = false;
  side.inRange.live = false;
  logStep(study, side, { from: side.at.phase, to: side.at.phase, cause: 'SUSPENDED' });
}

export function resume(study: Study, side: Side): void {
  side.at.suspended = false;
  side.at.blocked = false;
  logStep(study, side, { from: side.at.phase, to: side.at.phase, cause: 'RESUMED' });
}

/** PHS-10. Over for this range. */
export function endSide(study: Study, side: Side, cause: Cause): void {
  if (side.at.phase === NO_PHASE) return;
  side.at.ended = true;
  side.at.suspended = false;
  side.at.subPhase = 0;
  side.at.failWatch = -1;
  side.secondary.live = false;
  side.undercut.live = false;
  side.inRange.live = false;
  side.lastPoint.live = false;
  moveTo(study, side, NO_PHASE, cause);
  side.at.phaseConfidence = 0;
}
