/** What every live feed keeps, whatever the venue and whatever the network does: closed bars, each once, in order, none missing. */
import { afterEach, describe, expect, it } from 'vitest';
import { FeedBench, START, SYMBOL, VENUES, type BenchOptions, type Venue } from './feed-bench.ts';
import { binanceDialect } from '../../packages/server/src/feeds/binance/binance-dialect.ts';
import { AlpacaDataServer, ALPACA_KEY } from './alpaca-data-server.ts';
import type { RestFault } from './data-server.ts';
import { tapeBar } from './tape.ts';
import { realTurn } from './virtual-time.ts';
import { seeded } from '../support/seeded.ts';

const SERIES = { symbol: SYMBOL, timeframe: '1m' } as const;
const STREAMING = VENUES.filter((venue) => venue !== 'ccxt');
const MINUTE = 60_000;

let bench: FeedBench;
afterEach(() => bench.end());

async function begin(venue: Venue, options: BenchOptions = {}, after: number | null = START - MINUTE): Promise<void> {
  bench = await FeedBench.open(venue, options);
  bench.feed.start();
  expect(bench.feed.watch(SERIES, after)).toEqual({ ok: true, created: true });
  await bench.subscribed();
}

/** The bars of the tape that must have been handed over, and nothing else, in this order. */
function expectTape(): void {
  const tape = bench.server.tape.of(SYMBOL, '1m');
  expect(bench.times()).toEqual(tape.map(({ time }) => time));
  expect(bench.closes()).toEqual(tape.map(({ close }) => close));
}

