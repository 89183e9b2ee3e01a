/** The desk of a running session: the store and the run behind the read port. */
import {
  FACT_TOPICS,
  type ApprovalWire,
  type CHART_INCLUDES,
  type ChartAnswer,
  type ConnectionWire,
  type SessionAnswer,
  type SnapshotAnswer,
} from '@wyckoff/contracts';
import { createBarColumns, type BarColumns, type EpochMs, type Timeframe } from '@wyckoff/domain';
import type { Series, Store, SymbolRecord } from '../store/store.ts';
import type { Answer, ChartQuery, ConflatedValue, Desk, Page, PositionsQuery, SignalsQuery, SnapshotTopic } from './desk.ts';
import { barsPage, symbolsPage } from './bars-page.ts';
import type { Journal } from './journal.ts';
import { decodeCursor, encodeCursor } from './page-cursor.ts';
import type { Run } from './run.ts';
import type { SessionSeries } from './session-series.ts';
import type { SessionSource } from './source.ts';
import type { KillSwitchGuard } from './safety/kill-switch-guard.ts';
import { wireOf } from './trading/halting.ts';
import { campaignOf } from './trading/lists.ts';

const SNAPSHOT_LIMITS = { ranges: 200, events: 500, signals: 100, orders: 200, positions: 200, notifications: 100 } as const;
const WINDOW_LIMITS = { ranges: 200, events: 1000, trades: 200 } as const;
const LIST_LIMIT = 200;
/** The one user of local mode. */
const LOCAL_USER = 'local';
const FACTS_LIMIT = 2000;

export interface DeskParts {
  readonly store: Store;
  readonly journal: Journal;
  readonly run: Run | null;
  readonly replay: SessionSource;
  readonly guard: KillSwitchGuard;
  readonly series: Series;
  readonly record: SymbolRecord;
  /** Every series of the session, its own among them. */
  readonly all: readonly SessionSeries[];
  /** As every answer says it; its id is that of the first account. */
  readonly account: NonNullable<SessionAnswer['desk']>['account'];
  /** Venues of the session, none on paper. */
  readonly brokers: () => readonly ConnectionWire[];
  /** Why the session cannot go on; null while it can. */
  readonly failure: () => string | null;
}

export function deskOfSession(parts: DeskParts): Desk {
  const { store, journal, run, replay } = parts;

  const connectionValues = (): ConflatedValue[] =>
    connectionsOf(parts).map((data) => ({
      topic: 'connections',
      key: data.name,
      ts: data.since,
      type: 'connection.changed',
      data,
    }));

  const horizon = (symbol: string, timeframe: Timeframe): EpochMs | null => horizonOf(run, symbol, timeframe);

  return {
    epoch: store.epoch,
    seq: () => journal.seq,
    subscribeFacts: (listener) => journal.subscribeFacts(listener),
    subscribeValues: (listener) => journal.subscribeValues(listener),
    factsAfter: (seq, limit, topics) => store.factsAfter(seq, Math.min(limit, FACTS_LIMIT), { topics: topics ?? FACT_TOPICS }),
    latestValues(topics) {
      const all = [...(run?.lastBars ?? []), ...(run?.reportValues() ?? []), ...connectionValues()];
      return all.filter((value) => topics.includes(value.topic));
    },
    snapshot: (topics) => snapshotOf(parts, topics),
    chart: (query) => chartOf(parts, query),
    bars: (query) => barsPage({ store, horizon }, query),
    symbols: (query) => symbolsPage(store, query),
    signals: (query) => signalsPage(store, query),
    positions: (query) => positionsPage(store, query),
    async facts({ afterSeq = 0, limit, audit, ...filter }) {
      const capped = Math.min(limit, LIST_LIMIT);
      const rows = await store.journalPage({ ...filter, audit: audit === 'true', afterSeq, limit: capped + 1 });
      const items = rows.slice(0, capped);
      return { ok: true, value: { items, nextCursor: rows.length > capped ? String(items[items.length - 1].seq) : null } };
    },
    async equity(accountId) {
      // An archived one keeps its curve.
      if ((await store.account(accountId)) === null) {
        return { ok: false, code: 'resource.not_found', detail: `expected account ${accountIdOf(parts)}, was ${accountId}` };
      }
      return { ok: true, value: { accountId, items: await store.equity(accountId) } };
    },
    connections: () => connectionsOf(parts),
    series() {
      const { series, record, all, account } = parts;
      const others = all.filter((one) => one.series !== series).map(seriesOf);
      return {
        ...seriesOf({ series, record }),
        ...(others.length > 0 && { others }),
        account: { ...account, id: accountIdOf(parts) },
      };
    },
    replay: {
      state: () => replay.state(),
      play: () => replay.play(),
      pause: () => replay.pause(),
      step: () => replay.step(),
      setSpeed: (barsPerSecond) => replay.setSpeed(barsPerSecond),
      hold: (on) => replay.hold(on),
    },
    health() {
      const failure = parts.failure();
      const { kind, bytes, errors } = store.stats();
      return { store: { ok: failure === null || errors === 0, kind, bytes }, ready: run !== null && failure === null, failure };
    },
  };
}

