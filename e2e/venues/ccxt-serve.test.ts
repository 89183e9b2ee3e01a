/** `wyckoff serve --broker ccxt:binance` as a process, the real ccxt leading to a local exchange (issue 4.6, 4.10; trading.md 8.3). */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { drawSeries, TIMEFRAME_MS } from '@wyckoff/domain';
import { installTestParts } from '../../tools/test-parts.ts';
import { sign } from '../../packages/server/src/webhook/signature.ts';
import { BinanceDataServer } from '../feeds/binance-data-server.ts';
import { ExchangeServer } from './exchange-server.ts';
import { hourlyTape, Served } from './served.ts';

const HOUR = TIMEFRAME_MS['1h'];
const SYMBOL = 'BTCUSDT';
const SECRET = 'a secret of the tests, long enough to be one';
const LAST = 300;
const { columns } = drawSeries({ schematic: 'all', seed: 1042, number: 3, bars: 400, noise: 'low' });
const cents = (price: number): number => Number(price.toFixed(2));
const close = cents(columns.close[LAST]);

let folder: string;
let feed: BinanceDataServer;
let exchange: ExchangeServer;
let server: Served | null = null;
beforeAll(async () => {
  installTestParts();
  folder = mkdtempSync(join(tmpdir(), 'wyckoff-ccxt-'));
  feed = new BinanceDataServer();
  await feed.listen();
  exchange = await ExchangeServer.start();
  exchange.market.fillsAtOnce = false;
  for (const one of hourlyTape(columns, LAST, Math.floor(Date.now() / HOUR) * HOUR)) feed.tape.add(SYMBOL, '1h', one);
}, 300_000);
afterEach(async () => {
  await server?.kill('SIGTERM');
  server = null;
});
afterAll(async () => {
  await feed.close();
  await exchange.stop();
  rmSync(folder, { recursive: true, force: true });
});

const serving = (name: string, broker: string, own: Readonly<Record<string, string>> = {}): Served =>
  new Served({
    data: join(folder, name), words: ['--feed', 'binance', '--symbol', SYMBOL, '--timeframe', '1h', '--broker', broker], feed,
    env: { WYCKOFF_CCXT_KEY: 'key', WYCKOFF_CCXT_SECRET: 'the secret of the exchange', WYCKOFF_CCXT_URL: exchange.url, WYCKOFF_WEBHOOK_SECRET: SECRET, ...own },
    // Where a user has installed ccxt.
    cwd: join(import.meta.dirname, '..', 'parts'),
  }); // prettier-ignore

const started = async (): Promise<Served> => {
  const one = serving('live', 'ccxt:binance');
  server = one;
  await one.until('an address', () => one.url !== '');
  await one.until('exchange and stream', async () => (await stateOf(one)) === 'CONNECTED' && feed.subscribedStreams() === 1);
  return one;
};
const stateOf = async (of: Served): Promise<string | undefined> =>
  (await of.health()).feeds.find(({ name }) => name === 'ccxt:binance')?.state;

/** An alert makes a signal whenever it is wanted. */
async function alerted(of: Served): Promise<{ readonly signalId: string; readonly status: string }> {
  const body = JSON.stringify({ symbol: SYMBOL, side: 'buy', timeframe: '1h', entry: cents(close * 0.995), stop: cents(close * 0.96), targets: [cents(close * 1.12)] }); // prettier-ignore
  const timestamp = String(Math.floor(Date.now() / 1_000));
  const headers = { 'content-type': 'application/json', 'x-timestamp': timestamp, 'x-signature': sign(SECRET, timestamp, Buffer.from(body)) }; // prettier-ignore
  return (await (await fetch(`${of.url}/api/v1/tradingview/webhook`, { method: 'POST', body, headers })).json()) as never;
}

