/** Spring and Shakeout, UTAD and minor upthrust: the edge is broken and taken back (detection.md 4.6; Evans' spring). */
import { above, atLeast, atMost, below } from '../bar/tolerance.ts';
import { announce, capture, openOn } from './capture.ts';
import { depthPoints, points, POINTS, type Components } from './confidence.ts';
import { kindCode, type EventKind, type ReasonCode } from './event.ts';
import type { SpringMark } from './marks.ts';
import { nameFor } from './mirror.ts';
import { enterC, returnToB } from './phases.ts';
import { watchSprings } from './spring-watch.ts';
import { C_SPRING, PHASE_B, PHASE_C, type Side } from './side.ts';
import type { Study } from './study.ts';

/** SPR-6. A Spring whose low is broken has failed; with none left C falls back to B and the edge must be regained. */
export function failSprings(study: Study, side: Side): void {
  const { at, view, springs } = side;
  if (at.phase !== PHASE_B && at.phase !== PHASE_C) return;
  let failed = false;
  for (let i = 0; i < springs.count; i++) {
    const spring = springs.at(i);
    if (spring.failed || spring.confirmBar >= study.now.bar || !(view.low < spring.price)) continue;
    markFailed(study, side, spring);
    failed = true;
  }
  if (!failed) return;
  // An earlier one may be tested on this very bar.
  watchSprings(study, side);
  if (side.goodSpring !== null) return;
  if (at.phase === PHASE_C) returnToB(study, side, 'SPRING_FAILED');
  if (!at.suspended) at.failWatch = study.now.bar;
}

/** Records the failure; the event itself is never erased. */
export function markFailed(study: Study, side: Side, spring: SpringMark): void {
  spring.failed = true;
  side.bar.touched = true;
  const record = study.outbox.begin(side, springKind(side, spring), 'failed').following(spring);
  study.outbox.score(record);
}

/** Kind of a stored Spring by its code: the low-volume one, or the effortful one. */
export function springKind(side: Side, spring: SpringMark): EventKind {
  const shakeout = spring.kind === kindCode('SHAKEOUT');
  return shakeout ? 'SHAKEOUT' : nameFor(side.sign, 'SPRING');
}

/** SPR-1. */
export function advanceUndercut(study: Study, side: Side): void {
  const { at, view, undercut } = side;
  const { now } = study;
  const possible = study.active && (at.phase === PHASE_B || at.phase === PHASE_C) && !at.suspended;
  if (!possible || study.other(side).bar.broke) {
    // Handed over: a decisive break against the hypothesis judges the bar (detection.md 4.7).
    undercut.live = false;
    return;
  }
  const wasBlocked = at.blocked;
  if (wasBlocked && above(view.close, view.support)) at.blocked = false;
  if (undercut.live) follow(study, side);
  else if (!wasBlocked && below(view.low, view.support) && !isSecondaryBar(study, side)) {
    if (now.anomaly || !now.judged) return;
    openOn(study, side, undercut);
    const p = study.params;
    undercut.level = view.support;
    undercut.width = view.width;
    undercut.limit = Math.min(
      study.pct(p.springMaxDepth, view.support),
      Math.max(p.springMaxAtr * now.atr, p.springMaxW * view.width),
    );
    undercut.effort = false;
    if (study.emitCandidates)
      announce(study, side, { kind: undercutKind(study, side), status: 'candidate', candidate: undercut });
    judgePenetration(study, side);
  }
}

function isSecondaryBar(study: Study, side: Side): boolean {
  return side.secondary.live && side.secondary.bar === study.now.bar;
}

function follow(study: Study, side: Side): void {
  const { view, undercut } = side;
  if (view.low < undercut.low) {
    if (study.now.anomaly) {
      die(study, side, { code: 'ANOMALY', value: study.now.volRatio, limit: study.params.anomalyVol });
      return;
    }
    capture(study, side, undercut);
  }
  judgePenetration(study, side);
}

/** SPR-2. Depth, effort, recovery: in this order on every bar below the edge. */
function judgePenetration(study: Study, side: Side): void {
  const { view, undercut } = side;
  const { now, params: p } = study;
  const depth = undercut.level - undercut.low;
  if (above(depth, undercut.limit)) {
    die(study, side, { code: 'TOO_DEEP', value: depth, limit: undercut.limit });
    return;
  }
  const under = below(view.close, undercut.level);
  if (under && !now.noVolume && atLeast(now.volFloor, p.springEffortVol) && atLeast(now.spreadRatio, p.springEffortSpread))
    undercut.effort = true;
  if (above(view.close, undercut.level) && now.judged) {
    recover(study, side);
    return;
  }
  const window = study.asymmetric(side) ? p.utadFailure : p.springRecovery;
  const waited = now.bar - undercut.openBar;
  if (waited >= window) die(study, side, { code: 'NO_RECOVERY', value: waited, limit: window });
}

