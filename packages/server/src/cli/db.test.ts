/** `wyckoff db` as a user meets it, on the embedded store and on PostgreSQL: a process with arguments, two streams and an exit code. */
import { Scope } from '@wyckoff/bounded';
import Database from 'better-sqlite3';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startPostgres, type TestPostgres } from '../../../../e2e/support/postgres.ts';
import { DEMO_SYMBOL } from '../session/demo-series.ts';
import { openPostgresStore } from '../store/postgres/postgres-store.ts';
import { openSqliteStore } from '../store/sqlite/sqlite-store.ts';
import { SCHEMA_VERSION } from '../store/sql/migrations.ts';
import type { Store } from '../store/store.ts';
import { ACCOUNT, auditFact, columnsAt, commitOf, notification, refOf, upTo } from '../store/testing/samples.ts';

const entry = join(import.meta.dirname, 'main.ts');
const scope = new Scope({ name: 'test' });
let folder: string;
let postgres: TestPostgres;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'wyckoff-db-'));
  postgres = await startPostgres(scope);
});
afterAll(async () => {
  await scope.dispose();
  rmSync(folder, { recursive: true, force: true });
});

function db(words: readonly string[], databaseUrl = ''): { code: number | null; out: string; err: string } {
  const env = { ...process.env, DATABASE_URL: databaseUrl };
  const ended = spawnSync(process.execPath, ['--disable-warning=ExperimentalWarning', entry, 'db', ...words], {
    encoding: 'utf8',
    env,
  });
  return { code: ended.status, out: ended.stdout, err: ended.stderr };
}

const YEAR_AGO = Date.now() - 366 * 86_400_000;

/** Something in every kind of column: text with odd characters, bytes, numbers, JSON. */
async function fill(store: Store): Promise<void> {
  const engine = refOf(await store.saveSymbol({ ...DEMO_SYMBOL, name: 'S&P\u2028 "500"\t\\N\r\n' }, '1d'));
  await store.openEngine(engine, ACCOUNT);
  await store.importBars(engine.series, columnsAt(upTo(1_234)), 'test');
  await store.commit({ ...commitOf(engine, 0, 50), snapshot: new Uint8Array(300_000).map((_, i) => i * 7) });
  await store.saveSetting('cache.epoch', 7);
  await store.change({
    facts: [auditFact('note.changed', { text: '\u2028 \\. \\N \t' })],
    writes: [{ kind: 'notification', notification: notification(1) }],
  });
}

