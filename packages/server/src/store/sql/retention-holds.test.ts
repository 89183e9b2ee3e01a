/** M15 interface 4.1 What retention holds the gate for is counted in rows, not in time: a thousand a transaction whatever has to leave, and others get in between. */
import { Scope } from '@wyckoff/bounded';
import Database from 'better-sqlite3';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startPostgres, type TestPostgres } from '../../../../../e2e/support/postgres.ts';
import { DEMO_SYMBOL } from '../../session/demo-series.ts';
import type { PostgresStore } from '../postgres/postgres-store.ts';
import type { RetentionLine, RetentionOptions } from '../retention.ts';
import { openSqliteStore, type SqliteStore } from '../sqlite/sqlite-store.ts';
import type { EngineRef, Store } from '../store.ts';
import { ACCOUNT, columnsAt, commitOf, DAY_MS, job, notification, refOf, trade, upTo } from '../testing/samples.ts';
import { openTestStore, STORES, type Wall } from '../testing/stores.ts';
import type { Gate } from './gate.ts';
import { retentionStore } from './retention.ts';
import { ROWS } from './retention-walk.ts';
import { execute, rawRows, type Work } from './work.ts';

const servers = new Scope({ name: 'test.servers' });
let server: Promise<TestPostgres> | undefined;
const postgres = (): Promise<TestPostgres> => (server ??= startPostgres(servers));
afterAll(async () => void (await servers.dispose()));

const THEN = 1_700_000_000_000;
const COUNTED = ['facts', 'bars', 'jobs', 'job_trades', 'job_tasks', 'notifications', 'events', 'ranges', 'equity_points'];

function rowsLeft(lines: readonly RetentionLine[]): Record<string, number> {
  return Object.fromEntries(lines.filter((line) => line.rows > 0).map((line) => [line.table, line.rows]));
}

/** Counts by looking what each transaction really took away, with what hung on it. */
class CountingGate implements Gate {
  readonly #gate: Gate;
  readonly removed: number[] = [];
  readonly looked: string[] = [];
  between: () => Promise<void> = () => Promise.resolve();

  constructor(gate: Gate) {
    this.#gate = gate;
  }

  get dialect(): Gate['dialect'] {
    return this.#gate.dialect;
  }

  figures(): ReturnType<Gate['figures']> {
    return this.#gate.figures();
  }

  async query<T>(holder: string, work: () => Work<T>): Promise<T> {
    this.looked.push(holder);
    return await this.#gate.query(holder, work);
  }

  async snapshot<T>(holder: string, work: () => Work<T>): Promise<T> {
    return await this.#gate.snapshot(holder, work);
  }

  async transaction<T>(holder: string, work: () => Work<T>): Promise<T> {
    const answer = await this.#gate.transaction(holder, () => this.#counted(work));
    await this.between();
    return answer;
  }

  *#counted<T>(work: () => Work<T>): Work<T> {
    const before = yield* rowsOf();
    const answer = yield* work();
    this.removed.push(before - (yield* rowsOf()));
    return answer;
  }
}

function* rowsOf(): Work<number> {
  let rows = 0;
  for (const table of COUNTED) rows += (yield* rawRows<[number]>(`select count(*) from ${table}`, []))[0][0];
  return rows;
}

/** Puts a row into `events` or `ranges`: symbol, timeframe in minutes, id, and its times. */
const SEEN: Readonly<Record<string, string>> = {
  events: `insert into events (symbol_id, tf, id, range_id, hypothesis, kind, status, event_ts, confirm_ts, tradeable, data)
    values (?, ?, ?, 1, 1, 'SPRING', 'CONFIRMED', ?, ?, 0, '{}')`,
  ranges: `insert into ranges (symbol_id, tf, id, range_id, state, start_ts, end_ts, data) values (?, ?, ?, 1, 'CLOSED', ?, ?, '{}')`,
};

