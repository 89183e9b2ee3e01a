/** One trading range: its two levels, what they are worth, and where it stands in its life (detection.md 3.3-3.6). */
import type { StateIo } from '../bar/state-io.ts';
import { fraction } from '../bar/fraction.ts';
import { RESISTANCE, SUPPORT, type LevelBook, type LevelSide } from './level-book.ts';
import { levelStrength } from './level-strength.ts';
import type { Pivot } from './pivots.ts';
import { durationPoints, tightnessPoints, touchPoints, volumePoints } from './range-quality.ts';
import { Touches } from './touches.ts';

/** Codes of the range's state, in the order of RANGE_STATES. */
export const NONE = 0;
export const SEED = 1;
export const FORMING = 2;
export const ACTIVE = 3;
export const BROKEN_UP = 4;
export const BROKEN_DOWN = 5;
export const COMPLETED = 6;
export const EXPIRED = 7;
export const FAILED = 8;

export const EVENT_ROUTE = 1;
export const STRUCTURAL_ROUTE = 2;

/** Test only: scores held constant whatever the touches say. */
export interface HeldScores {
  readonly quality: number;
  readonly support: number;
  readonly resistance: number;
}

export class Range {
  state = NONE;
  id = 0;
  route = 0;
  /** Hypothesis whose climax founded it; 0 for the structural route. */
  origin = 0;
  startBar = -1;
  startTime = NaN;
  endBar = -1;
  endTime = NaN;
  /** L and H: the edges from which breaks are measured. */
  support = NaN;
  resistance = NaN;
  /** Lw and Hw: the volume-weighted prices. */
  supportPrice = NaN;
  resistancePrice = NaN;
  /** Trend sign of the earliest touch (structural route), else 0. */
  trendBefore = 0;
  activeWidth = NaN;
  widenedSupport = fraction(0);
  widenedResistance = fraction(0);
  closesAbove = 0;
  closesBelow = 0;
  /** +1 broken up, -1 broken down, 0 whole. */
  breakSide = 0;
  breakBar = -1;
  /** A and T frozen at the break; T in the mirrored price of the breaking hypothesis. */
  breakAtr = NaN;
  breakThreshold = NaN;
  /** Highest and lowest price since the break. */
  breakHigh = NaN;
  breakLow = NaN;
  breakVolRatio = NaN;
  breakSpreadRatio = NaN;
  breakClosePos = NaN;
  breakSession = -1;
  breakOpening = false;
  /** 0 QUIET, 1 REVERSAL, 2 EFFORT. */
  breakClass = 0;
  failedBreaks = 0;
  /** Cached from the touches and edges. */
  touchScore = fraction(0);
  tightnessScore = fraction(0);
  volumeScore = fraction(0);
  supportStrength = fraction(0);
  resistanceStrength = fraction(0);
  supportSwung = false;
  resistanceSwung = false;
  /** The last objectives computed, with the hypothesis they belong to. */
  objectiveSide = 0;
  objectiveCount = 0;
  readonly objectives = new Float64Array(3);
  readonly touches = new Touches(2);
  held: HeldScores | null = null;
  /** Grows whenever a level's price or edge moves, so that nobody reads them again before. Not state: it only has to differ. */
  #moves = 0;

  get moves(): number {
    return this.#moves;
  }

  /** Levels were set from outside. */
  levelsMoved(): void {
    this.#moves++;
  }

  get width(): number {
    return this.resistance - this.support;
  }

  get living(): boolean {
    return this.state >= FORMING && this.state <= BROKEN_DOWN;
  }

  duration(bar: number): number {
    return bar - this.startBar + 1;
  }

  /** QLT-1. 0-100 points with the touches so far and the duration at `bar`. */
  quality(bar: number): number {
    if (this.held !== null) return this.held.quality;
    return durationPoints(this.duration(bar)) + this.touchScore + this.tightnessScore + this.volumeScore;
  }

  strengthOf(side: LevelSide): number {
    if (this.held !== null) return side === SUPPORT ? this.held.support : this.held.resistance;
    return side === SUPPORT ? this.supportStrength : this.resistanceStrength;
  }

  touchCount(side: LevelSide): number {
    return this.touches.count[side];
  }

