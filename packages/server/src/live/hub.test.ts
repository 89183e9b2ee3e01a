/** The stream's protocol on a virtual clock: life and death of connections (C1), bounds and conflation (M14), resume and close codes. */
import { afterEach, describe, expect, it } from 'vitest';
import { Hub } from './hub.ts';
import { BARS, barValue, Bench, type BenchOptions, Line, Listener } from './test-bench.ts';

let bench: Bench;
const open = (options: BenchOptions = {}): Bench => (bench = new Bench(options));
afterEach(async () => {
  await bench.end();
  expect(bench.clock.pending, 'timers left').toBe(0);
  expect(bench.census.size, 'census members left').toBe(0);
});

/** Everybody reads, second by second. */
function pass(seconds: number, listeners: readonly Listener[]): void {
  for (let second = 0; second < seconds; second += 1) {
    bench.clock.advance(1_000);
    for (const listener of listeners) listener.read();
  }
}

describe('C1 connections', () => {
  it('C1 a peer that answers pings stays for an hour, with a sync beside each ping', () => {
    open();
    const one = new Listener(bench);
    pass(3_600, [one]);
    expect(bench.hub.size).toBe(1);
    expect(one.of('sync').length).toBeGreaterThanOrEqual(239);
    expect(bench.closes).toEqual([]);
  });

  it('C1 a silent peer is gone within 25 s, entry and line', () => {
    open();
    const one = new Listener(bench);
    one.line.paused = true;
    bench.clock.advance(25_000);
    expect(bench.hub.size).toBe(0);
    expect(bench.closes).toEqual([[4408, 'no pong within 10000 ms']]);
    bench.clock.advance(1_100);
    expect(one.line.terminated).toBe(true);
  });

  it('C1 sending never counts as life: a black hole that takes every write is evicted', () => {
    open();
    const one = new Listener(bench);
    one.line.blackHole = true;
    for (let second = 0; second < 25; second += 1) {
      bench.clock.advance(1_000);
      bench.publish('signals');
    }
    expect(bench.closes.map(([code]) => code)).toEqual([4408]);
    expect(bench.hub.size).toBe(0);
  });

  it('C1 twin: a hub that takes its own sending for life keeps the black hole for ever', () => {
    class SelfDeceiving extends Hub {
      override publishFacts(...[facts]: Parameters<Hub['publishFacts']>): void {
        super.publishFacts(facts);
        if (holed.line.connection !== null) this.seen(holed.line.connection);
      }
    }
    open({ hub: SelfDeceiving });
    const holed = new Listener(bench);
    holed.line.blackHole = true;
    for (let second = 0; second < 300; second += 1) {
      bench.clock.advance(1_000);
      bench.publish('signals');
    }
    expect(bench.hub.size).toBe(1);
  });

  it('C1 no false eviction: peers that answer within 9 s stay through 2,000 connection-hours', () => {
    open({ limits: { maxPerUser: 100 } });
    const listeners = Array.from({ length: 100 }, () => new Listener(bench));
    for (let turn = 0; turn < (20 * 3_600) / 9; turn += 1) {
      bench.clock.advance(9_000);
      for (const listener of listeners) {
        listener.read();
        listener.frames.length = 0;
      }
    }
    expect(bench.hub.size).toBe(100);
    expect(bench.closes).toEqual([]);
  });

  it('C1 without hello within 5 s: 4401', () => {
    open();
    const line = new Line(bench.hub);
    bench.clock.advance(4_900);
    expect(line.closeCode).toBe(null);
    bench.clock.advance(300);
    expect(line.closeCode).toBe(4401);
    expect(bench.hub.size).toBe(0);
  });

  it('C1 a token nobody knows: 4401; a hello that is not valid: 4400', () => {
    open();
    expect(new Listener(bench, { token: 'bad' }).line.closeCode).toBe(4401);
    expect(new Listener(bench, { v: 2 }).line.closeCode).toBe(4400);
  });

  it('C1 the sixth connection of a user closes the oldest with 4409', () => {
    open();
    const six = Array.from({ length: 6 }, () => new Listener(bench));
    expect(six.map(({ line }) => line.closeCode)).toEqual([4409, null, null, null, null, null]);
    expect(bench.hub.size).toBe(5);
    expect(bench.hub.users).toBe(1);
  });

  it('C1 a tab that connects again replaces its own connection only', () => {
    open();
    const other = new Listener(bench, { tab: 'tab-other' });
    const first = new Listener(bench, { tab: 'tab-mine1' });
    const second = new Listener(bench, { tab: 'tab-mine1' });
    expect([other, first, second].map(({ line }) => line.closeCode)).toEqual([null, 4409, null]);
  });

  it('C1 above the limit a connection is told 1013, and living ones are left alone', () => {
    open({ limits: { maxConnections: 3, maxPerUser: 10 } });
    const four = Array.from({ length: 4 }, () => new Listener(bench));
    expect(four.map(({ line }) => line.closeCode)).toEqual([null, null, null, 1013]);
    expect(bench.hub.size).toBe(3);
  });

  it('C1 at most so many may wait for their hello', () => {
    open({ limits: { maxGreeting: 2 } });
    const lines = Array.from({ length: 3 }, () => new Line(bench.hub));
    expect(lines.map(({ closeCode }) => closeCode)).toEqual([null, null, 1013]);
  });

  it('C1 a line whose close throws is gone all the same, and is not removed twice', () => {
    open();
    const one = new Listener(bench);
    one.line.close = () => {
      throw new Error('already broken');
    };
    one.line.paused = true;
    bench.clock.advance(25_000);
    expect(bench.hub.size).toBe(0);
    expect(one.line.terminated).toBe(true);
    one.line.terminate();
    expect(bench.closes.length).toBe(1);
  });

  it('C1 100 connections that come and go 100 times leave nothing', () => {
    open({ limits: { maxPerUser: 1_000 } });
    for (let round = 0; round < 100; round += 1) {
      const listeners = Array.from({ length: 100 }, () => new Listener(bench, { topics: ['signals', BARS] }));
      bench.publish('signals');
      bench.bar(round);
      for (const { line } of listeners) line.terminate();
    }
    expect(bench.hub.size).toBe(0);
    expect(bench.hub.subscriptions).toBe(0);
    expect(bench.clock.pending).toBe(0);
    expect(bench.census.row('server.ws.timers')?.size).toBe(0);
  });

  it('C1 a broadcast walks an unchanging list: a client that ends others and itself in the middle skips nobody else', () => {
    open();
    const [first, second, third] = Array.from({ length: 3 }, () => new Listener(bench)) as [Listener, Listener, Listener];
    const write = first.line.write.bind(first.line);
    first.line.write = (bytes) => {
      write(bytes);
      second.line.terminate();
      first.line.terminate();
      new Listener(bench).read();
    };
    bench.publish('signals');
    expect(third.read().seqs).toEqual([1]);
    expect(bench.hub.size).toBe(2);
  });

  it('C1 L7 shutdown tells everybody 1001 and ends the lines that do not answer', () => {
    open();
    const listeners = Array.from({ length: 5 }, () => new Listener(bench));
    listeners[0].line.paused = true;
    bench.hub.stop();
    expect(listeners.map(({ line }) => line.closeCode)).toEqual([1001, 1001, 1001, 1001, 1001]);
    expect(bench.hub.size).toBe(0);
    bench.clock.advance(1_100);
    expect(listeners.every(({ line }) => line.terminated)).toBe(true);
    expect(new Listener(bench).line.closeCode).toBe(1001);
  });
});