describe.each(VENUES)('the contract of a feed: %s', (venue) => {
  it('9.3 closed bars come once and in order, open ones only as forming', async () => {
    await begin(venue);
    for (let n = 0; n < 5; n += 1) {
      if (venue === 'binance') bench.server.tell(SYMBOL, '1m', { ...bench.bar(n), close: 100.1 }, 'forming');
      await bench.close(n);
    }
    await bench.handed(5);
    expectTape();
    expect(bench.batches.every(({ missing }) => missing === 0)).toBe(true);
    if (venue === 'binance') expect(bench.forming.length).toBeGreaterThan(0);
  });

  it('9.3 what closed before it began to listen is fetched first', async () => {
    bench = await FeedBench.open(venue);
    for (let n = -400; n < 0; n += 1) bench.server.tape.add(SYMBOL, '1m', tapeBar(START, '1m', n));
    bench.feed.start();
    bench.feed.watch(SERIES, START - 401 * MINUTE);
    await bench.subscribed();
    await bench.handed(400);
    await bench.close(0);
    await bench.handed(401);
    expectTape();
  });

  it('a series without a past begins with the next bar that closes', async () => {
    bench = await FeedBench.open(venue);
    for (let n = -5; n < 0; n += 1) bench.server.tape.add(SYMBOL, '1m', tapeBar(START, '1m', n));
    bench.feed.start();
    bench.feed.watch(SERIES);
    await bench.subscribed();
    await bench.close(0);
    await bench.handed(1);
    expect(bench.times()).toEqual([START]);
  });

  it('9.3 a cut in the middle: the missed interval is fetched before the stream goes on, no gap, no double', async () => {
    await begin(venue);
    await bench.close(0);
    await bench.handed(1);
    bench.server.drop();
    for (let n = 1; n < 4; n += 1) bench.server.tape.add(SYMBOL, '1m', bench.bar(n));
    await bench.reach(START + 4 * MINUTE + 5);
    await bench.subscribed();
    for (let n = 4; n < 7; n += 1) await bench.close(n);
    await bench.handed(7);
    expectTape();
    expect(bench.batches.every(({ missing }) => missing === 0)).toBe(true);
  });

  it.each([
    '429',
    '500',
    'reset',
    'html',
    'cut',
    'reverse',
    'duplicate',
    'overlap',
    'nan',
    'slow',
    'hang',
  ] as const satisfies readonly RestFault[])('a back-fill that meets %s ends whole', async (fault) => {
    bench = await FeedBench.open(venue);
    for (let n = -20; n < 0; n += 1) bench.server.tape.add(SYMBOL, '1m', tapeBar(START, '1m', n));
    bench.server.faults.push(fault, ...(venue === 'ccxt' && fault === 'hang' ? [] : [fault]));
    if (venue === 'ccxt' && fault === 'hang') bench.server.faults.length = 0;
    bench.feed.start();
    bench.feed.watch(SERIES, START - 21 * MINUTE);
    await bench.handed(20);
    await bench.subscribed();
    await bench.close(0);
    await bench.handed(21);
    expectTape();
    if (fault === 'nan') expect(bench.refused).toContain('BAR_VALUE');
    if (fault === 'html' || fault === 'cut') expect(bench.faults.length).toBeGreaterThan(0);
  });

  it('BAR_GAP a bar nobody has is said to be missing, and not made up', async () => {
    await begin(venue);
    await bench.close(0);
    await bench.handed(1);
    await bench.close(3);
    await bench.handed(2);
    expect(bench.times()).toEqual([START, START + 3 * MINUTE]);
    expect(bench.batches.map(({ missing }) => missing)).toEqual([0, 2]);
  });

  it('C8 a slow taker: nothing piles up above the bound, nothing is lost', async () => {
    bench = await FeedBench.open(venue, { outCapacity: 2 });
    let release: () => void = () => undefined;
    bench.hold = new Promise((resolve) => {
      release = resolve;
    });
    bench.feed.start();
    bench.feed.watch(SERIES, START - MINUTE);
    await bench.subscribed();
    for (let n = 0; n < 100; n += 1) await bench.close(n);
    const rows = ['server.feeds.out', 'server.feeds.waiting'].map((name) => bench.census.row(name));
    for (const row of rows) expect(row?.highWater).toBeLessThanOrEqual(row?.capacity ?? 0);
    expect(bench.batches).toHaveLength(0);
    bench.hold = null;
    release();
    await bench.time.until(() => bench.times().length >= 100, { stepMs: 200 });
    expectTape();
    expect(bench.census.audit()).toEqual([]);
  });

  it('M12 what is unwatched is forgotten; the 201st series is refused with its reason', async () => {
    bench = await FeedBench.open(venue);
    bench.feed.start();
    const symbols = Array.from({ length: 200 }, (_, i) => `S${i}`);
    for (const symbol of symbols)
      expect(bench.feed.watch({ symbol, timeframe: '1m' }, START - MINUTE)).toMatchObject({ ok: true });
    expect(bench.feed.watch({ symbol: 'S200', timeframe: '1m' })).toMatchObject({ ok: false, code: 'resource.limit' });
    expect(bench.feed.watch({ symbol: 'S0', timeframe: '4h' }, null)).toMatchObject({ ok: false });
    await bench.subscribed(200);
    for (const symbol of symbols) expect(bench.feed.unwatch({ symbol, timeframe: '1m' })).toBe(true);
    expect(bench.feed.unwatch({ symbol: 'S0', timeframe: '1m' })).toBe(false);
    for (const name of ['series', 'streams', 'waiting', 'fills', 'polls', 'forming'])
      expect(bench.census.row(`server.feeds.${name}`)?.size ?? 0).toBe(0);
    expect(bench.feed.status().subscriptions).toBe(0);
    if (bench.streams) await bench.time.until(() => bench.server.subscribedStreams() === 0);
  });

  it('M4 a hundred times connected and disconnected: no handle is left, no memory held', async () => {
    await begin(venue);
    await bench.end();
    await realTurn(20);
    const handles = (): number =>
      process.getActiveResourcesInfo().filter((kind) => kind !== 'Timeout' && kind !== 'Immediate').length;
    const before = handles();
    for (let cycle = 0; cycle < 100; cycle += 1) {
      await begin(venue);
      await bench.end();
      expect(bench.census.rows().filter(({ size }) => size > 0)).toEqual([]);
      expect(bench.time.clock.pending).toBe(0);
    }
    await realTurn(50);
    expect(handles()).toBeLessThanOrEqual(before);
  });

  it('9.5 STALE_DATA is said when two bars and five minutes have passed, and taken back by the next bar', async () => {
    await begin(venue);
    await bench.close(0);
    await bench.handed(1);
    await bench.reach(START + 2 * MINUTE + 300_000 - 1000);
    expect(bench.feed.status().stale).toEqual([]);
    await bench.reach(START + 2 * MINUTE + 300_000 + 31_000);
    expect(bench.feed.status().stale).toEqual([`${SYMBOL} 1m`]);
    const n = Math.ceil((bench.time.now() - START) / MINUTE);
    for (let m = 1; m <= n; m += 1) bench.server.tape.add(SYMBOL, '1m', bench.bar(m));
    await bench.reach(START + (n + 1) * MINUTE + 5);
    await bench.time.until(() => bench.times().length === n + 1, { stepMs: 500 });
    await bench.time.until(() => bench.feed.status().stale.length === 0, { stepMs: 500 });
    expectTape();
  });
});

