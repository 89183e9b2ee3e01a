/** The streaming Wyckoff detector: closed bars in, append-only records out; no clock, no I/O, no randomness. */
import type { Bar, Instrument, Timeframe } from '../bar/bar.ts';
import { barDefect } from '../bar/validate.ts';
import { FORMING, ACTIVE, BROKEN_DOWN } from '../structure/range.ts';
import { ageRange, passTime, phaseBTurns } from './aftermath.ts';
import { advanceClimax, MAY_OPEN, NEW_EXTREME, ORDINARY, seedAllowed } from './climax.ts';
import type { BarContext, HtfContext } from './context.ts';
import { advanceBreak, judgeBreak } from './decisive-break.ts';
import { mustLook, nextDue } from './due.ts';
import type { DetectionEvent, Rejection } from './event.ts';
import type { Funnel } from './funnel.ts';
import { advanceInRange, mayRest } from './in-range-last-point.ts';
import { advanceLastPoint } from './last-point.ts';
import { leadingContext } from './leading.ts';
import { keepLevels } from './level-keeping.ts';
import { Outbox } from './outbox.ts';
import type { Parameters } from './parameters.ts';
import { renewPhaseConfidence } from './phase-confidence.ts';
import { advancePreliminary } from './preliminary-support.ts';
import { endRange, foundOnClimax, judgeForming } from './range-life.ts';
import type { RulePack } from './rule-pack.ts';
import { advanceSecondary, testReach } from './secondary-test.ts';
import { NO_PHASE, PHASE_B, PHASE_D, type Side } from './side.ts';
import { loadSnapshot, takeSnapshot } from './snapshot.ts';
import { advanceTest } from './spring-test.ts';
import { watchSprings } from './spring-watch.ts';
import { Study } from './study.ts';
import type { TraceSink } from './trace.ts';
import { advanceUndercut, failSprings } from './undercut.ts';
import { buildGlance, buildView, listTransitions } from './view-builder.ts';
import type { DetectorCounters, DetectorGlance, DetectorView, PhaseTransition } from './view.ts';

export interface DetectorOptions {
  /** `classic` unless told. */
  readonly pack?: RulePack | 'strict' | 'classic';
  readonly params?: Partial<Parameters>;
  /** Also return records of status `candidate` and `expired`. */
  readonly emitCandidates?: boolean;
  readonly trace?: TraceSink;
}

export interface Detector {
  /** Records that became knowable at this bar; one shared frozen empty array on a quiet or refused bar. */
  onBar(bar: Bar, ctx?: BarContext): readonly DetectionEvent[];
  view(): DetectorView;
  /** The range before and now, session and regime of the view, at a fraction of its cost: for whoever asks bar by bar. */
  glance(): DetectorGlance;
  /** The last near misses, oldest first, at most 50. */
  rejections(): Rejection[];
  /** A split or contract roll: all stored prices x factor, all stored volumes / factor. */
  adjust(priceFactor: number): void;
  snapshot(): Uint8Array;
  /** Accepted bars so far; unchanged by a bar that was refused. */
  readonly bars: number;
  readonly counters: DetectorCounters;
  /** Grows on every bar on which a range state, an edge, a phase or a suspension changed. */
  readonly revision: number;
  /** Phase transitions with `seq > sinceSeq`, oldest first; the last 16 of each hypothesis are kept. */
  transitions(sinceSeq: number): readonly PhaseTransition[];
  /** What the timeframe below is to hear after the last bar; `last` itself while nothing changed, null when nobody leads. */
  leading(last: HtfContext | null): HtfContext | null;
  funnel(): Funnel;
}

/** A fresh detector for one instrument and timeframe. */
export function createDetector(instrument: Instrument, timeframe: Timeframe, options: DetectorOptions = {}): Detector {
  return new StreamingDetector(new Study(instrument, timeframe, options));
}

/** A detector that continues bit-identically; throws when version, parameters or instrument differ from the snapshot's. */
export function restoreDetector(
  bytes: Uint8Array,
  instrument: Instrument,
  timeframe: Timeframe,
  options: DetectorOptions = {},
): Detector {
  const study = new Study(instrument, timeframe, options);
  loadSnapshot(study, bytes);
  watchSprings(study, study.up);
  watchSprings(study, study.down);
  return new StreamingDetector(study);
}

