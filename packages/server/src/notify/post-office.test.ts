import { Census, Scope } from '@wyckoff/bounded';
import { VirtualClock } from '@wyckoff/bounded/leak-kit';
import { describe, expect, it } from 'vitest';
import type { Delivery } from './channel.ts';
import { notificationOf, type Notice, type Notification } from './notification.ts';
import { PostOffice, type Receipt } from './post-office.ts';

const DELIVERED: Delivery = { outcome: 'delivered' };
const FAILED: Delivery = { outcome: 'failed', error: 'connection refused' };

function bench(answers: (n: number) => Delivery | Promise<Delivery>, perHour = 60) {
  const timers = new VirtualClock();
  const scope = new Scope({ name: 'server.test', timers, census: new Census() });
  const sent: { title: string; atMs: number }[] = [];
  const receipts: Receipt[] = [];
  const closed = new Set<string>();
  const office = new PostOffice({
    name: 'webhook',
    scope,
    perHour,
    channel: {
      send: ({ title }) => {
        sent.push({ title, atMs: timers.now() });
        return Promise.resolve(answers(sent.length));
      },
    },
    isCurrent: ({ title }) => !closed.has(title),
    onReceipt: (receipt) => receipts.push(receipt),
  });
  const run = (ms: number): Promise<void> => timers.run(ms);
  return { timers, scope, sent, receipts, closed, office, run };
}

function note(title: string, type: Notice['type'] = 'order_filled'): Notification {
  return notificationOf({ type, key: title, title, body: '', data: {} }, title, 0);
}

describe('trading 10: deliveries of one channel', () => {
  it('trading-10 a message is tried three times, after one and two seconds, and then given up', async () => {
    const { office, sent, receipts, run, scope } = bench(() => FAILED);
    office.post(note('a'));
    await run(10_000);
    expect(sent.map(({ atMs }) => atMs)).toEqual([0, 1_000, 3_000]);
    expect(receipts).toEqual([
      { notificationId: 'a', channel: 'webhook', outcome: 'failed', tries: 3, error: 'connection refused' },
    ]);
    await scope.dispose();
  });

  it('trading-10 the second try delivers, and the order stays', async () => {
    const { office, sent, receipts, run, scope } = bench((n) => (n === 1 ? FAILED : DELIVERED));
    for (const title of ['a', 'b', 'c']) office.post(note(title));
    await run(5_000);
    expect(sent.map(({ title }) => title)).toEqual(['a', 'a', 'b', 'c']);
    expect(receipts.map(({ outcome }) => outcome)).toEqual(['delivered', 'delivered', 'delivered']);
    await scope.dispose();
  });

  it('trading-10 five failures within a minute pause the channel for a minute; then it goes on', async () => {
    const { office, sent, run, scope } = bench((n) => (n <= 5 ? FAILED : DELIVERED));
    office.post(note('a'));
    office.post(note('b'));
    await run(5_000);
    expect(sent).toHaveLength(5);
    expect(office.isPaused).toBe(true);
    await run(54_000);
    expect(sent).toHaveLength(5);
    await run(10_000);
    expect(sent).toHaveLength(6);
    expect(office.isPaused).toBe(false);
    await scope.dispose();
  });

  it('trading-10 more than the hour holds is not sent; the critical is', async () => {
    const { office, sent, receipts, run, scope } = bench(() => DELIVERED, 2);
    for (const title of ['a', 'b', 'c']) office.post(note(title));
    await run(1);
    office.post(note('down', 'kill_switch'));
    await run(1);
    expect(sent.map(({ title }) => title)).toEqual(['a', 'b', 'down']);
    expect(receipts.map(({ outcome }) => outcome)).toEqual(['delivered', 'delivered', 'limited', 'delivered']);
    await run(3_700_000);
    office.post(note('later'));
    await run(1);
    expect(sent.at(-1)?.title).toBe('later');
    await scope.dispose();
  });

  it('trading-10 the critical goes before what waits', async () => {
    const { office, sent, run, scope } = bench(() => DELIVERED);
    office.post(note('a'));
    office.post(note('b'));
    office.post(note('down', 'halt'));
    await run(1);
    expect(sent.map(({ title }) => title)).toEqual(['down', 'a', 'b']);
    await scope.dispose();
  });

  it('trading-10 an address that is gone is not tried again', async () => {
    const { office, sent, receipts, run, scope } = bench(() => ({ outcome: 'gone', error: 'HTTP 410' }));
    office.post(note('a'));
    await run(10_000);
    office.post(note('b', 'halt'));
    await run(10_000);
    expect(sent).toHaveLength(1);
    expect(receipts.map(({ outcome, tries }) => [outcome, tries])).toEqual([['gone', 1], ['gone', 0]]); // prettier-ignore
    await scope.dispose();
  });

  it('trading-10 a signal that is no longer open is not announced', async () => {
    const { office, sent, receipts, closed, run, scope } = bench(() => DELIVERED);
    closed.add('expired');
    office.post(note('expired', 'signal_created'));
    await run(1);
    expect(sent).toEqual([]);
    expect(receipts[0]?.outcome).toBe('obsolete');
    await scope.dispose();
  });

  it('trading-10 a channel that never answers holds 1,000 at most, tells what it lost, and lets go at the end', async () => {
    const { office, receipts, scope, run, timers } = bench(() => new Promise<Delivery>(() => undefined));
    for (let n = 0; n < 1_500; n += 1) office.post(note(`n${n}`));
    await run(1);
    expect(receipts.filter(({ outcome }) => outcome === 'overflow').length).toBeGreaterThanOrEqual(499);
    const ended = scope.dispose();
    await timers.run(20_000);
    await ended;
    expect(scope.describe().timers).toBe(0);
  });
});
