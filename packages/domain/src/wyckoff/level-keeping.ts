/** Step 5 of a bar: the pivot now known enters the level book and the range's levels; a structural range may begin (3.1-3.3). */
import { RING_MASK, SHORT_MASK } from '../bar/bar-ring.ts';
import { clamp01 } from '../bar/piecewise.ts';
import { lowestList, RESISTANCE, SUPPORT, type LevelSide } from '../structure/level-book.ts';
import { PIVOT_SPAN, type Pivot } from '../structure/pivots.ts';
import { ACTIVE, BROKEN_DOWN, BROKEN_UP, FORMING, NONE, STRUCTURAL_ROUTE } from '../structure/range.ts';
import { beginRange, completeBirth, endRange } from './range-life.ts';
import type { Study } from './study.ts';

const TWICE = 2;

/** PIV-1, LVL-1. */
export function keepLevels(study: Study): void {
  const { now, effort, book, pivots, params: p } = study;
  const low = pivots.lowConfirmed(now, effort.bars.low);
  const high = pivots.highConfirmed(now, effort.bars.high);
  if (low) fillPivot(study, study.lowPivot, SUPPORT);
  if (high) fillPivot(study, study.highPivot, RESISTANCE);
  if (low || high) notePivots(study, low, high);
  if (now.atr === now.atr && book.stale(now, p)) book.prune(now, p);
}

/** The pivots of the side or sides found are filled. */
function notePivots(study: Study, low: boolean, high: boolean): void {
  const { now, book, range, tally, lowPivot, highPivot, params: p } = study;
  if (now.atr !== now.atr) return;
  let lowList = -1;
  let highList = -1;
  if (low) {
    tally.lastLowPivot = lowPivot.price;
    lowPivot.reach = clusterTolerance(study, lowPivot.price);
    lowList = book.insert(SUPPORT, lowPivot);
  }
  if (high) {
    tally.lastHighPivot = highPivot.price;
    highPivot.reach = clusterTolerance(study, highPivot.price);
    highList = book.insert(RESISTANCE, highPivot);
  }
  if (range.state === FORMING || range.state === ACTIVE) {
    if (low) lowPivot.reach = touchTolerance(study, lowPivot.price);
    if (high) highPivot.reach = touchTolerance(study, highPivot.price);
    if (low && range.take(SUPPORT, lowPivot)) study.change();
    if (high && range.take(RESISTANCE, highPivot)) study.change();
    if (high) range.swing(SUPPORT, highPivot, p.clusterTolAtr * now.atr);
    if (low) range.swing(RESISTANCE, lowPivot, p.clusterTolAtr * now.atr);
  }
  // Both are inserted before either counts as the opposite of the other.
  if (high) book.swing(SUPPORT, highPivot, p.clusterTolAtr * now.atr);
  if (low) book.swing(RESISTANCE, lowPivot, p.clusterTolAtr * now.atr);
  if (lowList >= 0) seekStructure(study, SUPPORT, lowList);
  if (highList >= 0) seekStructure(study, RESISTANCE, highList);
}

function fillPivot(study: Study, pivot: Pivot, side: LevelSide): void {
  const { bars, hole } = study.effort;
  const bar = study.now.bar - PIVOT_SPAN;
  const ring = bar & RING_MASK;
  const short = bar & SHORT_MASK;
  const high = bars.high[ring];
  const low = bars.low[ring];
  const open = bars.open[short];
  const close = bars.close[ring];
  const spread = high - low;
  const support = side === SUPPORT;
  pivot.bar = bar;
  pivot.price = support ? low : high;
  pivot.volume = bars.volume[ring];
  pivot.volRatio = bars.volRatio[short];
  pivot.wick = spread > 0 ? clamp01((support ? Math.min(open, close) - low : high - Math.max(open, close)) / spread) : 0;
  pivot.trend = study.effort.trendSign;
  pivot.weak = hole.bar > bar - PIVOT_SPAN && hole.bar <= bar + PIVOT_SPAN;
}

