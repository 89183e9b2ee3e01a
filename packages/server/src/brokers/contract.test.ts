/** The contract every adapter keeps, over the real protocol of each. */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Census, Scope } from '@wyckoff/bounded';
import { COST_MODELS, tradedInstrument } from '@wyckoff/domain';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { AlpacaServer, KEYS } from '../../../../e2e/venues/alpaca-server.ts';
import { ExchangeServer } from '../../../../e2e/venues/exchange-server.ts';
import type { FaultList } from '../../../../e2e/venues/faults.ts';
import type { Market } from '../../../../e2e/venues/market.ts';
import { installTestParts } from '../../../../tools/test-parts.ts';
import { AlpacaBroker } from './alpaca/alpaca-broker.ts';
import type { Broker, BrokerEvent } from './broker.ts';
import { CcxtBroker } from './ccxt/ccxt-broker.ts';
import type { CcxtExchange, CcxtModule } from './ccxt/load-ccxt.ts';
import { approve } from '../../../domain/src/risk/approved-order.ts';
import { clear, type Cleared } from './clearance.ts';
import { PaperBroker } from './paper/paper-broker.ts';
import type { OrderRequest } from './venue-order.ts';

interface Venue {
  readonly broker: Broker;
  readonly symbol: string;
  /** Faults of its protocol; null: it has none to go wrong. */
  readonly faults: FaultList | null;
  /** What a second part at 99.5 of an order at 100 pays. */
  readonly secondPrice: number;
  /** The market trades at a price. */
  reach(price: number): void;
  /** So much of an order is filled, at a price or at its own. */
  part(clientId: string, qtyMicros: number, price: number): void;
  /** Orders the venue ever took under an id; under any when absent. */
  count(clientId?: string): number;
  /** What it was sent of an order; null: nothing was sent anywhere. */
  sent(clientId: string): { readonly qty: number; readonly limitPrice: string | null } | null;
  stop(): Promise<void>;
}

const overMarket = (market: Market, wire: string): Omit<Venue, 'broker' | 'faults' | 'symbol' | 'stop'> => ({
  secondPrice: 99.5,
  reach: (price) => market.setPrice(wire, price),
  part: (clientId, qty, price) => void market.fill(market.byClientId(clientId)!.id, { qty, price: String(price) }),
  count: (clientId) => (clientId === undefined ? market.orders.length : market.countOf(clientId)),
  sent: (clientId) => market.byClientId(clientId) ?? null,
});

const ROOT = join(import.meta.dirname, '..', '..', '..', '..');

async function ccxtFromParts(): Promise<CcxtModule> {
  const { default: module } = (await import(pathToFileURL(join(ROOT, 'e2e/parts/node_modules/ccxt/js/ccxt.js')).href)) as {
    default: CcxtModule;
  };
  return module;
}

const VENUES: Record<string, (scope: Scope) => Promise<Venue>> = {
  paper: async (scope) => {
    const instrument = tradedInstrument({ symbol: 'SPY', assetClass: 'CRYPTO' });
    const options = {
      scope,
      instrument,
      costs: COST_MODELS.zero,
      cashMicros: 100_000_000_000,
      participationCap: 1,
      now: Date.now,
    };
    const broker = new PaperBroker(options);
    let time = 0;
    const meet = (price: number, volume: number): void =>
      broker.meet({ time: (time += 60_000), open: price, high: price, low: price, close: price, volume });
    return {
      broker,
      symbol: 'SPY',
      faults: null,
      secondPrice: 100,
      reach: (price) => meet(price, 1_000_000),
      part: (_, qtyMicros, price) => meet(price, qtyMicros / 1e6),
      count: () => 0,
      sent: () => null,
      stop: async () => undefined,
    };
  },
  alpaca: async (scope) => {
    const server = await AlpacaServer.start();
    const broker = new AlpacaBroker({
      scope,
      baseUrl: server.url,
      keys: () => KEYS,
      timeoutMs: 200,
      perMinute: 60_000,
      pollMs: 50,
    });
    return { ...overMarket(server.market, 'SPY'), broker, faults: server.faults, symbol: 'SPY', stop: () => server.stop() };
  },
  ccxt: async (scope) => {
    const server = await ExchangeServer.start();
    const broker = new CcxtBroker({
      scope, exchange: 'binance', keys: () => ({ keyId: 'key', secret: 'secret' }), sandbox: false, symbols: ['BTC/USDT'], timeoutMs: 200, pollMs: 50,
      options: { fetchMarkets: { types: ['spot'] }, fetchMargins: false, fetchCurrencies: false, adjustForTimeDifference: false },
      load: ccxtFromParts,
      prepare: (exchange) => leadTo(exchange, server.url),
    }); // prettier-ignore
    return {
      ...overMarket(server.market, 'BTCUSDT'),
      broker,
      faults: server.faults,
      symbol: 'BTC/USDT',
      stop: () => server.stop(),
    };
  },
};

