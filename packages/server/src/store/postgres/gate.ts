/** The gate to PostgreSQL (C4): a pool of ten, five seconds of patience, every hold with a name, a clock and an end. */
import type { Scope } from '@wyckoff/bounded';
import type { Pool, PoolClient } from 'pg';
import { StoreFailure } from '../refused.ts';
import { POSTGRES } from '../sql/dialect.ts';
import type { Gate, GateFigures } from '../sql/gate.ts';
import type { Answer, Insert, Statement, Work } from '../sql/work.ts';
import { failureOf, isBroken } from './failures.ts';

export interface GateLimits {
  /** Wait for a connection; then 503. */
  readonly waitMs: number;
  /** Requesters that may wait at one time; one more is refused at once. */
  readonly waitingMax: number;
  /** A hold longer than this is told by its name. */
  readonly warnMs: number;
  /** A hold longer than this loses its connection. */
  readonly destroyMs: number;
  /** A connection that stood idle longer is asked whether it lives before it is used. */
  readonly validateMs: number;
}

export const GATE_LIMITS: GateLimits = { waitMs: 5_000, waitingMax: 1_000, warnMs: 10_000, destroyMs: 60_000, validateMs: 1_000 };
const SWEEP_MS = 1_000;

/** Told to the log: who held a connection, for how long, and whether it was taken away. */
export interface LongHold {
  readonly holder: string;
  readonly ms: number;
  readonly destroyed: boolean;
}

export interface PostgresGateOptions {
  readonly pool: Pool;
  readonly scope: Scope;
  /** Connections there may be. */
  readonly size: number;
  readonly limits?: Partial<GateLimits> | undefined;
  readonly onLongHold?: ((hold: LongHold) => void) | undefined;
  /** Seconds each took to get a connection, for the metrics. */
  readonly onWait?: ((seconds: number) => void) | undefined;
}

interface Hold {
  readonly holder: string;
  readonly client: PoolClient;
  readonly sinceMs: number;
  warned: boolean;
  /** The connection is no longer ours to give back: taken away after too long, or of no use after a failed rollback. */
  gone: 'expired' | 'dropped' | null;
}

type Mode = 'query' | 'snapshot' | 'transaction';

const BEGIN: Readonly<Record<Exclude<Mode, 'query'>, string>> = {
  snapshot: 'begin isolation level repeatable read read only',
  transaction: 'begin',
};
/** PostgreSQL takes 65,535 parameters in one statement; a hundred rows are enough to make the journey cheap. */
const ROWS_PER_INSERT = 100;
const ROWS_PER_ARRAY = 5_000;

export class PostgresGate implements Gate {
  readonly dialect = POSTGRES;
  readonly #options: PostgresGateOptions;
  readonly #limits: GateLimits;
  // bounded: one per connection of the pool, which has at most ten.
  readonly #holds = new Set<Hold>();
  // bounded: weak; it ends with the connection.
  readonly #usedAtMs = new WeakMap<PoolClient, number>();
  #acquired = 0;
  #released = 0;
  #errors = 0;
  #waiting = 0;
  #longestMs = 0;
  #longestHolder = '';

  constructor(options: PostgresGateOptions) {
    this.#options = options;
    this.#limits = { ...GATE_LIMITS, ...options.limits };
    options.scope.interval(SWEEP_MS, () => this.sweep(), 'connections held');
  }

  async query<T>(holder: string, work: () => Work<T>): Promise<T> {
    return await this.#hold(holder, 'query', work);
  }

  async snapshot<T>(holder: string, work: () => Work<T>): Promise<T> {
    return await this.#hold(holder, 'snapshot', work);
  }

  async transaction<T>(holder: string, work: () => Work<T>): Promise<T> {
    return await this.#hold(holder, 'transaction', work);
  }

  /** For what is no statement of ours, such as COPY. */
  async held<T>(holder: string, use: (client: PoolClient) => Promise<T>): Promise<T> {
    const hold = await this.#acquire(holder);
    try {
      const answer = await use(hold.client);
      this.#release(hold, null);
      return answer;
    } catch (error) {
      throw this.#failed(hold, error, false);
    }
  }

