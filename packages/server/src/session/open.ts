/** Opens a session: store, demo series, engine, replay, desk - everything owned by the caller's scope. */
import type { Scope } from '@wyckoff/bounded';
import { dirname } from 'node:path';
import {
  calendarOf,
  createBarColumns,
  TIMEFRAME_MS,
  type Account,
  type Calendar,
  type EngineSeries,
  type EpochMs,
  type Instrument,
  type Timeframe,
  type TradedInstrument,
} from '@wyckoff/domain';
import type { Broker } from '../brokers/broker.ts';
import type { CachedStore } from '../cache/with-bar-cache.ts';
import { readCsv } from '../feeds/csv/read-csv.ts';
import type { HistoryProvider } from '../feeds/contract/history.ts';
import { Quarantine } from '../feeds/ingest/quarantine.ts';
import type { Environment } from '../feeds/open-provider.ts';
import { ReplayFeed } from '../feeds/replay/replay-feed.ts';
import type { Actor } from './trading-desk.ts';
import { openNotices, type Notices } from '../notify/open-notices.ts';
import type { MarketChoice } from '../market-choice.ts';
import type { ReplayChoice } from '../replay-choice.ts';
import { notificationSecrets } from '../notify/settings.ts';
import { openStore, type StoreChoice } from '../store/open.ts';
import type { EngineRef, Store } from '../store/store.ts';
import { DEMO_SYMBOL, DEMO_TIMEFRAME, demoFile } from './demo-series.ts';
import type { ConnectionWire } from '@wyckoff/contracts';
import { DeadlineTimer } from './deadline-timer.ts';
import type { Answer, Desk, SessionOptions } from './desk.ts';
import { deskOfSession } from './desk-of-session.ts';
import { ENGINE_HASH } from '../version.ts';
import { accountFactory, engineFactory, type EngineFactory } from './engine-factory.ts';
import { endOfInstant, type InstantRows } from './instants/instant-rows.ts';
import { StoredRows } from './instants/stored-rows.ts';
import { describedInstrument, openInstruments, type Instruments } from './instruments.ts';
import { Journal } from './journal.ts';
import { ResumeMismatch, type ResumedFrom } from './resume.ts';
import { Recovery, type RecoveryOptions } from './recovery.ts';
import { openReplayedFiles } from './replayed-files.ts';
import { BARS_PER_COMMIT, Run } from './run.ts';
import { CalendarFile } from './market/calendar-file.ts';
import { takeCommonPast } from './market/common-past.ts';
import { openBroker } from './market/open-broker.ts';
import { FreshBars } from './market/fresh-bars.ts';
import { BarConfirmer } from './market/confirm-bar.ts';
import { HeldBars, type HeldBarsOptions } from './market/held-bars.ts';
import { keepCoverage } from './market/kept-coverage.ts';
import { gateContextOf } from './market/gate-context.ts';
import { LiveAccount } from './market/live-account.ts';
import { watchMarket } from './market/watched-market.ts';
import { engineRefOf, instrumentOf, keepPlaces, keptPlaces, seriesAt, type Place, type SessionSeries } from './session-series.ts';
import { LiveSource, type NewestBar, type OpenFeed, type SessionSource } from './source.ts';
import { openGuard, openTrading, type Trading } from './trading/open-trading.ts';

const STARTING_MICROS = 100_000 * 1_000_000;
const SNAPSHOT_EVERY = 100;
/** After so long a process that lost its place in a database has been told. */
const LOCK_MS = 5_000;
/** Who sits at a desk that has no users. */
const LOCAL_USER = 'local';

export interface Session {
  readonly desk: Desk;
  readonly trading: Trading;
  readonly notices: Notices;
  readonly store: Store;
  /** Lets in a bar that was held back; a replay holds none. */
  readonly confirmBar: (id: string, by: Pick<Actor, 'user' | 'requestId'>) => Promise<Answer<{ count: number }>>;
  /** Null: there is no shared cache. */
  readonly cacheStats: CachedStore['cacheStats'] | null;
  /** Series on the account. */
  readonly series: number;
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
  /** What a live feed's holes are filled from, in the prices in which its series are stored; default: of `market`. */
  readonly history?: HistoryProvider;
  /** The live market of the settings, in place of `feed`. */
  readonly market?: MarketChoice | null;
  /** A venue in place of the simulated broker: the account is LIVE. Default: the one of `market`. */
  readonly openBroker?: (scope: Scope) => Broker | Promise<Broker>;
  /** Keys and addresses of providers. Default: of the process. */
  readonly env?: Environment;
  /** File of earnings and news. */
  readonly calendarFile?: string | null;
  /** Files to replay in place of the demo. */
  readonly replay?: ReplayChoice | null;
  /** File of what is known of instruments. */
  readonly instrumentsFile?: string | null;
  /** For the log: how far the history has come, what a provider or a venue says. */
  readonly onProgress?: (progress: { readonly bars: number; readonly upTo: EpochMs }) => void;
  readonly onNotice?: (sentence: string) => void;
  /** Default `Date.now`. */
  readonly wallClock?: () => number;
}

