/** One session over several series: the instants of a backtest, limits over all of them, late bars, restarts (trading.md 1.1, 1.2, 4.4, 5.1, 9.4). */
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Census, Scope } from '@wyckoff/bounded';
import { settle, VirtualClock } from '@wyckoff/bounded/leak-kit';
import {
  appendBar,
  BarCursor,
  createBarColumns,
  drawSeries,
  runAccountBacktest,
  tightenLimits,
  TIMEFRAME_MS,
  tradedInstrument,
  type AccountEngineOptions,
  type BarColumns,
  type Fact,
} from '@wyckoff/domain';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { BarFeed, FeedStatus, FeedTaker } from '../feeds/contract/feed.ts';
import type { SeriesKey } from '../feeds/contract/series-key.ts';
import { openSqliteStore } from '../store/sqlite/sqlite-store.ts';
import { DEMO_SYMBOL } from './demo-series.ts';
import { accountFactory } from './engine-factory.ts';
import { openSession, type Session } from './open.ts';
import type { Actor } from './trading-desk.ts';

const DAY = TIMEFRAME_MS['1d'];
const BARS = 1_500;
const drawn = [3, 4, 3].map((number) => drawSeries({ schematic: 'all', seed: 1042, number, bars: BARS, noise: 'low' }).columns);
/** The first and the third move alike: their signals fall on the same instants. */
const NAMES = ['AAA', 'BBB', 'CCC'] as const;
const PLACES = NAMES.map((symbol) => ({ symbol, timeframe: '1d' as const }));
const MONEY = 100_000_000_000;
const ANN: Actor = { user: 'local', role: 'admin', address: '127.0.0.1', requestId: 'r', steppedUp: true };

type Buckets = Readonly<Record<(typeof NAMES)[number], readonly string[]>>;
const APART: Buckets = { AAA: ['A'], BBB: ['B'], CCC: ['C'] };
const TOGETHER: Buckets = { AAA: ['A'], BBB: ['B'], CCC: ['A'] };

function choices(buckets: Buckets): Omit<AccountEngineOptions, 'sink' | 'account'> {
  return {
    acceptance: 'all',
    limits: tightenLimits({ bucketBp: 200 }),
    patternRisk: { SPRING: 200, UTAD: 200, TEST: 200, SOS: 200, SOW: 200, LPS: 200, LPSY: 200, EXTERNAL: 200 },
    series: NAMES.map((symbol) => ({
      instrument: { symbol, assetClass: 'INDEX', timeZone: 'UTC' },
      timeframe: '1d',
      traded: tradedInstrument({ symbol, assetClass: 'INDEX', buckets: buckets[symbol] }),
    })),
  };
}

/** Everything but names that follow from the id of the account. */
function hashOf(facts: readonly Pick<Fact, 'kind' | 'at' | 'data'>[]): string {
  const names = /id$|^by$|^label$|^actor$/i;
  const hash = createHash('sha256');
  for (const { kind, at, data } of facts)
    hash.update(
      JSON.stringify([kind, at, data], (key, value: unknown) => (names.test(key) || value === 'BACKTEST' ? undefined : value)),
    );
  return hash.digest('hex');
}

/** What a backtest over the files says, until it closes what is open at the end. */
function backtested(buckets: Buckets, until = BARS): Fact[] {
  const facts: Fact[] = [];
  runAccountBacktest({
    ...choices(buckets),
    analysis: 'full',
    warmupBars: 0,
    series: choices(buckets).series.map((one, i) => ({ ...one, source: [rowsOf(drawn[i], 0, until)] })),
    onFact: (fact) => facts.push(fact),
  });
  return facts;
}

function rowsOf(columns: BarColumns, from: number, to: number): BarColumns {
  const rows = createBarColumns(to - from);
  const bar = new BarCursor(columns);
  for (let row = from; row < to; row += 1) appendBar(rows, bar.at(row));
  return rows;
}

