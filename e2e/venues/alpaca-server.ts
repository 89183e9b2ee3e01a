/** A local Alpaca: the documented REST paths and the trade updates stream over a little market, wrong on demand. */
import type { Duplex } from 'node:stream';
import { WebSocketServer, type WebSocket } from 'ws';
import { LocalHttp, type LocalAnswer, type LocalRequest } from './local-http.ts';
import { isEnded, Market, type MarketEvent, type MarketOrder } from './market.ts';

export const KEYS = { keyId: 'LOCAL-KEY', secret: 'local-secret' } as const;

/** What of the stream goes wrong. */
export interface StreamFaults {
  /** Each update is sent so many times. */
  copies: number;
  /** Updates are kept until `release`. */
  held: boolean;
  /** The stream stays open and answers pings, but says nothing more. */
  silent: boolean;
  /** Logins are refused. */
  refuses: boolean;
}

export class AlpacaServer {
  readonly market = new Market();
  readonly stream: StreamFaults = { copies: 1, held: false, silent: false, refuses: false };
  readonly #http: LocalHttp;
  readonly #sockets = new WebSocketServer({ noServer: true });
  readonly #listening = new Set<WebSocket>();
  #kept: string[] = [];
  /** Quantity lies: what is said of a position is this much off. */
  readonly positionLies = new Map<string, number>();
  /** REST refuses the keys. */
  refuseKeys = false;
  /** Said of the cash beyond the truth. */
  cashLie = 0;
  /** Orders the venue denies knowing, by client id. */
  readonly denied = new Set<string>();

