/** The broker of backtest, replay and paper for one symbol: it meets each bar with the orders it holds (backtesting.md 4). */
import type { Bar, EpochMs, Price } from '../bar/bar.ts';
import { isApproved } from '../risk/approved-order.ts';
import type { ApprovedOrder } from '../risk/approved-order.ts';
import { recapFill } from '../risk/fill-recap.ts';
import type { TradedInstrument } from '../trade/instrument.ts';
import { closeSideOf } from './bracket.ts';
import type { Bracket } from './bracket.ts';
import { BracketDesk } from './bracket-desk.ts';
import { FloorClerk } from './floor-clerk.ts';
import type { ClerkOptions } from './floor-clerk.ts';
import type { BrokerReport, Instruction } from './instruction.ts';
import type { TurnoverState } from './turnover-ring.ts';
import { filledParts, isExit, meetingOf, restOf, sideOfOrder, workingOrder } from './working-order.ts';
import type { Meeting, WorkingOrder } from './working-order.ts';

export interface SimulatedBrokerOptions extends ClerkOptions {
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

export class SimulatedBroker {
  readonly #clerk: FloorClerk;
  readonly #brackets: BracketDesk;
  readonly #closesSession: ((opensAt: EpochMs) => boolean) | null;
  /** In the order of acceptance. Bounded by the risk desk: entries by the limit of positions, a few closing orders per position. */
  #working: WorkingOrder[];

  constructor(options: SimulatedBrokerOptions, state?: SimulatedBrokerState) {
    this.#clerk = new FloorClerk(options, state);
    this.#brackets = new BracketDesk(this.#clerk, (id, what) => this.#positionLeft(id, what), state?.brackets ?? []);
    this.#closesSession = options.closesSession ?? null;
    this.#working = (state?.working ?? []).map(copyOf);
  }

  /** The instrument's terms changed: another exchange rate. */
  retrade(instrument: TradedInstrument): void {
    this.#clerk.retrade(instrument);
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
    if (this.#working.length > 0 || !this.#brackets.isEmpty) this.#work(bar);
    this.#clerk.close(bar);
    return this.#clerk.takeReports();
  }

  /** No more bars: entries expire, exits handed in fill at the last close with costs. */
  settle(bar: Bar): readonly BrokerReport[] {
    for (const order of this.#working) {
      if (order.done) continue;
      if (order.terms.intent === 'OPEN') this.#finish(order, 'EXPIRED', 'END_OF_DATA');
      else if (isExit(order)) this.#fillExit(order, bar, { price: bar.close, atMost: Infinity });
      else this.#finish(order, 'CANCELLED', 'END_OF_DATA');
    }
    this.#working = [];
    this.#brackets.forgetDone();
    return this.#clerk.takeReports();
  }

  state(): SimulatedBrokerState {
    return { working: this.#working.map(copyOf), brackets: this.#brackets.state(), ...this.#clerk.state() };
  }

  #finish(order: WorkingOrder, state: 'CANCELLED' | 'EXPIRED' | 'REJECTED', reason: string): void {
    order.done = true;
    this.#clerk.end(order.terms.clientId, state, reason);
  }

  #place(order: ApprovedOrder, partner: string | null): void {
    checkApproved(order);
    const { terms } = order;
    const { clientId, signalId, leg, type, tif } = terms;
    const bracket = this.#brackets.find(signalId);
    if (leg.startsWith('STOP.') && partner === null) this.#brackets.placeStop(terms);
    else if (this.#find(clientId) !== undefined) this.#clerk.tell({ kind: 'accepted', clientId });
    else if (tif === 'DAY' && this.#closesSession === null) this.#clerk.end(clientId, 'REJECTED', 'NO_CALENDAR');
    else if (terms.intent === 'CLOSE' && type !== 'MARKET' && bracket === undefined)
      this.#clerk.end(clientId, 'REJECTED', 'NO_POSITION');
    else {
      // bounded: by the risk desk, as above
      this.#working.push(workingOrder(terms, { partner, isCapped: this.#clerk.isCapped }));
      this.#clerk.tell({ kind: 'accepted', clientId });
      // What is being left altogether must not grow meanwhile.
      const isWhole = terms.steps >= (bracket?.openSteps ?? 0);
      if (terms.intent === 'CLOSE' && type === 'MARKET' && isWhole) this.#dropEntry(signalId, 'EXITING');
    }
  }

  #replace(clientId: string, order: ApprovedOrder): void {
    checkApproved(order);
    const { terms } = order;
    const working = this.#find(clientId);
    if (working !== undefined) {
      const next = workingOrder(terms, {
        partner: working.partner,
        isCapped: this.#clerk.isCapped,
        before: filledParts(working),
      });
      this.#working = this.#working.map((one) => (one === working ? next : one));
    } else if (!this.#brackets.replace(clientId, terms)) {
      this.#clerk.tell({ kind: 'cancelRefused', clientId, reason: 'NOT_WORKING' });
      this.#clerk.end(terms.clientId, 'REJECTED', 'REPLACE_REFUSED');
      return;
    }
    this.#clerk.tell({ kind: 'replaced', clientId, by: terms.clientId });
  }

  #cancel(clientId: string, reason: string): void {
    const order = this.#find(clientId);
    if (order === undefined) {
      const why = this.#brackets.protects(clientId) ? 'PROTECTIVE' : 'NOT_WORKING';
      this.#clerk.tell({ kind: 'cancelRefused', clientId, reason: why });
      return;
    }
    this.#finish(order, 'CANCELLED', reason);
    this.#endPartner(order);
    this.#forgetDone();
  }