it('issue 4.6 8.3 an exchange of ccxt through serve: allowed first, one order through a kill, one stop through a disconnect, flat', async () => {
  const { market } = exchange;
  market.setPrice(SYMBOL, close);
  const before = market.cash;
  let live = await started();
  expect(live.said).toContain('LIVE at ccxt:binance on BTCUSDT 1h of binance');
  const signal = await alerted(live);
  expect(signal).toMatchObject({ status: 'PENDING' });
  const approve = (): Promise<unknown> => live.ask(`/signals/${signal.signalId}/decision`, { decision: 'approve' });
  expect(await approve()).toMatchObject({ code: 'live.not_eligible' });
  const { stepUpToken } = await live.ask<{ stepUpToken: string }>('/auth/step-up', { action: 'setMode', phrase: 'CHANGE MODE' });
  const mode = { action: 'setMode', account: 'live', mode: 'LIVE', confirm: 'LIVE', override: { reason: 'a test of the whole way' } }; // prettier-ignore
  const allowed = await live.ask('/trading/actions', mode, { 'x-step-up': stepUpToken });
  expect(allowed).toMatchObject({ accounts: [{ id: 'live', mode: 'LIVE', permitted: true }] });
  expect(market.orders).toEqual([]);
  expect(await approve()).toMatchObject({ placed: true });
  const entry = await live.until('an order at the exchange', () => market.orders.at(0));

  // Killed between order and fill: adopted once.
  await live.kill('SIGKILL');
  market.fill(entry.id, { price: entry.limitPrice ?? '' });
  live = await started();
  const open = (): Promise<readonly { readonly openQtyMicros: number }[]> => live.items('/positions?status=OPEN&limit=5');
  expect(await live.until('the position', async () => (await open()).length > 0 && (await open()))).toMatchObject([{ openQtyMicros: entry.qty }]); // prettier-ignore
  const [stop] = await live.until('a stop at the exchange', () => market.working(SYMBOL).length > 0 && market.working(SYMBOL));
  expect(stop).toMatchObject({ type: 'stop', side: 'sell', qty: entry.qty, stopPrice: String(cents(close * 0.96)) });
  expect(market.countOf(entry.clientOrderId)).toBe(1);

  exchange.down = true;
  await live.until('the loss of the exchange', async () => (await stateOf(live)) !== 'CONNECTED');
  exchange.down = false;
  await live.until('the exchange again', async () => (await stateOf(live)) === 'CONNECTED');
  expect(market.working(SYMBOL)).toEqual([stop]);

  await live.ask('/trading/halt', { level: 'FLATTEN', confirm: 'FLATTEN', reason: 'the end of the test' });
  await live.until('no position', async () => {
    for (const exit of market.working(SYMBOL).filter(({ type }) => type === 'market')) market.fill(exit.id);
    return (await open()).length === 0;
  });
  expect(market.positions.size).toBe(0);
  expect(market.working(SYMBOL)).toEqual([]);
  expect(market.orders.filter(({ filled }) => filled > 0).map(({ side, filled }) => [side, filled])).toEqual([['buy', entry.qty], ['sell', entry.qty]]); // prettier-ignore
  expect(market.orders.every(({ clientOrderId }) => clientOrderId.startsWith('wx1-'))).toBe(true);
  // The book equals the exchange: each of the two fills is rounded against the account, by a micro at most.
  const [closed] = await live.ask<{ items: { realisedMicros: number }[] }>('/positions?status=CLOSED&limit=5').then(({ items }) => items); // prettier-ignore
  const [account] = await live.ask<{ items: { cashMicros: number }[] }>('/accounts').then(({ items }) => items);
  expect(account.cashMicros - before).toBe(closed.realisedMicros);
  expect([0, 1, 2]).toContain(market.cash - account.cashMicros);
  expect((await live.ask<{ items: unknown[] }>('/positions?limit=5')).items).toHaveLength(1);
  expect(live.said).not.toContain('the secret of the exchange');
}, 180_000);

it('8.3 an exchange that cannot be traded ends the start with 3 and one line that says why', async () => {
  const refused = async (exchangeId: string): Promise<string> => {
    const one = serving(`refused-${exchangeId}`, `ccxt:${exchangeId}`);
    expect(await one.closed, one.said).toBe(3);
    return one.said;
  };
  const [sandbox, lacks] = await Promise.all([refused('kraken'), refused('bithumb')]);
  expect(sandbox).toContain('wyckoff: ccxt: kraken has no sandbox');
  expect(lacks).toContain('wyckoff: ccxt: bithumb cannot be traded live: it lacks fetchMyTrades');
}, 120_000);
