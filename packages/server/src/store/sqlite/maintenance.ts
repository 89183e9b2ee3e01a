/** The embedded store looked at, brought up to date, copied and restored; looking and copying go on beside a running server. */
import Database from 'better-sqlite3';
import { randomUUID } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { ALL_TABLES, type BackupReport, type DatabaseStatus } from '../maintenance.ts';
import { StoreRefused } from '../refused.ts';
import { SCHEMA_VERSION } from '../sql/migrations.ts';
import { NEW_LIFE } from '../sql/new-life.ts';
import { COVERAGE_SUMS, coverageSum, type SumRow } from '../sql/coverage-sums.ts';
import { openSqliteFile, refusalOf } from './open.ts';

/** Copied in one go: what another connection writes meanwhile would start a slower copy over and over. */
const ALL_PAGES = 2 ** 31 - 1;

function openForReading(path: string): Database.Database {
  if (!existsSync(path)) throw new StoreRefused('store.missing', `There is no store at ${path}.`);
  return new Database(path, { readonly: true, fileMustExist: true, timeout: 5_000 });
}

/** @throws StoreRefused also for what cannot be read. */
export function sqliteStatus(path: string): DatabaseStatus {
  let database: Database.Database | undefined;
  try {
    database = openForReading(path);
    return statusOf(database, path);
  } catch (error) {
    throw refusalOf(error, path);
  } finally {
    database?.close();
  }
}

function statusOf(database: Database.Database, path: string): DatabaseStatus {
  const number = (pragma: string): number => database.pragma(pragma, { simple: true }) as number;
  const tables = new Set(database.prepare("select name from sqlite_schema where type = 'table'").pluck().all() as string[]);
  const count = (table: string): number => database.prepare(`select count(*) from ${table}`).pluck().get() as number;
  const rows = Object.fromEntries(ALL_TABLES.filter((table) => tables.has(table)).map((table) => [table, count(table)]));
  const epoch = tables.has('meta') ? (database.prepare('select epoch from meta').pluck().get() as string | undefined) : undefined;
  return {
    kind: 'sqlite',
    where: path,
    version: number('user_version'),
    known: SCHEMA_VERSION,
    epoch: epoch ?? null,
    bytes: number('page_count') * number('page_size'),
    rows,
    coverage: tables.has('coverage') ? (database.prepare(COVERAGE_SUMS).raw().all() as SumRow[]).flatMap(coverageSum) : [],
    integrity: String(database.pragma('integrity_check(1)', { simple: true })),
    timescale: null,
  };
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
 * @throws StoreRefused when the file is there already, cannot be written, or the copy is not sound; no part of it stays then.
 */
export async function backupSqlite(path: string, file: string): Promise<BackupReport> {
  if (existsSync(file)) throw new StoreRefused('store.exists', `${file} exists already; nothing was written.`);
  if (!existsSync(dirname(file)))
    throw new StoreRefused('store.unreadable', `${file} cannot be written: there is no folder ${dirname(file)}.`);
  const part = `${file}.part`;
  try {
    await copyOf(path, part);
    const { integrity, rows, version, epoch } = sqliteStatus(part);
    if (integrity !== 'ok') throw new StoreRefused('store.corrupt', `The copy of ${path} is not sound: ${integrity}.`);
    settle(part);
    renameSync(part, file);
    return { file, bytes: statSync(file).size, rows: sum(rows), version, epoch: epoch ?? '' };
  } catch (error) {
    rmSync(part, { force: true });
    throw refusalOf(error, file);
  } finally {
    dropSides(part);
  }
}

async function copyOf(path: string, part: string): Promise<void> {
  let source: Database.Database | undefined;
  try {
    source = openForReading(path);
    // What cannot be read is told of the store, what cannot be written of the copy.
    source.prepare('select count(*) from sqlite_schema').get();
  } catch (error) {
    source?.close();
    throw refusalOf(error, path);
  }
  try {
    rmSync(part, { force: true });
    await source.backup(part, { progress: () => ALL_PAGES });
  } finally {
    source.close();
  }
}

/** In one file, with nothing beside it. */
function settle(part: string): void {
  const copy = new Database(part);
  copy.pragma('journal_mode = delete');
  copy.close();
}

function dropSides(part: string): void {
  for (const left of [`${part}-wal`, `${part}-shm`, `${part}-journal`]) rmSync(left, { force: true });
}

/**
 * Puts a copy, once it proved sound, where the store will be. What is restored is another journal from here on: it gets a new epoch, and pages that a
 * cache holds of the old store are not read any more.
 * @throws StoreRefused when there is a store already, or the file is no sound one of ours; nothing stays then.
 */
export function restoreSqlite(path: string, file: string): BackupReport {
  if (existsSync(path)) throw new StoreRefused('store.exists', `${path} is there already; restore into another --data folder.`);
  const { integrity, version, rows } = sqliteStatus(file);
  if (integrity !== 'ok') throw new StoreRefused('store.corrupt', `${file} is no sound backup: ${integrity}.`);
  if (version === 0) throw new StoreRefused('store.foreign', `${file} is no store of wyckoff.`);
  if (version > SCHEMA_VERSION)
    throw new StoreRefused('store.newer', `${file} has schema ${version}; this program knows schemas up to ${SCHEMA_VERSION}.`);
  const part = `${path}.part`;
  try {
    mkdirSync(dirname(path), { recursive: true });
    copyFileSync(file, part);
    const opened = openSqliteFile({ path: part });
    const epoch = randomUUID();
    try {
      for (const { sql, takes } of NEW_LIFE) opened.database.prepare(sql).run(...(takes === 'epoch' ? [epoch] : []));
      opened.database.pragma('journal_mode = delete');
    } finally {
      opened.close();
    }
    renameSync(part, path);
    return { file, bytes: statSync(path).size, version: SCHEMA_VERSION, epoch, rows: sum(rows) };
  } catch (error) {
    rmSync(part, { force: true });
    throw refusalOf(error, path);
  } finally {
    dropSides(part);
    rmSync(`${part}.lock`, { force: true });
  }
}

function sum(rows: Readonly<Record<string, number>>): number {
  return Object.values(rows).reduce((total, count) => total + count, 0);
}
