/** The brackets of the simulated broker: stops and targets that work beside the orders, move, grow and go with their position (4.2, 4.3, 7.4). */
import type { Bar, Price } from '../bar/bar.ts';
import type { OrderTerms, Protection } from '../risk/approved-order.ts';
import { clientOrderId, orderIdOf, rungOf } from '../trade/client-order-id.ts';
import { closeSideOf, endRung, growBracket, isDone, legsOf, openBracket, recut, shrinkBracket, takeRung } from './bracket.ts';
import type { Bracket } from './bracket.ts';
import { touchLimit, touchStop } from './fill-rules.ts';
import type { FloorClerk } from './floor-clerk.ts';
import { emptyTally } from './make-fill.ts';
import type { FillTally } from './make-fill.ts';

/** What else works for a position must follow it: told when it is left or gone. */
export type OnLeaving = (signalId: string, what: 'STOPPING' | 'CLOSED') => void;

export class BracketDesk {
  readonly #clerk: FloorClerk;
  readonly #onLeaving: OnLeaving;
  /** One per position: bounded by the risk desk. */
  #brackets: Bracket[];

  constructor(clerk: FloorClerk, onLeaving: OnLeaving, saved: readonly Readonly<Bracket>[]) {
    this.#clerk = clerk;
    this.#onLeaving = onLeaving;
    this.#brackets = saved.map(copyOf);
  }

  get isEmpty(): boolean {
    return this.#brackets.length === 0;
  }

  /** In the order their positions opened. */
  get all(): readonly Bracket[] {
    return this.#brackets;
  }

  find(signalId: string): Bracket | undefined {
    return this.#brackets.find((bracket) => bracket.signalId === signalId && !isDone(bracket));
  }

  protects(clientId: string): boolean {
    return this.#brackets.some((one) => legsOf(one).some(({ leg }) => clientOrderId(one.signalId, leg) === clientId));
  }

  /** A part of an entry was filled: it is protected from the first one on, a later one resizes the legs. */
  grow(signalId: string, of: { readonly side: 1 | -1; readonly protection: Protection; readonly steps: number }): Bracket {
    const former = this.find(signalId);
    if (former !== undefined) {
      this.#resize(former, (bracket) => growBracket(bracket, of.steps));
      return former;
    }
    const bracket = openBracket({ signalId, side: of.side, protection: of.protection });
    growBracket(bracket, of.steps);
    // bounded: open positions, by the risk desk
    this.#brackets.push(bracket);
    return bracket;
  }

  /** Something else than stop or rung took a part: the legs follow, or go with the position. */
  reduce(bracket: Bracket, steps: number): void {
    if (steps === bracket.openSteps) this.#endLegs(bracket, null);
    else this.#resize(bracket, (smaller) => shrinkBracket(smaller, steps));
  }

  /** A stop order in place of the one in force. */
  placeStop(terms: OrderTerms): void {
    const bracket = this.find(terms.signalId);
    if (bracket === undefined || terms.stopPrice === null || bracket.stopping) {
      this.#clerk.end(terms.clientId, 'REJECTED', 'NO_POSITION');
      return;
    }
    this.#clerk.end(clientOrderId(terms.signalId, bracket.stopLeg), 'CANCELLED', 'REPLACED');
    moveStop(bracket, terms.leg, terms.stopPrice);
    this.#clerk.tell({ kind: 'accepted', clientId: terms.clientId });
  }

  /** A stop or a target at another price; false: `clientId` is no leg that works. */
  replace(clientId: string, terms: OrderTerms): boolean {
    const bracket = this.find(terms.signalId);
    if (bracket === undefined || bracket.stopping) return false;
    if (clientId === clientOrderId(bracket.signalId, bracket.stopLeg) && terms.stopPrice !== null) {
      moveStop(bracket, terms.leg, terms.stopPrice);
      return true;
    }
    return terms.limitPrice !== null && moveTarget(bracket, clientId, terms.limitPrice);
  }

