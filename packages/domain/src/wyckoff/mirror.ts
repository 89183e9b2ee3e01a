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
  high = NaN;
  low = NaN;
  close = NaN;
  prevClose = NaN;
  prevLow = NaN;
  closePos = NaN;
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
  readonly #sign: Hypothesis;
  #moves = -1;

  constructor(sign: Hypothesis) {
    this.#sign = sign;
  }

  lookAt(now: Features): void {
    if (this.#sign === 1) {
      this.high = now.high;
      this.low = now.low;
      this.close = now.close;
      this.prevClose = now.prevClose;
      this.prevLow = now.prevLow;
      this.closePos = now.closePos;
    } else {
      this.high = -now.low;
      this.low = -now.high;
      this.close = -now.close;
      this.prevClose = -now.prevClose;
      this.prevLow = -now.prevHigh;
      this.closePos = 1 - now.closePos;
    }
  }

  /** Have the levels moved since this was last asked? */
  outdated(range: Range): boolean {
    if (this.#moves === range.moves) return false;
    this.#moves = range.moves;
    return true;
  }

  lookAtLevels(range: Range): void {
    if (this.#sign === 1) {
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
