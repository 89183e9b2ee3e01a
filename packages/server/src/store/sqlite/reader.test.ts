/** Long reads do not keep the event loop waiting, and the plan of every page is a search on its key (H3, interface 4.1). */
import { Scope } from '@wyckoff/bounded';
import { VirtualClock } from '@wyckoff/bounded/leak-kit';
import { createBarColumns, type BarColumns } from '@wyckoff/domain';
import Database from 'better-sqlite3';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DEMO_SYMBOL } from '../../session/demo-series.ts';
import type { Series } from '../store.ts';
import { ACCOUNT, columnsAt, commitOf, refOf, upTo } from '../testing/samples.ts';
import { Reader } from './reader.ts';
import { openSqliteStore, type SqliteStore } from './sqlite-store.ts';

const BARS = 1_000_000;
const folder = mkdtempSync(join(tmpdir(), 'wyckoff-reader-'));
const path = join(folder, 'wyckoff.db');
const scope = new Scope({ name: 'test' });
const statements = new Set<string>();
let store: SqliteStore;
let series: Series;

function million(): BarColumns {
  const columns = createBarColumns(BARS);
  for (let i = 0; i < BARS; i += 1) {
    columns.time[i] = i * 60_000;
    columns.open[i] = columns.high[i] = columns.low[i] = columns.close[i] = 100 + (i % 7);
    columns.volume[i] = i;
  }
  columns.length = BARS;
  return columns;
}

