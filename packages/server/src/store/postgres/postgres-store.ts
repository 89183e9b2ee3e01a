/** The store of a server with several users: PostgreSQL behind the port. */
import type { Scope } from '@wyckoff/bounded';
import { StoreFailure, StoreRefused } from '../refused.ts';
import type { Store } from '../store.ts';
import { epochOf, sqlStore } from '../sql/sql-store.ts';
import { rawRows } from '../sql/work.ts';
import { persistentCommit } from './commit.ts';
import { isBroken } from './failures.ts';
import { PostgresGate, type GateLimits, type LongHold } from './gate.ts';
import { openPool, type PoolLimits } from './open.ts';
import { migratePostgres, refuseNewer, refuseOlder, schemaState } from './schema.ts';

export interface PostgresStoreOptions {
  /** `postgres://user:password@host:port/database`. */
  readonly url: string;
  readonly scope: Scope;
  /** Brings the schema up to date first; default false: an older one is refused. */
  readonly migrate?: boolean | undefined;
  readonly pool?: Partial<PoolLimits> | undefined;
  readonly gate?: Partial<GateLimits> | undefined;
  readonly onLongHold?: ((hold: LongHold) => void) | undefined;
  readonly onIdleError?: ((error: unknown) => void) | undefined;
  readonly onWait?: ((seconds: number) => void) | undefined;
  /** How long a commit is tried while the database is away, ms; default 30,000. */
  readonly commitPatienceMs?: number | undefined;
  /** Wall clock of the writes; default `Date.now`. */
  readonly now?: (() => number) | undefined;
}

const SIZE_EVERY_MS = 300_000;

export interface PostgresStore extends Store {
  readonly gate: PostgresGate;
}

/**
 * Connects, checks the schema, and answers when the store can be used.
 * @throws StoreRefused `store.unavailable`, `store.newer`, `store.older`.
 */
export async function openPostgresStore(options: PostgresStoreOptions): Promise<PostgresStore> {
  const scope = options.scope.child('store');
  try {
    return await open(options, scope);
  } catch (error) {
    await scope.dispose();
    throw refusalOf(error);
  }
}

async function open(options: PostgresStoreOptions, scope: Scope): Promise<PostgresStore> {
  const { url, onIdleError, onLongHold, onWait } = options;
  const now = options.now ?? Date.now;
  const { pool, limits } = await openPool({ url, scope, limits: options.pool, onIdleError });
  const gate = new PostgresGate({ pool, scope, size: limits.size, limits: options.gate, onLongHold, onWait });
  await gate.held('schema', async (client) => {
    if (options.migrate === true) await migratePostgres(client);
    const { version } = await schemaState(client);
    refuseNewer(version);
    refuseOlder(version);
  });
  const epoch = await gate.transaction('epoch', () => epochOf(gate, now()));
  let bytes = 0;
  const measure = async (): Promise<void> => {
    const [row] = await gate.query('size', () => rawRows<[number]>('select pg_database_size(current_database())', []));
    bytes = row[0];
  };
  await measure();
  // While the database is away its size is not known any better.
  scope.interval(SIZE_EVERY_MS, () => measure().catch(() => undefined), 'size of the database');
  const store = sqlStore(
    {
      kind: 'postgres',
      gate,
      now,
      stats: () => ({ kind: 'postgres', bytes, ...gate.figures() }),
      close: async () => {
        await scope.dispose();
      },
      bulk: { importing: async (work) => await work() },
      // Autovacuum gives space back by itself.
      tidy: () => Promise.resolve(),
    },
    epoch,
  );
  return { ...store, commit: persistentCommit(store, gate, options.commitPatienceMs), gate };
}

/** A store that does not open is refused with what to do, whatever the reason. */
function refusalOf(error: unknown): unknown {
  if (error instanceof StoreRefused) return error;
  const { code = '', message = '' } = error as { code?: string; message?: string };
  const reason = error instanceof StoreFailure ? error.message : message === '' ? code : message;
  if (error instanceof StoreFailure || isBroken(error) || /^(28|3D|42501)/.test(code))
    return new StoreRefused('store.unavailable', `The database cannot be used: ${reason}.`, error);
  return error;
}