  figures(): GateFigures {
    const { pool, size } = this.#options;
    const nowMs = this.#nowMs();
    let longest = { ms: this.#longestMs, name: this.#longestHolder };
    for (const hold of this.#holds)
      if (nowMs - hold.sinceMs > longest.ms) longest = { ms: nowMs - hold.sinceMs, name: hold.holder };
    return {
      size,
      idle: pool.idleCount,
      inUse: this.#holds.size,
      waiting: this.#waiting,
      acquired: this.#acquired,
      released: this.#released,
      errors: this.#errors,
      longestHold: longest,
    };
  }

  /** Names who holds a connection too long, and takes it away from who will not give it back. */
  sweep(): void {
    const nowMs = this.#nowMs();
    const { warnMs, destroyMs } = this.#limits;
    for (const hold of this.#holds) {
      const ms = nowMs - hold.sinceMs;
      if (!hold.warned && ms > warnMs) {
        hold.warned = true;
        this.#options.onLongHold?.({ holder: hold.holder, ms, destroyed: false });
      }
      if (hold.gone === null && ms > destroyMs) {
        hold.gone = 'expired';
        this.#options.onLongHold?.({ holder: hold.holder, ms, destroyed: true });
        // With a query under way its socket is cut, so that whoever waits for the answer is told.
        hold.client.release(new Error(`held for ${Math.round(ms)} ms by ${hold.holder}`));
      }
    }
  }

  async #hold<T>(holder: string, mode: Mode, work: () => Work<T>): Promise<T> {
    const hold = await this.#acquire(holder);
    let committing = false;
    try {
      if (mode !== 'query') await hold.client.query(BEGIN[mode]);
      const answer = await this.#run(hold.client, work());
      if (mode !== 'query') {
        committing = mode === 'transaction';
        await hold.client.query('commit');
      }
      this.#release(hold, null);
      return answer;
    } catch (error) {
      if (mode !== 'query') await this.#rollback(hold, error);
      throw this.#failed(hold, error, committing && isBroken(error));
    }
  }

  /** An error of a statement is thrown where the work yielded it. */
  async #run<T>(client: PoolClient, work: Work<T>): Promise<T> {
    let step = work.next({ rows: [], changes: 0 });
    while (step.done !== true) {
      let answer: Answer;
      try {
        answer = await execute(client, step.value);
      } catch (error) {
        step = work.throw(error);
        continue;
      }
      step = work.next(answer);
    }
    return step.value;
  }

  /** The original error says more than what a failing rollback says; a connection that could not be rolled back is not used again. */
  async #rollback(hold: Hold, error: unknown): Promise<void> {
    if (hold.gone !== null || isBroken(error)) return;
    try {
      await hold.client.query('rollback');
    } catch {
      this.#drop(hold);
    }
  }

  #failed(hold: Hold, error: unknown, outcomeUnknown: boolean): unknown {
    this.#errors += 1;
    const failure =
      hold.gone === 'expired'
        ? new StoreFailure('store.timeout', `${hold.holder} held its connection too long and lost it.`, {
            cause: error,
            outcomeUnknown,
          })
        : failureOf(error, hold.holder, outcomeUnknown);
    this.#release(hold, isBroken(error) ? error : null);
    return failure;
  }

  async #acquire(holder: string): Promise<Hold> {
    const { scope, pool, onWait } = this.#options;
    const sinceMs = this.#nowMs();
    if (scope.state !== 'open') throw new StoreFailure('store.unavailable', `The store is closed (${holder}).`);
    if (pool.waitingCount >= this.#limits.waitingMax) throw this.#busy(holder, 0);
    this.#waiting += 1;
    try {
      for (;;) {
        const leftMs = this.#limits.waitMs - (this.#nowMs() - sinceMs);
        const client = await within(scope, { start: () => pool.connect(), ms: leftMs, late: (came) => came.release() });
        if (client === null) throw this.#busy(holder, this.#nowMs() - sinceMs);
        if (await this.#isAlive(client)) {
          onWait?.((this.#nowMs() - sinceMs) / 1000);
          const hold: Hold = { holder, client, sinceMs: this.#nowMs(), warned: false, gone: null };
          this.#holds.add(hold);
          this.#acquired += 1;
          return hold;
        }
        client.release(new Error('the connection was dead'));
      }
    } catch (error) {
      this.#errors += 1;
      throw failureOf(error, holder);
    } finally {
      this.#waiting -= 1;
    }
  }

  /** A connection that stood idle may have died unheard. */
  async #isAlive(client: PoolClient): Promise<boolean> {
    const usedAtMs = this.#usedAtMs.get(client);
    if (usedAtMs === undefined || this.#nowMs() - usedAtMs < this.#limits.validateMs) return true;
    try {
      await client.query('select 1');
      return true;
    } catch {
      return false;
    }
  }

  #busy(holder: string, waitedMs: number): StoreFailure {
    const { size } = this.#options;
    const holders = [...this.#holds].map((hold) => hold.holder).join(', ');
    return new StoreFailure(
      'store.busy',
      `No database connection became free for ${holder} within ${Math.round(waitedMs)} ms; ${size} are held by: ${holders}.`,
    );
  }

  /** Takes the connection out of use for good. */
  #drop(hold: Hold): void {
    if (hold.gone !== null) return;
    hold.gone = 'dropped';
    hold.client.release(true);
  }

  #release(hold: Hold, error: unknown): void {
    if (!this.#holds.delete(hold)) return;
    const nowMs = this.#nowMs();
    this.#released += 1;
    if (nowMs - hold.sinceMs > this.#longestMs) {
      this.#longestMs = nowMs - hold.sinceMs;
      this.#longestHolder = hold.holder;
    }
    if (hold.gone !== null) return;
    this.#usedAtMs.set(hold.client, nowMs);
    hold.client.release(error instanceof Error ? error : error !== null);
  }

  #nowMs(): number {
    return this.#options.scope.timers.now();
  }
}

