/** A session on paper: bars come from a feed, time is the wall's, and a restart continues where it stood. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Census, Scope } from '@wyckoff/bounded';
import { settle, VirtualClock } from '@wyckoff/bounded/leak-kit';
import { appendBar, BarCursor, createBarColumns, drawSeries, TIMEFRAME_MS } from '@wyckoff/domain';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { BarFeed, FeedStatus, FeedTaker } from '../feeds/contract/feed.ts';
import { openSqliteStore } from '../store/sqlite/sqlite-store.ts';
import { DeadlineTimer } from './deadline-timer.ts';
import { DEMO_SYMBOL } from './demo-series.ts';
import type { Answer } from './desk.ts';
import { openSession, type Session } from './open.ts';
import type { Actor } from './trading-desk.ts';

const { columns, symbol } = drawSeries({ schematic: 'all', seed: 1042, number: 3, bars: 2600, noise: 'low' });
const DAY = TIMEFRAME_MS['1d'];
const ann: Actor = { user: 'local', role: 'admin', address: '127.0.0.1', requestId: 'r', steppedUp: true };

/** A feed whose bars a test hands over one by one. */
class HandFeed implements BarFeed {
  readonly name = 'hand';
  readonly #taker: FeedTaker;
  stale: readonly string[] = [];
  state: FeedStatus['state'] = 'DISCONNECTED';
  after: number | null = null;

  constructor(taker: FeedTaker) {
    this.#taker = taker;
  }

  start(): void {
    this.state = 'CONNECTED';
  }

  watch(_series: unknown, after: number | null = null): ReturnType<BarFeed['watch']> {
    this.after = after;
    return { ok: true, created: true };
  }

  unwatch(): boolean {
    return true;
  }

