/** The gate to SQLite: work runs in one go on this thread, so a transaction commits or leaves no trace, and nothing slips between its statements. */
/* eslint-disable @typescript-eslint/require-await -- the gate is asynchronous, SQLite answers at once; `async` makes a rejection of what it throws */
import { LruTtlCache } from '@wyckoff/bounded';
import type Database from 'better-sqlite3';
import { StoreFailure } from '../refused.ts';
import { SQLITE } from '../sql/dialect.ts';
import type { Gate, GateFigures } from '../sql/gate.ts';
import type { Answer, Insert, Statement, Work } from '../sql/work.ts';

/** Prepared statements kept, by their text: the shapes of queries are few, and a stray one leaves again (pitfalls 24). */
const STATEMENTS = 256;
const SLOW_MS = 20;
/** One statement of fifty rows takes half the time of fifty of one. */
const ROWS_PER_INSERT = 50;

export interface SqliteGateOptions {
  /** Told of work that kept the event loop longer than 20 ms. */
  readonly onSlow?: ((holder: string, ms: number) => void) | undefined;
}

export class SqliteGate implements Gate {
  readonly dialect = SQLITE;
  readonly #database: Database.Database;
  readonly #statements = new LruTtlCache<string, Database.Statement>({
    name: 'server.store.statements',
    capacity: STATEMENTS,
    ttlMs: Infinity,
    itemBytes: 4096,
  });
  readonly #options: SqliteGateOptions;
  #runs = 0;
  #errors = 0;
  #longestMs = 0;
  #longestHolder = '';
  #depth = 0;

  constructor(database: Database.Database, options: SqliteGateOptions = {}) {
    this.#database = database;
    this.#options = options;
  }

  async query<T>(holder: string, work: () => Work<T>): Promise<T> {
    return this.#held(holder, work);
  }

  /** For what must be known before anything is awaited. */
  now<T>(holder: string, work: () => Work<T>): T {
    return this.#held(holder, work);
  }

  /** This thread is the only writer and nothing is awaited between the reads: they are of one instant. */
  async snapshot<T>(holder: string, work: () => Work<T>): Promise<T> {
    return this.#held(holder, work);
  }

  async transaction<T>(holder: string, work: () => Work<T>): Promise<T> {
    return this.#held(holder, () => this.#inTransaction(holder, work));
  }

  figures(): GateFigures {
    return {
      size: 1,
      idle: 1 - Math.min(1, this.#depth),
      inUse: Math.min(1, this.#depth),
      waiting: 0,
      acquired: this.#runs,
      released: this.#runs - this.#depth,
      errors: this.#errors,
      longestHold: { ms: this.#longestMs, name: this.#longestHolder },
    };
  }

  dispose(): void {
    this.#statements.dispose();
  }

  *#inTransaction<T>(holder: string, work: () => Work<T>): Work<T> {
    if (this.#database.inTransaction)
      throw new Error(`store: ${holder} opened a transaction inside another; expected one at a time`);
    this.#database.exec('begin immediate');
    try {
      const answer = yield* work();
      this.#database.exec('commit');
      return answer;
    } catch (error) {
      this.#rollback();
      throw error;
    }
  }

  #rollback(): void {
    try {
      if (this.#database.inTransaction) this.#database.exec('rollback');
    } catch {
      // The error that led here says more; SQLite undoes an open transaction when the file is opened next.
    }
  }

  #held<T>(holder: string, work: () => Work<T>): T {
    const since = performance.now();
    this.#runs += 1;
    this.#depth += 1;
    try {
      return this.#finish(work());
    } catch (error) {
      this.#errors += 1;
      throw failureOf(error);
    } finally {
      this.#depth -= 1;
      this.#note(holder, performance.now() - since);
    }
  }

  /** An error of a statement is thrown where the work yielded it, so that the work can end what it began. */
  #finish<T>(work: Work<T>): T {
    let step = work.next({ rows: [], changes: 0 });
    while (step.done !== true) {
      let answer: Answer;
      try {
        answer = this.#execute(step.value);
      } catch (error) {
        step = work.throw(error);
        continue;
      }
      step = work.next(answer);
    }
    return step.value;
  }

  #execute({ sql, parameters, insert, raw }: Statement): Answer {
    if (insert !== undefined) return this.#insert(insert);
    const statement = this.#prepared(raw === true ? `/* raw */ ${sql}` : sql);
    if (!statement.reader) return { rows: [], changes: statement.run(...parameters).changes };
    const rows = (raw === true ? statement.raw(true) : statement).all(...parameters);
    return { rows, changes: rows.length };
  }

  #insert(insert: Insert): Answer {
    const { rows, columns } = insert;
    let changes = 0;
    let next = 0;
    if (rows.length >= ROWS_PER_INSERT) {
      const statement = this.#prepared(SQLITE.insertText(insert, ROWS_PER_INSERT));
      const values = new Array<unknown>(ROWS_PER_INSERT * columns.length);
      while (rows.length - next >= ROWS_PER_INSERT) {
        let at = 0;
        for (const end = next + ROWS_PER_INSERT; next < end; next += 1)
          for (const value of rows.at(next) ?? []) values[at++] = value;
        changes += statement.run(values).changes;
      }
    }
    if (next === rows.length) return { rows: [], changes };
    const statement = this.#prepared(SQLITE.insertText(insert, 1));
    for (; next < rows.length; next += 1) changes += statement.run(rows.at(next) ?? []).changes;
    return { rows: [], changes };
  }

  #prepared(sql: string): Database.Statement {
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;
    const statement = this.#database.prepare(sql);
    this.#statements.set(sql, statement);
    return statement;
  }

  #note(holder: string, ms: number): void {
    if (ms > SLOW_MS) this.#options.onSlow?.(holder, ms);
    if (ms <= this.#longestMs) return;
    this.#longestMs = ms;
    this.#longestHolder = holder;
  }
}

/** The row of the table that an error of an open file belongs to. */
function failureOf(error: unknown): unknown {
  const { code = '', message = '' } = error as { code?: string; message?: string };
  if (code === 'SQLITE_FULL')
    return new StoreFailure('store.full', `The disk is full (${message}): free space and go on, what was committed is safe.`, {
      cause: error,
    });
  if (code.startsWith('SQLITE_BUSY') || code.startsWith('SQLITE_LOCKED'))
    return new StoreFailure('store.busy', `The database file is locked by another program: ${message}.`, { cause: error });
  if (
    code.startsWith('SQLITE_IOERR') ||
    code.startsWith('SQLITE_CORRUPT') ||
    code.startsWith('SQLITE_READONLY') ||
    code === 'SQLITE_NOTADB'
  )
    return new StoreFailure('store.unavailable', `The database file cannot be used: ${message}.`, { cause: error });
  return error;
}
