/** What leaves each table, batch by batch (interface.md 4.2, column "Kept"). */
import type { RetainedTable, RetentionAges } from '../retention.ts';
import { INPUT_TOPIC } from './journal.ts';
import type { SqlDialect } from './dialect.ts';
import { execute, rawRows, type Work } from './work.ts';

export interface RuleContext {
  readonly dialect: SqlDialect;
  readonly ages: RetentionAges;
  readonly now: number;
  readonly dryRun: boolean;
  /** What the batch before answered; null at first. */
  readonly key: unknown;
}

export interface Batch {
  /** Rows that left, or would. */
  readonly rows: number;
  /** Where the next batch begins; null after the last. */
  readonly next: unknown;
}

export type Rule = (context: RuleContext) => Work<Batch>;

const ROWS = 1_000;

interface Simple {
  readonly table: string;
  /** Column of the key; unique. */
  readonly key: string;
  /** Condition with one `?`: the oldest instant that is kept. */
  readonly where: (dialect: SqlDialect) => string;
  readonly keepMs: (ages: RetentionAges) => number;
}

/** Rows of a table by a unique key: the next 1,000 keys that fit, then the delete of those. */
function simple({ table, key, where, keepMs }: Simple): Rule {
  return function* (context) {
    const { dialect, ages, now, dryRun } = context;
    const after = context.key === null ? '' : `and ${key} > ?`;
    const text = dialect.text(`select ${key} from ${table} where ${where(dialect)} ${after} order by ${key} limit ${ROWS}`);
    const keys = yield* rawRows<[unknown]>(text, [now - keepMs(ages), ...(context.key === null ? [] : [context.key])]);
    if (!dryRun && keys.length > 0) yield* deleteKeys(dialect, { table, key, keys: keys.map(([value]) => value) });
    return { rows: keys.length, next: keys.length < ROWS ? null : (keys.at(-1)?.[0] ?? null) };
  };
}

function* deleteKeys(
  dialect: SqlDialect,
  { table, key, keys }: { table: string; key: string; keys: readonly unknown[] },
): Work<void> {
  yield* execute(dialect.text(`delete from ${table} where ${key} in (${keys.map(() => '?').join(', ')})`), keys);
}

/** The tables of facts let nothing go but in here (schema 5). */
function* forgetFacts(dialect: SqlDialect, seqs: readonly number[]): Work<void> {
  yield* execute('update meta set retaining = 1 where id = 1');
  yield* deleteKeys(dialect, { table: 'facts', key: 'seq', keys: seqs });
  yield* execute('update meta set retaining = 0 where id = 1');
}

/**
 * Facts of engines, but what is needed to go on: inputs, the newest fact (its number must not be given twice), and what an engine has said with
 * the bar of its snapshot or since, because that is stepped again and compared. Each engine remembers until which bar its facts have gone.
 */
const engineFacts: Rule = function* ({ dialect, ages, now, dryRun, key }) {
  const text = dialect.text(`select f.seq, f.engine, f.bar from facts f
    where f.seq > ? and f.stored_at < ? and not (${dialect.isSet('f.audit')}) and f.topic <> '${INPUT_TOPIC}'
      and f.seq < (select max(seq) from facts)
      and (f.engine = '' or f.bar < (select cast(substr(max(b.part), 1, 12) as integer) from blobs b
        where b.owner_kind = 'ENGINE' and b.owner_id = f.engine))
    order by f.seq limit ${ROWS}`);
  const rows = yield* rawRows<[seq: number, engine: string, bar: number]>(text, [key ?? 0, now - ages.engineFactsMs]);
  if (!dryRun && rows.length > 0) {
    for (const [engine, own] of Map.groupBy(rows, (row) => row[1])) {
      const until = own.reduce((most, row) => Math.max(most, row[2]), 0);
      yield* execute(dialect.text('update engines set forgotten = ? where id = ? and forgotten < ?'), [until, engine, until]);
    }
    yield* forgetFacts(
      dialect,
      rows.map((row) => row[0]),
    );
  }
  return { rows: rows.length, next: rows.length < ROWS ? null : (rows.at(-1)?.[0] ?? null) };
};

/** Audited facts leave from the oldest on, without a gap; the hash of the last one that left stays as the anchor of the chain. */
const auditFacts: Rule = function* ({ dialect, ages, now, dryRun, key }) {
  const text = dialect.text(
    `select seq, stored_at, hash from facts where ${dialect.isSet('audit')} and seq > ? and seq < (select max(seq) from facts) order by seq limit ${ROWS}`,
  );
  const page = yield* rawRows<[seq: number, storedAt: number, hash: Uint8Array]>(text, [key ?? 0]);
  const young = page.findIndex((row) => row[1] >= now - ages.auditMs);
  const rows = young === -1 ? page : page.slice(0, young);
  const last = rows.at(-1);
  if (!dryRun && last !== undefined) {
    yield* execute(dialect.text('update meta set anchor_seq = ?, anchor_hash = ? where id = 1'), [last[0], last[2]]);
    yield* forgetFacts(
      dialect,
      rows.map((row) => row[0]),
    );
  }
  return { rows: rows.length, next: rows.length < ROWS ? null : (last?.[0] ?? null) };
};