describe.each(STORES)('M15 the holds of retention: %s', (name) => {
  let scope: Scope;
  let wall: Wall;
  let store: Store & { readonly gate: Gate };
  let engine: EngineRef;
  beforeEach(async () => {
    scope = new Scope({ name: 'test' });
    wall = { ms: THEN };
    store = (await openTestStore(name, scope, wall, postgres)) as unknown as (SqliteStore & Store) | PostgresStore;
    engine = refOf(await store.saveSymbol(DEMO_SYMBOL, '1m'));
    await store.openEngine(engine, ACCOUNT);
  });
  afterEach(async () => void (await scope.dispose()));

  /** Of everything some thousands: bars with what was seen in them, jobs with trades, notifications, facts. */
  const fill = async (): Promise<void> => {
    const { series } = engine;
    await store.commit({ ...commitOf(engine, 0, 700), snapshot: new Uint8Array([1]) });
    const times = upTo(6_500, 60_000).map((ms) => THEN + ms);
    const columns = columnsAt(times);
    await store.commit({ ...commitOf(engine, 700, 701), facts: [], bars: [{ series, columns }], equity: [] });
    await store.importBars(series, columnsAt([times[3_000], times[6_499]]), 'download');
    for (let n = 1; n <= 6; n += 1) await store.addJob(job(n));
    for (let k = 0; k < 3; k += 1)
      await store.addJobTrades('j-000001', upTo(1_000, 1).map((i) => trade(1_000 * k + i + 1))); // prettier-ignore
    await store.addJobTrades('j-000002', upTo(900, 1).map((i) => trade(i + 1))); // prettier-ignore
    await store.addJobTrades('j-000003', upTo(900, 1).map((i) => trade(i + 1))); // prettier-ignore
    for (const n of [1, 2, 3, 4, 5]) await store.changeJob(`j-00000${n}`, { status: 'COMPLETED' });
    const writes = (from: number, count: number) => upTo(count, 1).map((i) => ({ kind: 'notification' as const, notification: notification(from + i) })); // prettier-ignore
    await store.change({ facts: [], writes: writes(0, 1_500) });
    wall.ms = THEN + 95 * DAY_MS;
    await store.change({ facts: [], writes: writes(2_000, 1_300) });
    for (const seen of ['events', 'ranges'])
      await store.gate.transaction('test', function* () {
        for (let i = 0; i < 1_200; i += 1) yield* execute(store.gate.dialect.text(SEEN[seen]), [series.symbolId, 1, `${seen}-${i}`, THEN + i * 300_000, THEN + i * 300_000]); // prettier-ignore
      });
  };
  const ages = { jobsPerUser: 3, jobsMs: 999 * DAY_MS };
  const expected = { facts: 3_495, notifications: 1_800, jobs: 3, bars: 3_000, events: 600, ranges: 600 };

  it('M15 a transaction takes away a thousand rows at most, with what hangs on them; whoever writes gets in between', async () => {
    await fill();
    const gate = new CountingGate(store.gate);
    const counted = retentionStore({ gate, afterwards: () => Promise.resolve() });
    let written = 0;
    gate.between = async () => {
      await store.importBars(engine.series, columnsAt([wall.ms + (written += 1) * 60_000]), 'feed');
    };
    const seen: RetentionLine[] = [];
    const lines = await counted.retain({ now: wall.ms, pauseMs: 0, ages, onBatch: (line) => seen.push(line) });
    expect(rowsLeft(lines)).toEqual(expected);
    expect(Math.max(...gate.removed)).toBe(ROWS);
    expect(gate.removed.reduce((sum, rows) => sum + rows, 0)).toBe(3_495 + 1_800 + 3 + 3_900 + 900 + 3_000 + 1_200);
    expect(written).toBe(gate.removed.length);
    expect(await store.countBars(engine.series)).toBe(3_500 + written);
    // What is told on the way grows to what is told at the end.
    expect(seen.findLast((line) => line.table === 'bars')?.rows).toBe(3_000);
  });

  it('M15 the twin: one big delete is a transaction of them all, and is seen', async () => {
    await fill();
    const gate = new CountingGate(store.gate);
    const { dialect } = gate;
    await gate.transaction('retention', () => execute(dialect.text('delete from bars where ts < ?'), [wall.ms]));
    expect(gate.removed).toEqual([6_500]);
    // A thousand jobs would take their trades along.
    await gate.transaction('retention', () => execute(dialect.text('delete from jobs where id < ?'), ['j-000003']));
    expect(gate.removed[1]).toBe(2 + 3_900);
    expect(Math.max(...gate.removed)).toBeGreaterThan(ROWS);
  });

  it('M15 a dry run says what the real one does, table by table, and changes nothing', async () => {
    await fill();
    const options: RetentionOptions = { now: wall.ms, pauseMs: 0, ages: { ...ages, jobsMs: 90 * DAY_MS } };
    const dry = await store.retain({ ...options, dryRun: true });
    expect(await store.countBars(engine.series)).toBe(6_500);
    // Three of the five that are old are too many as well, and are counted once.
    expect(rowsLeft(dry)).toEqual({ ...expected, jobs: 5 });
    expect(rowsLeft(await store.retain(options))).toEqual(rowsLeft(dry));
    expect(rowsLeft(await store.retain(options))).toEqual({});
  });

  it('M15 what was seen in streamed bars leaves by their age, though a filled hole keeps an older bar; in imported ones, or made of them, it stays', async () => {
    const { series } = engine;
    const old = THEN - 200 * DAY_MS;
    await store.importBars(series, columnsAt([old]), 'filled');
    const seen: readonly (readonly [tf: number, at: number])[] = [[1, old], [1, old + 60_000], [60, old], [60, THEN - 800 * DAY_MS], [1, THEN - DAY_MS]]; // prettier-ignore
    for (const table of ['events', 'ranges'])
      await store.gate.transaction('test', function* () {
        for (const [i, [tf, at]] of seen.entries()) yield* execute(store.gate.dialect.text(SEEN[table]), [series.symbolId, tf, `${table}-${i}`, at, at]); // prettier-ignore
      });
    expect(rowsLeft(await store.retain({ now: wall.ms, pauseMs: 0 }))).toEqual({ events: 2, ranges: 2 });
    for (const table of ['events', 'ranges']) {
      const rows = await store.gate.query('test', () => rawRows<[string]>(`select id from ${table} order by id`, []));
      expect(rows.map(([id]) => id)).toEqual([0, 2, 4].map((i) => `${table}-${i}`));
    }
  });

  it('M15 interface 4.1 a file is looked through in its thread: a dry run never takes the gate; where there is but one connection it does', async () => {
    await fill();
    const before = store.gate.figures().acquired;
    await store.retain({ now: wall.ms, pauseMs: 0, dryRun: true });
    const taken = store.gate.figures().acquired - before;
    if (name === 'SQLite on disk') expect(taken).toBe(0);
    else expect(taken).toBeGreaterThan(20);
  });

  it('M15 told to stop in the middle, it ends with the batch under way; the next run does the rest', async () => {
    await fill();
    const signal = { aborted: false };
    const onBatch = ({ table }: RetentionLine): void => void (signal.aborted = table === 'bars');
    const options: RetentionOptions = { now: wall.ms, pauseMs: 0, ages };
    const first = rowsLeft(await store.retain({ ...options, signal, onBatch }));
    expect(first['bars']).toBe(1_000);
    const second = rowsLeft(await store.retain(options));
    expect(second).toEqual({ bars: 2_000, events: 600, ranges: 600 });
  });
});