describe('M14 incoming', () => {
  it('M14 frames above 4 KiB, unreadable, unknown or binary: 4400', () => {
    open({ limits: { maxPerUser: 10 } });
    const close = (said: string): number | null => {
      const one = new Listener(bench);
      one.line.say(said);
      return one.line.closeCode;
    };
    expect(close(`"${'x'.repeat(4_095)}"`)).toBe(4400);
    expect(close('{"op":"subscribe"')).toBe(4400);
    expect(close('{"op":"buy"}')).toBe(4400);
    expect(close('[]')).toBe(4400);
    expect(close('null')).toBe(4400);
    expect(close(`[${Array(51).fill('{"op":"subscribe","topics":["risk"]}').join(',')}]`)).toBe(4400);
    const one = new Listener(bench);
    if (one.line.connection !== null) bench.hub.receive(one.line.connection, Buffer.from('{}'), true);
    expect(one.line.closeCode).toBe(4400);
  });

  it('M14 20 frames a second with a burst of 40 pass, more is 4400', () => {
    open();
    const op = { op: 'subscribe', topics: ['risk'] };
    const steady = new Listener(bench);
    for (let i = 0; i < 600; i += 1) {
      bench.clock.advance(50);
      steady.line.say(op);
      steady.read();
    }
    expect(steady.line.closeCode).toBe(null);
    const hasty = new Listener(bench);
    for (let i = 0; i < 39; i += 1) hasty.line.say(op);
    expect(hasty.line.closeCode).toBe(null);
    hasty.line.say(op);
    expect(hasty.line.closeCode).toBe(4400);
  });

  it('interface 3.2 a known op with wrong fields is refused while the connection stays; hello twice is abuse', () => {
    open();
    const one = new Listener(bench);
    one.line.say({ op: 'subscribe', topics: ['nonsense'] });
    expect(one.read().of('problem')).toMatchObject([{ code: 'request.invalid' }]);
    one.line.say({ op: 'hello', v: 1, epoch: null, lastSeq: null, topics: [], tab: 'tab-again' });
    expect(one.line.closeCode).toBe(4400);
  });
});

