/** The bundled server in a process of its own, as `npm start` runs it, in a folder that is thrown away afterwards. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { SERVER_FLAGS } from '../tools/server-flags.mjs';
import { dist, isStale, root } from '../tools/stale.ts';

export interface StartedServer {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** From spawning to the line with the address, in ms. */
  readonly startMs: number;
  /** Resident memory as the operating system counts it. */
  rssBytes(): number;
  /** Answer of `GET /system/memory`. */
  memory(): Promise<{ rssBytes: number; heapUsedBytes: number; externalBytes: number; census: CensusLine[] }>;
  /** Token of the file of the data folder, for changes. */
  readonly localToken: string;
  /** Ends it by SIGTERM; answers exit code and time. */
  stop(): Promise<{ readonly code: number | null; readonly ms: number }>;
}

export interface CensusLine {
  readonly name: string;
  readonly kind: string;
  readonly size: number;
  readonly capacity: number | null;
  readonly bytes: number;
}

export interface StartServerOptions {
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Further flags of Node. */
  readonly flags?: readonly string[];
}

export async function startBundledServer(options: StartServerOptions = {}): Promise<StartedServer> {
  if (isStale('server')) {
    const { status } = spawnSync(process.execPath, [join(root, 'tools/build.ts'), '--only=server'], {
      cwd: root,
      stdio: ['ignore', 2, 2],
    });
    if (status !== 0) throw new Error('the build failed; see above');
  }
  const data = mkdtempSync(join(tmpdir(), 'wyckoff-bench-'));
  const startedMs = performance.now();
  const child = spawn(
    process.execPath,
    [...SERVER_FLAGS, ...(options.flags ?? []), join(dist, 'main.mjs'), '--port', '0', '--data', data, ...(options.args ?? [])],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, WYCKOFF_LOG_LEVEL: 'info', ...options.env },
    },
  );
  const url = await addressOf(child);
  const startMs = performance.now() - startedMs;
  const pid = child.pid ?? 0;
  return {
    url,
    port: Number(new URL(url).port),
    pid,
    startMs,
    localToken: readFileSync(join(data, 'local-token'), 'utf8'),
    rssBytes: () => rssOf(pid),
    memory: async () =>
      (await (await fetch(`${url}/api/v1/system/memory`)).json()) as Awaited<ReturnType<StartedServer['memory']>>,
    stop: async () => {
      const beganMs = performance.now();
      child.kill('SIGTERM');
      if (child.exitCode === null) await once(child, 'exit');
      const ms = performance.now() - beganMs;
      rmSync(data, { recursive: true, force: true });
      return { code: child.exitCode, ms };
    },
  };
}

async function addressOf(child: ChildProcess): Promise<string> {
  if (child.stdout === null) throw new Error('the server has no output');
  const lines = createInterface({ input: child.stdout });
  for await (const line of lines) {
    const url = /"url":"(http:[^"]+)"/.exec(line)?.[1];
    if (url === undefined) continue;
    // Later lines are read and thrown away, so that the pipe never fills.
    child.stdout.on('data', () => undefined);
    child.stdout.resume();
    return url;
  }
  throw new Error(`the server ended before it was ready, exit code ${String(child.exitCode)}`);
}

function rssOf(pid: number): number {
  try {
    const kb = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return Number(kb) * 1024;
  } catch {
    const { stdout } = spawnSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' });
    return Number(stdout.trim()) * 1024;
  }
}

/** Waits until the replay has come to its end. */
export async function untilReplayed(server: StartedServer): Promise<void> {
  for (let turn = 0; turn < 600; turn += 1) {
    const health = (await (await fetch(`${server.url}/health`)).json()) as { feeds: { replay: { finished: boolean } | null }[] };
    if (health.feeds[0]?.replay?.finished === true) return;
    await sleep(100);
  }
  throw new Error('the replay did not finish within 60 s');
}

export const mb = (bytes: number): number => Math.round(bytes / 1e4) / 100;

/** Value at a fraction of the sorted samples; null without any. */
export function percentile(samples: readonly number[], fraction: number): number | null {
  const sorted = [...samples].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(fraction * sorted.length))] ?? null;
}

export const round = (value: number | null): number | null => (value === null ? null : Math.round(value * 100) / 100);