/** What a session trades on. */
interface Mode {
  readonly accountId: string;
  readonly kind: 'REPLAY' | 'PAPER' | 'LIVE';
  /** Until somebody changes it. */
  readonly acceptance: 'all' | 'queue';
}
const REPLAY: Mode = { accountId: 'replay', kind: 'REPLAY', acceptance: 'all' };
const PAPER: Mode = { accountId: 'paper', kind: 'PAPER', acceptance: 'queue' };
const LIVE: Mode = { accountId: 'live', kind: 'LIVE', acceptance: 'queue' };
/** The setting that keeps what a live account began with: its venue's cash, micros. */
const LIVE_SETTING = 'session.live';

/**
 * Opens the store, restores the engine and starts the replay. A history that no longer fits its engine does not stop the desk: it is
 * shown, the replay is not resumed, and `desk.health().failure` says why.
 * @throws StoreRefused when the file cannot be used; it is then as it was.
 */
export async function openSession(options: SessionOptions<Scope>, parts: SessionParts = {}): Promise<Session> {
  const scope = options.scope.child('session');
  let displacedBy: string | null = null;
  let stopSource: ((sentence: string) => void) | null = null;
  let recovery: Recovery | null = null;
  const onEngineLost = (sentence: string): void => {
    displacedBy = sentence;
    recovery?.end();
    stopSource?.(sentence);
    (parts.onAlarm ?? parts.onProblem)?.(sentence);
  };
  const opened = await openStore({ scope, path: options.storePath, onEngineLost, ...parts.store });
  const cached = parts.redisUrl == null ? null : await cachedStore(opened, parts.redisUrl, { scope, parts });
  const store = cached?.store ?? opened;
  const wallClock = parts.wallClock ?? Date.now;
  const env = parts.env ?? process.env;
  const onNotice = (sentence: string): void => parts.onNotice?.(sentence);
  const { market: choice = null } = parts;
  const watched =
    choice === null
      ? null
      : await watchMarket({
          choice,
          env,
          store,
          scope,
          wallClock,
          onNotice,
          onProgress: (progress) => parts.onProgress?.(progress),
        });
  const feed = watched?.feed ?? parts.feed;
  if (parts.replay != null) await openReplayedFiles(store, parts.replay);
  const all = await seriesAt(store, (await keptPlaces(store)) ?? (await importDemo(store)));
  const calendar = watched?.calendar ?? calendarOf(all[0].record.assetClass === 'STOCK' ? 'XNYS' : '24/7');
  const broker = await brokerOf(parts, { scope, env });
  const journal = await Journal.open(store, scope, (error) => parts.onProblem?.(error));
  const mode = broker !== null ? LIVE : feed === undefined ? REPLAY : PAPER;
  const { accountId, acceptance } = mode;
  const startingMicros = broker === null ? STARTING_MICROS : await startingOf(broker, store);
  const ref = engineRefOf(accountId, all);
  const { series } = ref;
  const record = all.find((one) => one.series === series)?.record ?? all[0].record;
  const isNew = (await store.account(accountId)) === null;
  const instruments = await openInstruments(store, { path: parts.instrumentsFile ?? null, isNew, onNotice });
  const tradedOf = (symbol: string): TradedInstrument | null => tradedIn(all, symbol, instruments);
  const factory =
    parts.factory?.(instrumentOf(record), series.timeframe) ?? defaultFactory({ ...mode, startingMicros }, all, instruments);
  const snapshotEvery = options.snapshotEvery ?? SNAPSHOT_EVERY;
  const account = startingAccount({ ...mode, startingMicros }, record.currency);

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
  const live = feed === undefined ? {} : { storesBars: true, wallClock, onDeadline: (at: number | null) => clock.arm(at) };
  const tellConnection = (data: ConnectionWire): void =>
    journal.tellValues([{ topic: 'connections', key: data.name, ts: data.since, type: 'connection.changed', data }]);
  let trading: Trading | null = null;
  let brokenBy: string | null = null;
  let tellPeople: (sentence: string) => void = () => undefined;
  const venue =
    broker === null
      ? null
      : await LiveAccount.open({
          scope, broker, store, guard, accountId, wallClock, onAlarm, onNotice,
          run: () => run,
          instrumentOf: tradedOf,
          contextOf: (order, signalId) =>
            gateContextOf(
              { store, run: () => run, risk: riskBy(() => trading), instrumentOf: tradedOf, calendar, lastPrice: () => lastPriceOf(run, order.symbol), wallClock },
              order,
              signalId,
            ),
          onConnection: tellConnection,
          onProblem: (error) => parts.onProblem?.(error),
          onBroken: (reason) => (brokenBy = reason),
        }); // prettier-ignore
  // Whose money it is stands with the account, also with one that an older program opened.
  await store.openEngine(ref, { ...account, broker: broker?.name ?? 'paper' });
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
      onDown: (error) => recovery?.begin(error),
      ...live,
      ...(venue !== null && { venue: venue.take }),
    });
    if (feed !== undefined) clock.arm(run.nextDeadline);
  } catch (error) {
    if (!(error instanceof ResumeMismatch)) throw error;
    failure = error.message;
    parts.onProblem?.(error);
  }
  if (run !== null)
    recovery = recoveryOf(run, {
      scope,
      store,
      settleMs: parts.store?.databaseUrl == null ? 0 : LOCK_MS,
      onDown: onAlarm,
      onBack: (sentence) => {
        onNotice(sentence);
        tellPeople(sentence);
        void venue?.desk.reconcile().catch((error: unknown) => parts.onProblem?.(error));
      },
      onOver: (error) => (brokenBy = error instanceof Error ? error.message : String(error)),
    });
  const { position, barTime } = await store.openEngine(ref, account);
  const fresh =
    feed === undefined || run === null ? null : await freshBarsOf(run, { store, calendar, wallClock, kind: mode.kind });
  const surely = <T>(work: () => Promise<T>, again?: () => T | null): Promise<T> => recovery?.surely(work, again) ?? work();
  const take: TakeBars = async (columns, from, limit) => {
    const some = fresh === null ? limit : await surely(() => fresh.ready(columns, from, Math.min(limit, BARS_PER_COMMIT)));
    return await takeBars(run, columns, { from, limit: some, venue, surely });
  };
  const onStale = (symbol: string, isStale: boolean): void =>
    void surely(async () => await fresh?.heard(symbol, isStale)).catch((error: unknown) => parts.onProblem?.(error));
  const quarantine = feed === undefined ? null : new Quarantine({ scope, letters: store });
  const held = quarantine === null ? null : await heldBars({ quarantine, calendar, wallClock, surely, onAlarm });
  const liveSource =
    feed === undefined || run === null
      ? null
      : new LiveSource({
          scope,
          open: feed,
          series: ref.watched ?? [series],
          calendar,
          newestOf: ({ symbol, timeframe }) => newestOf(run, { symbol, timeframe }, watched?.firstBar ?? null),
          closing: () => run?.closing ?? null,
          take,
          wallClock,
          held,
          onChange: tellConnection,
          onStale,
          onNotice,
        });
  const play = run !== null && options.play !== false;
  const replay: SessionSource =
    liveSource ??
    (await ReplayFeed.open({
      scope,
      source: run === null ? store : sourceOf(store, run, ref),
      series,
      position: ref.watched === undefined || run === null ? position : await barsTaken(store, run),
      time: barTime,
      speed: options.speed,
      play,
      take,
      waiting: () => run?.pending ?? [],
      onChange: tellConnection,
    }));
  stopSource = (sentence) => replay.fail(sentence);
  if (failure !== null) replay.fail(failure);
  const whyNot = (): string | null =>
    failure ??
    displacedBy ??
    brokenBy ??
    recovery?.sentence ??
    (feed === undefined ? replay.state().error : (liveSource?.failure ?? null));
  const desk = deskOfSession({
    store,
    journal,
    run,
    replay,
    guard,
    series,
    record,
    all,
    account: { id: accountId, kind: mode.kind, broker: broker?.name ?? 'paper' },
    failure: whyNot,
    brokers: () => (venue === null ? [] : [venue.connection]),
  });
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
  tellPeople = (body) =>
    notices.notifier.notify({ type: 'job_failed', key: 'recovery', title: 'The account stood still', body, data: {} });
  trading = await openTrading({
    ...safety,
    guard,
    run,
    venues: () => (venue === null ? [] : [venue.venue]),
    positionsAtVenue: (symbol) => venue?.positionsAtVenue(symbol) ?? [],
    instrumentOf: tradedOf,
    wallClock,
    onSetting: (key, value) => {
      if (key === 'notifications') notices.use(value);
    },
  });
  if (venue !== null && run !== null) {
    await forbidUntilAllowed(run, ref, store);
    await venue.start(run.unhanded);
    scope.own(
      journal.subscribeFacts((facts) => {
        if (facts.some(({ type }) => type === 'killswitch.changed')) void venue.flatten();
      }),
    );
  }
  if (run !== null && parts.calendarFile != null) await followCalendar(run, parts.calendarFile, { scope, all, onNotice });
  const confirmer =
    quarantine === null || run === null
      ? null
      : new BarConfirmer({ quarantine, store, run, record: (change) => journal.change(change), wallClock, surely, onNotice });
  const history = parts.history ?? watched?.history ?? null;
  if (held !== null && run !== null && history !== null) {
    const isHeld = (of: Place, time: EpochMs): boolean => held.isHeld(of, time);
    keepCoverage({ scope, store, run, history, calendar, wallClock, isHeld, surely, onNotice });
  }
  if (liveSource !== null && run !== null && ref.watched !== undefined) {
    const account = run;
    scope.task('common past', async (signal) => {
      const past = {
        store,
        run: account,
        history,
        calendar,
        firstBar: watched?.firstBar ?? wallClock(),
        wallClock,
        take,
        onNotice,
      };
      try {
        await takeCommonPast({ ...past, onProgress: (progress) => parts.onProgress?.(progress) }, signal);
        if (!signal.aborted) await liveSource.start();
      } catch (error) {
        // What cannot be taken is the end, as it is of a bar that comes later.
        if (!signal.aborted) liveSource.fail(error instanceof Error ? error.message : String(error));
        throw error;
      }
    });
  } else await liveSource?.start();
  return {
    desk,
    trading,
    notices,
    store,
    confirmBar: async (id, by) => await (confirmer?.confirm(id, by) ?? Promise.resolve(NO_HELD_BAR)),
    series: all.length,
    cacheStats: cached?.cacheStats ?? null,
    resumed: run?.resumed ?? null,
  };
}

