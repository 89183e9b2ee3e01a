/** The desk answers in the shapes of the contract, pages by key without loss, and shows nothing of the future. */
import { Scope } from '@wyckoff/bounded';
import * as contract from '@wyckoff/contracts';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Answer, ConflatedValue, Desk, Page } from './desk.ts';
import { openSqliteStore } from '../store/sqlite/sqlite-store.ts';
import { DEMO_SYMBOL } from './demo-series.ts';
import { openSession } from './open.ts';
import { tapeFactory } from './testing/tape-engine.ts';

const folder = mkdtempSync(join(tmpdir(), 'wyckoff-desk-'));
const tape = () => tapeFactory({ accountId: 'replay', startingMicros: 1e11 });

function valueOf<T>(answer: Answer<T>): T {
  if (!answer.ok) throw new Error(`${answer.code}: ${answer.detail}`);
  return answer.value;
}

async function finished(desk: Desk): Promise<void> {
  desk.replay.play();
  while (desk.replay.state().replay?.finished !== true) await turn();
}

let scope: Scope;
let real: Desk;
let tapes: Desk;
const values: ConflatedValue[] = [];
const facts: contract.FactRow[] = [];
beforeAll(async () => {
  scope = new Scope({ name: 'test' });
  ({ desk: real } = await openSession({ scope, storePath: join(folder, 'real.db'), speed: null, play: false }));
  ({ desk: tapes } = await openSession(
    { scope, storePath: join(folder, 'tape.db'), speed: null, play: false },
    { factory: tape },
  ));
  real.subscribeFacts((rows) => facts.push(...rows));
  real.subscribeValues((batch) => values.push(...batch));
});
afterAll(async () => {
  await scope.dispose();
  rmSync(folder, { recursive: true, force: true });
});

const everything = { symbol: 'SPX', timeframe: '1d', limit: 1000, include: ['ranges', 'events', 'trades'] } as const;

describe('the desk before the first bar', () => {
  it('knows what it is about, and shows no bar', async () => {
    expect(contract.sessionAnswer.shape.desk.parse(real.series())).toMatchObject({
      symbol: 'SPX',
      name: 'S&P 500',
      synthetic: false,
    });
    const chart = contract.chartAnswer.parse(valueOf(await real.chart(everything)));
    expect(chart).toMatchObject({ asOf: null, more: false, columns: { t: [] } });
    const snapshot = contract.snapshotAnswer.parse(
      await real.snapshot(['analysis', 'signals', 'orders', 'positions', 'account', 'connections']),
    );
    expect(snapshot).toMatchObject({ seq: 0, signals: [], account: { equityMicros: 100_000_000_000 } });
    expect(real.health()).toMatchObject({ ready: true, failure: null, store: { ok: true, kind: 'sqlite' } });
  });

  it('a step shows exactly one bar', async () => {
    real.replay.step();
    while (real.replay.state().replay?.position !== 1) await turn();
    const chart = valueOf(await real.chart(everything));
    expect(chart.columns.t).toEqual([Date.UTC(2000, 0, 3)]);
    expect(real.replay.state().replay).toMatchObject({ playing: false, position: 1, total: 5105 });
  });
});

