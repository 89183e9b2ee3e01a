/** Jobs with their trades, parts and results; whoever deletes a job deletes all of it. */
import { TIMEFRAME_MS, type Timeframe } from '@wyckoff/domain';
import type { Selectable } from 'kysely';
import { gunzipSync, gzipSync } from 'node:zlib';
import type { JobChange, JobRow, JobState, JobStore, JobTaskRow, JobTradeRow } from '../jobs-store.ts';
import { BLOB, blobPieces } from './blobs.ts';
import type { Gate } from './gate.ts';
import type { JobsTable, JobTasksTable, JobTradesTable } from './tables.ts';
import { timeframeOf } from './trading.ts';
import { all, first, insertMany, run, type Insert } from './work.ts';
import { jsonOrNull } from './writes.ts';

const LIST_LIMIT = 200;
const PAGE_LIMIT = 10_000;
const BATCH_LIMIT = 1_000;
const RESULT_BYTES = 16 * 1024;
/** Pieces of one blob that are read back: 256 MiB. */
const PIECES = 1_024;

const TRADES: Omit<Insert, 'rows'> = {
  table: 'job_trades',
  columns: [
    'job_id', 'n', 'symbol', 'tf', 'pattern', 'direction', 'campaign', 'leg', 'confidence', 'entry_ts', 'entry', 'qty_micros', 'initial_stop',
    'exit_ts', 'exit', 'reason', 'gross_micros', 'commission_micros', 'slippage_micros', 'impact_micros', 'borrow_micros', 'net_micros',
    'gross_r', 'net_r', 'mfe_r', 'mae_r', 'bars',
  ],
  conflict: '',
}; // prettier-ignore

const TASKS: Omit<Insert, 'rows'> = {
  table: 'job_tasks',
  columns: ['job_id', 'task_key', 'params', 'state', 'attempts', 'result', 'updated_at'],
  conflict:
    'on conflict (job_id, task_key) do update set state = excluded.state, attempts = excluded.attempts, result = excluded.result, updated_at = excluded.updated_at',
};

