/** A verb of the command line in a process of its own, as a person runs it. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const CLI = join(import.meta.dirname, '../../packages/server/src/cli/main.ts');

export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** A folder to work in, with what is compiled once for all processes started in it. */
export class VerbFolder implements Disposable {
  readonly path = mkdtempSync(join(tmpdir(), 'wyckoff-verb-'));
  readonly #env: Readonly<Record<string, string>>;

  constructor(env: Readonly<Record<string, string>> = {}) {
    this.#env = env;
  }

  run(...args: readonly string[]): Promise<Ended> {
    const child = spawn(process.execPath, [CLI, ...args], {
      cwd: this.path,
      env: { ...process.env, NODE_COMPILE_CACHE: join(tmpdir(), 'wyckoff-verb-compiled'), DATABASE_URL: '', ...this.#env },
    });
    let [out, err] = ['', ''];
    child.stdout.on('data', (data: Buffer) => (out += data.toString()));
    child.stderr.on('data', (data: Buffer) => (err += data.toString()));
    return new Promise((resolve) => child.on('close', (code) => resolve({ code, out, err })));
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}
