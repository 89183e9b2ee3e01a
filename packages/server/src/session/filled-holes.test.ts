/** Holes of a running session's bars: filled, reported, told to no engine, and a restart comes back the same; bars nobody can believe are not fed (trading.md 9.1, 9.2). */
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Census, Scope } from '@wyckoff/bounded';
import { settle, VirtualClock } from '@wyckoff/bounded/leak-kit';
import type { BarColumns } from '@wyckoff/domain';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { HistoryPage, HistoryProvider } from '../feeds/contract/history.ts';
import type { SeriesKey } from '../feeds/contract/series-key.ts';
import { sqliteStatus } from '../store/sqlite/maintenance.ts';
import { openSqliteStore } from '../store/sqlite/sqlite-store.ts';
import { DEMO_SYMBOL } from './demo-series.ts';
import { openSession, type Session } from './open.ts';
import { FROM, HandFeed, HOUR, hourlyBars, PLACES, rowsOf } from './testing/hand-feed.ts';
import type { Actor } from './trading-desk.ts';

const BARS = 700;
/** The bars that the feed lost, and the provider has. */
const HOLE = [300, 306] as const;
const drawn = [3, 4].map((number) => hourlyBars(number, BARS));
const ann: Actor = { user: 'local', role: 'admin', address: '127.0.0.1', requestId: 'r', steppedUp: true };

let folder: string;
let scope: Scope;
let clock: VirtualClock;
let feed: HandFeed;
let session: Session;
let count = 1;
let base = FROM;
let hasHole = false;
let asked: (SeriesKey & { readonly from: number; readonly to: number })[] = [];
/** Statements at which the disk is full. */
let isFull: (statement: string) => boolean = () => false;
const notices: string[] = [];
const alarms: string[] = [];

function fail(code: string): never {
  throw Object.assign(new Error('the test says so'), { code });
}

/** What the provider has: every bar, once `hasHole`. */
const history: HistoryProvider = {
  name: 'archive',
  timeframes: ['1h'],
  async *pages({ symbol, timeframe, from, to }): AsyncGenerator<HistoryPage> {
    asked.push({ symbol, timeframe, from, to });
    const place = PLACES.findIndex((one) => one.symbol === symbol);
    const first = Math.ceil((from - FROM) / HOUR);
    if (hasHole) yield await Promise.resolve({ columns: rowsOf(drawn[place], first, Math.ceil((to - FROM) / HOUR)) });
  },
  close: () => Promise.resolve(),
};

async function open(snapshotEvery: number, filling = true): Promise<void> {
  clock = new VirtualClock();
  scope = new Scope({ name: 'test', census: new Census(), timers: clock });
  session = await openSession(
    { scope, storePath: join(folder, 'wyckoff.db'), speed: null, snapshotEvery },
    {
      feed: (taker) => (feed = new HandFeed(taker, PLACES)),
      wallClock: () => base + clock.now(),
      onNotice: (sentence) => void notices.push(sentence),
      onAlarm: (sentence) => void alarms.push(sentence),
      ...(filling && { history }),
      store: { trace: (statement) => void (isFull(statement) && fail('SQLITE_FULL')) },
    },
  );
  await settle();
}

/** An empty folder and a session over it, of so many series. */
async function begin(series: number, snapshotEvery: number, filling = true): Promise<void> {
  rmSync(folder, { recursive: true, force: true });
  [count, base, hasHole, asked, notices.length, alarms.length] = [series, FROM, false, [], 0, 0];
  const store = openSqliteStore({ path: join(folder, 'wyckoff.db') });
  for (const { symbol } of PLACES.slice(0, count))
    await store.saveSymbol({ ...DEMO_SYMBOL, symbol, assetClass: 'CRYPTO', synthetic: true, timeZone: 'UTC', calendar: '24/7' }, '1h'); // prettier-ignore
  const [first, ...others] = PLACES.slice(0, count);
  await store.saveSetting('session.series', { ...first, others });
  store.close();
  await open(snapshotEvery, filling);
  await session.trading.desk.act({ action: 'setAcceptance', account: 'paper', mode: 'all' }, ann);
}

async function pass(from: number, to: number): Promise<void> {
  for (let row = from; row < to; row += 1) {
    if (row >= HOLE[0] && row < HOLE[1]) continue;
    base = FROM + (row + 1) * HOUR - clock.now();
    await Promise.all(Array.from({ length: count }, (_, place) => feed.give(place, rowsOf(drawn[place], row, row + 1))));
  }
}

/** The first visit of the scanner in a process, until what it leads to is so: the store's thread for long reads is a real one, and takes its time. */
async function scan(isSo: () => boolean | Promise<boolean>): Promise<void> {
  clock.advance(1);
  for (let more = 0; more < 4_000 && !(await isSo()); more += 1) await sleep(5);
  expect(await isSo()).toBe(true);
}

