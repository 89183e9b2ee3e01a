/** Events that wait for their confirmation: one scratch object per kind and hypothesis, prices mirrored. */

/** Fields every candidate has. */
export class Candidate {
  live = false;
  openBar = -1;
  bar = -1;
  time = NaN;
  low = NaN;
  high = NaN;
  volume = NaN;
  volRatio = NaN;
  spreadRatio = NaN;
  closePos = NaN;
  session = -1;
  opening = false;
  /** A with which it was opened. */
  atr = NaN;

  adjust(priceFactor: number): void {
    this.low *= priceFactor;
    this.high *= priceFactor;
    this.volume /= priceFactor;
    this.atr *= priceFactor;
  }
}

/** Stages of a climax on its way to the automatic rally. */
export const AWAITS_SECOND_BAR = 1;
export const AWAITS_RALLY = 2;

/** A selling (buying) climax and the rally that follows it. */
export class Seed extends Candidate {
  stage = 0;
  effSpread = NaN;
  wick = NaN;
  decline = NaN;
  zone = 1;
  twoBar = false;
  lowBar = -1;
  trend = 0;
  runHigh = -Infinity;
  runHighBar = -1;
  runHighTime = NaN;
  runHighVolume = NaN;
  runHighVolRatio = NaN;
  runHighSpreadRatio = NaN;
  runHighClosePos = NaN;
  runHighWick = NaN;
  /** Benchmark: its low on the climax bar and the lowest since. */
  benchLow = NaN;
  benchLowSince = NaN;

  override adjust(priceFactor: number): void {
    super.adjust(priceFactor);
    this.runHigh *= priceFactor;
    this.runHighVolume /= priceFactor;
  }
}

/** A candidate that keeps the level and the width it was opened against. */
export class LevelCandidate extends Candidate {
  level = NaN;
  width = NaN;

  override adjust(priceFactor: number): void {
    super.adjust(priceFactor);
    this.level *= priceFactor;
    this.width *= priceFactor;
  }
}

/** A penetration of the edge that may be recovered. */
export class Penetration extends LevelCandidate {
  limit = NaN;
  effort = false;

  override adjust(priceFactor: number): void {
    super.adjust(priceFactor);
    this.limit *= priceFactor;
  }
}
