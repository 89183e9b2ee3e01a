/** Selling (buying) climax: a wide bar on climactic volume at the end of a decline, closing off its low (detection.md 4.3). */
import { above, atLeast } from '../bar/tolerance.ts';
import { BROKEN_DOWN, BROKEN_UP, FORMING, NONE } from '../structure/range.ts';
import { advanceRally } from './automatic-rally.ts';
import { AWAITS_RALLY, AWAITS_SECOND_BAR } from './candidates.ts';
import { announce, openOn } from './capture.ts';
import { nameFor } from './mirror.ts';
import { PHASE_A, type Side } from './side.ts';
import type { Study } from './study.ts';

/** Sets the distance from the highest high of the lookback, as the side sees it. */
export function measureDecline(study: Study, side: Side): void {
  const { frozen } = study.effort;
  const held = frozen === null || side.sign === -1 ? undefined : frozen.highest;
  side.decline = (held ?? study.effort.longExtreme(side.sign)) - side.view.low;
}

/** May a climax of this sign open in the range's present state? */
export function seedAllowed(study: Study, side: Side): boolean {
  const state = study.range.state;
  if (state === NONE) return true;
  if (state === (side.sign === 1 ? BROKEN_DOWN : BROKEN_UP)) return true;
  return restartPossible(study, side);
}

/** Phase A begins again when a new climax undercuts a young range of this sign that has no test yet. */
function restartPossible(study: Study, side: Side): boolean {
  const range = study.range;
  return (
    range.state === FORMING &&
    range.origin === side.sign &&
    side.at.phase === PHASE_A &&
    side.secondaries.count === 0 &&
    side.climax.count > 0 &&
    study.now.bar - side.climax.at(0).eventBar <= study.params.climaxZoneGap &&
    side.view.low < side.view.support
  );
}

/** SC-1. Is the bar, which makes a new low, a climax but for its close? The trigger; then the conditions are judged. */
function isClimax(study: Study, side: Side): boolean {
  const { now, params: p, judge } = study;
  const { view } = side;
  if (!now.judged || now.anomaly) return false;
  if (!(view.close < view.prevClose) && !(p.climaxReversal && atLeast(view.closePos, p.climaxClose))) return false;
  study.effort.fillEffectiveSpread();
  // The cheap way out of most new lows: two conditions fail, which is not even a near miss.
  if (!wideEnough(study, side) && !judge.traced && !study.thresholds.climaxPossible()) return false;
  measureDecline(study, side);
  return atLeast(side.decline, p.climaxDecline * now.atr) && meetsConditions(study, side);
}

/** SC-2. A buying climax is often quieter and wider: the second door of asymmetry 1. */
function secondDoor(study: Study, side: Side): boolean {
  return study.asymmetric(side) && atLeast(study.now.effSpread, study.params.bcAltSpread);
}

function wideEnough(study: Study, side: Side): boolean {
  return atLeast(study.now.effSpread, study.params.climaxSpread) || secondDoor(study, side);
}

/** Near misses are kept. */
function meetsConditions(study: Study, side: Side): boolean {
  const { now, params: p, judge, thresholds } = study;
  const needed = thresholds.climaxVol();
  const blind = (now.openingBar || now.closingBar) && !(now.sessionVolRatio === now.sessionVolRatio) && !now.noVolume;
  judge.open(nameFor(side.sign, 'SC'), side.sign);
  if (blind) judge.require(false, 'LOW_HISTORY', now.volRatio, needed);
  if (secondDoor(study, side) && study.volumeAtLeast(thresholds.bcAltVol())) return judge.verdict();
  judge.require(study.volumeAtLeast(needed), 'VOLUME_TOO_LOW', now.volRatio, needed);
  judge.require(atLeast(now.effSpread, p.climaxSpread), 'SPREAD_NARROW', now.effSpread, p.climaxSpread);
  return judge.verdict();
}

