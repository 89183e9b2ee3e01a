/** The verbs of trading as a person types them, against a real server and without one. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { haltAnswer, position, riskAnswer, signal, statisticsAnswer, tradingAnswer } from '@wyckoff/contracts';
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
    expect((await wyckoff('halt', '--level', 'FLATTEN', '--dry-run')).out).toMatch(/nothing was changed[\s\S]*(No entry works|would be cancelled)/); // prettier-ignore
    const resumed = await wyckoff('resume', '--reason', 'all is well', '--json');
    expect(tradingAnswer.parse(JSON.parse(resumed.out)).halt.level).toBe('OFF');
  });

  it('5.1 limits are listed with their use and changed within their caps; raising one needs its phrase', async () => {
    const tighter = await wyckoff('risk', '--set', 'heatBp=800', '--set', 'tradeBp=100', '--reason', 'a calm month');
    expect(tighter.out).toContain('heatBp: 1000 -> 800');
    expect(tighter.out).toMatch(/Portfolio heat +[\d,.]+ +[\d,.]+ +[\d,.]+ +[\d.]+% +normal +RK_HEAT/);
    const [raised, unknown] = await Promise.all([wyckoff('risk', '--set', 'heatBp=900'), wyckoff('risk', '--set', 'heat=9')]);
    expect([raised.code, raised.err]).toEqual([EXIT.usage, expect.stringContaining('--confirm "RAISE RISK"')]);
    expect(unknown.err).toContain('expected one of');
    expect((await wyckoff('risk', '--set', 'heatBp=900', '--confirm', 'RAISE RISK')).code).toBe(EXIT.done);
    const view = riskAnswer.parse(await (await fetch(`${server?.url ?? ''}/api/v1/risk`)).json());
    expect(view.settings.filter(({ field }) => field === 'heatBp' || field === 'tradeBp').map(({ value }) => value)).toEqual([100, 900]); // prettier-ignore
  });

  it('4.7 statistics are a table that says when there is too little, or one object', async () => {
    const [said, json] = await Promise.all([wyckoff('statistics', '--from', '2000-01-01'), wyckoff('statistics', '--by', 'stage', '--json')]); // prettier-ignore
    expect(said.out).toMatch(/^all .*not enough data/m);
    expect(said.out).toContain('refused by');
    expect(statisticsAnswer.parse(JSON.parse(json.out)).groupBy).toBe('stage');
  });

  it('4.6 automation shows the words, and is switched on only when they are agreed to and its phrase is typed', async () => {
    const words = await wyckoff('automation', 'on', '--max-trades', '3', '--confirm', 'ENABLE AUTOMATION');
    expect([words.code, words.err]).toEqual([EXIT.usage, expect.stringContaining('at most 3 automatic entries')]);
    const on = await wyckoff('automation', 'on', '--max-trades', '3', '--agree', '--confirm', 'ENABLE AUTOMATION');
    expect(on.out).toMatch(/automation on: agreed by local/);
    expect((await wyckoff('acceptance', 'queue', '--minutes', '30', '--timeframe', '1d', '--confirm', 'CHANGE ACCEPTANCE')).out).toContain('acceptance queue'); // prettier-ignore
    const reset = await wyckoff('reset', 'drawdown', '--reason', 'looked at', '--confirm', 'RESET DRAWDOWN');
    expect(reset.out).toMatch(/going live: not eligible by account replay: 0 of 90 days, 0 of 30 closed trades/);
  });

  it('8.1 reset paper archives the account after its phrase; the next one has the capital that was said', async () => {
    const asked = await wyckoff('reset', 'paper', '--capital', '25000', '--reason', 'anew');
    expect([asked.code, asked.err]).toEqual([EXIT.usage, expect.stringContaining('RESET PAPER')]);
    expect((await wyckoff('reset', 'paper', '--capital', '10', '--reason', 'anew')).code).toBe(EXIT.usage);
    const done = await wyckoff('reset', 'paper', '--capital', '25000', '--costs', 'per-share', '--reason', 'anew', '--confirm', 'RESET PAPER'); // prettier-ignore
    expect(done.out).toMatch(/^account replay-2: REPLAY$/m);
  });

  it('interface 8: orders, stops and exits say what they are about, or why not', async () => {
    const [orders, stop, exit] = await Promise.all([wyckoff('orders', '--limit', '2'), wyckoff('stop', 'nosuch', '100'), wyckoff('exit', 'nosuch', '--ratio', '0.5')]); // prettier-ignore
    expect(orders.out).toMatch(/SPX +(buy|sell)/);
    expect(stop.err).toContain('expected an open position');
    expect(exit.code).toBe(EXIT.refused);
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
