/** A little market that a test drives: it keeps orders, positions and cash, and fills what the test's prices meet. No network here. */

export type Side = 'buy' | 'sell';
export type Status =
  'new' | 'held' | 'partially_filled' | 'filled' | 'canceled' | 'rejected' | 'replaced' | 'expired' | 'pending_cancel';

/** Quantities are whole millionths. */
export interface MarketOrder {
  readonly id: string;
  readonly clientOrderId: string;
  readonly symbol: string;
  readonly side: Side;
  type: 'market' | 'limit' | 'stop' | 'stop_limit';
  tif: string;
  qty: number;
  filled: number;
  /** Sum of price x millionths. */
  value: number;
  limitPrice: string | null;
  stopPrice: string | null;
  status: Status;
  orderClass: 'simple' | 'oto' | 'oco' | 'bracket';
  /** Hangs on it: of an entry until it is filled, of a target until one of both is. */
  stop: MarketOrder | null;
  readonly parent: MarketOrder | null;
  replacedBy: string | null;
  readonly replaces: string | null;
  updatedAt: number;
}

export interface MarketFill {
  readonly id: string;
  readonly order: MarketOrder;
  readonly qty: number;
  readonly cum: number;
  readonly price: string;
  readonly at: number;
}

export type MarketEvent = { readonly event: string; readonly order: MarketOrder; readonly fill: MarketFill | null };

export interface NewOrder {
  readonly clientOrderId: string;
  readonly symbol: string;
  readonly side: Side;
  readonly type: MarketOrder['type'];
  readonly tif: string;
  readonly qty: number;
  readonly limitPrice: string | null;
  readonly stopPrice: string | null;
  readonly orderClass: MarketOrder['orderClass'];
  readonly attachedStop: string | null;
}

export const isEnded = (status: Status): boolean => ['filled', 'canceled', 'rejected', 'replaced', 'expired'].includes(status);

export class Market {
  readonly orders: MarketOrder[] = [];
  readonly fills: MarketFill[] = [];
  readonly positions = new Map<string, { qty: number; cost: number }>();
  readonly #prices = new Map<string, number>();
  cash = 100_000_000_000;
  /** False: market orders wait until the test fills them. */
  fillsAtOnce = true;
  now: () => number = Date.now;
  onEvent: (event: MarketEvent) => void = () => undefined;
  #n = 0;

  price(symbol: string): number | null {
    return this.#prices.get(symbol) ?? null;
  }

  find(id: string): MarketOrder | undefined {
    return this.orders.find((order) => order.id === id);
  }

  byClientId(clientOrderId: string): MarketOrder | undefined {
    return this.orders.find((order) => order.clientOrderId === clientOrderId);
  }

  /** Orders a client id stands for, replacements included. */
  countOf(clientOrderId: string): number {
    return this.orders.filter((order) => order.clientOrderId === clientOrderId).length;
  }

  working(symbol?: string): readonly MarketOrder[] {
    return this.orders.filter((order) => !isEnded(order.status) && (symbol === undefined || order.symbol === symbol));
  }