describe('M14 outgoing', () => {
  it('M14 an event is serialised once: every connection gets the same bytes', () => {
    open();
    const [a, b] = [new Listener(bench), new Listener(bench)];
    bench.publish('signals');
    const last = ({ line }: Listener): unknown => line.inbox.at(-1);
    expect((last(a) as { bytes: Uint8Array }).bytes).toBe((last(b) as { bytes: Uint8Array }).bytes);
  });

  it('M14 values nobody listens to are not serialised', () => {
    open();
    new Listener(bench, { topics: ['signals'] });
    let read = 0;
    const value = barValue(1, 1);
    bench.hub.publishValues([
      {
        ...value,
        get data() {
          read += 1;
          return value.data;
        },
      } as never,
    ]);
    expect(read).toBe(0);
  });

  it('M14 newer values replace waiting ones of their key; bars of other times stay', () => {
    open();
    const slow = new Listener(bench, { topics: [BARS] });
    slow.read();
    slow.line.bufferedBytes = 70_000;
    for (let close = 1; close <= 500; close += 1) bench.bar(1_000, close);
    bench.bar(2_000, 7);
    slow.line.bufferedBytes = 0;
    bench.bar(3_000, 9);
    const bars = slow
      .read()
      .of('event')
      .map(({ data }) => data as { ts: number; c: number });
    expect(bars.map(({ ts, c }) => [ts, c])).toEqual([
      [1_000, 500],
      [2_000, 7],
      [3_000, 9],
    ]);
    expect(bench.hub.counts.dropped.size).toBe(0);
  });

  it('M14 bars that did not fit go oldest first, and bars.gap says from where to read again', () => {
    open();
    const slow = new Listener(bench, { topics: [BARS, 'signals'] });
    slow.read();
    slow.line.bufferedBytes = 70_000;
    for (let ts = 1; ts <= 1_100; ts += 1) bench.bar(ts);
    expect(slow.line.connection?.queue?.size).toBeLessThanOrEqual(1_024);
    slow.line.bufferedBytes = 0;
    if (slow.line.connection !== null) bench.hub.drained(slow.line.connection);
    const events = slow.read().of('event');
    expect(events[0]).toMatchObject({ type: 'bars.gap', data: { symbol: 'SPX', timeframe: '1d', from: 1 } });
    expect(bench.hub.counts.dropped.get('bars')).toBe(1_100 - (events.length - 1));
    expect((events.at(-1)?.data as { ts: number }).ts).toBe(1_100);
  });

  it('M14 facts that do not fit in bytes close with 4429; the socket counts; nothing else is touched', () => {
    open();
    const [slow, quick] = [new Listener(bench), new Listener(bench)];
    slow.read();
    slow.line.paused = true;
    let most = 0;
    for (let i = 0; i < 400 && slow.line.closeCode === null; i += 1) {
      bench.publish('signals', 2_000);
      quick.read();
      most = Math.max(most, slow.line.bufferedBytes + (slow.line.connection?.queue?.bytes ?? 0));
    }
    expect(slow.line.closeCode).toBe(4429);
    expect(most).toBeGreaterThan(200 * 1024);
    expect(most).toBeLessThanOrEqual(256 * 1024);
    expect(quick.line.closeCode).toBe(null);
    expect(quick.seqs).toEqual(bench.journal.numbers('signals'));
    expect(bench.hub.queueBytes).toBe(0);
  });

  it('M14 twin: a hub without limits lets the paused client grow past any bound', () => {
    open({
      limits: {
        queue: { maxBytes: Infinity, maxFrames: Infinity, maxAgeMs: Infinity },
        queueTotalBytes: Number.MAX_SAFE_INTEGER,
      },
    });
    const slow = new Listener(bench);
    slow.line.paused = true;
    for (let i = 0; i < 2_000; i += 1) bench.publish('signals', 2_000);
    expect(slow.line.closeCode).toBe(null);
    expect(bench.hub.queueBytes).toBeGreaterThan(3 * 1024 * 1024);
  });

  it('M14 more than 1,024 facts waiting: 4429', () => {
    open();
    const slow = new Listener(bench);
    slow.read();
    slow.line.bufferedBytes = 65_536;
    for (let i = 0; i < 1_024; i += 1) bench.publish('signals');
    expect(slow.line.closeCode).toBe(null);
    bench.publish('signals');
    expect(slow.line.closeCode).toBe(4429);
  });

  it('M14 a fact that waited 5 s closes with 4429, although nothing more is published', () => {
    open();
    const slow = new Listener(bench);
    slow.read();
    slow.line.bufferedBytes = 65_536;
    bench.publish('signals');
    bench.clock.advance(4_900);
    expect(slow.line.closeCode).toBe(null);
    bench.clock.advance(200);
    expect(slow.line.closeCode).toBe(4429);
  });

  it('M14 values make room for facts', () => {
    open();
    const slow = new Listener(bench, { topics: [BARS, 'signals'] });
    slow.read();
    slow.line.bufferedBytes = 65_536;
    for (let ts = 1; ts <= 1_000; ts += 1) bench.bar(ts);
    for (let i = 0; i < 1_000; i += 1) bench.publish('signals');
    expect(slow.line.closeCode).toBe(null);
    expect(slow.line.connection?.queue?.facts).toBe(1_000);
  });

  it('M14 all queues together: above the sum the fullest is closed', () => {
    open({ limits: { queueTotalBytes: 300_000 } });
    const [full, fuller] = [new Listener(bench, { topics: ['signals'] }), new Listener(bench, { topics: ['signals', 'orders'] })];
    for (const { line } of [full, fuller]) line.bufferedBytes = 65_536;
    bench.publish('orders', 5_000);
    for (let i = 0; i < 40; i += 1) bench.publish('signals', 4_000);
    expect(fuller.line.closeCode).toBe(4429);
    expect(full.line.closeCode).toBe(null);
    expect(bench.hub.queueBytes).toBeLessThanOrEqual(300_000);
  });

  it('M14 one paused client and a million values: nothing is held beyond its bound', () => {
    open();
    const slow = new Listener(bench, { topics: [BARS] });
    slow.read();
    slow.line.bufferedBytes = 65_536;
    for (let i = 0; i < 1_000_000; i += 1) {
      if (i % 250_000 === 0) bench.clock.advance(1);
      bench.hub.publishValues([barValue(i % 5_000, i)]);
    }
    expect(slow.line.connection?.queue?.size).toBeLessThanOrEqual(1_024);
    expect(bench.census.row('server.ws.queues')?.bytes).toBeLessThanOrEqual(256 * 1024 + 1_024 * 96);
    expect(bench.census.audit()).toEqual([]);
  });
});

