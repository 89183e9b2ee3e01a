/** The server as a process: address, ports, signals, exit codes (L7, interface 8). */
import { Scope } from '@wyckoff/bounded';
import Database from 'better-sqlite3';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { runtimeRefusal } from './run.ts';
import { openSession } from './session/open.ts';

const entry = join(import.meta.dirname, '..', '..', '..', 'tools', 'serve.ts');
const children: ChildProcess[] = [];
const folders: string[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'wyckoff-run-'));
  folders.push(made);
  return made;
}

class Started {
  readonly child: ChildProcess;
  out = '';
  err = '';
  readonly exit: Promise<number | null>;

  constructor(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
    this.child = spawn(process.execPath, [entry, ...args], {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    children.push(this.child);
    this.child.stdout?.on('data', (text: Buffer) => (this.out += text.toString()));
    this.child.stderr?.on('data', (text: Buffer) => (this.err += text.toString()));
    this.exit = once(this.child, 'exit').then(([code]) => code as number | null);
  }

  async url(): Promise<string> {
    while (this.child.exitCode === null) {
      const url = /"url":"(http:[^"]+)"/.exec(this.out)?.[1];
      if (url !== undefined) return url;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    throw new Error(`ended with ${String(this.child.exitCode)}: ${this.err}`);
  }
}

describe('the server process', () => {
  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    'L7 %s ends it with exit code 0 without waiting for anybody, sockets told 1001, repeated signals ignored',
    async (signal) => {
      const started = new Started(['--port', '0', '--data', folder(), '--speed', '200']);
      const url = await started.url();
      const socket = new WebSocket(`${url.replace('http', 'ws')}/ws`, 'wyckoff.v1', { headers: { origin: url } });
      const told = once(socket, 'close');
      await once(socket, 'open');
      const began = performance.now();
      for (let i = 0; i < 3; i += 1) started.child.kill(signal);
      expect(await started.exit).toBe(0);
      // A connection that is kept alive would hold it for 5 s, one that is left to its deadline for longer.
      expect(performance.now() - began).toBeLessThan(4_500);
      expect(((await told) as [number])[0]).toBe(1001);
      expect(started.err).toBe('');
    },
  );

  it('a taken port: it is named, and the next free one is used', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    const started = new Started(['--data', folder(), '--paused'], { PORT: String(port) });
    const url = await started.url();
    expect(Number(new URL(url).port)).toBeGreaterThan(port);
    expect(started.err).toContain(`port ${port} is taken by another program; using the next free one, ${new URL(url).port}`);
    expect((await fetch(`${url}/health/live`)).status).toBe(200);
    started.child.kill('SIGTERM');
    expect(await started.exit).toBe(0);
    other.close();
  });

  it('a second start on the data of a running server is told of the store, not of the port', async () => {
    const data = folder();
    const first = new Started(['--port', '0', '--data', data, '--paused']);
    const { port } = new URL(await first.url());
    const second = new Started(['--port', port, '--data', data, '--paused']);
    expect(await second.exit).toBe(6);
    expect(second.err).toMatch(/^wyckoff: store\.locked: .* in use by another wyckoff/);
    expect(second.err).not.toContain('port');
    expect((await fetch(`http://127.0.0.1:${port}/health/live`)).status).toBe(200);
    first.child.kill('SIGTERM');
    expect(await first.exit).toBe(0);
  });

  it('the log says how the engine came back: new, from a snapshot, or why by stepping again', async () => {
    const data = folder();
    const logOfStart = async (): Promise<string> => {
      const started = new Started(['--port', '0', '--data', data, '--paused']);
      await started.url();
      started.child.kill('SIGTERM');
      expect(await started.exit).toBe(0);
      return started.out;
    };
    expect(await logOfStart()).toMatch(/"bars":0,.*a new session/);
    const scope = new Scope({ name: 'test' });
    const { desk } = await openSession({ scope, storePath: join(data, 'wyckoff.db'), speed: null, snapshotEvery: 1 });
    while ((desk.replay.state().replay?.position ?? 0) < 5) await turn();
    await scope.dispose();
    expect(await logOfStart()).toMatch(/"bars":\d+,"fromSnapshot":\d+,"restepped":\d+,.*"resumed"/);
    // Damaged on the disk, and whole but of another program.
    for (const bytes of [Buffer.from('damaged'), gzipSync('of another program')]) {
      const database = new Database(join(data, 'wyckoff.db'));
      database.exec("delete from blobs where owner_kind = 'ENGINE' and n > 0");
      database.prepare("update blobs set bytes = ? where owner_kind = 'ENGINE'").run(bytes);
      database.close();
      expect(await logOfStart()).toMatch(/"fromSnapshot":0,"restepped":\d+,"snapshotRefused":"\w+.*the snapshot was refused/);
    }
  });

  it('--help says what every option does', async () => {
    const started = new Started(['--help']);
    expect(await started.exit).toBe(0);
    for (const option of ['--port', '--speed', '--data', '--host', '--paused'])
      expect(started.out).toMatch(new RegExp(`^ +${option}( \\S+)? +\\w.{20,}$`, 'm'));
  });

  it('wrong settings exit 3 and name every fault; a wrong option exits 2', async () => {
    const wrong = new Started(['--port', 'many', '--host', '0.0.0.0', '--data', folder()]);
    expect(await wrong.exit).toBe(3);
    expect(wrong.err).toMatch(/config\.invalid {2}server\.port[\s\S]*config\.bind_needs_users {2}server\.host/);
    const unknown = new Started(['--prot', '1']);
    expect(await unknown.exit).toBe(2);
    expect(unknown.err).toContain('usage');
  });

  it('a store that is no store is reported with what to do, exit 6, and left untouched', async () => {
    const data = folder();
    const file = join(data, 'wyckoff.db');
    writeFileSync(file, 'this is a letter to my aunt, not a database at all '.repeat(40));
    const before = readFileSync(file);
    const started = new Started(['--port', '0', '--data', data]);
    expect(await started.exit).toBe(6);
    expect(started.err).toMatch(/store\.\w+: [\s\S]*--data/);
    expect(readFileSync(file).equals(before)).toBe(true);
  });

  it('an older Node is told what to do', () => {
    expect(runtimeRefusal('20.19.0')).toMatch(/expected Node 24 or newer, was 20\.19\.0.*npm start/);
    expect(runtimeRefusal('24.0.0')).toBe(null);
  });
});