/** A feed whose bars a test hands over one by one. */
class HandFeed implements BarFeed {
  readonly name = 'hand';
  readonly #taker: FeedTaker;
  // bounded: the series of a test
  readonly after = new Map<string, number | null>();
  stale: readonly string[] = [];

  constructor(taker: FeedTaker) {
    this.#taker = taker;
  }

  start(): void {
    this.#taker.onChange?.(this.status());
  }

  watch({ symbol }: SeriesKey, after: number | null = null): ReturnType<BarFeed['watch']> {
    this.after.set(symbol, after);
    return { ok: true, created: true };
  }

  unwatch({ symbol }: SeriesKey): boolean {
    return this.after.delete(symbol);
  }

  status(): FeedStatus {
    const { name, stale } = this;
    return {
      name,
      state: 'CONNECTED',
      since: 0,
      lastDataAt: null,
      latencyMs: null,
      reconnects: 0,
      subscriptions: 3,
      stale,
      error: null,
    };
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  async give(place: number, from: number, to = from + 1): Promise<void> {
    const columns = rowsOf(drawn[place], from, to);
    await this.#taker.take({ series: PLACES[place], columns, kind: 'closed', origin: 'stream', provider: 'hand', missing: 0 });
  }

  breaks(error: Error): void {
    this.#taker.onFault?.(null, error);
  }

  becomes(stale: readonly string[]): void {
    this.stale = stale;
    this.#taker.onChange?.(this.status());
  }
}

let folder: string;
let scope: Scope;
let clock: VirtualClock;
let feed: HandFeed;
let session: Session;
let wall = 0;

async function prepare(withBars: boolean): Promise<void> {
  const store = openSqliteStore({ path: join(folder, 'wyckoff.db') });
  for (const [place, symbol] of NAMES.entries()) {
    const series = await store.saveSymbol({ ...DEMO_SYMBOL, symbol, synthetic: true, timeZone: 'UTC' }, '1d');
    if (withBars) await store.importBars(series, drawn[place], 'drawn');
  }
  const [first, ...others] = PLACES;
  await store.saveSetting('session.series', { ...first, others });
  store.close();
}

async function open(buckets: Buckets, mode: 'REPLAY' | 'PAPER', snapshotEvery = 100): Promise<void> {
  clock = new VirtualClock();
  scope = new Scope({ name: 'test', census: new Census(), timers: clock });
  const account = { id: mode.toLowerCase(), kind: mode, currency: 'USD', startingMicros: MONEY } as const;
  const factory = (): ReturnType<typeof accountFactory> => accountFactory({ ...choices(buckets), account });
  session = await openSession(
    { scope, storePath: join(folder, 'wyckoff.db'), speed: null, play: false, snapshotEvery },
    { factory, ...(mode === 'PAPER' && { feed: (taker: FeedTaker) => (feed = new HandFeed(taker)), wallClock: () => wall }) },
  );
  await settle();
}

async function replayed(): Promise<void> {
  session.desk.replay.play();
  await until(() => session.desk.replay.state().replay?.finished === true);
  expect(session.desk.replay.state()).toMatchObject({ error: null, replay: { position: 3 * BARS, total: 3 * BARS } });
}

/** The clock waits for real reads of the disk, of which the halt file is one: on a loaded machine that must not be late by it. */
async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  for (let turn = 0; turn < 20_000; turn += 1) {
    if (await isSo()) return;
    if (turn % 8 === 0) {
      await stat(folder);
      clock.advance(1);
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
  throw new Error('expected it to come, did not');
}

/** One day of all three, in an order of its own. */
async function day(
  row: number,
  order: readonly number[] = [
    [0, 1, 2],
    [2, 0, 1],
    [1, 2, 0],
  ][row % 3],
): Promise<void> {
  wall = drawn[0].time[row] + DAY;
  for (const place of order) await feed.give(place, row);
}

async function facts(): Promise<Fact[]> {
  const rows: Fact[] = [];
  for (let after = 0; ;) {
    const page = await session.store.factsAfter(after, 2_000);
    rows.push(...page.map(({ type, at, data }) => ({ kind: type, at, data }) as unknown as Fact));
    if (page.length === 0) return rows;
    after = page[page.length - 1].seq;
  }
}

/** What the engine tells clients: inputs and the ledger stay inside, notices are the session's own. */
const seen = (all: readonly Fact[]): Fact[] =>
  all.filter(
    ({ kind }) =>
      !['ledger.booked', 'trading.changed'].includes(kind) && !kind.startsWith('input.') && !kind.startsWith('notification.'),
  );
/** The facts are those of the backtest, as far as they go. */
function expectParity(own: readonly Fact[], buckets: Buckets, until = BARS): void {
  const expected = seen(backtested(buckets, until));
  const said = seen(own);
  expect(said.length).toBeGreaterThan(500);
  expect(said.some(({ kind }) => kind === 'position.closed')).toBe(true);
  expect(hashOf(said)).toBe(hashOf(expected.slice(0, said.length)));
  // What follows is the end of the data, which a session does not have.
  expect(expected.slice(said.length).every(({ kind }) => kind !== 'event.changed')).toBe(true);
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'wyckoff-several-'));
});
afterEach(async () => {
  await scope.dispose();
  rmSync(folder, { recursive: true, force: true });
});