  /** Empties everything but the identity counter for a new range. */
  begin(bar: { readonly id: number; readonly route: number; readonly startBar: number; readonly startTime: number }): void {
    this.state = FORMING;
    this.id = bar.id;
    this.route = bar.route;
    this.startBar = bar.startBar;
    this.startTime = bar.startTime;
    this.origin = 0;
    this.endBar = -1;
    this.endTime = NaN;
    this.trendBefore = 0;
    this.activeWidth = NaN;
    this.widenedSupport = 0;
    this.widenedResistance = 0;
    this.closesAbove = 0;
    this.closesBelow = 0;
    this.mend();
    this.failedBreaks = 0;
    this.objectiveSide = 0;
    this.objectiveCount = 0;
    this.supportSwung = false;
    this.resistanceSwung = false;
    this.touches.clear(SUPPORT);
    this.touches.clear(RESISTANCE);
  }

  /** Whole again after a failed break (or new). */
  mend(): void {
    this.breakSide = 0;
    this.breakBar = -1;
    this.breakAtr = NaN;
    this.breakThreshold = NaN;
    this.breakHigh = NaN;
    this.breakLow = NaN;
    this.closesAbove = 0;
    this.closesBelow = 0;
  }

  /** Founds a level on one touch. */
  found(side: LevelSide, pivot: Pivot): void {
    this.touches.push(side, pivot);
    if (side === SUPPORT) this.support = pivot.price;
    else this.resistance = pivot.price;
  }

  /** Founds a level on a cluster of the book. */
  foundOn(side: LevelSide, book: LevelBook, list: number): void {
    this.touches.copyFrom(side, book.touches, list);
    if (side === SUPPORT) this.support = book.edge[list];
    else this.resistance = book.edge[list];
  }

  /**
   * LVL-3. A pivot within its reach of the level's price: a touch when it is a distinct swing; while FORMING it may also extend the edge.
   * Returns whether the edge moved.
   */
  take(side: LevelSide, pivot: Pivot): boolean {
    const price = side === SUPPORT ? this.supportPrice : this.resistancePrice;
    if (!(Math.abs(pivot.price - price) <= pivot.reach * (1 + 1e-9))) return false;
    const touched = (side === SUPPORT ? this.supportSwung : this.resistanceSwung) && !pivot.weak;
    if (touched) {
      this.touches.push(side, pivot);
      if (side === SUPPORT) this.supportSwung = false;
      else this.resistanceSwung = false;
    }
    const moved = this.state === FORMING && this.#extend(side, pivot.price);
    if (touched || moved) this.refresh();
    return moved;
  }

  /** An opposite pivot at least `distance` away from the level's price makes the next touch a distinct swing. */
  swing(side: LevelSide, pivot: Pivot, distance: number): void {
    if (pivot.bar <= this.touches.lastBar(side)) return;
    const price = side === SUPPORT ? this.supportPrice : this.resistancePrice;
    if (!(Math.abs(pivot.price - price) >= distance * (1 - 1e-9))) return;
    if (side === SUPPORT) this.supportSwung = true;
    else this.resistanceSwung = true;
  }

  refresh(): void {
    const touches = this.touches;
    this.#moves++;
    this.supportPrice = touches.weightedPrice(SUPPORT);
    this.resistancePrice = touches.weightedPrice(RESISTANCE);
    this.touchScore = touchPoints(touches.count[SUPPORT], touches.count[RESISTANCE]);
    this.tightnessScore = tightnessPoints(touches, this.width);
    this.volumeScore = volumePoints(touches);
    this.supportStrength = levelStrength(touches, SUPPORT);
    this.resistanceStrength = levelStrength(touches, RESISTANCE);
  }

  adjust(priceFactor: number): void {
    this.#moves++;
    this.support *= priceFactor;
    this.resistance *= priceFactor;
    this.supportPrice *= priceFactor;
    this.resistancePrice *= priceFactor;
    this.activeWidth *= priceFactor;
    this.widenedSupport *= priceFactor;
    this.widenedResistance *= priceFactor;
    this.breakAtr *= priceFactor;
    this.breakThreshold *= priceFactor;
    this.breakHigh *= priceFactor;
    this.breakLow *= priceFactor;
    for (let i = 0; i < 3; i++) this.objectives[i] *= priceFactor;
    this.touches.adjust(priceFactor);
  }

  persist(io: StateIo): void {
    this.#moves++;
    io.own(this);
    io.own(this.touches);
  }

  #extend(side: LevelSide, price: number): boolean {
    if (side === SUPPORT && price < this.support) {
      this.support = price;
      return true;
    }
    if (side === RESISTANCE && price > this.resistance) {
      this.resistance = price;
      return true;
    }
    return false;
  }
}
