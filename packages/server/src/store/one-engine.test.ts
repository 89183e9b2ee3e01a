/** One engine per store: a second process is refused and told by whom, the place of a killed one is free at once (issue 5, interface 4.1). */
import { Scope } from '@wyckoff/bounded';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startPostgres, type TestPostgres } from '../../../../e2e/support/postgres.ts';
import { openPostgresStore } from './postgres/postgres-store.ts';

const entry = join(import.meta.dirname, 'testing', 'hold-store-process.ts');
const servers = new Scope({ name: 'test.servers' });
let server: TestPostgres;
beforeAll(async () => {
  server = await startPostgres(servers);
});
afterAll(async () => void (await servers.dispose()));

interface Said {
  readonly word: string;
  readonly text: string;
}

interface Holder {
  readonly child: ChildProcess;
  /** What it says next. */
  readonly next: () => Promise<Said>;
  readonly end: (signal: NodeJS.Signals) => Promise<void>;
}

let folder: string;
// bounded: the processes of one test
let holders: Holder[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'wyckoff-one-'));
  holders = [];
});
afterEach(async () => {
  for (const holder of holders) await holder.end('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

function start(databaseUrl = ''): Holder {
  const words = ['--disable-warning=ExperimentalWarning', entry, join(folder, 'wyckoff.db'), databaseUrl];
  const child = spawn(process.execPath, words, { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const holder: Holder = {
    child,
    next: async () => JSON.parse((await lines.next()).value ?? '{"word":"ended","text":""}') as Said,
    end: async (signal) => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, 'exit');
      child.kill(signal);
      await exited;
    },
  };
  holders.push(holder);
  return holder;
}

describe('issue 5 one engine per store', () => {
  it.each(['embedded', 'PostgreSQL'])('a second process on the %s store is refused by name; a killed one leaves nothing behind', { timeout: 60_000 }, async (kind) => {
    const url = kind === 'PostgreSQL' ? await server.database() : '';
    const first = start(url);
    expect(await first.next()).toEqual({ word: 'holds', text: '' });
    const refused = await start(url).next();
    expect(refused.word).toBe('store.locked');
    expect(refused.text).toMatch(kind === 'PostgreSQL' ? new RegExp(`process ${first.child.pid}, since 20.*DATABASE_URL`) : /in use by another wyckoff/);
    await first.end('SIGKILL');
    expect(await start(url).next()).toEqual({ word: 'holds', text: '' });
  }); // prettier-ignore

  it('verbs work beside the engine of a PostgreSQL store: they step none (the twin: without the lock a second process opens)', async () => {
    const url = await server.database();
    expect((await start(url).next()).word).toBe('holds');
    await using scope = new Scope({ name: 'verb' });
    const store = await openPostgresStore({ url, scope });
    expect(await store.lastSeq()).toBe(0);
  });

  it('a connection that broke is replaced and the lock taken again; when another was quicker, the first is told to stop', { timeout: 60_000 }, async () => {
    const url = await server.database();
    const first = start(url);
    expect((await first.next()).word).toBe('holds');
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    const cut = "select pg_terminate_backend(l.pid) from pg_locks l where l.locktype = 'advisory' and l.objid = 3 and l.granted";
    const other = "select count(*)::int as n from pg_locks where locktype = 'advisory' and objid = 3 and granted";
    await client.query(cut);
    for (let turn = 0; turn < 10_000; turn += 1) {
      const { rows } = await client.query<{ n: number }>(other);
      if (rows[0].n === 1) break;
    }
    expect((await start(url).next()).word).toBe('store.locked');
    // The next one stands in line already when the connection breaks.
    const rival = new pg.Client({ connectionString: url, application_name: 'rival' });
    await rival.connect();
    const gets = rival.query('select pg_advisory_lock(1465469766, 3)');
    await client.query(cut);
    await gets;
    expect(await first.next()).toEqual({ word: 'lost', text: expect.stringContaining('another wyckoff (rival, since') as string });
    await rival.end();
    await client.end();
  }); // prettier-ignore
});