function leadTo(exchange: CcxtExchange, url: string): void {
  const urls = (exchange as unknown as { urls: { api: Record<string, string> } }).urls.api;
  for (const name of Object.keys(urls)) urls[name] = `${url}/api/v3`;
  Object.assign(exchange.has, { fetchCurrencies: false });
  Object.assign(exchange, { rateLimit: 1, enableRateLimit: false });
}

beforeAll(() => installTestParts(), 300_000);

describe.each(Object.entries(VENUES))('8.3 the contract of a broker: %s', (_, open) => {
  let scope: Scope;
  let venue: Venue;
  const events: BrokerEvent[] = [];
  const request = (clientId: string, of: Partial<OrderRequest> = {}): OrderRequest => ({
    clientId, symbol: venue.symbol, side: 'BUY', type: 'LIMIT', qtyMicros: 2_000_000, limitPrice: 100, stopPrice: null, tickSize: 0.01, tif: 'GTC', attached: null, ...of,
  }); // prettier-ignore
  /** As the gate would: an entry with the risk desk's approval. */
  const cleared = (clientId: string, of: Partial<OrderRequest> = {}): Cleared => {
    const asked = request(clientId, of);
    const { attached, qtyMicros, tickSize, ...terms } = asked;
    expect([attached, tickSize]).toEqual([null, 0.01]);
    const approved = approve({
      ...terms, orderId: clientId, signalId: clientId, leg: 'ENTRY', intent: 'OPEN', steps: qtyMicros, validBars: null,
      protection: { stopPrice: 1, targets: [], maxRiskMicros: 1e12 }, reason: null, replaces: null,
    }); // prettier-ignore
    return clear(asked, { opens: true, lastLook: async () => null, signalId: clientId, approved });
  };
  const closing = (clientId: string, of: Partial<OrderRequest>): Cleared =>
    clear(request(clientId, { side: 'SELL', ...of }), { opens: false, lastLook: async () => null, signalId: 'wx1-in' });
  /** In and filled. */
  const enter = async (): Promise<void> => {
    venue.reach(100);
    await venue.broker.place(cleared('wx1-in', { type: 'MARKET', limitPrice: null, tif: 'GTC' }));
    venue.reach(100);
  };
  const until = async (isSo: () => boolean | Promise<boolean>): Promise<void> => {
    for (let i = 0; i < 3_000 && !(await isSo()); i += 1) await new Promise((resolve) => setTimeout(resolve, 1));
    expect(await isSo()).toBe(true);
  };
  const kindOf = (promise: Promise<unknown>): Promise<unknown> =>
    promise.then(
      () => 'fine',
      (error: unknown) => (error as { kind?: string }).kind,
    );

  beforeEach(async () => {
    scope = new Scope({ name: 'contract', census: new Census() });
    venue = await open(scope);
    events.length = 0;
    venue.broker.onEvent((event) => events.push(event));
    await venue.broker.connect();
  });
  afterEach(async () => {
    await scope.dispose();
    await venue.stop();
  });

  test('connects once, reads its account, and disconnects to nothing', async () => {
    const { broker } = venue;
    await broker.connect();
    await until(() => broker.state === 'CONNECTED');
    expect(await broker.account()).toMatchObject({ cashMicros: 100_000_000_000, blocked: false });
    await broker.disconnect();
    expect(broker.state).toBe('DISCONNECTED');
    expect(await kindOf(broker.account())).toBe('unsent');
    await broker.connect();
    await until(() => broker.state === 'CONNECTED');
  });

  test('places once, finds by our id, denies what it does not know', async () => {
    const { broker } = venue;
    const placed = await broker.place(cleared('wx1-a'));
    expect(placed).toMatchObject({
      clientId: 'wx1-a',
      state: 'ACCEPTED',
      qtyMicros: 2_000_000,
      filledQtyMicros: 0,
      limitPrice: 100,
    });
    expect(await broker.getOrder('wx1-a')).toMatchObject({ clientId: 'wx1-a', brokerId: placed.brokerId, symbol: venue.symbol });
    expect(await broker.getOrder('wx1-nobody')).toBeNull();
    expect(['duplicate', 'refused']).toContain(await kindOf(broker.place(cleared('wx1-a'))));
    if (venue.faults !== null) expect(venue.count('wx1-a')).toBe(1);
    expect((await broker.openOrders()).map((order) => order.clientId)).toEqual(['wx1-a']);
  });

  test('TR-11 takes nothing that was not cleared, and sends nothing that is held at the last look', async () => {
    const { broker } = venue;
    expect(await kindOf(broker.place({ request: request('wx1-a'), opens: true, spend: async () => undefined } as never))).toBe(
      'held',
    );
    expect(await kindOf(broker.place(clear(request('wx1-a'), { opens: true, lastLook: async () => 'KILL_SWITCH' })))).toBe(
      'held',
    );
    expect(venue.count()).toBe(0);
    expect(await broker.getOrder('wx1-a')).toBeNull();
  });

  test('fills in parts, exact; says so by itself; positions and cash follow', async () => {
    const { broker } = venue;
    await until(() => broker.state === 'CONNECTED');
    await broker.place(cleared('wx1-a', { qtyMicros: 3_000_001 - 1 }));
    const before = events.length;
    venue.reach(101);
    venue.part('wx1-a', 1_000_000, 100);
    await until(() => events.length > before);
    expect(await broker.getOrder('wx1-a')).toMatchObject({
      state: 'PARTIALLY_FILLED',
      filledQtyMicros: 1_000_000,
      averagePrice: 100,
    });
    venue.part('wx1-a', 2_000_000, 99.5);
    await until(async () => (await broker.getOrder('wx1-a'))?.state === 'FILLED');
    const fills = (await broker.fillsSince(0)).map((fill) => [fill.clientId, fill.qtyMicros, fill.price]);
    expect(fills).toEqual([['wx1-a', 1_000_000, 100], ['wx1-a', 2_000_000, venue.secondPrice]]); // prettier-ignore
    expect(await broker.positions()).toMatchObject([{ symbol: venue.symbol, qtyMicros: 3_000_000 }]);
    expect((await broker.account()).cashMicros).toBe(100_000_000_000 - 100_000_000 - 2_000_000 * venue.secondPrice);
  });

  test('a stop works at the venue and can be cancelled; cancelling twice is no failure', async () => {
    const { broker } = venue;
    await enter();
    await broker.place(closing('wx1-stop', { type: 'STOP', limitPrice: null, stopPrice: 95 }));
    expect(await broker.getOrder('wx1-stop')).toMatchObject({ state: 'ACCEPTED', stopPrice: 95, type: 'STOP', armed: true });
    await broker.cancel('wx1-stop');
    await until(async () => (await broker.getOrder('wx1-stop'))?.state === 'CANCELLED');
    expect(await kindOf(broker.cancel('wx1-stop'))).toBe('fine');
    expect(await kindOf(broker.cancel('wx1-nobody'))).toBe('gone');
  });

  test('changes a working order in place where it says it can', async () => {
    const { broker } = venue;
    await enter();
    await broker.place(closing('wx1-stop', { type: 'STOP', limitPrice: null, stopPrice: 95 }));
    const change = broker.replace('wx1-stop', { stopPrice: 96, qtyMicros: 1_000_000, tickSize: 0.01 });
    if (!broker.capabilities.replace) {
      expect(await kindOf(change)).toBe('refused');
      return;
    }
    await change;
    await broker.replace('wx1-stop', { stopPrice: 97, tickSize: 0.01 });
    expect(await broker.getOrder('wx1-stop')).toMatchObject({ stopPrice: 97, qtyMicros: 1_000_000, state: 'ACCEPTED' });
    expect((await broker.openOrders()).map((order) => order.clientId)).toEqual(['wx1-stop']);
  });

  test('pairs of target and stop, where it says it can', async () => {
    const { broker } = venue;
    await enter();
    const pair = closing('wx1-t', { limitPrice: 110, attached: { kind: 'OCO', stopPrice: 95 } });
    if (!broker.capabilities.oco) {
      expect(await kindOf(broker.placeOco(pair))).toBe('refused');
      return;
    }
    expect(await broker.placeOco(pair)).toMatchObject({ attached: { clientId: 'wx1-t:stop', stopPrice: 95, armed: true } });
    venue.reach(111);
    expect(await broker.getOrder('wx1-t')).toMatchObject({ state: 'FILLED', attached: { state: 'CANCELLED' } });
  });

  test.each([
    ['hang-before', 'unknown'], ['hang-after', 'unknown'], ['reset-after', 'unknown'], ['500-after', 'unknown'], ['html', 'unknown'], ['garbage', 'unknown'], ['429', 'unsent'],
  ] as const)('%s of a sending is "%s", where there is a network between', async (kind, expected) => {
    venue.faults?.add({ kind, method: 'POST' });
    expect(await kindOf(venue.broker.place(cleared('wx1-a')))).toBe(venue.faults === null ? 'fine' : expected);
  }); // prettier-ignore

  test('closes everything', async () => {
    const { broker } = venue;
    await enter();
    await broker.place(cleared('wx1-more', { limitPrice: 90 }));
    expect(await broker.closeAll()).toMatchObject([{ symbol: venue.symbol, state: 'CLOSING' }]);
    venue.reach(100);
    await until(async () => (await broker.positions()).length === 0 && (await broker.openOrders()).length === 0);
  });

  test('7.2 numbers leave as exact decimals, beside the tick they stay', async () => {
    const { broker } = venue;
    await broker.place(cleared('wx1-a', { qtyMicros: 1_234_567, limitPrice: 0.1 + 0.2 }));
    const sent = venue.sent('wx1-a');
    if (sent !== null) expect([sent.qty, Number(sent.limitPrice)]).toEqual([1_234_567, 0.3]);
    expect((await broker.getOrder('wx1-a'))?.qtyMicros).toBe(1_234_567);
    expect(await kindOf(broker.place(cleared('wx1-b', { limitPrice: 100.005 })))).toBe('held');
  });
});

test('ccxt that is not installed says how to install it', async () => {
  await using scope = new Scope({ name: 'none', census: new Census() });
  const broker = new CcxtBroker({
    scope,
    exchange: 'binance',
    keys: () => ({ keyId: '', secret: '' }),
    sandbox: true,
    symbols: ['BTC/USDT'],
  });
  await expect(broker.connect()).rejects.toThrow('npm install ccxt@4.5.84');
  expect(broker.state).toBe('STOPPED');
});
