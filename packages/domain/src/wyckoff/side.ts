/** One hypothesis on the range: its phase, what it has seen, what it waits for. */
import type { StateIo } from '../bar/state-io.ts';
import type { Features } from '../effort/features.ts';
import { Candidate, LevelCandidate, Penetration, Seed } from './candidates.ts';
import type { Hypothesis } from './event.ts';
import { BreakMark, Mark, markList, SpringMark } from './marks.ts';
import { Mirror } from './mirror.ts';
import { SpringWatch } from './spring-watch.ts';
import { TransitionLog } from './transition-log.ts';

/** Codes of the phase: 0 none, then A to E. */
export const NO_PHASE = 0;
export const PHASE_A = 1;
export const PHASE_B = 2;
export const PHASE_C = 3;
export const PHASE_D = 4;
export const PHASE_E = 5;

/** Codes of the sub-phase of C; those of E are computed when asked. */
export const C_SPRING = 1;
export const C_TEST = 2;
export const C_READY = 3;

/** The phase machine's numbers. */
export class Standing {
  phase = NO_PHASE;
  subPhase = 0;
  ended = false;
  suspended = false;
  implied = false;
  startBar = -1;
  startTime = NaN;
  bStart = -1;
  cStart = -1;
  eStart = -1;
  phaseConfidence = 0;
  /** A break of this hypothesis has failed before. */
  malus = false;
  /** Bar since which a close back inside the edge is awaited; -1 for none. */
  failWatch = -1;
  stArmed = false;
  stCount = 0;
  /** No new penetration is judged until a close beyond the edge. */
  blocked = false;
  /** High of the latest test bar, awaited for C_READY. */
  testHigh = NaN;
  /** First bar after which a last point may open. */
  lpsFrom = -1;
  lpsInE = 0;
  sosBar = -1;
  sosHigh = NaN;
  highSinceSos = NaN;
  /** Closes in a row beyond the broken edge since the SOS. */
  eCloses = 0;
  directDone = false;
  climaxVolume = NaN;
  climaxVolRatio = NaN;
  climaxZone = 0;
  rallyConfirmBar = -1;
  rallySpeed = 0;
  /** Lowest (mirrored) extreme of an unresolved minor upthrust, and the bar it was confirmed. */
  utPrice = NaN;
  utBar = -1;
  benchLow = NaN;
  benchLowSince = NaN;

  /** As new; written out, because it happens at every birth of a range. */
  reset(): void {
    this.phase = NO_PHASE;
    this.subPhase = 0;
    this.ended = false;
    this.suspended = false;
    this.implied = false;
    this.startBar = -1;
    this.startTime = NaN;
    this.bStart = -1;
    this.cStart = -1;
    this.eStart = -1;
    this.phaseConfidence = 0;
    this.malus = false;
    this.failWatch = -1;
    this.stArmed = false;
    this.stCount = 0;
    this.blocked = false;
    this.testHigh = NaN;
    this.lpsFrom = -1;
    this.lpsInE = 0;
    this.sosBar = -1;
    this.sosHigh = NaN;
    this.highSinceSos = NaN;
    this.eCloses = 0;
    this.directDone = false;
    this.climaxVolume = NaN;
    this.climaxVolRatio = NaN;
    this.climaxZone = 0;
    this.rallyConfirmBar = -1;
    this.rallySpeed = 0;
    this.utPrice = NaN;
    this.utBar = -1;
    this.benchLow = NaN;
    this.benchLowSince = NaN;
  }

  adjust(priceFactor: number): void {
    this.testHigh *= priceFactor;
    this.sosHigh *= priceFactor;
    this.highSinceSos *= priceFactor;
    this.climaxVolume /= priceFactor;
    this.utPrice *= priceFactor;
  }
}

/** What happened to a hypothesis on the bar being judged; empty again on the next. */
export class Happenings {
  /** The bar broke the far edge decisively. */
  broke = false;
  breakFailed = false;
  fastFail = false;
  rallyConfirmed = false;
  restarted = false;
  /** Phase before the bar's first step; -1 while it has taken none. */
  cameFrom = -1;
  /** Mirrored price to which its edge moves, NaN for none; by a confirmed ST (unlimited) or by a test or minor upthrust. */
  stEdge = NaN;
  widenTo = NaN;
  /** Something a phase confidence depends on has changed. */
  touched = false;

  clear(): void {
    this.broke = false;
    this.breakFailed = false;
    this.fastFail = false;
    this.rallyConfirmed = false;
    this.restarted = false;
    this.cameFrom = -1;
    this.stEdge = NaN;
    this.widenTo = NaN;
    this.touched = false;
  }
}

export class Side {
  readonly sign: Hypothesis;
  readonly view: Mirror;
  readonly at = new Standing();
  readonly bar = new Happenings();
  /** Distance from the extreme of the long lookback, on the bar on which a rule last asked. */
  decline = NaN;
  readonly springWatch = new SpringWatch();
  readonly transitions = new TransitionLog();

  readonly seed = new Seed();
  readonly support = new Candidate();
  readonly secondary = new LevelCandidate();
  readonly undercut = new Penetration();
  readonly lastPoint = new LevelCandidate();
  readonly inRange = new LevelCandidate();

  readonly preliminary = markList(1, () => new Mark());
  readonly climax = markList(1, () => new Mark());
  readonly rally = markList(1, () => new Mark());
  readonly secondaries = markList(8, () => new Mark());
  readonly springs = markList(5, () => new SpringMark());
  readonly tests = markList(3, () => new Mark());
  readonly breaks = markList(3, () => new BreakMark());
  readonly lastPoints = markList(3, () => new Mark());
  readonly inRangePoints = markList(3, () => new Mark());

  constructor(sign: Hypothesis, now: Features) {
    this.sign = sign;
    this.view = new Mirror(sign, now);
  }

  /** A, B, C, D or E and not ended. */
  get alive(): boolean {
    return this.at.phase !== NO_PHASE;
  }

  /** Latest Spring, Shakeout or UTAD that has not failed. */
  get goodSpring(): SpringMark | null {
    for (let i = this.springs.count - 1; i >= 0; i--) if (!this.springs.at(i).failed) return this.springs.at(i);
    return null;
  }

  /** Forgets the range; the preliminary support and the seed outlive it. */
  reset(): void {
    this.at.reset();
    this.secondary.live = false;
    this.undercut.live = false;
    this.lastPoint.live = false;
    this.inRange.live = false;
    this.climax.clear();
    this.rally.clear();
    this.secondaries.clear();
    this.springs.clear();
    this.tests.clear();
    this.breaks.clear();
    this.lastPoints.clear();
    this.inRangePoints.clear();
  }

  adjust(priceFactor: number): void {
    this.at.adjust(priceFactor);
    for (const candidate of this.#candidates()) candidate.adjust(priceFactor);
    this.preliminary.adjust(priceFactor);
    for (const list of this.#rangeMarks()) list.adjust(priceFactor);
  }

  persist(io: StateIo): void {
    io.own(this.at);
    io.own(this.transitions);
    for (const candidate of this.#candidates()) io.own(candidate);
    this.preliminary.persist(io);
    for (const list of this.#rangeMarks()) list.persist(io);
  }

  #candidates(): Candidate[] {
    return [this.seed, this.support, this.secondary, this.undercut, this.lastPoint, this.inRange];
  }

  #rangeMarks() {
    return [
      this.climax, this.rally, this.secondaries, this.springs, this.tests, this.breaks, this.lastPoints, this.inRangePoints,
    ] as const; // prettier-ignore
  }
}
