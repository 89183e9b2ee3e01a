/** Opens the store file: looks at it without touching it, refuses what it cannot use, then migrates. */
import Database from 'better-sqlite3';
import { closeSync, existsSync, mkdirSync, openSync, readSync, statfsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { StoreRefused } from '../refused.ts';
import { SQLITE } from '../sql/dialect.ts';
import { APPLICATION_ID, MIGRATIONS, SCHEMA_VERSION, type Migration } from '../sql/migrations.ts';

export interface OpenOptions {
  /** Path of the file, or `:memory:`. */
  readonly path: string;
  /** Wait for another program's lock; default 5,000. */
  readonly busyTimeoutMs?: number;
  /** Told of every statement before it runs; slow, for looking and for tests. */
  readonly trace?: (statement: string) => void;
  /** In place of the embedded ones; for tests of the version check. */
  readonly migrations?: readonly Migration[];
}

export interface OpenedFile {
  readonly database: Database.Database;
  /** Lets go of file and lock. */
  close(): void;
}

const MAGIC = 'SQLite format 3\0';
/** Above this the thorough check would delay the start by seconds; `doctor` makes it. */
const CHECKED_BYTES = 64 * 1024 * 1024;
const WAL_LIMIT_BYTES = 64 * 1024 * 1024;

/**
 * One writer per file: a lock beside it is held as long as the process lives (the system drops it with the process).
 * @throws StoreRefused and leaves the file byte for byte as it was.
 */
export function openSqliteFile(options: OpenOptions): OpenedFile {
  const { path, busyTimeoutMs = 5000 } = options;
  if (path === ':memory:') {
    const database = new Database(path);
    migrate(configured(database, busyTimeoutMs), options.migrations ?? MIGRATIONS);
    return { database, close: () => database.close() };
  }
  makeFolder(path);
  inspect(path, busyTimeoutMs);
  const lock = lockFile(path);
  let database: Database.Database | undefined;
  try {
    const { trace } = options;
    const verbose = trace === undefined ? {} : { verbose: (statement: unknown) => trace(String(statement)) };
    database = configured(new Database(path, verbose), busyTimeoutMs);
    migrate(database, options.migrations ?? MIGRATIONS);
  } catch (error) {
    database?.close();
    lock.close();
    throw refusalOf(error, path);
  }
  const opened = database;
  return {
    database: opened,
    close() {
      if (!opened.open) return;
      opened.close();
      lock.close();
    },
  };
}

function makeFolder(path: string): void {
  try {
    mkdirSync(dirname(path), { recursive: true });
  } catch (error) {
    throw new StoreRefused('store.unreadable', `The folder ${dirname(path)} cannot be made: ${(error as Error).message}.`, error);
  }
}

/** Everything that can be known without a right to write. */
function inspect(path: string, busyTimeoutMs: number): void {
  if (!existsSync(path) || statSync(path).size === 0) return;
  let probe: Database.Database | undefined;
  try {
    if (!hasMagic(path))
      throw new StoreRefused('store.corrupt', `${path} is not a database: its first bytes are not those of SQLite.`);
    probe = new Database(path, { readonly: true, fileMustExist: true, timeout: busyTimeoutMs });
    const version = probe.pragma('user_version', { simple: true }) as number;
    const owner = probe.pragma('application_id', { simple: true }) as number;
    const tables = probe.prepare('select count(*) from sqlite_schema').pluck().get() as number;
    if (owner !== APPLICATION_ID && tables > 0) {
      throw new StoreRefused('store.foreign', `${path} is the database of another program.`);
    }
    if (version > SCHEMA_VERSION) {
      throw new StoreRefused('store.newer', `${path} has schema ${version}; this program knows schemas up to ${SCHEMA_VERSION}.`);
    }
    if (statSync(path).size <= CHECKED_BYTES) {
      const verdict = probe.pragma('quick_check(1)', { simple: true }) as string;
      if (verdict !== 'ok') throw new StoreRefused('store.corrupt', `${path} is damaged: ${verdict}.`);
    }
  } catch (error) {
    throw refusalOf(error, path);
  } finally {
    probe?.close();
  }
}

function hasMagic(path: string): boolean {
  const file = openSync(path, 'r');
  try {
    const head = Buffer.alloc(MAGIC.length);
    return readSync(file, head, 0, MAGIC.length, 0) === MAGIC.length && head.toString('latin1') === MAGIC;
  } finally {
    closeSync(file);
  }
}

/** An empty SQLite file locked exclusively: unlike a file with a process id in it, it cannot be left behind by a crash. */
function lockFile(path: string): { close(): void } {
  let lock: Database.Database | undefined;
  try {
    lock = new Database(`${path}.lock`, { timeout: 500 });
    lock.pragma('journal_mode = memory');
    lock.exec('begin exclusive');
    return lock;
  } catch (error) {
    lock?.close();
    if (isBusy(error)) throw inUse(path, error);
    throw refusalOf(error, path);
  }
}

function inUse(path: string, cause: unknown): StoreRefused {
  return new StoreRefused('store.locked', `${path} is in use by another wyckoff on this machine.`, cause);
}

/**
 * Looks whether another process holds the store, without taking it or making anything.
 * @throws StoreRefused `store.locked` when one does; whatever else may be wrong shows when it is opened.
 */
export function refuseWhenInUse(path: string): void {
  if (!existsSync(`${path}.lock`)) return;
  let probe: Database.Database | undefined;
  try {
    probe = new Database(`${path}.lock`, { readonly: true, fileMustExist: true, timeout: 0 });
    probe.prepare('select count(*) from sqlite_schema').get();
  } catch (error) {
    if (isBusy(error)) throw inUse(path, error);
  } finally {
    probe?.close();
  }
}

function configured(database: Database.Database, busyTimeoutMs: number): Database.Database {
  database.pragma(`busy_timeout = ${busyTimeoutMs}`);
  // Heard only by a new file: space that retention frees is given back step by step.
  database.pragma('auto_vacuum = incremental');
  database.pragma('journal_mode = wal');
  database.pragma('synchronous = full');
  database.pragma('cache_size = -8192');
  database.pragma('foreign_keys = on');
  database.pragma(`journal_size_limit = ${WAL_LIMIT_BYTES}`);
  return database;
}

function migrate(database: Database.Database, migrations: readonly Migration[]): void {
  const version = (): number => database.pragma('user_version', { simple: true }) as number;
  // One immediate transaction in any case: it proves the right to write before anything depends on it.
  database
    .transaction(() => {
      for (const migration of migrations) {
        if (migration.version <= version()) continue;
        for (const statement of [...migration.statements, ...(migration.sqlite ?? [])]) database.exec(SQLITE.schema(statement));
        database.pragma(`user_version = ${migration.version}`);
        database.pragma(`application_id = ${APPLICATION_ID}`);
      }
    })
    .immediate();
}

function isBusy(error: unknown): boolean {
  const code = (error as { code?: string }).code ?? '';
  return code.startsWith('SQLITE_BUSY') || code.startsWith('SQLITE_LOCKED');
}

/** A page and the files beside it do not fit any more: SQLite calls that an I/O error. */
const NO_SPACE_BYTES = 64 * 1024;

function isFull(path: string): boolean {
  try {
    const { bavail, bsize } = statfsSync(dirname(path));
    return bavail * bsize < NO_SPACE_BYTES;
  } catch {
    return false;
  }
}

/** The row of the table that an error of the database, or of its files, belongs to. */
export function refusalOf(error: unknown, path: string): unknown {
  if (error instanceof StoreRefused) return error;
  const code = (error as { code?: string }).code ?? '';
  const message = (error as Error).message;
  if (isBusy(error)) return new StoreRefused('store.locked', `${path} is locked by another program.`, error);
  if (code === 'SQLITE_NOTADB' || code.startsWith('SQLITE_CORRUPT'))
    return new StoreRefused('store.corrupt', `${path} is damaged: ${message}.`, error);
  if (code === 'SQLITE_FULL' || code === 'ENOSPC' || (/^SQLITE_(IOERR|CANTOPEN)/.test(code) && isFull(path)))
    return new StoreRefused('store.full', `There is no space left for ${path}.`, error);
  if (
    code.startsWith('SQLITE_CANTOPEN') ||
    code.startsWith('SQLITE_READONLY') ||
    code.startsWith('SQLITE_IOERR') ||
    code.startsWith('SQLITE_PERM') ||
    /^E[A-Z]+$/.test(code)
  ) {
    return new StoreRefused('store.unreadable', `${path} cannot be opened: ${message}.`, error);
  }
  return error;
}