/** Walks a study through one bar after the other, in the order of detection.md 9.2. */
export class StreamingDetector implements Detector {
  readonly #study: Study;

  constructor(study: Study) {
    this.#study = study;
  }

  onBar(bar: Bar, ctx?: BarContext): readonly DetectionEvent[] {
    const study = this.#study;
    if (!study.effort.measure(bar)) {
      refuse(study, bar);
      return Outbox.nothing;
    }
    study.context = ctx ?? null;
    study.changed = false;
    study.judge.bar = study.now.bar;
    if (ctx !== undefined) followBenchmark(study, ctx);
    if (study.range.state === FORMING) judgeForming(study);
    judgeSides(study);
    keepLevels(study);
    const state = study.range.state;
    if (state >= FORMING && state <= BROKEN_DOWN) {
      followRange(study);
      if (mustLook(study)) lookAtRange(study);
    }
    const records = study.outbox.flush();
    study.effort.absorb();
    if (study.changed) study.tally.revision++;
    // Whatever happens to a side leaves a record or a change.
    if (study.changed || records.length > 0) settleDown(study);
    return records;
  }

  get bars(): number {
    return this.#study.now.bar + 1;
  }

  get revision(): number {
    return this.#study.tally.revision;
  }

  get counters(): DetectorCounters {
    const { tally, effort, book, zones, range } = this.#study;
    return {
      invalid: tally.invalid,
      duplicate: tally.duplicate,
      late: tally.late,
      gaps: effort.hole.count,
      overflow: book.watch.evicted + book.touches.dropped + range.touches.dropped + zones.evicted,
    };
  }