describe('wyckoff db, the embedded store', () => {
  it(
    'status, migrate, retention and backup; all but what writes also beside a running server',
    { timeout: 120_000 },
    async () => {
      const data = join(folder, 'embedded');
      expect(db(['status', '--data', data])).toMatchObject({ code: 6 });
      expect(db(['migrate', '--data', data, '--json'])).toMatchObject({ code: 0, out: `{"from":0,"to":${SCHEMA_VERSION}}\n` });
      const store = openSqliteStore({ path: join(data, 'wyckoff.db'), now: () => YEAR_AGO });
      await fill(store);
      const status = db(['status', '--data', data, '--json']);
      expect(JSON.parse(status.out)).toMatchObject({
        kind: 'sqlite',
        version: SCHEMA_VERSION,
        known: SCHEMA_VERSION,
        epoch: store.epoch,
        integrity: 'ok',
        rows: { bars: 1234, facts: 251, halts: 1 },
        coverage: [{ symbol: 'SPX', timeframe: '1d', bars: 1234 }],
      });
      const file = join(folder, 'copy.db');
      const copied = db(['backup', file, '--data', data, '--json']);
      expect(JSON.parse(copied.out)).toMatchObject({ file, version: SCHEMA_VERSION, epoch: store.epoch });
      expect(db(['backup', file, '--data', data])).toMatchObject({ code: 6 });
      const held = db(['retention', '--data', data]);
      expect([held.code, held.err]).toEqual([6, expect.stringContaining('store.locked')]);
      store.close();

      const dry = db(['retention', '--data', data, '--dry-run', '--json']);
      const would = JSON.parse(dry.out) as { dryRun: boolean; tables: { table: string; rows: number }[] };
      expect(would.dryRun).toBe(true);
      expect(would.tables.find((line) => line.table === 'facts')?.rows).toBe(245);
      expect(db(['retention', '--data', data]).out).toMatch(/facts +245/);
      expect(db(['retention', '--data', data]).out).toBe('nothing is older than it is to be kept\n');

      const again = join(folder, 'restored');
      expect(db(['restore', file, '--data', again])).toMatchObject({ code: 0 });
      expect(db(['restore', file, '--data', again])).toMatchObject({ code: 6 });
      const restored = openSqliteStore({ path: join(again, 'wyckoff.db') });
      expect([await restored.lastSeq(), (await restored.checkAudit()).ok]).toEqual([251, true]);
      // Another journal from here on: nobody takes its numbers, or pages cached of the old one, for the same.
      expect(restored.epoch).not.toBe(store.epoch);
      expect(await restored.setting('cache.epoch')).toBeUndefined();
      restored.close();
    },
  );

  it('issue 5 what cannot be read, written or restored is said in a sentence, and leaves nothing half-made', () => {
    const data = join(folder, 'unwritten');
    expect(db(['migrate', '--data', data]).code).toBe(0);
    const nowhere = join(folder, 'no-such-folder', 'copy.db');
    const said = db(['backup', nowhere, '--data', data]);
    expect([said.code, said.err]).toEqual([6, expect.stringMatching(/^wyckoff: store\.unreadable: .*copy\.db.*\n$/)]);
    expect(db(['status', '--data', join(folder, 'none')]).err).toMatch(/^wyckoff: store\.missing: .*wyckoff db migrate.*\n$/);
    const copy = join(folder, 'never-served.db');
    expect(db(['backup', copy, '--data', data]).code).toBe(0);
    expect(existsSync(`${copy}-wal`)).toBe(false);
    // A store that no server has opened yet is a store all the same.
    const again = join(folder, 'never-served');
    expect(db(['restore', copy, '--data', again])).toMatchObject({ code: 0 });
    writeFileSync(copy, readFileSync(copy).fill(0xee, 8_192, 200_000));
    const other = join(folder, 'refused');
    expect(db(['restore', copy, '--data', other])).toMatchObject({ code: 6, err: expect.stringContaining('store.') as string });
    expect(existsSync(other) ? readdirSync(other) : []).toEqual([]);
  });

  it('a damaged store is said to be, with exit code 5 or 6, and is not copied', async () => {
    const data = join(folder, 'damaged');
    db(['migrate', '--data', data]);
    const path = join(data, 'wyckoff.db');
    const store = openSqliteStore({ path });
    await fill(store);
    store.close();
    const bytes = readFileSync(path);
    bytes.fill(0xee, 4096 * 40, 4096 * 60);
    writeFileSync(path, bytes);
    const status = db(['status', '--data', data]);
    expect([1, 5, 6]).toContain(status.code);
    expect(status.err + status.out).toMatch(/damaged|malformed|corrupt/i);
    expect(db(['backup', join(folder, 'damaged.copy'), '--data', data]).code).not.toBe(0);
    truncateSync(path, 5_000);
    expect(db(['migrate', '--data', data])).toMatchObject({ code: 6 });
  });
});

