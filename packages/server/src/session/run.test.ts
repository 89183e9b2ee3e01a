/** The life of a bar against a real store: stored before it is told or acted on, once, and continued wherever it was cut off. */
import { Scope } from '@wyckoff/bounded';
import type { FactRow } from '@wyckoff/contracts';
import { BarCursor, createBarColumns, drawSeries, type BarColumns, type Fact, type Order } from '@wyckoff/domain';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CommitConflict, StoreFailure } from '../store/refused.ts';
import { openSqliteStore } from '../store/sqlite/sqlite-store.ts';
import type { Commit, EngineRef, Store } from '../store/store.ts';
import { DEMO_SYMBOL } from './demo-series.ts';
import { engineFactory, type EngineFactory } from './engine-factory.ts';
import { Journal } from './journal.ts';
import { AccountDown } from './recovery.ts';
import { ResumeMismatch } from './resume.ts';
import { Run } from './run.ts';
import { tapeFactory } from './testing/tape-engine.ts';

const ACCOUNT = {
  id: 'replay', kind: 'REPLAY', currency: 'USD', startingMicros: 1e11, cashMicros: 1e11, equityMicros: 1e11, peakMicros: 1e11, drawdownRatio: 0,
  realisedMicros: 0, unrealisedMicros: 0, costsMicros: 0, heatRatio: 0, trades: 0, wins: 0, at: 0,
} as const; // prettier-ignore
const tape = tapeFactory({ accountId: ACCOUNT.id, startingMicros: ACCOUNT.startingMicros });

function history(bars: number): BarColumns {
  const columns = createBarColumns(bars);
  for (let i = 0; i < bars; i += 1) {
    const price = 100 + 10 * Math.sin(i / 9);
    columns.time[i] = i * 86_400_000;
    columns.open[i] = price;
    columns.high[i] = price + 2;
    columns.low[i] = price - 2;
    columns.close[i] = price + Math.cos(i);
    columns.volume[i] = 1000 + i;
  }
  columns.length = bars;
  return columns;
}

interface Bench {
  readonly store: Store;
  readonly journal: Journal;
  readonly ref: EngineRef;
  readonly run: Run;
  readonly columns: BarColumns;
}

let folder: string;
let scope: Scope;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'wyckoff-run-'));
  scope = new Scope({ name: 'test' });
});
afterEach(async () => {
  await scope.dispose();
  rmSync(folder, { recursive: true, force: true });
});

async function bench(options: {
  name: string;
  bars: number;
  factory?: EngineFactory;
  wrap?: (store: Store) => Store;
  snapshotEvery?: number;
}): Promise<Bench> {
  const opened = scope.own(openSqliteStore({ path: join(folder, options.name) }), (store) => store.close());
  const store = options.wrap?.(opened) ?? opened;
  const series = await store.saveSymbol(DEMO_SYMBOL, '1d');
  const columns = history(options.bars);
  await store.importBars(series, columns, 'test');
  const ref = { id: 'replay:SPX:1d', series };
  const journal = await Journal.open(store, scope.child('journal'), (error) => {
    throw error;
  });
  const { factory = tape, snapshotEvery = 20 } = options;
  const run = await Run.resume({ store, journal, ref, accountId: ACCOUNT.id, account: ACCOUNT, factory, snapshotEvery });
  return { store, journal, ref, run, columns };
}

async function play({ run, columns }: Pick<Bench, 'run' | 'columns'>, until = Infinity): Promise<void> {
  while (run.position < Math.min(until, columns.length))
    await run.take(columns, run.position, Math.min(64, until - run.position));
}

async function allFacts(store: Store): Promise<FactRow[]> {
  const rows: FactRow[] = [];
  for (;;) {
    const page = await store.factsAfter(rows.length, 1000);
    rows.push(...page);
    if (page.length === 0) return rows;
  }
}

