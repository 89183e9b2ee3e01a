/** Last point of support (supply), back-up: the quiet reaction after the break that holds the broken edge (detection.md 4.8). */
import { atLeast, atMost, below } from '../bar/tolerance.ts';
import type { LevelCandidate } from './candidates.ts';
import { announce, capture, openOn } from './capture.ts';
import { clamp01 } from '../bar/piecewise.ts';
import { effortPoints, points, POINTS } from './confidence.ts';
import { farEdge } from './decisive-break.ts';
import { kindCode, type ReasonCode } from './event.ts';
import { nameFor } from './mirror.ts';
import { PHASE_D, PHASE_E, type Side } from './side.ts';
import type { Study } from './study.ts';

/** LPS-1. */
export function advanceLastPoint(study: Study, side: Side): void {
  const { at, lastPoint } = side;
  const inPhase = (at.phase === PHASE_D || at.phase === PHASE_E) && study.brokenBy(side) && !side.bar.breakFailed;
  if (!inPhase) {
    if (lastPoint.live) lapse(study, side);
    return;
  }
  if (lastPoint.live) follow(study, side);
  else open(study, side);
}

/** The break failed under it. */
function lapse(study: Study, side: Side): void {
  const floor = holdFloor(study, side);
  const broke = below(side.view.low, floor);
  die(
    study,
    side,
    broke
      ? { code: 'BROKE_LEVEL', value: side.sign * side.view.low, limit: side.sign * floor }
      : { code: 'WRONG_PHASE', value: side.at.phase, limit: PHASE_D },
  );
}

function holdFloor(study: Study, side: Side): number {
  const edge = side.lastPoint.live ? side.lastPoint.level : farEdge(study, side);
  return edge - study.pct(study.params.lpsHold, edge);
}

function open(study: Study, side: Side): void {
  const { at, view, lastPoint } = side;
  const { now, params: p } = study;
  if (!(view.low < view.prevLow)) return;
  const since = now.bar - at.lpsFrom;
  if (since < 1 || since > p.lpsWindow || side.lastPoints.count >= p.lpsMax || !now.judged || now.anomaly) return;
  const edge = farEdge(study, side);
  const reach = Math.max(study.pct(p.lpsMaxDist, edge), p.lpsMaxDistAtr * now.atr);
  if (!atMost(view.low, edge + reach)) return;
  if (!atLeast(Math.max(at.highSinceSos, view.high) - view.low, p.lpsReaction * now.atr)) return;
  openOn(study, side, lastPoint);
  lastPoint.level = edge;
  announce(study, side, { kind: nameFor(side.sign, 'LPS'), status: 'candidate', candidate: lastPoint });
  judgeHold(study, side);
}

/** LPS-2. Below the tolerance under the broken edge it is no support. */
function judgeHold(study: Study, side: Side): boolean {
  const floor = holdFloor(study, side);
  if (!below(side.view.low, floor)) return true;
  die(study, side, { code: 'BROKE_LEVEL', value: side.sign * side.view.low, limit: side.sign * floor });
  return false;
}

function follow(study: Study, side: Side): void {
  const { view, lastPoint } = side;
  const { now, params: p } = study;
  if (view.low < lastPoint.low) {
    if (!judgeHold(study, side)) return;
    if (now.anomaly || !now.judged) {
      die(study, side, { code: 'ANOMALY', value: now.volRatio, limit: p.anomalyVol });
      return;
    }
    capture(study, side, lastPoint);
    return;
  }
  const bounce = lastPoint.low + bounceNeeded(study, lastPoint);
  const age = now.bar - lastPoint.bar;
  if (atLeast(view.close, bounce)) {
    if (quietEnough(study, side)) confirm(study, side);
    else die(study, side, { code: 'VOLUME_TOO_HIGH', value: lastPoint.volRatio, limit: study.thresholds.lpsMax() });
  } else if (age >= p.lpsBounceBars)
    die(study, side, { code: 'NO_BOUNCE', value: side.sign * view.close, limit: side.sign * bounce });
}

function bounceNeeded(study: Study, candidate: LevelCandidate): number {
  const p = study.params;
  return Math.max(study.pct(p.lpsBounce, candidate.low), p.lpsBounceAtr * candidate.atr);
}

/** LPS-3. Less than usual volume, or busier but absorbed: narrow and closing high. */
function quietEnough(study: Study, side: Side): boolean {
  const { lastPoint } = side;
  const p = study.params;
  if (study.now.noVolume || below(lastPoint.volRatio, study.thresholds.lpsMax())) return true;
  const absorbed = atMost(lastPoint.volRatio, p.lpsAbsVol) && atMost(lastPoint.spreadRatio, p.lpsAbsSpread);
  return absorbed && atLeast(lastPoint.closePos, p.lpsAbsClose);
}

function die(study: Study, side: Side, why: { readonly code: ReasonCode; readonly value: number; readonly limit: number }): void {
  const { lastPoint } = side;
  lastPoint.live = false;
  study.judge.reject(nameFor(side.sign, 'LPS'), side.sign, why);
  announce(study, side, { kind: nameFor(side.sign, 'LPS'), status: 'expired', candidate: lastPoint });
}

/** LPS-4. */
function confirm(study: Study, side: Side): void {
  const { at, view, lastPoint: lps } = side;
  const { now, params: p } = study;
  lps.live = false;
  const edge = lps.level;
  const onePercent = study.pct(1, edge);
  const first = side.lastPoints.count > 0 ? side.lastPoints.at(0) : null;
  const double = side.lastPoints.count === 1 && first !== null && atMost(Math.abs(lps.low - first.price), onePercent);
  const parent = side.breaks.latest();
  const mark = side.lastPoints.next();
  mark.kind = kindCode(nameFor(side.sign, 'LPS'));
  mark.eventBar = lps.bar;
  mark.confirmBar = now.bar;
  mark.price = lps.low;
  mark.volRatio = lps.volRatio;
  const record = study.outbox.begin(side, nameFor(side.sign, 'LPS'), 'confirmed').at(lps);
  record.level = edge;
  record.metrics = {
    isBackUp: atMost(Math.abs(lps.low - edge), study.pct(p.lpsBounce, edge)) ? 1 : 0,
    number: side.lastPoints.count,
    doubleBottom: double ? 1 : 0,
  };
  record.pattern = 'LPS';
  record.components = {
    hold: points(POINTS.lpsHold, (lps.low - edge) / onePercent),
    volume: points(POINTS.lpsVolume, study.thresholds.onStockScale(lps.volRatio)),
    effort: effortPoints(lps.spreadRatio, lps.volRatio),
    bounce: points(POINTS.lpsBounce, (view.close - lps.low) / bounceNeeded(study, lps)),
    parent: 15 * clamp01(((parent?.confidence ?? 0) - 40) / 50),
    distance: points(POINTS.lpsDistance, Math.abs(lps.low - edge) / onePercent),
  };
  record.mark = mark;
  record.strength = study.farStrength(side);
  record.doubleBottom = double;
  record.line = lps.low;
  study.outbox.score(record);
  side.bar.touched = true;
  if (at.phase === PHASE_E) at.lpsInE++;
}