describe('interface 3.3 resume', () => {
  const facts = (count: number): void => {
    for (let i = 0; i < count; i += 1) bench.publish('signals');
  };
  const hello = (lastSeq: number | null, extra: Readonly<Record<string, unknown>> = {}): Listener =>
    new Listener(bench, { epoch: lastSeq === null ? null : 'epoch-1', lastSeq, ...extra }).read();

  it('first contact: SNAPSHOT, then live', () => {
    open();
    facts(3);
    const one = hello(null);
    expect(one.of('welcome')).toMatchObject([{ resume: 'SNAPSHOT', epoch: 'epoch-1', seq: 3, user: 'local', role: 'admin' }]);
    expect(one.of('resync')).toEqual([]);
    facts(1);
    expect(one.read().seqs).toEqual([4]);
  });

  it('within the rings: REPLAY in slices, then replayed, the latest values, live', () => {
    open();
    bench.journal.values = [barValue(9, 9)];
    facts(300);
    const one = hello(100, { topics: ['signals', BARS] });
    expect(one.of('welcome')).toMatchObject([{ resume: 'REPLAY' }]);
    for (let turn = 0; turn < 10; turn += 1) {
      bench.clock.advance(1);
      one.read();
    }
    expect(one.seqs).toEqual(Array.from({ length: 200 }, (_, i) => 101 + i));
    expect(one.ops.slice(-2)).toEqual(['replayed', 'event']);
    expect(one.of('replayed')).toEqual([{ op: 'replayed', from: 101, to: 300, count: 200 }]);
    facts(1);
    expect(one.read().seqs.at(-1)).toBe(301);
  });

  it('up to date: CURRENT', () => {
    open();
    facts(5);
    expect(hello(5).ops).toEqual(['welcome']);
    expect(hello(5).of('welcome')).toMatchObject([{ resume: 'CURRENT' }]);
  });

  it('another epoch, or a number beyond the head: EPOCH', () => {
    open();
    facts(5);
    expect(hello(6).of('resync')).toEqual([{ op: 'resync', topics: ['signals'], reason: 'EPOCH' }]);
    expect(hello(3, { epoch: 'other' }).of('resync')).toEqual([{ op: 'resync', topics: ['signals'], reason: 'EPOCH' }]);
  });

  it('a topic whose ring no longer reaches back: TOO_OLD for it, REPLAY for the others', () => {
    open();
    bench.publish('orders');
    facts(1_500);
    bench.publish('orders');
    const one = hello(1, { topics: ['signals', 'orders'] });
    expect(one.of('welcome')).toMatchObject([{ resume: 'REPLAY' }]);
    expect(one.of('resync')).toEqual([{ op: 'resync', topics: ['signals'], reason: 'TOO_OLD' }]);
    expect(one.seqs).toEqual([1_502]);
  });

  it('the rings reach back exactly so far: lastSeq at the floor is replayed, one before is TOO_OLD', () => {
    open();
    facts(1_010);
    expect(hello(10).of('welcome')).toMatchObject([{ resume: 'REPLAY' }]);
    expect(hello(9).of('resync')).toMatchObject([{ reason: 'TOO_OLD' }]);
  });

  it('after 15 minutes facts leave the rings', () => {
    open();
    facts(10);
    bench.clock.advance(15 * 60_000 + 1);
    facts(1);
    bench.hub.sweep();
    expect(hello(5).of('resync')).toMatchObject([{ reason: 'TOO_OLD' }]);
    expect(hello(10).of('welcome')).toMatchObject([{ resume: 'REPLAY' }]);
  });

  it('more than 2,000 events: TOO_FAR', () => {
    open();
    for (const topic of ['signals', 'orders', 'analysis'] as const) for (let i = 0; i < 900; i += 1) bench.publish(topic);
    const topics = ['signals', 'orders', 'analysis'];
    expect(hello(0, { topics }).of('resync')).toEqual([
      { op: 'resync', topics: ['analysis', 'signals', 'orders'], reason: 'TOO_FAR' },
    ]);
  });

  it('rings that overtake a slow replay: OVERRUN, and from there on nothing is missing', () => {
    open();
    facts(800);
    const one = hello(100);
    one.line.bufferedBytes = 70_000;
    facts(2_000);
    one.line.bufferedBytes = 0;
    if (one.line.connection !== null) bench.hub.drained(one.line.connection);
    one.read();
    expect(one.of('resync')).toMatchObject([{ topics: ['signals'], reason: 'OVERRUN' }]);
    facts(2);
    expect(one.read().seqs.slice(-2)).toEqual([2_801, 2_802]);
  });

  it('a restart costs no resync: the rings are refilled from the journal', async () => {
    open();
    facts(50);
    const { journal } = bench;
    await bench.end();
    open({ journal });
    await bench.hub.refill();
    const one = hello(20);
    expect(one.of('welcome')).toMatchObject([{ resume: 'REPLAY', seq: 50 }]);
    expect(one.seqs.length).toBe(30);
  });

  it('a replaying client holds no queue, however slow it reads', () => {
    open();
    facts(900);
    const one = new Listener(bench, { epoch: 'epoch-1', lastSeq: 0 });
    one.line.bufferedBytes += 70_000;
    bench.clock.advance(10);
    facts(50);
    expect(one.line.connection?.stage).toBe('replaying');
    expect(one.line.connection?.queue).toBe(null);
    expect(bench.hub.queueBytes).toBe(0);
  });

  it('while memory is shed the rings are halved and newcomers get 1013; undone afterwards', () => {
    open();
    facts(900);
    bench.hub.shed(true);
    expect(hello(0).line.closeCode).toBe(1013);
    bench.hub.shed(false);
    expect(hello(0).of('resync')).toMatchObject([{ reason: 'TOO_OLD' }]);
    expect(hello(400).of('welcome')).toMatchObject([{ resume: 'REPLAY' }]);
  });
});

