/** The real ccxt library against a local exchange: paged, with faults, closed without a trace. */
import { Census, Scope } from '@wyckoff/bounded';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CcxtHistory } from '../../packages/server/src/feeds/ccxt/ccxt-history.ts';
import { BinanceDataServer } from './binance-data-server.ts';
import { tapeBar } from './tape.ts';

const LIBRARY = join(import.meta.dirname, '../parts/node_modules/ccxt/js/ccxt.js');
const FROM = Date.UTC(2020, 0, 1);
const DAY = 86_400_000;

let server: BinanceDataServer;
let scope: Scope;
beforeEach(async () => {
  server = new BinanceDataServer();
  await server.listen();
  for (let n = 0; n < 1200; n += 1) server.tape.add('BTCUSDT', '1d', tapeBar(FROM, '1d', n));
  scope = new Scope({ name: 'test', census: new Census() });
});
afterEach(async () => {
  await scope.dispose();
  await server.close();
});

function open(exchange = 'binance'): Promise<CcxtHistory> {
  const config = {
    rateLimit: 1,
    urls: { api: { public: `${server.url}/api/v3` } },
    options: { fetchMarkets: ['spot'], fetchMargins: false },
  };
  return CcxtHistory.open({ scope, exchange, config, load: () => import(pathToFileURL(LIBRARY).href) });
}

async function times(history: CcxtHistory, days = 1200): Promise<number[]> {
  const found: number[] = [];
  for await (const { columns } of history.pages({ symbol: 'BTC/USDT', timeframe: '1d', from: FROM, to: FROM + days * DAY })) {
    found.push(...columns.time.subarray(0, columns.length));
  }
  return found;
}

describe('9.1 ccxt itself', () => {
  it('pages through a history, also when the exchange fails in between', async () => {
    const history = await open();
    expect(history.timeframes).toEqual(['1m', '5m', '15m', '30m', '1h', '4h', '1d', '1w']);
    const whole = server.tape.of('BTCUSDT', '1d').map(({ time }) => time);
    expect(await times(history)).toEqual(whole);
    server.faults.push('slow', '500', 'slow', 'reset');
    expect(await times(history)).toEqual(whole);
    await history.close();
  });

  it('HTML and cut JSON are an error, not an empty history; an unknown exchange is named', async () => {
    const history = await open();
    await times(history, 1);
    for (const fault of ['html', 'cut'] as const) {
      server.faults.push(fault);
      // The library itself makes an empty list of both.
      await expect(times(history)).rejects.toThrow(/^DATA_MALFORMED: ccxt:binance: expected JSON/);
    }
    await expect(open('nosuchexchange')).rejects.toThrow(/DATA_UNKNOWN.*nosuchexchange/);
  });
});
