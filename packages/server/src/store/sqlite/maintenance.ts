/** The embedded store looked at, brought up to date and copied; looking and copying go on beside a running server. */
import Database from 'better-sqlite3';
import { existsSync, renameSync, rmSync, statSync } from 'node:fs';
import { ALL_TABLES, type BackupReport, type DatabaseStatus } from '../maintenance.ts';
import { StoreRefused } from '../refused.ts';
import { SCHEMA_VERSION } from '../sql/migrations.ts';
import { openSqliteFile } from './open.ts';

/** Copied in one go: what another connection writes meanwhile would start a slower copy over and over. */
const ALL_PAGES = 2 ** 31 - 1;

function openForReading(path: string): Database.Database {
  if (!existsSync(path)) throw new StoreRefused('store.unreadable', `There is no store at ${path}.`);
  return new Database(path, { readonly: true, fileMustExist: true, timeout: 5_000 });
}

export function sqliteStatus(path: string): DatabaseStatus {
  const database = openForReading(path);
  try {
    const number = (pragma: string): number => database.pragma(pragma, { simple: true }) as number;
    const tables = new Set(database.prepare("select name from sqlite_schema where type = 'table'").pluck().all() as string[]);
    const count = (table: string): number => database.prepare(`select count(*) from ${table}`).pluck().get() as number;
    const rows = Object.fromEntries(ALL_TABLES.filter((table) => tables.has(table)).map((table) => [table, count(table)]));
    const epoch = tables.has('meta')
      ? (database.prepare('select epoch from meta').pluck().get() as string | undefined)
      : undefined;
    return {
      kind: 'sqlite',
      where: path,
      version: number('user_version'),
      known: SCHEMA_VERSION,
      epoch: epoch ?? null,
      bytes: number('page_count') * number('page_size'),
      rows,
      integrity: String(database.pragma('integrity_check(1)', { simple: true })),
      timescale: null,
    };
  } finally {
    database.close();
  }
}

/** Answers from which version it went to which. @throws StoreRefused also while a server has the file. */
export function migrateSqlite(path: string): { readonly from: number; readonly to: number } {
  const from = existsSync(path) && statSync(path).size > 0 ? versionOf(path) : 0;
  openSqliteFile({ path }).close();
  return { from, to: SCHEMA_VERSION };
}

function versionOf(path: string): number {
  try {
    const database = openForReading(path);
    const version = database.pragma('user_version', { simple: true }) as number;
    database.close();
    return version;
  } catch {
    // The opening proper says what is wrong.
    return 0;
  }
}

/**
 * A consistent copy of the moment, checked before it gets its name.
 * @throws StoreRefused when the file is there already, or the copy is not sound.
 */
export async function backupSqlite(path: string, file: string): Promise<BackupReport> {
  if (existsSync(file)) throw new StoreRefused('store.exists', `${file} exists already; nothing was written.`);
  const part = `${file}.part`;
  const source = openForReading(path);
  try {
    rmSync(part, { force: true });
    await source.backup(part, { progress: () => ALL_PAGES });
  } catch (error) {
    rmSync(part, { force: true });
    throw error;
  } finally {
    source.close();
  }
  const { integrity, rows, version, epoch } = sqliteStatus(part);
  for (const left of [`${part}-wal`, `${part}-shm`]) rmSync(left, { force: true });
  if (integrity !== 'ok') {
    rmSync(part, { force: true });
    throw new StoreRefused('store.corrupt', `The copy of ${path} is not sound: ${integrity}.`);
  }
  renameSync(part, file);
  return { file, bytes: statSync(file).size, rows: sum(rows), version, epoch: epoch ?? '' };
}

function sum(rows: Readonly<Record<string, number>>): number {
  return Object.values(rows).reduce((total, count) => total + count, 0);
}