/** Null when it takes longer; what comes late goes to `late`. */
function within<T>(
  scope: Scope,
  { start, ms, late }: { readonly start: () => Promise<T>; readonly ms: number; readonly late: (value: T) => void },
): Promise<T | null> {
  return new Promise((resolve, reject) => {
    let isOver = false;
    const cancel = scope.timeout(
      Math.max(0, ms),
      () => {
        isOver = true;
        resolve(null);
      },
      'wait for a connection',
    );
    start().then(
      (value) => {
        if (isOver) late(value);
        else {
          cancel();
          resolve(value);
        }
      },
      (error: unknown) => {
        cancel();
        reject(error instanceof Error ? error : new Error(String(error)));
      },
    );
  });
}

async function execute(client: PoolClient, { sql, parameters, insert, raw }: Statement): Promise<Answer> {
  if (insert !== undefined) return { rows: [], changes: await insertRows(client, insert) };
  const values = [...parameters];
  const result = raw === true ? await client.query({ text: sql, values, rowMode: 'array' }) : await client.query(sql, values);
  return { rows: result.rows, changes: result.rowCount ?? 0 };
}

async function insertRows(client: PoolClient, insert: Insert): Promise<number> {
  const step = insert.types === undefined ? ROWS_PER_INSERT : ROWS_PER_ARRAY;
  let changes = 0;
  for (let from = 0; from < insert.rows.length; from += step) {
    const to = Math.min(insert.rows.length, from + step);
    const { rowCount } =
      insert.types === undefined
        ? await insertValues(client, insert, { from, to })
        : await insertArrays(client, insert, { from, to });
    changes += rowCount ?? 0;
  }
  return changes;
}

interface Part {
  readonly from: number;
  readonly to: number;
}

async function insertValues(client: PoolClient, insert: Insert, { from, to }: Part): Promise<{ rowCount: number | null }> {
  const values: unknown[] = [];
  for (let i = from; i < to; i += 1) values.push(...(insert.rows.at(i) ?? []));
  return await client.query(POSTGRES.insertText(insert, to - from), values);
}

/** One array per column: the text is the same for any number of rows, and thousands travel at once. */
async function insertArrays(client: PoolClient, insert: Insert, { from, to }: Part): Promise<{ rowCount: number | null }> {
  const { table, columns, conflict, types = [] } = insert;
  const arrays = columns.map(() => new Array<unknown>(to - from));
  for (let i = from; i < to; i += 1) insert.rows.at(i)?.forEach((value, column) => (arrays[column][i - from] = value));
  const places = types.map((type, i) => `$${i + 1}::${type}[]`).join(', ');
  const text = `insert into ${table} (${columns.join(', ')}) select * from unnest(${places}) ${conflict}`;
  return await client.query(text, arrays);
}