describe.each(STREAMING)('the stream of %s', (venue) => {
  it('STR-2 a half-open connection is noticed within the heartbeat, and what was missed is fetched', async () => {
    await begin(venue);
    await bench.close(0);
    await bench.handed(1);
    const at = bench.time.now();
    bench.server.freeze();
    for (let n = 1; n < 3; n += 1) bench.server.tape.add(SYMBOL, '1m', bench.bar(n));
    await bench.time.until(() => bench.feed.status().state === 'RECONNECTING', { stepMs: 500 });
    expect(bench.time.now() - at).toBeLessThanOrEqual(31_500);
    await bench.reach(START + 3 * MINUTE + 5);
    await bench.subscribed();
    await bench.close(3);
    await bench.handed(4);
    expectTape();
  });

  it('STR-3 it comes back for ever, later and later up to a minute, and only a welcome starts that anew', async () => {
    await begin(venue, { random: () => 0.999 });
    bench.server.mute = true;
    bench.server.drop();
    const waits: number[] = [];
    for (let tries = 0; tries < 9; tries += 1) {
      await bench.time.until(() => bench.feed.status().state === 'RECONNECTING', { stepMs: 10 });
      const at = bench.time.now();
      await bench.time.until(() => bench.feed.status().state !== 'RECONNECTING', { stepMs: 250 });
      waits.push(Math.round((bench.time.now() - at) / 1000));
    }
    expect(waits).toEqual([1, 2, 4, 8, 16, 32, 60, 60, 60]);
    bench.server.mute = false;
    await bench.time.until(() => bench.feed.status().state === 'CONNECTED', { stepMs: 500 });
    await bench.time.until(() => bench.server.subscribedStreams() === 1);
    bench.server.drop();
    await bench.time.until(() => bench.feed.status().state === 'RECONNECTING', { stepMs: 1 });
    const at = bench.time.now();
    await bench.time.until(() => bench.feed.status().state !== 'RECONNECTING', { stepMs: 50 });
    expect(bench.time.now() - at).toBeLessThanOrEqual(1100);
  });

  it('STR-4 silence in market hours is degraded, the next message ends it', async () => {
    await begin(venue);
    await bench.close(0);
    await bench.time.pass(121_000, 2000);
    expect(bench.feed.status().state).toBe('DEGRADED');
    await bench.close(3);
    await bench.time.until(() => bench.feed.status().state === 'CONNECTED');
    await bench.handed(2);
  });

  it('STR-1 only the listed ways are gone, and each is told', async () => {
    await begin(venue);
    bench.server.drop();
    await bench.subscribed();
    await bench.feed.close();
    const states = bench.statuses.map(({ state }) => state).filter((state, i, all) => state !== all[i - 1]);
    const once = venue === 'alpaca' ? ['CONNECTING', 'AUTHENTICATING', 'CONNECTED'] : ['CONNECTING', 'CONNECTED'];
    expect(states).toEqual([...once, 'RECONNECTING', ...once, 'STOPPED']);
  });

  it('FEED-2 bars in the wrong order and twice are put right', async () => {
    await begin(venue);
    await bench.close(0);
    await bench.reach(START + 4 * MINUTE);
    for (const n of [1, 2, 3]) bench.server.tape.add(SYMBOL, '1m', bench.bar(n));
    for (const n of [2, 1, 1, 3, 3]) bench.server.tell(SYMBOL, '1m', bench.bar(n), 'closed');
    await bench.handed(4);
    expectTape();
  });

  it('a message that cannot be read ends the connection, and nothing is lost', async () => {
    await begin(venue);
    await bench.close(0);
    bench.server.say('{"stream":"btcusdt@kli');
    bench.server.tape.add(SYMBOL, '1m', bench.bar(1));
    await bench.time.until(() => bench.feed.status().reconnects === 1);
    await bench.reach(START + 2 * MINUTE + 5);
    await bench.subscribed();
    await bench.close(2);
    await bench.handed(3);
    expectTape();
  });

  it('TR-14 random cuts, freezes, orders and faults: in the end the tape, once and in order', async () => {
    for (const seed of [1, 2, 3]) {
      if (seed > 1) await bench.end();
      const random = seeded(seed);
      await begin(venue, { random, outCapacity: 3 });
      for (let n = 0; n < 60; n += 1) {
        const fate = random();
        if (fate < 0.06) bench.server.drop();
        else if (fate < 0.09) bench.server.freeze();
        else if (fate < 0.14) bench.server.say('<html>');
        else if (fate < 0.3) bench.server.faults.push((['500', 'cut', 'reset', 'overlap', 'duplicate', 'reverse', '429', 'html'] as const)[Math.floor(random() * 8)]); // prettier-ignore
        await bench.reach(START + (n + 1) * MINUTE + 5);
        if (random() < 0.1) bench.server.tape.add(SYMBOL, '1m', bench.bar(n));
        else bench.server.publish(SYMBOL, '1m', bench.bar(n));
      }
      bench.server.faults.length = 0;
      await bench.time.until(() => bench.feed.status().state === 'CONNECTED' || bench.feed.status().state === 'DEGRADED', {
        stepMs: 500,
      });
      await bench.subscribed();
      await bench.reach(START + 61 * MINUTE + 5);
      bench.server.publish(SYMBOL, '1m', bench.bar(60));
      await bench.time.until(() => bench.times().length >= 61, { stepMs: 500 });
      expectTape();
      expect(bench.census.audit()).toEqual([]);
    }
  });
});

