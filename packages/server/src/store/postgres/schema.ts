/** Brings a PostgreSQL database to the schema of this program: forward only, one step per transaction, one process at a time. */
import type { PoolClient } from 'pg';
import { StoreRefused } from '../refused.ts';
import { POSTGRES } from '../sql/dialect.ts';
import { MIGRATIONS, SCHEMA_VERSION, type Migration } from '../sql/migrations.ts';
import { hypertableStatements } from './timescale.ts';

/** "WYKF", and which of our locks it is. */
const SCHEMA_LOCK = [1465469766, 2];

export interface SchemaState {
  /** 0: an empty database. */
  readonly version: number;
  readonly known: number;
  readonly applied: readonly { readonly version: number; readonly name: string; readonly at: number }[];
}

export async function schemaState(client: PoolClient): Promise<SchemaState> {
  const found = await client.query<{ there: number }>("select (to_regclass('schema_version') is not null) as there");
  if (found.rows[0].there === 0) return { version: 0, known: SCHEMA_VERSION, applied: [] };
  const { rows } = await client.query<{ version: number; name: string; at: number }>(
    'select version, name, at from schema_version order by version limit 1000',
  );
  return { version: rows.at(-1)?.version ?? 0, known: SCHEMA_VERSION, applied: rows };
}

/**
 * @throws StoreRefused `store.newer` when another program has gone further; nothing is changed then.
 */
export async function migratePostgres(client: PoolClient, migrations: readonly Migration[] = MIGRATIONS): Promise<number> {
  await client.query('select pg_advisory_lock($1, $2)', SCHEMA_LOCK);
  try {
    const { version } = await schemaState(client);
    refuseNewer(version);
    const due = migrations.filter((migration) => migration.version > version);
    for (const migration of due) await apply(client, migration);
    await offerHypertable(client);
    return due.length;
  } finally {
    await client.query('select pg_advisory_unlock($1, $2)', SCHEMA_LOCK);
  }
}

export function refuseNewer(version: number): void {
  if (version <= SCHEMA_VERSION) return;
  throw new StoreRefused(
    'store.newer',
    `The database has schema ${version}; this program knows schemas up to ${SCHEMA_VERSION}.`,
  );
}

export function refuseOlder(version: number): void {
  if (version >= SCHEMA_VERSION) return;
  const what = version === 0 ? 'The database is empty' : `The database has schema ${version}`;
  throw new StoreRefused('store.older', `${what}; this program needs schema ${SCHEMA_VERSION}.`);
}

async function apply(client: PoolClient, migration: Migration): Promise<void> {
  await client.query('begin');
  try {
    await client.query(
      'create table if not exists schema_version (version integer primary key, name text not null, at bigint not null)',
    );
    for (const statement of [...migration.statements, ...(migration.postgres ?? [])])
      await client.query(POSTGRES.schema(statement));
    await client.query('insert into schema_version (version, name, at) values ($1, $2, $3)', [
      migration.version,
      migration.name,
      Date.now(),
    ]);
    await client.query('commit');
  } catch (error) {
    await client.query('rollback').catch(() => undefined);
    throw error;
  }
}

/** With TimescaleDB the bars become a hypertable; without it the same queries run on the plain table. */
async function offerHypertable(client: PoolClient): Promise<void> {
  const { rows } = await client.query<{ extname: string }>("select extname from pg_extension where extname = 'timescaledb'");
  if (rows.length === 0) return;
  const made = await client.query("select 1 from timescaledb_information.hypertables where hypertable_name = 'bars'");
  if (made.rows.length > 0) return;
  // All of them or none: a hypertable without its policy would never be offered one again.
  await client.query('begin');
  try {
    for (const statement of hypertableStatements()) await client.query(statement);
    await client.query('commit');
  } catch (error) {
    await client.query('rollback').catch(() => undefined);
    throw error;
  }
}
