/** What protects one open position at the broker: a stop over all of it and rungs that go with it (trading.md 7.4). */
import type { Price } from '../bar/bar.ts';
import type { Protection } from '../risk/approved-order.ts';
import { cutLadder } from '../trade/ladder.ts';

export interface BracketRung {
  readonly leg: string;
  readonly price: Price;
  readonly steps: number;
}

export interface Bracket {
  readonly signalId: string;
  /** +1 protects a long position. */
  readonly side: 1 | -1;
  openSteps: number;
  stopLeg: string;
  stopPrice: Price;
  /** Outward; the first is the next to fill. */
  rungs: BracketRung[];
  /** False on an entry bar whose fill came inside the bar: then only the stop counts (backtesting.md 4.2). */
  targetsCount: boolean;
}

/** The legs of a fresh fill. */
export function openBracket(of: {
  readonly signalId: string;
  readonly side: 1 | -1;
  readonly steps: number;
  readonly protection: Protection;
  readonly targetsCount: boolean;
}): Bracket {
  const rungs = cutLadder(of.steps, of.protection.targets).map((rung) => ({
    leg: `T${rung.target}.1`,
    price: rung.price,
    steps: rung.steps,
  }));
  const { signalId, side, targetsCount } = of;
  return { signalId, side, openSteps: of.steps, stopLeg: 'STOP.1', stopPrice: of.protection.stopPrice, rungs, targetsCount };
}

/** Buying closes a short. */
export function closeSideOf(bracket: Bracket): 1 | -1 {
  return bracket.side === 1 ? -1 : 1;
}