describe('the twins: without its mechanism each promise is broken', () => {
  it('STR-2 the twin: without the heartbeat a half-open connection is held for ten minutes', async () => {
    bench = await FeedBench.open('binance', { times: { heartbeatMs: 1e9 } });
    bench.feed.start();
    bench.feed.watch(SERIES, START - MINUTE);
    await bench.subscribed();
    bench.server.freeze();
    await bench.time.pass(600_000, 5000);
    expect(bench.feed.status().state).toBe('DEGRADED');
    expect(bench.feed.status().reconnects).toBe(0);
  });

  it('FEED-2 the twin: a history without the missed bars leaves a hole, and it is seen', async () => {
    await begin('binance');
    await bench.close(0);
    await bench.handed(1);
    bench.server.drop();
    await bench.reach(START + 4 * MINUTE + 5);
    await bench.subscribed();
    await bench.close(4);
    await bench.handed(2);
    expect(bench.times()).not.toEqual([0, 1, 2, 3, 4].map((n) => START + n * MINUTE));
    expect(bench.batches.at(-1)?.missing).toBe(3);
  });

  it('M4 the twin: feeds that are not closed leave handles', async () => {
    await begin('binance');
    const handles = (): number =>
      process.getActiveResourcesInfo().filter((kind) => kind !== 'Timeout' && kind !== 'Immediate').length;
    const before = handles();
    const forgotten: FeedBench[] = [bench];
    for (let n = 0; n < 3; n += 1) {
      await begin('binance');
      forgotten.push(bench);
    }
    expect(handles()).toBeGreaterThan(before);
    for (const one of forgotten.slice(0, -1)) await one.end();
  });
});

