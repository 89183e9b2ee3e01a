/** PostgreSQL is killed under a whole session on paper and comes back: the account stands still, says so, opens nothing, and ends with the ledger of an undisturbed one (issue 5 C4, issue 4.10). */
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Census, Scope } from '@wyckoff/bounded';
import { VirtualClock } from '@wyckoff/bounded/leak-kit';
import { drawSeries, TIMEFRAME_MS } from '@wyckoff/domain';
import { expect, it } from 'vitest';
import { startPostgres } from '../../../../e2e/support/postgres.ts';
import { openPostgresStore } from '../store/postgres/postgres-store.ts';
import { StoreFailure } from '../store/refused.ts';
import { openSqliteStore } from '../store/sqlite/sqlite-store.ts';
import type { Store } from '../store/store.ts';
import { DEMO_SYMBOL } from './demo-series.ts';
import { openSession, type Session } from './open.ts';
import { HandFeed, rowsOf } from './testing/hand-feed.ts';
import type { Actor } from './trading-desk.ts';

const BARS = 700;
/** Its fills come behind the outage. */
const drawn = drawSeries({ schematic: 'all', seed: 1042, number: 1, bars: 900, noise: 'low' }).columns;
const DAY = TIMEFRAME_MS['1d'];
const SERIES = { symbol: 'AAA', timeframe: '1d' } as const;
const ann: Actor = { user: 'local', role: 'admin', address: '127.0.0.1', requestId: 'r', steppedUp: true };

async function prepared(store: Store): Promise<void> {
  await store.saveSymbol({ ...DEMO_SYMBOL, symbol: 'AAA', assetClass: 'INDEX', synthetic: true, timeZone: 'UTC' }, '1d');
  await store.saveSetting('session.series', { ...SERIES, others: [] });
}

/** A session on paper, over one database or the other. */
class Paper {
  readonly scope: Scope;
  readonly clock = new VirtualClock();
  session!: Session;
  feed!: HandFeed;
  readonly alarms: string[] = [];
  #base = drawn.time[0];

  constructor(parent: Scope) {
    this.scope = new Scope({ name: 'paper', census: new Census(), timers: this.clock, onProblem: () => undefined });
    parent.adopt('paper', async () => void (await this.scope.dispose()));
  }

  async open(folder: string, databaseUrl: string | null, taken = 0): Promise<this> {
    this.#base = taken === 0 ? drawn.time[0] : drawn.time[taken - 1] + DAY;
    this.session = await openSession(
      { scope: this.scope, storePath: join(folder, 'wyckoff.db'), speed: null },
      {
        feed: (taker) => (this.feed = new HandFeed(taker, [SERIES])),
        wallClock: () => this.#base,
        onAlarm: (sentence) => void this.alarms.push(sentence),
        ...(databaseUrl !== null && { store: { databaseUrl } }),
      },
    );
    return this;
  }

  async accepts(): Promise<this> {
    await this.session.trading.desk.act({ action: 'setAcceptance', account: 'paper', mode: 'all' }, ann);
    return this;
  }

  async pass(from: number, to: number): Promise<void> {
    for (let row = from; row < to; row += 1) {
      this.#base = drawn.time[row] + DAY;
      await this.feed.give(0, rowsOf(drawn, row, row + 1));
    }
  }

  get failure(): string | null {
    return this.session.desk.health().failure;
  }

  /** Time passes slowly enough for a database that answers. */
  async until(isSo: () => boolean): Promise<void> {
    for (let more = 0; more < 12_000 && !isSo(); more += 1) {
      this.clock.advance(25);
      await sleep(2);
    }
    expect(isSo()).toBe(true);
  }

  /** What was decided, ordered, filled and booked; the switch's own comings and goings and notices are of the outage. */
  async ledger(): Promise<{ readonly facts: number; readonly fills: number; readonly hash: string }> {
    const { store } = this.session;
    const rows = (await store.factsAfter(0, 100_000)).filter(
      ({ type }) => !/^(input|notification)\.|^trading\.changed$/.test(type),
    );
    const hash = createHash('sha256');
    for (const { at, type, data } of rows) hash.update(JSON.stringify([at, type, data]));
    hash.update(JSON.stringify([await store.account('paper'), await store.ledgerAfter('paper', 0, 10_000), await store.workingOrders('paper')])); // prettier-ignore
    return { facts: rows.length, fills: rows.filter(({ type }) => type === 'order.filled').length, hash: hash.digest('hex') };
  }

