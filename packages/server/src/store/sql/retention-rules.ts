/** What leaves each table (interface.md 4.2, column "Kept"): found in slices of keys where it keeps nobody waiting, removed in transactions of few rows. */
import type { RetainedTable, RetentionAges } from '../retention.ts';
import type { SqlDialect } from './dialect.ts';
import { INPUT_TOPIC } from './journal.ts';
import { deleteKeys, foundIn, ROWS, type Key, type Removed, type Rule, type RuleContext } from './retention-walk.ts';
import { streamedBars } from './retention-bars.ts';
import { execute, rawRows, type Work } from './work.ts';

interface Simple {
  readonly table: string;
  /** Condition with one `?`: the oldest instant that is kept. */
  readonly where: (dialect: SqlDialect) => string;
  readonly keepMs: (ages: RetentionAges) => number;
}

/** Rows of a table by their id. What has changed since it was found, and may stay now, stays. */
function simple({ table, where, keepMs }: Simple): Rule {
  const oldest = ({ ages, now }: RuleContext): number => now - keepMs(ages);
  return {
    find: (context) =>
      foundIn(context, { table, columns: ['id'], first: [''], where: where(context.dialect), parameters: [oldest(context)] }),
    *remove(context, keys) {
      const also = { where: where(context.dialect), parameters: [oldest(context)] };
      return { rows: yield* deleteKeys(context.dialect, { table, key: 'id', keys: keys.map(([id]) => id), also }), left: [] };
    },
  };
}

/** The tables of facts let nothing go but in here (schema 5). */
function* forgetFacts(dialect: SqlDialect, seqs: readonly unknown[]): Work<number> {
  yield* execute('update meta set retaining = 1 where id = 1');
  const rows = yield* deleteKeys(dialect, { table: 'facts', key: 'seq', keys: seqs });
  yield* execute('update meta set retaining = 0 where id = 1');
  return rows;
}

/**
 * Facts of engines, but what is needed to go on: inputs, the newest fact (its number must not be given twice), and what an engine has said with
 * the bar of its snapshot or since, because that is stepped again and compared. Each engine remembers until which bar its facts have gone.
 */
const engineFacts: Rule = {
  find: (context) => {
    const { dialect, ages, now } = context;
    const where = `+t.stored_at < ? and not (${dialect.isSet('t.audit')}) and t.topic <> '${INPUT_TOPIC}'
      and t.seq < (select max(seq) from facts)
      and (t.engine = '' or t.bar < (select cast(substr(max(b.part), 1, 12) as integer) from blobs b
        where b.owner_kind = 'ENGINE' and b.owner_id = t.engine))`;
    const parameters = [now - ages.engineFactsMs];
    return foundIn(context, { table: 'facts', columns: ['seq'], more: ['engine', 'bar'], first: [0], where, parameters });
  },
  *remove({ dialect }, keys) {
    const rows = keys as readonly (readonly [seq: number, engine: string, bar: number])[];
    for (const [engine, own] of Map.groupBy(rows, (row) => row[1])) {
      const until = own.reduce((most, row) => Math.max(most, row[2]), 0);
      yield* execute(dialect.text('update engines set forgotten = ? where id = ? and forgotten < ?'), [until, engine, until]);
    }
    return { rows: yield* forgetFacts(dialect, rows.map((row) => row[0])), left: [] }; // prettier-ignore
  },
};

/** Audited facts leave from the oldest on, without a gap; the hash of the last one that left stays as the anchor of the chain. */
const auditFacts: Rule = {
  *find({ dialect, ages, now, key }) {
    const text = dialect.text(
      `select seq, hash, stored_at from facts where ${dialect.isSet('audit')} and seq > ? and seq < (select max(seq) from facts) order by seq limit ${ROWS}`,
    );
    const page = yield* rawRows<[seq: number, hash: Uint8Array, storedAt: number]>(text, [key ?? 0]);
    const young = page.findIndex((row) => row[2] >= now - ages.auditMs);
    const keys = young === -1 ? page : page.slice(0, young);
    return { keys, next: keys.length < ROWS ? null : (keys.at(-1)?.[0] ?? null) };
  },
  *remove({ dialect }, keys) {
    const [seq, hash] = keys[keys.length - 1];
    yield* execute(dialect.text('update meta set anchor_seq = ?, anchor_hash = ? where id = 1'), [seq, hash]);
    return { rows: yield* forgetFacts(dialect, keys.map((row) => row[0])), left: [] }; // prettier-ignore
  },
};