describe('interface 3 the life of a bar', () => {
  it('issue 4.10 a commit whose answer was lost: restored, the run has it, tells it once, and takes it no second time', async () => {
    const expected = await bench({ name: 'whole.db', bars: 200 });
    await play(expected);
    let commits = 0;
    const lossy = (store: Store): Store =>
      new Proxy(store, {
        get: (target, key): unknown => {
          const value: unknown = Reflect.get(target, key);
          if (typeof value !== 'function') return value;
          if (key !== 'commit') return value.bind(target) as unknown;
          return async (commit: Commit) => {
            const rows = await target.commit(commit);
            commits += 1;
            if (commits === 2) throw new StoreFailure('store.unavailable', 'the connection broke', { outcomeUnknown: true });
            return rows;
          };
        },
      });
    const b = await bench({ name: 'lost.db', bars: 200, wrap: lossy });
    const heard: FactRow[] = [];
    b.journal.subscribeFacts((facts) => heard.push(...facts));
    await expect(play(b)).rejects.toThrow('the connection broke');
    // Until then it answers nobody, and nobody has heard of what may not be stored.
    await expect(b.run.clock(1)).rejects.toThrow(AccountDown);
    const before = heard.length;
    await b.run.restore();
    expect(heard.length).toBeGreaterThan(before);
    await play(b);
    const stored = await allFacts(b.store);
    expect(heard).toEqual(stored);
    expect(stored.map(({ type, data }) => [type, data])).toEqual(
      (await allFacts(expected.store)).map(({ type, data }) => [type, data]),
    );
  });

  it('facts are numbered without gaps, stored before they are told, and told once', async () => {
    const b = await bench({ name: 'a.db', bars: 200 });
    const heard: FactRow[] = [];
    b.journal.subscribeFacts((facts) => heard.push(...facts));
    await play(b);
    const stored = await allFacts(b.store);
    expect(stored.map((row) => row.seq)).toEqual(stored.map((_, i) => i + 1));
    expect(heard).toEqual(stored);
    expect(b.journal.seq).toBe(stored.length);
    expect(stored.length).toBeGreaterThan(200);
  });

  it('when the broker acts and when the world hears, the facts are in the store already', async () => {
    const storedAt: { who: string; facts: number; asked: Promise<number> }[] = [];
    let said = 0;
    const watched = (factory: EngineFactory): EngineFactory => ({
      ...factory,
      create: (sink) => {
        const engine = factory.create((fact) => {
          said += 1;
          sink(fact);
        });
        const deliver = (): void => {
          storedAt.push({ who: 'broker', facts: said, asked: b.store.lastSeq() });
          engine.deliver();
        };
        return Object.create(engine, { deliver: { value: deliver } }) as typeof engine;
      },
    });
    const b: Bench = await bench({ name: 'a.db', bars: 100, factory: watched(tape) });
    b.journal.subscribeFacts((facts) => storedAt.push({ who: 'world', facts: facts.at(-1)?.seq ?? 0, asked: b.store.lastSeq() }));
    await play(b);
    expect(new Set(storedAt.map(({ who }) => who))).toEqual(new Set(['broker', 'world']));
    for (const { facts, asked } of storedAt) expect(await asked).toBe(facts);
  });

  it('a batch ends at the bar that approves an order: it is stored before the broker has it', async () => {
    const b = await bench({ name: 'a.db', bars: 50 });
    expect(await b.run.take(b.columns, 0, 64)).toBe(7);
    const orders = (await allFacts(b.store)).filter((row) => row.type === 'order.changed');
    expect(orders).toHaveLength(1);
    expect(await b.run.take(b.columns, 7, 64)).toBeGreaterThan(0);
  });

  it('how the bars are cut into batches changes nothing that is stored', async () => {
    const whole = await bench({ name: 'whole.db', bars: 150 });
    await play(whole);
    const single = await bench({ name: 'single.db', bars: 150 });
    while (single.run.position < 150) await single.run.take(single.columns, single.run.position, 1);
    expect(await allFacts(single.store)).toEqual(await allFacts(whole.store));
    expect(await single.store.equity(ACCOUNT.id)).toEqual(await whole.store.equity(ACCOUNT.id));
    expect(await single.store.account(ACCOUNT.id)).toEqual(await whole.store.account(ACCOUNT.id));
  });

  it('the entities of the store are the newest state of each fact', async () => {
    const b = await bench({ name: 'a.db', bars: 150 });
    await play(b);
    const facts = await allFacts(b.store);
    const newest = new Map(
      facts.flatMap((row) => (row.type.startsWith('position.') ? [[(row.data as { id: string }).id, row.data]] : [])) as [
        string,
        unknown,
      ][],
    );
    const state = await b.store.snapshot({ ranges: 200, events: 500, signals: 200, orders: 200, positions: 200 });
    expect(state.seq).toBe(facts.length);
    expect(new Map(state.positions.map((position) => [position.id, position]))).toEqual(newest);
    expect(state.orders.every((order) => order.state === 'FILLED' || order.state === 'SUBMITTED')).toBe(true);
    const filled = facts.filter((row) => row.type === 'order.filled').length;
    expect(state.orders.filter((order) => order.state === 'FILLED')).toHaveLength(filled);
  });
});

