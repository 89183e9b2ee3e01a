/** Everything a Prometheus server scrapes: the census, the sockets, the requests, the engine's feeds, the governor (interface.md 7.1). */
import type { CachedStore } from '../cache/with-bar-cache.ts';
import type { Census, CensusRow, Scope } from '@wyckoff/bounded';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { InFlight } from '../http/in-flight.ts';
import type { Gateway } from '../live/gateway.ts';
import type { Hub } from '../live/hub.ts';
import type { Desk } from '../session/desk.ts';
import type { RetentionJob } from '../store/retention-job.ts';
import type { Store } from '../store/store.ts';
import type { Governor } from './governor.ts';
import { registerProcess } from './process-figures.ts';

export interface MetricsOptions {
  /** Null: there is no shared cache. */
  readonly cacheStats: CachedStore['cacheStats'] | null;
  readonly scope: Scope;
  readonly census: Census;
  readonly desk: Desk;
  readonly store: Pick<Store, 'stats'>;
  readonly retention: Pick<RetentionJob, 'figures'>;
  readonly hub: Hub;
  readonly gateway: Gateway;
  readonly governor: Governor;
  readonly inFlight: InFlight;
}

/** Written by the request path; everything else is read at the scrape. */
export interface Observed {
  readonly register: Registry;
  request(labels: { readonly method: string; readonly route: string; readonly status: number }, seconds: number): void;
  refused(reason: string): void;
  delay(seconds: number): void;
}

const SECONDS = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 30];
/** Series of one metric at most: beyond it a label is a mistake (L7). */
const MAX_SERIES = 1_000;

export function openMetrics(scope: Scope): Observed {
  const register = new Registry();
  const registers = [register];
  const requests = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'Requests by method, route pattern and status.',
    labelNames: ['method', 'route', 'status'],
    buckets: SECONDS,
    registers,
  });
  const refused = new Counter({
    name: 'http_refused_total',
    help: 'Requests refused, by problem code.',
    labelNames: ['reason'],
    registers,
  });
  const delays = new Histogram({ name: 'ws_delay_seconds', help: 'Fact committed to written.', buckets: SECONDS, registers });
  registerProcess(register, scope);
  scope.adopt('metrics', () => register.clear());
  return {
    register,
    request: (labels, seconds) => requests.observe({ ...labels, status: String(labels.status) }, seconds),
    refused: (reason) => refused.inc({ reason }),
    delay: (seconds) => delays.observe(seconds),
  };
}

/** Registers what is read at the scrape. */
export function registerParts(register: Registry, options: MetricsOptions): void {
  registerMemory(register, options);
  registerCensus(register, options.census);
  registerTasks(register, options.scope);
  registerSockets(register, options);
  registerStore(register, options);
  registerCache(register, options);
  registerSession(register, options);
}

/** A gauge that is read; answers labels and values. */
interface Read {
  readonly name: string;
  readonly help: string;
  readonly labels?: readonly string[];
  readonly read: () => Iterable<readonly [labels: Readonly<Record<string, string>>, value: number]>;
}

/** Counters are read too: their owners count, the scrape copies. */
function readAll(register: Registry, metrics: readonly Read[]): void {
  for (const { name, help, labels = [], read } of metrics) {
    const config = { name, help, labelNames: [...labels], registers: [register] };
    if (name.endsWith('_total')) {
      new Counter({
        ...config,
        collect() {
          this.reset();
          for (const [label, value] of capped(read())) this.inc(label, value);
        },
      });
    } else {
      new Gauge({
        ...config,
        collect() {
          this.reset();
          for (const [label, value] of capped(read())) this.set(label, value);
        },
      });
    }
  }
}

function* capped<T>(series: Iterable<T>): Iterable<T> {
  let left = MAX_SERIES;
  for (const one of series) {
    if (left === 0) return;
    left -= 1;
    yield one;
  }
}

const one = (value: number): readonly [Record<string, string>, number][] => [[{}, value]];

function registerMemory(register: Registry, { governor, inFlight }: MetricsOptions): void {
  readAll(register, [
    { name: 'memory_budget_bytes', help: 'Declared budget.', read: () => one(governor.budgetBytes) },
    { name: 'memory_governor_level', help: '0, then 1 2 3 at 70 85 95 %.', read: () => one(governor.level) },
    { name: 'http_in_flight', help: 'Requests being answered.', read: () => one(inFlight.count) },
  ]);
}

function registerCensus(register: Registry, census: Census): void {
  const rows = (pick: (row: CensusRow) => number, withKind: boolean) => () =>
    census.rows().map((row) => [withKind ? { name: row.name, kind: row.kind } : { name: row.name }, pick(row)] as const);
  const gauge = (name: string, help: string, pick: (row: CensusRow) => number): Read => ({
    name,
    help,
    labels: ['name', 'kind'],
    read: rows(pick, true),
  });
  const counter = (name: string, help: string, pick: (row: CensusRow) => number): Read => ({
    name,
    help,
    labels: ['name'],
    read: rows(pick, false),
  });
  readAll(register, [
    gauge('bounded_size', 'Entries held.', (row) => row.size),
    gauge('bounded_capacity', 'Most entries.', (row) => row.capacity),
    gauge('bounded_bytes', 'Estimated bytes held.', (row) => row.bytes ?? 0),
    gauge('bounded_high_water', 'Most entries so far.', (row) => row.highWater),
    counter('bounded_evicted_total', 'Made room for newer ones.', (row) => row.evicted),
    counter('bounded_dropped_total', 'Lost, for whatever reason.', (row) => row.dropped),
    counter('bounded_accepted_total', 'Handed in.', (row) => row.accepted),
    counter('bounded_delivered_total', 'Handed on.', (row) => row.delivered),
  ]);
}

