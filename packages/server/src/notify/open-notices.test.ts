import { Census, Scope } from '@wyckoff/bounded';
import { VirtualClock } from '@wyckoff/bounded/leak-kit';
import type { FactRow } from '@wyckoff/contracts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openSqliteStore } from '../store/sqlite/sqlite-store.ts';
import { expiryWatch } from './expiry-watch.ts';
import { noticeOfFact } from './notice-of-fact.ts';
import { openNotices, type Notices } from './open-notices.ts';
import { DEFAULT_NOTIFICATIONS } from './settings.ts';
import { staleWatch } from './stale-watch.ts';

const NOW = Date.parse('2026-06-01T16:00:00Z');

let scope: Scope;
let notices: Notices;
let tell: (facts: readonly FactRow[]) => void;
beforeEach(async () => {
  scope = new Scope({ name: 'server', census: new Census() });
  const store = scope.own(openSqliteStore({ path: ':memory:' }), (opened) => opened.close());
  notices = await openNotices({
    scope,
    store,
    userId: 'local',
    secrets: {},
    accountKind: 'PAPER',
    record: (change) => store.change(change),
    subscribeFacts: (listener) => {
      tell = listener;
      return { [Symbol.dispose]: () => undefined };
    },
    wallClock: () => NOW,
    onProblem: (problem) => {
      throw problem;
    },
  });
});
afterEach(() => scope.dispose());

function kill(level: 'STOP' | 'OFF', activationId: string): FactRow {
  const data = { level, reason: 'too wild', by: 'ann', at: NOW, activationId, readable: true, stored: true, results: [] };
  return { seq: 1, at: NOW, type: 'killswitch.changed', data };
}