describe('interface 3 crash: no fact is lost or doubled', () => {
  /** A store whose n-th call of one kind does not come back: before it is done, or after. */
  function dying(store: Store, nth: number, moment: 'before' | 'after'): Store {
    let calls = 0;
    return {
      ...store,
      async commit(commit: Commit) {
        calls += 1;
        if (calls === nth && moment === 'before') throw new Error('killed');
        const rows = await store.commit(commit);
        if (calls === nth) throw new Error('killed');
        return rows;
      },
    };
  }

  it('cut off before or after any commit, a restart ends in the same record', async () => {
    const reference = await bench({ name: 'reference.db', bars: 120 });
    await play(reference);
    const expected = await allFacts(reference.store);
    let cuts = 0;
    for (const moment of ['before', 'after'] as const) {
      for (let nth = 1; nth <= 20; nth += 1) {
        const name = `${moment}-${nth}.db`;
        const first = await bench({ name, bars: 120, wrap: (store) => dying(store, nth, moment) });
        const killed = await play(first).then(
          () => false,
          () => true,
        );
        if (killed) cuts += 1;
        await first.store.close();
        const second = await bench({ name, bars: 120 });
        await play(second);
        expect(await allFacts(second.store)).toEqual(expected);
        await second.store.close();
      }
    }
    expect(cuts).toBeGreaterThan(30);
  });

  it('the same bars committed twice are refused, and the refusal leaves no trace', async () => {
    const b = await bench({ name: 'a.db', bars: 50 });
    const commits: Commit[] = [];
    const spy: Store = { ...b.store, commit: (commit) => (commits.push(commit), b.store.commit(commit)) };
    const run = await Run.resume({ store: spy, journal: await Journal.open(spy, scope.child('second'), () => undefined), ref: b.ref, accountId: ACCOUNT.id, account: ACCOUNT, factory: tape, snapshotEvery: 20 }); // prettier-ignore
    await run.take(b.columns, 0, 5);
    const before = await allFacts(b.store);
    await expect(b.store.commit(commits[0])).rejects.toThrow(CommitConflict);
    expect(await allFacts(b.store)).toEqual(before);
    // The other engine on the same store is behind now: it must notice, and not write its own version of the same bars.
    await expect(b.run.take(b.columns, 0, 5)).rejects.toThrow(CommitConflict);
    await expect(b.run.take(b.columns, 0, 5)).rejects.toThrow(/failed to commit/);
    expect(await allFacts(b.store)).toEqual(before);
  });

  it('a failing statement inside a commit rolls all of it back', async () => {
    const b = await bench({ name: 'a.db', bars: 50 });
    await b.run.take(b.columns, 0, 5);
    const before = await allFacts(b.store);
    const bad = {
      engine: b.ref,
      from: 5,
      to: 6,
      barTime: 5,
      facts: [],
      account: ACCOUNT,
      equity: [{ ts: 0.5, equityMicros: 1, cashMicros: 1, heatRatio: 0 }],
    };
    await expect(b.store.commit(bad)).rejects.toThrow();
    expect(await allFacts(b.store)).toEqual(before);
    expect(await b.store.openEngine(b.ref, ACCOUNT)).toMatchObject({ position: 5 });
  });
});

describe('parity 4.5 of the architecture: the real engine through a session', () => {
  const { columns, symbol } = drawSeries({ schematic: 'all', seed: 1042, number: 3, bars: 6000, noise: 'low' });
  const record = { ...DEMO_SYMBOL, symbol, assetClass: 'STOCK', synthetic: true } as const;
  const factory = engineFactory({
    instrument: { symbol, assetClass: 'STOCK', timeZone: 'UTC' },
    timeframe: '1d',
    account: { id: ACCOUNT.id, kind: 'REPLAY', currency: 'USD', startingMicros: ACCOUNT.startingMicros },
  });

  /** What the engine says when nothing is around it. */
  function alone(): Fact[] {
    const facts: Fact[] = [];
    const engine = factory.create((fact) => facts.push(fact));
    const bar = new BarCursor(columns);
    for (let row = 0; row < columns.length; row += 1) {
      engine.step(bar.at(row));
      engine.deliver();
    }
    return facts;
  }

  async function through(name: string, cuts: readonly number[]): Promise<FactRow[]> {
    const store = openSqliteStore({ path: join(folder, name) });
    const series = await store.saveSymbol(record, '1d');
    await store.importBars(series, columns, 'drawn');
    const ref = { id: 'replay', series };
    for (const until of [...cuts, columns.length]) {
      const journal = await Journal.open(store, scope.child('parity'), () => undefined);
      const run = await Run.resume({ store, journal, ref, accountId: ACCOUNT.id, account: ACCOUNT, factory, snapshotEvery: 100 });
      await play({ run, columns }, until);
    }
    const facts = await allFacts(store);
    store.close();
    return facts;
  }

  it('the journal holds what the engine says alone, trades included, however often it was restarted', async () => {
    const expected = alone().map(({ kind, at, data }) => ({ type: kind, at, data: JSON.parse(JSON.stringify(data)) as unknown }));
    expect(expected.filter(({ type }) => type === 'position.closed').length).toBeGreaterThan(5);
    expect(expected.some(({ type, data }) => type === 'order.changed' && (data as Order).state === 'CANCELLED')).toBe(true);
    const plain = ({ type, at, data }: FactRow): unknown => ({ type, at, data });
    expect((await through('whole.db', [])).map(plain)).toEqual(expected);
    const random = Array.from({ length: 25 }, (_, i) => (i * 241 + 57) % columns.length).sort((a, b) => a - b);
    expect((await through('cut.db', random)).map(plain)).toEqual(expected);
  });
});