  status(): FeedStatus {
    return {
      name: this.name,
      state: this.state,
      since: 0,
      lastDataAt: null,
      latencyMs: null,
      reconnects: 0,
      subscriptions: 1,
      stale: this.stale,
      error: null,
    };
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  async bar(row: number): Promise<void> {
    await this.bars(row, row + 1);
  }

  async bars(from: number, to: number): Promise<void> {
    const some = createBarColumns(to - from);
    for (let row = from; row < to; row += 1) appendBar(some, new BarCursor(columns).at(row));
    await this.#taker.take({
      series: { symbol, timeframe: '1d' },
      columns: some,
      kind: 'closed',
      origin: 'stream',
      provider: 'hand',
      missing: 0,
    });
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
let row = 0;
let base = 0;

/** The wall clock: it stands at the close of the last bar, and moves when the virtual clock does. */
const wall = (): number => base + clock.now();

async function open(): Promise<void> {
  clock = new VirtualClock();
  base = row === 0 ? columns.time[0] : columns.time[row - 1] + DAY;
  scope = new Scope({ name: 'test', census: new Census(), timers: clock });
  session = await openSession(
    { scope, storePath: join(folder, 'wyckoff.db'), speed: null },
    { feed: (taker) => (feed = new HandFeed(taker)), wallClock: wall },
  );
}

beforeEach(async () => {
  await prepare('STOCK');
});

/** An empty folder and a session over it. */
async function prepare(assetClass: 'STOCK' | 'INDEX'): Promise<void> {
  folder = mkdtempSync(join(tmpdir(), 'wyckoff-paper-'));
  row = 0;
  const store = openSqliteStore({ path: join(folder, 'wyckoff.db') });
  await store.saveSymbol({ ...DEMO_SYMBOL, symbol, assetClass, synthetic: true }, '1d');
  await store.saveSetting('session.series', { symbol, timeframe: '1d' });
  store.close();
  await open();
}
afterEach(async () => {
  await scope.dispose();
  rmSync(folder, { recursive: true, force: true });
});

function valueOf<T>(answer: Answer<T>): T {
  if (!answer.ok) throw new Error(`${answer.code}: ${answer.detail}`);
  return answer.value;
}

async function bar(): Promise<void> {
  base = columns.time[row] + DAY - clock.now();
  await feed.bar(row);
  row += 1;
}

async function waiting(): Promise<string> {
  for (; row < columns.length;) {
    const [account] = (await session.trading.desk.state()).accounts;
    if (account.pending > 0) return valueOf(await session.desk.signals({ status: 'PENDING', limit: 1 })).items[0].id;
    await bar();
  }
  throw new Error('expected a signal that waits, was none');
}

const statusOf = async (id: string): Promise<string> => valueOf(await session.trading.desk.signal(id)).signal.status;
const allow = (id: string) => session.trading.desk.decide(id, { decision: 'approve', dryRun: false }, ann);

describe('trading.md 1.1 paper', () => {
  it('M8 4.5 what waits expires at its minute by one timer, not before', async () => {
    // Off the beat of the sweep, which would come a little later.
    clock.advance(7_000);
    const id = await waiting();
    const { queuedAt, expiresAt } = valueOf(await session.trading.desk.signal(id)).waiting?.entry ?? {
      queuedAt: 0,
      expiresAt: 0,
    };
    expect(expiresAt - queuedAt).toBe(300_000);
    clock.advance(expiresAt - wall() - 1);
    await settle();
    expect(await statusOf(id)).toBe('PENDING');
    clock.advance(1);
    await settle();
    expect(await statusOf(id)).toBe('EXPIRED');
    expect((await allow(id)).ok).toBe(false);
  });

  it('web 6 a live feed says when its market is open, and tells it when that has changed', async () => {
    const told: (number | undefined)[] = [];
    using listening = session.desk.subscribeValues((values) => {
      for (const one of values) if (one.type === 'connection.changed') told.push(one.data.market?.opensAt);
    });
    const [{ market }] = session.desk.connections();
    if (market === undefined) throw new Error('expected the hours of a stock market');
    expect(market.closesAt).toBeGreaterThan(wall());
    base += market.closesAt - wall();
    clock.advance(60_000);
    await settle();
    expect(told.at(-1)).toBeGreaterThan(market.closesAt);
    expect(told).toHaveLength(1);
    expect(listening).toBeDefined();
  });

  it('9.5 stale data: entries are refused until a fresh bar, and told as a halt', async () => {
    const id = await waiting();
    feed.becomes([`${symbol} 1d`]);
    await settle();
    expect((await session.trading.desk.state()).halts).toMatchObject([{ kind: 'STALE', scope: `symbol:${symbol}` }]);
    expect(await allow(id)).toMatchObject({ ok: false });
    expect(await statusOf(id)).toBe('PENDING');
    feed.becomes([]);
    await settle();
    expect((await session.trading.desk.state()).halts).toEqual([]);
    expect(valueOf(await allow(id))).toMatchObject({ placed: true });
  });

  it('TR-11 a flag that another process raised is read before the order goes out, though nobody told the engine', async () => {
    const id = await waiting();
    const state = { level: 'STOP', reason: 'from outside', actor: 'bob', at: 5, activationId: 'x' } as const;
    await session.store.change({ facts: [], writes: [{ kind: 'kill-switch', state }] });
    await allow(id);
    for (let more = 0; more < 3; more += 1) await bar();
    const orders = valueOf(await session.trading.desk.orders({ limit: 10 })).items;
    expect(orders.map((order) => [order.intent, order.state])).toEqual([['OPEN', 'CANCELLED']]);
    expect(valueOf(await session.desk.positions({ limit: 10 })).items).toEqual([]);
  });

  it('issue 4.10 bars, decisions and positions are there after a restart; the feed continues behind the last bar', async () => {
    valueOf(await allow(await waiting()));
    for (let more = 0; more < 3; more += 1) await bar();
    const before = valueOf(await session.desk.positions({ limit: 10 })).items;
    expect(before).toHaveLength(1);
    await scope.dispose();
    await open();
    expect(session.desk.health().failure).toBeNull();
    expect(feed.after).toBe(columns.time[row - 1]);
    expect(
      await session.store.countBars((await session.store.findSeries(symbol, '1d')) ?? { symbolId: 0, symbol, timeframe: '1d' }),
    ).toBe(row);
    expect(valueOf(await session.desk.positions({ limit: 10 })).items).toEqual(before);
    expect((await session.trading.desk.state()).accounts[0]).toMatchObject({ id: 'paper', mode: 'PAPER', acceptance: 'queue' });
    await bar();
  });
});

describe('9.5 bars that are back-filled after an outage', () => {
  /** As many bars as one page of the past. */
  const PAGE = 12;

  async function automatic(): Promise<void> {
    const { patterns, whitelist, blacklist, maxTrades, maxRiskBp, breakerLosses } = (await session.trading.desk.state())
      .accounts[0].automation;
    const limits = { patterns, whitelist, blacklist, maxTrades, maxRiskBp, breakerLosses, minConfidence: 60 };
    valueOf(
      await session.trading.desk.act({ action: 'enableAutomation', account: 'paper', consent: 'I agree to that.', limits }, ann),
    );
  }

  const entries = async () =>
    valueOf(await session.trading.desk.orders({ limit: 50 })).items.filter(({ intent }) => intent === 'OPEN');
  const halts = async () => (await session.trading.desk.state()).halts.map(({ kind, scope }) => [kind, scope]);

  /** Row of the bar on which automation opens when bars come in time. */
  async function opensAt(): Promise<number> {
    await anew(0);
    while (row < columns.length) {
      await bar();
      if ((await entries()).length > 0) return row - 1;
    }
    throw new Error('expected an automatic entry, was none');
  }

  /** A new folder, up to a bar, automation on. */
  async function anew(until: number): Promise<void> {
    await scope.dispose();
    rmSync(folder, { recursive: true, force: true });
    // Of an index no calendar of earnings is asked for, without which nothing is automatic.
    await prepare('INDEX');
    await automatic();
    while (row < until) await bar();
  }

  /** The rows of an outage come as one page when it is over. */
  async function backFilled(until: number): Promise<void> {
    base = columns.time[until - 1] + DAY - clock.now();
    await feed.bars(row, until);
    row = until;
  }

  it('9.5 nothing is opened on them though automation is on; the halt stands before the first and ends with the first fresh one', async () => {
    const at = await opensAt();
    await anew(at - 4);
    base = columns.time[row] + 6 * DAY - clock.now();
    feed.becomes([`${symbol} 1d`]);
    await settle();
    expect(await halts()).toEqual([['STALE', `symbol:${symbol}`]]);
    // The feed has handed the page over and finds itself fresh before the account has taken the first of it.
    base = columns.time[at + PAGE - 5] + DAY - clock.now();
    feed.becomes([]);
    await settle();
    await backFilled(at + PAGE - 4);
    expect(await entries()).toEqual([]);
    const refused = (await session.store.signals({ status: 'REJECTED', limit: 200 })).filter(
      ({ item }) => item.rejectCode === 'RK_HALTED',
    );
    expect(refused.map(({ item }) => item.barTime)).toContain(columns.time[at]);
    expect(await halts()).toEqual([]);
  });

  it('9.5 nor after a restart, when nobody has watched the age yet; a bar in time is traded as ever', async () => {
    const at = await opensAt();
    await anew(at - 4);
    await scope.dispose();
    await open();
    await backFilled(at + PAGE - 4);
    expect(await entries()).toEqual([]);
    expect(await halts()).toEqual([]);
    // The twin: the same page, and the clock that of its signal.
    await anew(at - 4);
    base = columns.time[at] + DAY - clock.now();
    await feed.bars(row, at + 1);
    expect(await entries()).toHaveLength(1);
  });

  it('9.5 a halt that stood when the process ended ends with a fresh bar of the next', async () => {
    for (let more = 0; more < 30; more += 1) await bar();
    base += 6 * DAY;
    feed.becomes([`${symbol} 1d`]);
    await settle();
    await scope.dispose();
    await open();
    expect(await halts()).toHaveLength(1);
    await bar();
    expect(await halts()).toEqual([]);
  });
});

describe('M8 one timer for every deadline', () => {
  it('M8 arming anew replaces, disposing takes it back, and a clock set back waits on', async () => {
    const time = new VirtualClock();
    const owner = new Scope({ name: 'timer', census: new Census(), timers: time });
    const ran: number[] = [];
    let shift = 0;
    const timer = new DeadlineTimer({
      scope: owner,
      timers: time,
      wallClock: () => time.now() + shift,
      run: (at) => ran.push(at),
    });
    for (let at = 1_000; at < 2_000; at += 1) timer.arm(at);
    timer.arm(500);
    shift = -200;
    time.advance(500);
    expect(ran).toEqual([]);
    time.advance(200);
    expect(ran).toEqual([500]);
    timer.arm(10_000_000);
    time.advance(20_000_000);
    expect(ran).toHaveLength(2);
    timer.arm(time.now() + shift + 100);
    await owner.dispose();
    time.advance(1_000);
    expect(ran).toHaveLength(2);
  });
});
