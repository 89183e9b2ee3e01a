/** Birth, growth and end of a range (detection.md 3.3, 3.4), and what that means for the two hypotheses. */
import { RING_MASK } from '../bar/bar-ring.ts';
import { above, atLeast } from '../bar/tolerance.ts';
import { RESISTANCE, SUPPORT } from '../structure/level-book.ts';
import { niceStep } from '../structure/point-and-figure.ts';
import type { Pivot } from '../structure/pivots.ts';
import { ACTIVE, COMPLETED, EVENT_ROUTE, EXPIRED, FAILED, FORMING, NONE } from '../structure/range.ts';
import type { Seed } from './candidates.ts';
import { confirmRally } from './automatic-rally.ts';
import { endSide, implyB } from './phases.ts';
import { NO_PHASE, PHASE_D, type Side } from './side.ts';
import type { Study } from './study.ts';

const ENDS = { COMPLETED, EXPIRED, FAILED } as const;

/** RNG-1. Climax and rally found a range; everything the range remembers of its predecessor is gone. */
export function foundOnClimax(study: Study, side: Side): void {
  const { range, effort } = study;
  if (range.living) endRange(study, 'COMPLETED');
  const { seed } = side;
  study.other(side).seed.live = false;
  beginRange(study, { route: EVENT_ROUTE, startBar: seed.bar, startTime: seed.time });
  range.origin = side.sign;
  const near = climaxTouch(side, seed, study.lowPivot);
  range.found(side.sign === 1 ? SUPPORT : RESISTANCE, near);
  const far = rallyTouch(side, seed, study.highPivot);
  far.trend = effort.trendSign;
  range.found(side.sign === 1 ? RESISTANCE : SUPPORT, far);
  study.funnel.formedByEvent++;
  completeBirth(study);
  side.view.lookAtLevels(range);
  confirmRally(study, side);
}

function climaxTouch(side: Side, seed: Seed, touch: Pivot): Pivot {
  touch.bar = seed.bar;
  touch.price = side.sign * seed.low;
  touch.volume = seed.volume;
  touch.volRatio = seed.volRatio;
  touch.wick = seed.wick;
  touch.trend = seed.trend;
  touch.weak = false;
  return touch;
}

function rallyTouch(side: Side, seed: Seed, touch: Pivot): Pivot {
  touch.bar = seed.runHighBar;
  touch.price = side.sign * seed.runHigh;
  touch.volume = seed.runHighVolume;
  touch.volRatio = seed.runHighVolRatio;
  touch.wick = seed.runHighWick;
  touch.weak = false;
  return touch;
}

/** Clears range and hypotheses for a new range; the caller founds its levels. */
export function beginRange(
  study: Study,
  start: { readonly route: number; readonly startBar: number; readonly startTime: number },
): void {
  study.range.begin({ id: study.tally.nextRangeId++, route: start.route, startBar: start.startBar, startTime: start.startTime });
  study.range.held = null;
  study.zones.clear();
  study.up.reset();
  study.down.reset();
  study.count.box = 0;
  study.change();
}

/** The levels are there: price them, and replay the bars since the start into count and profile. */
export function completeBirth(study: Study): void {
  const { range, count, profile, effort, now, params: p } = study;
  range.refresh();
  const bars = effort.bars;
  count.start(niceStep(p.pnfBox * now.atr), bars.close[range.startBar & RING_MASK], p.pnfReversal);
  profile.start(range.support - 0.5 * range.width, range.resistance + 0.5 * range.width);
  // A pack may let levels grow older than the ring of bars reaches.
  const first = Math.max(range.startBar, now.bar - RING_MASK);
  profile.followFrom(first);
  count.replay(bars, first === range.startBar ? first + 1 : first, now.bar - 1);
}

/** RNG-7. Terminal: the summary is kept, the hypotheses end with it. */
export function endRange(study: Study, as: keyof typeof ENDS): void {
  const { range, now } = study;
  range.state = ENDS[as];
  range.endBar = now.bar;
  range.endTime = now.time;
  study.profile.stop();
  keepSummary(study);
  endSide(study, study.up, 'RANGE_ENDED');
  endSide(study, study.down, 'RANGE_ENDED');
  range.state = NONE;
  study.change();
}

function keepSummary(study: Study): void {
  const { previous, range, count } = study;
  previous.keep(range, count);
  keepStanding(study, study.up, 0);
  keepStanding(study, study.down, 1);
}

