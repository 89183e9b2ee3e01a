/** The bridge to the exchanges of ccxt: spot, with client order ids or not at all, polled (trading.md 8.3). */
import { LruTtlCache, type Scope } from '@wyckoff/bounded';
import type { EpochMs, OrderType } from '@wyckoff/domain';
import type { StreamState } from '../../venue/socket-state.ts';
import type { Broker, BrokerCapabilities, BrokerEvent, CloseReport } from '../broker.ts';
import { expectCleared, type Cleared } from '../clearance.ts';
import { microsOf, priceOf, requireMicros, textOfMicros, textOfPrice } from '../decimal.ts';
import { Listeners } from '../listeners.ts';
import { VenueError } from '../venue-error.ts';
import type { OrderRequest, VenueAccount, VenueFill, VenueOrder, VenuePosition, VenueState } from '../venue-order.ts';
import { ccxtError } from './ccxt-errors.ts';
import { loadCcxt, type CcxtExchange, type CcxtModule, type CcxtOrder } from './load-ccxt.ts';
import { NOBODYS_ORDER, openExchange, refuseUnsafe, type ExchangeTerms } from './open-exchange.ts';
import { SymbolBook } from './symbol-book.ts';

export interface CcxtOptions extends Omit<ExchangeTerms, 'timeoutMs'> {
  readonly scope: Scope;
  /** Symbols of the account, as ccxt or as the exchange spells them: `BTC/USDT`, `BTCUSDT`; of one quote currency, at most 200. */
  readonly symbols: readonly string[];
  /** Default 5,000. */
  readonly pollMs?: number | undefined;
  /** Default 30,000. */
  readonly timeoutMs?: number | undefined;
  /** Default: the installed package. */
  readonly load?: (() => Promise<CcxtModule>) | undefined;
  /** Told of each exchange before it is used: tests lead it to a server of their own. */
  readonly prepare?: ((exchange: CcxtExchange) => void) | undefined;
}

const CAPABILITIES: BrokerCapabilities = {
  bracket: false,
  oto: false,
  oco: false,
  replace: false,
  nativeStop: true,
  short: false,
  fractional: true,
  stream: false,
  clientIds: true,
};
const STATES: Readonly<Record<string, VenueState>> = {
  closed: 'FILLED',
  canceled: 'CANCELLED',
  expired: 'EXPIRED',
  rejected: 'REJECTED',
};

export class CcxtBroker implements Broker {
  readonly name: string;
  readonly capabilities = CAPABILITIES;
  readonly #options: CcxtOptions;
  readonly #listeners = new Listeners<BrokerEvent>();
  /** The exchange wants the symbol beside every id, and its own id for a trade's order. */
  readonly #symbols: LruTtlCache<string, string>;
  readonly #names: LruTtlCache<string, string>;
  #exchange: CcxtExchange | null = null;
  #book: SymbolBook | null = null;
  #line: Scope | null = null;
  #state: StreamState = 'DISCONNECTED';

  constructor(options: CcxtOptions) {
    this.name = `ccxt:${options.exchange}`;
    this.#options = options;
    const { scope } = options;
    const bound = { capacity: 1_000, ttlMs: 7 * 86_400_000, itemBytes: 256, scope };
    this.#symbols = new LruTtlCache({ ...bound, name: `${scope.name}.symbols` });
    this.#names = new LruTtlCache({ ...bound, name: `${scope.name}.names` });
  }

  get state(): StreamState {
    return this.#state;
  }

  onEvent(listener: (event: BrokerEvent) => void): () => void {
    return this.#listeners.add(listener);
  }

