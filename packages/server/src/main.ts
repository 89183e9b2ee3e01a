/** The composition root: settings, census, scope, session, stream, HTTP, governor - opened in this order, ended in reverse. */
import type { AddressInfo } from 'node:net';
import { Census, Scope, systemTimers } from '@wyckoff/bounded';
import { buildApp } from './http/app.ts';
import { issueCredentials, noteAddress, sameToken } from './http/credentials.ts';
import { databaseHealth } from './http/database-health.ts';
import { InFlight } from './http/in-flight.ts';
import { StepUps } from './http/step-up.ts';
import { StoreProbe } from './http/store-probe.ts';
import { loopbackHosts } from './http/origin.ts';
import { TokenBuckets } from './http/token-buckets.ts';
import { WebhookGuard } from './webhook/webhook-guard.ts';
import { Gateway } from './live/gateway.ts';
import { Hub } from './live/hub.ts';
import { hubLimits } from './live/limits.ts';
import { BudgetExceeded, type BudgetProof, proveBudget } from './observe/budget.ts';
import { Governor } from './observe/governor.ts';
import { keepHeapSnapshot } from './observe/heap-snapshot.ts';
import { type Log, openLog, RepeatedErrors } from './observe/log.ts';
import { memoryAnswer } from './observe/memory-answer.ts';
import { openMetrics, registerParts } from './observe/metrics.ts';
import { reserveTransient } from './observe/reservations.ts';
import { openSession, type Session } from './session/open.ts';
import type { ResumedFrom } from './session/resume.ts';
import { readSettings, storePathIn, type Settings, type SettingsInput } from './settings.ts';
import { RetentionJob } from './store/retention-job.ts';
import { CONTRACT_HASH, VERSION, webFolder } from './version.ts';

export interface RunningServer {
  readonly url: string;
  readonly port: number;
  readonly settings: Settings;
  readonly scope: Scope;
  readonly budget: BudgetProof;
  readonly log: Log;
  /** What is mounted, as `GET /api/v1/chart`. */
  readonly routes: readonly string[];
  /** Ends everything, in reverse order of opening; again: the same end. Answers what did not let go. */
  stop(): Promise<readonly string[]>;
}

export interface StartOptions extends SettingsInput {
  /** Folder of the built web app; default: beside the bundle. */
  readonly webDir?: string | undefined;
  /** Called when the governor wants a restart and a supervisor is there. */
  readonly onRestart?: (() => void) | undefined;
}

const GOVERNOR_EVERY_MS = 5_000;
const SWEEP_EVERY_MS = 60_000;
/** How long sockets and requests may take to end; the whole stop stays within 2 s. */
const FAREWELL_MS = 1_200;

/**
 * Opens a server; when this answers it is reachable and the replay goes on.
 * @throws ConfigError, BudgetExceeded, StoreRefused; what was opened until then is closed again.
 */
export async function startServer(options: StartOptions = {}): Promise<RunningServer> {
  const settings = readSettings(options);
  const log = openLog(settings.logLevel);
  const census = new Census();
  const scope = new Scope({
    name: 'server',
    census,
    onProblem: ({ error, ...where }) => log.error({ err: error, ...where }, 'scope'),
  });
  try {
    return await open({ options, settings, log, census, scope });
  } catch (error) {
    await scope.dispose();
    throw error;
  }
}

interface Opening {
  readonly options: StartOptions;
  readonly settings: Settings;
  readonly log: Log;
  readonly census: Census;
  readonly scope: Scope;
}