interface PerUser {
  readonly table: string;
  readonly keep: (ages: RetentionAges) => number;
  /** Condition on what is not too old, and so is counted here; its one `?` is the oldest instant that is kept. */
  readonly young: string;
  readonly keepMs: (ages: RetentionAges) => number;
  /** Further condition on what may leave. */
  readonly where: string;
  readonly remove: Rule['remove'];
}

/** Of each user the newest so many: what is below the key of the last that stays leaves. The key is [user, id]. */
function perUser({ table, keep, young, keepMs, where, remove }: PerUser): Rule {
  return {
    *find({ dialect, ages, now, key }) {
      const [user, after] = (key ?? ['', '']) as readonly [string, string];
      const [next] = yield* rawRows<[string | null]>(
        dialect.text(`select min(user_id) from ${table} where user_id ${after === '' ? '>' : '>='} ?`),
        [user],
      );
      const current = next?.[0] ?? null;
      if (current === null) return { keys: [], next: null };
      const oldest = now - keepMs(ages);
      const [edge] = yield* rawRows<[string | null]>(
        dialect.text(
          `select min(id) from (select id from ${table} where user_id = ? and ${young} order by id desc limit ?) as newest`,
        ),
        [current, oldest, keep(ages)],
      );
      const keys = yield* rawRows<[string]>(
        dialect.text(
          `select id from ${table} where user_id = ? and id < ? and id > ? and ${young} ${where} order by id limit ${ROWS}`,
        ),
        [current, edge?.[0] ?? '', current === user ? after : '', oldest],
      );
      return { keys, next: keys.length < ROWS ? [current, ''] : [current, keys.at(-1)?.[0] ?? ''] };
    },
    remove,
  };
}

function* removeNotifications({ dialect }: RuleContext, keys: readonly Key[]): Work<Removed> {
  return { rows: yield* deleteKeys(dialect, { table: 'notifications', key: 'id', keys: keys.map(([id]) => id) }), left: [] };
}

const FINISHED = "status in ('COMPLETED','FAILED','CANCELLED')";
const OLD_JOB = `${FINISHED} and +stored_at < ?`;

/** A job leaves with its trades, parts and blobs: those first and some at a time, for there may be many. */
function* removeJob({ dialect }: RuleContext, keys: readonly Key[]): Work<Removed> {
  const [[id], ...others] = keys;
  for (const [table, column] of [
    ['job_trades', 'n'],
    ['job_tasks', 'task_key'],
  ] as const) {
    // prettier-ignore
    const text = dialect.text(`select ${column} from ${table} where job_id = ? order by ${column} limit ${ROWS}`);
    const parts = yield* rawRows<[number | string]>(text, [id]);
    const last = parts.at(-1);
    if (last === undefined) continue;
    yield* execute(dialect.text(`delete from ${table} where job_id = ? and ${column} <= ?`), [id, last[0]]);
    return { rows: 0, left: keys };
  }
  yield* execute(dialect.text("delete from blobs where owner_kind = 'JOB' and owner_id = ?"), [id]);
  const { changes } = yield* execute(dialect.text(`delete from jobs where id = ? and ${FINISHED}`), [id]);
  return { rows: changes, left: others };
}

const oldJobs: Rule = {
  find: (context) =>
    foundIn(context, { table: 'jobs', columns: ['id'], first: [''], where: OLD_JOB, parameters: [context.now - context.ages.jobsMs] }), // prettier-ignore
  remove: removeJob,
};

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/** Of the points of each span of `widthMs` only the last stays. The key is [account, ts]. */
function thinEquity(widthMs: number, age: (ages: RetentionAges) => readonly [from: number, to: number]): Rule {
  return {
    *find({ dialect, ages, now, key }) {
      const [account, after] = (key ?? ['', -8.64e15]) as readonly [string, number];
      const [oldest, youngest] = age(ages);
      const end = `p.ts - ((p.ts % ${widthMs}) + ${widthMs}) % ${widthMs} + ${widthMs}`;
      const page = yield* rawRows<[account: string, ts: number, superseded: number]>(
        dialect.text(`select p.account_id, p.ts, case when p.stored_at < ? and p.stored_at >= ? and exists
          (select 1 from equity_points q where q.account_id = p.account_id and q.ts > p.ts and q.ts < ${end}) then 1 else 0 end
        from equity_points p where (p.account_id, p.ts) > (?, ?) order by p.account_id, p.ts limit ${ROWS}`),
        [now - youngest, now - oldest, account, after],
      );
      const last = page.at(-1);
      const next = page.length < ROWS || last === undefined ? null : [last[0], last[1]];
      return { keys: page.filter((row) => row[2] === 1), next };
    },
    *remove({ dialect }, keys) {
      let rows = 0;
      for (const [id, own] of Map.groupBy(keys, (row) => row[0])) {
        const text = dialect.text(`delete from equity_points where account_id = ? and ts in (${own.map(() => '?').join(', ')})`);
        rows += (yield* execute(text, [id, ...own.map((row) => row[1])])).changes;
      }
      return { rows, left: [] };
    },
  };
}

