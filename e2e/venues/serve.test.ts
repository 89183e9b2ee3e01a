/** `wyckoff serve` as a process, on local servers that speak Binance and Alpaca: paper and live from the command line to the venue (issue 4.6, 4.10; issue 5.7). */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { drawSeries, TIMEFRAME_MS } from '@wyckoff/domain';
import { BinanceDataServer } from '../feeds/binance-data-server.ts';
import type { TapeBar } from '../feeds/tape.ts';
import { AlpacaServer, KEYS } from './alpaca-server.ts';
import { hourlyTape, Served, type Health, type Item } from './served.ts';

const HOUR = TIMEFRAME_MS['1h'];
const SYMBOL = 'BTCUSDT';
const { columns } = drawSeries({ schematic: 'all', seed: 1042, number: 3, bars: 2600, noise: 'low' });

let folder: string;
let data: BinanceDataServer;
let venue: AlpacaServer;
let server: Served | null = null;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'wyckoff-serve-'));
  data = new BinanceDataServer();
  await data.listen();
  venue = await AlpacaServer.start();
  venue.market.fillsAtOnce = false;
});
afterEach(async () => {
  await server?.kill('SIGTERM');
  server = null;
});
afterAll(async () => {
  await data.close();
  await venue.stop();
  rmSync(folder, { recursive: true, force: true });
});

const serving = (name: string, words: readonly string[]): Served =>
  new Served({
    data: join(folder, name), words, feed: data,
    env: { WYCKOFF_ALPACA_URL: venue.url, APCA_API_KEY_ID: KEYS.keyId, APCA_API_SECRET_KEY: KEYS.secret },
  }); // prettier-ignore

function until<T>(what: string, look: Parameters<typeof Served.prototype.until<T>>[1], ms?: number): Promise<T> {
  if (server === null) throw new Error('expected a server to have been started');
  return server.until(what, look, ms);
}

const started = async (name: string, ...words: readonly string[]): Promise<Served> => {
  server = serving(name, ['--feed', 'binance', '--symbol', SYMBOL, '--timeframe', '1h', ...words]);
  await until('an address', () => server?.url !== '');
  return server;
};

const health = (of: Served): Promise<Health> => of.health();
const items = (of: Served, path: string): Promise<readonly Item[]> => of.items(path);
const tape = (last: number, end: number): readonly TapeBar[] => hourlyTape(columns, last, end);

/** At whose close this drawn series, as hourly bars of a coin, makes an LPS that passes: an entry at a limit. */
const SIGNAL_ROW = 959;

it('1.1 paper: history first, then the stream; a restart back-fills what it missed, and the account kind is on every answer', async () => {
  const now = Math.floor(Date.now() / HOUR) * HOUR;
  const all = tape(420, now);
  for (const one of all.slice(0, 400)) data.tape.add(SYMBOL, '1h', one);
  let paper = await started('paper');
  const count = async (): Promise<number> => (await paper.ask<{ columns: { t: number[] } }>(`/chart?symbol=${SYMBOL}&timeframe=1h&limit=1000`)).columns.t.length; // prettier-ignore
  await until('400 bars', async () => (await count()) === 400);
  expect(paper.said).toContain('PAPER on BTCUSDT 1h of binance');
  await until('a stream', async () => data.subscribedStreams() === 1);
  data.publish(SYMBOL, '1h', all[400]);
  await until('a bar of the stream', async () => (await count()) === 401);
  const answer = await fetch(`${paper.url}/api/v1/auth/session`);
  expect(answer.headers.get('account-kind')).toBe('PAPER');
  expect(await answer.json()).toMatchObject({
    desk: { symbol: SYMBOL, account: { id: 'paper', kind: 'PAPER', broker: 'paper' } },
  });
  expect((await health(paper)).feeds).toMatchObject([
    { name: 'binance', kind: 'FEED', state: expect.stringMatching(/CONNECTED|DEGRADED/) as string },
  ]);
  await paper.kill('SIGKILL');
  for (const one of all.slice(401)) data.tape.add(SYMBOL, '1h', one);
  paper = await started('paper');
  await until('421 bars', async () => (await count()) === 421);
  expect(paper.said).not.toContain(KEYS.secret);
}, 120_000);

