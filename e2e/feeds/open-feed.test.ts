/** A feed opened by its name, with addresses and keys of the environment. */
import { Census, Scope } from '@wyckoff/bounded';
import { expect, it } from 'vitest';
import { openFeed } from '../../packages/server/src/feeds/open-feed.ts';
import { AlpacaDataServer, ALPACA_KEY } from './alpaca-data-server.ts';
import { BinanceDataServer } from './binance-data-server.ts';

it.each(['binance', 'alpaca'])('9.1 %s connects to where the environment says, and ends without a trace', async (name) => {
  const server = name === 'alpaca' ? new AlpacaDataServer() : new BinanceDataServer();
  await server.listen();
  const scope = new Scope({ name: 'test', census: new Census() });
  const env = {
    APCA_API_KEY_ID: ALPACA_KEY.id,
    APCA_API_SECRET_KEY: ALPACA_KEY.secret,
    WYCKOFF_ALPACA_DATA_URL: server.url,
    WYCKOFF_ALPACA_STREAM_URL: server.streamUrl,
    WYCKOFF_BINANCE_DATA_URL: server.url,
    WYCKOFF_BINANCE_STREAM_URL: server.streamUrl,
  };
  let connected: () => void = () => undefined;
  const open = new Promise<void>((resolve) => (connected = resolve));
  const onChange = ({ state }: { readonly state: string }): void => {
    if (state === 'CONNECTED') connected();
  };
  const feed = await openFeed(name, { scope, env, take: () => Promise.resolve(), onChange });
  feed.start();
  expect(feed.watch({ symbol: 'SPY', timeframe: '4h' })).toEqual({ ok: true, created: true });
  await open;
  await feed.close();
  expect(feed.status().state).toBe('STOPPED');
  expect((await scope.dispose()).stuck).toEqual([]);
  await server.close();
});

it('without a key Alpaca is refused with the names of the variables', async () => {
  const scope = new Scope({ name: 'test', census: new Census() });
  await expect(openFeed('alpaca', { scope, env: {}, take: () => Promise.resolve() })).rejects.toThrow(/APCA_API_KEY_ID/);
  await scope.dispose();
});