describe('what only one venue does', () => {
  it('Alpaca: a refused login stops the feed with a reason that holds no key; a full one comes back', async () => {
    bench = await FeedBench.open('alpaca');
    const { server } = bench;
    if (!(server instanceof AlpacaDataServer)) throw new Error('expected the server of Alpaca');
    server.loginError = 406;
    bench.feed.start();
    await bench.connected();
    expect(bench.feed.status().reconnects).toBe(1);
    server.loginError = 402;
    server.drop();
    await bench.time.until(() => bench.feed.status().state === 'STOPPED');
    const { error } = bench.feed.status();
    expect(error).toContain('402');
    expect(`${error} ${JSON.stringify(bench.statuses)} ${bench.notices.join()} ${bench.faults.map(({ error: e }) => e.message).join()}`).not.toMatch(new RegExp(`${ALPACA_KEY.id}|${ALPACA_KEY.secret}`)); // prettier-ignore
    const { opened } = server;
    await bench.time.pass(300_000, 5000);
    expect(server.opened).toBe(opened);
    bench.feed.start();
    await bench.connected();
  });

  it('Alpaca: a corrected bar comes as revised', async () => {
    await begin('alpaca');
    const bar = await bench.close(0);
    await bench.handed(1);
    bench.server.tell(SYMBOL, '1m', { ...bar, close: bar.close + 0.1 }, 'revised');
    await bench.time.until(() => bench.times(SYMBOL, 'revised').length === 1);
    expect(bench.times()).toEqual([START]);
  });

  it('Binance: at most four control messages a second, one connection for all, renewed before the venue ends it at 24 h', async () => {
    bench = await FeedBench.open('binance', { times: { ageMs: 3_600_000 } });
    expect(binanceDialect({}).ageMs).toBe(23 * 3_600_000);
    bench.feed.start();
    await bench.connected();
    for (let i = 0; i < 60; i += 1) {
      bench.feed.watch({ symbol: `S${i}`, timeframe: '1m' });
      if (i % 3 === 0) bench.feed.unwatch({ symbol: `S${i}`, timeframe: '1m' });
      await bench.time.pass(50, 50);
    }
    await bench.time.until(() => bench.server.subscribedStreams() === 40);
    expect(bench.server.heard.length).toBeLessThanOrEqual(4 * 4);
    expect(bench.server.opened).toBe(1);
    const at = bench.time.now();
    await bench.time.until(() => bench.feed.status().reconnects >= 1, { stepMs: 1000 });
    expect((bench.time.now() - at) / 3_600_000).toBeGreaterThan(0.95);
    expect((bench.time.now() - at) / 3_600_000).toBeLessThan(1.01);
  });

  it('Binance: messages that come more than 10 s late make it degraded', async () => {
    await begin('binance');
    bench.server.skewMs = -15_000;
    await bench.close(0);
    await bench.time.until(() => bench.feed.status().state === 'DEGRADED');
    expect(bench.feed.status().latencyMs).toBeGreaterThan(10_000);
    bench.server.skewMs = 0;
    await bench.close(1);
    await bench.time.until(() => bench.feed.status().state === 'CONNECTED');
  });
});
