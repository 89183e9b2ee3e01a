/** Opens a session: store, demo series, engine, replay, desk - everything owned by the caller's scope. */
import type { Scope } from '@wyckoff/bounded';
import { dirname } from 'node:path';
import {
  InstrumentError,
  tradedInstrument,
  type Account,
  type BarColumns,
  type Instrument,
  type Timeframe,
  type TradedInstrument,
} from '@wyckoff/domain';
import type { CachedStore } from '../cache/with-bar-cache.ts';
import { readCsv } from '../feeds/csv/read-csv.ts';
import { ReplayFeed } from '../feeds/replay/replay-feed.ts';
import { openNotices, type Notices } from '../notify/open-notices.ts';
import { notificationSecrets } from '../notify/settings.ts';
import { openStore, type StoreChoice } from '../store/open.ts';
import type { EngineRef, Series, Store, SymbolRecord } from '../store/store.ts';
import { DEMO_SYMBOL, DEMO_TIMEFRAME, demoFile } from './demo-series.ts';
import type { ConnectionWire } from '@wyckoff/contracts';
import { DeadlineTimer } from './deadline-timer.ts';
import type { Desk, SessionOptions } from './desk.ts';
import { deskOfSession } from './desk-of-session.ts';
import { ENGINE_HASH } from '../version.ts';
import { engineFactory, type EngineFactory } from './engine-factory.ts';
import { Journal } from './journal.ts';
import { ResumeMismatch, type ResumedFrom } from './resume.ts';
import { Run } from './run.ts';
import { LiveSource, type OpenFeed, type SessionSource } from './source.ts';
import { openGuard, openTrading, type Trading } from './trading/open-trading.ts';

const STARTING_MICROS = 100_000 * 1_000_000;
const SNAPSHOT_EVERY = 100;
/** Who sits at a desk that has no users. */
const LOCAL_USER = 'local';
/** The setting that says which series the session replays. */
const SERIES_SETTING = 'session.series';

export interface Session {
  readonly desk: Desk;
  readonly trading: Trading;
  readonly notices: Notices;
  readonly store: Store;
  /** Null: there is no shared cache. */
  readonly cacheStats: CachedStore['cacheStats'] | null;
  /** How the engine came back, for the log; null when it could not be resumed. */
  readonly resumed: ResumedFrom | null;
}

/** What a caller may put in place of the defaults. */
export interface SessionParts {
  /** Where problems without a caller go; default: nowhere. */
  readonly onProblem?: (error: unknown) => void;
  /** What must reach a person: the kill switch could not be stored, a venue did not answer. Default: `onProblem`. */
  readonly onAlarm?: (sentence: string) => void;
  /** Another store than the embedded one, and who hears of its troubles. */
  readonly store?: Omit<StoreChoice, 'scope' | 'path'>;
  /** Of the shared cache of bars; null or absent = none. */
  readonly redisUrl?: string | null;
  readonly factory?: (instrument: Instrument, timeframe: Timeframe) => EngineFactory;
  /** A live feed: the session is on paper, at the wall clock; without one it replays what is stored. */
  readonly feed?: OpenFeed;
  /** Default `Date.now`. */
  readonly wallClock?: () => number;
}

/** What a session trades on. */
interface Mode {
  readonly accountId: string;
  readonly kind: 'REPLAY' | 'PAPER';
  /** Until somebody changes it. */
  readonly acceptance: 'all' | 'queue';
}
const REPLAY: Mode = { accountId: 'replay', kind: 'REPLAY', acceptance: 'all' };
const PAPER: Mode = { accountId: 'paper', kind: 'PAPER', acceptance: 'queue' };

/**
 * Opens the store, restores the engine and starts the replay. A history that no longer fits its engine does not stop the desk: it is
 * shown, the replay is not resumed, and `desk.health().failure` says why.
 * @throws StoreRefused when the file cannot be used; it is then as it was.
 */