  view(): DetectorView {
    this.#study.fillProfile();
    return buildView(this.#study, this.counters);
  }

  glance(): DetectorGlance {
    return buildGlance(this.#study);
  }

  rejections(): Rejection[] {
    return this.#study.judge.list();
  }

  transitions(sinceSeq: number): readonly PhaseTransition[] {
    return listTransitions(this.#study, sinceSeq);
  }

  leading(last: HtfContext | null): HtfContext | null {
    return leadingContext(this.#study, last);
  }

  funnel(): Funnel {
    return this.#study.funnel.read(this.bars, this.#study.judge.refused.counts);
  }

  adjust(priceFactor: number): void {
    if (!(priceFactor > 0) || !Number.isFinite(priceFactor)) {
      throw new RangeError(`adjust: expected a finite factor above 0, was ${priceFactor}; a 4:1 split is 0.25`);
    }
    this.#study.adjust(priceFactor);
    watchSprings(this.#study, this.#study.up);
    watchSprings(this.#study, this.#study.down);
    this.#study.tally.revision++;
  }

  snapshot(): Uint8Array {
    return takeSnapshot(this.#study);
  }
}

/** Step 1. BAR-1, BAR-2: refused bars are counted and change nothing. */
function refuse(study: Study, bar: Bar): void {
  const { now, tally } = study;
  if (barDefect(bar) !== null) {
    tally.invalid++;
    return;
  }
  if (bar.time < now.time) {
    tally.late++;
    return;
  }
  const same =
    bar.open === now.open && bar.high === now.high && bar.low === now.low && bar.close === now.close && bar.volume === now.volume;
  if (!same) tally.duplicate++;
}

/** Step 4. Accumulation first, then distribution; what one does to the range waits until both were heard. */
function judgeSides(study: Study): void {
  const { up, down, range, effort } = study;
  const state = range.state;
  const living = state >= FORMING && state <= BROKEN_DOWN;
  // No climax begins inside an active range.
  const open = state !== ACTIVE;
  const newLow = open && effort.newExtreme(1);
  const newHigh = open && effort.newExtreme(-1);
  if (living) {
    if (range.moves !== study.levelsSeen) lookAtLevels(study);
    if (state === ACTIVE) judgeBreaks(study);
  }
  // The cheap way through for most bars: nothing waits, no new extreme.
  if (newLow || up.seed.live || up.support.live) judgeBeginning(study, up, newLow);
  if (living) judgeCourse(study, up);
  if (newHigh || down.seed.live || down.support.live) judgeBeginning(study, down, newHigh);
  if (living) judgeCourse(study, down);
  if (up.bar.restarted || down.bar.restarted) endRange(study, 'FAILED');
  if (up.bar.rallyConfirmed) foundOnClimax(study, up);
  else if (down.bar.rallyConfirmed) foundOnClimax(study, down);
}

/** What happened on the bar before must not be heard again. */
function settleDown(study: Study): void {
  study.up.bar.clear();
  study.down.bar.clear();
  watchSprings(study, study.up);
  watchSprings(study, study.down);
}

/** The levels moved: what each side sees of them, and the prices short of which its rules have nothing to say. */
function lookAtLevels(study: Study): void {
  const { params: p } = study;
  for (const { view } of [study.up, study.down]) {
    view.lookAtLevels(study.range);
    // A hair wider than the rule's own tolerance: the rule decides, this only spares asking it.
    view.nearSupport = view.support + testReach(study, view) * (1 + 1e-6);
    view.rearm = view.support + p.stRearm * view.width;
    view.inRangeFloor = view.support + p.inLpsMin * view.width;
  }
  study.levelsSeen = study.range.moves;
}

/** Judged for both sides before either is heard, because a break of one settles the other's penetration. */
function judgeBreaks(study: Study): void {
  const { up, down, range, now } = study;
  if (now.close > range.resistance) judgeBreak(study, up);
  if (now.close < range.support) judgeBreak(study, down);
}

/** Climax, rally, preliminary support; `fresh`: the bar makes a new extreme. */
function judgeBeginning(study: Study, side: Side, fresh: boolean): void {
  const occasion = !fresh ? ORDINARY : seedAllowed(study, side) ? MAY_OPEN : NEW_EXTREME;
  if (occasion === MAY_OPEN || side.seed.live) advanceClimax(study, side, occasion);
  advancePreliminary(study, side, occasion === MAY_OPEN);
}

/** The order of detection.md 4.1, from the secondary test on; a rule is asked only where the bar could concern it. */
function judgeCourse(study: Study, side: Side): void {
  const { at, view, springWatch } = side;
  const { now } = study;
  const { low } = view;
  if (at.phase !== NO_PHASE) {
    if (side.secondary.live || (at.phase <= PHASE_B && (at.stArmed ? low <= view.nearSupport : view.high > view.rearm)))
      advanceSecondary(study, side);
    if (low < springWatch.floor) failSprings(study, side);
  }
  if (side.bar.broke || study.range.breakSide === side.sign) advanceBreak(study, side);
  if (at.phase === NO_PHASE) return;
  if (side.undercut.live || at.blocked || low < view.support) advanceUndercut(study, side);
  if ((now.bar >= springWatch.from && (low <= springWatch.ceiling || now.bar > springWatch.until)) || view.close > at.testHigh)
    advanceTest(study, side);
  const lower = low < view.prevLow;
  if (side.inRange.live || (lower && low > view.inRangeFloor && mayRest(study))) advanceInRange(study, side);
  if (side.lastPoint.live || (lower && at.phase >= PHASE_D)) advanceLastPoint(study, side);
}

/** Step 5, second half: zones, profile and count of the living range. */
function followRange(study: Study): void {
  const { range, count, profile, zones, now, params } = study;
  count.push(now);
  if (profile.urgent(now.bar)) profile.catchUp(study.effort.bars, now.bar);
  if (range.state !== ACTIVE) return;
  if (zones.count > 0) zones.follow(now, params);
  if (
    now.volFloor >= params.zoneVol &&
    now.spreadRatio <= params.zoneSpread &&
    range.quality(now.bar) >= params.rangeQualityMin
  ) {
    zones.open(now, params, study.zoneSignificance);
  }
}

/** Steps 6 and 7. */
function lookAtRange(study: Study): void {
  ageRange(study);
  passTime(study);
  weighPhases(study);
  study.dueBar = nextDue(study);
}

function weighPhases(study: Study): void {
  const { up, down } = study;
  if (up.bar.touched || phaseBTurns(study, up)) renewPhaseConfidence(study, up);
  if (down.bar.touched || phaseBTurns(study, down)) renewPhaseConfidence(study, down);
}

function followBenchmark(study: Study, ctx: BarContext): void {
  study.strength.push(ctx.benchClose ?? NaN);
  const low = ctx.benchLow;
  if (low === undefined) return;
  for (const side of [study.up, study.down]) {
    if (low < side.at.benchLowSince) side.at.benchLowSince = low;
    if (side.seed.live && low < side.seed.benchLowSince) side.seed.benchLowSince = low;
  }
}