/** What the bar is to a climax: nothing, the lowest low of the short lookback, or such a low in a range in which one may open. */
export const ORDINARY = 0;
export const NEW_EXTREME = 1;
export const MAY_OPEN = 2;
export type Occasion = typeof ORDINARY | typeof NEW_EXTREME | typeof MAY_OPEN;

/** Advances a seed, or opens one. */
export function advanceClimax(study: Study, side: Side, occasion: Occasion): void {
  const seed = side.seed;
  if (seed.live) {
    if (seed.stage === AWAITS_SECOND_BAR) decideComposite(study, side);
    else if (side.view.low < seed.low) undercutSeed(study, side, occasion !== ORDINARY);
    else advanceRally(study, side);
    if (seed.live || side.bar.rallyConfirmed) return;
  }
  if (occasion !== MAY_OPEN) return;
  const restart = study.range.state === FORMING;
  if (!isClimax(study, side)) return;
  if (restart) side.bar.restarted = true;
  openSeed(study, side, restart ? side.at.climaxZone + 1 : 1);
}

function openSeed(study: Study, side: Side, zone: number): void {
  const { now, effort } = study;
  const seed = side.seed;
  effort.fillDisplay();
  openOn(study, side, seed);
  seed.zone = zone;
  seed.lowBar = now.bar;
  seed.effSpread = now.effSpread;
  seed.wick = side.sign === 1 ? now.lowerWick : now.upperWick;
  measureDecline(study, side);
  seed.decline = side.decline / now.atr;
  seed.trend = effort.trendSign;
  seed.twoBar = false;
  seed.runHigh = -Infinity;
  seed.runHighBar = -1;
  seed.benchLow = study.context?.benchLow ?? NaN;
  seed.benchLowSince = seed.benchLow;
  // SC-3. A weak close leaves the decision to the next bar.
  seed.stage = atLeast(side.view.closePos, study.params.climaxClose) ? AWAITS_RALLY : AWAITS_SECOND_BAR;
  study.funnel.seeds++;
  announce(study, side, { kind: nameFor(side.sign, 'SC'), status: 'candidate', candidate: seed });
}

/** SC-3. The two bars together must close in their upper half. */
function decideComposite(study: Study, side: Side): void {
  const seed = side.seed;
  const view = side.view;
  const low = Math.min(seed.low, view.low);
  const high = Math.max(seed.high, view.high);
  const position = high > low ? (view.close - low) / (high - low) : 0.5;
  const limit = study.params.climaxClose;
  if (!atLeast(position, limit)) {
    seed.live = false;
    study.judge.reject(nameFor(side.sign, 'SC'), side.sign, { code: 'WEAK_CLOSE', value: position, limit });
    announce(study, side, { kind: nameFor(side.sign, 'SC'), status: 'expired', candidate: seed });
    return;
  }
  if (view.low < seed.low) seed.lowBar = study.now.bar;
  seed.low = low;
  seed.high = high;
  seed.closePos = position;
  seed.twoBar = true;
  seed.stage = AWAITS_RALLY;
}

/** SC-4. A lower low before the rally: another climax, a small undercut, or the end of the seed. */
function undercutSeed(study: Study, side: Side, fresh: boolean): void {
  const seed = side.seed;
  const depth = seed.low - side.view.low;
  if (fresh && isClimax(study, side)) {
    openSeed(study, side, seed.zone + 1);
    return;
  }
  const limit = study.pct(1, seed.low);
  if (above(depth, limit)) {
    seed.live = false;
    study.judge.reject(nameFor(side.sign, 'SC'), side.sign, { code: 'BROKE_LEVEL', value: depth, limit });
    announce(study, side, { kind: nameFor(side.sign, 'SC'), status: 'expired', candidate: seed });
    return;
  }
  seed.low = side.view.low;
  seed.lowBar = study.now.bar;
  seed.runHigh = -Infinity;
  seed.runHighBar = -1;
}