/**
 * What was seen in bars that leave goes with them, whether they have left yet or not: by the same age, and not where bars were imported or
 * downloaded, of its timeframe or a shorter one that it was made of. Its two `?` are the ages of minutes and of hours.
 */
function wasSeenInStreamedBars({ kind }: SqlDialect, time: string): string {
  const int = kind === 'sqlite' ? 'integer' : 'bigint';
  return `t.tf <= 60 and ${time} < case when t.tf < 5 then cast(? as ${int}) else cast(? as ${int}) end
    and not exists (select 1 from coverage c where c.symbol_id = t.symbol_id and c.tf <= t.tf and ${time} between c.from_ts and c.to_ts)`;
}

function withItsBars(
  table: 'events' | 'ranges',
  of: { readonly time: string; readonly columns: readonly string[]; readonly first: Key },
): Rule {
  return {
    find: (context) => {
      const { dialect, ages, now } = context;
      const age = [now - ages.minuteBarsMs, now - ages.hourBarsMs];
      const where = wasSeenInStreamedBars(dialect, `t.${of.time}`);
      return foundIn(context, { table, columns: of.columns, first: of.first, where, parameters: age });
    },
    *remove({ dialect }, keys) {
      const series = of.columns.slice(0, -1);
      let rows = 0;
      for (const own of Map.groupBy(keys, (row) => row.slice(0, -1).join('|')).values()) {
        const same = series.map((column) => `${column} = ? and `).join('');
        const text = dialect.text(`delete from ${table} where ${same} id in (${own.map(() => '?').join(', ')})`);
        rows += (yield* execute(text, [...own[0].slice(0, -1), ...own.map((row) => row[row.length - 1])])).changes;
      }
      return { rows, left: [] };
    },
  };
}

// `+stored_at`, `status || ''`: a slice is searched by its key, whatever indexes on these columns promise.
export const RULES: Readonly<Record<RetainedTable, readonly Rule[]>> = {
  facts: [engineFacts, auditFacts],
  signals: [
    simple({ table: 'signals', where: () => "status || '' in ('REJECTED','EXPIRED') and +stored_at < ?", keepMs: (ages) => ages.refusedSignalsMs }), // prettier-ignore
  ],
  notifications: [
    simple({ table: 'notifications', where: () => '+stored_at < ?', keepMs: (ages) => ages.notificationsMs }),
    perUser({ table: 'notifications', keep: (ages) => ages.notificationsPerUser, young: '+stored_at >= ?', keepMs: (ages) => ages.notificationsMs, where: '', remove: removeNotifications }), // prettier-ignore
  ],
  dead_letters: [simple({ table: 'dead_letters', where: () => '+stored_at < ?', keepMs: (ages) => ages.deadLettersMs })],
  jobs: [
    oldJobs,
    perUser({ table: 'jobs', keep: (ages) => ages.jobsPerUser, young: `not (${OLD_JOB})`, keepMs: (ages) => ages.jobsMs, where: `and ${FINISHED}`, remove: removeJob }), // prettier-ignore
  ],
  equity_points: [
    thinEquity(DAY_MS, (ages) => [Number.MAX_SAFE_INTEGER, ages.fineEquityMs]),
    thinEquity(MINUTE_MS, (ages) => [ages.fineEquityMs, MINUTE_MS]),
  ],
  sessions: [simple({ table: 'sessions', where: () => '+expires_at < ?', keepMs: (ages) => ages.sessionsMs })],
  alerts: [
    simple({ table: 'alerts', where: (dialect) => `not (${dialect.isSet('active')}) and +triggered_at < ?`, keepMs: (ages) => ages.firedAlertsMs }), // prettier-ignore
  ],
  bars: [streamedBars],
  events: [withItsBars('events', { time: 'event_ts', columns: ['symbol_id', 'tf', 'id'], first: [0, 0, ''] })],
  ranges: [withItsBars('ranges', { time: 'end_ts', columns: ['id'], first: [''] })],
};