const bars = async (place: number): Promise<number> => {
  const series = await session.store.findSeries(PLACES[place].symbol, '1h');
  return series === null ? 0 : await session.store.countBars(series);
};

/** Everything that was said, but for what the journal alone knows and what a person did. */
async function told(): Promise<{ readonly facts: number; readonly hash: string }> {
  const rows = (await session.store.factsAfter(0, 100_000)).filter(({ type }) => !/^(input|notification|bar\.confirmed)/.test(type)); // prettier-ignore
  const hash = createHash('sha256');
  for (const { at, type, data } of rows) hash.update(JSON.stringify([at, type, data]));
  hash.update(JSON.stringify(await session.store.account('paper')));
  return { facts: rows.length, hash: hash.digest('hex') };
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'wyckoff-filled-'));
});
afterEach(async () => {
  isFull = () => false;
  await scope.dispose();
  rmSync(folder, { recursive: true, force: true });
});

describe.each([1, 2])('BAR_GAP BAR_LATE holes of a running session of %i series', (series) => {
  // Snapshots so rare that a resume steps every bar again, so often that one lies behind the hole, and between.
  it.each([10_000, 100, 290])(
    'a hole is filled behind the cursor; the engine does not hear of it, and a restart (a snapshot every %i) is the same',
    async (snapshotEvery) => {
      await begin(series, 10_000, false);
      await pass(0, BARS);
      const undisturbed = await told();
      expect(undisturbed.facts).toBeGreaterThan(100);
      await scope.dispose();

      await begin(series, snapshotEvery);
      await pass(0, 320);
      await scan(() => asked.length >= series);
      expect(await bars(0)).toBe(320 - 6);
      // The provider has them now; a hole is asked for again after a day, or in a process that has not asked yet.
      hasHole = true;
      await scope.dispose();
      await open(snapshotEvery);
      await scan(() => notices.filter((notice) => notice.includes('BAR_LATE, 6 bars')).length === series);
      for (let place = 0; place < series; place += 1) expect(await bars(place)).toBe(320);
      await scope.dispose();
      await open(snapshotEvery);
      expect(session.desk.health().failure).toBeNull();
      await pass(320, BARS);
      await scope.dispose();
      await open(10_000);
      expect(session.desk.health().failure).toBeNull();
      expect(await told()).toEqual(undisturbed);

      // Reported: by symbol and by `wyckoff db status`.
      const names = PLACES.slice(0, series).map(({ symbol }) => symbol);
      const sums = await session.store.coverageSums(names);
      expect(sums).toMatchObject(names.map((symbol) => ({ symbol, timeframe: '1h', bars: 6, gaps: 0 })));
      await scope.dispose();
      expect(sqliteStatus(join(folder, 'wyckoff.db')).coverage).toMatchObject(sums);
    },
  );

  it('ended between the word and the bars: a restart leaves out what is not there, and the hole is filled by the next process', async () => {
    await begin(series, 10_000);
    await pass(0, 320);
    const before = await told();
    hasHole = true;
    // The journal takes the word, the disk does not take the bars.
    isFull = (statement) => /^insert into bars/i.test(statement);
    await scan(() => notices.filter((notice) => notice.includes('could not be filled')).length === series);
    expect(await bars(0)).toBe(320 - 6);
    await scope.dispose();
    isFull = () => false;
    await open(10_000);
    expect(session.desk.health().failure).toBeNull();
    await scan(() => notices.filter((notice) => notice.includes('BAR_LATE, 6 bars')).length === series);
    await scope.dispose();
    await open(10_000);
    expect(session.desk.health().failure).toBeNull();
    expect(await bars(0)).toBe(320);
    expect(await told()).toEqual(before);
  });

  it('the twin: bars filled in without a word to the journal end the account at its next start', async () => {
    await begin(series, 10_000, false);
    await pass(0, 320);
    await scope.dispose();
    const store = openSqliteStore({ path: join(folder, 'wyckoff.db') });
    const found = await store.findSeries('AAA', '1h');
    if (found === null) throw new Error('test: expected AAA to be stored');
    await store.importBars(found, rowsOf(drawn[0], ...HOLE), 'archive');
    store.close();
    await open(10_000, false);
    expect(session.desk.health().failure).toMatch(/^resume: /);
  });
});

