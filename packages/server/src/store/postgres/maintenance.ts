/** A PostgreSQL store looked at, brought up to date, copied into one file and restored from it. */
import { randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream, existsSync, renameSync, rmSync, statSync } from 'node:fs';
import { Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import type { PoolClient } from 'pg';
import { ALL_TABLES, type BackupReport, type DatabaseStatus } from '../maintenance.ts';
import { StoreRefused } from '../refused.ts';
import { COVERAGE_SUMS, coverageSum, type SumRow } from '../sql/coverage-sums.ts';
import { POSTGRES } from '../sql/dialect.ts';
import { SCHEMA_VERSION } from '../sql/migrations.ts';
import { NEW_LIFE } from '../sql/new-life.ts';
import { migratePostgres, refuseNewer, refuseOlder, schemaState } from './schema.ts';
import { VALUES } from './values.ts';

const FORMAT = 'wyckoff-backup';
const END = Buffer.from('\\.');
const NEWLINE = Buffer.from('\n');

/** First line of a backup. Then for each table a line with its name and columns, its rows as COPY text, and a line `\.`. Compressed by gzip. */
interface Head {
  readonly format: typeof FORMAT;
  readonly version: 1;
  readonly schema: number;
  readonly epoch: string;
  readonly at: number;
}

interface TableHead {
  readonly table: string;
  readonly columns: readonly string[];
}

/** One connection for the work, closed after it. */
async function withClient<T>(url: string, use: (client: PoolClient) => Promise<T>): Promise<T> {
  const { default: pg } = await import('pg');
  const client = new pg.Client({
    connectionString: url,
    application_name: 'wyckoff db',
    connectionTimeoutMillis: 30_000,
    types: VALUES,
  });
  client.on('error', () => undefined); // bounded: one, ends with the connection; the query under way says what happened
  try {
    await client.connect();
  } catch (error) {
    throw new StoreRefused('store.unavailable', `The database cannot be reached: ${(error as Error).message}.`, error);
  }
  try {
    return await use(client as unknown as PoolClient);
  } finally {
    await client.end();
  }
}

/** Without user and password. */
export function placeOf(url: string): string {
  const { host, pathname } = new URL(url);
  return `${host}${pathname}`;
}

export async function postgresStatus(url: string): Promise<DatabaseStatus> {
  return await withClient(url, async (client) => {
    const { version } = await schemaState(client);
    const one = async (text: string): Promise<number> =>
      ((await client.query({ text, rowMode: 'array' })).rows as number[][])[0][0];
    const rows: Record<string, number> = {};
    // Tables are a fixed list.
    if (version > 0)
      for (const table of ALL_TABLES) if (await hasTable(client, table)) rows[table] = await one(`select count(*) from ${table}`);
    const epochs = version > 0 ? await client.query<{ epoch: string }>('select epoch from meta') : { rows: [] };
    return {
      kind: 'postgres',
      where: placeOf(url),
      version,
      known: SCHEMA_VERSION,
      epoch: epochs.rows.at(0)?.epoch ?? null,
      bytes: await one('select pg_database_size(current_database())'),
      rows,
      coverage: version > 0 ? await coverageOf(client) : [],
      integrity: 'ok',
      timescale: (await client.query("select 1 from pg_extension where extname = 'timescaledb'")).rows.length > 0,
    };
  });
}

async function coverageOf(client: PoolClient): Promise<DatabaseStatus['coverage']> {
  const { rows } = await client.query({ text: COVERAGE_SUMS, rowMode: 'array' });
  return (rows as unknown as SumRow[]).flatMap(coverageSum);
}

async function hasTable(client: PoolClient, table: string): Promise<boolean> {
  const { rows } = await client.query<{ there: number }>('select (to_regclass($1) is not null) as there', [table]);
  return rows[0].there === 1;
}

export async function migratePostgresAt(url: string): Promise<{ readonly from: number; readonly to: number }> {
  return await withClient(url, async (client) => {
    const { version } = await schemaState(client);
    await migratePostgres(client);
    return { from: version, to: SCHEMA_VERSION };
  });
}

/** A consistent copy of one moment, row by row with back-pressure. @throws StoreRefused when the file is there already. */
export async function backupPostgres(url: string, file: string): Promise<BackupReport> {
  if (existsSync(file)) throw new StoreRefused('store.exists', `${file} exists already; nothing was written.`);
  const part = `${file}.part`;
  try {
    const report = await withClient(url, async (client) => {
      await client.query('begin isolation level repeatable read read only');
      const { version } = await schemaState(client);
      refuseNewer(version);
      refuseOlder(version);
      const { rows } = await client.query<{ epoch: string }>('select epoch from meta');
      const head: Head = { format: FORMAT, version: 1, schema: version, epoch: rows.at(0)?.epoch ?? '', at: Date.now() };
      const counted = { rows: 0 };
      await pipeline(Readable.from(contents(client, head, counted)), createGzip(), createWriteStream(part));
      return { version, epoch: head.epoch, rows: counted.rows };
    });
    renameSync(part, file);
    return { file, bytes: statSync(file).size, ...report };
  } catch (error) {
    rmSync(part, { force: true });
    throw refusalOfFile(error, file);
  }
}

/** An error of the file, not of the database. */
function refusalOfFile(error: unknown, file: string): unknown {
  const { code = '', syscall = '', message } = error as NodeJS.ErrnoException;
  if (!['open', 'write', 'close', 'rename', 'read', 'stat'].includes(syscall)) return error;
  if (code === 'ENOSPC') return new StoreRefused('store.full', `There is no space left for ${file}.`, error);
  return new StoreRefused('store.unreadable', `${file} cannot be used: ${message}.`, error);
}

async function* contents(client: PoolClient, head: Head, counted: { rows: number }): AsyncIterableIterator<Uint8Array> {
  const { to } = await import('pg-copy-streams');
  yield line(JSON.stringify(head));
  for (const table of ALL_TABLES) {
    const columns = await columnsOf(client, table);
    yield line(JSON.stringify({ table, columns } satisfies TableHead));
    const copy = client.query(to(`copy ${table} (${columns.join(', ')}) to stdout`));
    for await (const chunk of copy) yield chunk as Buffer;
    counted.rows += copy.rowCount;
    yield line('\\.');
  }
}

function line(text: string): Buffer {
  return Buffer.from(`${text}\n`);
}

async function columnsOf(client: PoolClient, table: string): Promise<readonly string[]> {
  const { rows } = await client.query<{ name: string }>(
    'select column_name as name from information_schema.columns where table_schema = current_schema() and table_name = $1 order by ordinal_position',
    [table],
  );
  return rows.map((row) => row.name);
}

/**
 * Fills an empty database from a backup: all of it or nothing. What is restored is another journal from here on, with an epoch of its own.
 * @throws StoreRefused when there is a store already, or the file is none of ours.
 */
export async function restorePostgres(url: string, file: string): Promise<BackupReport> {
  return await withClient(url, async (client) => {
    const { version } = await schemaState(client);
    if (version > 0)
      throw new StoreRefused('store.foreign', `${placeOf(url)} holds a store already; restore into an empty database.`);
    await migratePostgres(client);
    await client.query('begin');
    try {
      const report = await fill(client, file);
      // Numbers of symbols go on after the highest.
      await client.query(
        "select setval(pg_get_serial_sequence('symbols', 'id'), (select coalesce(max(id), 0) + 1 from symbols), false)",
      );
      const epoch = randomUUID();
      for (const { sql, takes } of NEW_LIFE) await client.query(POSTGRES.text(sql), takes === 'epoch' ? [epoch] : []);
      await client.query('commit');
      return { ...report, epoch, file, bytes: statSync(file).size };
    } catch (error) {
      await client.query('rollback').catch(() => undefined);
      throw refusalOfFile(error, file);
    }
  });
}

async function fill(client: PoolClient, file: string): Promise<Pick<BackupReport, 'rows' | 'version' | 'epoch'>> {
  const lines = linesOf(createReadStream(file).pipe(createGunzip()));
  const next = async (): Promise<Buffer | null> => {
    const step = await lines.next();
    return step.done === true ? null : step.value;
  };
  const head = JSON.parse((await next())?.toString() ?? 'null') as Head | null;
  if (head?.format !== FORMAT) throw new StoreRefused('store.foreign', `${file} is no backup of wyckoff.`);
  if (head.schema !== SCHEMA_VERSION)
    throw new StoreRefused(
      'store.newer',
      `${file} has schema ${head.schema}; restore it with the program that wrote it (this one: ${SCHEMA_VERSION}).`,
    );
  for (const table of [...ALL_TABLES].reverse()) await client.query(`delete from ${table}`);
  let rows = 0;
  for (;;) {
    const text = await next();
    if (text === null) break;
    rows += await copyIn(client, JSON.parse(text.toString()) as TableHead, next);
  }
  return { rows, version: head.schema, epoch: head.epoch };
}

async function copyIn(client: PoolClient, { table, columns }: TableHead, next: () => Promise<Buffer | null>): Promise<number> {
  const known = ALL_TABLES.find((name) => name === table);
  const own = await columnsOf(client, table);
  if (known === undefined || columns.some((column) => !own.includes(column)))
    throw new StoreRefused('store.foreign', `The backup has a table or a column that is not ours: ${table}.`);
  const { from } = await import('pg-copy-streams');
  const copy: Writable = client.query(from(`copy ${known} (${columns.join(', ')}) from stdin`));
  const counted = { rows: 0 };
  await pipeline(Readable.from(rowsOf(next, counted)), copy);
  return counted.rows;
}

async function* rowsOf(next: () => Promise<Buffer | null>, counted: { rows: number }): AsyncIterableIterator<Buffer> {
  for (;;) {
    const text = await next();
    if (text === null) throw new StoreRefused('store.corrupt', 'The backup ends in the middle of a table.');
    if (text.length === 2 && text.equals(END)) return;
    counted.rows += 1;
    yield Buffer.concat([text, NEWLINE]);
  }
}

/** Lines of bytes, cut at line feeds only: text may hold other characters that some take for the end of a line. */
async function* linesOf(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let rest = Buffer.alloc(0);
  for await (const chunk of chunks) {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let from = 0;
    for (let at = bytes.indexOf(10); at !== -1; at = bytes.indexOf(10, from)) {
      yield bytes.subarray(from, at);
      from = at + 1;
    }
    rest = Buffer.from(bytes.subarray(from));
  }
  if (rest.length > 0) yield rest;
}
