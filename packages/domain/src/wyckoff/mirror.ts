/** The mirror: a hypothesis sees every bar and level as if it were accumulation, so each rule is written once (detection.md 4.1). */
import type { Features } from '../effort/features.ts';
import type { Range } from '../structure/range.ts';
import type { EventKind, Hypothesis } from './event.ts';

const MIRRORED: Readonly<Record<EventKind, EventKind>> = {
  PS: 'PSY',
  PSY: 'PS',
  SC: 'BC',
  BC: 'SC',
  AR: 'AR',
  ST: 'ST',
  SPRING: 'UTAD',
  SHAKEOUT: 'UTAD',
  UTAD: 'SPRING',
  UT: 'UT',
  TEST: 'TEST',
  SOS: 'SOW',
  SOW: 'SOS',
  LPS: 'LPSY',
  LPSY: 'LPS',
};

/** The name an accumulation event bears under this hypothesis. */
export function nameFor(hypothesis: Hypothesis, accumulationKind: EventKind): EventKind {
  return hypothesis === 1 ? accumulationKind : MIRRORED[accumulationKind];
}

/** Bar and levels as the hypothesis sees them: for distribution, prices are negated, highs and lows change places. */
export class Mirror {
  /** L, H, Lw, Hw, W in force after the bar before. */
  support = NaN;
  resistance = NaN;
  supportPrice = NaN;
  resistancePrice = NaN;
  width = NaN;
  /** What a price must reach before a rule need be asked: functions of the levels, so worked out only when those move. */
  nearSupport = NaN;
  rearm = NaN;
  inRangeFloor = NaN;
  /** Plain fields and short getters: the compiler takes them in wherever they are used. */
  readonly sign: Hypothesis;
  readonly upright: boolean;
  /** 0, or 1 for distribution: closes are measured from the other end of the bar. */
  readonly flip: 0 | 1;
  readonly now: Features;

  constructor(sign: Hypothesis, now: Features) {
    this.sign = sign;
    this.upright = sign === 1;
    this.flip = sign === 1 ? 0 : 1;
    this.now = now;
  }

  get high(): number {
    return this.upright ? this.now.high : -this.now.low;
  }

  get low(): number {
    return this.upright ? this.now.low : -this.now.high;
  }

  get close(): number {
    return this.sign * this.now.close;
  }

  get prevClose(): number {
    return this.sign * this.now.prevClose;
  }

  get prevLow(): number {
    return this.upright ? this.now.prevLow : -this.now.prevHigh;
  }

  get closePos(): number {
    return this.flip + this.sign * this.now.closePos;
  }

  lookAtLevels(range: Range): void {
    if (this.upright) {
      this.support = range.support;
      this.resistance = range.resistance;
      this.supportPrice = range.supportPrice;
      this.resistancePrice = range.resistancePrice;
    } else {
      this.support = -range.resistance;
      this.resistance = -range.support;
      this.supportPrice = -range.resistancePrice;
      this.resistancePrice = -range.supportPrice;
    }
    this.width = range.width;
  }
}