  constructor() {
    this.#http = new LocalHttp((request) => this.#answer(request));
    this.#http.server.on('upgrade', (request, socket: Duplex, head) => {
      if (this.#http.down) socket.destroy();
      else this.#sockets.handleUpgrade(request, socket, head, (ws) => this.#opened(ws));
    });
    this.market.onEvent = (event) => this.#publish(event);
  }

  static async start(): Promise<AlpacaServer> {
    const server = new AlpacaServer();
    await server.#http.listen();
    return server;
  }

  get url(): string {
    return this.#http.url;
  }

  get faults(): LocalHttp['faults'] {
    return this.#http.faults;
  }

  /** The venue is gone, or back. */
  set down(isDown: boolean) {
    this.#http.down = isDown;
    if (isDown) this.cut();
  }

  /** Requests so far. */
  get seen(): readonly string[] {
    return this.#http.seen;
  }

  get owed(): number {
    return this.#http.owed;
  }

  get streams(): number {
    return this.#listening.size;
  }

  /** Connections of any kind that are open now. */
  connections(): Promise<number> {
    return new Promise((resolve) => this.#http.server.getConnections((_, count) => resolve(count)));
  }

  /** What was held goes out, in this order; default as it came. */
  release(order: (texts: readonly string[]) => readonly string[] = (texts) => texts): void {
    this.stream.held = false;
    const kept = this.#kept;
    this.#kept = [];
    for (const text of order(kept)) this.#send(text);
  }

  /** Cuts every stream. */
  cut(): void {
    for (const socket of this.#sockets.clients) socket.terminate();
  }

  async stop(): Promise<void> {
    this.cut();
    this.#sockets.close();
    await this.#http.close();
  }

  #opened(ws: WebSocket): void {
    ws.on('close', () => this.#listening.delete(ws));
    ws.on('error', () => undefined);
    const say = (message: unknown): void => ws.send(Buffer.from(JSON.stringify(message)));
    let authorized = false;
    ws.on('message', (data: Buffer) => {
      const message = JSON.parse(data.toString('utf8')) as {
        action: string;
        key?: string;
        secret?: string;
        data?: { streams?: string[] };
      };
      if (message.action === 'auth') {
        authorized = !this.stream.refuses && message.key === KEYS.keyId && message.secret === KEYS.secret;
        say({ stream: 'authorization', data: { status: authorized ? 'authorized' : 'unauthorized', action: 'authenticate' } });
      } else if (message.action === 'listen' && authorized) {
        this.#listening.add(ws);
        say({ stream: 'listening', data: { streams: message.data?.streams ?? [] } });
      }
    });
  }

  #publish({ event, order, fill }: MarketEvent): void {
    const data = {
      event,
      ...(fill !== null && {
        execution_id: fill.id, price: fill.price, qty: text(fill.qty), timestamp: new Date(fill.at).toISOString(),
        position_qty: text(this.market.positions.get(order.symbol)?.qty ?? 0),
      }), // prettier-ignore
      order: orderJson(order, false),
    };
    const message = JSON.stringify({ stream: 'trade_updates', data });
    if (this.stream.held) this.#kept.push(message);
    else this.#send(message);
  }

  #send(message: string): void {
    if (this.stream.silent) return;
    for (const ws of this.#listening) for (let i = 0; i < this.stream.copies; i += 1) ws.send(Buffer.from(message));
  }

  #answer(request: LocalRequest): LocalAnswer {
    const { headers, method, path } = request;
    if (this.refuseKeys || headers['apca-api-key-id'] !== KEYS.keyId || headers['apca-api-secret-key'] !== KEYS.secret)
      return { status: 401, body: { message: 'unauthorized.' } };
    const id = /^\/v2\/orders\/([^/]+)$/.exec(path)?.[1];
    if (method === 'GET' && path === '/v2/account') return { status: 200, body: this.#account() };
    if (method === 'GET' && path === '/v2/positions') return { status: 200, body: this.#positions() };
    if (method === 'DELETE' && path === '/v2/positions') return { status: 207, body: this.#closeAll() };
    if (method === 'GET' && path === '/v2/account/activities/FILL') return { status: 200, body: this.#fills(request.query) };
    if (method === 'GET' && path === '/v2/orders') return { status: 200, body: this.#open(request.query) };
    if (method === 'POST' && path === '/v2/orders') return this.#place(JSON.parse(request.text) as Record<string, unknown>);
    if (method === 'GET' && path === '/v2/orders:by_client_order_id') {
      const clientId = request.query.get('client_order_id') ?? '';
      return this.#one(this.denied.has(clientId) ? undefined : this.market.byClientId(clientId));
    }
    if (id !== undefined && method === 'GET') return this.#one(this.market.find(decodeURIComponent(id)));
    if (id !== undefined && method === 'DELETE') return this.#cancel(decodeURIComponent(id));
    if (id !== undefined && method === 'PATCH')
      return this.#patch(decodeURIComponent(id), JSON.parse(request.text) as Record<string, string>);
    return { status: 404, body: { code: 40410000, message: 'endpoint not found' } };
  }

  #account(): unknown {
    let equity = this.market.cash;
    for (const [symbol, { qty, cost }] of this.market.positions)
      equity += Math.round(this.market.price(symbol) === null ? cost : qty * (this.market.price(symbol) ?? 0));
    return {
      id: 'local-account', status: 'ACTIVE', currency: 'USD', cash: text(this.market.cash + this.cashLie), equity: text(equity + this.cashLie),
      trading_blocked: false, account_blocked: false,
    }; // prettier-ignore
  }

  #positions(): unknown {
    const symbols = new Set([...this.market.positions.keys(), ...this.positionLies.keys()]);
    return [...symbols].flatMap((symbol) => {
      const held = this.market.positions.get(symbol);
      const qty = (held?.qty ?? 0) + (this.positionLies.get(symbol) ?? 0);
      const average = held === undefined || held.qty === 0 ? (this.market.price(symbol) ?? 1) : held.cost / held.qty;
      return qty === 0
        ? []
        : [
            {
              symbol,
              qty: text(qty),
              side: qty > 0 ? 'long' : 'short',
              avg_entry_price: String(average),
              current_price: String(this.market.price(symbol) ?? average),
            },
          ];
    });
  }

  #closeAll(): unknown {
    for (const order of this.market.working()) this.market.cancel(order.id);
    return [...this.market.positions].map(([symbol, { qty }]) => {
      const side = qty > 0 ? 'sell' : 'buy';
      this.market.place({
        clientOrderId: `close-${symbol}-${this.market.orders.length}`, symbol, side, type: 'market', tif: 'day', qty: Math.abs(qty),
        limitPrice: null, stopPrice: null, orderClass: 'simple', attachedStop: null,
      }); // prettier-ignore
      return { symbol, status: 200, body: {} };
    });
  }

  #fills(query: URLSearchParams): unknown {
    const after = Date.parse(query.get('after') ?? '');
    const rows = this.market.fills
      .filter((fill) => !(fill.at <= after))
      .map((fill) => ({
        id: `${new Date(fill.at).toISOString().replace(/\D/g, '')}::${fill.id}`, activity_type: 'FILL', order_id: fill.order.id,
        symbol: fill.order.symbol, side: fill.order.side, qty: text(fill.qty), cum_qty: text(fill.cum), price: fill.price,
        leaves_qty: text(fill.order.qty - fill.cum), transaction_time: new Date(fill.at).toISOString(),
      })); // prettier-ignore
    const token = query.get('page_token');
    const from = token === null ? 0 : rows.findIndex((row) => row.id === token) + 1;
    return rows.slice(from, from + Number(query.get('page_size') ?? 100));
  }

  #open(query: URLSearchParams): unknown {
    const nested = query.get('nested') === 'true';
    const working = this.market.working().filter((order) => !this.denied.has(order.clientOrderId));
    const isShown = (order: MarketOrder): boolean => !nested || order.parent === null || isEnded(order.parent.status);
    return working.filter(isShown).map((order) => orderJson(order, nested));
  }

  #place(body: Record<string, unknown>): LocalAnswer {
    const {
      symbol,
      side,
      type,
      client_order_id: clientOrderId,
      order_class: orderClass = 'simple',
    } = body as Record<string, string>;
    const qty = micros(body['qty']);
    if (this.market.byClientId(clientOrderId ?? '') !== undefined)
      return { status: 422, body: { code: 40010001, message: 'client_order_id must be unique' } };
    if (!(qty > 0) || typeof body['qty'] !== 'string')
      return { status: 422, body: { code: 40010001, message: 'qty is required' } };
    const limit =
      (body['take_profit'] as { limit_price?: string } | undefined)?.limit_price ?? (body['limit_price'] as string | undefined);
    const held = this.market.positions.get(symbol)?.qty ?? 0;
    const closes = side === 'sell' ? held > 0 : held < 0;
    // Shares already promised to another order cannot be promised again.
    const promised = this.market
      .working(symbol)
      .filter((order) => order.side === side && order.parent?.orderClass !== 'oco' && order.status !== 'held')
      .reduce((sum, order) => sum + order.qty - order.filled, 0);
    if (closes && qty > Math.abs(held) - promised)
      return { status: 403, body: { code: 40310000, message: `insufficient qty available for order (requested: ${text(qty)})` } };
    const order = this.market.place({
      clientOrderId: clientOrderId, symbol: symbol, side: side as 'buy', type: type as 'market', tif: String(body['time_in_force']), qty,
      limitPrice: limit ?? null, stopPrice: (body['stop_price'] as string | undefined) ?? null, orderClass: orderClass as 'oto',
      attachedStop: (body['stop_loss'] as { stop_price?: string } | undefined)?.stop_price ?? null,
    }); // prettier-ignore
    return { status: 200, body: orderJson(order, true) };
  }

  #one(order: MarketOrder | undefined): LocalAnswer {
    return order === undefined
      ? { status: 404, body: { code: 40410000, message: 'order not found' } }
      : { status: 200, body: orderJson(order, true) };
  }

  #cancel(id: string): LocalAnswer {
    if (this.market.find(id) === undefined) return this.#one(undefined);
    return this.market.cancel(id)
      ? { status: 204 }
      : { status: 422, body: { code: 42210000, message: 'order is not cancelable' } };
  }

  #patch(id: string, body: Record<string, string>): LocalAnswer {
    const order = this.market.find(id);
    if (order === undefined) return this.#one(undefined);
    if (isEnded(order.status))
      return { status: 422, body: { code: 42210000, message: `order is already in "${order.status}" state` } };
    const next = this.market.replace(id, {
      ...(body['qty'] !== undefined && { qty: micros(body['qty']) }),
      ...(body['stop_price'] !== undefined && { stopPrice: body['stop_price'] }),
      ...(body['limit_price'] !== undefined && { limitPrice: body['limit_price'] }),
      clientOrderId: body['client_order_id'] ?? `auto-${id}`,
    });
    return { status: 200, body: orderJson(next, true) };
  }
}

function orderJson(order: MarketOrder, nested: boolean): Record<string, unknown> {
  return {
    id: order.id, client_order_id: order.clientOrderId, created_at: new Date(order.updatedAt).toISOString(),
    updated_at: new Date(order.updatedAt).toISOString(), asset_class: 'us_equity', symbol: order.symbol, qty: text(order.qty),
    filled_qty: text(order.filled), filled_avg_price: order.filled === 0 ? null : String(order.value / order.filled),
    order_class: order.orderClass, type: order.type, order_type: order.type, side: order.side, time_in_force: order.tif,
    limit_price: order.limitPrice, stop_price: order.stopPrice, status: order.status, replaced_by: order.replacedBy, replaces: order.replaces,
    legs: nested && order.stop !== null ? [orderJson(order.stop, false)] : null,
  }; // prettier-ignore
}

function text(micros: number): string {
  const digits = String(Math.abs(Math.round(micros))).padStart(7, '0');
  return `${micros < 0 ? '-' : ''}${digits.slice(0, -6)}.${digits.slice(-6)}`.replace(/\.?0+$/, '');
}

function micros(value: unknown): number {
  return Math.round(Number(value) * 1e6);
}