interface PerUser {
  readonly table: string;
  readonly keep: (ages: RetentionAges) => number;
  /** Further condition on what may leave. */
  readonly where: string;
}

/** Of each user the newest so many: what is below the key of the last that stays leaves. The key is [user, id]. */
function perUser({ table, keep, where }: PerUser): Rule {
  return function* ({ dialect, ages, dryRun, key }) {
    const [user, after] = (key ?? ['', '']) as readonly [string, string];
    const [next] = yield* rawRows<[string | null]>(
      dialect.text(`select min(user_id) from ${table} where user_id ${after === '' ? '>' : '>='} ?`),
      [user],
    );
    const current = next?.[0] ?? null;
    if (current === null) return { rows: 0, next: null };
    const [edge] = yield* rawRows<[string | null]>(
      dialect.text(`select min(id) from (select id from ${table} where user_id = ? order by id desc limit ?) as newest`),
      [current, keep(ages)],
    );
    const keys = yield* rawRows<[string]>(
      dialect.text(`select id from ${table} where user_id = ? and id < ? and id > ? ${where} order by id limit ${ROWS}`),
      [current, edge?.[0] ?? '', current === user ? after : ''],
    );
    if (!dryRun && keys.length > 0) yield* deleteKeys(dialect, { table, key: 'id', keys: keys.map(([id]) => id) });
    return { rows: keys.length, next: keys.length < ROWS ? [current, ''] : [current, keys.at(-1)?.[0] ?? ''] };
  };
}

const FINISHED = "status in ('COMPLETED','FAILED','CANCELLED')";

/** A job leaves with its trades, parts and blobs; its trades first and in batches, for there may be many. */
const oldJobs: Rule = function* (context) {
  const { dialect, ages, now, dryRun } = context;
  const after = (context.key ?? '') as string;
  const [job] = yield* rawRows<[string]>(
    dialect.text(`select id from jobs where ${FINISHED} and stored_at < ? and id > ? order by id limit 1`),
    [now - ages.jobsMs, after],
  );
  if (job === undefined) return { rows: 0, next: null };
  const [id] = job;
  if (dryRun) return { rows: 1, next: id };
  const trades = yield* rawRows<[number]>(dialect.text(`select n from job_trades where job_id = ? order by n limit ${ROWS}`), [
    id,
  ]);
  if (trades.length > 0) {
    yield* execute(dialect.text('delete from job_trades where job_id = ? and n <= ?'), [id, trades.at(-1)?.[0] ?? 0]);
    return { rows: 0, next: after };
  }
  yield* execute(dialect.text("delete from blobs where owner_kind = 'JOB' and owner_id = ?"), [id]);
  yield* execute(dialect.text('delete from jobs where id = ?'), [id]);
  return { rows: 1, next: id };
};

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/** Of the points of each span of `widthMs` only the last stays. The key is [account, ts]. */
function thinEquity(widthMs: number, age: (ages: RetentionAges) => readonly [from: number, to: number]): Rule {
  return function* ({ dialect, ages, now, dryRun, key }) {
    const [account, after] = (key ?? ['', -8.64e15]) as readonly [string, number];
    const [oldest, youngest] = age(ages);
    const end = `p.ts - ((p.ts % ${widthMs}) + ${widthMs}) % ${widthMs} + ${widthMs}`;
    const page = yield* rawRows<[account: string, ts: number, superseded: number]>(
      dialect.text(`select p.account_id, p.ts, case when p.stored_at < ? and p.stored_at >= ? and exists
          (select 1 from equity_points q where q.account_id = p.account_id and q.ts > p.ts and q.ts < ${end}) then 1 else 0 end
        from equity_points p where (p.account_id, p.ts) > (?, ?) order by p.account_id, p.ts limit ${ROWS}`),
      [now - youngest, now - oldest, account, after],
    );
    const leaving = page.filter((row) => row[2] === 1);
    if (!dryRun) {
      for (const [id, own] of Map.groupBy(leaving, (row) => row[0])) {
        const places = own.map(() => '?').join(', ');
        yield* execute(dialect.text(`delete from equity_points where account_id = ? and ts in (${places})`), [
          id,
          ...own.map((row) => row[1]),
        ]);
      }
    }
    const last = page.at(-1);
    return { rows: leaving.length, next: page.length < ROWS || last === undefined ? null : [last[0], last[1]] };
  };
}