describe('trading.md 1.1 one account over several series', () => {
  it('TR-9 a replay of three merged files says what the backtest over them says: hash equal', async () => {
    await prepare(true);
    await open(TOGETHER, 'REPLAY');
    await replayed();
    expectParity(await facts(), TOGETHER);
  });

  it('TR-9 paper over the same bars, the series of each instant in any order: hash equal', async () => {
    await prepare(false);
    await open(TOGETHER, 'PAPER');
    for (let row = 0; row < BARS; row += 1) await day(row);
    expectParity(await facts(), TOGETHER);
  });

  it('RK_BUCKET the second signal of a bucket is refused in the running session; in a bucket of its own it passes', async () => {
    await prepare(false);
    await open(TOGETHER, 'PAPER');
    let row = 0;
    const made = async (): Promise<(readonly [symbol: string, code: string | null])[]> =>
      (await facts()).flatMap((fact) =>
        fact.kind === 'signal.created' && fact.at === drawn[0].time[row - 1] + DAY && fact.data.symbol !== 'BBB' ? [[fact.data.symbol, fact.data.rejectCode] as const] : [],
      ); // prettier-ignore
    const both = [['AAA', null], ['CCC', 'RK_BUCKET']]; // prettier-ignore
    for (; row < BARS; row += 1) {
      await day(row);
      if (
        (await session.store.signals({ status: 'REJECTED', symbol: 'CCC', limit: 1 })).some(
          ({ item }) => item.rejectCode === 'RK_BUCKET',
        )
      )
        break;
    }
    row += 1;
    expect(await made()).toEqual(both);
    const end = row;
    await scope.dispose();
    rmSync(folder, { recursive: true, force: true });
    folder = mkdtempSync(join(tmpdir(), 'wyckoff-several-'));
    await prepare(false);
    await open(APART, 'PAPER');
    for (row = 0; row < end; row += 1) await day(row);
    expect(await made()).toEqual([['AAA', null], ['CCC', null]]); // prettier-ignore
  });
});

