/** A real Redis for tests: the one named by TEST_REDIS_URL, else `redis-server` of this machine, started on a socket of its own. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Scope } from '@wyckoff/bounded';

const PATIENCE_MS = 15_000;

export interface TestRedis {
  /** `redis://...`, or `unix://...` for `socket`. */
  readonly url: string;
  /** Path of the socket; null for a given server. */
  readonly socket: string | null;
  kill(): Promise<void>;
  restart(): Promise<void>;
  readonly isOwn: boolean;
}

/**
 * True on a machine that has no Redis at all: its tests are left out there, and it is said loudly. Where CI is set they are never left out, so
 * that they fail.
 */
export function isRedisMissing(): boolean {
  if ((process.env['TEST_REDIS_URL'] ?? '') !== '' || (process.env['CI'] ?? '') !== '') return false;
  if (spawnSync('redis-server', ['--version']).status === 0) return false;
  process.stderr.write(
    '\n*** NOT TESTED: the Redis cache. There is no redis-server on this machine; .ci/run installs it, or set TEST_REDIS_URL. ***\n\n',
  );
  return true;
}

/** @throws Error when there is none. */
export async function startRedis(scope: Scope, options: readonly string[] = []): Promise<TestRedis> {
  const given = process.env['TEST_REDIS_URL'];
  if (given !== undefined && given !== '') {
    const refuse = (): Promise<never> => Promise.reject(new Error('tests: the server of TEST_REDIS_URL is not ours to kill'));
    return { url: given, socket: null, kill: refuse, restart: refuse, isOwn: false };
  }
  if (spawnSync('redis-server', ['--version']).status !== 0)
    throw new Error(
      'tests: expected redis-server on the PATH, was none. Run .ci/run, install redis-server, or name one by TEST_REDIS_URL.',
    );
  const folder = scope.own(mkdtempSync(join(tmpdir(), 'wyckoff-redis-')), (path) =>
    rmSync(path, { recursive: true, force: true }),
  );
  const socket = join(folder, 'redis.sock');
  const own = ['--port', '0', '--unixsocket', socket, '--dir', folder, '--save', '', '--appendonly', 'no', ...options];
  let child: ChildProcess | null = null;
  const start = async (): Promise<void> => {
    const server = spawn('redis-server', own, { cwd: folder, stdio: 'ignore' });
    child = server;
    await untilReady(socket, () => server.exitCode !== null);
  };
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    const server = child;
    child = null;
    if (server === null || server.exitCode !== null) return;
    const ended = new Promise((resolve) => server.once('exit', resolve));
    server.kill(signal);
    await ended;
  };
  scope.adopt('Redis', () => end('SIGTERM'));
  await start();
  return { url: `unix://${socket}`, socket, kill: () => end('SIGKILL'), restart: start, isOwn: true };
}

async function untilReady(socket: string, hasEnded: () => boolean): Promise<void> {
  const untilMs = performance.now() + PATIENCE_MS;
  while (!(await isOpen(socket))) {
    if (hasEnded()) throw new Error('tests: redis-server ended while it was starting');
    if (performance.now() > untilMs) throw new Error(`tests: redis-server did not open ${socket} in time`);
    await sleep(20);
  }
}

function isOpen(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createConnection(path);
    probe.once('error', () => resolve(false));
    probe.once('connect', () => {
      probe.destroy();
      resolve(true);
    });
  });
}
