/** The broker of backtest, replay and paper for one symbol: it meets each bar with the orders it holds (backtesting.md 4). */
import type { Bar, EpochMs, Price } from '../bar/bar.ts';
import { isApproved } from '../risk/approved-order.ts';
import type { ApprovedOrder, OrderTerms } from '../risk/approved-order.ts';
import { recapFill } from '../risk/fill-recap.ts';
import { add, sub } from '../trade/money.ts';
import { qtyOf, riskOf } from '../trade/amount.ts';
import { clientOrderId, orderIdOf } from '../trade/client-order-id.ts';
import { halfSpread } from '../trade/costs.ts';
import type { CostModel } from '../trade/costs.ts';
import type { TradedInstrument } from '../trade/instrument.ts';
import { closeSideOf, growBracket, isDone, legsOf, openBracket, recut, shrinkBracket, takeRung } from './bracket.ts';
import type { Bracket, ProtectiveLeg } from './bracket.ts';
import { touchLimit, touchStop } from './fill-rules.ts';
import type { BrokerReport, Instruction } from './instruction.ts';
import { count, emptyTally, makeFill } from './make-fill.ts';
import type { FillingOrder, Met } from './make-fill.ts';
import type { Fill } from './order.ts';
import { TurnoverRing } from './turnover-ring.ts';
import type { TurnoverState } from './turnover-ring.ts';
import { meetingOf, restOf, sideOfOrder, workingOrder } from './working-order.ts';
import type { Meeting, WorkingOrder } from './working-order.ts';

export interface SimulatedBrokerOptions {
  readonly instrument: TradedInstrument;
  readonly costs: CostModel;
  /** `through`: a LIMIT must be passed by one tick; default `touch`. */
  readonly limitFill?: 'touch' | 'through';
  /** The most a fill may take of its bar's volume, 0.01-1; null (default): everything. Off where volume is not real. */
  readonly participationCap?: number | null;
  /** Whether the bar that opens at an instant is the last of its session: when DAY orders end. Without it DAY orders are refused. */
  readonly closesSession?: (opensAt: EpochMs) => boolean;
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
  #instrument: TradedInstrument;
  // Bounded by the risk desk: entries and brackets together by the limit of positions, a few closing orders per bracket.
  #working: WorkingOrder[];
  #brackets: Bracket[];
  #reports: BrokerReport[];

  constructor(options: SimulatedBrokerOptions, state?: SimulatedBrokerState) {
    const cap = options.participationCap ?? null;
    if (cap !== null && !(cap > 0 && cap <= 1))
      throw new RangeError(`simulated broker: participationCap: expected above 0 and at most 1, was ${cap}`);
    this.#options = options;
    this.#instrument = options.instrument;
    this.#passBy =
      halfSpread(options.costs, options.instrument) + (options.limitFill === 'through' ? options.instrument.tickSize : 0);
    this.#turnover = new TurnoverRing(options.instrument, state?.turnover);
    this.#working = (state?.working ?? []).map((order) => structuredCopy(order));
    this.#brackets = (state?.brackets ?? []).map((bracket) => structuredCopy(bracket));
    this.#reports = [...(state?.reports ?? [])];
  }

  /** The instrument's terms changed: another exchange rate. */
  retrade(instrument: TradedInstrument): void {
    this.#instrument = instrument;
  }