/** Of the account in force: a reset brings another one. */
function accountIdOf({ run, account }: DeskParts): string {
  return run?.accountId ?? account.id;
}

function seriesOf({ series, record }: SessionSeries): Omit<NonNullable<SessionAnswer['desk']>, 'others' | 'account'> {
  const { symbol, name, source, synthetic, tickSize, timeZone, unit } = record;
  return { symbol, timeframe: series.timeframe, name, source, synthetic, tickSize, timeZone, unit };
}

function connectionsOf({ replay, brokers }: DeskParts): ConnectionWire[] {
  return [replay.state(), ...brokers()];
}

async function snapshotOf(parts: DeskParts, topics: readonly SnapshotTopic[]): Promise<SnapshotAnswer> {
  const { store, run } = parts;
  const state = await store.snapshot(SNAPSHOT_LIMITS);
  const asked = (topic: SnapshotTopic): boolean => topics.includes(topic);
  // What is read after the snapshot may be younger than its number: a fact applied twice changes nothing.
  const [campaigns, notifications, waiting, halts] = await Promise.all([
    asked('campaigns') ? store.campaigns({ limit: LIST_LIMIT }) : [],
    asked('notifications') ? store.notifications({ userId: LOCAL_USER, limit: SNAPSHOT_LIMITS.notifications }) : [],
    asked('trading') && run !== null ? waitingOf(store, run) : [],
    asked('trading') ? haltsOf(store, accountIdOf(parts)) : [],
  ]);
  return {
    epoch: store.epoch,
    seq: state.seq,
    ...(asked('analysis') && { analysis: { ranges: state.ranges, events: state.events } }),
    ...(asked('signals') && { signals: state.signals }),
    ...(asked('orders') && { orders: state.orders }),
    ...(asked('positions') && { positions: state.positions }),
    ...(asked('campaigns') && { campaigns: campaigns.map(({ item }) => campaignOf(item)) }),
    ...(asked('notifications') && {
      notifications: notifications.map(({ id, type, priority, title, body, data, createdAt, readAt }) => ({
        id,
        type,
        priority,
        title,
        body,
        data,
        createdAt,
        readAt,
      })),
    }),
    ...(asked('trading') && {
      trading: { killSwitch: wireOf(parts.guard.last), accounts: run === null ? [] : [tradingWire(run)], waiting, halts },
    }),
    ...(asked('account') && { account: run === null ? null : { ...run.account } }),
    ...(asked('connections') && { connections: connectionsOf(parts) }),
  };
}

type HaltWire = NonNullable<SnapshotAnswer['trading']>['halts'][number];
type TradingStateWire = NonNullable<SnapshotAnswer['trading']>['accounts'][number];

/** A copy that is the wire's own: what the engine tells is frozen. */
function tradingWire(run: Run): TradingStateWire {
  return structuredClone(run.trading) as TradingStateWire;
}

/** The automatic halts in force; what cannot be read counts as halted. */
async function haltsOf(store: Store, accountId: string): Promise<HaltWire[]> {
  const rows = await store.haltsInForce().catch(() => null);
  if (rows === null) {
    const reason = 'The halts cannot be read: entries count as halted.';
    return [{ id: 'unreadable', accountId, scope: 'all', kind: 'EQUITY_UNKNOWN', reason, actor: null, since: 0, until: null, value: null, limit: null }]; // prettier-ignore
  }
  return rows.map(({ id, scope, kind, reason, actor, since, until }) => ({
    id,
    accountId,
    scope,
    kind,
    reason,
    actor,
    since,
    until,
    value: null,
    limit: null,
  }));
}

/** The newest word about every signal that waits. */
async function waitingOf(store: Store, run: Run): Promise<ApprovalWire[]> {
  const rows = await Promise.all(
    run.pending.map((entity) => store.journalPage({ afterSeq: 0, limit: 200, entity, type: 'approval.changed' })),
  );
  return rows.flatMap((page) => (page.length === 0 ? [] : [page[page.length - 1].data as ApprovalWire]));
}