describe('the desk of the real engine', () => {
  beforeAll(() => finished(real));

  it('tells every fact in the shape of the contract, in the order of its number, equal to what is stored', async () => {
    expect(facts.length).toBeGreaterThan(100);
    for (const row of facts) contract.factRow.parse(row);
    const stored: contract.FactRow[] = [];
    for (let seq = 0; ; seq = stored.at(-1)?.seq ?? 0) {
      const page = await real.factsAfter(seq, 500);
      if (page.length === 0) break;
      stored.push(...page);
    }
    expect(stored).toEqual(JSON.parse(JSON.stringify(facts)));
    const numbers = stored.map((row) => row.seq);
    expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b));
    // The ledger has numbers of its own in between; it stays inside.
    expect(real.seq()).toBeGreaterThanOrEqual(stored.length);
    const analysis = await real.factsAfter(0, 2000, ['analysis']);
    expect(analysis).toEqual(stored.filter((row) => /^(event|range|phase)\./.test(row.type)).slice(0, 2000));
  });

  it('tells every bar once, in the shape of the contract', () => {
    for (const { type, data } of values) contract.conflatedData.parse({ type, data });
    const bars = values.filter((value) => value.type === 'bar.closed');
    expect(bars).toHaveLength(5105);
    expect(new Set(bars.map((value) => value.key)).size).toBe(5105);
    for (const value of values) contract.topic.parse(value.topic);
  });

  it('chart pages backwards give all bars, with overlays in the shape of the contract', async () => {
    const times: number[] = [];
    let overlays = 0;
    for (let before: number | undefined; ;) {
      const chart = contract.chartAnswer.parse(valueOf(await real.chart({ ...everything, before })));
      times.unshift(...chart.columns.t);
      overlays += chart.ranges.length + chart.events.length;
      if (!chart.more) break;
      before = chart.columns.t[0];
    }
    expect(times).toHaveLength(5105);
    expect([...times].sort((a, b) => a - b)).toEqual(times);
    expect(overlays).toBeGreaterThan(50);
  });

  it('snapshot, equity and connections are in the shape of the contract and within its limits', async () => {
    const snapshot = contract.snapshotAnswer.parse(
      await real.snapshot(['analysis', 'signals', 'orders', 'positions', 'account', 'connections']),
    );
    expect(snapshot.seq).toBe(real.seq());
    expect(snapshot.analysis?.events.length).toBeGreaterThan(50);
    expect(Object.keys(await real.snapshot(['account']))).toEqual(['epoch', 'seq', 'account']);
    const equity = contract.equityAnswer.parse(valueOf(await real.equity('replay')));
    expect(equity.items.length).toBeGreaterThan(1500);
    expect(equity.items[0][0]).toBe(Date.UTC(2000, 0, 3));
    expect(equity.items.at(-1)?.[0]).toBe(valueOf(await real.chart(everything)).asOf);
    expect(await real.equity('other')).toMatchObject({ ok: false, code: 'resource.not_found' });
    for (const state of real.connections()) contract.connection.parse(state);
  });

  it('the latest values are those of the topics asked for', () => {
    const latest = real.latestValues(['bars:SPX:1d', 'account', 'connections']);
    expect(latest.map((value) => value.type)).toEqual(['bar.closed', 'account.updated', 'connection.changed']);
    expect(real.latestValues(['bars:XYZ:1d'])).toEqual([]);
  });

  it('what is not known is refused with a code of the table', async () => {
    expect(await real.chart({ ...everything, symbol: 'SPY' })).toMatchObject({
      ok: false,
      code: 'symbol.unknown',
      suggestions: ['SPX'],
    });
    expect(await real.chart({ ...everything, timeframe: '5m' })).toMatchObject({ ok: false, code: 'data.missing' });
  });
});

