/** What is kept of a range that has ended: enough to draw it. */
import { fraction } from '../bar/fraction.ts';
import type { PointAndFigure } from './point-and-figure.ts';
import { NONE, type Range } from './range.ts';

export class RangeSummary {
  state = NONE;
  id = 0;
  route = 0;
  startBar = -1;
  startTime = NaN;
  endBar = -1;
  endTime = NaN;
  support = NaN;
  resistance = NaN;
  supportPrice = NaN;
  resistancePrice = NaN;
  supportTouches = 0;
  resistanceTouches = 0;
  supportStrength = fraction(0);
  resistanceStrength = fraction(0);
  quality = fraction(0);
  columns = 0;
  boxSize = fraction(0);
  objectiveCount = 0;
  readonly objectives = new Float64Array(3);
  /** Per hypothesis (accumulation, distribution): phase reached, implied, start bar, start of B, phase confidence. */
  readonly phases = new Int32Array(10);
  readonly starts = new Float64Array(2);

  keep(range: Range, count: PointAndFigure): void {
    this.state = range.state;
    this.id = range.id;
    this.route = range.route;
    this.startBar = range.startBar;
    this.startTime = range.startTime;
    this.endBar = range.endBar;
    this.endTime = range.endTime;
    this.support = range.support;
    this.resistance = range.resistance;
    this.supportPrice = range.supportPrice;
    this.resistancePrice = range.resistancePrice;
    this.supportTouches = range.touchCount(0);
    this.resistanceTouches = range.touchCount(1);
    this.supportStrength = range.strengthOf(0);
    this.resistanceStrength = range.strengthOf(1);
    this.quality = range.quality(range.endBar);
    this.columns = count.column;
    this.boxSize = count.box;
    this.objectiveCount = range.objectiveCount;
    this.objectives.set(range.objectives);
  }

  adjust(priceFactor: number): void {
    this.support *= priceFactor;
    this.resistance *= priceFactor;
    this.supportPrice *= priceFactor;
    this.resistancePrice *= priceFactor;
    this.boxSize *= priceFactor;
    for (let i = 0; i < 3; i++) this.objectives[i] *= priceFactor;
  }
}