async function brokerOf(
  { market, openBroker: open }: SessionParts,
  { scope, env }: { readonly scope: Scope; readonly env: Environment },
): Promise<Broker | null> {
  const own = scope.child('broker');
  if (open !== undefined) return await open(own);
  if (market == null || market.broker === 'paper') return null;
  return await openBroker(market.broker, { scope: own, env, symbols: market.symbols });
}

/** What the account begins with: the cash at its venue when it was first opened. */
async function startingOf(broker: Broker, store: Store): Promise<number> {
  const kept = (await store.setting(LIVE_SETTING)) as { startingMicros: number } | undefined;
  if (kept !== undefined) return kept.startingMicros;
  await broker.connect();
  const { cashMicros } = await broker.account();
  await store.saveSetting(LIVE_SETTING, { startingMicros: cashMicros });
  return cashMicros;
}

/** A live account opens nothing until its track record, or an override, was accepted (8.2). */
async function forbidUntilAllowed(run: Run, ref: EngineRef, store: Store): Promise<void> {
  if ((await store.newestOfType(ref.id, 'trading.changed')) !== null) return;
  const reason = 'a live account is allowed by its track record, or by an override';
  await run.command({ kind: 'permit', allowed: false, reason }, { actor: 'system', requestId: null });
}

/** The account hears of the file when it says something else than before. */
async function followCalendar(
  run: Run,
  path: string,
  of: { readonly scope: Scope; readonly all: readonly SessionSeries[]; readonly onNotice: (sentence: string) => void },
): Promise<void> {
  const { scope, all, onNotice } = of;
  const subjects = all.flatMap(({ record: { symbol, assetClass } }) => {
    const pair = symbol.replace(/[^A-Z]/g, '');
    return assetClass === 'FOREX' ? [pair.slice(0, 3), pair.slice(3, 6)] : [symbol];
  });
  const by = { actor: 'calendar', requestId: null };
  const file = new CalendarFile({
    scope,
    path,
    subjects,
    onNotice,
    tell: (calendar) => run.command({ kind: 'setCalendar', calendar }, by),
  });
  await file.start();
}