export async function openSession(options: SessionOptions<Scope>, parts: SessionParts = {}): Promise<Session> {
  const scope = options.scope.child('session');
  const opened = await openStore({ scope, path: options.storePath, ...parts.store });
  const cached = parts.redisUrl == null ? null : await cachedStore(opened, parts.redisUrl, { scope, parts });
  const store = cached?.store ?? opened;
  const { series, record } = await seriesOf(store);
  const journal = await Journal.open(store, scope, (error) => parts.onProblem?.(error));
  const mode = parts.feed === undefined ? REPLAY : PAPER;
  const { accountId, acceptance } = mode;
  const ref: EngineRef = { id: `${accountId}:${series.symbol}:${series.timeframe}`, series };
  const factory = parts.factory?.(instrumentOf(record), series.timeframe) ?? defaultFactory(mode, record, series.timeframe);
  const snapshotEvery = options.snapshotEvery ?? SNAPSHOT_EVERY;
  const account = startingAccount(mode, record.currency);
  const wallClock = parts.wallClock ?? Date.now;

  const onAlarm = (sentence: string): void => (parts.onAlarm ?? parts.onProblem)?.(sentence);
  const safety = { scope, store, journal, dataDir: dirname(options.storePath), onAlarm };
  const guard = await openGuard(safety);
  const readKillSwitch = async () => (await guard.read()).kill;

  let failure: string | null = null;
  let run: Run | null = null;
  const clock = new DeadlineTimer({
    scope,
    timers: scope.timers,
    wallClock,
    run: (at) => void run?.clock(at).catch((error: unknown) => parts.onProblem?.(error)),
  });
  // A replay has the time of its bars, and nobody's clock moves it.
  const live = parts.feed === undefined ? {} : { storesBars: true, wallClock, onDeadline: (at: number | null) => clock.arm(at) };
  try {
    run = await Run.resume({
      store,
      journal,
      ref,
      accountId,
      account,
      factory,
      snapshotEvery,
      readKillSwitch,
      acceptance,
      ...live,
    });
    if (parts.feed !== undefined) clock.arm(run.nextDeadline);
  } catch (error) {
    if (!(error instanceof ResumeMismatch)) throw error;
    failure = error.message;
    parts.onProblem?.(error);
  }
  const { position, barTime } = await store.openEngine(ref, account);
  const onChange = (data: ConnectionWire): void =>
    journal.tellValues([{ topic: 'connections', key: data.name, ts: data.since, type: 'connection.changed', data }]);
  const take: TakeBars = (columns, from, limit) => takeBars(run, columns, { from, limit });
  let halts: Trading | null = null;
  const onStale = (inForce: boolean): void =>
    void halts?.setHalt('STALE', { symbol: series.symbol, inForce, reason: inForce ? 'no fresh bar' : 'a fresh bar' }).catch((error: unknown) => parts.onProblem?.(error)); // prettier-ignore
  const liveSource =
    parts.feed === undefined || run === null
      ? null
      : new LiveSource({ scope, open: parts.feed, series, time: barTime, take, onChange, onStale });
  const play = run !== null && options.play !== false;
  const replay: SessionSource =
    liveSource ??
    (await ReplayFeed.open({
      scope,
      source: store,
      series,
      position,
      time: barTime,
      speed: options.speed,
      play,
      take,
      onChange,
    }));
  if (failure !== null) replay.fail(failure);
  const whyNot = (): string | null => failure ?? replay.state().error;
  const desk = deskOfSession({ store, journal, run, replay, guard, series, record, accountId, failure: whyNot });
  const notices = await openNotices({
    scope,
    store,
    userId: LOCAL_USER,
    secrets: notificationSecrets(process.env),
    accountKind: mode.kind,
    record: (change) => journal.change(change),
    subscribeFacts: (listener) => journal.subscribeFacts(listener),
    wallClock,
    onProblem: (error) => parts.onProblem?.(error),
  });
  const trading = await openTrading({
    ...safety,
    guard,
    run,
    venues: () => [],
    instrumentOf: (symbol) => tradedOf(symbol, record),
    wallClock,
    onSetting: (key, value) => {
      if (key === 'notifications') notices.use(value);
    },
  });
  halts = trading;
  liveSource?.start();
  return { desk, trading, notices, store, cacheStats: cached?.cacheStats ?? null, resumed: run?.resumed ?? null };
}

