/** A local crypto exchange in the REST dialect of Binance's spot market, as far as ccxt speaks it, wrong on demand. */
import { LocalHttp, type LocalAnswer, type LocalRequest } from './local-http.ts';
import { Market, type MarketOrder } from './market.ts';

const SYMBOLS: Readonly<Record<string, { base: string; quote: string }>> = { BTCUSDT: { base: 'BTC', quote: 'USDT' } };
const STATUS: Readonly<Record<string, string>> = {
  new: 'NEW', held: 'NEW', partially_filled: 'PARTIALLY_FILLED', filled: 'FILLED', canceled: 'CANCELED', rejected: 'REJECTED', expired: 'EXPIRED', replaced: 'CANCELED',
}; // prettier-ignore
const TYPE: Readonly<Record<string, string>> = {
  market: 'MARKET',
  limit: 'LIMIT',
  stop: 'STOP_LOSS',
  stop_limit: 'STOP_LOSS_LIMIT',
};

export class ExchangeServer {
  readonly market = new Market();
  readonly #http = new LocalHttp((request) => this.#answer(request));

  static async start(): Promise<ExchangeServer> {
    const server = new ExchangeServer();
    await server.#http.listen();
    return server;
  }

  get url(): string {
    return this.#http.url;
  }

  get faults(): LocalHttp['faults'] {
    return this.#http.faults;
  }

  get seen(): readonly string[] {
    return this.#http.seen;
  }

  /** Every connection is cut as it comes. */
  set down(down: boolean) {
    this.#http.down = down;
  }

  stop(): Promise<void> {
    return this.#http.close();
  }

  #answer(request: LocalRequest): LocalAnswer {
    const { method, path } = request;
    const asked = new URLSearchParams([...request.query, ...new URLSearchParams(request.text)]);
    switch (`${method} ${path.replace('/api/v3/', '')}`) {
      case 'GET exchangeInfo':
        return { status: 200, body: { timezone: 'UTC', symbols: Object.entries(SYMBOLS).map(symbolJson) } };
      case 'GET account':
        return { status: 200, body: this.#account() };
      case 'GET ticker/24hr':
      case 'GET ticker/price':
        return {
          status: 200,
          body: {
            symbol: asked.get('symbol'),
            lastPrice: String(this.market.price('BTCUSDT') ?? 0),
            closeTime: this.market.now(),
          },
        };
      case 'POST order':
        return this.#place(asked);
      case 'GET order':
        return this.#one(asked, (order) => orderJson(order));
      case 'DELETE order':
        return this.#one(asked, (order) => (this.market.cancel(order.id) ? orderJson(order) : null));
      case 'GET openOrders':
        return { status: 200, body: this.market.working().map((order) => orderJson(order)) };
      case 'GET myTrades':
        return { status: 200, body: this.#trades(Number(asked.get('startTime') ?? 0)) };
      default:
        return { status: 404, body: { code: -1, msg: `no such path ${path}` } };
    }
  }

  #account(): unknown {
    const held = (this.market.positions.get('BTCUSDT')?.qty ?? 0) / 1e6;
    const balances = [
      { asset: 'USDT', free: String(this.market.cash / 1e6), locked: '0' },
      { asset: 'BTC', free: held.toFixed(6), locked: '0' },
    ];
    return {
      makerCommission: 10,
      takerCommission: 10,
      canTrade: true,
      updateTime: this.market.now(),
      accountType: 'SPOT',
      balances,
    };
  }

  #place(asked: URLSearchParams): LocalAnswer {
    const clientOrderId = asked.get('newClientOrderId') ?? '';
    if (this.market.byClientId(clientOrderId) !== undefined)
      return { status: 400, body: { code: -2010, msg: 'Duplicate order sent.' } };
    const type = (Object.entries(TYPE).find(([, wire]) => wire === asked.get('type'))?.[0] ?? 'market') as MarketOrder['type'];
    const side = asked.get('side') === 'BUY' ? 'buy' : 'sell';
    const qty = Math.round(Number(asked.get('quantity')) * 1e6);
    if (side === 'sell' && qty > (this.market.positions.get('BTCUSDT')?.qty ?? 0))
      return { status: 400, body: { code: -2010, msg: 'Account has insufficient balance for requested action.' } };
    const order = this.market.place({
      clientOrderId, symbol: asked.get('symbol') ?? '', side, type, tif: 'gtc', qty, limitPrice: asked.get('price'), stopPrice: asked.get('stopPrice'),
      orderClass: 'simple', attachedStop: null,
    }); // prettier-ignore
    return { status: 200, body: orderJson(order) };
  }

  #one(asked: URLSearchParams, act: (order: MarketOrder) => unknown): LocalAnswer {
    const order = this.market.byClientId(asked.get('origClientOrderId') ?? '');
    if (order === undefined) return { status: 400, body: { code: -2013, msg: 'Order does not exist.' } };
    const body = act(order);
    return body === null ? { status: 400, body: { code: -2011, msg: 'Unknown order sent.' } } : { status: 200, body };
  }

  #trades(since: number): unknown {
    return this.market.fills
      .filter((fill) => fill.at >= since)
      .map((fill, i) => ({
        symbol: 'BTCUSDT', id: i + 1, orderId: fill.order.id, price: fill.price, qty: (fill.qty / 1e6).toFixed(6), quoteQty: String((fill.qty / 1e6) * Number(fill.price)),
        commission: '0', commissionAsset: 'USDT', time: fill.at, isBuyer: fill.order.side === 'buy', isMaker: false, isBestMatch: true,
      })); // prettier-ignore
  }
}

function symbolJson([symbol, { base, quote }]: [string, { base: string; quote: string }]): unknown {
  return {
    symbol, status: 'TRADING', baseAsset: base, baseAssetPrecision: 8, quoteAsset: quote, quotePrecision: 8, quoteAssetPrecision: 8,
    orderTypes: ['LIMIT', 'MARKET', 'STOP_LOSS', 'STOP_LOSS_LIMIT', 'TAKE_PROFIT', 'TAKE_PROFIT_LIMIT'], icebergAllowed: true, ocoAllowed: true,
    isSpotTradingAllowed: true, isMarginTradingAllowed: false, permissions: ['SPOT'], permissionSets: [['SPOT']],
    filters: [
      { filterType: 'PRICE_FILTER', minPrice: '0.01', maxPrice: '1000000', tickSize: '0.01' },
      { filterType: 'LOT_SIZE', minQty: '0.000001', maxQty: '9000', stepSize: '0.000001' },
    ],
  }; // prettier-ignore
}

function orderJson(order: MarketOrder): unknown {
  return {
    symbol: order.symbol, orderId: order.id, clientOrderId: order.clientOrderId, price: order.limitPrice ?? '0', origQty: (order.qty / 1e6).toFixed(6),
    executedQty: (order.filled / 1e6).toFixed(6), cummulativeQuoteQty: (order.value / 1e6).toFixed(8), status: STATUS[order.status], timeInForce: 'GTC',
    type: TYPE[order.type], side: order.side.toUpperCase(), stopPrice: order.stopPrice ?? '0', time: order.updatedAt, updateTime: order.updatedAt, isWorking: true,
  }; // prettier-ignore
}
