/** The broker of backtest, replay and paper: it meets each bar with the orders it holds (backtesting.md 4). */
import type { Bar, Price } from '../bar/bar.ts';
import { isApproved } from '../risk/approved-order.ts';
import type { ApprovedOrder, OrderTerms } from '../risk/approved-order.ts';
import { stepsForRisk } from '../trade/amount.ts';
import type { TradedInstrument } from '../trade/instrument.ts';
import { closeSideOf, openBracket } from './bracket.ts';
import type { Bracket } from './bracket.ts';
import { clientOrderId, orderIdOf } from '../trade/client-order-id.ts';
import { halfSpread } from '../trade/costs.ts';
import type { CostModel } from '../trade/costs.ts';
import { metAtOpen, touchLimit, touchStop } from './fill-rules.ts';
import { makeFill } from './make-fill.ts';
import type { BrokerReport, Instruction } from './instruction.ts';
import { TurnoverRing } from './turnover-ring.ts';
import type { TurnoverState } from './turnover-ring.ts';

export interface SimulatedBrokerOptions {
  readonly instrument: TradedInstrument;
  readonly costs: CostModel;
  /** `through`: a LIMIT must be passed by one tick; default `touch`. */
  readonly limitFill?: 'touch' | 'through';
}

interface WorkingOrder {
  readonly terms: OrderTerms;
  barsLeft: number | null;
  /** A STOP_LIMIT whose stop was met beyond its limit works as a LIMIT. */
  triggered: boolean;
}

/** Everything a continuation needs, as plain JSON. */
export interface SimulatedBrokerState {
  readonly working: readonly Readonly<WorkingOrder>[];
  readonly brackets: readonly Readonly<Bracket>[];
  readonly reports: readonly BrokerReport[];
  readonly turnover: TurnoverState;
}

const NOTHING: readonly BrokerReport[] = Object.freeze([]);

export class SimulatedBroker {
  readonly #options: SimulatedBrokerOptions;
  /** How far the bar must trade beyond a LIMIT or a target. */
  readonly #passBy: Price;
  readonly #turnover: TurnoverRing;
  // Bounded by the risk desk: entries and brackets together by the limit of positions, one exit per bracket.
  #working: WorkingOrder[];
  #brackets: Bracket[];
  #reports: BrokerReport[];

  constructor(options: SimulatedBrokerOptions, state?: SimulatedBrokerState) {
    this.#options = options;
    this.#passBy =
      halfSpread(options.costs, options.instrument) + (options.limitFill === 'through' ? options.instrument.tickSize : 0);
    this.#turnover = new TurnoverRing(options.instrument, state?.turnover);
    this.#working = (state?.working ?? []).map((order) => ({ ...order }));
    this.#brackets = (state?.brackets ?? []).map((bracket) => ({ ...bracket, rungs: [...bracket.rungs] }));
    this.#reports = [...(state?.reports ?? [])];
  }

  /** Takes an approved order or a cancellation. @throws {TypeError} on an order that no risk desk approved. */
  take(instruction: Instruction): void {
    if (instruction.kind === 'cancel') this.#cancel(instruction.clientId, instruction.reason);
    else if (instruction.kind === 'placeOco') for (const order of instruction.orders) this.#place(order);
    else this.#place(instruction.order);
  }

  /** Exits, then entries, then stops and targets of this bar. The answer is valid until the next call. */
  meet(bar: Bar): readonly BrokerReport[] {
    if (this.#working.length > 0 || this.#brackets.length > 0) this.#work(bar);
    this.#turnover.push(bar);
    return this.#takeReports();
  }

  /** No more bars: entries expire, exits handed in fill at the last close with costs. */
  settle(bar: Bar): readonly BrokerReport[] {
    for (const order of this.#working) {
      if (order.terms.intent === 'OPEN') this.#end(order.terms.clientId, 'EXPIRED', 'END_OF_DATA');
      else this.#fillExit(order.terms, bar, bar.close);
    }
    this.#working = [];
    return this.#takeReports();
  }

  state(): SimulatedBrokerState {
    return {
      working: this.#working.map((order) => ({ ...order })),
      brackets: this.#brackets.map((bracket) => ({ ...bracket, rungs: [...bracket.rungs] })),
      reports: [...this.#reports],
      turnover: this.#turnover.state(),
    };
  }

  #tell(report: BrokerReport): void {
    // bounded: emptied on every bar; a bar reports a few lines per living order
    this.#reports.push(report);
  }

  #takeReports(): readonly BrokerReport[] {
    if (this.#reports.length === 0) return NOTHING;
    const reports = this.#reports;
    this.#reports = [];
    return reports;
  }

  #place(order: ApprovedOrder): void {
    if (!isApproved(order))
      throw new TypeError('simulated broker: expected an order approved by the risk desk, was something else');
    const { terms } = order;
    if (terms.leg.startsWith('STOP.')) this.#moveStop(terms);
    else {
      this.#working.push({ terms, barsLeft: terms.validBars, triggered: false });
      this.#tell({ kind: 'accepted', clientId: terms.clientId });
    }
  }

