/** Retention on every store: what is too old leaves in batches, what is needed stays, a dry run only counts (M15, interface 4.3). */
import { Scope } from '@wyckoff/bounded';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startPostgres, type TestPostgres } from '../../../../../e2e/support/postgres.ts';
import { DEMO_SYMBOL } from '../../session/demo-series.ts';
import type { RetentionLine, RetentionOptions } from '../retention.ts';
import type { EngineRef, Store } from '../store.ts';
import { ACCOUNT, auditFact, columnsAt, commitOf, DAY_MS, job, notification, refOf, trade, upTo } from '../testing/samples.ts';
import { openTestStore, STORES, type Wall } from '../testing/stores.ts';

const servers = new Scope({ name: 'test.servers' });
let server: Promise<TestPostgres> | undefined;
const postgres = (): Promise<TestPostgres> => (server ??= startPostgres(servers));
afterAll(async () => void (await servers.dispose()));

/** The wall clock of the first writes. */
const THEN = 1_700_000_000_000;

describe.each(STORES)('M15 retention: %s', (name) => {
  let scope: Scope;
  let wall: Wall;
  let store: Store;
  let engine: EngineRef;
  beforeEach(async () => {
    scope = new Scope({ name: 'test' });
    wall = { ms: THEN };
    store = await openTestStore(name, scope, wall, postgres);
    engine = refOf(await store.saveSymbol(DEMO_SYMBOL, '1d'));
    await store.openEngine(engine, ACCOUNT);
  });
  afterEach(async () => void (await scope.dispose()));

  const retain = async (afterDays: number, more: Partial<RetentionOptions> = {}): Promise<Record<string, number>> => {
    wall.ms = THEN + afterDays * DAY_MS;
    const lines = await store.retain({ now: wall.ms, pauseMs: 0, ...more });
    return Object.fromEntries(lines.filter((line) => line.rows > 0).map((line) => [line.table, line.rows]));
  };

  it('M15 ages count from the write, never from the market: a replay of old bars is new data', async () => {
    await store.commit({ ...commitOf(engine, 0, 10), snapshot: new Uint8Array([1]) });
    expect(await retain(29)).toEqual({});
  });

  it('M15 facts of engines leave after 30 days, but not what a restart compares, nor inputs, nor the newest number', async () => {
    await store.commit({
      ...commitOf(engine, 0, 300),
      inputs: [{ bar: 5, kind: 'decision', at: 1, data: {} }],
      snapshot: new Uint8Array([1]),
    });
    await store.commit(commitOf(engine, 300, 310));
    expect(await retain(31, { dryRun: true })).toEqual({ facts: 1495 });
    expect(await store.factsAfter(0, 2000)).toHaveLength(1550);
    expect(await retain(31)).toEqual({ facts: 1495 });
    const left = await store.factsAfter(0, 2000);
    expect(left).toHaveLength(55);
    expect(await store.factsOfBars(engine.id, { after: 299, until: 310, limit: 100 })).toHaveLength(55);
    expect(await store.inputsOfBars(engine.id, { after: 0, until: 310, limit: 10 })).toHaveLength(1);
    expect((await store.openEngine(engine, ACCOUNT)).forgotten).toBe(299);
    // The entities are not facts: they stay.
    expect(await store.signals({ limit: 5 })).toHaveLength(5);
    expect(await store.lastSeq()).toBe(1551);
    // Once more changes nothing.
    expect(await retain(31)).toEqual({});
  });

  it('M15 the newest fact stays whatever its age, so that no number is given twice', async () => {
    await store.change({ facts: [{ at: 1, topic: 'jobs', type: 'job.changed', data: {} }, { at: 1, topic: 'jobs', type: 'job.changed', data: {} }], writes: [] }); // prettier-ignore
    expect(await retain(400)).toEqual({ facts: 1 });
    expect(await store.lastSeq()).toBe(2);
    const [next] = await store.change({ facts: [auditFact('x.y')], writes: [] });
    expect(next.seq).toBe(3);
  });

  it('M15 audited facts leave after two years, oldest first, and the chain holds from the anchor on', async () => {
    for (let i = 0; i < 6; i += 1) {
      await store.change({ facts: [auditFact('note.changed', { i })], writes: [] });
      wall.ms += 100 * DAY_MS;
    }
    expect(await retain(731 + 100)).toEqual({ facts: 2 });
    expect((await store.auditAfter(0, 10)).map((fact) => fact.data)).toEqual([{ i: 2 }, { i: 3 }, { i: 4 }, { i: 5 }]);
    expect(await store.checkAudit()).toEqual({ ok: true, checked: 4, lastSeq: 6 });
    await store.change({ facts: [auditFact('note.changed', { i: 6 })], writes: [] });
    expect(await store.checkAudit()).toEqual({ ok: true, checked: 5, lastSeq: 7 });
  });

  it('H4 notifications leave after 90 days, and above 1,000 per user', async () => {
    const send = (from: number, count: number, user: string): Promise<unknown> =>
      store.change({
        facts: [],
        writes: upTo(count, 1).map((i) => ({
          kind: 'notification' as const,
          notification: { ...notification(from + i), userId: user },
        })),
      });
    await send(0, 50, 'local');
    wall.ms = THEN + 60 * DAY_MS;
    await send(100, 1_200, 'local');
    expect(await retain(60)).toEqual({ notifications: 250 });
    expect(await store.unreadNotifications('local')).toBe(1000);
    expect((await store.notifications({ userId: 'local', limit: 1 }))[0].id).toBe('n-001299');
    expect(await retain(91, { ages: { notificationsPerUser: 5000 } })).toEqual({});
    expect(await retain(151)).toEqual({ notifications: 1000 });
  });

  it('M7 finished jobs leave after 180 days with their trades, and above 200 per user; running ones stay', async () => {
    for (let n = 1; n <= 6; n += 1) await store.addJob(job(n));
    await store.addJobTrades('j-000001', upTo(1_000, 1).map((i) => trade(i + 1))); // prettier-ignore
    await store.addJobTrades('j-000001', upTo(500, 1).map((i) => trade(i + 1001))); // prettier-ignore
    await store.saveBlob({ kind: 'JOB', id: 'j-000001' }, 'equity', new Uint8Array(9));
    for (const n of [1, 2, 3, 4, 6]) await store.changeJob(`j-00000${n}`, { status: 'COMPLETED' });
    expect(await retain(1, { ages: { jobsPerUser: 4 } })).toEqual({ jobs: 2 });
    expect((await store.jobs({ limit: 9 })).map((row) => row.id)).toEqual(['j-000006', 'j-000005', 'j-000004', 'j-000003']);
    expect(await store.countJobTrades('j-000001')).toBe(0);
    await store.addJobTrades('j-000003', [trade(1)]);
    expect(await retain(181, { dryRun: true })).toEqual({ jobs: 3 });
    expect(await retain(181)).toEqual({ jobs: 3 });
    expect((await store.jobs({ limit: 9 })).map((row) => row.id)).toEqual(['j-000005']);
    expect(await store.countJobTrades('j-000003')).toBe(0);
  });

  it('equity points are one a minute for 30 days, then one a day: the last of each', async () => {
    const hour = 3_600_000;
    const points = upTo(24 * 40, 1).map((i) => ({ ts: i * hour, equityMicros: i, cashMicros: 0, heatRatio: 0 }));
    const doubled = points.flatMap((point) => [point, { ...point, ts: point.ts + 10_000 }]);
    await store.commit({ ...commitOf(engine, 0, 1), facts: [], equity: doubled });
    expect(await retain(1)).toEqual({ equity_points: 960 });
    expect((await store.equity(ACCOUNT.id)).every(([ts]) => ts % hour === 10_000)).toBe(true);
    expect(await retain(31)).toEqual({ equity_points: 960 - 40 });
    expect((await store.equity(ACCOUNT.id)).map(([ts]) => ts)).toEqual(
      upTo(40, 1).map((day) => day * DAY_MS + 23 * hour + 10_000),
    );
  });

  it('C6 dead letters leave after 7 days', async () => {
    const letter = { topic: 'bars', payload: 1, error: 'e', attempts: 3, firstAt: 1, lastAt: 1, state: 'WAITING' as const };
    await store.saveDeadLetter({ ...letter, id: 'd-1' });
    expect(await retain(6)).toEqual({});
    expect(await retain(8)).toEqual({ dead_letters: 1 });
  });

  it('streamed bars of short timeframes leave by their own time; imported ones, and long timeframes, stay', async () => {
    const minutes = await store.saveSymbol(DEMO_SYMBOL, '1m');
    const hours = await store.saveSymbol(DEMO_SYMBOL, '1h');
    const live = (series: typeof minutes, times: readonly number[]) => {
      const ref = refOf(series);
      return store
        .openEngine(ref, ACCOUNT)
        .then(() =>
          store.commit({ ...commitOf(ref, 0, 1), facts: [], bars: [{ series, columns: columnsAt(times) }], equity: [] }),
        );
    };
    await live(minutes, upTo(1_500, 60_000).map((ms) => THEN + ms)); // prettier-ignore
    await live(hours, [THEN]);
    await store.importBars(minutes, columnsAt([THEN + 60_000, THEN + 120_000]), 'download');
    expect(await retain(89)).toEqual({});
    expect(await retain(95)).toEqual({ bars: 1498 });
    expect(await store.countBars(minutes)).toBe(2);
    expect(await retain(700)).toEqual({});
    expect(await retain(731)).toEqual({ bars: 1 });
    expect(await store.countBars(hours)).toBe(0);
  });

  it('refused signals leave after a year, the others never', async () => {
    const commit = commitOf(engine, 0, 4);
    const refused = commit.facts.map(({ bar, fact }) => {
      if (fact.kind !== 'signal.changed' || bar > 2) return { bar, fact };
      const status = bar === 1 ? ('REJECTED' as const) : ('EXPIRED' as const);
      return { bar, fact: { ...fact, data: { ...fact.data, status } } };
    });
    await store.commit({ ...commit, facts: refused, snapshot: new Uint8Array([1]) });
    expect((await retain(366))['signals']).toBe(2);
    expect((await store.signals({ limit: 9 })).map(({ item }) => item.id)).toEqual(['signal-id-0004', 'signal-id-0003']);
  });

  it('M15 it goes in batches of 1,000 and ends at the next one when it is told to', async () => {
    await store.commit({ ...commitOf(engine, 0, 700), snapshot: new Uint8Array([1]) });
    const signal = { aborted: false };
    const lines: RetentionLine[] = [];
    await retain(31, { onTable: (line) => lines.push(line) });
    expect(lines[0]).toMatchObject({ table: 'facts', rows: 3495 });
    expect(lines[0].batches).toBeGreaterThanOrEqual(4);
    signal.aborted = true;
    expect(await store.retain({ now: wall.ms + 999 * DAY_MS, signal })).toEqual([]);
  });
});