/** Bars that a live session takes are judged by the wall clock; only a paper account that accepts everything is a backtest of what comes. */
async function freshBarsOf(
  run: Run,
  of: {
    readonly store: Store;
    readonly calendar: Calendar;
    readonly wallClock: () => EpochMs;
    readonly kind: Mode['kind'];
  },
): Promise<FreshBars> {
  const { store, calendar, wallClock, kind } = of;
  const inForce = await store.haltsInForce();
  const by = { actor: 'system', requestId: null };
  return new FreshBars({
    series: run.series,
    calendar,
    wallClock,
    halted: inForce.filter((halt) => halt.kind === 'STALE').map(({ scope }) => scope.slice('symbol:'.length)),
    isJudged: () => kind === 'LIVE' || run.trading.acceptance !== 'all',
    newestOf: ({ symbol, timeframe }) => run.newestOf(symbol, timeframe),
    setHalt: async (symbol, on) => {
      const reason = on ? 'no fresh bar' : 'a fresh bar';
      await run.command({ kind: 'setHalt', halt: 'STALE', symbol, inForce: on, reason }, by);
    },
  });
}

/** Of a session that watches no market. */
const NO_HELD_BAR = { ok: false, code: 'resource.not_found', detail: 'expected a session that watches a live market, was a replay: it holds no bar' } as const; // prettier-ignore

