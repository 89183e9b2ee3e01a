/** Which exchanges of ccxt orders are never sent to, and where they are sent: with the real library, and no network (trading.md 8.3). */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { beforeAll, expect, it } from 'vitest';
import { installTestParts } from '../../../../../tools/test-parts.ts';
import { VenueError } from '../venue-error.ts';
import type { CcxtExchange, CcxtModule } from './load-ccxt.ts';
import { openExchange, refuseUnsafe } from './open-exchange.ts';
import { SymbolBook } from './symbol-book.ts';

const PARTS = join(import.meta.dirname, '..', '..', '..', '..', '..', 'e2e', 'parts', 'node_modules', 'ccxt', 'js', 'ccxt.js');
let module: CcxtModule;
beforeAll(async () => {
  installTestParts();
  module = ((await import(pathToFileURL(PARTS).href)) as { default: CcxtModule }).default;
}, 300_000);

const keys = () => ({ keyId: 'key', secret: 'secret' });
const open = (exchange: string, of: { readonly sandbox?: boolean; readonly baseUrl?: string } = {}): CcxtExchange =>
  openExchange(module, { exchange, keys, sandbox: false, timeoutMs: 1_000, ...of });
/** With one spot market more than it was asked for. */
function listing(exchange: string, markets: readonly object[] = [{ id: 'BTCUSDT', symbol: 'BTC/USDT', base: 'BTC', quote: 'USDT', spot: true, type: 'spot' }]): CcxtExchange {
  const opened = open(exchange);
  (opened as unknown as { setMarkets(markets: readonly object[]): void }).setMarkets(markets);
  return opened;
} // prettier-ignore

it('8.3 every address of the exchange leads to the one that is set, its path kept; of the sandbox too', () => {
  const all = (value: unknown): string[] => typeof value === 'string' ? [value] : Object.values(value ?? {}).flatMap(all); // prettier-ignore
  for (const exchange of ['binance', 'bybit', 'kraken', 'mexc']) {
    const before = all(open(exchange).urls.api);
    const after = all(open(exchange, { baseUrl: 'http://127.0.0.1:9/' }).urls.api);
    expect(after).toEqual(before.map((url) => url.replace(/^https:\/\/[^/]+/, 'http://127.0.0.1:9')));
    expect(after.every((url) => url.startsWith('http://127.0.0.1:9'))).toBe(true);
  }
  expect((open('binance', { sandbox: true, baseUrl: 'http://127.0.0.1:9' }).urls.api as { private: string }).private).toBe('http://127.0.0.1:9/api/v3'); // prettier-ignore
});

it('8.3 unknown, lacking and without a sandbox: refused with the reason; twin: outside the sandbox the last one opens', () => {
  expect(() => open('nosuch')).toThrow('ccxt: expected an exchange it knows, was nosuch');
  expect(() => open('constructor')).toThrow('ccxt: expected an exchange it knows, was constructor');
  expect(() => open('bithumb')).toThrow('bithumb cannot be traded live: it lacks fetchMyTrades');
  expect(() => open('kraken', { sandbox: true })).toThrow('kraken has no sandbox');
  expect(open('kraken').id).toBe('kraken');
});

it('8.3 without stops or without our ids nothing is traded; twin: an exchange that denies our unknown id may be', async () => {
  const denies = (): Promise<never> => Promise.reject(new VenueError('gone', 'no such order'));
  const asked = (exchange: CcxtExchange, ask: () => Promise<unknown>): Promise<string | undefined> =>
    refuseUnsafe(exchange, 'BTC/USDT', ask).then(() => undefined, (error: unknown) => (error as VenueError).message); // prettier-ignore
  // ccxt would send a stop of kraken, told by `triggerPrice`, as an order at market.
  expect(await asked(listing('kraken'), denies)).toContain('it takes no stops on BTC/USDT');
  const binance = listing('binance');
  expect(await asked(binance, denies)).toBeUndefined();
  expect(await asked(binance, () => Promise.reject(new VenueError('refused', 'orderId is needed')))).toContain('does not find orders by our ids (orderId is needed)'); // prettier-ignore
  expect(await asked(binance, () => Promise.resolve({ id: '7' }))).toContain('it does not go by our ids');
  // Nobody knows: tried again by the desk.
  expect(await asked(binance, () => Promise.reject(new VenueError('unknown', 'fetch failed')))).toBe('fetch failed');
});

it('8.3 symbols in the spelling of the feed; unknown ones, futures and two quotes are refused', () => {
  const markets = [
    { id: 'BTCUSDT', symbol: 'BTC/USDT', base: 'BTC', quote: 'USDT', spot: true, type: 'spot' },
    { id: 'BTCUSDT', symbol: 'BTC/USDT:USDT', base: 'BTC', quote: 'USDT', settle: 'USDT', spot: false, swap: true, contract: true, type: 'swap' },
    { id: 'ETHEUR', symbol: 'ETH/EUR', base: 'ETH', quote: 'EUR', spot: true, type: 'spot' },
  ]; // prettier-ignore
  const binance = listing('binance', markets);
  for (const symbol of ['BTCUSDT', 'BTC/USDT']) {
    const book = new SymbolBook(binance, [symbol]);
    expect([book.market(symbol).symbol, book.ours('BTC/USDT'), book.quote]).toEqual(['BTC/USDT', symbol, 'USDT']);
    expect(() => book.market('ETHEUR')).toThrow(`expected a symbol of the account (${symbol}), was ETHEUR`);
  }
  expect(() => new SymbolBook(binance, ['NOPE'])).toThrow('symbol NOPE at binance');
  expect(() => new SymbolBook(binance, ['BTC/USDT:USDT'])).toThrow('to be a spot market of binance');
  expect(() => new SymbolBook(binance, ['BTCUSDT', 'ETHEUR'])).toThrow(
    'one quote currency, as an account has one, was USDT, EUR',
  );
});
