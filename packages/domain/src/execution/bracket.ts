/** What protects one open position at the broker: a stop over all of it and rungs that go with it (trading.md 7.4). */
import type { Price } from '../bar/bar.ts';
import type { Protection } from '../risk/approved-order.ts';
import { LEG } from '../trade/client-order-id.ts';
import { bitsOf, recutLadder } from '../trade/ladder.ts';
import type { LadderProgress, Rung } from '../trade/ladder.ts';
import { emptyTally } from './make-fill.ts';
import type { FillTally } from './make-fill.ts';

export interface BracketRung extends Rung {
  readonly leg: string;
}

/** Plain JSON. */
export interface Bracket {
  readonly signalId: string;
  /** +1 protects a long position. */
  readonly side: 1 | -1;
  initialSteps: number;
  openSteps: number;
  stopLeg: string;
  stopPrice: Price;
  stopTally: FillTally;
  /** The stop was met and could not take everything: the rest goes at the next opens, and no target works any more. */
  stopping: boolean;
  targets: readonly Price[];
  rungBits: number;
  rungSteps: readonly number[];
  /** Of the target orders, by target. */
  rungRevisions: readonly number[];
  readonly rungTallies: readonly FillTally[];
  /** Outward; the first is the next to fill. */
  rungs: readonly BracketRung[];
  /** False on an entry bar whose fill came inside the bar: then only the stop counts (backtesting.md 4.2). */
  targetsCount: boolean;
}

/** One working leg with its whole quantity, filled parts included. */
export interface ProtectiveLeg {
  readonly leg: string;
  readonly type: 'STOP' | 'LIMIT';
  readonly price: Price;
  readonly steps: number;
}

/** Of a position whose entry has just begun to fill; `growBracket` gives it its quantity. */
export function openBracket(of: { readonly signalId: string; readonly side: 1 | -1; readonly protection: Protection }): Bracket {
  const { signalId, side, protection } = of;
  const { targets, stopPrice } = protection;
  return {
    signalId, side, initialSteps: 0, openSteps: 0, stopLeg: LEG.stop(1), stopPrice, stopTally: emptyTally(), stopping: false, targets, rungBits: 0,
    rungSteps: targets.map(() => 0), rungRevisions: targets.map(() => 1), rungTallies: targets.map(emptyTally), rungs: [], targetsCount: true,
  }; // prettier-ignore
}

/** A part of the entry was filled. */
export function growBracket(bracket: Bracket, steps: number): void {
  bracket.initialSteps += steps;
  bracket.openSteps += steps;
  recut(bracket);
}

/** Something else than a rung took a part. */
export function shrinkBracket(bracket: Bracket, steps: number): void {
  bracket.openSteps -= steps;
  recut(bracket);
}

/** The first rung took a part, or all of what it stands for. */
export function takeRung(bracket: Bracket, rung: BracketRung, steps: number): void {
  bracket.openSteps -= steps;
  bracket.rungSteps = bracket.rungSteps.map((taken, i) => (i === rung.target - 1 ? taken + steps : taken));
  if (steps === rung.steps) {
    bracket.rungBits |= bitsOf(rung.target, bracket.targets);
    bracket.rungs = bracket.rungs.slice(1);
  } else bracket.rungs = [{ ...rung, steps: rung.steps - steps }, ...bracket.rungs.slice(1)];
}

/** The legs that ought to work for a position, whole quantities: what a fresh fill, a later part or a trim leaves. */
export function protectiveLegs(
  position: LadderProgress & {
    readonly targets: readonly Price[];
    readonly stop: Price;
    readonly stopRevision: number;
    readonly rungRevisions?: readonly number[];
  },
): readonly ProtectiveLeg[] {
  const stop: ProtectiveLeg = {
    leg: LEG.stop(position.stopRevision),
    type: 'STOP',
    price: position.stop,
    steps: position.openSteps,
  };
  const rungs = recutLadder(position, position.targets).map(({ target, price, steps }): ProtectiveLeg => ({
    leg: LEG.target(target, position.rungRevisions?.[target - 1] ?? 1),
    type: 'LIMIT',
    price,
    steps: steps + (position.rungSteps[target - 1] ?? 0),
  }));
  return [stop, ...rungs];
}

/** An order at a target has ended with nothing left to stand for: should it be wanted again, it is another order (7.2). */
export function endRung(bracket: Bracket, target: 1 | 2 | 3): void {
  bracket.rungRevisions = bracket.rungRevisions.map((revision, i) => (i === target - 1 ? revision + 1 : revision));
  Object.assign(bracket.rungTallies[target - 1] ?? {}, emptyTally());
  recut(bracket);
}

/** Every working leg of a bracket, whole quantities. */
export function legsOf(bracket: Bracket): readonly ProtectiveLeg[] {
  const { stopLeg, stopPrice, stopTally, openSteps, rungs } = bracket;
  return [
    { leg: stopLeg, type: 'STOP', price: stopPrice, steps: openSteps + stopTally.steps },
    ...rungs.map(({ leg, price, steps, target }): ProtectiveLeg => {
      return { leg, type: 'LIMIT', price, steps: steps + (bracket.rungTallies[target - 1]?.steps ?? 0) };
    }),
  ];
}

/** Buying closes a short. */
export function closeSideOf(bracket: Bracket): 1 | -1 {
  return bracket.side === 1 ? -1 : 1;
}

export function isDone(bracket: Bracket): boolean {
  return bracket.openSteps === 0;
}

/** The rungs anew over what is open; a bracket that is stopping has none. */
export function recut(bracket: Bracket): void {
  if (bracket.stopping) return;
  bracket.rungs = recutLadder(bracket, bracket.targets).map((rung) => ({
    ...rung,
    leg: LEG.target(rung.target, bracket.rungRevisions[rung.target - 1] ?? 1),
  }));
}
