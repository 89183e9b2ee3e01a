/** The one gate to the database (C4): queries built by Kysely, run at once on this thread; transactions that commit or leave no trace. */
import type Database from 'better-sqlite3';
import { Kysely, SqliteDialect, type CompiledQuery } from 'kysely';
import type { StoreStats } from '../store.ts';
import type { Tables } from './tables.ts';

interface Compilable<T> {
  compile(): CompiledQuery<T>;
}

export class SqliteGate {
  /** Builds queries; it is never asked to run one, so that no query can slip between the statements of a transaction. */
  readonly sql: Kysely<Tables>;
  readonly #database: Database.Database;
  #runs = 0;
  #errors = 0;
  #longestMs = 0;
  #longestHolder = '';
  #depth = 0;

  constructor(database: Database.Database) {
    this.#database = database;
    this.sql = new Kysely<Tables>({ dialect: new SqliteDialect({ database }) });
  }

  /** A statement kept for a hot path: give it a field of its own, never make one per call. */
  prepare(text: string): Database.Statement {
    return this.#database.prepare(text);
  }

  all<T>(query: Compilable<T>): T[] {
    const { sql, parameters } = query.compile();
    return this.#database.prepare(sql).all(...parameters) as T[];
  }

  first<T>(query: Compilable<T>): T | undefined {
    const { sql, parameters } = query.compile();
    return this.#database.prepare(sql).get(...parameters) as T | undefined;
  }

  run(query: Compilable<unknown>): number {
    const { sql, parameters } = query.compile();
    return this.#database.prepare(sql).run(...parameters).changes;
  }

  /** All of `work` or nothing; the original error survives a failing rollback. `work` is synchronous: no call to a broker can hide in it. */
  transaction<T>(holder: string, work: () => T): T {
    if (this.#depth > 0) throw new Error(`store: ${holder} opened a transaction inside another; expected one at a time`);
    return this.#held(holder, () => {
      this.#depth += 1;
      this.#database.exec('begin immediate');
      try {
        const answer = work();
        this.#database.exec('commit');
        return answer;
      } catch (error) {
        this.#rollback();
        throw error;
      } finally {
        this.#depth -= 1;
      }
    });
  }

  /** Several reads of one instant. */
  read<T>(holder: string, work: () => T): T {
    return this.#held(holder, work);
  }

  stats(): Omit<StoreStats, 'kind' | 'bytes'> {
    return { runs: this.#runs, errors: this.#errors, longestMs: this.#longestMs, longestHolder: this.#longestHolder };
  }

  #rollback(): void {
    try {
      if (this.#database.inTransaction) this.#database.exec('rollback');
    } catch {
      // The error that led here says more; SQLite undoes an open transaction when the file is opened next.
    }
  }

  #held<T>(holder: string, work: () => T): T {
    const since = performance.now();
    this.#runs += 1;
    try {
      return work();
    } catch (error) {
      this.#errors += 1;
      throw error;
    } finally {
      const ms = performance.now() - since;
      if (ms > this.#longestMs) {
        this.#longestMs = ms;
        this.#longestHolder = holder;
      }
    }
  }
}
