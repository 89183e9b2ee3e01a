/** The pool: opened when a database is named, never loaded otherwise; its connections carry the limits of C4. */
import type { Scope } from '@wyckoff/bounded';
import type { Pool, PoolClient } from 'pg';
import { VALUES } from './values.ts';

export interface PoolLimits {
  /** Connections at most. */
  readonly size: number;
  /** A connection is replaced after this. */
  readonly lifetimeMs: number;
  readonly statementMs: number;
  readonly idleInTransactionMs: number;
  readonly connectMs: number;
}

export const POOL_LIMITS: PoolLimits = {
  size: 10,
  lifetimeMs: 3_600_000,
  statementMs: 60_000,
  idleInTransactionMs: 30_000,
  connectMs: 30_000,
};
/** A connection that nobody used for so long is closed. */
const IDLE_MS = 60_000;

export interface PoolOptions {
  readonly url: string;
  readonly scope: Scope;
  readonly limits?: Partial<PoolLimits> | undefined;
  /** Told of connections that broke while nobody held them; without a listener they would end the process (pitfalls 23). */
  readonly onIdleError?: ((error: unknown) => void) | undefined;
}

export async function openPool({ url, scope, limits, onIdleError }: PoolOptions): Promise<{ pool: Pool; limits: PoolLimits }> {
  const all = { ...POOL_LIMITS, ...limits };
  const { default: pg } = await import('pg');
  const pool = new pg.Pool({
    connectionString: url,
    application_name: 'wyckoff',
    max: all.size,
    maxLifetimeSeconds: Math.ceil(all.lifetimeMs / 1000),
    idleTimeoutMillis: IDLE_MS,
    connectionTimeoutMillis: all.connectMs,
    statement_timeout: all.statementMs,
    idle_in_transaction_session_timeout: all.idleInTransactionMs,
    keepAlive: true,
    types: VALUES,
  });
  pool.on('error', (error) => onIdleError?.(error)); // bounded: one, ends with the pool; a connection may still break while it ends
  // The pool listens to its clients only while they are idle; one that breaks in somebody's hands would end the process otherwise. Whoever
  // holds it hears of it by the failure of his query.
  // bounded: one, ends with the pool
  pool.on('connect', (client: PoolClient) => {
    client.on('error', () => undefined); // bounded: one per connection, ends with it
  });
  scope.adopt('pool', () => pool.end());
  return { pool, limits: all };
}
