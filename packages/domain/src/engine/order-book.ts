/** The living orders: every change of state goes through the table and becomes a fact; an ended order leaves (trading.md 7.1). */
import type { Fill, Order, OrderState } from '../execution/order.ts';
import { advanceOrder, isTerminalOrder } from '../execution/order-state.ts';
import type { OrderTerms } from '../risk/approved-order.ts';
import { qtyOf } from '../trade/amount.ts';
import type { TradedInstrument } from '../trade/instrument.ts';
import type { FactDesk } from './fact-desk.ts';

/** What of the terms an order record shows. */
type Shown = Pick<
  OrderTerms,
  | 'orderId'
  | 'clientId'
  | 'signalId'
  | 'symbol'
  | 'leg'
  | 'intent'
  | 'side'
  | 'type'
  | 'steps'
  | 'limitPrice'
  | 'stopPrice'
  | 'reason'
>;

export class OrderBook {
  readonly #facts: FactDesk;
  readonly #instrument: TradedInstrument;
  /** At most six per position: an entry or a stop, three rungs, an exit. */
  #living: readonly Order[];

  constructor(facts: FactDesk, instrument: TradedInstrument, living: readonly Order[] = []) {
    this.#facts = facts;
    this.#instrument = instrument;
    this.#living = living;
  }

  get living(): readonly Order[] {
    return this.#living;
  }

  find(clientId: string): Order | undefined {
    return this.#living.find((order) => order.clientId === clientId);
  }

  /** A new order, journalled as PENDING_NEW before any broker sees it. */
  create(terms: Shown, positionId: string | null): Order {
    const { at } = this.#facts;
    const order: Order = {
      id: terms.orderId,
      clientId: terms.clientId,
      signalId: terms.signalId,
      positionId,
      symbol: terms.symbol,
      leg: terms.leg,
      intent: terms.intent,
      side: terms.side,
      type: terms.type,
      state: 'PENDING_NEW',
      qtyMicros: qtyOf(this.#instrument, terms.steps),
      filledQtyMicros: 0,
      limitPrice: terms.limitPrice,
      stopPrice: terms.stopPrice,
      averagePrice: null,
      reason: terms.reason,
      createdAt: at,
      updatedAt: at,
      version: 1,
    };
    // bounded: six per position, positions by the risk desk; an ended order leaves
    this.#living = [...this.#living, order];
    this.#facts.tell('order.changed', order);
    return order;
  }

  /** Sent and taken by the broker. */
  accepted(order: Order): Order {
    return this.#move(this.#move(order, 'SUBMITTED', null), 'ACCEPTED', null);
  }

  /** Books a fill; the order is done when its whole quantity is. */
  filled(order: Order, fill: Fill): Order {
    const filledQtyMicros = order.filledQtyMicros + fill.qtyMicros;
    const state = advanceOrder(order.state, filledQtyMicros === order.qtyMicros ? 'FILLED' : 'PARTIALLY_FILLED');
    const averagePrice = ((order.averagePrice ?? 0) * order.filledQtyMicros + fill.price * fill.qtyMicros) / filledQtyMicros;
    const next = this.#put({
      ...order,
      state,
      filledQtyMicros,
      averagePrice,
      updatedAt: this.#facts.at,
      version: order.version + 1,
    });
    this.#facts.tell('order.filled', { fill, order: next });
    return next;
  }

  ended(order: Order, state: Extract<OrderState, 'CANCELLED' | 'EXPIRED' | 'REJECTED' | 'FAILED'>, reason: string): Order {
    // A refusal at the door never was SUBMITTED; everything else has to have been sent.
    const sent = order.state === 'PENDING_NEW' && state !== 'REJECTED' ? this.#move(order, 'SUBMITTED', null) : order;
    return this.#move(sent, state, reason);
  }

  #move(order: Order, to: OrderState, reason: string | null): Order {
    const state = advanceOrder(order.state, to);
    const next = this.#put({
      ...order,
      state,
      reason: reason ?? order.reason,
      updatedAt: this.#facts.at,
      version: order.version + 1,
    });
    this.#facts.tell('order.changed', next);
    return next;
  }

  #put(order: Order): Order {
    const others = this.#living.filter((one) => one.clientId !== order.clientId);
    this.#living = isTerminalOrder(order.state) ? others : [...others, order];
    return order;
  }
}