describe('BAR_OUTLIER a bar of the moment that nobody can believe', () => {
  const WILD = 350;
  /** A print ten times too high. */
  const wild = (): BarColumns => {
    const one = rowsOf(drawn[0], WILD, WILD + 1);
    for (const column of [one.open, one.high, one.low, one.close]) column[0] *= 10;
    return one;
  };
  const at = (row: number): void => void (base = FROM + (row + 1) * HOUR - clock.now());

  it('is held, alarmed and fed to nobody, nor is the hole filled with it; a restart knows it still', async () => {
    await begin(1, 10_000, false);
    await pass(0, WILD);
    await pass(WILD + 2, 500);
    const calm = await told();
    await scope.dispose();

    await begin(1, 10_000);
    await pass(0, WILD);
    at(WILD);
    await feed.give(0, wild());
    expect(alarms).toMatchObject([expect.stringContaining('BAR_OUTLIER')]);
    // The one after it is as far from it (trading.md 9.2: from the bar before, quarantined or not), the next is not.
    await pass(WILD + 1, WILD + 3);
    expect(alarms).toHaveLength(2);
    expect(await bars(0)).toBe(WILD - 6 + 1);
    const letters = await session.store.deadLetters({ topic: 'bar.quarantined', limit: 9 });
    expect(letters.map(({ state, payload }) => [state, (payload as { bar: { time: number } }).bar.time])).toEqual([
      ['WAITING', FROM + WILD * HOUR],
      ['WAITING', FROM + (WILD + 1) * HOUR],
    ]);
    const held = (): number | undefined => scope.census.rows().find(({ name }) => name === 'server.feeds.quarantine')?.size;
    expect(held()).toBe(2);
    await scope.dispose();
    await open(10_000);
    expect(session.desk.health().failure).toBeNull();
    expect(held()).toBe(2);
    // Given again as history it is still held; and the provider, which has the bars of this hole and of the other, fills that one only.
    hasHole = true;
    await scan(() => notices.some((notice) => notice.includes('BAR_LATE, 6 bars')));
    await pass(WILD + 3, 500);
    expect(await bars(0)).toBe(500 - 2);
    await scope.dispose();
    await open(10_000);
    expect(session.desk.health().failure).toBeNull();
    expect(await told()).toEqual(calm);
  });

  it('confirmBar lets it in behind the cursor once a newer bar has come: flagged, audited, once; engine and restart do not hear of it', async () => {
    await begin(1, 10_000, false);
    await pass(0, WILD);
    await pass(WILD + 2, 500);
    const calm = await told();
    await scope.dispose();

    await begin(1, 10_000, false);
    await pass(0, WILD);
    at(WILD);
    await feed.give(0, wild());
    const [{ id }] = await session.store.deadLetters({ topic: 'bar.quarantined', limit: 9 });
    // The newest of all: whether it may be fed is not to be known, and it stays held.
    expect(await session.confirmBar(id, ann)).toMatchObject({ ok: false, code: 'data.missing' });
    await pass(WILD + 1, WILD + 3);
    const counts = await Promise.all([session.confirmBar(id, ann), session.confirmBar(id, ann)]);
    expect(counts).toMatchObject([
      { ok: true, value: { count: 1 } },
      { ok: false, code: 'resource.not_found' },
    ]);
    const series = await session.store.findSeries(PLACES[0].symbol, '1h');
    if (series === null) throw new Error('expected a series');
    const [time, close] = [FROM + WILD * HOUR, wild().close[0]];
    const stored = await session.store.barsAfter(series, { after: time - 1, limit: 1 });
    expect([stored.time[0], stored.close[0]]).toEqual([time, close]);
    expect(await session.store.deadLetters({ topic: 'bar.quarantined', limit: 9 })).toHaveLength(1);
    const audited = (await session.store.auditAfter(0, 1000)).filter(({ type }) => type === 'bar.confirmed');
    expect(audited).toMatchObject([{ actor: 'local', requestId: 'r', data: { id, time, close } }]);
    await scope.dispose();
    await open(10_000, false);
    expect(session.desk.health().failure).toBeNull();
    await pass(WILD + 3, 500);
    await scope.dispose();
    await open(10_000, false);
    expect(session.desk.health().failure).toBeNull();
    expect(await told()).toEqual(calm);
  });

  it('a former process held it: what a feed brings again behind the newest bar is held again', async () => {
    await begin(1, 10_000);
    await pass(0, WILD);
    at(WILD);
    await feed.give(0, wild());
    await scope.dispose();
    await open(10_000);
    await feed.give(0, wild(), 'backfill');
    expect(await bars(0)).toBe(WILD - 6);
  });

  it('the twin: told as history it is accepted, flagged and fed', async () => {
    await begin(1, 10_000);
    await pass(0, WILD);
    at(WILD);
    await feed.give(0, wild(), 'backfill');
    expect(alarms).toEqual([]);
    expect(notices).toMatchObject([expect.stringContaining('BAR_GAP'), expect.stringContaining('BAR_OUTLIER')]);
    expect(await bars(0)).toBe(WILD - 6 + 1);
  });
});