/** The newest bar that may be shown: as far as a series that is watched came itself, of others as far as the engine is. */
function horizonOf(run: Run | null, symbol: string, timeframe: Timeframe): EpochMs | null {
  const own = run?.series.some((one) => one.symbol === symbol && one.timeframe === timeframe) ?? false;
  return run === null ? null : own ? run.newestOf(symbol, timeframe) : run.barTime;
}

async function chartOf(parts: DeskParts, query: ChartQuery): Promise<Answer<ChartAnswer>> {
  const { store, journal, run } = parts;
  const { symbol, timeframe, include } = query;
  const series = await store.findSeries(symbol, timeframe);
  if (series === null) {
    const known = (await store.symbols(LIST_LIMIT)).map((record) => record.symbol);
    return {
      ok: false,
      code: 'symbol.unknown',
      detail: `expected a symbol with bars, was ${symbol}`,
      suggestions: nearest(symbol, known),
    };
  }
  const own = run?.series.some((one) => one.symbol === symbol && one.timeframe === timeframe) ?? false;
  if (!own && (await store.countBars(series)) === 0) {
    return { ok: false, code: 'data.missing', detail: `expected bars of ${symbol} ${timeframe}, was none: import them first` };
  }
  const seq = journal.seq;
  const asOf = horizonOf(run, symbol, timeframe);
  const until = asOf ?? -1;
  const before = query.before === undefined ? {} : { before: query.before };
  // One bar more than asked for tells whether older ones exist.
  const found =
    asOf === null ? createBarColumns(0) : await store.barsBefore(series, { ...before, until, limit: query.limit + 1 });
  const more = found.length > query.limit;
  const columns = wireColumns(found, more ? 1 : 0);
  const base = { symbol, timeframe, asOf, seq, columns, more };
  if (columns.t.length === 0) return { ok: true, value: { ...base, ranges: [], events: [], trades: [] } };
  const window = { series, from: columns.t[0], to: columns.t[columns.t.length - 1] };
  const wanted = (part: (typeof CHART_INCLUDES)[number]): boolean => include.includes(part);
  const [ranges, events, trades] = await Promise.all([
    wanted('ranges') ? store.rangesIn(window, WINDOW_LIMITS.ranges) : [],
    wanted('events') ? store.eventsIn(window, WINDOW_LIMITS.events) : [],
    wanted('trades') ? store.positionsIn(window, WINDOW_LIMITS.trades) : [],
  ]);
  return { ok: true, value: { ...base, ranges, events, trades } };
}

function wireColumns(bars: BarColumns, from: number): ChartAnswer['columns'] {
  const part = (column: Float64Array): number[] => Array.from(column.subarray(from, bars.length));
  return {
    t: part(bars.time),
    o: part(bars.open),
    h: part(bars.high),
    l: part(bars.low),
    c: part(bars.close),
    v: part(bars.volume),
  };
}

/** Known symbols that share the first letters, at most 5. */
function nearest(symbol: string, known: readonly string[]): string[] {
  const shared = (other: string): number => {
    let same = 0;
    while (same < other.length && other[same] === symbol[same]) same += 1;
    return same;
  };
  return [...known].sort((a, b) => shared(b) - shared(a)).slice(0, 5);
}

async function signalsPage(store: Store, query: SignalsQuery): ReturnType<Desk['signals']> {
  const { cursor, limit, ...filters } = query;
  const name = `signals ${JSON.stringify([filters.status, filters.symbol, filters.pattern])}`;
  const below = cursor === undefined ? undefined : decodeCursor(cursor, name);
  if (below === null) return badCursor();
  const capped = Math.min(limit, LIST_LIMIT);
  return { ok: true, value: pageOf(await store.signals({ ...filters, below, limit: capped + 1 }), capped, name) };
}

async function positionsPage(store: Store, query: PositionsQuery): ReturnType<Desk['positions']> {
  const { cursor, limit, ...filters } = query;
  const name = `positions ${JSON.stringify([filters.status, filters.symbol])}`;
  const below = cursor === undefined ? undefined : decodeCursor(cursor, name);
  if (below === null) return badCursor();
  const capped = Math.min(limit, LIST_LIMIT);
  return { ok: true, value: pageOf(await store.positions({ ...filters, below, limit: capped + 1 }), capped, name) };
}

function badCursor(): { ok: false; code: 'page.bad_cursor'; detail: string } {
  return { ok: false, code: 'page.bad_cursor', detail: 'expected a cursor of this list with these filters' };
}

function pageOf<T>(
  rows: readonly { readonly item: T; readonly key: Parameters<typeof encodeCursor>[0] }[],
  limit: number,
  name: string,
): Page<T> {
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  return {
    items: items.map((row) => row.item),
    nextCursor: rows.length > limit && last !== undefined ? encodeCursor(last.key, name) : null,
  };
}
