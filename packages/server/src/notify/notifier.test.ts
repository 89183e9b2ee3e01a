import { Census, Scope } from '@wyckoff/bounded';
import { VirtualClock } from '@wyckoff/bounded/leak-kit';
import { describe, expect, it } from 'vitest';
import type { Change } from '../store/changes.ts';
import type { Delivery } from './channel.ts';
import { timeOrderedId } from './id.ts';
import { Notifier } from './notifier.ts';
import type { Notice, Notification } from './notification.ts';
import type { Receipt } from './post-office.ts';
import { notificationSettings } from './settings.ts';

const on = { enabled: true };

function bench(
  record: (change: Change) => Promise<void> = () => Promise.resolve(),
  isSignalOpen: (id: string) => boolean = () => true,
) {
  const timers = new VirtualClock();
  const census = new Census();
  const scope = new Scope({ name: 'server', timers, census });
  const stored: Change[] = [];
  const problems: unknown[] = [];
  const sent: string[] = [];
  const undelivered: (Pick<Receipt, 'channel' | 'tries' | 'error'> & { notification: Notification })[] = [];
  let answer: Delivery = { outcome: 'delivered' };
  const notifier = new Notifier({
    scope,
    userId: 'local',
    settings: notificationSettings.parse({ webhook: on }),
    channelOf: (name) => ({
      send: ({ title }) => {
        sent.push(`${name} ${title}`);
        return Promise.resolve(answer);
      },
    }),
    record: async (change) => {
      await record(change);
      stored.push(change);
    },
    unread: () => Promise.resolve(stored.flatMap(({ writes }) => writes).length),
    isSignalOpen,
    onUndelivered: (notification, { channel, tries, error }) => undelivered.push({ notification, channel, tries, error }),
    wallClock: () => 1_700_000_000_000 + timers.now(),
    onProblem: (problem) => problems.push(problem),
  });
  const drained = async (): Promise<void> => {
    const left = (): number => census.rows().reduce((sum, { name, size }) => (name.endsWith('.waiting') ? sum + size : sum), 0);
    for (let turn = 0; turn < 1_000 && left() > 0; turn += 1) await timers.run(1);
  };
  const run = (ms: number): Promise<void> => timers.run(ms);
  return {
    notifier,
    scope,
    stored,
    problems,
    sent,
    undelivered,
    run,
    drained,
    census,
    setAnswer: (next: Delivery) => (answer = next),
  };
}

const halt = (key: string): Notice => ({ type: 'halt', key, title: `halt ${key}`, body: '', data: {} });
const fill = (key: string): Notice => ({ type: 'order_filled', key, title: `fill ${key}`, body: '', data: {} });

