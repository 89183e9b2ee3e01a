/** Secondary test: a return to the climax on less volume (detection.md 4.5). */
import { above, atLeast, atMost, below } from '../bar/tolerance.ts';
import { ACTIVE, FORMING } from '../structure/range.ts';
import { announce, capture, openOn } from './capture.ts';
import { points, POINTS } from './confidence.ts';
import type { Mirror } from './mirror.ts';
import { kindCode } from './event.ts';
import { enterB } from './phases.ts';
import { PHASE_A, PHASE_B, type Side } from './side.ts';
import type { Study } from './study.ts';

/** Volume ratio that stands for a climax's where there was none, and what a test may then show. */
const IMPLIED_CLIMAX = 2.0;
const IMPLIED_LIMIT = 1.6;

/** ST-1. */
export function advanceSecondary(study: Study, side: Side): void {
  const { at, view, secondary } = side;
  const state = study.range.state;
  const possible = (at.phase === PHASE_A || at.phase === PHASE_B) && !at.suspended && (state === FORMING || state === ACTIVE);
  if (!possible) {
    secondary.live = false;
    return;
  }
  if (secondary.live) follow(study, side);
  else if (at.stArmed) open(study, side);
  if (!at.stArmed && !secondary.live && above(view.high, view.support + study.params.stRearm * view.width)) at.stArmed = true;
}

/** How far from the support a test may turn. */
export function testReach(study: Study, view: Mirror): number {
  const { params: p } = study;
  return Math.min(study.pct(p.stTol, view.support), p.stTolW * view.width);
}

function open(study: Study, side: Side): void {
  const { at, view, secondary } = side;
  const { now, params: p } = study;
  if (at.phase === PHASE_A && now.bar - at.rallyConfirmBar > p.stWindow) return;
  if (!now.judged || now.anomaly) return;
  const distance = Math.abs(view.low - view.support);
  if (!atMost(distance, testReach(study, view))) return;
  if (belongsToUndercut(study, side)) return;
  if (!meetsConditions(study, side)) return;
  openOn(study, side, secondary);
  secondary.level = view.support;
  secondary.width = view.width;
  announce(study, side, { kind: 'ST', status: 'candidate', candidate: secondary });
}

/** ST-2. Once phase B has matured, a break of the edge is a Spring or nothing. */
function belongsToUndercut(study: Study, side: Side): boolean {
  const { view } = side;
  return view.low < view.support && study.eligible(side, study.now.bar);
}

/** ST-3. Less volume than the climax, no deep undercut, no close on the low. */
function meetsConditions(study: Study, side: Side): boolean {
  const { at, view } = side;
  const { now, params: p, judge } = study;
  const climax = side.climax.count > 0;
  judge.open('ST', side.sign);
  if (!study.asymmetric(side) && !now.noVolume) {
    const limit = climax ? (1 - p.stVolDrop) * at.climaxVolRatio : IMPLIED_LIMIT;
    if (climax && atMost(now.volRatio, limit))
      judge.require(below(now.volume, at.climaxVolume), 'VOLUME_TOO_HIGH', now.volume, at.climaxVolume);
    else judge.require(atMost(now.volRatio, limit), 'VOLUME_TOO_HIGH', now.volRatio, limit);
  }
  const undercut = view.support - view.low;
  const deepest = study.pct(p.stUndercut, view.support);
  judge.require(atMost(undercut, deepest), 'TOO_DEEP', undercut, deepest);
  judge.require(atLeast(view.closePos, p.stClose), 'WEAK_CLOSE', view.closePos, p.stClose);
  return judge.verdict();
}

function follow(study: Study, side: Side): void {
  const { view, secondary } = side;
  const { now, params: p } = study;
  if (view.low < secondary.low) {
    const deep = belongsToUndercut(study, side);
    if (deep) study.judge.reject('ST', side.sign, { code: 'TOO_DEEP', value: view.support - view.low, limit: 0 });
    if (deep || now.anomaly || !now.judged || !meetsConditions(study, side)) {
      drop(study, side);
      return;
    }
    capture(study, side, secondary);
  }
  const age = now.bar - secondary.openBar;
  if (age > p.stMaxWait) {
    study.judge.reject('ST', side.sign, { code: 'TIMEOUT', value: age, limit: p.stMaxWait });
    drop(study, side);
    return;
  }
  const quiet = now.bar - secondary.bar;
  if (quiet >= 2 || (quiet > 0 && above(view.close, secondary.high))) confirm(study, side);
}

function drop(study: Study, side: Side): void {
  side.secondary.live = false;
  announce(study, side, { kind: 'ST', status: 'expired', candidate: side.secondary });
}

/** ST-4. Phase A ends with the first; an undercut moves the edge. */
function confirm(study: Study, side: Side): void {
  const { at, secondary: st } = side;
  const { now, params: p } = study;
  st.live = false;
  at.stArmed = false;
  at.stCount++;
  const climaxRatio = side.climax.count > 0 ? at.climaxVolRatio : IMPLIED_CLIMAX;
  const drop = 1 - st.volRatio / climaxRatio;
  const onePercent = study.pct(1, st.level);
  const undercut = Math.max(0, st.level - st.low);
  const loud = study.asymmetric(side) && above(st.volRatio, (1 - p.stVolDrop) * climaxRatio);
  const mark = side.secondaries.next();
  mark.kind = kindCode('ST');
  mark.eventBar = st.bar;
  mark.confirmBar = now.bar;
  mark.price = st.low;
  mark.volRatio = st.volRatio;
  const record = study.outbox.begin(side, 'ST', 'confirmed').at(st);
  record.level = st.level;
  record.metrics = {
    distance: Math.abs(st.low - st.level),
    undercut,
    volumeDrop: Number.isFinite(drop) ? drop : 0,
    testNumber: at.stCount,
  };
  record.pattern = 'ST';
  record.components = {
    volumeDrop: loud ? 28 : points(POINTS.stVolumeDrop, drop),
    proximity: points(POINTS.stProximity, Math.abs(st.low - st.level) / onePercent),
    hold: points(POINTS.stHold, undercut / onePercent),
    close: points(POINTS.stClose, st.closePos),
  };
  record.mark = mark;
  record.strength = study.nearStrength(side);
  study.outbox.score(record);
  if (undercut > 0) side.bar.stEdge = st.low;
  side.bar.touched = true;
  if (at.phase === PHASE_A) enterB(study, side, st.bar);
}