function die(study: Study, side: Side, why: { readonly code: ReasonCode; readonly value: number; readonly limit: number }): void {
  const { undercut } = side;
  undercut.live = false;
  // Only a close beyond the edge on a later bar arms it again.
  side.at.blocked = true;
  study.judge.reject(nameFor(side.sign, 'SPRING'), side.sign, why);
  if (study.emitCandidates) announce(study, side, { kind: undercutKind(study, side), status: 'expired', candidate: undercut });
}

/** SPR-3. What it is if the edge is regained now: low volume makes a Spring, effort a Shakeout; an upthrust needs volume. */
export function undercutKind(study: Study, side: Side): EventKind {
  const { undercut } = side;
  const { noVolume } = study.now;
  if (study.asymmetric(side)) {
    const enough = noVolume || atLeast(undercut.volRatio, study.thresholds.utadMin(undercut.session));
    return enough && study.eligible(side, undercut.bar) ? 'UTAD' : 'UT';
  }
  const quiet = noVolume || below(undercut.volRatio, study.thresholds.springMax(undercut.session));
  return quiet && !undercut.effort ? nameFor(side.sign, 'SPRING') : 'SHAKEOUT';
}

function recover(study: Study, side: Side): void {
  const { undercut } = side;
  undercut.live = false;
  const kind = undercutKind(study, side);
  if (kind === 'UT') confirmMinorUpthrust(study, side);
  else {
    const premature = !study.asymmetric(side) && !study.eligible(side, undercut.bar);
    confirmSpring(study, side, { kind, premature, fromFailedBreak: false });
  }
}

interface Recovery {
  readonly kind: EventKind;
  readonly premature: boolean;
  readonly fromFailedBreak: boolean;
}

/** SPR-4. Records the event and moves B to C unless it came too early. Reads the candidate `side.undercut`. */
export function confirmSpring(study: Study, side: Side, how: Recovery): void {
  const { undercut, at } = side;
  const spring = side.springs.next();
  fillSpring(study, side, { spring, how });
  const components = springComponents(study, side, spring);
  const record = study.outbox.begin(side, how.kind, 'confirmed');
  record.eventBar = spring.eventBar;
  record.eventTime = spring.eventTime;
  record.price = spring.price;
  record.level = spring.level;
  record.volRatio = spring.volRatio;
  record.spreadRatio = spring.spreadRatio;
  record.closePos = spring.closePos;
  record.metrics = {
    penetration: (undercut.level - undercut.low) / Math.abs(undercut.level),
    depthAtr: (undercut.level - undercut.low) / undercut.atr,
    recoveryBars: spring.recoveryBars,
    premature: how.premature ? 1 : 0,
    effort: undercut.effort ? 1 : 0,
    fromFailedBreak: how.fromFailedBreak ? 1 : 0,
  };
  record.pattern = springPattern(study, side);
  record.components = components;
  record.mark = spring;
  record.spring = spring;
  record.strength = study.nearStrength(side);
  record.session = spring.session;
  record.opening = spring.opening;
  if (!study.params.requireTest) record.line = spring.price;
  study.outbox.score(record);
  side.bar.touched = true;
  at.failWatch = -1;
  if (at.phase === PHASE_B && !how.premature) {
    enterC(study, side, {
      subPhase: C_SPRING,
      cause: how.kind === 'UTAD' ? 'UTAD' : how.kind === 'SHAKEOUT' ? 'SHAKEOUT' : 'SPRING',
    });
  } else if (at.phase === PHASE_C) at.subPhase = C_SPRING;
  at.testHigh = NaN;
}

/** UTAD and its points where distribution has its own; else the Spring's. */
export function springPattern(study: Study, side: Side): 'SPRING' | 'UTAD' {
  return study.asymmetric(side) ? 'UTAD' : 'SPRING';
}

