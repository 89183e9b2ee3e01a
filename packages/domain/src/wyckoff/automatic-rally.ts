/** Automatic rally (reaction): the first answer after a climax; its turn confirms both and draws the range (detection.md 4.4). */
import { atLeast, atMost } from '../bar/tolerance.ts';
import { announce } from './capture.ts';
import { points, POINTS } from './confidence.ts';
import { nameFor } from './mirror.ts';
import { enterA } from './phases.ts';
import type { Side } from './side.ts';
import type { Study } from './study.ts';
import { kindCode, type ReasonCode } from './event.ts';

/** AR-1. Follows the rally after a seed whose low holds. */
export function advanceRally(study: Study, side: Side): void {
  const seed = side.seed;
  const view = side.view;
  const p = study.params;
  const age = study.now.bar - seed.lowBar;
  const need = rallyNeeded(study, side);
  if (view.high > seed.runHigh) {
    if (age > p.arMaxBars) {
      drop(study, side, { code: 'TIMEOUT', value: age, limit: p.arMaxBars });
      return;
    }
    noteHigh(study, side);
  }
  const rally = seed.runHigh - seed.low;
  if (!atLeast(rally, need)) {
    if (age >= p.arMaxBars) drop(study, side, { code: 'TIMEOUT', value: age, limit: p.arMaxBars });
    return;
  }
  const turn = seed.runHigh - Math.max(p.arTurnAtr * seed.atr, p.arTurnShare * rally);
  const waited = study.now.bar - seed.runHighBar >= p.arNoNewHigh;
  if (waited || atMost(view.close, turn)) side.bar.rallyConfirmed = true;
}

function rallyNeeded(study: Study, side: Side): number {
  const { params: p } = study;
  return Math.max(study.pct(p.arMinRally, side.seed.low), p.arMinAtr * side.seed.atr);
}

function noteHigh(study: Study, side: Side): void {
  const { now, effort } = study;
  const seed = side.seed;
  effort.fillDisplay();
  seed.runHigh = side.view.high;
  seed.runHighBar = now.bar;
  seed.runHighTime = now.time;
  seed.runHighVolume = now.volume;
  seed.runHighVolRatio = now.volRatio;
  seed.runHighSpreadRatio = now.spreadRatio;
  seed.runHighClosePos = side.view.closePos;
  seed.runHighWick = side.sign === 1 ? now.upperWick : now.lowerWick;
}

function drop(
  study: Study,
  side: Side,
  why: { readonly code: ReasonCode; readonly value: number; readonly limit: number },
): void {
  side.seed.live = false;
  study.judge.reject('AR', side.sign, why);
  announce(study, side, { kind: nameFor(side.sign, 'SC'), status: 'expired', candidate: side.seed });
}

/** SC-5, AR-2. Climax and rally become records together; the hypothesis enters phase A. The range exists already. */
export function confirmRally(study: Study, side: Side): void {
  const { now, outbox, thresholds } = study;
  const { seed, at } = side;
  at.climaxVolume = seed.volume;
  at.climaxVolRatio = seed.volRatio;
  at.climaxZone = seed.zone;
  at.rallyConfirmBar = now.bar;
  at.rallySpeed = seed.runHighBar - seed.lowBar;
  at.stArmed = true;
  at.benchLow = seed.benchLow;
  at.benchLowSince = seed.benchLowSince;
  const climaxKind = nameFor(side.sign, 'SC');
  const climax = side.climax.next();
  climax.kind = kindCode(climaxKind);
  climax.eventBar = seed.bar;
  climax.confirmBar = now.bar;
  climax.price = seed.low;
  climax.volRatio = seed.volRatio;
  const climaxRecord = outbox.begin(side, climaxKind, 'confirmed').at(seed);
  climaxRecord.level = side.sign === 1 ? study.range.support : -study.range.resistance;
  climaxRecord.metrics = { decline: seed.decline, effectiveSpread: seed.effSpread, zone: seed.zone, twoBar: seed.twoBar ? 1 : 0 };
  climaxRecord.pattern = 'SC';
  climaxRecord.components = {
    volume: points(POINTS.climaxVolume, thresholds.onStockScale(seed.volRatio)),
    spread: points(POINTS.climaxSpread, seed.effSpread),
    close: points(POINTS.climaxClose, seed.closePos),
  };
  climaxRecord.mark = climax;
  climaxRecord.strength = study.nearStrength(side);
  outbox.score(climaxRecord);
  const rally = side.rally.next();
  rally.kind = kindCode('AR');
  rally.eventBar = seed.runHighBar;
  rally.confirmBar = now.bar;
  rally.price = seed.runHigh;
  rally.volRatio = seed.runHighVolRatio;
  const ratio = (seed.runHigh - seed.low) / rallyNeeded(study, side);
  const rallyRecord = outbox.begin(side, 'AR', 'confirmed');
  rallyRecord.eventBar = seed.runHighBar;
  rallyRecord.eventTime = seed.runHighTime;
  rallyRecord.price = seed.runHigh;
  rallyRecord.level = side.sign === 1 ? study.range.resistance : -study.range.support;
  rallyRecord.volRatio = seed.runHighVolRatio;
  rallyRecord.spreadRatio = seed.runHighSpreadRatio;
  rallyRecord.closePos = seed.runHighClosePos;
  rallyRecord.metrics = { rallyAtr: (seed.runHigh - seed.low) / seed.atr, bars: at.rallySpeed };
  rallyRecord.pattern = 'AR';
  rallyRecord.components = {
    rally: 50 + points(POINTS.arRally, ratio),
    speed: points(POINTS.arSpeed, at.rallySpeed),
    volume: points(POINTS.arVolume, thresholds.onStockScale(seed.runHighVolRatio)),
  };
  rallyRecord.mark = rally;
  rallyRecord.strength = study.farStrength(side);
  outbox.score(rallyRecord);
  seed.live = false;
  enterA(study, side, { bar: seed.bar, time: seed.time });
}
