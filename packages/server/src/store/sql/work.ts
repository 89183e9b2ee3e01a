/**
 * What is done inside the gate, the same for every database: a generator that yields statements and is handed their answers. SQLite runs it in
 * one go on this thread, PostgreSQL statement by statement on one connection. It can yield nothing else, so no call to a broker hides in a
 * transaction (C4).
 */
import type { CompiledQuery } from 'kysely';

/** One statement, or with `insert` the rows of one table. */
export interface Statement {
  readonly sql: string;
  readonly parameters: readonly unknown[];
  /** Rows come as arrays: less to allocate where there are many. */
  readonly raw?: true | undefined;
  readonly insert?: Insert | undefined;
}

/** Many rows into one table. No two rows of one call may hit the same key. */
export interface Insert {
  readonly table: string;
  readonly columns: readonly string[];
  /** What follows the values, such as `on conflict (id) do nothing`. */
  readonly conflict: string;
  /** Row by row; the array handed out may be the same one each time. */
  readonly rows: { readonly length: number; at(i: number): readonly unknown[] | undefined };
  /** Types of the columns in PostgreSQL: given, the rows travel as one array per column, thousands at once. */
  readonly types?: readonly string[] | undefined;
}

export interface Answer {
  readonly rows: readonly unknown[];
  /** Rows inserted, updated or deleted. */
  readonly changes: number;
}

export type Work<T> = Generator<Statement, T, Answer>;

export interface Compilable<T> {
  compile(): CompiledQuery<T>;
}

const NONE: readonly unknown[] = Object.freeze([]);

export function* all<T>(query: Compilable<T>): Work<T[]> {
  const { sql, parameters } = query.compile();
  const { rows } = yield { sql, parameters };
  return rows as T[];
}

export function* first<T>(query: Compilable<T>): Work<T | undefined> {
  return (yield* all(query)).at(0);
}

/** Answers how many rows changed. */
export function* run(query: Compilable<unknown>): Work<number> {
  const { sql, parameters } = query.compile();
  const { changes } = yield { sql, parameters };
  return changes;
}

/** A statement kept as text, for hot paths: written once, with the placeholders of its dialect. */
export function* execute(sql: string, parameters: readonly unknown[] = NONE): Work<Answer> {
  return yield { sql, parameters };
}

export function* rawRows<R extends readonly unknown[]>(sql: string, parameters: readonly unknown[]): Work<R[]> {
  const { rows } = yield { sql, parameters, raw: true };
  return rows as R[];
}

export function* insertMany(insert: Insert): Work<number> {
  if (insert.rows.length === 0) return 0;
  const { changes } = yield { sql: '', parameters: NONE, insert };
  return changes;
}