it('1.1 4.4 9.4 two symbols on one account: the common past first, whole, then both streams; killed, it catches up with both', async () => {
  const other = 'ETHUSDT';
  const now = Math.floor(Date.now() / HOUR) * HOUR;
  const all = tape(420, now);
  data.tape.of(SYMBOL, '1h').length = 0;
  for (const [row, one] of all.slice(0, 400).entries()) {
    data.tape.add(SYMBOL, '1h', one);
    if (row >= 20) data.tape.add(other, '1h', one);
  }
  const count = async (symbol: string): Promise<number> => (await (server as Served).ask<{ columns: { t: number[] } }>(`/chart?symbol=${symbol}&timeframe=1h&limit=1000`)).columns.t.length; // prettier-ignore
  const counts = async (): Promise<string> => `${await count(SYMBOL)} ${await count(other)}`;
  let paper = await started('two', '--symbol', other);
  await until('the past of both', async () => (await counts()) === '400 380');
  expect(paper.said).toContain('PAPER on BTCUSDT,ETHUSDT 1h of binance');
  await until('both streams', async () => data.subscribedStreams() === 2);
  data.publish(other, '1h', all[400]);
  data.publish(SYMBOL, '1h', all[400]);
  await until('a bar of each', async () => (await counts()) === '401 381');
  expect(await paper.ask('/auth/session')).toMatchObject({
    desk: { symbol: SYMBOL, others: [{ symbol: other, timeframe: '1h', source: 'binance' }], account: { kind: 'PAPER' } },
  });
  await paper.kill('SIGKILL');
  for (const one of all.slice(401)) {
    data.tape.add(SYMBOL, '1h', one);
    data.tape.add(other, '1h', one);
  }
  paper = await started('two', '--symbol', other);
  await until('what was missed', async () => (await counts()) === '421 401');
  // Every instant was whole: nothing came late.
  expect((await paper.ask<{ items: unknown[] }>('/facts?type=input.late&limit=10')).items).toEqual([]);
  await paper.kill('SIGTERM');
  const one = serving('two', ['--feed', 'binance', '--symbol', SYMBOL, '--timeframe', '1h']);
  expect(await one.closed, one.said).toBe(3);
  expect(one.said).toContain('a folder of its own for BTCUSDT 1h paper');
}, 120_000);

it('interface 9: what cannot be is said in one line each and ends with 3, before anything is kept', async () => {
  const wrong = async (words: readonly string[]): Promise<string> => {
    const one = serving('wrong', words);
    expect(await one.closed, one.said).toBe(3);
    return one.said;
  };
  expect(await wrong(['--feed', 'nasdaq', '--symbol', 'SPY'])).toMatch(
    /config\.invalid {2}feed\.feed {2}--feed {2}found "nasdaq"/,
  );
  expect(await wrong(['--feed', 'binance', '--symbol', 'NOPE'])).toMatch(
    /config\.invalid {2}feed\.symbol {2}--symbol {2}found "NOPE"/,
  );
  expect(await wrong(['--feed', 'binance', '--symbol', SYMBOL, '--broker', 'ccxt:kraken'])).toMatch(
    /feeds\.key {2}WYCKOFF_CCXT_KEY {2}found "nothing"/,
  );
  expect(await wrong(['--symbol', SYMBOL])).toMatch(/feed\.symbol {2}--symbol/);
}, 60_000);