/** Those that a former process held are held again. */
async function heldBars(
  of: Omit<HeldBarsOptions, 'closeOf' | 'barMs' | 'onHeld'> & {
    readonly calendar: Calendar;
    readonly onAlarm: (sentence: string) => void;
  },
): Promise<HeldBars> {
  const { quarantine, calendar, wallClock, surely, onAlarm } = of;
  await quarantine.restore();
  return new HeldBars({
    quarantine,
    closeOf: ({ timeframe }, time) => calendar.closeOf(time, timeframe),
    barMs: ({ timeframe }) => TIMEFRAME_MS[timeframe],
    wallClock,
    surely,
    onHeld: onAlarm,
  });
}

function riskBy(trading: () => Trading | null): () => ReturnType<Trading['desk']['risk']> {
  return () => {
    const open = trading();
    if (open === null) throw new Error('session: expected an open trading desk, was none');
    return open.desk.risk();
  };
}

/** Of the finest series of a symbol the last close. */
function lastPriceOf(run: Run | null, symbol: string): number | null {
  let newest: { readonly ts: number; readonly close: number } | null = null;
  for (const bar of run?.lastBars ?? [])
    if (bar.type === 'bar.closed' && bar.data.symbol === symbol && bar.ts >= (newest?.ts ?? 0))
      newest = { ts: bar.ts, close: bar.data.c };
  return newest?.close ?? null;
}

/** The newest bar the account has of a series; without one its history begins behind `firstBar`. */
function newestOf(run: Run | null, { symbol, timeframe }: Place, firstBar: EpochMs | null): NewestBar | null {
  for (const bar of run?.lastBars ?? [])
    if (bar.type === 'bar.closed' && bar.data.symbol === symbol && bar.data.timeframe === timeframe)
      return { time: bar.ts, close: bar.data.c };
  return firstBar === null ? null : { time: firstBar, close: null };
}

/** Several series are read merged, one after the other from where the account stands; one as ever. */
function sourceOf(store: Store, run: Run, { watched }: EngineRef): Pick<Store, 'barsAfter' | 'countBars'> {
  if (watched === undefined) return store;
  const after = watched.map(({ symbol, timeframe }) => run.newestOf(symbol, timeframe));
  const rows = new StoredRows({ store, series: watched, after });
  return {
    barsAfter: async () => (await rows.next()) ?? createBarColumns(0),
    countBars: async () => sum(await Promise.all(watched.map((one) => store.countBars(one)))),
  };
}

/** Bars of all series that an account has. */
async function barsTaken(store: Store, run: Run): Promise<number> {
  const counts = run.series.map(async (one) => {
    const until = run.newestOf(one.symbol, one.timeframe);
    return until === null ? 0 : await store.countBars(one, { until });
  });
  return sum(await Promise.all(counts));
}

