/** The orders of an account: what a broker reports moves them through the table and becomes facts; an ended order leaves (trading.md 7.1). */
import type { BrokerReport } from '../execution/instruction.ts';
import type { Order } from '../execution/order.ts';
import { cancelAsked, newOrder, orderAfter } from '../execution/order-machine.ts';
import type { OrderStep, ShownTerms } from '../execution/order-machine.ts';
import { isTerminalOrder } from '../execution/order-state.ts';
import { qtyOf } from '../trade/amount.ts';
import type { TradedInstrument } from '../trade/instrument.ts';
import type { FactDesk } from './fact-desk.ts';

/** Ended orders that are remembered, so that a late or repeated report finds its order. */
const MAX_ENDED = 64;

/** Plain JSON. */
export interface OrderBookState {
  readonly living: readonly Order[];
  readonly ended: readonly Order[];
  /** Fills booked of these orders, by client id. */
  readonly execIds: readonly (readonly [string, readonly string[]])[];
}

export class OrderBook {
  readonly #facts: FactDesk;
  /** At most six per position: an entry or a stop, three rungs, an exit. */
  #living: readonly Order[];
  /** The newest last. */
  #ended: readonly Order[];
  /** bounded: one per living or remembered order that was filled. */
  readonly #execIds: Map<string, readonly string[]>;

  constructor(facts: FactDesk, state?: OrderBookState) {
    this.#facts = facts;
    this.#living = state?.living ?? [];
    this.#ended = state?.ended ?? [];
    this.#execIds = new Map(state?.execIds ?? []);
  }

  get living(): readonly Order[] {
    return this.#living;
  }

  state(): OrderBookState {
    return { living: this.#living, ended: this.#ended, execIds: [...this.#execIds] };
  }

  /** Living, or ended lately. */
  find(clientId: string): Order | undefined {
    const isIt = (order: Order): boolean => order.clientId === clientId;
    return this.#living.find(isIt) ?? this.#ended.find(isIt);
  }

  isLiving(clientId: string): boolean {
    return this.#living.some((order) => order.clientId === clientId);
  }

  byId(orderId: string): Order | undefined {
    return this.#living.find((order) => order.id === orderId);
  }

  /** The working entry of a signal. */
  entryOf(signalId: string): Order | undefined {
    return this.#living.find((order) => order.signalId === signalId && order.intent === 'OPEN');
  }

  /** A new order, journalled as PENDING_NEW before any broker sees it. */
  create(terms: ShownTerms & { readonly steps: number }, instrument: TradedInstrument, positionId: string | null): Order {
    const order = newOrder(terms, { qtyMicros: qtyOf(instrument, terms.steps), positionId, at: this.#facts.at });
    this.#put(order);
    this.#facts.tell('order.changed', order);
    return order;
  }

  /** A fill of this execution id was booked before. */
  isBooked({ clientId }: Order, execId: string): boolean {
    return this.#execIds.get(clientId)?.includes(execId) ?? false;
  }

  /** What a report makes of it, told. */
  report(order: Order, report: BrokerReport): OrderStep {
    const booked = this.#execIds.get(order.clientId) ?? [];
    const step = orderAfter(order, report, { at: this.#facts.at, isBooked: (execId) => booked.includes(execId) });
    // bounded: with its order
    if (step.fill !== null) this.#execIds.set(order.clientId, [...booked, step.fill.execId]);
    return this.#tell(step);
  }

  /** The broker is asked to cancel it. */
  askCancel(order: Order): OrderStep {
    return this.#tell(cancelAsked(order, this.#facts.at));
  }

  #tell(step: OrderStep): OrderStep {
    step.via.forEach((order, i) => {
      if (step.fill !== null && i === step.via.length - 1) this.#facts.tell('order.filled', { fill: step.fill, order });
      else this.#facts.tell('order.changed', order);
    });
    if (step.via.length > 0) this.#put(step.order);
    return step;
  }

  #put(order: Order): void {
    const isOther = (one: Order): boolean => one.clientId !== order.clientId;
    const others = this.#living.filter(isOther);
    if (!isTerminalOrder(order.state)) {
      // bounded: six per position, positions by the risk desk
      this.#living = [...others, order];
      return;
    }
    this.#living = others;
    const ended = [...this.#ended.filter(isOther), order];
    for (const gone of ended.slice(0, -MAX_ENDED)) this.#execIds.delete(gone.clientId);
    this.#ended = ended.slice(-MAX_ENDED);
  }
}
