/** A store file that cannot be used is reported with what to do, and is left byte for byte as it was. */
import Database from 'better-sqlite3';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { StoreRefused } from '../refused.ts';
import { SCHEMA_VERSION } from '../sql/migrations.ts';
import { openSqliteFile } from './open.ts';
import { openSqliteStore } from './sqlite-store.ts';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'wyckoff-store-'));
  path = join(folder, 'wyckoff.db');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const fingerprint = (): string => createHash('sha256').update(readFileSync(path)).digest('hex');

function refusal(): StoreRefused {
  try {
    openSqliteStore({ path, busyTimeoutMs: 50 }).close();
  } catch (error) {
    if (error instanceof StoreRefused) return error;
    throw error;
  }
  throw new Error('expected a refusal, was an open store');
}

function makeStore(): void {
  openSqliteStore({ path }).close();
}

describe('issue 2 bad input: the store file', () => {
  it.each([
    [
      'text',
      () => writeFileSync(path, 'this is not a database, it is a letter to my grandmother\n'.repeat(100)),
      'store.corrupt',
    ],
    ['one byte', () => writeFileSync(path, 'x'), 'store.corrupt'],
    ['random bytes', () => writeFileSync(path, createHash('sha512').update('seed').digest()), 'store.corrupt'],
    [
      'a header and nothing behind it',
      () => writeFileSync(path, Buffer.concat([Buffer.from('SQLite format 3\0'), Buffer.alloc(4000, 7)])),
      'store.corrupt',
    ],
    [
      'cut in the middle',
      () => {
        makeStore();
        truncateSync(path, 20_000);
      },
      'store.corrupt',
    ],
    [
      'a page overwritten',
      () => {
        makeStore();
        const bytes = readFileSync(path);
        bytes.fill(0xee, 4096, 16_384);
        writeFileSync(path, bytes);
      },
      'store.corrupt',
    ],
    [
      'of another program',
      () => {
        const other = new Database(path);
        other.exec('create table recipes (id integer primary key)');
        other.close();
      },
      'store.foreign',
    ],
    [
      'of a newer wyckoff',
      () => {
        makeStore();
        const newer = new Database(path);
        newer.pragma(`user_version = ${SCHEMA_VERSION + 1}`);
        newer.pragma('journal_mode = delete');
        newer.close();
      },
      'store.newer',
    ],
  ])('a file that is %s is refused and untouched', (_, make, code) => {
    make();
    const before = fingerprint();
    const refused = refusal();
    expect(refused.code).toBe(code);
    expect(refused.message).toContain(path);
    expect(refused.remedy).toMatch(/--data/);
    expect(fingerprint()).toBe(before);
  });

  it('the twin: a file that is sound opens, so the refusals above are not about the set-up', () => {
    makeStore();
    const store = openSqliteStore({ path });
    expect(store.epoch).toMatch(/^[0-9a-f-]{36}$/);
    store.close();
  });

  it('a file that another program holds is refused within the busy timeout and untouched', () => {
    makeStore();
    const other = new Database(path);
    other.pragma('journal_mode = delete');
    other.exec('begin exclusive');
    const before = fingerprint();
    expect(refusal().code).toBe('store.locked');
    other.exec('rollback');
    other.close();
    expect(fingerprint()).toBe(before);
    makeStore();
  });

  it('a second wyckoff on the same file is refused while the first lives, and only then', () => {
    const first = openSqliteStore({ path });
    const refused = refusal();
    expect(refused.code).toBe('store.locked');
    expect(refused.sentence).toContain('another wyckoff');
    first.close();
    makeStore();
  });

  it('the epoch stays with the file, and is new with a new one', () => {
    const first = openSqliteStore({ path });
    const { epoch } = first;
    first.close();
    const again = openSqliteStore({ path });
    expect(again.epoch).toBe(epoch);
    again.close();
    const other = openSqliteStore({ path: join(folder, 'other.db') });
    expect(other.epoch).not.toBe(epoch);
    other.close();
  });

  it('interface 4.1 pragmas: WAL, full flush, foreign keys, 8 MiB cache, strict tables', () => {
    const file = openSqliteFile({ path });
    const { database } = file;
    const pragma = (name: string): unknown => database.pragma(name, { simple: true });
    expect([pragma('journal_mode'), pragma('synchronous'), pragma('foreign_keys'), pragma('cache_size'), pragma('busy_timeout')]).toEqual([
      'wal', 2, 1, -8192, 5000,
    ]); // prettier-ignore
    const loose = database
      .prepare("select name from pragma_table_list where schema = 'main' and strict = 0 and name not like 'sqlite_%'")
      .all();
    expect(loose).toEqual([]);
    file.close();
  });

  it('migrations run once each, in order, and none is left half done', () => {
    const step = (version: number, statements: string[]) => ({ version, name: String(version), statements });
    const one = step(1, ['create table a (x integer) strict']);
    const two = step(2, ['create table b (x integer) strict', 'insert into a values (1)']);
    openSqliteFile({ path, migrations: [one] }).close();
    const broken = step(2, ['create table b (x integer) strict', 'insert into nowhere values (1)']);
    expect(() => openSqliteFile({ path, migrations: [one, broken] })).toThrow(/nowhere/);
    const file = openSqliteFile({ path, migrations: [one, two].slice(0, 1) });
    const { database } = file;
    expect(database.prepare("select count(*) from sqlite_schema where name = 'b'").pluck().get()).toBe(0);
    expect(database.pragma('user_version', { simple: true })).toBe(1);
    file.close();
  });
});