describe('trading.md 4.4 when an instant closes', () => {
  const positionOf = async (): Promise<number> => (await session.store.openEngine(refOf(), NOBODY)).position;
  const refOf = () => ({ id: 'paper:AAA+2:1d', series: { symbolId: 0, ...PLACES[0] } });

  it('4.4 it waits for every fresh series, two seconds after its first bar at the latest', async () => {
    await prepare(false);
    await open(APART, 'PAPER');
    wall = drawn[0].time[0] + DAY;
    await feed.give(0, 0);
    await feed.give(2, 0);
    clock.advance(1_999);
    await settle();
    expect(await positionOf()).toBe(0);
    clock.advance(1);
    await settle();
    expect(await positionOf()).toBe(1);
    // All three: at once.
    await day(1, [2, 1, 0]);
    expect(await positionOf()).toBe(2);
  });

  it('4.4 nobody waits for a stale series, and an instant that waits for it alone closes when it goes stale', async () => {
    await prepare(false);
    await open(APART, 'PAPER');
    wall = drawn[0].time[0] + DAY;
    await feed.give(0, 0);
    await feed.give(2, 0);
    feed.becomes(['BBB 1d']);
    await settle();
    expect(await positionOf()).toBe(1);
    await day(1, [0, 2]);
    expect(await positionOf()).toBe(2);
    expect((await session.trading.desk.state()).halts).toMatchObject([{ kind: 'STALE', scope: 'symbol:BBB' }]);
  });

  it('4.4 what closed long ago is caught up with whole: the series of a back-fill come one after the other', async () => {
    await prepare(false);
    await open(TOGETHER, 'PAPER');
    // What accepts everything is a backtest of what comes; whoever asks or is asked does not trade on bars so old (9.5).
    await session.trading.desk.act({ action: 'setAcceptance', account: 'paper', mode: 'all' }, ANN);
    wall = drawn[0].time[BARS - 1] + 2 * DAY;
    for (let from = 0; from < BARS; from += 400)
      for (const place of [2, 0, 1]) await feed.give(place, from, Math.min(BARS, from + 400));
    expectParity(await facts(), TOGETHER);
  });

  it('9.5 of one instant only the symbols whose bars are old are halted, each until its own fresh bar', async () => {
    await prepare(false);
    await open(APART, 'PAPER');
    for (let row = 0; row < 3; row += 1) await day(row);
    const halted = async () => (await session.trading.desk.state()).halts.map(({ kind, scope }) => `${kind} ${scope}`);
    expect(await halted()).toEqual([]);
    // A and C were away from the fourth day on; the eighth comes of all.
    feed.becomes(['AAA 1d', 'CCC 1d']);
    for (let row = 3; row < 7; row += 1) await day(row, [1]);
    expect(await halted()).toEqual(['STALE symbol:AAA', 'STALE symbol:CCC']);
    feed.becomes([]);
    await settle();
    expect(await halted()).toHaveLength(2);
    for (const place of [0, 2]) await feed.give(place, 3, 7);
    await settle();
    await day(7);
    expect(await halted()).toEqual([]);
    // Each late bar is an instant of its own.
    expect(await positionOf()).toBe(3 + 4 + 8 + 1);
  });

  it('4.4 a buffer is bounded: with 1,024 bars waiting the oldest instants close without those that lack', async () => {
    await prepare(false);
    await open(APART, 'PAPER');
    wall = drawn[0].time[BARS - 1] + 2 * DAY;
    await feed.give(0, 0, 1_000);
    expect(await positionOf()).toBe(0);
    await feed.give(0, 1_000, 1_100);
    expect(await positionOf()).toBe(77);
    clock.advance(30_000);
    await until(async () => (await positionOf()) === 1_100);
  });
});