describe('interface 3.1 topics', () => {
  it('10 series at most, unknown topics refused, a repeated one is no second; unsubscribe ends it', () => {
    open();
    const one = new Listener(bench, { topics: [] });
    const series = Array.from({ length: 11 }, (_, i) => `bars:S${i}:1d`);
    one.line.say({ op: 'subscribe', topics: [...series, 'bars:S0:1d', 'quotes:SPX'] });
    expect(one.read().of('subscribed')).toEqual([
      {
        op: 'subscribed',
        topics: series.slice(0, 10),
        refused: [
          { topic: 'bars:S10:1d', code: 'resource.limit' },
          { topic: 'quotes:SPX', code: 'resource.not_found' },
        ],
      },
    ]);
    one.line.say({ op: 'unsubscribe', topics: series });
    expect(one.read().of('subscribed').at(-1)).toEqual({ op: 'subscribed', topics: [], refused: [] });
    expect(bench.hub.subscriptions).toBe(0);
  });

  it('a conflated topic sends its latest values at once, and only to who asked', () => {
    open();
    bench.journal.values = [barValue(5, 5)];
    const [one, other] = [new Listener(bench), new Listener(bench)];
    one.line.say({ op: 'subscribe', topics: [BARS] });
    expect(one.read().of('event')).toMatchObject([{ topic: BARS, type: 'bar.closed', key: 'SPX|1d|5' }]);
    expect(other.read().of('event')).toEqual([]);
  });
});