describe('M15 pages by key', () => {
  beforeAll(() => finished(tapes));

  async function walk<T>(page: (cursor?: string) => Promise<Answer<Page<T>>>): Promise<T[]> {
    const items: T[] = [];
    for (let cursor: string | undefined; ;) {
      const { items: more, nextCursor } = valueOf(await page(cursor));
      items.push(...more);
      if (nextCursor === null) return items;
      cursor = nextCursor;
    }
  }

  it('walks signals, positions and facts whole, newest first, none twice', async () => {
    const signals = await walk((cursor) => tapes.signals({ limit: 7, cursor }));
    expect(signals.length).toBeGreaterThan(300);
    expect(new Set(signals.map((signal) => signal.id)).size).toBe(signals.length);
    expect(signals.map((signal) => signal.barTime)).toEqual([...signals.map((signal) => signal.barTime)].sort((a, b) => b - a));
    for (const signal of signals) contract.signalsAnswer.parse({ items: [signal], nextCursor: null });
    const positions = await walk((cursor) => tapes.positions({ limit: 50, cursor }));
    expect(positions).toHaveLength(signals.length);
    const closed = await walk((cursor) => tapes.positions({ limit: 50, cursor, status: 'CLOSED' }));
    expect(closed).toEqual(positions.filter((position) => position.status === 'CLOSED'));
    const all = await walk((cursor) => tapes.facts({ limit: 200, afterSeq: Number(cursor ?? 0) }));
    expect(all.map((row) => row.seq)).toEqual(all.map((_, i) => i + 1));
    expect(await walk((cursor) => tapes.facts({ limit: 200, afterSeq: Number(cursor ?? 0), topic: 'signals' }))).toHaveLength(
      signals.length,
    );
  });

  it('a cursor of other filters, or none at all, is refused', async () => {
    const { nextCursor } = valueOf(await tapes.signals({ limit: 5 }));
    for (const cursor of [nextCursor ?? '', 'garbage', '']) {
      expect(await tapes.signals({ limit: 5, status: 'APPROVED', cursor })).toMatchObject({ ok: false, code: 'page.bad_cursor' });
    }
    expect(await tapes.positions({ limit: 5, cursor: nextCursor ?? '' })).toMatchObject({ ok: false, code: 'page.bad_cursor' });
  });
});

describe('the series of the session', () => {
  it('is found however many symbols stand before it', async () => {
    const path = join(folder, 'many.db');
    const store = openSqliteStore({ path });
    for (let i = 0; i < 220; i += 1) await store.saveSymbol({ ...DEMO_SYMBOL, symbol: `A${1000 + i}` }, '1d');
    expect((await store.symbols(200)).some(({ symbol }) => symbol === 'SPX')).toBe(false);
    expect(await store.findSymbol('SPX')).toBeNull();
    store.close();
    const own = new Scope({ name: 'many' });
    const { desk, store: opened } = await openSession(
      { scope: own, storePath: path, speed: null, play: false },
      { factory: tape },
    );
    expect(desk.series()?.symbol).toBe('SPX');
    expect(await opened.findSymbol('SPX')).toEqual(DEMO_SYMBOL);
    await own.dispose();
  });
});

describe('the desk of a history that no longer fits its engine', () => {
  it('shows what is stored, says why it does not go on, and writes nothing', async () => {
    const path = join(folder, 'other.db');
    const first = new Scope({ name: 'first' });
    const { desk } = await openSession(
      { scope: first, storePath: path, speed: null, play: false, snapshotEvery: 10_000 },
      { factory: tape },
    );
    desk.replay.step();
    while (desk.replay.state().replay?.position !== 1) await turn();
    const stored = await desk.factsAfter(0, 100);
    await first.dispose();

    const second = new Scope({ name: 'second' });
    const dialect = () => tapeFactory({ accountId: 'replay', startingMicros: 1e11, dialect: 1 });
    const told: unknown[] = [];
    const { desk: again } = await openSession(
      { scope: second, storePath: path, speed: null },
      { factory: dialect, onProblem: (error) => told.push(error) },
    );
    expect(told.map(String)).toEqual([expect.stringMatching(/bar 1 .*--data/)]);
    again.replay.play();
    again.replay.step();
    for (let i = 0; i < 50; i += 1) await turn();
    expect(again.health()).toMatchObject({ ready: false });
    expect(again.health().failure).toMatch(/bar 1 .*--data/);
    expect(again.connections()[0]).toMatchObject({ state: 'STOPPED', replay: { playing: false, position: 1 } });
    expect(await again.factsAfter(0, 100)).toEqual(stored);
    expect(valueOf(await again.signals({ limit: 5 })).items).toEqual([]);
    await second.dispose();
  });
});
