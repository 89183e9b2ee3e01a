/** Last point inside the range: a higher low on dwindling volume, the entry of schematic #2 (detection.md 4.9). */
import { above, atLeast, below } from '../bar/tolerance.ts';
import { RING_MASK } from '../bar/bar-ring.ts';
import { clamp01 } from '../bar/piecewise.ts';
import { announce, capture, openOn } from './capture.ts';
import { effortPoints, points, POINTS } from './confidence.ts';
import { kindCode, type ReasonCode } from './event.ts';
import { trails } from './leading.ts';
import { nameFor } from './mirror.ts';
import { enterC } from './phases.ts';
import { C_READY, PHASE_B, PHASE_C, type Side } from './side.ts';
import type { Study } from './study.ts';

const REACTION_BARS = 10;

/** ILP-1. */
export function advanceInRange(study: Study, side: Side): void {
  const { at, inRange, view } = side;
  const possible = study.active && (at.phase === PHASE_B || at.phase === PHASE_C) && !at.suspended;
  if (!possible) {
    inRange.live = false;
    return;
  }
  if (inRange.live) {
    follow(study, side);
    return;
  }
  if (!(view.low < view.prevLow) || side.inRangePoints.count >= study.params.inLpsMax || !qualifies(study, side)) return;
  openOn(study, side, inRange);
  inRange.level = view.support;
  inRange.width = view.width;
  announce(study, side, { kind: nameFor(side.sign, 'LPS'), status: 'candidate', candidate: inRange });
}

/** Could the bar be quiet enough? The cheapest of the conditions. */
export function mayRest(study: Study): boolean {
  return study.now.volRatio <= study.params.inLpsVol || study.now.noVolume;
}

/** ILP-2. Well above support and above every earlier low, quiet, after a reaction worth the name. */
function qualifies(study: Study, side: Side): boolean {
  const { view } = side;
  const { now, params: p } = study;
  if (!above(view.low, view.support + p.inLpsMin * view.width) || !below(view.close, view.resistance)) return false;
  if (side.secondaries.count === 0 && side.goodSpring === null) return false;
  if (!p.inLpsAgainstLead && trails(study, side)) return false;
  if (!now.judged || now.anomaly || (!now.noVolume && !below(now.volRatio, p.inLpsVol))) return false;
  return aboveEarlierLows(study, side) && atLeast(highestOfReaction(study, side) - view.low, p.inLpsReaction * now.atr);
}

function aboveEarlierLows(study: Study, side: Side): boolean {
  const low = side.view.low;
  const pivot = side.sign === 1 ? study.tally.lastLowPivot : -study.tally.lastHighPivot;
  if (pivot === pivot && !above(low, pivot)) return false;
  const test = side.secondaries.latest();
  if (test !== null && !above(low, test.price)) return false;
  for (let i = 0; i < side.springs.count; i++) {
    const spring = side.springs.at(i);
    if (!spring.failed && !above(low, spring.price)) return false;
  }
  return true;
}

function highestOfReaction(study: Study, side: Side): number {
  const { bars } = study.effort;
  const bar = study.now.bar;
  let highest = -Infinity;
  for (let i = Math.max(0, bar - REACTION_BARS); i <= bar; i++) {
    const high = side.sign === 1 ? bars.high[i & RING_MASK] : -bars.low[i & RING_MASK];
    if (high > highest) highest = high;
  }
  return highest;
}

function follow(study: Study, side: Side): void {
  const { view, inRange } = side;
  const { now, params: p } = study;
  if (view.low < inRange.low) {
    if (qualifies(study, side)) capture(study, side, inRange);
    else die(study, side, { code: 'BROKE_LEVEL', value: side.sign * view.low, limit: side.sign * inRange.low });
    return;
  }
  const age = now.bar - inRange.bar;
  if (above(view.close, inRange.high)) confirm(study, side);
  else if (age >= p.inLpsBars)
    die(study, side, { code: 'NO_BOUNCE', value: side.sign * view.close, limit: side.sign * inRange.high });
}

function die(study: Study, side: Side, why: { readonly code: ReasonCode; readonly value: number; readonly limit: number }): void {
  side.inRange.live = false;
  study.judge.reject(nameFor(side.sign, 'LPS'), side.sign, why);
  announce(study, side, { kind: nameFor(side.sign, 'LPS'), status: 'expired', candidate: side.inRange });
}

/** ILP-3. It makes C_READY of a mature B; it never trades. */
function confirm(study: Study, side: Side): void {
  const { at, view, inRange: lps } = side;
  const { now, params: p } = study;
  lps.live = false;
  const bounce = Math.max(study.pct(p.lpsBounce, lps.low), p.lpsBounceAtr * lps.atr);
  const eligible = study.eligible(side, lps.bar);
  const mark = side.inRangePoints.next();
  const kind = nameFor(side.sign, 'LPS');
  mark.kind = kindCode(kind);
  mark.eventBar = lps.bar;
  mark.confirmBar = now.bar;
  mark.price = lps.low;
  mark.volRatio = lps.volRatio;
  const record = study.outbox.begin(side, kind, 'confirmed').at(lps);
  record.level = lps.level;
  record.metrics = { inRange: 1, number: side.inRangePoints.count, height: (lps.low - lps.level) / lps.width };
  record.pattern = 'LPS';
  record.components = {
    hold: points(POINTS.inRangeHold, (lps.low - lps.level) / lps.width),
    volume: points(POINTS.lpsVolume, study.thresholds.onStockScale(lps.volRatio)),
    effort: effortPoints(lps.spreadRatio, lps.volRatio),
    bounce: points(POINTS.lpsBounce, (view.close - lps.low) / bounce),
    parent: parentPoints(side),
    distance: 5,
  };
  record.mark = mark;
  record.strength = study.farStrength(side);
  study.outbox.score(record);
  side.bar.touched = true;
  if (at.phase === PHASE_B && eligible) enterC(study, side, { subPhase: C_READY, cause: 'IN_RANGE_LPS' });
}

function parentPoints(side: Side): number {
  const spring = side.goodSpring;
  if (spring !== null) return 15 * clamp01((spring.score - 40) / 50);
  const tests = side.secondaries.count;
  return tests >= 3 ? 12 : tests === 2 ? 9 : tests === 1 ? 6 : 0;
}