export function jobStore(gate: Gate, now: () => number): JobStore {
  const { build: sql } = gate.dialect;
  const find = (id: string) => sql.selectFrom('jobs').selectAll().where('id', '=', id);

  return {
    addJob: async (job) =>
      await gate.transaction('add job', function* () {
        const added = yield* run(sql.insertInto('jobs').values(rowOf(job, now())).onConflict((conflict) => conflict.columns(['user_id', 'idem_key']).doNothing())); // prettier-ignore
        const stored = yield* first(
          sql.selectFrom('jobs').selectAll().where('user_id', '=', job.userId).where('idem_key', '=', job.idempotencyKey),
        );
        if (stored === undefined) throw new Error(`store: job ${job.id} was not saved; expected its row, was nothing`);
        return { job: jobOf(stored), isNew: added === 1 };
      }),

    changeJob: async (id, change) =>
      await gate.transaction('change job', function* () {
        const set = changedColumns(change);
        if (Object.keys(set).length > 0) yield* run(sql.updateTable('jobs').set(set).where('id', '=', id));
        const row = yield* first(find(id));
        return row === undefined ? null : jobOf(row);
      }),

    job: async (id) => {
      const row = await gate.query('job', () => first(find(id)));
      return row === undefined ? null : jobOf(row);
    },

    jobs: async ({ userId, kind, status, belowId, limit }) => {
      let page = sql.selectFrom('jobs').selectAll();
      if (userId !== undefined) page = page.where('user_id', '=', userId);
      if (kind !== undefined) page = page.where('kind', '=', kind);
      if (status !== undefined) page = page.where('status', '=', status);
      if (belowId !== undefined) page = page.where('id', '<', belowId);
      return (await gate.query('jobs', () => all(page.orderBy('id', 'desc').limit(Math.min(limit, LIST_LIMIT))))).map(jobOf);
    },

    activeJobs: async () => {
      const query = sql.selectFrom('jobs').selectAll().where('status', 'in', ['QUEUED', 'RUNNING', 'CANCELLING']);
      return (await gate.query('active jobs', () => all(query.orderBy('id').limit(BATCH_LIMIT)))).map(jobOf);
    },

    deleteJob: async (id) =>
      await gate.transaction('delete job', function* () {
        yield* run(sql.deleteFrom('blobs').where('owner_kind', '=', 'JOB').where('owner_id', '=', id));
        return (yield* run(sql.deleteFrom('jobs').where('id', '=', id))) === 1;
      }),

    addJobTrades: async (jobId, trades) => {
      checkBatch('job trades', trades.length);
      const rows = trades.map((trade) => tradeValues(jobId, trade));
      await gate.transaction('add job trades', () => insertMany({ ...TRADES, rows }));
    },

    jobTrades: async (jobId, { after = 0, limit }) => {
      const query = sql.selectFrom('job_trades').selectAll().where('job_id', '=', jobId).where('n', '>', after).orderBy('n');
      return (await gate.query('job trades', () => all(query.limit(Math.min(limit, PAGE_LIMIT))))).map(tradeOf);
    },

    countJobTrades: async (jobId) => {
      const query = sql.selectFrom('job_trades').select((q) => q.fn.countAll<number>().as('n')).where('job_id', '=', jobId); // prettier-ignore
      return (await gate.query('count job trades', () => first(query)))?.n ?? 0;
    },

    saveJobTasks: async (tasks) => {
      checkBatch('job tasks', tasks.length);
      const at = now();
      const rows = tasks.map(({ jobId, key, params, state, attempts, result }) => {
        const text = jsonOrNull(result);
        if (text !== null && Buffer.byteLength(text) > RESULT_BYTES)
          throw new RangeError(
            `job task ${key}: expected a result of at most ${RESULT_BYTES} bytes, was ${Buffer.byteLength(text)}`,
          );
        return [jobId, key, JSON.stringify(params ?? null), state, attempts, text, at];
      });
      await gate.transaction('save job tasks', () => insertMany({ ...TASKS, rows }));
    },

    jobTasks: async (jobId, { state, afterKey, limit }) => {
      let page = sql.selectFrom('job_tasks').selectAll().where('job_id', '=', jobId);
      if (state !== undefined) page = page.where('state', '=', state);
      if (afterKey !== undefined) page = page.where('task_key', '>', afterKey);
      return (await gate.query('job tasks', () => all(page.orderBy('task_key').limit(Math.min(limit, BATCH_LIMIT))))).map(taskOf);
    },

    countJobTasks: async (jobId) => {
      const query = sql.selectFrom('job_tasks').select(['state', (q) => q.fn.countAll<number>().as('n')]).where('job_id', '=', jobId).groupBy('state'); // prettier-ignore
      const counts = { WAITING: 0, RUNNING: 0, DONE: 0, FAILED: 0 };
      for (const { state, n } of await gate.query('count job tasks', () => all(query))) counts[state as keyof typeof counts] = n;
      return counts;
    },

    saveBlob: async (owner, part, bytes) => {
      const packed = gzipSync(bytes, { level: 1 });
      await gate.transaction('save blob', function* () {
        yield* run(
          sql.deleteFrom('blobs').where('owner_kind', '=', owner.kind).where('owner_id', '=', owner.id).where('part', '=', part),
        );
        yield* insertMany({ ...BLOB, rows: blobPieces([owner.kind, owner.id, part], packed, now()) });
      });
    },

    blob: async (owner, part) => {
      const query = sql.selectFrom('blobs').select('bytes').where('owner_kind', '=', owner.kind).where('owner_id', '=', owner.id).where('part', '=', part); // prettier-ignore
      const pieces = await gate.query('blob', () => all(query.orderBy('n').limit(PIECES)));
      return pieces.length === 0 ? null : new Uint8Array(gunzipSync(Buffer.concat(pieces.map((piece) => piece.bytes))));
    },
  };
}

function checkBatch(what: string, length: number): void {
  if (length > BATCH_LIMIT) throw new RangeError(`${what}: expected at most ${BATCH_LIMIT} at once, was ${length}`);
}