  #work(bar: Bar): void {
    if (!this.#clerk.isSilent(bar)) {
      if (this.#working.length > 0 || this.#brackets.isStopping) this.#workOrders(bar);
      this.#brackets.protect(bar, (bracket) => this.#workClosers(bracket, bar));
    }
    this.#endDay(bar);
    this.#forgetDone();
  }

  #workOrders(bar: Bar): void {
    const orders = this.#working;
    const atMost = this.#clerk.available(bar);
    for (const order of orders) if (isExit(order) && !order.done) this.#fillExit(order, bar, { price: bar.open, atMost });
    this.#brackets.workStopping(bar);
    for (const order of orders) {
      if (order.terms.intent !== 'OPEN' || order.done) continue;
      this.#enter(order, bar);
      this.#age(order);
    }
  }

  #age(order: WorkingOrder): void {
    if (order.done) return;
    const { tif } = order.terms;
    if (order.barsLeft !== null) order.barsLeft -= 1;
    if (tif === 'IOC' || tif === 'FOK') this.#finish(order, 'CANCELLED', tif);
    else if (order.barsLeft === 0) this.#finish(order, 'EXPIRED', 'VALIDITY');
  }

  /** The last bar of a session ends DAY orders, also when nobody traded on it. */
  #endDay(bar: Bar): void {
    for (const order of this.#working) {
      if (order.done || order.terms.tif !== 'DAY' || this.#closesSession?.(bar.time) !== true) continue;
      this.#finish(order, 'EXPIRED', 'DAY');
      this.#endPartner(order);
    }
  }

  #enter(order: WorkingOrder, bar: Bar): void {
    const met = meetingOf(order, bar, this.#clerk.passBy);
    if (met === null) return;
    const rest = restOf(order);
    const steps = Math.min(rest, this.#clerk.available(bar));
    if (steps > 0 && (steps === rest || order.terms.tif !== 'FOK')) this.#fillEntry(order, bar, { ...met, steps });
  }

  /** Only what fits the rest of the reservation is filled (5.6). */
  #fillEntry(order: WorkingOrder, bar: Bar, met: Meeting & { readonly steps: number }): void {
    const { clientId, orderId, signalId, protection, tif } = order.terms;
    if (protection === null) throw new TypeError(`entry ${clientId}: expected a protective stop, was none`);
    const side = sideOfOrder(order);
    const { instrument } = this.#clerk;
    const filling = { clientId, orderId, tally: order.tally };
    const first = this.#clerk.price(filling, bar, { ...met, side });
    const stop = protection.stopPrice;
    const { maxRiskMicros: reservedMicros } = protection;
    const before = filledParts(order);
    const of = {
      instrument,
      side,
      price: first.price,
      stop,
      steps: met.steps,
      reservedMicros,
      before,
      where: 'simulated',
    } as const;
    const cap = recapFill(of);
    if (cap.keep > 0 && (cap.excess === 0 || tif !== 'FOK')) {
      const fill = cap.excess === 0 ? first : this.#clerk.price(filling, bar, { ...met, side, steps: cap.keep });
      this.#clerk.book(filling, fill, cap.keep);
      const bracket = this.#brackets.grow(signalId, { side, protection, steps: cap.keep });
      if (!met.atOpen) bracket.targetsCount = false;
    }
    if (cap.code !== 'FITS') this.#finish(order, 'CANCELLED', cap.code);
    else if (restOf(order) === 0) order.done = true;
  }

  #fillExit(order: WorkingOrder, bar: Bar, at: { readonly price: Price; readonly atMost: number }): void {
    const { clientId, orderId, signalId } = order.terms;
    const bracket = this.#brackets.find(signalId);
    if (bracket === undefined) {
      this.#finish(order, 'CANCELLED', 'NO_POSITION');
      return;
    }
    const wanted = Math.min(restOf(order), bracket.openSteps);
    const steps = Math.min(wanted, at.atMost);
    if (steps === 0) return;
    const met = { price: at.price, slips: true, side: closeSideOf(bracket), steps };
    this.#clerk.fill({ clientId, orderId, tally: order.tally }, bar, met);
    order.done = steps === wanted;
    this.#brackets.reduce(bracket, steps);
    // A target or the stop took the rest before it: there is nothing left to leave.
    if (order.done && restOf(order) > 0) this.#finish(order, 'CANCELLED', 'NO_POSITION');
  }

  /** Closing orders beside the bracket: stops before limits, one taking from the other of its pair. */
  #workClosers(bracket: Bracket, bar: Bar): void {
    for (const wantsStop of [true, false])
      for (const order of this.#working) {
        const { signalId, type, intent } = order.terms;
        const isMeant = intent === 'CLOSE' && !isExit(order) && signalId === bracket.signalId;
        if (order.done || !isMeant || wantsStop !== (type === 'STOP' || type === 'STOP_LIMIT')) continue;
        this.#close(order, bracket, bar);
        this.#age(order);
      }
  }

  #close(order: WorkingOrder, bracket: Bracket, bar: Bar): void {
    const met = meetingOf(order, bar, this.#clerk.passBy);
    const steps = Math.min(restOf(order), bracket.openSteps, this.#clerk.available(bar));
    const { clientId, orderId, tif } = order.terms;
    if (met === null || steps === 0 || (tif === 'FOK' && steps < restOf(order))) return;
    this.#clerk.fill({ clientId, orderId, tally: order.tally }, bar, { ...met, side: closeSideOf(bracket), steps });
    order.done = restOf(order) === 0;
    this.#takeFromPartner(order, steps);
    this.#brackets.reduce(bracket, steps);
  }

  #takeFromPartner(order: WorkingOrder, steps: number): void {
    const partner = order.partner === null ? undefined : this.#find(order.partner);
    if (partner === undefined) return;
    partner.steps -= steps;
    if (restOf(partner) <= 0) this.#finish(partner, 'CANCELLED', 'OCO');
    else this.#clerk.tellSize(partner.terms.clientId, partner.steps);
  }

  #endPartner(order: WorkingOrder): void {
    const partner = order.partner === null ? undefined : this.#find(order.partner);
    if (partner !== undefined) this.#finish(partner, 'CANCELLED', 'OCO');
  }

  /** The rest of its entry goes; once it is closed, so does whatever else would close it. */
  #positionLeft(signalId: string, what: 'STOPPING' | 'CLOSED'): void {
    this.#dropEntry(signalId, 'POSITION_CLOSED');
    if (what === 'STOPPING') return;
    for (const order of this.#working) {
      const isCloser = order.terms.intent === 'CLOSE' && order.terms.signalId === signalId;
      if (isCloser && !order.done) this.#finish(order, 'CANCELLED', isExit(order) ? 'NO_POSITION' : 'OCO');
    }
  }

  #dropEntry(signalId: string, reason: string): void {
    for (const order of this.#working) {
      const isRest = order.terms.intent === 'OPEN' && order.terms.signalId === signalId && order.tally.n > 0;
      if (isRest && !order.done && restOf(order) > 0) this.#finish(order, 'CANCELLED', reason);
    }
  }

  #find(clientId: string): WorkingOrder | undefined {
    return this.#working.find((order) => order.terms.clientId === clientId && !order.done);
  }

  #forgetDone(): void {
    if (this.#working.some((order) => order.done)) this.#working = this.#working.filter((order) => !order.done);
    this.#brackets.forgetDone();
  }
}

function checkApproved(order: ApprovedOrder): void {
  if (!isApproved(order))
    throw new TypeError('simulated broker: expected an order approved by the risk desk, was something else');
}

/** Of plain JSON. */
function copyOf(order: Readonly<WorkingOrder>): WorkingOrder {
  return JSON.parse(JSON.stringify(order)) as WorkingOrder;
}