function sum(counts: readonly number[]): number {
  return counts.reduce((all, one) => all + one, 0);
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

/** Geometry and settlement of an instrument of the session; null for another symbol, or one that cannot be traded. */
function tradedIn(all: readonly SessionSeries[], symbol: string, instruments: Instruments): TradedInstrument | null {
  const record = all.find((one) => one.record.symbol === symbol)?.record;
  return record === undefined ? null : describedInstrument({ symbol, assetClass: record.assetClass }, instruments[symbol], false);
}

type TakeBars = (rows: InstantRows, from: number, limit: number) => Promise<number>;

async function takeBars(
  run: Run | null,
  rows: InstantRows,
  of: { readonly from: number; readonly limit: number; readonly venue: LiveAccount | null; readonly surely: Recovery['surely'] },
): Promise<number> {
  if (run === null) throw new Error('session: expected a resumed engine, was none; the feed should have been stopped');
  const { from, limit, venue, surely } = of;
  // Entries at the venue age by bars, and rungs are worked by what each bar reached.
  const isWorked = venue !== null && venue.desk.wards.length > 0;
  if (isWorked) {
    const to = endOfInstant(rows, from, run.series);
    for (let row = from; row < to; row += 1) await venue.met(run.series[rows.places?.[row] ?? 0].symbol, rows, row);
  }
  const { position } = run;
  // What was stored though its answer was lost is not taken twice.
  const stored = (): number | null => (run.position === position ? null : rowsOf(rows, from, { instants: run.position - position, series: run.series })); // prettier-ignore
  return await surely(() => run.take(rows, from, isWorked ? 1 : limit), stored);
}

/** Rows of so many instants from `from` on. */
function rowsOf(rows: InstantRows, from: number, of: { readonly instants: number; readonly series: Run['series'] }): number {
  let to = from;
  for (let left = of.instants; left > 0; left -= 1) to = endOfInstant(rows, to, of.series);
  return to - from;
}

function recoveryOf(
  run: Run,
  { store, ...others }: Omit<RecoveryOptions, 'restore' | 'probe'> & { readonly store: Store },
): Recovery {
  return new Recovery({ ...others, restore: () => run.restore(), probe: () => store.lastSeq() });
}

/** Killed in the middle it starts over: bars that are there already change nothing, and the setting comes last. */
async function importDemo(store: Store): Promise<readonly Place[]> {
  const answer = await readCsv(demoFile(), { now: Date.now() });
  if (!answer.ok) throw new Error(`session: the demo series cannot be read: ${answer.sentence} Run npm install again.`);
  const series = await store.saveSymbol(DEMO_SYMBOL, DEMO_TIMEFRAME);
  await store.importBars(series, answer.columns, DEMO_SYMBOL.source);
  const places = [{ symbol: DEMO_SYMBOL.symbol, timeframe: DEMO_TIMEFRAME }];
  await keepPlaces(store, places);
  return places;
}

type FundedMode = Mode & { readonly startingMicros: number };

function defaultFactory(
  { accountId, kind, acceptance, startingMicros }: FundedMode,
  all: readonly SessionSeries[],
  instruments: Instruments,
): EngineFactory {
  const account = { id: accountId, kind, currency: all[0].record.currency, startingMicros } as const;
  const broker = kind === 'LIVE' ? 'venue' : 'simulated';
  const choices = { account, acceptance, broker, codeVersion: ENGINE_HASH } as const;
  const series = all.map((one) => engineSeriesOf(one, instruments, kind === 'LIVE'));
  return series.length === 1 ? engineFactory({ ...series[0], ...choices }) : accountFactory({ series, ...choices });
}

/** As the engine takes it; an instrument nobody described is left to the engine's own rules. */
function engineSeriesOf({ series, record }: SessionSeries, instruments: Instruments, atVenue: boolean): EngineSeries {
  const { symbol, assetClass } = record;
  const said = instruments[symbol] as Instruments[string] | undefined;
  const traded = said === undefined ? null : describedInstrument({ symbol, assetClass }, said, atVenue);
  if (said !== undefined && traded === null)
    throw new Error(
      `instruments: expected what ${symbol} (${assetClass}) can be traded with, was ${JSON.stringify(said)}; a stock is levered twice at most`,
    );
  return {
    instrument: instrumentOf(record),
    timeframe: series.timeframe,
    ...(traded !== null && { traded }),
    ...(said?.benchmark !== undefined && { benchmark: said.benchmark }),
  };
}

function startingAccount({ accountId, kind, startingMicros }: FundedMode, currency: string): Account {
  return {
    id: accountId,
    kind,
    currency,
    startingMicros,
    cashMicros: startingMicros,
    equityMicros: startingMicros,
    peakMicros: startingMicros,
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
