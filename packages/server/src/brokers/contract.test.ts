/** The contract every adapter keeps, over the real protocol of each. */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Census, Scope } from '@wyckoff/bounded';
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
import { clear, type Cleared } from './clearance.ts';
import type { OrderRequest } from './venue-order.ts';

interface Venue {
  readonly broker: Broker;
  readonly market: Market;
  readonly faults: FaultList;
  readonly symbol: string;
  /** As the venue spells it. */
  readonly wire: string;
  stop(): Promise<void>;
}

const ROOT = join(import.meta.dirname, '..', '..', '..', '..');

async function ccxtFromParts(): Promise<CcxtModule> {
  const { default: module } = (await import(pathToFileURL(join(ROOT, 'e2e/parts/node_modules/ccxt/js/ccxt.js')).href)) as {
    default: CcxtModule;
  };
  return module;
}

const VENUES: Record<string, (scope: Scope) => Promise<Venue>> = {
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
    return { broker, market: server.market, faults: server.faults, symbol: 'SPY', wire: 'SPY', stop: () => server.stop() };
  },
  ccxt: async (scope) => {
    const server = await ExchangeServer.start();
    const broker = new CcxtBroker({
      scope, exchange: 'binance', keys: () => ({ keyId: 'key', secret: 'secret' }), sandbox: false, symbols: ['BTC/USDT'], quote: 'USDT', timeoutMs: 200, pollMs: 50,
      options: { fetchMarkets: { types: ['spot'] }, fetchMargins: false, fetchCurrencies: false, adjustForTimeDifference: false },
      load: ccxtFromParts,
      prepare: (exchange) => leadTo(exchange, server.url),
    }); // prettier-ignore
    return {
      broker,
      market: server.market,
      faults: server.faults,
      symbol: 'BTC/USDT',
      wire: 'BTCUSDT',
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
  const cleared = (clientId: string, of: Partial<OrderRequest> = {}): Cleared =>
    clear(request(clientId, of), { opens: true, lastLook: async () => null });
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
    const { broker, market } = venue;
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
    expect(market.countOf('wx1-a')).toBe(1);
    expect((await broker.openOrders()).map((order) => order.clientId)).toEqual(['wx1-a']);
  });

  test('TR-11 takes nothing that was not cleared, and sends nothing that is held at the last look', async () => {
    const { broker, market } = venue;
    expect(await kindOf(broker.place({ request: request('wx1-a'), opens: true, spend: async () => undefined } as never))).toBe(
      'held',
    );
    expect(await kindOf(broker.place(clear(request('wx1-a'), { opens: true, lastLook: async () => 'KILL_SWITCH' })))).toBe(
      'held',
    );
    expect(market.orders).toEqual([]);
  });

  test('fills in parts, exact; says so by itself; positions and cash follow', async () => {
    const { broker, market } = venue;
    await until(() => broker.state === 'CONNECTED');
    await broker.place(cleared('wx1-a', { qtyMicros: 3_000_001 - 1 }));
    const before = events.length;
    market.setPrice(venue.wire, 101);
    const order = market.byClientId('wx1-a')!;
    market.fill(order.id, { qty: 1_000_000, price: '100' });
    await until(() => events.length > before);
    expect(await broker.getOrder('wx1-a')).toMatchObject({
      state: 'PARTIALLY_FILLED',
      filledQtyMicros: 1_000_000,
      averagePrice: 100,
    });
    market.fill(order.id, { price: '99.5' });
    await until(async () => (await broker.getOrder('wx1-a'))?.state === 'FILLED');
    expect((await broker.fillsSince(0)).map((fill) => [fill.clientId, fill.qtyMicros, fill.price])).toEqual([['wx1-a', 1_000_000, 100], ['wx1-a', 2_000_000, 99.5]]); // prettier-ignore
    expect(await broker.positions()).toMatchObject([{ symbol: venue.symbol, qtyMicros: 3_000_000 }]);
    expect((await broker.account()).cashMicros).toBe(100_000_000_000 - 299_000_000);
  });

  test('a stop works at the venue and can be cancelled; cancelling twice is no failure', async () => {
    const { broker, market } = venue;
    market.setPrice(venue.wire, 100);
    await broker.place(cleared('wx1-in', { type: 'MARKET', limitPrice: null, tif: 'DAY' }));
    await broker.place(
      clear(request('wx1-stop', { side: 'SELL', type: 'STOP', limitPrice: null, stopPrice: 95 }), {
        opens: false,
        lastLook: async () => null,
      }),
    );
    expect(await broker.getOrder('wx1-stop')).toMatchObject({ state: 'ACCEPTED', stopPrice: 95, type: 'STOP', armed: true });
    await broker.cancel('wx1-stop');
    await until(async () => (await broker.getOrder('wx1-stop'))?.state === 'CANCELLED');
    expect(await kindOf(broker.cancel('wx1-stop'))).toBe('fine');
    expect(await kindOf(broker.cancel('wx1-nobody'))).toBe('gone');
  });

  test('changes a working order in place where it says it can', async () => {
    const { broker, market } = venue;
    market.setPrice(venue.wire, 100);
    await broker.place(cleared('wx1-in', { type: 'MARKET', limitPrice: null, tif: 'DAY' }));
    await broker.place(
      clear(request('wx1-stop', { side: 'SELL', type: 'STOP', limitPrice: null, stopPrice: 95 }), {
        opens: false,
        lastLook: async () => null,
      }),
    );
    const change = broker.replace('wx1-stop', { stopPrice: 96, qtyMicros: 1_000_000, tickSize: 0.01 });
    if (!broker.capabilities.replace) {
      expect(await kindOf(change)).toBe('refused');
      return;
    }
    await change;
    await broker.replace('wx1-stop', { stopPrice: 97, tickSize: 0.01 });
    expect(await broker.getOrder('wx1-stop')).toMatchObject({
      clientId: 'wx1-stop',
      stopPrice: 97,
      qtyMicros: 1_000_000,
      state: 'ACCEPTED',
    });
    expect(market.working()).toHaveLength(1);
  });

  test('pairs of target and stop, where it says it can', async () => {
    const { broker, market } = venue;
    market.setPrice(venue.wire, 100);
    await broker.place(cleared('wx1-in', { type: 'MARKET', limitPrice: null, tif: 'DAY' }));
    const pair = clear(request('wx1-t', { side: 'SELL', limitPrice: 110, attached: { kind: 'OCO', stopPrice: 95 } }), {
      opens: false,
      lastLook: async () => null,
    });
    if (!broker.capabilities.oco) {
      expect(await kindOf(broker.placeOco(pair))).toBe('refused');
      return;
    }
    expect(await broker.placeOco(pair)).toMatchObject({ attached: { clientId: 'wx1-t:stop', stopPrice: 95, armed: true } });
    market.setPrice(venue.wire, 111);
    expect(await broker.getOrder('wx1-t')).toMatchObject({ state: 'FILLED', attached: { state: 'CANCELLED' } });
  });

  test.each([
    ['hang-before', 'unknown'], ['hang-after', 'unknown'], ['reset-after', 'unknown'], ['500-after', 'unknown'], ['html', 'unknown'], ['garbage', 'unknown'], ['429', 'unsent'],
  ] as const)('%s of a sending is "%s"', async (kind, expected) => {
    venue.faults.add({ kind, method: 'POST' });
    expect(await kindOf(venue.broker.place(cleared('wx1-a')))).toBe(expected);
  }); // prettier-ignore

  test('closes everything', async () => {
    const { broker, market } = venue;
    market.setPrice(venue.wire, 100);
    await broker.place(cleared('wx1-in', { type: 'MARKET', limitPrice: null, tif: 'DAY' }));
    await broker.place(cleared('wx1-more', { limitPrice: 90 }));
    expect(await broker.closeAll()).toMatchObject([{ symbol: venue.symbol, state: 'CLOSING' }]);
    await until(() => market.positions.size === 0 && market.working().length === 0);
  });

  test('7.2 numbers leave as exact decimals', async () => {
    const { broker, market } = venue;
    await broker.place(cleared('wx1-a', { qtyMicros: 1_234_567, limitPrice: 0.1 + 0.2 }));
    expect(market.byClientId('wx1-a')).toMatchObject({ qty: 1_234_567 });
    expect(Number(market.byClientId('wx1-a')?.limitPrice)).toBe(0.3);
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
    symbols: [],
    quote: 'USDT',
  });
  await expect(broker.connect()).rejects.toThrow('npm install ccxt@4.5.84');
  expect(broker.state).toBe('STOPPED');
});