  async connect(): Promise<void> {
    if (this.#exchange !== null) return;
    this.#enter('CONNECTING', null);
    try {
      const { load = loadCcxt, prepare, timeoutMs = 30_000, symbols } = this.#options;
      const exchange = openExchange(await load(), { ...this.#options, timeoutMs });
      prepare?.(exchange);
      await this.#ask('markets', () => exchange.loadMarkets());
      this.#book = new SymbolBook(exchange, symbols);
      this.#exchange = exchange;
      await this.account();
      const symbol = symbols[0];
      await refuseUnsafe(exchange, symbol, () => this.#askOrder(NOBODYS_ORDER, symbol));
    } catch (error) {
      await this.#close();
      this.#enter(error instanceof VenueError && error.kind === 'refused' ? 'STOPPED' : 'RECONNECTING', (error as Error).message);
      throw error;
    }
    this.#line = this.#options.scope.child('line', { capacity: 16 });
    this.#line.interval(this.#options.pollMs ?? 5_000, () => this.#poll(), 'poll');
    this.#enter('CONNECTED', null);
  }

  async disconnect(): Promise<void> {
    await this.#close();
    this.#enter('DISCONNECTED', null);
  }

  async place(order: Cleared): Promise<VenueOrder> {
    expectCleared(order);
    const { request } = order;
    const { symbol, clientId } = request;
    if (request.attached !== null) throw new VenueError('refused', `${clientId}: ${this.name} takes no pairs`);
    const exchange = this.#connected();
    const market = this.#listed.market(symbol);
    const stop = request.stopPrice === null ? {} : { triggerPrice: Number(textOfPrice(request.stopPrice, request.tickSize)) };
    const price = request.limitPrice === null ? undefined : Number(textOfPrice(request.limitPrice, request.tickSize));
    const params = { clientOrderId: clientId, ...(request.type === 'LIMIT' && { timeInForce: wireTif(request) }), ...stop };
    await order.spend();
    this.#symbols.set(clientId, symbol);
    const type = request.type === 'LIMIT' || request.type === 'STOP_LIMIT' ? 'limit' : 'market';
    const amount = Number(textOfMicros(request.qtyMicros));
    const made = await this.#ask(`order ${clientId}`, () =>
      exchange.createOrder(market.symbol, type, request.side.toLowerCase(), amount, price, params),
    );
    this.#names.set(made.id, clientId);
    // The answer to an order is often bare: what it says is asked for.
    return (await this.getOrder(clientId)) ?? this.#orderOf(made, clientId);
  }

  placeOco(order: Cleared): Promise<VenueOrder> {
    return this.place(order);
  }

  replace(clientId: string): Promise<VenueOrder> {
    return Promise.reject(new VenueError('refused', `${clientId}: ${this.name} replaces nothing; cancel and place`));
  }

  async cancel(clientId: string): Promise<void> {
    const symbol = await this.#symbolOf(clientId);
    if (symbol === null) throw new VenueError('gone', `${clientId}: the venue knows no such order`);
    const exchange = this.#connected();
    const { symbol: theirs } = this.#listed.market(symbol);
    await this.#ask(`cancellation of ${clientId}`, () => exchange.cancelOrder('', theirs, { clientOrderId: clientId })).catch(
      (error: unknown) => {
        if (!(error instanceof VenueError) || error.kind !== 'gone') throw error;
      },
    );
  }

  async getOrder(clientId: string): Promise<VenueOrder | null> {
    const symbol = await this.#symbolOf(clientId);
    return symbol === null ? null : this.#find(clientId, symbol);
  }

  async openOrders(): Promise<readonly VenueOrder[]> {
    const exchange = this.#connected();
    const orders: VenueOrder[] = [];
    const book = this.#listed;
    for (const symbol of book.symbols) {
      const rows = await this.#ask('open orders', () => exchange.fetchOpenOrders(book.market(symbol).symbol));
      for (const row of rows) {
        const clientId = row.clientOrderId ?? row.id;
        this.#symbols.set(clientId, symbol);
        this.#names.set(row.id, clientId);
        orders.push(this.#orderOf(row, clientId));
      }
    }
    return orders;
  }

  async fillsSince(since: EpochMs): Promise<readonly VenueFill[]> {
    const exchange = this.#connected();
    const fills: VenueFill[] = [];
    const book = this.#listed;
    for (const symbol of book.symbols) {
      const rows = await this.#ask('fills', () => exchange.fetchMyTrades(book.market(symbol).symbol, since, 500));
      for (const row of rows) {
        const fee = row.fee?.currency === book.quote ? microsOf(row.fee.cost ?? 0) : 0;
        fills.push({
          execId: row.id, clientId: this.#names.get(row.order ?? '') ?? null, brokerId: row.order ?? '', symbol,
          side: row.side === 'buy' ? 'BUY' : 'SELL', qtyMicros: requireMicros('fill amount', row.amount), cumQtyMicros: null,
          price: row.price, commissionMicros: fee ?? 0, at: row.timestamp,
        }); // prettier-ignore
      }
    }
    return fills.sort((a, b) => a.at - b.at);
  }

  async positions(): Promise<readonly VenuePosition[]> {
    const exchange = this.#connected();
    const { total } = await this.#ask('balance', () => exchange.fetchBalance());
    const positions: VenuePosition[] = [];
    const book = this.#listed;
    for (const symbol of book.symbols) {
      const qtyMicros = microsOf(total[book.market(symbol).base] ?? 0) ?? 0;
      if (qtyMicros > 0) positions.push({ symbol, qtyMicros, averagePrice: null, marketPrice: await this.#last(symbol) });
    }
    return positions;
  }

  async account(): Promise<VenueAccount> {
    const exchange = this.#connected();
    const { quote } = this.#listed;
    const { total } = await this.#ask('balance', () => exchange.fetchBalance());
    const cashMicros = requireMicros(`balance of ${quote}`, total[quote] ?? 0);
    let equityMicros = cashMicros;
    for (const { qtyMicros, marketPrice } of await this.positions()) equityMicros += Math.round(qtyMicros * (marketPrice ?? 0));
    return { id: this.name, currency: quote, cashMicros, equityMicros, blocked: false };
  }

  async closeAll(): Promise<readonly CloseReport[]> {
    const exchange = this.#connected();
    for (const order of await this.openOrders()) await this.cancel(order.clientId);
    const reports: CloseReport[] = [];
    for (const { symbol, qtyMicros } of await this.positions()) {
      try {
        await this.#ask('closing', () =>
          exchange.createOrder(
            this.#listed.market(symbol).symbol,
            'market',
            'sell',
            Number(textOfMicros(qtyMicros)),
            undefined,
            {},
          ),
        );
        reports.push({ symbol, state: 'CLOSING', sentence: 'A market order was sent.' });
      } catch (error) {
        reports.push({ symbol, state: 'FAILED', sentence: (error as Error).message });
      }
    }
    return reports;
  }

  async #poll(): Promise<void> {
    try {
      await this.account();
    } catch (error) {
      if (this.#exchange !== null) this.#enter('RECONNECTING', (error as Error).message);
      return;
    }
    this.#tell({ kind: 'hint', symbol: null });
  }

  async #find(clientId: string, symbol: string): Promise<VenueOrder | null> {
    try {
      const row = await this.#askOrder({ clientOrderId: clientId }, symbol);
      this.#names.set(row.id, clientId);
      return this.#orderOf(row, clientId);
    } catch (error) {
      if (error instanceof VenueError && error.kind === 'gone') return null;
      throw error;
    }
  }

  /** Known, or found by asking for it under every symbol of the account; null: nowhere. */
  async #symbolOf(clientId: string): Promise<string | null> {
    const known = this.#symbols.get(clientId);
    if (known !== undefined) return known;
    for (const symbol of this.#listed.symbols) {
      if ((await this.#find(clientId, symbol)) === null) continue;
      this.#symbols.set(clientId, symbol);
      return symbol;
    }
    return null;
  }

  async #last(symbol: string): Promise<number | null> {
    const exchange = this.#connected();
    const { last } = await this.#ask('price', () => exchange.fetchTicker(this.#listed.market(symbol).symbol));
    return priceOf(last ?? '');
  }

  #askOrder(by: { readonly clientOrderId: string }, symbol: string): Promise<CcxtOrder> {
    const exchange = this.#connected();
    return this.#ask(`order ${by.clientOrderId}`, () => exchange.fetchOrder('', this.#listed.market(symbol).symbol, by));
  }

  /** In the account's spelling. */
  #orderOf(row: CcxtOrder, clientId: string): VenueOrder {
    return orderOf({ ...row, symbol: this.#listed.ours(row.symbol) }, clientId);
  }

  async #ask<T>(what: string, run: () => Promise<T>): Promise<T> {
    try {
      return await run();
    } catch (error) {
      throw ccxtError(what, error);
    }
  }

  async #close(): Promise<void> {
    const exchange = this.#exchange;
    const line = this.#line;
    this.#exchange = null;
    this.#line = null;
    await line?.dispose();
    await exchange?.close?.();
  }

  get #listed(): SymbolBook {
    this.#connected();
    if (this.#book === null) throw new VenueError('unsent', `${this.name}: expected its markets to be loaded, was not`);
    return this.#book;
  }

  #connected(): CcxtExchange {
    if (this.#exchange === null) throw new VenueError('unsent', `${this.name}: expected to be connected, was not`);
    return this.#exchange;
  }

  #enter(state: StreamState, error: string | null): void {
    if (this.#state === state) return;
    this.#state = state;
    this.#tell({ kind: 'link', state, error });
  }

  #tell(event: BrokerEvent): void {
    this.#listeners.tell(event);
  }
}

