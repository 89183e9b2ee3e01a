/** The verbs of trading as a person types them, against a real server and without one. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { haltAnswer, position, signal, tradingAnswer } from '@wyckoff/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningServer, startServer } from '../../main.ts';
import { EXIT } from '../exit-codes.ts';

const main = join(import.meta.dirname, '..', 'main.ts');
let data: string;
let server: RunningServer | null = null;

interface Said {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

function wyckoff(...words: readonly string[]): Promise<Said> {
  return new Promise((resolve) => {
    execFile(process.execPath, ['--disable-warning=ExperimentalWarning', main, ...words, '--data', data], (error, out, err) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, out, err });
    });
  });
}

beforeAll(async () => {
  data = mkdtempSync(join(tmpdir(), 'wyckoff-verbs-'));
  server = await startServer({ port: 0, logLevel: 'silent', speed: 'max', data });
  for (let more = true; more;) {
    const { feeds } = (await (await fetch(`${server.url}/health`)).json()) as { feeds: { replay: { finished: boolean } }[] };
    more = !feeds[0].replay.finished;
    await new Promise((resolve) => setImmediate(resolve));
  }
});
afterAll(async () => {
  await server?.stop();
  rmSync(data, { recursive: true, force: true });
});

describe('interface 8 the verbs of trading', () => {
  it('interface 8: signals and positions are lines of JSON in the form of the contract', async () => {
    const lines = ({ out }: Said): unknown[] => out.trim().split('\n').map((line) => JSON.parse(line) as unknown); // prettier-ignore
    const signals = lines(await wyckoff('signals', '--limit', '3', '--json'));
    expect(signals.map((line) => signal.parse(line))).toHaveLength(3);
    expect(lines(await wyckoff('positions', '--limit', '2', '--json')).map((line) => position.parse(line))).toHaveLength(2);
    expect((await wyckoff('signals', '--limit', '1')).out).toContain('SPX');
  });

  it('7.6 halt, drill and resume reach the running server; FLATTEN needs the word', async () => {
    const halted = await wyckoff('halt', '--reason', 'a test', '--json');
    expect(halted.code).toBe(EXIT.done);
    expect(haltAnswer.parse(JSON.parse(halted.out)).halt).toMatchObject({ level: 'STOP', stored: true });
    expect((await wyckoff('halt', '--level', 'FLATTEN')).code).toBe(EXIT.usage);
    expect((await wyckoff('halt', '--level', 'FLATTEN', '--dry-run')).out).toContain('nothing was changed');
    const resumed = await wyckoff('resume', '--reason', 'all is well', '--json');
    expect(tradingAnswer.parse(JSON.parse(resumed.out)).halt.level).toBe('OFF');
  });

  it('interface 8: what a rule refuses ends with 7, wrong usage with 2', async () => {
    expect((await wyckoff('approve', 'nosuch')).code).toBe(EXIT.refused);
    expect((await wyckoff('reject', 'nosuch')).code).toBe(EXIT.usage);
  });

  it('7.6 without a server the halt is left in the folder, and the next server starts halted', async () => {
    await server?.stop();
    server = null;
    expect((await wyckoff('signals')).code).toBe(EXIT.unreachable);
    expect((await wyckoff('halt', '--reason', 'no server')).code).toBe(EXIT.done);
    expect(JSON.parse(readFileSync(join(data, 'halt.json'), 'utf8'))).toMatchObject({ level: 'STOP', reason: 'no server' });
    server = await startServer({ port: 0, logLevel: 'silent', speed: 'max', data });
    const state = (await (await fetch(`${server.url}/api/v1/trading`)).json()) as { halt: { level: string } };
    expect(state.halt.level).toBe('STOP');
  });
});