  /** Takes an approved order or a cancellation. @throws {TypeError} on an order that no risk desk approved. */
  take(instruction: Instruction): void {
    if (instruction.kind === 'cancel') this.#cancel(instruction.clientId, instruction.reason);
    else if (instruction.kind === 'replace') this.#replace(instruction.clientId, instruction.order);
    else if (instruction.kind === 'place') this.#place(instruction.order, null);
    else {
      const [one, other] = instruction.orders;
      this.#place(one, other.terms.clientId);
      this.#place(other, one.terms.clientId);
    }
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
      else if (order.terms.type === 'MARKET') this.#fillExit(order, bar, { price: bar.close, atMost: Infinity });
      else this.#end(order.terms.clientId, 'CANCELLED', 'END_OF_DATA');
    }
    this.#working = [];
    this.#forgetDone();
    return this.#takeReports();
  }

  state(): SimulatedBrokerState {
    return {
      working: this.#working.map((order) => structuredCopy(order)),
      brackets: this.#brackets.map((bracket) => structuredCopy(bracket)),
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

  #end(clientId: string, state: 'CANCELLED' | 'EXPIRED' | 'REJECTED', reason: string): void {
    this.#tell({ kind: 'ended', clientId, state, reason });
  }

  #finish(order: WorkingOrder, state: 'CANCELLED' | 'EXPIRED' | 'REJECTED', reason: string): void {
    order.done = true;
    this.#end(order.terms.clientId, state, reason);
  }

  // --- what is handed in

  #place(order: ApprovedOrder, partner: string | null): void {
    if (!isApproved(order))
      throw new TypeError('simulated broker: expected an order approved by the risk desk, was something else');
    const { terms } = order;
    if (terms.leg.startsWith('STOP.') && partner === null) this.#placeStop(terms);
    else if (this.#find(terms.clientId) !== undefined) this.#tell({ kind: 'accepted', clientId: terms.clientId });
    else if (terms.tif === 'DAY' && this.#options.closesSession === undefined)
      this.#end(terms.clientId, 'REJECTED', 'NO_CALENDAR');
    else if (terms.intent === 'CLOSE' && terms.type !== 'MARKET' && this.#bracketOf(terms.signalId) === undefined)
      this.#end(terms.clientId, 'REJECTED', 'NO_POSITION');
    else this.#accept(terms, partner);
  }

  #accept(terms: OrderTerms, partner: string | null): void {
    this.#working.push(workingOrder(terms, { partner, isCapped: this.#isCapped }));
    this.#tell({ kind: 'accepted', clientId: terms.clientId });
    const open = this.#bracketOf(terms.signalId)?.openSteps ?? 0;
    // What is being left altogether must not grow meanwhile.
    if (terms.intent === 'CLOSE' && terms.type === 'MARKET' && terms.steps >= open) this.#dropEntry(terms.signalId, 'EXITING');
  }

  #placeStop(terms: OrderTerms): void {
    const bracket = this.#bracketOf(terms.signalId);
    if (bracket === undefined || terms.stopPrice === null || bracket.stopping) {
      this.#end(terms.clientId, 'REJECTED', 'NO_POSITION');
      return;
    }
    this.#end(clientOrderId(terms.signalId, bracket.stopLeg), 'CANCELLED', 'REPLACED');
    moveStop(bracket, terms.leg, terms.stopPrice);
    this.#tell({ kind: 'accepted', clientId: terms.clientId });
  }

  #replace(clientId: string, order: ApprovedOrder): void {
    if (!isApproved(order))
      throw new TypeError('simulated broker: expected an order approved by the risk desk, was something else');
    const { terms } = order;
    const working = this.#find(clientId);
    const bracket = this.#bracketOf(terms.signalId);
    const isLeg = bracket !== undefined && !bracket.stopping && this.#replaceLeg(bracket, clientId, terms);
    if (!isLeg && working === undefined) {
      this.#tell({ kind: 'cancelRefused', clientId, reason: 'NOT_WORKING' });
      this.#end(terms.clientId, 'REJECTED', 'REPLACE_REFUSED');
      return;
    }
    if (working !== undefined) {
      const next = workingOrder(terms, { partner: working.partner, isCapped: this.#isCapped });
      this.#working = this.#working.map((one) => (one === working ? { ...next, riskMicros: working.riskMicros } : one));
    }
    this.#tell({ kind: 'replaced', clientId, by: terms.clientId });
  }

  /** A stop or a target of a bracket at another price. */
  #replaceLeg(bracket: Bracket, clientId: string, terms: OrderTerms): boolean {
    if (clientId === clientOrderId(bracket.signalId, bracket.stopLeg) && terms.stopPrice !== null) {
      moveStop(bracket, terms.leg, terms.stopPrice);
      return true;
    }
    const rung = bracket.rungs.find((one) => clientOrderId(bracket.signalId, one.leg) === clientId);
    const price = terms.limitPrice;
    if (rung === undefined || price === null) return false;
    const isThis = (i: number): boolean => i === rung.target - 1;
    bracket.targets = bracket.targets.map((target, i) => (isThis(i) || target === rung.price ? price : target));
    bracket.rungRevisions = bracket.rungRevisions.map((revision, i) => (isThis(i) ? revision + 1 : revision));
    Object.assign(bracket.rungTallies[rung.target - 1] ?? {}, emptyTally());
    recut(bracket);
    return true;
  }

  #cancel(clientId: string, reason: string): void {
    const order = this.#find(clientId);
    if (order === undefined) {
      const isLeg = this.#brackets.some((one) => legsOf(one).some(({ leg }) => clientOrderId(one.signalId, leg) === clientId));
      this.#tell({ kind: 'cancelRefused', clientId, reason: isLeg ? 'PROTECTIVE' : 'NOT_WORKING' });
      return;
    }
    this.#finish(order, 'CANCELLED', reason);
    this.#endPartner(order);
    this.#forgetDone();
  }

  // --- a bar

  #work(bar: Bar): void {
    // A bar on which nobody traded fills nothing and uses up no validity (4.1).
    if (bar.volume !== 0 || !this.#instrument.volumeReal) {
      if (this.#working.length > 0 || this.#brackets.some(isStopping)) this.#workOrders(bar);
      for (let i = 0; i < this.#brackets.length; i += 1) this.#protect(this.#brackets[i], bar);
    }
    this.#endDay(bar);
    this.#forgetDone();
  }

  #workOrders(bar: Bar): void {
    const orders = this.#working;
    const available = this.#available(bar);
    for (const order of orders)
      if (isExit(order) && !order.done) this.#fillExit(order, bar, { price: bar.open, atMost: available });
    for (const bracket of this.#brackets) if (bracket.stopping) this.#stopOut(bracket, bar, bar.open);
    for (const order of orders)
      if (order.terms.intent === 'OPEN' && !order.done) {
        this.#enter(order, bar);
        if (!order.done) this.#age(order);
      }
  }

  #age(order: WorkingOrder): void {
    const { tif } = order.terms;
    if (order.barsLeft !== null) order.barsLeft -= 1;
    if (tif === 'IOC' || tif === 'FOK') this.#finish(order, 'CANCELLED', tif);
    else if (order.barsLeft === 0) this.#finish(order, 'EXPIRED', 'VALIDITY');
  }

  #endDay(bar: Bar): void {
    for (const order of this.#working) {
      if (order.done || order.terms.tif !== 'DAY' || this.#options.closesSession?.(bar.time) !== true) continue;
      this.#finish(order, 'EXPIRED', 'DAY');
      this.#endPartner(order);
    }
  }

  #enter(order: WorkingOrder, bar: Bar): void {
    const met = meetingOf(order, bar, this.#passBy);
    if (met === null) return;
    const rest = restOf(order);
    const steps = Math.min(rest, this.#available(bar));
    if (steps > 0 && (steps === rest || order.terms.tif !== 'FOK')) this.#fillEntry(order, bar, { ...met, steps });
  }

  #fillEntry(order: WorkingOrder, bar: Bar, met: Meeting & { readonly steps: number }): void {
    const { terms } = order;
    const { protection } = terms;
    if (protection === null) throw new TypeError(`entry ${terms.clientId}: expected a protective stop, was none`);
    const side = sideOfOrder(order);
    const filling = { clientId: terms.clientId, orderId: terms.orderId, tally: order.tally };
    const first = this.#fill(filling, bar, { ...met, side });
    const cap = recapFill({
      instrument: this.#instrument,
      side,
      price: first.price,
      stop: protection.stopPrice,
      steps: met.steps,
      reservedMicros: sub(protection.maxRiskMicros, order.riskMicros),
      where: 'simulated',
    });
    if (cap.keep > 0 && (cap.excess === 0 || terms.tif !== 'FOK')) {
      const fill = cap.excess === 0 ? first : this.#fill(filling, bar, { ...met, side, steps: cap.keep });
      this.#book(terms.clientId, filling, { fill, steps: cap.keep });
      order.riskMicros = add(order.riskMicros, riskOf(this.#instrument, [fill.price, protection.stopPrice], cap.keep));
      this.#protectEntry(order, cap.keep, met.atOpen);
    }
    if (cap.code !== 'FITS') this.#finish(order, 'CANCELLED', cap.code);
    else if (restOf(order) === 0) order.done = true;
  }

  /** The position is protected from its first part on; a later part resizes the legs. */
  #protectEntry(order: WorkingOrder, steps: number, atOpen: boolean): void {
    const { signalId, protection } = order.terms;
    if (protection === null) return;
    let bracket = this.#bracketOf(signalId);
    if (bracket === undefined) {
      bracket = openBracket({ signalId, side: sideOfOrder(order), protection });
      growBracket(bracket, steps);
      this.#brackets.push(bracket);
    } else this.#resize(bracket, (grown) => growBracket(grown, steps));
    if (!atOpen) bracket.targetsCount = false;
  }

  #fillExit(order: WorkingOrder, bar: Bar, at: { readonly price: Price; readonly atMost: number }): void {
    const { terms } = order;
    const bracket = this.#bracketOf(terms.signalId);
    if (bracket === undefined || isDone(bracket)) {
      this.#finish(order, 'CANCELLED', 'NO_POSITION');
      return;
    }
    const wanted = Math.min(restOf(order), bracket.openSteps);
    const steps = Math.min(wanted, at.atMost);
    if (steps === 0) return;
    const filling = { clientId: terms.clientId, orderId: terms.orderId, tally: order.tally };
    const fill = this.#fill(filling, bar, { price: at.price, slips: true, side: closeSideOf(bracket), steps });
    this.#book(terms.clientId, filling, { fill, steps });
    order.done = steps === wanted;
    this.#reduce(bracket, steps);
  }

  /** Something else than stop or rung took a part: the legs follow, or go with the position. */
  #reduce(bracket: Bracket, steps: number): void {
    if (steps === bracket.openSteps) this.#endLegs(bracket, null);
    else this.#resize(bracket, (smaller) => shrinkBracket(smaller, steps));
  }

  /** The stop in force comes first and takes everything; only then the targets, outward (4.3). */
  #protect(bracket: Bracket, bar: Bar): void {
    if (isDone(bracket) || bracket.stopping) return;
    const stopped = touchStop(closeSideOf(bracket), bar, bracket.stopPrice);
    if (!Number.isNaN(stopped)) {
      this.#stopOut(bracket, bar, stopped);
      return;
    }
    this.#workClosers(bracket, bar);
    if (bracket.targetsCount && !isDone(bracket)) this.#takeProfit(bracket, bar);
    bracket.targetsCount = true;
  }

  #stopOut(bracket: Bracket, bar: Bar, price: Price): void {
    const steps = Math.min(bracket.openSteps, this.#available(bar));
    const leg = { leg: bracket.stopLeg, price, steps, slips: true, tally: bracket.stopTally };
    if (steps > 0) this.#fillLeg(bracket, bar, leg);
    if (steps === bracket.openSteps) this.#endLegs(bracket, bracket.stopLeg);
    else {
      // The market took only a part: the rest goes at the next opens, and nothing waits for a better price any more.
      for (const rung of bracket.rungs) this.#end(clientOrderId(bracket.signalId, rung.leg), 'CANCELLED', 'OCO');
      bracket.rungs = [];
      bracket.stopping = true;
      bracket.openSteps -= steps;
      this.#dropEntry(bracket.signalId, 'POSITION_CLOSED');
    }
  }

  #takeProfit(bracket: Bracket, bar: Bar): void {
    const side = closeSideOf(bracket);
    const before = bracket.openSteps;
    for (let rung = bracket.rungs[0]; rung !== undefined; rung = bracket.rungs[0]) {
      if (Number.isNaN(touchLimit(side, bar, { price: rung.price, passBy: this.#passBy }))) break;
      const steps = Math.min(rung.steps, this.#available(bar));
      const tally = bracket.rungTallies[rung.target - 1];
      if (steps === 0 || tally === undefined) break;
      this.#fillLeg(bracket, bar, { leg: rung.leg, price: rung.price, steps, slips: false, tally });
      takeRung(bracket, rung, steps);
      if (steps < rung.steps) break;
    }
    if (isDone(bracket)) this.#endLegs(bracket, null);
    else if (bracket.openSteps < before) this.#tellSize(bracket, legsOf(bracket)[0]);
  }

  /** Closing orders beside the bracket: stops before limits, one taking from the other of its pair. */
  #workClosers(bracket: Bracket, bar: Bar): void {
    for (const wantsStop of [true, false])
      for (const order of this.#working) {
        const { signalId, type, intent } = order.terms;
        const isStop = type === 'STOP' || type === 'STOP_LIMIT';
        if (order.done || intent !== 'CLOSE' || type === 'MARKET' || signalId !== bracket.signalId || isStop !== wantsStop)
          continue;
        this.#close(order, bracket, bar);
        if (!order.done) this.#age(order);
      }
  }

  #close(order: WorkingOrder, bracket: Bracket, bar: Bar): void {
    const met = meetingOf(order, bar, this.#passBy);
    const steps = Math.min(restOf(order), bracket.openSteps, this.#available(bar));
    if (met === null || steps === 0 || (order.terms.tif === 'FOK' && steps < restOf(order))) return;
    const { clientId, orderId } = order.terms;
    const filling = { clientId, orderId, tally: order.tally };
    const fill = this.#fill(filling, bar, { ...met, side: closeSideOf(bracket), steps });
    this.#book(clientId, filling, { fill, steps });
    order.done = restOf(order) === 0;
    this.#takeFromPartner(order, steps);
    this.#reduce(bracket, steps);
  }

  #takeFromPartner(order: WorkingOrder, steps: number): void {
    const partner = order.partner === null ? undefined : this.#find(order.partner);
    if (partner === undefined || partner.done) return;
    partner.steps -= steps;
    if (restOf(partner) <= 0) this.#finish(partner, 'CANCELLED', 'OCO');
    else this.#tell({ kind: 'resized', clientId: partner.terms.clientId, qtyMicros: qtyOf(this.#instrument, partner.steps) });
  }

  #endPartner(order: WorkingOrder): void {
    const partner = order.partner === null ? undefined : this.#find(order.partner);
    if (partner !== undefined && !partner.done) this.#finish(partner, 'CANCELLED', 'OCO');
  }

  // --- legs and fills

  /** Changes a bracket and tells which legs have another quantity now. */
  #resize(bracket: Bracket, change: (bracket: Bracket) => void): void {
    const before = legsOf(bracket);
    change(bracket);
    const after = legsOf(bracket);
    for (const leg of after) if (before.find((one) => one.leg === leg.leg)?.steps !== leg.steps) this.#tellSize(bracket, leg);
    for (const leg of before)
      if (!after.some((one) => one.leg === leg.leg)) this.#end(clientOrderId(bracket.signalId, leg.leg), 'CANCELLED', 'RESIZED');
  }

  #tellSize(bracket: Bracket, leg: ProtectiveLeg | undefined): void {
    if (leg === undefined) return;
    const clientId = clientOrderId(bracket.signalId, leg.leg);
    this.#tell({ kind: 'resized', clientId, qtyMicros: qtyOf(this.#instrument, leg.steps) });
  }

  #fillLeg(
    bracket: Bracket,
    bar: Bar,
    of: Omit<Met, 'side'> & { readonly leg: string; readonly tally: FillingOrder['tally'] },
  ): void {
    const clientId = clientOrderId(bracket.signalId, of.leg);
    const filling = { clientId, orderId: orderIdOf(bracket.signalId, of.leg), tally: of.tally };
    const fill = this.#fill(filling, bar, { price: of.price, slips: of.slips, steps: of.steps, side: closeSideOf(bracket) });
    this.#book(clientId, filling, { fill, steps: of.steps });
  }

  /** Whatever still works for a position that just closed goes with it. */
  #endLegs(bracket: Bracket, filledLeg: string | null): void {
    if (bracket.stopLeg !== filledLeg) this.#end(clientOrderId(bracket.signalId, bracket.stopLeg), 'CANCELLED', 'OCO');
    for (const rung of bracket.rungs) this.#end(clientOrderId(bracket.signalId, rung.leg), 'CANCELLED', 'OCO');
    bracket.rungs = [];
    bracket.openSteps = 0;
    this.#dropEntry(bracket.signalId, 'POSITION_CLOSED');
    for (const order of this.#working)
      if (order.terms.intent === 'CLOSE' && order.terms.signalId === bracket.signalId && !order.done && !isExit(order))
        this.#finish(order, 'CANCELLED', 'OCO');
  }

  /** The rest of an entry whose position is left or gone. */
  #dropEntry(signalId: string, reason: string): void {
    for (const order of this.#working) {
      const isRest = order.terms.intent === 'OPEN' && order.terms.signalId === signalId && !order.done && order.tally.n > 0;
      if (isRest && restOf(order) > 0) this.#finish(order, 'CANCELLED', reason);
    }
  }

  #fill(order: FillingOrder, bar: Bar, met: Met): Fill {
    const liquidity = { turnover: this.#turnover.mean(), volume: bar.volume };
    const market = { instrument: this.#instrument, costs: this.#options.costs };
    return makeFill(market, order, { ...met, liquidity, ts: bar.time });
  }

  #book(clientId: string, filling: FillingOrder, of: { readonly fill: Fill; readonly steps: number }): void {
    count(filling.tally, of.fill, of.steps);
    this.#tell({ kind: 'filled', clientId, fill: of.fill });
  }

  get #isCapped(): boolean {
    return (this.#options.participationCap ?? null) !== null && this.#instrument.volumeReal;
  }

  /** Whole steps one fill may take of a bar. */
  #available(bar: Bar): number {
    const cap = this.#options.participationCap ?? null;
    if (cap === null || !this.#instrument.volumeReal) return Infinity;
    return Math.floor((cap * bar.volume) / (this.#instrument.lotStepMicros / 1e6));
  }

  #find(clientId: string): WorkingOrder | undefined {
    return this.#working.find((order) => order.terms.clientId === clientId && !order.done);
  }

  #bracketOf(signalId: string): Bracket | undefined {
    return this.#brackets.find((bracket) => bracket.signalId === signalId && !isDone(bracket));
  }

  #forgetDone(): void {
    if (this.#working.some((order) => order.done)) this.#working = this.#working.filter((order) => !order.done);
    if (this.#brackets.some(isDone)) this.#brackets = this.#brackets.filter((bracket) => !isDone(bracket));
  }
}

/** An exit at market: it precedes everything else of its bar. */
function isExit(order: WorkingOrder): boolean {
  return order.terms.intent === 'CLOSE' && order.terms.type === 'MARKET';
}

function isStopping(bracket: Bracket): boolean {
  return bracket.stopping;
}

function moveStop(bracket: Bracket, leg: string, price: Price): void {
  bracket.stopLeg = leg;
  bracket.stopPrice = price;
  bracket.stopTally = emptyTally();
}

/** Of plain JSON. */
function structuredCopy<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}