  place(ask: NewOrder): MarketOrder {
    const order = this.#create(ask, { parent: null, replaces: null });
    if (ask.attachedStop !== null)
      order.stop = this.#create(
        {
          ...ask,
          clientOrderId: `child-${this.#n}`,
          type: 'stop',
          side: ask.orderClass === 'oco' ? ask.side : ask.side === 'buy' ? 'sell' : 'buy',
          limitPrice: null,
          stopPrice: ask.attachedStop,
        },
        { parent: order, replaces: null },
      );
    this.#tell('new', order);
    if (order.type === 'market' && this.fillsAtOnce && this.price(ask.symbol) !== null) this.fill(order.id);
    else this.#meet(order);
    return order;
  }

  replace(
    id: string,
    change: { readonly qty?: number; readonly limitPrice?: string; readonly stopPrice?: string; readonly clientOrderId: string },
  ): MarketOrder {
    const old = this.find(id)!;
    const next = this.#create(
      { ...old, qty: change.qty ?? old.qty, limitPrice: change.limitPrice ?? old.limitPrice, stopPrice: change.stopPrice ?? old.stopPrice,
        clientOrderId: change.clientOrderId, attachedStop: null },
      { parent: old.parent, replaces: old.id },
    ); // prettier-ignore
    next.stop = old.stop;
    next.status = old.status === 'held' ? 'held' : 'new';
    old.status = 'replaced';
    old.replacedBy = next.id;
    this.#tell('replaced', old);
    this.#meet(next);
    return next;
  }

  cancel(id: string): boolean {
    const order = this.find(id);
    if (order === undefined || isEnded(order.status)) return false;
    this.#end(order, 'canceled');
    const other = order.stop ?? (order.parent?.orderClass === 'oco' ? order.parent : null);
    if (
      other !== null &&
      !isEnded(this.#newest(other).status) &&
      (order.orderClass === 'oco' || order.filled === 0 || order.parent !== null)
    )
      this.#end(this.#newest(other), 'canceled');
    return true;
  }

  reject(id: string): void {
    this.#end(this.find(id)!, 'rejected');
  }

  expire(id: string): void {
    this.#end(this.find(id)!, 'expired');
  }

  /** Moves the price: everything it meets fills completely. */
  setPrice(symbol: string, price: number): void {
    this.#prices.set(symbol, price);
    for (const order of this.working(symbol)) this.#meet(order);
  }

  /** Fills an order, or a part of it, at a price. */
  fill(id: string, of: { readonly qty?: number; readonly price?: string } = {}): MarketFill {
    const order = this.find(id)!;
    const qty = Math.min(of.qty ?? order.qty - order.filled, order.qty - order.filled);
    const price = of.price ?? String(this.price(order.symbol) ?? order.limitPrice ?? order.stopPrice);
    order.filled += qty;
    order.value += qty * Number(price);
    order.status = order.filled === order.qty ? 'filled' : 'partially_filled';
    order.updatedAt = this.now();
    this.#book(order, qty, Number(price));
    const fill = { id: `exec-${(this.#n += 1)}`, order, qty, cum: order.filled, price, at: this.now() };
    this.fills.push(fill);
    this.#tell(order.status === 'filled' ? 'fill' : 'partial_fill', order, fill);
    this.#afterFill(order, qty);
    return fill;
  }

  #create(ask: NewOrder, of: { readonly parent: MarketOrder | null; readonly replaces: string | null }): MarketOrder {
    const { clientOrderId, symbol, side, type, tif, qty, limitPrice, stopPrice, orderClass } = ask;
    const order: MarketOrder = {
      id: `order-${(this.#n += 1)}`, clientOrderId, symbol, side, type, tif, qty, filled: 0, value: 0, limitPrice, stopPrice,
      status: of.parent === null ? 'new' : 'held', orderClass, stop: null, ...of, replacedBy: null, updatedAt: this.now(),
    }; // prettier-ignore
    this.orders.push(order);
    return order;
  }

  #newest(order: MarketOrder): MarketOrder {
    let newest = order;
    while (newest.replacedBy !== null) newest = this.find(newest.replacedBy)!;
    return newest;
  }

  #afterFill(order: MarketOrder, qty: number): void {
    const stop = order.stop === null ? null : this.#newest(order.stop);
    if (stop !== null && order.orderClass === 'oto' && order.status === 'filled') {
      stop.status = 'new';
      this.#tell('new', stop);
      this.#meet(stop);
    }
    if (stop !== null && order.orderClass === 'oco') {
      stop.qty -= qty;
      if (order.status === 'filled' && !isEnded(stop.status)) this.#end(stop, 'canceled');
    }
    if (order.parent?.orderClass === 'oco') {
      const target = this.#newest(order.parent);
      target.qty -= qty;
      if (order.status === 'filled' && !isEnded(target.status)) this.#end(target, 'canceled');
    }
  }

  #meet(order: MarketOrder): void {
    const price = this.price(order.symbol);
    const waits = order.status === 'held' && order.parent?.orderClass !== 'oco';
    if (price === null || isEnded(order.status) || waits) return;
    const up = order.side === 'buy' ? 1 : -1;
    const isMet =
      order.type === 'market' ? this.fillsAtOnce
      : order.type === 'limit' ? up * (price - Number(order.limitPrice)) <= 0
      : up * (price - Number(order.stopPrice)) >= 0; // prettier-ignore
    if (isMet) this.fill(order.id, order.type === 'limit' ? { price: order.limitPrice! } : {});
  }

  #end(order: MarketOrder, status: 'canceled' | 'rejected' | 'expired'): void {
    order.status = status;
    order.updatedAt = this.now();
    this.#tell(status, order);
  }

  #book(order: MarketOrder, qty: number, price: number): void {
    const position = this.positions.get(order.symbol) ?? { qty: 0, cost: 0 };
    const signed = order.side === 'buy' ? qty : -qty;
    position.qty += signed;
    position.cost += signed * price;
    if (position.qty === 0) this.positions.delete(order.symbol);
    else this.positions.set(order.symbol, position);
    this.cash -= Math.round(signed * price);
  }

  #tell(event: string, order: MarketOrder, fill: MarketFill | null = null): void {
    this.onEvent({ event, order, fill });
  }
}