function registerTasks(register: Registry, scope: Scope): void {
  readAll(register, [
    {
      name: 'tasks_running',
      help: 'Background tasks by kind.',
      labels: ['kind'],
      read: () => scope.taskCounts().map(({ kind, running }) => [{ kind }, running] as const),
    },
    {
      name: 'tasks_failed_total',
      help: 'Background tasks that failed, by kind.',
      labels: ['kind'],
      read: () => scope.taskCounts().map(({ kind, failed }) => [{ kind }, failed] as const),
    },
  ]);
}

function registerSockets(register: Registry, { hub, gateway }: MetricsOptions): void {
  const { counts } = hub;
  const each =
    <K>(map: ReadonlyMap<K, number>, label: string) =>
    () =>
      [...map].map(([key, value]) => [{ [label]: String(key) }, value] as const);
  readAll(register, [
    { name: 'ws_connections', help: 'Living connections.', read: () => one(hub.size) },
    { name: 'ws_sockets', help: 'Sockets open, closing ones too.', read: () => one(gateway.sockets) },
    { name: 'ws_users', help: 'Users with a connection.', read: () => one(hub.users) },
    { name: 'ws_queue_bytes', help: 'Bytes waiting in out-queues.', read: () => one(hub.queueBytes) },
    { name: 'ws_subscriptions', help: 'Topics subscribed, over all connections.', read: () => one(hub.subscriptions) },
    {
      name: 'ws_sent_total',
      help: 'Frames sent, by class.',
      labels: ['class'],
      read: () => Object.entries(counts.sent).map(([c, n]) => [{ class: c }, n] as const),
    },
    {
      name: 'ws_dropped_total',
      help: 'Values a slow connection did not get.',
      labels: ['topic'],
      read: each(counts.dropped, 'topic'),
    },
    { name: 'ws_replayed_total', help: 'Facts replayed.', read: () => one(counts.replayed) },
    { name: 'ws_resync_total', help: 'Resyncs asked for, by reason.', labels: ['reason'], read: each(counts.resyncs, 'reason') },
    { name: 'ws_closed_total', help: 'Connections ended, by close code.', labels: ['code'], read: each(counts.closed, 'code') },
    {
      name: 'ws_refused_total',
      help: 'Upgrades refused, by problem code.',
      labels: ['reason'],
      read: each(counts.refused, 'reason'),
    },
  ]);
}

function registerStore(register: Registry, { store, retention }: MetricsOptions): void {
  readAll(register, [
    { name: 'store_bytes', help: 'Size of the store.', read: () => one(store.stats().bytes) },
    { name: 'db_pool_size', help: 'Database connections there may be.', read: () => one(store.stats().size) },
    { name: 'db_pool_in_use', help: 'Database connections held.', read: () => one(store.stats().inUse) },
    { name: 'db_pool_waiting', help: 'Requesters waiting for a database connection.', read: () => one(store.stats().waiting) },
    {
      name: 'db_hold_longest_seconds',
      help: 'Longest time a database connection was held.',
      read: () => one(store.stats().longestHold.ms / 1000),
    },
    {
      name: 'retention_deleted_total',
      help: 'Rows that left by age or number.',
      labels: ['table'],
      read: () => retention.figures().map(({ table, rows }) => [{ table }, rows] as const),
    },
    {
      name: 'retention_last_success_timestamp_seconds',
      help: 'When a table was last looked through; 0 = not since the start.',
      labels: ['table'],
      read: () => retention.figures().map(({ table, successAt }) => [{ table }, successAt / 1000] as const),
    },
    { name: 'db_errors_total', help: 'Failed queries and transactions.', read: () => one(store.stats().errors) },
  ]);
}

/** Only where Redis is named. */
function registerCache(register: Registry, { cacheStats }: MetricsOptions): void {
  if (cacheStats === null) return;
  readAll(register, [
    { name: 'cache_up', help: '1 while Redis answers.', read: () => one(cacheStats().state === 'CONNECTED' ? 1 : 0) },
    { name: 'cache_hits_total', help: 'Pages of bars found in Redis.', read: () => one(cacheStats().hits) },
    { name: 'cache_misses_total', help: 'Pages of bars read from the store instead.', read: () => one(cacheStats().misses) },
    { name: 'cache_failures_total', help: 'Questions Redis did not answer in time.', read: () => one(cacheStats().failures) },
    {
      name: 'cache_outdated_total',
      help: 'Pages not kept because their bars had changed.',
      read: () => one(cacheStats().outdated),
    },
  ]);
}

function registerSession(register: Registry, { desk }: MetricsOptions): void {
  const feeds = () => desk.connections().filter((connection) => connection.kind === 'FEED');
  readAll(register, [
    { name: 'facts_total', help: 'Facts committed to the journal.', read: () => one(desk.seq()) },
    {
      name: 'feed_bars_total',
      help: 'Bars taken from a feed.',
      labels: ['feed'],
      read: () => feeds().map((feed) => [{ feed: feed.name }, feed.replay?.position ?? 0] as const),
    },
    {
      name: 'feed_state',
      help: '1 while connected.',
      labels: ['feed'],
      read: () => feeds().map((feed) => [{ feed: feed.name }, feed.state === 'CONNECTED' ? 1 : 0] as const),
    },
    { name: 'engines', help: 'Engines running.', read: () => one(desk.health().ready ? 1 : 0) },
  ]);
}