it('issue 4.10 8.2 live: refused until it is allowed; one order at the venue through kills, partial fills and a feed that ends', async () => {
  data.tape.of(SYMBOL, '1h').length = 0;
  const end = Math.floor(Date.now() / HOUR) * HOUR + HOUR;
  // The signal's bar is the one that closes with this hour: it is published by hand.
  const all = tape(SIGNAL_ROW, end);
  for (const one of all.slice(0, -1)) data.tape.add(SYMBOL, '1h', one);
  venue.market.setPrice(SYMBOL, columns.close[SIGNAL_ROW]);
  let live = await started('live', '--broker', 'alpaca');
  expect(live.said).toContain('LIVE at alpaca on BTCUSDT 1h of binance');
  await until('the history', () => live.said.includes('history') && data.subscribedStreams() === 1);
  const chart = async (): Promise<number> => (await live.ask<{ columns: { t: number[] } }>(`/chart?symbol=${SYMBOL}&timeframe=1h&limit=1000`)).columns.t.at(-1) ?? 0; // prettier-ignore
  await until('the last bar before', async () => (await chart()) === all[SIGNAL_ROW - 1].time, 60_000);
  expect((await health(live)).feeds).toMatchObject([{ name: 'binance' }, { name: 'alpaca', kind: 'BROKER', state: 'CONNECTED' }]);
  data.publish(SYMBOL, '1h', all[SIGNAL_ROW]);
  const [signal] = await until('a signal that waits', async () => {
    const found = await items(live, '/signals?status=PENDING&limit=5');
    return found.length > 0 && found;
  });
  const approve = (): Promise<{ placed?: boolean; code?: string }> =>
    live.ask(`/signals/${signal.id}/decision`, { decision: 'approve' });
  expect(await approve()).toMatchObject({ code: 'live.not_eligible' });
  const confirmed = await live.ask<{ stepUpToken: string }>('/auth/step-up', { action: 'setMode', phrase: 'CHANGE MODE' });
  const mode = { action: 'setMode', account: 'live', mode: 'LIVE', confirm: 'LIVE' };
  expect(await live.ask('/trading/actions', mode, { 'x-step-up': confirmed.stepUpToken })).toMatchObject({
    code: 'live.not_eligible',
  });
  const allowed = await live.ask('/trading/actions', { ...mode, override: { reason: 'a test of the whole way' } }, { 'x-step-up': confirmed.stepUpToken }); // prettier-ignore
  expect(allowed).toMatchObject({ accounts: [{ id: 'live', mode: 'LIVE', permitted: true }] });
  expect(await items(live, '/accounts')).toMatchObject([{ id: 'live', kind: 'LIVE', broker: 'alpaca', archivedAt: null }]);
  expect(await approve()).toMatchObject({ placed: true });
  const entry = await until('an order at the venue', () => venue.market.orders.find(({ parent }) => parent === null));
  await live.kill('SIGKILL');
  live = await started('live', '--broker', 'alpaca');
  await until('the venue again', async () =>
    (await health(live)).feeds.some(({ name, state }) => name === 'alpaca' && state === 'CONNECTED'),
  );
  expect(venue.market.countOf(entry.clientOrderId)).toBe(1);
  const price = entry.limitPrice ?? '';
  venue.market.fill(entry.id, { qty: Math.floor(entry.qty / 2), price });
  const half = await until('half a position', async () => (await items(live, '/positions?status=OPEN&limit=5')).at(0));
  expect(half.openQtyMicros).toBe(Math.floor(entry.qty / 2));
  await live.kill('SIGKILL');
  venue.market.fill(entry.id, { price });
  data.drop();
  live = await started('live', '--broker', 'alpaca');
  const whole = await until('the whole position', async () =>
    (await items(live, '/positions?status=OPEN&limit=5')).find(({ openQtyMicros }) => openQtyMicros >= entry.qty - 1)); // prettier-ignore
  expect(whole.id).toBe(half.id);
  expect(venue.market.countOf(entry.clientOrderId)).toBe(1);
  await until('a working stop', () => {
    // Parts are rounded up each by itself: what is too much by that is trimmed at market.
    for (const trim of venue.market.working(SYMBOL).filter(({ type }) => type === 'market'))
      venue.market.fill(trim.id, { price });
    return venue.market.working(SYMBOL).some(({ type, side }) => type === 'stop' && side !== entry.side);
  });
  const risk = await live.ask<{ heatRatio: number; limits: { useRatio: number }[] }>('/risk');
  expect(risk.heatRatio).toBeGreaterThan(0);
  expect(risk.limits.every(({ useRatio }) => useRatio <= 1)).toBe(true);
  await live.ask('/trading/halt', { level: 'FLATTEN', confirm: 'FLATTEN', reason: 'the end of the test' });
  await until('no position', async () => {
    for (const exit of venue.market.working(SYMBOL).filter(({ type }) => type === 'market'))
      venue.market.fill(exit.id, { price: String(columns.close[SIGNAL_ROW]) });
    return (await items(live, '/positions?status=OPEN&limit=5')).length === 0;
  });
  // However late the account obeyed, and whoever was asked first: sold once, under names of ours, and the book knows it.
  expect(venue.market.positions.size).toBe(0);
  expect(venue.market.countOf(entry.clientOrderId)).toBe(1);
  const sold = venue.market.orders.filter(({ side, filled }) => side !== entry.side && filled > 0);
  expect(sold.reduce((sum, { filled }) => sum + filled, 0)).toBe(entry.filled);
  expect(sold.every(({ clientOrderId }) => clientOrderId.startsWith('wx1-'))).toBe(true);
}, 180_000);

it('ST-5 ST-7 a file of events is read at the start and again when it changes', async () => {
  const file = join(folder, 'events.csv');
  writeFileSync(file, 'time,kind,subject\n2026-11-26T13:30:00Z,CPI,USD\nnonsense\n');
  const paper = await started('paper', '--calendar', file);
  await until('the problem of its third line', () => paper.said.includes('line 3'));
  const told = async (): Promise<number> => (await paper.ask<{ items: { data: { command?: { kind: string } } }[] }>('/facts?type=input.command&limit=200')).items.filter(({ data: { command } }) => command?.kind === 'setCalendar').length; // prettier-ignore
  expect(await told()).toBe(1);
  writeFileSync(file, 'time,kind,subject\n2026-11-27T13:30:00Z,CPI,USD\n');
  await until('another reading', async () => (await told()) === 2);
}, 60_000);