it('M15 interface 4.1 each look is a search between two keys, and sorts nothing but a slice', async () => {
  const statements = new Set<string>();
  await using scope = new Scope({ name: 'test' });
  const folder = scope.own(mkdtempSync(join(tmpdir(), 'wyckoff-looks-')), (path) =>
    rmSync(path, { recursive: true, force: true }),
  );
  const path = join(folder, 'wyckoff.db');
  const store = openSqliteStore({ path, now: () => THEN, trace: (statement) => statements.add(statement) });
  const series = await store.saveSymbol(DEMO_SYMBOL, '1m');
  await store.openEngine(refOf(series), ACCOUNT);
  const bars = [{ series, columns: columnsAt(upTo(2_500, 60_000)) }];
  await store.commit({ ...commitOf(refOf(series), 0, 300), bars, snapshot: new Uint8Array([1]) });
  await store.addJob(job(1));
  await store.change({ facts: [], writes: [{ kind: 'notification', notification: notification(1) }] });
  await store.gate.transaction('test', function* () {
    for (const seen of ['events', 'ranges']) yield* execute(SEEN[seen], [series.symbolId, 1, seen, 1, 1]);
  });
  statements.clear();
  await store.retain({ now: THEN + 999 * DAY_MS, pauseMs: 0 });
  const looks = [...statements].filter((statement) => /\border by\b/.test(statement) && !/^delete/.test(statement));
  expect(looks.length).toBeGreaterThan(20);
  const database = new Database(path, { readonly: true });
  const faults = looks.flatMap((look) =>
    (database.prepare(`explain query plan ${look}`).all() as { detail: string }[])
      .filter(
        ({ detail }) =>
          (/^SCAN (?!slice)/.test(detail) || /TEMP B-TREE/.test(detail)) &&
          !(/as slice order by/.test(look) && !/^SCAN/.test(detail)),
      ) // prettier-ignore
      .map(({ detail }) => `${detail}: ${look}`),
  );
  database.close();
  store.close();
  expect(faults).toEqual([]);
});