function clusterTolerance(study: Study, price: number): number {
  const { range, now, params: p } = study;
  const bound = range.state === FORMING || range.state === ACTIVE ? p.clusterTolW * range.width : p.clusterTolAtr * now.atr;
  return Math.min(study.pct(p.clusterTol, price), bound);
}

function touchTolerance(study: Study, price: number): number {
  return Math.min(study.pct(study.params.touchTol, price), study.params.touchTolW * study.range.width);
}

/** RNG-2. Two clusters touched twice each, far enough apart and old enough, are a range. */
function seekStructure(study: Study, side: LevelSide, list: number): void {
  const { range, book, up, down } = study;
  const state = range.state;
  const free = (state === NONE && !up.seed.live && !down.seed.live) || state === BROKEN_UP || state === BROKEN_DOWN;
  if (!free || book.touches.count[list] < TWICE) return;
  let best = -1;
  for (let rest = book.liveOf(side === SUPPORT ? RESISTANCE : SUPPORT); rest !== 0; rest &= rest - 1) {
    const other = lowestList(rest);
    if (book.touches.count[other] < TWICE) continue;
    const support = side === SUPPORT ? list : other;
    const resistance = side === SUPPORT ? other : list;
    if (fits(study, support, resistance) && (best < 0 || better(study, { list, other, best }))) best = other;
  }
  if (best < 0) return;
  found(study, side === SUPPORT ? list : best, side === SUPPORT ? best : list);
}

/** Most touches, then the smallest width. */
function better(study: Study, lists: { readonly list: number; readonly other: number; readonly best: number }): boolean {
  const { touches, edge } = study.book;
  const more = touches.count[lists.other] - touches.count[lists.best];
  if (more !== 0) return more > 0;
  return Math.abs(edge[lists.other] - edge[lists.list]) < Math.abs(edge[lists.best] - edge[lists.list]);
}

function fits(study: Study, support: number, resistance: number): boolean {
  const { book, range, now, params: p } = study;
  const { touches, edge } = book;
  const width = edge[resistance] - edge[support];
  const least = Math.max(study.pct(p.minWidth, edge[support]), p.minWidthAtr * now.atr);
  if (!(width >= least * (1 - 1e-9))) return false;
  // Two levels a whole trend apart are no range, and block the next climax while they last.
  if (p.maxWidthAtr > 0 && width > p.maxWidthAtr * now.atr * (1 + 1e-9)) return false;
  const first = Math.min(touches.firstBar(support), touches.firstBar(resistance));
  const last = Math.max(touches.lastBar(support), touches.lastBar(resistance));
  if (last - first < p.minDuration || now.bar - first > p.clusterMaxAge) return false;
  if (range.state === BROKEN_UP) return edge[support] >= range.resistancePrice * (1 - 1e-9);
  if (range.state === BROKEN_DOWN) return edge[resistance] <= range.supportPrice * (1 + 1e-9);
  return true;
}

function found(study: Study, support: number, resistance: number): void {
  const { book, range, effort, up, down } = study;
  const { touches } = book;
  if (range.living) endRange(study, 'COMPLETED');
  up.seed.live = false;
  down.seed.live = false;
  const supportFirst = touches.firstBar(support) <= touches.firstBar(resistance);
  const earliest = supportFirst ? support : resistance;
  const startBar = touches.firstBar(earliest);
  beginRange(study, { route: STRUCTURAL_ROUTE, startBar, startTime: effort.bars.time[startBar & RING_MASK] });
  range.foundOn(SUPPORT, book, support);
  range.foundOn(RESISTANCE, book, resistance);
  range.trendBefore = touches.firstTrend(earliest);
  range.supportSwung = book.swung[support] === 1;
  range.resistanceSwung = book.swung[resistance] === 1;
  completeBirth(study);
  study.funnel.formedByStructure++;
}