/** The cache and its client are loaded only when Redis is named. */
async function cachedStore(
  store: Store,
  url: string,
  { scope, parts }: { readonly scope: Scope; readonly parts: SessionParts },
): Promise<CachedStore> {
  const { withBarCache } = await import('../cache/with-bar-cache.ts');
  return await withBarCache(store, { scope, url, onProblem: (error) => parts.onProblem?.(error) });
}

/** Geometry and settlement of the session's instrument; null for another symbol, or one that cannot be traded. */
function tradedOf(symbol: string, { symbol: own, assetClass }: SymbolRecord): TradedInstrument | null {
  if (symbol !== own) return null;
  try {
    return tradedInstrument({ symbol, assetClass });
  } catch (error) {
    if (error instanceof InstrumentError) return null;
    throw error;
  }
}

type TakeBars = (columns: BarColumns, from: number, limit: number) => Promise<number>;

function takeBars(
  run: Run | null,
  columns: Parameters<Run['take']>[0],
  rows: { readonly from: number; readonly limit: number },
): Promise<number> {
  if (run === null) throw new Error('session: expected a resumed engine, was none; the feed should have been stopped');
  return run.take(columns, rows.from, rows.limit);
}

async function seriesOf(store: Store): Promise<{ series: Series; record: SymbolRecord }> {
  const chosen = (await store.setting(SERIES_SETTING)) as { symbol: string; timeframe: Timeframe } | undefined;
  const place = chosen ?? (await importDemo(store));
  const series = await store.findSeries(place.symbol, place.timeframe);
  const record = await store.findSymbol(place.symbol);
  if (series === null || record === null) throw new Error(`session: expected series ${place.symbol} in the store, was none`);
  return { series, record };
}

/** Killed in the middle it starts over: bars that are there already change nothing, and the setting comes last. */
async function importDemo(store: Store): Promise<{ symbol: string; timeframe: Timeframe }> {
  const answer = await readCsv(demoFile(), { now: Date.now() });
  if (!answer.ok) throw new Error(`session: the demo series cannot be read: ${answer.sentence} Run npm install again.`);
  const series = await store.saveSymbol(DEMO_SYMBOL, DEMO_TIMEFRAME);
  await store.importBars(series, answer.columns, DEMO_SYMBOL.source);
  const place = { symbol: DEMO_SYMBOL.symbol, timeframe: DEMO_TIMEFRAME };
  await store.saveSetting(SERIES_SETTING, place);
  return place;
}

function instrumentOf({ symbol, assetClass, timeZone }: SymbolRecord): Instrument {
  return { symbol, assetClass, timeZone };
}

function defaultFactory({ accountId, kind, acceptance }: Mode, record: SymbolRecord, timeframe: Timeframe): EngineFactory {
  const account = { id: accountId, kind, currency: record.currency, startingMicros: STARTING_MICROS } as const;
  return engineFactory({ instrument: instrumentOf(record), timeframe, account, acceptance, codeVersion: ENGINE_HASH });
}

function startingAccount({ accountId, kind }: Mode, currency: string): Account {
  return {
    id: accountId,
    kind,
    currency,
    startingMicros: STARTING_MICROS,
    cashMicros: STARTING_MICROS,
    equityMicros: STARTING_MICROS,
    peakMicros: STARTING_MICROS,
    drawdownRatio: 0,
    realisedMicros: 0,
    unrealisedMicros: 0,
    costsMicros: 0,
    heatRatio: 0,
    trades: 0,
    wins: 0,
    at: 0,
  };
}