describe('wyckoff db, PostgreSQL', () => {
  it(
    'an empty database is migrated, shown, thinned, copied to one file and restored from it, row by row the same',
    { timeout: 120_000 },
    async () => {
      const { url } = postgres;
      expect(JSON.parse(db(['status', '--json'], url).out)).toMatchObject({
        kind: 'postgres',
        version: 0,
        known: SCHEMA_VERSION,
        epoch: null,
      });
      expect(db(['retention'], url)).toMatchObject({ code: 6, err: expect.stringContaining('store.older') as string });
      expect(db(['migrate'], url).out).toBe(`schema 0 brought to ${SCHEMA_VERSION}\n`);
      const store = await openPostgresStore({ url, scope, now: () => YEAR_AGO });
      await fill(store);
      const before = db(['status', '--json'], url);
      expect(before.out).not.toContain('wyckoff@');
      const file = join(folder, 'copy.gz');
      expect(db(['backup', file], url)).toMatchObject({ code: 0 });
      expect(db(['retention', '--dry-run'], url).out).toMatch(/facts +245/);
      const empty = await postgres.database();
      expect(db(['restore', file, '--json'], empty)).toMatchObject({ code: 0 });
      const [one, other] = [before, db(['status', '--json'], empty)].map(
        ({ out }) => JSON.parse(out) as { rows: Record<string, number>; epoch: string; coverage: unknown },
      );
      expect(other.rows).toEqual({ ...one.rows, settings: 0 });
      expect(other.coverage).toEqual(one.coverage);
      expect(other.coverage).toMatchObject([{ symbol: 'SPX', timeframe: '1d', bars: 1234, gaps: null }]);
      const restored = await openPostgresStore({ url: empty, scope });
      expect(restored.epoch).not.toBe(store.epoch);
      expect(await restored.setting('cache.epoch')).toBeUndefined();
      expect(await restored.findSymbol('SPX')).toEqual(await store.findSymbol('SPX'));
      expect(await restored.auditAfter(0, 10)).toEqual(await store.auditAfter(0, 10));
      expect((await restored.checkAudit()).ok).toBe(true);
      expect(await restored.newestSnapshot('paper:SPX:1d')).toEqual(await store.newestSnapshot('paper:SPX:1d'));
      // A new symbol gets a number of its own.
      expect((await restored.saveSymbol({ ...DEMO_SYMBOL, symbol: 'NEW' }, '1d')).symbolId).toBe(2);
      expect(db(['restore', file], empty)).toMatchObject({ code: 6 });
      const cut = join(folder, 'cut.gz');
      writeFileSync(cut, readFileSync(file).subarray(0, 20_000));
      const third = await postgres.database();
      expect(db(['restore', cut], third).code).not.toBe(0);
      expect((JSON.parse(db(['status', '--json'], third).out) as { rows: { bars: number } }).rows.bars).toBe(0);
    },
  );

  it('a server that is not there is exit code 6 with what to do', () => {
    const ended = db(['status'], 'postgres://nobody@127.0.0.1:1/none');
    expect([ended.code, ended.err]).toEqual([6, expect.stringContaining('Start the database, or correct DATABASE_URL')]);
    expect(db(['status'], 'mysql://nobody')).toMatchObject({ code: 3 });
  });
});

describe('what stands in the way is said with what to do', () => {
  it('issue 5 a store from a newer version, a backup over a file, a damaged Parquet file: a sentence, no stack, nothing changed', () => {
    const data = join(folder, 'newer');
    expect(db(['migrate', '--data', data]).code).toBe(0);
    const copy = join(folder, 'taken.db');
    writeFileSync(copy, 'mine');
    const taken = db(['backup', copy, '--data', data]);
    expect([taken.code, taken.err]).toEqual([6, expect.stringMatching(/^wyckoff: store.exists: .*Name another file.*\n$/)]);
    expect(readFileSync(copy, 'utf8')).toBe('mine');

    const path = join(data, 'wyckoff.db');
    const file = new Database(path);
    file.pragma('user_version = 999');
    file.close();
    const before = readFileSync(path);
    const status = db(['status', '--data', data]);
    expect(status.out).toContain('schema 999, newer than');
    expect(status.out).not.toContain('wyckoff db migrate');
    expect(db(['migrate', '--data', data])).toMatchObject({ code: 6 });
    expect(readFileSync(path).equals(before)).toBe(true);

    const parquet = join(folder, 'cut.parquet');
    writeFileSync(parquet, 'PAR1 cut off');
    const words = ['--disable-warning=ExperimentalWarning', entry, 'import', parquet, '--data', join(folder, 'x')];
    const imported = spawnSync(process.execPath, words, { encoding: 'utf8', env: { ...process.env, DATABASE_URL: '' } });
    expect([imported.status, imported.stderr]).toEqual([1, expect.stringMatching(/^wyckoff: .*cut.parquet: Expected the letters PAR1.*\n$/)]); // prettier-ignore
  });
});
