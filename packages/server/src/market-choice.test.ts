/** What a server watches or replays: one symbol or several, with one account over all of them. */
import { describe, expect, it } from 'vitest';
import { ConfigError, readSettings, type SettingsInput } from './settings.ts';

const keysOf = (input: SettingsInput): readonly string[] => {
  try {
    readSettings(input, {});
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.faults.map(({ key }) => key);
    throw error;
  }
};

describe('trading.md 9.4 the symbols of a session', () => {
  it('one symbol has the folder it always had; several have one that no other list has', () => {
    const feed = 'binance';
    const one = readSettings({ feed, symbol: 'btcusdt' }, {});
    expect(one.market?.symbols).toEqual(['BTCUSDT']);
    expect(one.dataDir).toMatch(/data[/\\]binance-BTCUSDT-1d$/);
    const two = readSettings({ feed, symbol: 'ETHUSDT, btcusdt' }, {});
    expect(two.market?.symbols).toEqual(['ETHUSDT', 'BTCUSDT']);
    // The order of asking is no difference.
    expect(two.dataDir).toBe(readSettings({ feed, symbol: 'BTCUSDT,ETHUSDT' }, {}).dataDir);
    const many = Array.from({ length: 50 }, (_, i) => `COIN${i}`);
    const folder = readSettings({ feed, symbol: many.join(',') }, {}).dataDir;
    expect(folder).toMatch(/50-symbols-[0-9a-f]{8}-1d$/);
    expect(readSettings({ feed, symbol: [...many.slice(1), 'COIN50'].join(',') }, {}).dataDir).not.toBe(folder);
  });

  it('C11 a list that takes more than 200 engines, those of the timeframes above included, is refused before anything is opened', () => {
    const list = (length: number): string => Array.from({ length }, (_, i) => `S${i}`).join(',');
    expect(keysOf({ feed: 'binance', symbol: list(100), timeframe: '1d' })).toEqual([]);
    expect(keysOf({ feed: 'binance', symbol: list(101), timeframe: '1d' })).toEqual(['feed.symbol']);
    expect(keysOf({ feed: 'binance', symbol: list(66), timeframe: '1h' })).toEqual([]);
    expect(keysOf({ feed: 'binance', symbol: list(67), timeframe: '1h' })).toEqual(['feed.symbol']);
    expect(keysOf({ feed: 'binance', symbol: 'SPY,SPY' })).toEqual(['feed.symbol']);
    expect(keysOf({ feed: 'binance', symbol: 'SPY,,QQQ' })).toEqual(['feed.symbol']);
  });

  it('files are replayed under their names, or those given in their order', () => {
    const named = readSettings({ input: 'data/aapl.csv,/tmp/ms ft.csv', timeframe: '1h' }, {});
    expect(named.replay).toMatchObject({ symbols: ['AAPL', 'MS-FT'], timeframe: '1h', assetClass: 'STOCK' });
    expect(named.dataDir).toMatch(/replay-AAPL-MS-FT-1h$/);
    expect(readSettings({ input: 'a.csv,b.csv', symbol: 'X,Y' }, {}).replay?.symbols).toEqual(['X', 'Y']);
    expect(keysOf({ input: 'a.csv,b.csv', symbol: 'X' })).toEqual(['replay.symbol']);
    expect(keysOf({ input: 'x/a.csv,y/a.csv' })).toEqual(['replay.symbol']);
    expect(keysOf({ input: 'a.csv', feed: 'binance', symbol: 'A' })).toEqual(['replay.input']);
  });
});