describe('interface 2.2 the desk of several series', () => {
  it('charts, values and lists are of every series; each chart ends where its own series stands', async () => {
    await prepare(false);
    await open(APART, 'PAPER');
    for (let row = 0; row < 120; row += 1) await day(row);
    await day(120, [0, 2]);
    clock.advance(2_000);
    await settle();
    const { desk } = session;
    expect(desk.series()).toMatchObject({
      symbol: 'AAA',
      others: [{ symbol: 'BBB' }, { symbol: 'CCC' }],
      account: { id: 'paper' },
    });
    const chart = async (symbol: string) => {
      const answer = await desk.chart({ symbol, timeframe: '1d', limit: 1_000, include: ['ranges', 'events', 'trades'] });
      if (!answer.ok) throw new Error(answer.detail);
      return answer.value;
    };
    expect((await chart('BBB')).asOf).toBe(drawn[1].time[119]);
    expect((await chart('CCC')).asOf).toBe(drawn[2].time[120]);
    expect((await chart('CCC')).columns.c).toEqual([...drawn[2].close.subarray(0, 121)]);
    // A and C move alike and have events of the same names: each has its own.
    const [a, c] = [await chart('AAA'), await chart('CCC')];
    expect(a.events.length).toBeGreaterThan(0);
    expect(c.events.map(({ event }) => event.id)).toEqual(a.events.map(({ event }) => event.id));
    expect(c.ranges.every(({ symbol }) => symbol === 'CCC')).toBe(true);
    const topics = NAMES.map((symbol) => `bars:${symbol}:1d`);
    expect(desk.latestValues(topics).map(({ topic, ts }) => [topic, ts])).toEqual([
      [topics[0], drawn[0].time[120]],
      [topics[1], drawn[1].time[119]],
      [topics[2], drawn[2].time[120]],
    ]);
  });

  it('M12 what is watched is held once per series and nothing is left of it when it ends', async () => {
    await prepare(false);
    await open(APART, 'PAPER');
    const watched = () => scope.census.rows().find(({ name }) => name === 'server.watched');
    expect(watched()).toMatchObject({ size: 3, capacity: 3 });
    await feed.give(0, 0);
    // A bar the store refuses ends the session: every series is given up, its buffer with it.
    feed.breaks(new Error('the test says so'));
    await settle();
    expect(watched()).toMatchObject({ size: 0 });
    expect(feed.after.size).toBe(0);
    expect(session.desk.health().failure).toBe('the test says so');
  });
});

describe('issue 4.10 a session of several series goes on where it stood', () => {
  it('killed at any instant, with late bars among them: the same record as never stopped', async () => {
    await prepare(false);
    await open(TOGETHER, 'PAPER', 7);
    const late = new Set([40, 41, 300, 301, 302, 650]);
    const owed: number[] = [];
    for (let row = 0; row < 700; row += 1) {
      if (late.has(row)) {
        owed.push(row);
        await day(row, [0, 2]);
        clock.advance(2_000);
        await settle();
      } else {
        // What BBB owes comes before its next bar: its instants were taken without it.
        for (const missed of owed.splice(0)) await feed.give(1, missed);
        await day(row);
      }
      if (row % 53 !== 12 && !late.has(row)) continue;
      await scope.dispose();
      await open(TOGETHER, 'PAPER', row % 2 === 0 ? 7 : 10_000);
      expect(session.desk.health().failure).toBeNull();
      const last = (place: number): number => drawn[place].time[row];
      expect(feed.after.get('AAA')).toBe(last(0));
      expect(feed.after.get('BBB')).toBe(owed.length > 0 ? drawn[1].time[owed[0] - 1] : last(1));
    }
    const kept = (await session.store.inputsOfBars('paper:AAA+2:1d', { after: 0, until: 9_999, limit: 99 })).filter(({ kind }) => kind === 'late'); // prettier-ignore
    expect(kept).toHaveLength(late.size);
    const cut = await facts();
    // Stepped again from the first bar: the snapshot is only a shortcut.
    await scope.dispose();
    const store = openSqliteStore({ path: join(folder, 'wyckoff.db') });
    const snapshot = await store.newestSnapshot('paper:AAA+2:1d');
    store.close();
    expect(snapshot).not.toBeNull();
    await open(TOGETHER, 'PAPER');
    expect(await facts()).toEqual(cut);
  });
});

const NOBODY = { id: 'paper', kind: 'PAPER', currency: 'USD', startingMicros: MONEY, cashMicros: MONEY, equityMicros: MONEY, peakMicros: MONEY, drawdownRatio: 0, realisedMicros: 0, unrealisedMicros: 0, costsMicros: 0, heatRatio: 0, trades: 0, wins: 0, at: 0 } as const; // prettier-ignore
