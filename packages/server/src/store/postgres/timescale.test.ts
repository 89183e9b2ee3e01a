/** Bars as a hypertable, on a server that has TimescaleDB; elsewhere only what happens when its words are not understood. */
import { Scope } from '@wyckoff/bounded';
import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startPostgres, type TestPostgres } from '../../../../../e2e/support/postgres.ts';
import { DEMO_SYMBOL } from '../../session/demo-series.ts';
import { columnsAt } from '../testing/samples.ts';
import { openPostgresStore } from './postgres-store.ts';

const DAY_MS = 86_400_000;
const scope = new Scope({ name: 'test' });
let server: TestPostgres;
let hasExtension = false;
beforeAll(async () => {
  server = await startPostgres(scope);
  const { rows } = await queried(server.url, "select 1 from pg_available_extensions where name = 'timescaledb'");
  hasExtension = rows.length > 0;
  if (!hasExtension) process.stderr.write('timescale.test.ts: this server has no TimescaleDB, so its path is NOT proved here\n');
});
afterAll(async () => await scope.dispose());

async function queried(url: string, ...statements: readonly string[]): Promise<pg.QueryResult> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    let last: pg.QueryResult | undefined;
    for (const statement of statements) last = await client.query(statement);
    if (last === undefined) throw new Error('expected a statement');
    return last;
  } finally {
    await client.end();
  }
}

it('interface 4.3 with TimescaleDB bars are a hypertable with its policy, written, corrected and read as ever, also compressed', async (test) => {
  if (!hasExtension) test.skip('no TimescaleDB on this server: not proved');
  const url = await server.database();
  await queried(url, 'create extension timescaledb');
  const store = await openPostgresStore({ url, scope, migrate: true });
  const series = await store.saveSymbol(DEMO_SYMBOL, '1d');
  const bars = columnsAt(Array.from({ length: 400 }, (_, day) => day * DAY_MS));
  expect(await store.importBars(series, bars, 'file')).toMatchObject({ inserted: 400 });
  await queried(url, "select compress_chunk(c, true) from show_chunks('bars') c");
  expect(await store.importBars(series, bars, 'file')).toMatchObject({ inserted: 0, duplicate: 400 });
  bars.volume[7] += 1;
  expect(await store.importBars(series, bars, 'file')).toMatchObject({ corrected: 1 });
  expect(await store.countBars(series)).toBe(400);
  const policies = await queried(url, "select 1 from timescaledb_information.jobs where hypertable_name = 'bars'");
  expect(policies.rows).toHaveLength(1);
  await openPostgresStore({ url, scope, migrate: true });
});

it('interface 4.3 a TimescaleDB that does not understand us leaves no half hypertable, and is told', async (test) => {
  const { rows } = await queried(server.url, 'select 1 from pg_roles where rolname = current_user and rolsuper');
  if (rows.length === 0) test.skip('only a superuser may pretend to have an extension');
  const url = await server.database();
  // A server that says it has the extension and knows its first words only.
  await queried(
    url,
    'create schema timescaledb_information',
    'create table timescaledb_information.hypertables (hypertable_name text)',
    `create function create_hypertable(relation regclass, time_column_name name, chunk_time_interval bigint, migrate_data boolean, if_not_exists boolean)
       returns void language sql as $$ insert into timescaledb_information.hypertables values ('bars') $$`,
    `create function set_integer_now_func(hypertable regclass, integer_now_func regproc, replace_if_exists boolean) returns void language sql as $$ select $$`,
    "insert into pg_extension (oid, extname, extowner, extnamespace, extrelocatable, extversion) select 99999, 'timescaledb', 10, 2200, false, '0'",
  );
  await expect(openPostgresStore({ url, scope, migrate: true })).rejects.toThrow(/timescaledb/);
  const left = await queried(url, 'select 1 from timescaledb_information.hypertables');
  const helper = await queried(url, "select 1 from pg_proc where proname = 'wyckoff_now_ms'");
  expect([left.rows, helper.rows]).toEqual([[], []]);
});