  /** The first row from 300 on around which nothing is ordered: an order that the switch meets there is not what is compared. */
  async quietRow(): Promise<number> {
    const rows = await this.session.store.factsAfter(0, 100_000);
    const busy = rows
      .filter(({ type }) => /^(order|position|signal)\./.test(type))
      .map(({ at }) => drawn.time.findIndex((time) => time + DAY >= at));
    for (let row = 300; row < 600; row += 1) if (busy.every((one) => one < row - 2 || one > row + 30)) return row;
    throw new Error('test: expected a quiet stretch of bars, was none');
  }
}

/** A pool that has just come back may hold a dead connection or two. */
async function answered<T>(ask: () => Promise<T>): Promise<T> {
  for (let more = 0; ; more += 1)
    try {
      return await ask();
    } catch (error) {
      if (more === 50) throw error;
      await sleep(20);
    }
}

it('C4 issue 4.10 TR-11 PostgreSQL killed under a session and restarted: it stands still, says so, is STOP, goes on; its ledger is the undisturbed one', { timeout: 60_000 }, async () => {
  await using scope = new Scope({ name: 'test' });
  const folder = scope.own(mkdtempSync(join(tmpdir(), 'wyckoff-outage-')), (path) => rmSync(path, { recursive: true, force: true })); // prettier-ignore
  const server = await startPostgres(scope);
  const embedded = openSqliteStore({ path: join(folder, 'wyckoff.db') });
  await prepared(embedded);
  embedded.close();
  const calm = await (await new Paper(scope).open(folder, null)).accepts();
  await calm.pass(0, BARS);
  const undisturbed = await calm.ledger();
  expect(undisturbed.fills).toBeGreaterThan(2);
  const row = await calm.quietRow();

  const first = new Scope({ name: 'schema' });
  await prepared(await openPostgresStore({ url: server.url, scope: first, migrate: true }));
  await first.dispose();
  const paper = await (await new Paper(scope).open(folder, server.url)).accepts();
  const { store, trading } = paper.session;
  await paper.pass(0, row);

  // Eight that read all the time, and the bars.
  const load = { on: true, answered: 0, refused: [] as unknown[] };
  const readers = Array.from({ length: 8 }, async () => {
    while (load.on) {
      await store.signals({ limit: 50 }).then(() => (load.answered += 1), (error: unknown) => (load.refused.length < 1_000 ? load.refused.push(error) : 0)); // prettier-ignore
      await sleep(1);
    }
  });
  const giving = paper.pass(row, BARS);
  if (server.isOwn) {
    await server.kill();
    await paper.until(() => paper.failure !== null);
    expect(paper.failure).toContain('stands still');
    expect(paper.session.desk.health()).toMatchObject({ ready: false });
    expect(paper.alarms.filter((alarm) => alarm.includes('stands still'))).toHaveLength(1);
    const reading = store.killSwitch();
    let flag: Awaited<typeof reading> | null = null;
    void reading.then((answer) => (flag = answer));
    await paper.until(() => flag !== null);
    expect(flag).toMatchObject({ level: 'STOP', readable: false });
    const act = trading.desk.act({ action: 'setAcceptance', account: 'paper', mode: 'queue' }, ann);
    let refused: boolean | null = null;
    void act.then(({ ok }) => (refused = !ok), () => (refused = true)); // prettier-ignore
    await paper.until(() => refused !== null);
    expect(refused).toBe(true);
    await server.restart();
    // The store answers again, and the account still does nothing of its own: it waits until it knows that nobody else has taken it.
    const series = await answered(() => store.findSeries(SERIES.symbol, SERIES.timeframe));
    const stood = series === null ? 0 : await store.countBars(series);
    for (let more = 0; more < 20; more += 1) expect(series === null ? 0 : await store.countBars(series)).toBe(stood);
    expect(stood).toBeGreaterThanOrEqual(row);
    expect(paper.failure).toContain('stands still');
    await paper.until(() => paper.failure === null);
    expect(load.refused.length).toBeGreaterThan(0);
    expect(load.refused.every((error) => error instanceof StoreFailure)).toBe(true);
  }
  let isGiven = false;
  void giving.then(() => (isGiven = true));
  // The clock stands, so that the switch is read in no time; only an account that waits again needs it.
  for (let more = 0; more < 12_000 && !isGiven; more += 1) {
    if (paper.failure !== null) paper.clock.advance(25);
    await sleep(2);
  }
  await giving;
  const before = load.answered;
  for (let more = 0; more < 2_000 && load.answered === before; more += 1) await sleep(5);
  expect(load.answered).toBeGreaterThan(before);
  load.on = false;
  await Promise.all(readers);
  expect(paper.failure).toBeNull();
  expect(await paper.ledger()).toEqual(undisturbed);
  await paper.scope.dispose();

  // And a new process finds it so.
  const next = await new Paper(scope).open(folder, server.url, BARS);
  expect(next.failure).toBeNull();
  expect(await next.ledger()).toEqual(undisturbed);
}); // prettier-ignore