function fillSpring(study: Study, side: Side, made: { readonly spring: SpringMark; readonly how: Recovery }): void {
  const { spring, how } = made;
  const { undercut } = side;
  const { now, thresholds } = study;
  spring.kind = kindCode(how.kind);
  spring.eventBar = undercut.bar;
  spring.eventTime = undercut.time;
  spring.confirmBar = now.bar;
  spring.price = undercut.low;
  spring.level = undercut.level;
  spring.volRatio = undercut.volRatio;
  spring.spreadRatio = undercut.spreadRatio;
  spring.closePos = undercut.closePos;
  spring.session = undercut.session;
  spring.opening = undercut.opening;
  spring.recoveryBars = now.bar - undercut.openBar;
  spring.failed = false;
  spring.premature = how.premature;
  spring.closed = false;
  spring.tests = 0;
  spring.lastTestBar = -1;
  spring.lastTestVolRatio = NaN;
  spring.testPoints = 0;
  spring.volumeFits =
    now.noVolume ||
    how.kind !== 'UTAD' ||
    !study.asymmetric(side) ||
    atLeast(undercut.volRatio, thresholds.utadTrade(undercut.session));
  const upthrust = springPattern(study, side) === 'UTAD';
  const onScale = thresholds.onStockScale(undercut.volRatio);
  const shakeout = how.kind === 'SHAKEOUT';
  spring.volumePoints = upthrust
    ? below(onScale, 1.2)
      ? 0
      : points(POINTS.utadVolume, onScale)
    : shakeout
      ? 0
      : points(POINTS.springVolume, onScale);
  spring.depthPoints = depthPoints((undercut.level - undercut.low) / undercut.atr, undercut.limit / undercut.atr);
  spring.recoveryPoints = points(upthrust ? POINTS.utadSpeed : POINTS.springRecovery, spring.recoveryBars);
  spring.closePoints = points(upthrust ? POINTS.utadClose : POINTS.springClose, side.view.closePos);
}

/** SPR-5. Volume, depth, recovery and close are kept; test, strength and quality are taken anew at each test. */
export function springComponents(study: Study, side: Side, spring: SpringMark): Components {
  const { volumePoints: volume, depthPoints: depth, recoveryPoints, testPoints: test, closePoints: close } = spring;
  const strength = points(POINTS.strength, study.nearStrength(side));
  const quality = points(POINTS.quality, study.range.quality(study.now.bar));
  return springPattern(study, side) === 'UTAD'
    ? { volume, depth, speed: recoveryPoints, test, strength, quality, close }
    : { volume, depth, recovery: recoveryPoints, test, strength, quality, close };
}

/** UT-1. A minor upthrust changes no phase; if nothing comes of it, its high becomes the edge. */
function confirmMinorUpthrust(study: Study, side: Side): void {
  const { undercut, at } = side;
  const { now } = study;
  const recoveryBars = now.bar - undercut.openBar;
  const onScale = study.thresholds.onStockScale(undercut.volRatio);
  const record = study.outbox.begin(side, 'UT', 'confirmed').at(undercut);
  record.level = undercut.level;
  record.metrics = {
    penetration: (undercut.level - undercut.low) / Math.abs(undercut.level),
    depthAtr: (undercut.level - undercut.low) / undercut.atr,
    recoveryBars,
  };
  record.pattern = 'UTAD';
  record.components = {
    volume: below(onScale, 1.2) ? 0 : points(POINTS.utadVolume, onScale),
    depth: depthPoints((undercut.level - undercut.low) / undercut.atr, undercut.limit / undercut.atr),
    speed: points(POINTS.utadSpeed, recoveryBars),
    test: 0,
    strength: points(POINTS.strength, study.nearStrength(side)),
    quality: points(POINTS.quality, study.range.quality(now.bar)),
    close: points(POINTS.utadClose, side.view.closePos),
  };
  record.strength = study.nearStrength(side);
  study.outbox.score(record);
  at.utPrice = at.utPrice === at.utPrice ? Math.min(at.utPrice, undercut.low) : undercut.low;
  at.utBar = now.bar;
}

/** LVL-4c. Some bars after a minor upthrust without a close beyond the edge, its extreme becomes the edge. */
export function resolveMinorUpthrust(study: Study, side: Side): void {
  const { at, view } = side;
  if (at.utBar < 0) return;
  if (!study.active || below(view.close, view.support)) {
    at.utBar = -1;
    at.utPrice = NaN;
    return;
  }
  if (study.now.bar - at.utBar < study.params.utResolveBars) return;
  study.change();
  side.bar.widenTo = Math.min(at.utPrice, side.bar.widenTo === side.bar.widenTo ? side.bar.widenTo : at.utPrice);
  at.utBar = -1;
  at.utPrice = NaN;
}

/** Volume rule of the undercut, exported for the schematic. */
export function springVolumeFits(study: Study, spring: SpringMark): boolean {
  return spring.kind === kindCode('UTAD')
    ? spring.volumeFits
    : atMost(spring.volRatio, study.thresholds.springMax(spring.session));
}
