/** A store of an older program goes forward with all its data; the schema says the same in both databases (interface.md 4.1). */
import { Scope } from '@wyckoff/bounded';
import Database from 'better-sqlite3';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startPostgres } from '../../../../../e2e/support/postgres.ts';
import { openPostgresStore } from '../postgres/postgres-store.ts';
import { StoreRefused } from '../refused.ts';
import { SQLITE } from '../sql/dialect.ts';
import { MIGRATIONS, SCHEMA_VERSION } from '../sql/migrations.ts';
import { openSqliteFile } from './open.ts';
import { openSqliteStore } from './sqlite-store.ts';

let folder: string;
let path: string;
let scope: Scope;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'wyckoff-upgrade-'));
  path = join(folder, 'wyckoff.db');
  scope = new Scope({ name: 'test' });
});
afterEach(async () => {
  await scope.dispose();
  rmSync(folder, { recursive: true, force: true });
});

describe('interface 4.1 migrations', () => {
  it('schema 1 is byte for byte what the first program wrote: what has run is never edited', () => {
    const text = MIGRATIONS[0].statements.map((statement) => SQLITE.schema(statement)).join('\n');
    expect(createHash('sha256').update(text).digest('hex')).toBe(
      '2310cd768b2c5841bb289886f54fdcc8a29bc1112bbb921397f9b08056903f85',
    );
  });

  it('a store of schema 1 opens with its data kept', async () => {
    const old = openSqliteFile({ path, migrations: MIGRATIONS.slice(0, 1) });
    old.database.exec(`
      insert into meta values (1, 'epoch-of-old', 5);
      insert into symbols values (7, 'SPX', 'INDEX', 'S&P 500', 'vega', 0, 'America/New_York', 'USD', 0.01, 'contracts', 5);
      insert into bars values (7, 1440, 1000, 1, 2, 0.5, 1.5, 100, 0), (7, 1440, 2000, 1, 2, 0.5, 1.5, 100, 0);
      insert into accounts values ('replay', 'REPLAY', 'USD', '{"id":"replay"}', 5, 1);
      insert into engines values ('replay:SPX:1d', 7, 1440, 'replay', 2, 2000, 5);
      insert into facts values (1, 10, 'replay:SPX:1d', 1, 'signals', 'signal.created', 's-1', '{"id":"s-1"}', 5);
      insert into signals values ('s-1', 7, 1440, 'SPX', 'SPRING', 'REJECTED', 10, 10, 1, '{"id":"s-1"}');
      insert into equity_points values ('replay', 1000, 5, 5, 0);
      insert into settings values ('', 'session.series', '{"symbol":"SPX","timeframe":"1d"}', 1, 5, 'system');
      insert into halts values ('h', 'all', 'DRAWDOWN', null, 'old', null, 5, null);
    `);
    old.close();
    const store = scope.own(openSqliteStore({ path }), (opened) => opened.close());
    expect(store.epoch).toBe('epoch-of-old');
    const series = await store.findSeries('SPX', '1d');
    expect(series?.symbolId).toBe(7);
    expect(await store.countBars(series!)).toBe(2);
    expect(await store.factsAfter(0, 10)).toMatchObject([{ seq: 1, type: 'signal.created', data: { id: 's-1' } }]);
    expect((await store.signals({ limit: 5 })).map(({ item }) => item.id)).toEqual(['s-1']);
    expect(await store.setting('session.series')).toEqual({ symbol: 'SPX', timeframe: '1d' });
    expect((await store.haltsInForce()).map((halt) => halt.id)).toEqual(['h']);
    expect(await store.killSwitch()).toMatchObject({ level: 'OFF', readable: true });
    // What is old by the market's time was stored, as far as anybody knows, just now.
    expect((await store.retain({ now: Date.now() + 86_400_000, pauseMs: 0 })).every((line) => line.rows === 0)).toBe(true);
    expect(await store.checkAudit()).toEqual({ ok: true, checked: 0, lastSeq: null });
  });

  it('M5 a store of schema 5 gets the index by which the position of a signal is found', () => {
    const plan = (database: Database.Database): string =>
      (database.prepare("explain query plan select * from positions where signal_id = 's-1'").all() as { detail: string }[])
        .map(({ detail }) => detail)
        .join();
    const old = openSqliteFile({ path, migrations: MIGRATIONS.slice(0, 5) });
    expect(plan(old.database)).toContain('SCAN');
    old.close();
    const opened = openSqliteFile({ path });
    expect(plan(opened.database)).toContain('positions_by_signal');
    opened.close();
  });

  it('PostgreSQL: an empty or older database is refused unless it is to be migrated, a newer one always', async () => {
    const server = await startPostgres(scope);
    const open = (migrate: boolean): Promise<unknown> => openPostgresStore({ url: server.url, scope, migrate });
    await expect(open(false)).rejects.toMatchObject({ code: 'store.older' });
    await open(true);
    await open(false);
    const client = new pg.Client({ connectionString: server.url });
    await client.connect();
    await client.query("insert into schema_version values ($1, 'of tomorrow', 5)", [SCHEMA_VERSION + 1]);
    await expect(open(true)).rejects.toMatchObject({ code: 'store.newer' });
    await client.query('delete from schema_version where version = $1', [SCHEMA_VERSION + 1]);
    // Two that start at once: one migrates, the other waits for it.
    const other = await server.database();
    await Promise.all([1, 2, 3].map(() => openPostgresStore({ url: other, scope, migrate: true })));
    const { rows: extension } = await client.query("select 1 from pg_extension where extname = 'timescaledb'");
    expect(extension).toEqual([]);
    await client.end();
    await expect(openPostgresStore({ url: 'postgres://nobody@127.0.0.1:1/none', scope })).rejects.toBeInstanceOf(StoreRefused);
  });

  it('both databases have the same tables, columns, keys and indexes', async () => {
    const server = await startPostgres(scope);
    await openPostgresStore({ url: server.url, scope, migrate: true });
    const client = new pg.Client({ connectionString: server.url });
    await client.connect();
    const theirs = await client.query<{ name: string }>(
      `select table_name || '.' || column_name || case when is_nullable = 'YES' then '?' else '' end as name from information_schema.columns
       where table_schema = 'public' and table_name <> 'schema_version'`,
    );
    const indexes = await client.query<{ name: string }>("select indexname as name from pg_indexes where schemaname = 'public' and indexname !~ '(_pkey|_key)$'"); // prettier-ignore
    await client.end();
    const database = new Database(':memory:');
    for (const statement of MIGRATIONS.flatMap((migration) => migration.statements)) database.exec(SQLITE.schema(statement));
    const ours = database
      .prepare(
        `select t.name || '.' || c.name || case when c."notnull" = 0 and c.pk = 0 then '?' else '' end from pragma_table_list t, pragma_table_info(t.name) c
         where t.schema = 'main' and t.name not like 'sqlite_%'`,
      )
      .pluck()
      .all() as string[];
    const own = database.prepare("select name from sqlite_schema where type = 'index' and name not like 'sqlite_%'").pluck().all() as string[]; // prettier-ignore
    database.close();
    expect(theirs.rows.map((row) => row.name).sort()).toEqual(ours.sort());
    expect(indexes.rows.map((row) => row.name).sort()).toEqual(own.sort());
    expect(new Set(ours.map((column) => column.split('.')[0])).size).toBeGreaterThanOrEqual(29);
  });
});
