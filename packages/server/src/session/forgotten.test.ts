/** A session whose facts have left by age goes on: bars and inputs are stepped again, and what is still there is compared (M15, interface 4.3). */
import { Scope } from '@wyckoff/bounded';
import Database from 'better-sqlite3';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openSqliteStore } from '../store/sqlite/sqlite-store.ts';
import { openSession, type Session } from './open.ts';
import type { Actor } from './trading-desk.ts';

const ann: Actor = { user: 'local', role: 'admin', address: '127.0.0.1', requestId: 'r-1', steppedUp: true };
const DAY_MS = 86_400_000;

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'wyckoff-forgotten-'));
  path = join(folder, 'wyckoff.db');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** What a session said when it was opened, and after `use` of it. */
async function session<T>(use: (open: Session) => Promise<T> | T): Promise<T> {
  await using scope = new Scope({ name: 'test' });
  return await use(await openSession({ scope, storePath: path, speed: null, play: false, snapshotEvery: 50 }));
}

async function bars({ desk }: Session, count: number): Promise<void> {
  for (let i = 0; i < count; i += 1) {
    const { replay } = desk.replay.step();
    while (desk.replay.state().replay?.position === replay?.position) await turn();
  }
}

/** Bars with the words of a person between them, three of them behind the snapshot's bar. */
async function traded(): Promise<void> {
  await session(async (open) => {
    const queue = (mode: 'queue' | 'all') => open.trading.desk.act({ action: 'setAcceptance', account: 'replay', mode }, ann);
    await bars(open, 420);
    await queue('queue');
    await bars(open, 180);
    await queue('all');
    await queue('queue');
    await bars(open, 27);
  });
}

/** Forty days later; answers how many facts left. */
async function thinned(): Promise<number> {
  const store = openSqliteStore({ path });
  const lines = await store.retain({ now: Date.now() + 40 * DAY_MS, pauseMs: 0 });
  store.close();
  return lines.find((line) => line.table === 'facts')?.rows ?? 0;
}

function inFile(statement: string): void {
  const file = new Database(path);
  file.exec(statement);
  file.close();
}

const resumed = () => session(({ desk, resumed: from }) => ({ failure: desk.health().failure, from }));

describe('M15 resuming after retention', () => {
  it('M15 from the snapshot: the bar of the snapshot and what people said behind it are all still there', async () => {
    await traded();
    expect(await thinned()).toBeGreaterThan(50);
    expect(await resumed()).toMatchObject({ failure: null, from: { fromSnapshot: 600, restepped: 27 } });
  });

  it('M15 without the snapshot: only facts above engines.forgotten are compared, all inputs are given again', async () => {
    await traded();
    await thinned();
    inFile("delete from blobs where owner_kind = 'ENGINE'");
    expect(await resumed()).toMatchObject({ failure: null, from: { fromSnapshot: 0, restepped: 627 } });
    // It goes on from there, and what it says then is numbered on.
    const before = await session(({ desk }) => desk.seq());
    await session((open) => bars(open, 90));
    expect(await session(({ desk }) => desk.seq())).toBeGreaterThan(before);
  });

  it('M15 the twin: taken for not forgotten, the missing facts are a mismatch; above the line another word is one too', async () => {
    await traded();
    await thinned();
    inFile("delete from blobs where owner_kind = 'ENGINE'");
    inFile('create table was as select forgotten from engines; update engines set forgotten = 0');
    expect((await resumed()).failure).toContain('expected what the store holds (nothing)');
    inFile('update engines set forgotten = (select forgotten from was)');
    inFile(`drop trigger facts_unchanged; update facts set data = '{}' where seq = (select max(seq) from facts where engine <> '' and bar > 600 and topic <> 'inputs')`);
    expect((await resumed()).failure).toContain('resume: bar 6');
  }); // prettier-ignore
});
