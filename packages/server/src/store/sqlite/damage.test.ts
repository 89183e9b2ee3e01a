/** Disks that are full, folders that cannot be written, clocks that jump, rows that were changed behind our back: said clearly, and nothing is lost. */
import Database from 'better-sqlite3';
import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DEMO_SYMBOL } from '../../session/demo-series.ts';
import { ACCOUNT, auditFact, columnsAt, commitOf, DAY_MS, refOf, upTo } from '../testing/samples.ts';
import { openSqliteStore } from './sqlite-store.ts';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'wyckoff-damage-'));
  path = join(folder, 'wyckoff.db');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const FILLER = join(import.meta.dirname, '..', 'testing', 'fill-disk-process.ts');

describe('issue 5 bad input: the store', () => {
  it('disk full: the commit is refused with store.full or store.unavailable, what was committed is there, and it goes on when there is space', async () => {
    // A process that may not write files above 3 MiB: what a full disk is to it.
    const child = spawnSync('bash', ['-c', `ulimit -f 3072; exec "$0" "$@"`, process.execPath, FILLER, path], {
      encoding: 'utf8',
    });
    const told = JSON.parse(child.stdout) as { committed: number; code: string; message: string };
    expect(['store.full', 'store.unavailable']).toContain(told.code);
    expect(told.committed).toBeGreaterThan(0);
    const store = openSqliteStore({ path });
    const engine = refOf(await store.saveSymbol(DEMO_SYMBOL, '1d'));
    const { position } = await store.openEngine(engine, ACCOUNT);
    expect([position, await store.lastSeq()]).toEqual([told.committed, told.committed * 5]);
    await store.commit(commitOf(engine, position, position + 10));
    expect(await store.lastSeq()).toBe((position + 10) * 5);
    store.close();
  });

  it('a folder that cannot be written is refused with what to do, also after it worked', () => {
    openSqliteStore({ path }).close();
    if (process.getuid?.() !== 0) {
      chmodSync(folder, 0o500);
      expect(() => openSqliteStore({ path })).toThrow(/store\.unreadable/);
      chmodSync(folder, 0o700);
      return;
    }
    // Root may write everywhere: the check is made by a process that is nobody.
    const locked = join(folder, 'locked');
    mkdirSync(locked, { mode: 0o755 });
    chmodSync(folder, 0o755);
    chownSync(locked, 0, 0);
    const script = `import('${join(import.meta.dirname, 'sqlite-store.ts')}').then(({ openSqliteStore }) => { try { openSqliteStore({ path: '${join(locked, 'a.db')}' }); } catch (error) { console.log(error.code, error.remedy); } })`;
    const child = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
      uid: 65_534,
      gid: 65_534,
      encoding: 'utf8',
      cwd: '/',
    });
    if (/EACCES|ERR_MODULE_NOT_FOUND/.test(child.stderr)) expect(child.stderr).toContain('EACCES');
    else expect(child.stdout).toMatch(/^store\.unreadable Give the folder/);
  });

  it('a wall clock that jumps back or far ahead changes no order and deletes nothing it should not', async () => {
    const wall = { ms: 1_700_000_000_000 };
    const store = openSqliteStore({ path, now: () => wall.ms });
    const engine = refOf(await store.saveSymbol(DEMO_SYMBOL, '1d'));
    await store.openEngine(engine, ACCOUNT);
    await store.commit({ ...commitOf(engine, 0, 5), snapshot: new Uint8Array([1]) });
    wall.ms -= 400 * DAY_MS;
    await store.change({ facts: [auditFact('note.changed')], writes: [] });
    await store.commit({ ...commitOf(engine, 5, 6), snapshot: new Uint8Array([1]) });
    wall.ms += 400 * DAY_MS;
    await store.change({ facts: [auditFact('note.changed')], writes: [] });
    await store.commit({ ...commitOf(engine, 6, 7), snapshot: new Uint8Array([1]) });
    expect((await store.factsAfter(0, 100)).map((row) => row.seq)).toEqual(upTo(37, 1).map((i) => i + 1));
    // What was written while the clock was wrong looks a year old; what was written before and after does not.
    const lines = await store.retain({ now: wall.ms, pauseMs: 0 });
    expect(lines.filter((line) => line.rows > 0)).toMatchObject([{ table: 'facts', rows: 5 }]);
    expect(await store.checkAudit()).toMatchObject({ ok: true, checked: 2 });
    store.close();
  });

  it.each([
    ['changed', 'update facts set data = \'{"amount":1}\' where seq = 3'],
    ['removed', 'delete from facts where seq = 3'],
    ['given another actor', "update facts set actor = 'nobody' where seq = 3"],
    ['exchanged with its neighbour', 'update facts set data = (select data from facts where seq = 4) where seq = 3'],
  ])('an audited fact that was %s behind our back breaks the chain, at its place', async (_, statement) => {
    const store = openSqliteStore({ path });
    for (let i = 0; i < 6; i += 1)
      await store.change({ facts: [auditFact('settings.changed', { amount: 100 + i })], writes: [] });
    expect(await store.checkAudit()).toEqual({ ok: true, checked: 6, lastSeq: 6 });
    store.close();
    const other = new Database(path);
    // Schema 5 refuses it; whoever has the file can take the guard away, and is found out all the same.
    expect(() => other.exec(statement)).toThrow(/never changed or deleted/);
    other.exec('drop trigger facts_unchanged; drop trigger facts_kept');
    other.exec(statement);
    other.close();
    const again = openSqliteStore({ path });
    const verdict = await again.checkAudit();
    expect(verdict).toMatchObject({ ok: false, brokenAt: statement.startsWith('delete') ? 4 : 3 });
    again.close();
  });

  it('SQLite busy: another writer is waited for, and told as 503 when it takes too long', async () => {
    const store = openSqliteStore({ path, busyTimeoutMs: 50 });
    const series = await store.saveSymbol(DEMO_SYMBOL, '1d');
    const other = new Database(path);
    other.exec('begin immediate');
    await expect(store.importBars(series, columnsAt([1]), 'test')).rejects.toMatchObject({ code: 'store.busy', status: 503 });
    other.exec('rollback');
    other.close();
    expect(await store.importBars(series, columnsAt([1]), 'test')).toMatchObject({ inserted: 1 });
    store.close();
  });
});