  /** What stops could not take of their bars goes at this open, before entries. */
  workStopping(bar: Bar): void {
    for (const bracket of this.#brackets) if (bracket.stopping) this.#stopOut(bracket, bar, bar.open);
  }

  /** The stop in force comes first and takes everything; then `beside`, then the targets, outward (4.3). */
  protect(bar: Bar, beside: (bracket: Bracket) => void): void {
    for (let i = 0; i < this.#brackets.length; i += 1) {
      const bracket = this.#brackets[i];
      if (isDone(bracket) || bracket.stopping) continue;
      const stopped = touchStop(closeSideOf(bracket), bar, bracket.stopPrice);
      if (!Number.isNaN(stopped)) {
        this.#stopOut(bracket, bar, stopped);
        continue;
      }
      beside(bracket);
      if (bracket.targetsCount && !isDone(bracket)) this.#takeProfit(bracket, bar);
      bracket.targetsCount = true;
    }
  }

  forgetDone(): void {
    if (this.#brackets.some(isDone)) this.#brackets = this.#brackets.filter((bracket) => !isDone(bracket));
  }

  get isStopping(): boolean {
    return this.#brackets.some(stops);
  }

  state(): readonly Bracket[] {
    return this.#brackets.map(copyOf);
  }

  #stopOut(bracket: Bracket, bar: Bar, price: Price): void {
    const steps = Math.min(bracket.openSteps, this.#clerk.available(bar));
    if (steps > 0) this.#fillLeg(bracket, bar, { leg: bracket.stopLeg, price, steps, slips: true, tally: bracket.stopTally });
    if (steps === bracket.openSteps) {
      this.#endLegs(bracket, bracket.stopLeg);
      return;
    }
    // The market took only a part: the rest goes at the next opens, and nothing waits for a better price any more.
    this.#endRungs(bracket);
    bracket.stopping = true;
    bracket.openSteps -= steps;
    this.#onLeaving(bracket.signalId, 'STOPPING');
  }

  #takeProfit(bracket: Bracket, bar: Bar): void {
    const side = closeSideOf(bracket);
    const before = bracket.openSteps;
    for (let rung = bracket.rungs[0]; rung !== undefined; rung = bracket.rungs[0]) {
      if (Number.isNaN(touchLimit(side, bar, { price: rung.price, passBy: this.#clerk.passBy }))) break;
      const steps = Math.min(rung.steps, this.#clerk.available(bar));
      const tally = bracket.rungTallies[rung.target - 1];
      if (steps === 0 || tally === undefined) break;
      this.#fillLeg(bracket, bar, { leg: rung.leg, price: rung.price, steps, slips: false, tally });
      takeRung(bracket, rung, steps);
      if (steps < rung.steps) break;
    }
    if (isDone(bracket)) this.#endLegs(bracket, null);
    else if (bracket.openSteps < before) {
      const whole = bracket.openSteps + bracket.stopTally.steps;
      this.#clerk.tellSize(clientOrderId(bracket.signalId, bracket.stopLeg), whole);
    }
  }

  #fillLeg(
    bracket: Bracket,
    bar: Bar,
    of: {
      readonly leg: string;
      readonly price: Price;
      readonly steps: number;
      readonly slips: boolean;
      readonly tally: FillTally;
    },
  ): void {
    const { leg, price, steps, slips, tally } = of;
    const { signalId } = bracket;
    const order = { clientId: clientOrderId(signalId, leg), orderId: orderIdOf(signalId, leg), tally };
    this.#clerk.fill(order, bar, { price, slips, steps, side: closeSideOf(bracket) });
  }

  /** Changes a bracket and tells which legs have another quantity now. */
  #resize(bracket: Bracket, change: (bracket: Bracket) => void): void {
    const before = legsOf(bracket);
    change(bracket);
    const after = legsOf(bracket);
    for (const { leg, steps } of after)
      if (before.find((one) => one.leg === leg)?.steps !== steps)
        this.#clerk.tellSize(clientOrderId(bracket.signalId, leg), steps);
    for (const { leg } of before) {
      if (after.some((one) => one.leg === leg)) continue;
      this.#clerk.end(clientOrderId(bracket.signalId, leg), 'CANCELLED', 'RESIZED');
      const target = rungOf(leg);
      if (target !== null) endRung(bracket, target);
    }
  }

  /** Whatever still works for a position that just closed goes with it. */
  #endLegs(bracket: Bracket, filledLeg: string | null): void {
    const { signalId, stopLeg } = bracket;
    if (stopLeg !== filledLeg) this.#clerk.end(clientOrderId(signalId, stopLeg), 'CANCELLED', 'OCO');
    this.#endRungs(bracket);
    bracket.openSteps = 0;
    this.#onLeaving(signalId, 'CLOSED');
  }

  #endRungs(bracket: Bracket): void {
    for (const rung of bracket.rungs) this.#clerk.end(clientOrderId(bracket.signalId, rung.leg), 'CANCELLED', 'OCO');
    bracket.rungs = [];
  }
}

function stops(bracket: Bracket): boolean {
  return bracket.stopping;
}

function moveStop(bracket: Bracket, leg: string, price: Price): void {
  bracket.stopLeg = leg;
  bracket.stopPrice = price;
  bracket.stopTally = emptyTally();
}

function moveTarget(bracket: Bracket, clientId: string, price: Price): boolean {
  const rung = bracket.rungs.find((one) => clientOrderId(bracket.signalId, one.leg) === clientId);
  if (rung === undefined) return false;
  const isThis = (i: number): boolean => i === rung.target - 1;
  bracket.targets = bracket.targets.map((target, i) => (isThis(i) || target === rung.price ? price : target));
  bracket.rungRevisions = bracket.rungRevisions.map((revision, i) => (isThis(i) ? revision + 1 : revision));
  Object.assign(bracket.rungTallies[rung.target - 1] ?? {}, emptyTally());
  recut(bracket);
  return true;
}

/** Of plain JSON. */
function copyOf(bracket: Readonly<Bracket>): Bracket {
  return JSON.parse(JSON.stringify(bracket)) as Bracket;
}