  #moveStop(terms: OrderTerms): void {
    const bracket = this.#bracketOf(terms.signalId);
    if (bracket === undefined || terms.stopPrice === null) {
      this.#end(terms.clientId, 'REJECTED', 'NO_POSITION');
      return;
    }
    this.#end(clientOrderId(terms.signalId, bracket.stopLeg), 'CANCELLED', 'REPLACED');
    bracket.stopLeg = terms.leg;
    bracket.stopPrice = terms.stopPrice;
    this.#tell({ kind: 'accepted', clientId: terms.clientId });
  }

  #cancel(clientId: string, reason: string): void {
    const held = this.#working.length;
    this.#working = this.#working.filter((order) => order.terms.clientId !== clientId);
    if (this.#working.length < held) this.#end(clientId, 'CANCELLED', reason);
  }

  #work(bar: Bar): void {
    // A bar on which nobody traded fills nothing and uses up no validity (4.1).
    if (bar.volume === 0 && this.#options.instrument.volumeReal) return;
    if (this.#working.length > 0) this.#workOrders(bar);
    for (let i = 0; i < this.#brackets.length; i += 1) this.#protect(this.#brackets[i], bar);
    if (this.#brackets.some(isDone)) this.#brackets = this.#brackets.filter((bracket) => !isDone(bracket));
  }

  #workOrders(bar: Bar): void {
    const orders = this.#working;
    this.#working = [];
    for (const order of orders) if (order.terms.intent === 'CLOSE') this.#fillExit(order.terms, bar, bar.open);
    for (const order of orders) if (order.terms.intent === 'OPEN' && !this.#enter(order, bar)) this.#age(order);
  }

  #age(order: WorkingOrder): void {
    if (order.barsLeft !== null) order.barsLeft -= 1;
    if (order.barsLeft === 0) this.#end(order.terms.clientId, 'EXPIRED', 'VALIDITY');
    else this.#working.push(order);
  }

  /** Whether the order met the bar and is done, filled or refused. */
  #enter(order: WorkingOrder, bar: Bar): boolean {
    const { terms } = order;
    const side = terms.side === 'BUY' ? 1 : -1;
    if (terms.type === 'MARKET') return this.#fillEntry(terms, bar, { price: bar.open, slips: true, atOpen: true });
    if (terms.type === 'LIMIT' || order.triggered) {
      const price = terms.limitPrice ?? NaN;
      const atOpen = metAtOpen('LIMIT', side, { open: bar.open, price });
      const met = touchLimit(side, bar, { price, passBy: this.#passBy });
      return !Number.isNaN(met) && this.#fillEntry(terms, bar, { price: met, slips: false, atOpen });
    }
    const stop = terms.stopPrice ?? NaN;
    const met = touchStop(side, bar, stop);
    if (Number.isNaN(met)) return false;
    if (terms.type === 'STOP_LIMIT' && side * (met - (terms.limitPrice ?? NaN)) > 0) {
      order.triggered = true;
      return false;
    }
    const atOpen = metAtOpen('STOP', side, { open: bar.open, price: stop });
    return this.#fillEntry(terms, bar, { price: met, slips: terms.type === 'STOP', atOpen });
  }

  #fillEntry(
    terms: OrderTerms,
    bar: Bar,
    met: { readonly price: Price; readonly slips: boolean; readonly atOpen: boolean },
  ): true {
    const protection = terms.protection;
    if (protection === null) throw new TypeError(`entry ${terms.clientId}: expected a protective stop, was none`);
    const side = terms.side === 'BUY' ? 1 : -1;
    const first = this.#fill(terms, bar, { ...met, side, steps: terms.steps });
    if (side * (first.price - protection.stopPrice) <= 0) {
      this.#end(terms.clientId, 'CANCELLED', 'GAP_BEYOND_STOP');
      return true;
    }
    const of = { budget: protection.maxRiskMicros, atMost: terms.steps };
    const steps = stepsForRisk(this.#options.instrument, [first.price, protection.stopPrice], of);
    if (steps > 0) {
      const fill = steps === terms.steps ? first : this.#fill(terms, bar, { ...met, side, steps });
      this.#tell({ kind: 'filled', clientId: terms.clientId, fill });
      this.#brackets.push(openBracket({ signalId: terms.signalId, side, steps, protection, targetsCount: met.atOpen }));
    }
    if (steps < terms.steps) this.#end(terms.clientId, 'CANCELLED', 'RISK_RECAP');
    return true;
  }

  #fillExit(terms: OrderTerms, bar: Bar, price: Price): void {
    const bracket = this.#bracketOf(terms.signalId);
    if (bracket === undefined || isDone(bracket)) {
      this.#end(terms.clientId, 'CANCELLED', 'NO_POSITION');
      return;
    }
    const met = { price, slips: true, side: closeSideOf(bracket), steps: bracket.openSteps };
    this.#tell({ kind: 'filled', clientId: terms.clientId, fill: this.#fill(terms, bar, met) });
    this.#endLegs(bracket, null);
  }

  /** The stop in force comes first and takes everything; only then the targets, outward (4.3). */
  #protect(bracket: Bracket, bar: Bar): void {
    if (isDone(bracket)) return;
    const side = closeSideOf(bracket);
    const stopped = touchStop(side, bar, bracket.stopPrice);
    if (!Number.isNaN(stopped)) {
      this.#fillLeg(bracket, bar, { leg: bracket.stopLeg, price: stopped, steps: bracket.openSteps, slips: true });
      this.#endLegs(bracket, bracket.stopLeg);
      return;
    }
    if (bracket.targetsCount) this.#takeProfit(bracket, bar);
    bracket.targetsCount = true;
  }

  #takeProfit(bracket: Bracket, bar: Bar): void {
    const side = closeSideOf(bracket);
    for (let rung = bracket.rungs[0]; rung !== undefined; rung = bracket.rungs[0]) {
      if (Number.isNaN(touchLimit(side, bar, { price: rung.price, passBy: this.#passBy }))) return;
      this.#fillLeg(bracket, bar, { ...rung, slips: false });
      bracket.rungs.shift();
      bracket.openSteps -= rung.steps;
    }
    if (isDone(bracket)) this.#end(clientOrderId(bracket.signalId, bracket.stopLeg), 'CANCELLED', 'OCO');
  }

  #fillLeg(
    bracket: Bracket,
    bar: Bar,
    leg: { readonly leg: string; readonly price: Price; readonly steps: number; readonly slips: boolean },
  ): void {
    const clientId = clientOrderId(bracket.signalId, leg.leg);
    const order = { clientId, orderId: orderIdOf(bracket.signalId, leg.leg) };
    this.#tell({ kind: 'filled', clientId, fill: this.#fill(order, bar, { ...leg, side: closeSideOf(bracket) }) });
  }

  /** Whatever still works for a position that just closed goes with it. */
  #endLegs(bracket: Bracket, filledLeg: string | null): void {
    if (bracket.stopLeg !== filledLeg) this.#end(clientOrderId(bracket.signalId, bracket.stopLeg), 'CANCELLED', 'OCO');
    for (const rung of bracket.rungs) this.#end(clientOrderId(bracket.signalId, rung.leg), 'CANCELLED', 'OCO');
    bracket.rungs = [];
    bracket.openSteps = 0;
  }

  #fill(
    order: { readonly clientId: string; readonly orderId: string },
    bar: Bar,
    met: { readonly price: Price; readonly slips: boolean; readonly side: 1 | -1; readonly steps: number },
  ): ReturnType<typeof makeFill> {
    const liquidity = { turnover: this.#turnover.mean(), volume: bar.volume };
    return makeFill(this.#options, order, { ...met, liquidity, ts: bar.time });
  }

  #bracketOf(signalId: string): Bracket | undefined {
    return this.#brackets.find((bracket) => bracket.signalId === signalId);
  }

  #end(clientId: string, state: 'CANCELLED' | 'EXPIRED' | 'REJECTED', reason: string): void {
    this.#tell({ kind: 'ended', clientId, state, reason });
  }
}

function isDone(bracket: Bracket): boolean {
  return bracket.openSteps === 0;
}