/** Streamed bars of short timeframes; what was imported or downloaded is covered and stays. The key is [symbol, timeframe, ts]. */
const streamedBars: Rule = function* ({ dialect, ages, now, dryRun, key }) {
  const [symbol, tf, after] = (key ?? [0, 0, -8.64e15]) as readonly [number, number, number];
  const page = yield* rawRows<[symbol: number, tf: number, ts: number]>(
    dialect.text(`select b.symbol_id, b.tf, b.ts from bars b where (b.symbol_id, b.tf, b.ts) > (?, ?, ?) and b.tf <= 60
        and b.ts < case when b.tf < 5 then cast(? as ${dialect.kind === 'sqlite' ? 'integer' : 'bigint'}) else cast(? as ${
          dialect.kind === 'sqlite' ? 'integer' : 'bigint'
        }) end
        and not exists (select 1 from coverage c where c.symbol_id = b.symbol_id and c.tf = b.tf and b.ts between c.from_ts and c.to_ts)
      order by b.symbol_id, b.tf, b.ts limit ${ROWS}`),
    [symbol, tf, after, now - ages.minuteBarsMs, now - ages.hourBarsMs],
  );
  if (!dryRun) {
    for (const own of Map.groupBy(page, (row) => `${row[0]}|${row[1]}`).values()) {
      const places = own.map(() => '?').join(', ');
      const text = dialect.text(`delete from bars where symbol_id = ? and tf = ? and ts in (${places})`);
      yield* execute(text, [own[0][0], own[0][1], ...own.map((row) => row[2])]);
    }
  }
  const last = page.at(-1);
  return { rows: page.length, next: page.length < ROWS || last === undefined ? null : last };
};

/** What was seen in bars that are gone. */
function withItsBars(table: 'events' | 'ranges', time: string): Rule {
  return function* ({ dialect, dryRun, key }) {
    const [symbol, tf, after] = (key ?? [0, 0, '']) as readonly [number, number, string];
    const oldest = `(select min(b.ts) from bars b where b.symbol_id = t.symbol_id and b.tf = t.tf)`;
    const page = yield* rawRows<[symbol: number, tf: number, id: string]>(
      dialect.text(`select t.symbol_id, t.tf, t.id from ${table} t where (t.symbol_id, t.tf, t.id) > (?, ?, ?) and t.tf <= 60 and t.${time} < ${oldest}
        order by t.symbol_id, t.tf, t.id limit ${ROWS}`),
      [symbol, tf, after],
    );
    if (!dryRun) {
      for (const own of Map.groupBy(page, (row) => `${row[0]}|${row[1]}`).values()) {
        const text = dialect.text(
          `delete from ${table} where symbol_id = ? and tf = ? and id in (${own.map(() => '?').join(', ')})`,
        );
        yield* execute(text, [own[0][0], own[0][1], ...own.map((row) => row[2])]);
      }
    }
    const last = page.at(-1);
    return { rows: page.length, next: page.length < ROWS || last === undefined ? null : last };
  };
}

export const RULES: Readonly<Record<RetainedTable, readonly Rule[]>> = {
  facts: [engineFacts, auditFacts],
  signals: [
    simple({ table: 'signals', key: 'id', where: () => "status in ('REJECTED','EXPIRED') and stored_at < ?", keepMs: (ages) => ages.refusedSignalsMs }), // prettier-ignore
  ],
  notifications: [
    simple({ table: 'notifications', key: 'id', where: () => 'stored_at < ?', keepMs: (ages) => ages.notificationsMs }),
    perUser({ table: 'notifications', keep: (ages) => ages.notificationsPerUser, where: '' }),
  ],
  dead_letters: [
    simple({ table: 'dead_letters', key: 'id', where: () => 'stored_at < ?', keepMs: (ages) => ages.deadLettersMs }),
  ],
  jobs: [oldJobs, perUser({ table: 'jobs', keep: (ages) => ages.jobsPerUser, where: `and ${FINISHED}` })],
  equity_points: [
    thinEquity(DAY_MS, (ages) => [Number.MAX_SAFE_INTEGER, ages.fineEquityMs]),
    thinEquity(MINUTE_MS, (ages) => [ages.fineEquityMs, MINUTE_MS]),
  ],
  sessions: [simple({ table: 'sessions', key: 'id', where: () => 'expires_at < ?', keepMs: (ages) => ages.sessionsMs })],
  alerts: [
    simple({ table: 'alerts', key: 'id', where: (dialect) => `not (${dialect.isSet('active')}) and triggered_at < ?`, keepMs: (ages) => ages.firedAlertsMs }), // prettier-ignore
  ],
  bars: [streamedBars],
  events: [withItsBars('events', 'event_ts')],
  ranges: [withItsBars('ranges', 'end_ts')],
};