async function open({ options, settings, log, census, scope }: Opening): Promise<RunningServer> {
  const { numbers } = settings;
  const clock = systemTimers;
  const state = { stopping: false, port: 0 };
  const errors = new RepeatedErrors(log, { scope, clock });

  // --- the session: store, engine, replay ---
  const storePath = storePathIn(settings.dataDir);
  const { desk, trading, notices, confirmBar, resumed, store, series, cacheStats } = await openSession(
    { scope, storePath, speed: settings.speed, play: false },
    {
      onProblem: (err) => errors.error({ err }, 'session'),
      onAlarm: (sentence) => log.error({ alarm: true }, sentence),
      redisUrl: settings.redisUrl,
      market: settings.market,
      calendarFile: settings.calendarFile,
      instrumentsFile: settings.instrumentsFile,
      replay: settings.replay,
      onProgress: ({ bars, upTo }) => log.info({ bars, upTo: new Date(upTo).toISOString() }, 'history'),
      onNotice: (sentence) => log.warn({ notice: true }, sentence),
      store: {
        databaseUrl: settings.databaseUrl,
        migrate: settings.migrateOnStart ?? undefined,
        onNotice: (notice, sentence) => log.warn(notice, sentence),
      },
    },
  );
  if (resumed !== null) logResumed(log, resumed);
  // Only the process that holds the store may replace the token file: a second one is refused above and leaves it alone.
  const credentials = issueCredentials(settings.dataDir);

  const retention = new RetentionJob({
    store,
    scope,
    now: Date.now,
    onDone: (rows) => log.info({ rows }, 'retention'),
    onFailed: (err) => errors.error({ err }, 'retention failed'),
  });

  // --- the stream ---
  const observed = openMetrics(scope);
  const hub = new Hub({
    journal: desk,
    scope,
    timers: clock,
    limits: hubLimits(numbers),
    authenticate: ({ token, fromPage }) =>
      fromPage || sameToken(token, credentials.localToken) ? { user: 'local', role: 'admin' } : null,
    contractHash: CONTRACT_HASH,
    random: Math.random,
    wallMs: Date.now,
    defer: (run) => void setImmediate(run), // bounded: one per replaying connection, finds nothing to do when it has gone
    onDelay: (ms) => observed.delay(ms / 1000),
    onClosed: (code, reason) => log.debug({ code, reason }, 'socket closed'),
  });
  const buckets = (name: string, perMinute: number): TokenBuckets =>
    new TokenBuckets({ name: `server.limits.${name}`, scope, clock, perMinute });
  const origin = () => loopbackHosts(state.port);
  const openings = buckets('openings', numbers['ws.openingsPerMinute']);
  const gateway = new Gateway({ scope, hub, origin, openings, maxConnections: numbers['ws.maxConnections'] });

  // --- the governor ---
  const governor = new Governor({
    budgetBytes: numbers['memory.budgetMb'] * 1024 * 1024,
    rssBytes: () => process.memoryUsage.rss(),
    onChange: (change) => {
      log.warn(change, 'memory governor');
      if (change.to !== 3 && change.from !== 3) return;
      const reason = `memory governor at ${Math.round(change.ratio * 100)} % of the budget`;
      trading
        .setHalt('MEMORY', { symbol: null, inForce: change.to === 3, reason })
        .catch((err: unknown) => errors.error({ err }, 'memory halt'));
    },
    shed: (shedding) => hub.shed(shedding),
    lastResort: () => {
      log.error({ file: keepHeapSnapshot(settings.dataDir, Date.now()) }, 'memory governor: heap snapshot written');
      if (settings.supervised) options.onRestart?.();
    },
  });
  scope.interval(GOVERNOR_EVERY_MS, () => governor.check(), 'governor');

  // --- HTTP ---
  const probe = new StoreProbe({ store, scope });
  const inFlight = new InFlight(numbers['http.inFlight']);
  const stepUps = new StepUps(scope, Date.now);
  const startedMs = clock.now();
  const { server: app, routes } = await buildApp({
    ports: {
      desk,
      trading: trading.desk,
      notices: notices.desk,
      deadLetters: notices.deadLetters,
      confirmBar,
      stepUps,
      csrfToken: credentials.csrfToken,
      contractHash: CONTRACT_HASH,
      version: VERSION,
      now: Date.now,
      uptimeMs: () => Math.round(clock.now() - startedMs),
      memory: () => memoryAnswer(census, numbers['memory.budgetMb']),
      sockets: () => hub.size,
      cache: () => cacheOf(cacheStats),
      stopping: () => state.stopping,
      governorLevel: () => governor.level,
      database: () => databaseHealth(store),
      storeAnswers: () => probe.answers(),
      metrics: () => observed.register.metrics(),
    },
    credentials,
    stepUps,
    webhook: new WebhookGuard({ scope, clock, wallClock: Date.now, secret: settings.webhookSecret }),
    timers: clock,
    webDir: options.webDir ?? webFolder(),
    inFlight,
    perUser: buckets('user', numbers['http.perMinuteUser']),
    perAddress: buckets('address', numbers['http.perMinuteAddress']),
    origin,
    onAnswered: (answered) => {
      observed.request(answered, answered.ms / 1000);
      logAnswer(log, answered);
    },
    onFailure: (err, requestId) => errors.error({ err, ...{ requestId } }, 'request failed'),
    onRefused: (code) => observed.refused(code),
  });
  registerParts(observed.register, { scope, census, desk, store, cacheStats, retention, hub, gateway, governor, inFlight });

  // --- the proof, then the doors ---
  reserveTransient(census, scope, { numbers, series });
  const budget = proveBudget(census, numbers['memory.budgetMb']);
  if (!budget.fits) throw new BudgetExceeded(budget);
  if (budget.undeclared.length > 0) log.debug({ names: budget.undeclared }, 'bounds without a declared size');

  await hub.refill();
  scope.own(desk.subscribeFacts((facts) => hub.publishFacts(facts)));
  scope.own(desk.subscribeValues((values) => hub.publishValues(values)));
  scope.interval(SWEEP_EVERY_MS, () => hub.sweep(), 'sweep');
  gateway.attach(app.server);
  scope.adopt('http', () => app.close());
  await app.listen({ host: settings.host, port: numbers['server.port'] });
  state.port = (app.server.address() as AddressInfo).port;
  // Last opened, first ended: everybody is told before anything closes.
  scope.adopt('farewell', async () => {
    state.stopping = true;
    hub.stop();
    app.server.closeIdleConnections();
    await untilGone(() => gateway.sockets === 0 && inFlight.count === 0);
    gateway.terminateAll();
    app.server.closeAllConnections();
  });
  if (settings.play) desk.replay.play();

  const host = settings.host === '::1' ? '[::1]' : settings.host;
  const url = `http://${host}:${state.port}`;
  noteAddress(settings.dataDir, url);
  return {
    url,
    port: state.port,
    settings,
    scope,
    budget,
    log,
    routes,
    stop: async () => (await scope.dispose()).stuck,
  };
}