beforeAll(async () => {
  store = openSqliteStore({ path, scope });
  series = await store.saveSymbol(DEMO_SYMBOL, '1m');
  await store.importBars(series, million(), 'test');
});
afterAll(async () => {
  await scope.dispose();
  store.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Medians of both, taken by turns, so that the machine's moods meet both. */
async function ratioOf(first: () => Promise<unknown>, last: () => Promise<unknown>): Promise<number> {
  const times: [number[], number[]] = [[], []];
  for (let i = 0; i < 41; i += 1)
    for (const [side, work] of [first, last].entries()) {
      const since = performance.now();
      await work();
      times[side].push(performance.now() - since);
    }
  const [a, b] = times.map((side) => side.sort((x, y) => x - y)[20]);
  return b / a;
}

describe('H3 a million bars', () => {
  it('H3 the last page costs what the first costs', async () => {
    for (const limit of [500, 10_000]) {
      const first = (): Promise<unknown> => store.barsAfter(series, { limit });
      const last = (): Promise<unknown> => store.barsAfter(series, { after: (BARS - limit - 1) * 60_000, limit });
      expect(await ratioOf(first, last)).toBeLessThan(2);
    }
  });

  it('H3 the twin: by offset the last page is far beyond twice the first', () => {
    const database = new Database(path, { readonly: true });
    const page = database.prepare('select ts from bars where symbol_id = ? and tf = 1 order by ts limit 500 offset ?').pluck();
    const time = (skip: number): number => {
      const since = performance.now();
      page.all(series.symbolId, skip);
      return performance.now() - since;
    };
    time(0);
    expect(time(BARS - 500) / time(0)).toBeGreaterThan(5);
    database.close();
  });

  it('H2 a walk over all of them is complete, flat in memory, and keeps nobody waiting', async () => {
    const delay = monitorEventLoopDelay({ resolution: 5 });
    await store.barsAfter(series, { limit: 5_000 });
    const before = process.memoryUsage();
    delay.enable();
    let seen = 0;
    let last = -1;
    for await (const columns of store.streamBars(series, { chunk: 10_000 })) {
      expect(columns.time[0]).toBeGreaterThan(last);
      last = columns.time[columns.length - 1];
      seen += columns.length;
    }
    delay.disable();
    const after = process.memoryUsage();
    expect(seen).toBe(BARS);
    expect(after.heapUsed - before.heapUsed).toBeLessThan(16e6);
    // The thread reads while this one is free. The bound is wide: the machine may be busy with something else.
    expect(delay.percentile(90) / 1e6).toBeLessThan(100);
    expect(await store.countBars(series)).toBe(BARS);
  });

  it('a read that is cancelled ends at its next check, and the thread goes when nothing has been asked for a while', async () => {
    const clock = new VirtualClock();
    const own = new Scope({ name: 'own', timers: clock });
    const reader = new Reader(path, own);
    expect(reader.isRunning).toBe(false);
    const span = { after: -1, until: 1e15 };
    const counting = Promise.allSettled(Array.from({ length: 8 }, () => reader.count(series, span)));
    reader.cancel();
    const cancelled = (await counting).filter((answer) => answer.status === 'rejected');
    expect(cancelled.length).toBeGreaterThanOrEqual(6);
    expect(await reader.count(series, span)).toBe(BARS);
    expect(reader.isRunning).toBe(true);
    clock.advance(31_000);
    await expect.poll(() => reader.isRunning, { timeout: 30_000, interval: 10 }).toBe(false);
    // And comes back when it is needed.
    expect((await reader.page(series, { ...span, limit: 5 })).length).toBe(5);
    const tooMany = await Promise.allSettled(Array.from({ length: 70 }, () => reader.count(series, span)));
    expect(tooMany.filter((answer) => answer.status === 'rejected')).toHaveLength(6);
    await own.dispose();
  });
});

describe('H3 M15 plans', () => {
  it('H3 every list and window is a search on an index, and sorts nothing', async () => {
    const traced = openSqliteStore({ path: join(folder, 'traced.db'), trace: (statement) => statements.add(statement) });
    const daily = await traced.saveSymbol(DEMO_SYMBOL, '1d');
    const engine = refOf(daily);
    await traced.openEngine(engine, ACCOUNT);
    await traced.importBars(daily, columnsAt(upTo(100)), 'test');
    await traced.commit({ ...commitOf(engine, 0, 20), snapshot: new Uint8Array([1]) });
    statements.clear();
    const below = { at: 5e12, id: 'x' };
    await traced.barsBefore(daily, { limit: 10 });
    await traced.barsAfter(daily, { limit: 10 });
    await traced.countBars(daily);
    await traced.factsAfter(3, 10);
    await traced.factsAfter(3, 10, { topics: ['signals'] });
    await traced.factsOfBars(engine.id, { after: 1, until: 5, limit: 10 });
    await traced.newestSnapshot(engine.id);
    await traced.signals({ limit: 10, below });
    await traced.signals({ limit: 10, status: 'APPROVED', below });
    await traced.signals({ limit: 10, symbol: 'SPX', below });
    await traced.positions({ limit: 10, status: 'OPEN', below });
    await traced.positions({ limit: 10, symbol: 'SPX' });
    await traced.orders({ limit: 10, accountId: ACCOUNT.id, below });
    await traced.orders({ limit: 10, state: 'FILLED' });
    await traced.workingOrders(ACCOUNT.id);
    await traced.orderByClientId('x');
    await traced.campaigns({ limit: 10, status: 'ACTIVE', below });
    await traced.snapshot({ ranges: 5, events: 5, signals: 5, orders: 5, positions: 5 });
    await traced.eventsIn({ series: daily, from: 0, to: 9 }, 10);
    await traced.rangesIn({ series: daily, from: 0, to: 9 }, 10);
    await traced.positionsIn({ series: daily, from: 0, to: 9 }, 10);
    await traced.notifications({ userId: 'local', belowId: 'x', limit: 10 });
    await traced.unreadNotifications('local');
    await traced.jobs({ userId: 'local', belowId: 'x', limit: 10 });
    await traced.jobTrades('j', { after: 5, limit: 10 });
    await traced.heldReservations(ACCOUNT.id);
    await traced.allocationsOf('c');
    await traced.ledgerAfter(ACCOUNT.id, 1, 10);
    await traced.ledgerSum(ACCOUNT.id);
    await traced.auditAfter(0, 10);
    await traced.lastSeq();
    await traced.equity(ACCOUNT.id);
    await traced.deadLetters({ limit: 10 });
    traced.close();
    const database = new Database(join(folder, 'traced.db'), { readonly: true });
    const faults = [...statements]
      .filter((statement) => /^\s*(\/\* raw \*\/)?\s*(select|with)/i.test(statement))
      .flatMap((statement) => {
        const plan = database.prepare(`explain query plan ${statement}`).all() as { detail: string }[];
        return plan
          .filter(
            ({ detail }) =>
              /^SCAN (bars|facts|signals|orders|positions|fills|equity_points|notifications|jobs|job_trades|ledger|events|ranges|campaigns)$/.test(
                detail,
              ) || /TEMP B-TREE/.test(detail),
          )
          .map(({ detail }) => `${detail}: ${statement}`);
      });
    database.close();
    expect(statements.size).toBeGreaterThan(30);
    expect(faults).toEqual([]);
  });
});