/** The one worker of the notifier has nothing left to do. */
async function settled(): Promise<void> {
  const busy = (): boolean => scope.taskCounts().some(({ kind, running }) => kind === 'notify' && running > 0);
  for (let turn = 0; turn < 10_000 && busy(); turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

const page = async (query: Partial<Parameters<Notices['desk']['page']>[0]> = {}) => {
  const answer = await notices.desk.page({ limit: 50, ...query });
  if (!answer.ok) throw new Error(answer.detail);
  return answer.value;
};

describe('trading 10, H4: notifications of a session', () => {
  it('trading-10 7.4 a position without stop or exit is critical and says so; another difference is told as one', () => {
    const of = (code: string) => {
      const data = { accountId: 'a', symbol: 'SPY', code, sentence: 'what is', refId: 'p-1' };
      return noticeOfFact({ seq: 1, at: 1, type: 'reconcile.difference', data }, { settings: DEFAULT_NOTIFICATIONS, accountKind: 'PAPER' }); // prettier-ignore
    };
    expect(of('UNPROTECTED')).toMatchObject({ type: 'protection_failed', key: 'UNPROTECTED p-1', title: 'SPY has no stop' });
    expect(of('LATE_FILL')).toMatchObject({ type: 'reconciliation', title: 'The broker differs: LATE_FILL SPY' });
  });

  it('trading-10 the loss breaker is told when a closed trade opened it, and not with every word about trading', () => {
    const told = (state: 'OPEN' | 'CLOSED', reason: string) => {
      const breaker = { state, losses: 3, openedDay: state === 'OPEN' ? 20_000 : null };
      const fact = {
        seq: 1,
        at: NOW,
        type: 'trading.changed',
        data: { accountId: 'paper', breaker, reason },
      } as unknown as FactRow;
      return noticeOfFact(fact, { settings: DEFAULT_NOTIFICATIONS, accountKind: 'PAPER' });
    };
    expect(told('OPEN', 'TRADE_CLOSED')).toMatchObject({
      type: 'risk_warning',
      title: 'Automatic entries are off: 3 losers in a row',
    });
    expect(told('OPEN', 'ACCEPTANCE')).toBeNull();
    expect(told('CLOSED', 'TRADE_CLOSED')).toBeNull();
  });

  it('trading-10 a fact becomes a notification in the store that says which account it is about', async () => {
    tell([kill('STOP', 'a1')]);
    await settled();
    const { items, unread } = await page();
    expect(unread).toBe(1);
    expect(items[0]).toMatchObject({ type: 'kill_switch', priority: 'CRITICAL', title: 'Kill switch: STOP', readAt: null });
    expect(items[0]?.body).toBe('too wild By ann. PAPER account.');
  });

  it('H4 older ones are paged from the store by key, filters bind the cursor, and reading counts down', async () => {
    for (let n = 0; n < 130; n += 1) {
      tell([kill('STOP', `a${n}`)]);
      await settled();
    }
    const first = await page();
    const second = await page({ cursor: first.nextCursor ?? '' });
    const third = await page({ cursor: second.nextCursor ?? '' });
    const ids = [...first.items, ...second.items, ...third.items].map(({ id }) => id);
    expect([ids.length, new Set(ids).size, third.nextCursor]).toEqual([130, 130, null]);
    expect(await notices.desk.page({ limit: 50, unread: 'true', cursor: first.nextCursor ?? '' })).toMatchObject({ ok: false, code: 'page.bad_cursor' }); // prettier-ignore
    expect(await notices.desk.read({ ids: ids.slice(0, 5) })).toEqual({ unread: 125 });
    expect(await notices.desk.read({ upToId: ids[0] ?? '' })).toEqual({ unread: 0 });
    expect((await page({ unread: 'true' })).items).toEqual([]);
  });

  it('trading-10 a switch told again with its results is one notification, another activation is a new one', async () => {
    for (const id of ['a1', 'a1', 'a1', 'a2']) {
      tell([kill('STOP', id)]);
      await settled();
    }
    expect((await page()).items).toHaveLength(2);
  });

  it('trading-10 a channel that is not set up says so when it is tested', async () => {
    expect(await notices.desk.test('telegram')).toEqual({
      delivered: false,
      error: expect.stringContaining('not set up') as string,
    });
  });

  it('trading-10 settings that no longer fit fall back to the defaults', async () => {
    notices.use({ webhook: { enabled: 'perhaps' } });
    for (let turn = 0; turn < 100; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    expect(notices.notifier.settings).toEqual(DEFAULT_NOTIFICATIONS);
  });

  it('trading-10 what is over is not told', () => {
    const halt = { id: 'h', accountId: 'a', scope: 'account', kind: 'DRAWDOWN' as const, reason: 'r', actor: null, since: NOW, value: null, limit: null }; // prettier-ignore
    const context = { settings: DEFAULT_NOTIFICATIONS, accountKind: 'PAPER' as const };
    const fact = (until: number | null): FactRow => ({ seq: 1, at: NOW, type: 'halt.changed', data: { ...halt, until } });
    expect(noticeOfFact(fact(null), context)?.type).toBe('halt');
    expect(noticeOfFact(fact(NOW), context)).toBeNull();
  });

  it('trading-9.5 a stale symbol is told ten minutes after its halt, never when a fresh bar came before; one found at the start has a minute', async () => {
    const timers = new VirtualClock();
    const own = new Scope({ name: 'server', timers, census: new Census() });
    const said: [string, number][] = [];
    const watch = staleWatch({
      scope: own,
      wallClock: () => NOW + timers.now(),
      onStale: ({ id }) => said.push([id, timers.now() / 1_000]),
    });
    const halt = (id: string, kind: 'STALE' | 'DRAWDOWN', until: number | null, since = NOW) => ({ id, accountId: 'a', scope: `symbol:${id}`, kind, reason: 'no fresh bar', actor: null, since, until, value: null, limit: null }); // prettier-ignore
    const hear = (data: ReturnType<typeof halt>): void => watch.hear({ seq: 1, at: NOW, type: 'halt.changed', data });
    hear(halt('AAA', 'STALE', null));
    hear(halt('BBB', 'STALE', null));
    hear(halt('DDD', 'DRAWDOWN', null));
    watch.found(halt('OLD', 'STALE', null, NOW - 3_600_000));
    watch.found(halt('NEW', 'STALE', null, NOW - 60_000));
    timers.advance(599_999);
    hear(halt('BBB', 'STALE', NOW + 1));
    timers.advance(10_000_000);
    expect(said).toEqual([['OLD', 60], ['NEW', 540], ['AAA', 600]]); // prettier-ignore
    await own.dispose();
  });

  it('trading-9.5 the notice of a stale symbol is not sent with its fact', async () => {
    const data = { id: 'h', accountId: 'a', scope: 'symbol:SPY', kind: 'STALE' as const, reason: 'no fresh bar', actor: null, since: NOW, until: null, value: null, limit: null }; // prettier-ignore
    tell([{ seq: 1, at: NOW, type: 'halt.changed', data }, { seq: 2, at: NOW, type: 'halt.changed', data: { ...data, id: 'd', kind: 'DRAWDOWN' } }]); // prettier-ignore
    await settled();
    expect((await page()).items.map(({ type }) => type)).toEqual(['halt']);
  });

  it('trading-10 an approval is announced once more a minute before it expires, unless it was decided', async () => {
    const timers = new VirtualClock();
    const own = new Scope({ name: 'server', timers, census: new Census() });
    const said: string[] = [];
    const watch = expiryWatch({ scope: own, wallClock: () => NOW + timers.now(), onExpiring: ({ key }) => said.push(key) });
    const waiting = (signalId: string, state: 'WAITING' | 'APPROVED'): FactRow => ({
      seq: 1,
      at: NOW,
      type: 'approval.changed',
      data: {
        signalId, state, gate: null, by: null,
        entry: {
          signalId, queuedAt: NOW, expiresAt: NOW + 300_000, missed: null,
          snapshot: { symbol: 'SPX', timeframe: '1d', pattern: 'SPRING', direction: 'LONG', entryType: 'STOP', entryPrice: 1, stopPrice: 0.9, targets: [], qtyMicros: 1, riskMicros: 1, rMultiple: null, confidence: null, version: 1 },
        },
      },
    }); // prettier-ignore
    for (const id of ['a', 'b']) watch.hear(waiting(id, 'WAITING'));
    watch.hear(waiting('b', 'APPROVED'));
    await timers.run(239_999);
    expect(said).toEqual([]);
    await timers.run(1);
    expect(said).toEqual(['a']);
    await own.dispose();
    expect(timers.pending).toBe(0);
  });
});