function cacheOf(
  stats: Session['cacheStats'],
): { state: 'CONNECTED' | 'AWAY'; hits: number; misses: number; failures: number } | null {
  if (stats === null) return null;
  const { state, hits, misses, failures } = stats();
  return { state, hits, misses, failures };
}

/** Waits in short steps, at most until the end of the farewell. */
async function untilGone(isGone: () => boolean): Promise<void> {
  const untilMs = systemTimers.now() + FAREWELL_MS;
  while (!isGone() && systemTimers.now() < untilMs) {
    await new Promise<void>((resolve) => {
      systemTimers.after(20, resolve);
    });
  }
}

/** Where the engine stands and how it got there; what was refused on the way is not to be guessed. */
function logResumed(log: Log, resumed: ResumedFrom): void {
  const { fromSnapshot, restepped, snapshotRefused } = resumed;
  const bars = fromSnapshot + restepped;
  if (bars === 0) log.info({ bars }, 'a new session: no bar has been taken yet');
  else if (snapshotRefused === null) log.info({ bars, fromSnapshot, restepped }, 'resumed');
  else
    log.info({ bars, fromSnapshot, restepped, snapshotRefused }, 'resumed by stepping all bars again: the snapshot was refused');
}

const SLOW_MS = 500;

/** Reads that succeed quickly are not worth a line in operation (L4). */
function logAnswer(log: Log, answered: { readonly method: string; readonly status: number; readonly ms: number }): void {
  const fields = { ...answered, ms: Math.round(answered.ms) };
  if (answered.ms > SLOW_MS) log.warn(fields, 'slow request');
  else if (answered.method !== 'GET') log.info(fields, 'change');
  else log.debug(fields, 'read');
}