function keepStanding(study: Study, side: Side, slot: number): void {
  const { phases, starts } = study.previous;
  const { at } = side;
  const from = 5 * slot;
  phases[from] = at.phase;
  phases[from + 1] = at.implied ? 1 : 0;
  phases[from + 2] = at.startBar;
  phases[from + 3] = at.bStart;
  phases[from + 4] = at.phaseConfidence;
  starts[slot] = at.startTime;
}

/** RNG-4. A forming range fails when a close leaves it with effort, or leaves it far behind. */
export function judgeForming(study: Study): void {
  const { range, now, params: p } = study;
  if (range.state !== FORMING) return;
  const beyond = Math.max(range.support - now.close, now.close - range.resistance);
  if (!(beyond > 0)) return;
  const busy = above(beyond, p.formingBreakAtr * now.atr) && !now.noVolume && atLeast(now.volFloor, p.formingBreakVol);
  const far = above(beyond, Math.max(p.formingFarAtr * now.atr, p.formingFarW * range.width));
  if (busy || far) endRange(study, 'FAILED');
}

/** RNG-5. Old enough, wide enough, tested enough and good enough: ACTIVE; hypotheses without a phase are implied. */
export function judgeActivation(study: Study): void {
  const { range, now, params: p } = study;
  const bar = now.bar;
  if (range.duration(bar) < p.activeDuration) return;
  const tested = study.up.secondaries.count + study.down.secondaries.count > 0;
  if (!tested && (range.touchCount(SUPPORT) < 2 || range.touchCount(RESISTANCE) < 2)) return;
  const least = Math.max(study.pct(p.minWidth, range.support), p.minWidthAtr * now.atr);
  if (!atLeast(range.width, least) || range.quality(bar) < p.rangeQualityActive) return;
  range.state = ACTIVE;
  range.activeWidth = range.width;
  study.funnel.active++;
  study.change();
  if (study.up.at.phase === NO_PHASE && !study.up.at.ended) implyB(study, study.up);
  if (study.down.at.phase === NO_PHASE && !study.down.at.ended) implyB(study, study.down);
}

/** RNG-6. Five closes in a row beyond the same edge without a decisive break: the range has drifted away. */
export function judgeDrift(study: Study): boolean {
  const { range, now, params: p } = study;
  if (now.close <= range.resistance && now.close >= range.support) {
    range.closesAbove = 0;
    range.closesBelow = 0;
    return false;
  }
  const distance = p.driftAtr * now.atr;
  range.closesAbove = above(now.close, range.resistance + distance) ? range.closesAbove + 1 : 0;
  range.closesBelow = above(range.support - distance, now.close) ? range.closesBelow + 1 : 0;
  return range.closesAbove >= p.driftBars || range.closesBelow >= p.driftBars;
}

/** RNG-8. Is the broken range over? */
export function judgeBroken(study: Study): 'COMPLETED' | 'EXPIRED' | null {
  const { range, now, params: p } = study;
  const side = range.breakSide === 1 ? study.up : study.down;
  const age = now.bar - range.breakBar;
  if (reachedLastObjective(study, side)) return 'COMPLETED';
  if (age >= p.maxRangeBars) return 'COMPLETED';
  const edge = side.sign === 1 ? range.resistance : -range.support;
  if (age > p.sosFailBars && above(edge - study.pct(p.sosFailTol, edge), side.sign * now.close)) return 'COMPLETED';
  if (age >= p.sosFailBars && side.at.phase < PHASE_D) return 'EXPIRED';
  return null;
}

function reachedLastObjective(study: Study, side: Side): boolean {
  const { range, now } = study;
  if (range.objectiveCount === 0 || range.objectiveSide !== side.sign) return false;
  const last = range.objectives[range.objectiveCount - 1];
  return side.sign === 1 ? atLeast(now.high, last) : atLeast(last, now.low);
}

/** LVL-4. Moves an edge to a mirrored price; `limited` counts against the widening allowed. */
export function moveEdge(study: Study, side: Side, to: { readonly price: number; readonly limited: boolean }): void {
  const { range, params: p } = study;
  const support = side.sign === 1;
  const now = support ? range.support : -range.resistance;
  let step = now - to.price;
  if (!(step > 0)) return;
  if (to.limited) {
    const used = support ? range.widenedSupport : range.widenedResistance;
    step = Math.min(step, p.widenMax * range.activeWidth - used);
    if (!(step > 0)) return;
    if (support) range.widenedSupport += step;
    else range.widenedResistance += step;
  }
  if (support) range.support -= step;
  else range.resistance += step;
  range.refresh();
  study.change();
}