describe('trading 10, H4: the notifier', () => {
  it('trading-10 a signal that was decided before its turn came is told to nobody; one that is open, to everybody', async () => {
    const { notifier, stored, sent, drained, scope } = bench(undefined, (id) => id !== 'gone');
    const signal = (signalId: string): Notice => ({ type: 'signal_created', key: signalId, title: signalId, body: '', data: { signalId }, signalId, confidence: 90 }); // prettier-ignore
    notifier.notify(signal('gone'));
    notifier.notify(signal('open'));
    await drained();
    expect(notifier.newest.map(({ title }) => title)).toEqual(['open']);
    expect(stored.flatMap(({ writes }) => writes)).toHaveLength(1);
    expect(sent.filter((line) => line.includes('gone'))).toEqual([]);
    await scope.dispose();
  });

  it('H4 of 10,000 notifications memory holds 100, the store all, and the unread are counted', async () => {
    const { notifier, stored, drained, scope, census } = bench();
    for (let n = 0; n < 10_000; n += 1) {
      notifier.notify(halt(String(n)));
      if (n % 100 === 99) await drained();
    }
    expect(notifier.newest).toHaveLength(100);
    expect(notifier.newest.at(-1)?.title).toBe('halt 9999');
    const created = stored.flatMap(({ facts }) => facts).filter(({ type }) => type === 'notification.created');
    expect(created).toHaveLength(10_000);
    expect(created.at(-1)?.data).toMatchObject({ unread: 10_000 });
    expect(census.rows().find(({ name }) => name === 'server.notify.newest')?.size).toBe(100);
    await scope.dispose();
  });

  it('trading-10 equal ones merge for a minute, critical ones never', async () => {
    const { notifier, run, scope } = bench();
    expect([notifier.notify(fill('a')), notifier.notify(fill('a')), notifier.notify(fill('b'))]).toEqual([true, false, true]);
    expect([notifier.notify(halt('a')), notifier.notify(halt('a'))]).toEqual([true, true]);
    await run(60_001);
    expect(notifier.notify(fill('a'))).toBe(true);
    await scope.dispose();
  });

  it('trading-10 a store that does not answer keeps nobody from being told', async () => {
    const { notifier, sent, problems, run, scope } = bench(() => Promise.reject(new Error('store away')));
    notifier.notify(halt('a'));
    await run(1);
    expect(sent).toEqual(['webhook halt a']);
    expect(problems.length).toBeGreaterThan(0);
    await scope.dispose();
  });

  it('C6 what failed three times is handed on with its reason, and goes out when it is tried again; what nobody needs any more does not', async () => {
    let isOpen = true;
    const { notifier, sent, undelivered, run, scope, setAnswer } = bench(undefined, () => isOpen);
    setAnswer({ outcome: 'failed', error: 'HTTP 503' });
    notifier.notify(halt('a'));
    await run(10_000);
    const [first] = undelivered;
    expect(first).toMatchObject({ channel: 'webhook', tries: 3, error: 'HTTP 503', notification: { title: 'halt a' } });
    expect(await notifier.redeliver('webhook', first.notification)).toBe('HTTP 503');
    setAnswer({ outcome: 'delivered' });
    expect(await notifier.redeliver('webhook', first.notification)).toBeNull();
    expect(sent.filter((line) => line === 'webhook halt a')).toHaveLength(5);
    isOpen = false;
    const before = sent.length;
    const signal: Notification = { ...first.notification, type: 'signal_created', data: { signalId: 's' } };
    expect([await notifier.redeliver('webhook', signal), sent.length]).toEqual([null, before]);
    expect(await notifier.redeliver('telegram', first.notification)).toContain('not set up');
    await scope.dispose();
  });

  it('trading-10 notify returns before anything is stored or sent', async () => {
    const { notifier, sent, stored, run, scope } = bench();
    notifier.notify(halt('a'));
    expect([sent.length, stored.length]).toEqual([0, 0]);
    await run(1);
    expect(sent).toHaveLength(1);
    await scope.dispose();
  });

  it('trading-10 an address that is gone is told in the app, once', async () => {
    const { notifier, run, scope, setAnswer } = bench();
    setAnswer({ outcome: 'gone', error: 'HTTP 410' });
    notifier.notify(halt('a'));
    await run(1);
    notifier.notify(halt('b'));
    await run(1);
    const told = notifier.newest.filter(({ type }) => type === 'provider_down');
    expect(told.map(({ title }) => title)).toEqual(['Notifications by webhook are switched off']);
    await scope.dispose();
  });

  it('trading-10 new settings open new channels and leave nothing of the old', async () => {
    const { notifier, sent, run, scope, census } = bench();
    const before = census.rows().length;
    for (let n = 0; n < 20; n += 1) await notifier.use(notificationSettings.parse({ webhook: on }));
    expect(census.rows().length).toBe(before);
    await notifier.use(notificationSettings.parse({ telegram: on }));
    notifier.notify(halt('a'));
    await run(1);
    expect(sent).toEqual(['telegram halt a']);
    await scope.dispose();
  });

  it('trading-10 ids sort by time', () => {
    const ids = [1, 2, 3, 1_700_000_000_000, 1_700_000_000_001].map((at) => timeOrderedId(at));
    expect([...ids].sort()).toEqual(ids);
    expect(ids[0]).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });
});
