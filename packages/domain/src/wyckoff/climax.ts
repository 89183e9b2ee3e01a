/** Selling (buying) climax: a wide bar on climactic volume at the end of a decline, closing off its low (detection.md 4.3). */
import { above, atLeast } from '../bar/tolerance.ts';
import { BROKEN_DOWN, BROKEN_UP, FORMING, NONE } from '../structure/range.ts';
import { advanceRally } from './automatic-rally.ts';
import { AWAITS_RALLY, AWAITS_SECOND_BAR } from './candidates.ts';
import { announce, openOn } from './capture.ts';
import { nameFor } from './mirror.ts';
import { PHASE_A, type Side } from './side.ts';
import type { Study } from './study.ts';

/** Distance from the highest high of the lookback and newness of the low, as the side sees them. */
export function declineBehind(study: Study, side: Side): number {
  const { frozen } = study.effort;
  if (frozen?.highest !== undefined && side.sign === 1) return frozen.highest - side.view.low;
  return study.effort.longExtreme(side.sign) - side.view.low;
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

/** SC-1. Is the bar, which makes a new low, a climax but for its close? Judged with its trigger; near misses are kept. */
function isClimax(study: Study, side: Side): boolean {
  const { now, params: p, judge, thresholds } = study;
  const view = side.view;
  if (!now.judged || now.anomaly) return false;
  if (!(view.close < view.prevClose) && !(p.climaxReversal && atLeast(view.closePos, p.climaxClose))) return false;
  const spread = study.effort.effectiveSpread();
  const wide = atLeast(spread, p.climaxSpread);
  const otherDoor = study.asymmetric(side) && atLeast(spread, p.bcAltSpread);
  // The cheap way out of most new lows: two conditions fail, which is not even a near miss.
  if (!wide && !otherDoor && !judge.traced && !study.volumeAtLeast(thresholds.climaxVolAtLeast())) return false;
  if (!atLeast(declineBehind(study, side), p.climaxDecline * now.atr)) return false;
  const needed = thresholds.climaxVol();
  const blind = (now.openingBar || now.closingBar) && !(now.sessionVolRatio === now.sessionVolRatio) && !now.noVolume;
  judge.open(nameFor(side.sign, 'SC'), side.sign);
  if (blind) judge.require(false, 'LOW_HISTORY', now.volRatio, needed);
  // SC-2. A buying climax is often quieter and wider: the second door of asymmetry 1.
  if (otherDoor && study.volumeAtLeast(thresholds.bcAltVol())) return judge.verdict();
  judge.require(study.volumeAtLeast(needed), 'VOLUME_TOO_LOW', now.volRatio, needed);
  judge.require(wide, 'SPREAD_NARROW', spread, p.climaxSpread);
  return judge.verdict();
}

/** What the bar is to a climax: `fresh`, the lowest low of the short lookback; `opens`, and a climax may open in this range. */
interface Occasion {
  readonly fresh: boolean;
  readonly opens: boolean;
}

/** Advances a seed, or opens one. */
export function advanceClimax(study: Study, side: Side, bar: Occasion): void {
  const seed = side.seed;
  if (seed.live) {
    if (seed.stage === AWAITS_SECOND_BAR) decideComposite(study, side);
    else if (side.view.low < seed.low) undercutSeed(study, side, bar.fresh);
    else advanceRally(study, side);
    if (seed.live || side.bar.rallyConfirmed) return;
  }
  if (!bar.opens) return;
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
  seed.decline = declineBehind(study, side) / now.atr;
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