function rowOf(job: JobRow, now: number) {
  const { id, kind, status, done, total } = job;
  return {
    id,
    user_id: job.userId,
    kind,
    status,
    params: JSON.stringify(job.params ?? null),
    idem_key: job.idempotencyKey,
    done,
    total,
    heartbeat_at: job.heartbeatAt,
    problem: jsonOrNull(job.problem),
    summary: jsonOrNull(job.summary),
    manifest: jsonOrNull(job.manifest),
    created_at: job.createdAt,
    started_at: job.startedAt,
    finished_at: job.finishedAt,
    stored_at: now,
  };
}

function changedColumns(change: JobChange) {
  const { status, done, total, heartbeatAt, startedAt, finishedAt, problem, summary, manifest } = change;
  return {
    ...(status !== undefined && { status }),
    ...(done !== undefined && { done }),
    ...(total !== undefined && { total }),
    ...(heartbeatAt !== undefined && { heartbeat_at: heartbeatAt }),
    ...(startedAt !== undefined && { started_at: startedAt }),
    ...(finishedAt !== undefined && { finished_at: finishedAt }),
    ...(problem !== undefined && { problem: jsonOrNull(problem) }),
    ...(summary !== undefined && { summary: jsonOrNull(summary) }),
    ...(manifest !== undefined && { manifest: jsonOrNull(manifest) }),
  };
}

function parsed(text: string | null): unknown {
  return text === null ? null : (JSON.parse(text) as unknown);
}

function jobOf(row: Selectable<JobsTable>): JobRow {
  return {
    id: row.id,
    userId: row.user_id,
    kind: row.kind,
    status: row.status as JobState,
    params: parsed(row.params),
    idempotencyKey: row.idem_key,
    done: row.done,
    total: row.total,
    heartbeatAt: row.heartbeat_at,
    problem: parsed(row.problem),
    summary: parsed(row.summary),
    manifest: parsed(row.manifest),
    createdAt: row.created_at,
    startedAt: row.started_at,
    finishedAt: row.finished_at,
  };
}

function tradeValues(jobId: string, trade: JobTradeRow): readonly unknown[] {
  const tf = TIMEFRAME_MS[trade.timeframe as Timeframe] / 60_000;
  return [
    jobId, trade.n, trade.symbol, tf, trade.pattern, trade.direction, trade.campaign, trade.leg, trade.confidence, trade.entryAt, trade.entry,
    trade.qtyMicros, trade.initialStop, trade.exitAt, trade.exit, trade.reason, trade.grossMicros, trade.commissionMicros,
    trade.slippageMicros, trade.impactMicros, trade.borrowMicros, trade.netMicros, trade.grossR, trade.netR, trade.mfeR, trade.maeR, trade.bars,
  ]; // prettier-ignore
}

function tradeOf(row: Selectable<JobTradesTable>): JobTradeRow {
  return {
    n: row.n,
    symbol: row.symbol,
    timeframe: timeframeOf(row.tf),
    pattern: row.pattern,
    direction: row.direction as JobTradeRow['direction'],
    campaign: row.campaign,
    leg: row.leg,
    confidence: row.confidence,
    entryAt: row.entry_ts,
    entry: row.entry,
    qtyMicros: row.qty_micros,
    initialStop: row.initial_stop,
    exitAt: row.exit_ts,
    exit: row.exit,
    reason: row.reason,
    grossMicros: row.gross_micros,
    commissionMicros: row.commission_micros,
    slippageMicros: row.slippage_micros,
    impactMicros: row.impact_micros,
    borrowMicros: row.borrow_micros,
    netMicros: row.net_micros,
    grossR: row.gross_r,
    netR: row.net_r,
    mfeR: row.mfe_r,
    maeR: row.mae_r,
    bars: row.bars,
  };
}

function taskOf(row: Selectable<JobTasksTable>): JobTaskRow {
  const { job_id: jobId, task_key: key, attempts } = row;
  return {
    jobId,
    key,
    params: parsed(row.params),
    state: row.state as JobTaskRow['state'],
    attempts,
    result: parsed(row.result),
  };
}