describe('C11 resume', () => {
  it('from the newest snapshot it steps only the bars after it', async () => {
    const first = await bench({ name: 'a.db', bars: 200 });
    await play(first, 130);
    await first.store.close();
    const second = await bench({ name: 'a.db', bars: 200 });
    expect(second.run.position).toBe(130);
    expect(second.run.resumed.fromSnapshot).toBeGreaterThan(100);
    expect(second.run.resumed.fromSnapshot + second.run.resumed.restepped).toBe(130);
    expect(second.run.resumed.snapshotRefused).toBeNull();
  });

  it('without a usable snapshot it walks the whole way to the same place', async () => {
    const first = await bench({ name: 'a.db', bars: 200 });
    await play(first, 130);
    await first.store.close();
    const forgetful: EngineFactory = {
      ...tape,
      restore: () => {
        throw new Error('another version');
      },
    };
    const second = await bench({ name: 'a.db', bars: 200, factory: forgetful });
    expect(second.run.resumed).toEqual({ fromSnapshot: 0, restepped: 130, snapshotRefused: 'another version' });
    await play(second);
  });

  it('an engine that would have said something else is named with the bar, and nothing is written', async () => {
    const first = await bench({ name: 'a.db', bars: 200, snapshotEvery: 1000 });
    await play(first, 30);
    const before = await allFacts(first.store);
    await first.store.close();
    const other = tapeFactory({ accountId: ACCOUNT.id, startingMicros: ACCOUNT.startingMicros, dialect: 1 });
    let refused: Store | undefined;
    const again = bench({ name: 'a.db', bars: 200, factory: other, wrap: (store) => (refused = store) });
    await expect(again).rejects.toThrow(ResumeMismatch);
    await expect(bench({ name: 'b.db', bars: 200, factory: other })).resolves.toBeDefined();
    expect(before.length).toBeGreaterThan(30);
    expect(refused === undefined ? null : await allFacts(refused)).toEqual(before);
  });

  it('a snapshot of other code or other settings is not trusted: every stored bar is stepped and compared again', async () => {
    const of = (changes: Partial<Parameters<typeof engineFactory>[0]>): EngineFactory =>
      engineFactory({
        instrument: { symbol: 'SPX', assetClass: 'INDEX', timeZone: 'UTC' },
        timeframe: '1d',
        account: { id: ACCOUNT.id, kind: 'REPLAY', currency: 'USD', startingMicros: ACCOUNT.startingMicros },
        codeVersion: 'a',
        ...changes,
      });
    const first = await bench({ name: 'a.db', bars: 200, factory: of({}) });
    await play(first, 130);
    await first.store.close();
    const same = await bench({ name: 'a.db', bars: 200, factory: of({}) });
    expect(same.run.resumed.fromSnapshot).toBeGreaterThan(100);
    await same.store.close();
    for (const changes of [{ codeVersion: 'b' }, { warmupBars: 1 }]) {
      const other = await bench({ name: 'a.db', bars: 200, factory: of(changes) });
      expect(other.run.resumed).toMatchObject({ fromSnapshot: 0, restepped: 130 });
      expect(other.run.resumed.snapshotRefused).toMatch(/\w+/);
      await other.store.close();
    }
  });

  it('bars changed under a session are noticed', async () => {
    const first = await bench({ name: 'a.db', bars: 200, snapshotEvery: 1000 });
    await play(first, 30);
    const revised = history(30);
    revised.close[12] += 1;
    await first.store.importBars(first.ref.series, revised, 'revision');
    await first.store.close();
    const again = openSqliteStore({ path: join(folder, 'a.db') });
    const journal = await Journal.open(again, scope.child('third'), () => undefined);
    const resumed = Run.resume({
      store: again,
      journal,
      ref: first.ref,
      accountId: ACCOUNT.id,
      account: ACCOUNT,
      factory: tape,
      snapshotEvery: 20,
    });
    await expect(resumed).rejects.toThrow(/bar 13/);
    again.close();
  });
});