function wireTif({ tif }: OrderRequest): string {
  return tif === 'DAY' ? 'GTC' : tif;
}

/** With a trigger, market and limit orders are stops. */
function typeOf({ type, triggerPrice }: CcxtOrder): OrderType {
  const isLimit = type?.includes('limit') === true;
  if (triggerPrice === undefined) return isLimit ? 'LIMIT' : 'MARKET';
  return isLimit ? 'STOP_LIMIT' : 'STOP';
}

/** ccxt counts in doubles: their shortest text is the exchange's own decimal, and that is read exactly. */
function orderOf(row: CcxtOrder, clientId: string): VenueOrder {
  const qtyMicros = requireMicros(`order ${row.id} amount`, row.amount ?? 0);
  const filledQtyMicros = requireMicros(`order ${row.id} filled`, row.filled ?? 0);
  const status = row.status ?? 'open';
  const state = Object.hasOwn(STATES, status)
    ? (STATES[status] ?? 'UNCHANGED')
    : status !== 'open'
      ? 'UNCHANGED'
      : filledQtyMicros > 0
        ? 'PARTIALLY_FILLED'
        : 'ACCEPTED';
  return {
    clientId, brokerId: row.id, symbol: row.symbol, side: row.side === 'buy' ? 'BUY' : 'SELL', type: typeOf(row), state,
    flag: state === 'UNCHANGED' ? `unknown: ${status}` : null, qtyMicros, filledQtyMicros, averagePrice: priceOf(row.average ?? ''),
    limitPrice: row.triggerPrice === undefined ? priceOf(row.price ?? '') : null, stopPrice: priceOf(row.triggerPrice ?? ''), reason: null,
    at: row.lastUpdateTimestamp ?? row.timestamp ?? 0, armed: true, attached: null,
  }; // prettier-ignore
}