it('M15 killed in the middle (SIGKILL), what had left has left, nothing else has, and the next run ends where one would have', async () => {
  const BARS = 60_000;
  await using scope = new Scope({ name: 'test' });
  const folder = scope.own(mkdtempSync(join(tmpdir(), 'wyckoff-retain-')), (path) =>
    rmSync(path, { recursive: true, force: true }),
  );
  const path = join(folder, 'wyckoff.db');
  const filled = openSqliteStore({ path, now: () => THEN });
  const series = await filled.saveSymbol(DEMO_SYMBOL, '1m');
  const ref = refOf(series);
  await filled.openEngine(ref, ACCOUNT);
  const columns = columnsAt(upTo(BARS, 60_000).map((ms) => THEN + ms));
  await filled.commit({ ...commitOf(ref, 0, 1), facts: [], bars: [{ series, columns }], equity: [] });
  filled.close();
  // As old as can leave are the first 55,000: more than one slice of keys.
  const now = THEN + 55_000 * 60_000 + 90 * DAY_MS;
  const child = spawn(process.execPath, [join(import.meta.dirname, '../testing/retain-process.ts'), path, String(now)], { stdio: ['ignore', 'pipe', 'inherit'] }); // prettier-ignore
  const ended = once(child, 'exit');
  let told = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    told = Number(/^bars (\d+)$/.exec(line)?.[1] ?? told);
    if (told >= 2_000) child.kill('SIGKILL');
  }
  await ended;
  expect(child.signalCode).toBe('SIGKILL');
  const store = scope.own(openSqliteStore({ path, scope, now: () => now }), (opened) => opened.close());
  const left = BARS - (await store.countBars(series));
  // Whole transactions: what was told, and at most what was under way.
  expect(left % ROWS).toBe(0);
  expect(left).toBeGreaterThanOrEqual(told);
  expect(left).toBeLessThan(55_000);
  const rest = await store.retain({ now, pauseMs: 0 });
  expect(rowsLeft(rest)).toEqual({ bars: 55_000 - left });
  expect((await store.barsAfter(series, { limit: 1 })).time[0]).toBe(THEN + 55_000 * 60_000);
});
