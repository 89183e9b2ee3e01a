/** `wyckoff download` as a person runs it, against servers that page, limit, cut, lie and change their minds. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync, existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openSqliteStore } from '../../packages/server/src/store/sqlite/sqlite-store.ts';
import { AlpacaDataServer, ALPACA_KEY } from './alpaca-data-server.ts';
import { BinanceDataServer } from './binance-data-server.ts';
import type { RestFault } from './data-server.ts';
import { tapeBar } from './tape.ts';

const CLI = join(import.meta.dirname, '../../packages/server/src/cli/main.ts');
const FROM = Date.UTC(2022, 0, 1);
const DAY = 86_400_000;

/** Compiled once for all processes of this file: most of what a short run costs is reading the program. */
const COMPILED = mkdtempSync(join(tmpdir(), 'wyckoff-compiled-'));
afterAll(() => rmSync(COMPILED, { recursive: true, force: true }));

let folder: string;
let binance: BinanceDataServer;
let alpaca: AlpacaDataServer;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'wyckoff-download-'));
  binance = new BinanceDataServer();
  alpaca = new AlpacaDataServer();
  await binance.listen();
  await alpaca.listen();
  for (let n = 0; n < 300; n += 1) binance.tape.add('BTCUSDT', '1d', tapeBar(FROM, '1d', n));
});
afterEach(async () => {
  await binance.close();
  await alpaca.close();
  rmSync(folder, { recursive: true, force: true });
});

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

interface Line {
  readonly event: string;
  readonly [field: string]: unknown;
}

function start(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): { readonly ended: Promise<Ended>; readonly kill: (signal: NodeJS.Signals) => void } {
  const urls = { WYCKOFF_BINANCE_DATA_URL: binance.url, WYCKOFF_ALPACA_DATA_URL: alpaca.url };
  const keys = { APCA_API_KEY_ID: ALPACA_KEY.id, APCA_API_SECRET_KEY: ALPACA_KEY.secret };
  const child = spawn(process.execPath, [CLI, 'download', ...args], {
    cwd: folder,
    env: { ...process.env, NODE_COMPILE_CACHE: COMPILED, DATABASE_URL: '', ...urls, ...keys, ...env },
  });
  let [out, err] = ['', ''];
  child.stdout.on('data', (data: Buffer) => (out += data.toString()));
  child.stderr.on('data', (data: Buffer) => (err += data.toString()));
  return {
    ended: new Promise((resolve) => child.on('close', (code) => resolve({ code, out, err }))),
    kill: (signal) => void child.kill(signal),
  };
}

const run = (...args: readonly string[]): Promise<Ended> => start(args).ended;
const linesOf = ({ out }: Ended): Line[] => out.trim().split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as Line); // prettier-ignore
/** The months of a coin that every download here asks for. */
const months = (...target: string[]): string[] =>
  `--provider binance --symbols BTCUSDT --from 2022-01-01 --to 2022-10-28 --json -q`.split(' ').concat(target);
const coin = (...more: string[]): string[] => months('--data', folder, ...more);

async function stored(symbol = 'BTCUSDT', timeframe: '1d' | '1h' = '1d'): Promise<{ time: number; close: number }[]> {
  const store = openSqliteStore({ path: join(folder, 'wyckoff.db') });
  try {
    const series = await store.findSeries(symbol, timeframe);
    if (series === null) return [];
    const columns = await store.barsAfter(series, { limit: 10_000 });
    return Array.from({ length: columns.length }, (_, i) => ({ time: columns.time[i], close: columns.close[i] }));
  } finally {
    store.close();
  }
}

const onTape = (): { time: number; close: number }[] =>
  binance.tape.of('BTCUSDT', '1d').map(({ time, close }) => ({ time, close }));

describe('issue 5.6 download into the store', () => {
  it('pages through, and repeating it changes nothing', async () => {
    binance.pageSize = 70;
    const first = await run(...coin());
    expect(first.code).toBe(0);
    expect(linesOf(first)).toMatchObject([
      { event: 'result', fetched: 300, inserted: 300, corrected: 0, rejected: 0, missing: 0, quality: 100 },
    ]);
    expect(await stored()).toEqual(onTape());
    expect(binance.asked.length).toBeGreaterThanOrEqual(5);
    const again = await run(...coin());
    expect(linesOf(again)).toMatchObject([{ event: 'result', fetched: 300, inserted: 0, corrected: 0, duplicates: 300 }]);
    expect(await stored()).toEqual(onTape());
  });

  it('the revision alarm names each changed bar with its old and new values and ends well, with a warning', async () => {
    await run(...coin());
    const old = onTape();
    for (const n of [17, 230])
      binance.tape.add('BTCUSDT', '1d', { ...tapeBar(FROM, '1d', n), close: tapeBar(FROM, '1d', n).close + 0.25 });
    const ended = await run(...coin());
    expect(ended.code).toBe(0);
    const lines = linesOf(ended);
    expect(lines.map(({ event }) => event)).toEqual(['bar.revised', 'bar.revised', 'warning', 'result']);
    expect(lines[0]).toMatchObject({
      symbol: 'BTCUSDT',
      timeframe: '1d',
      time: new Date(FROM + 17 * DAY).toISOString(),
      old: { close: old[17].close },
      now: { close: old[17].close + 0.25 },
    });
    expect(lines[2]).toMatchObject({ code: 'BARS_REVISED', count: 2 });
    expect(lines[3]).toMatchObject({ inserted: 0, corrected: 2, duplicates: 298 });
    expect(await stored()).toEqual(onTape());
    const plain = await run(...coin().filter((word) => word !== '--json'));
    expect(plain.out).not.toContain('revised');
  });

  it.each(['429', '500', 'reset', 'slow', 'reverse', 'duplicate', 'overlap', 'nan'] as const satisfies readonly RestFault[])(
    'a provider that answers with %s: nothing lost, nothing invented',
    async (fault) => {
      binance.pageSize = 100;
      binance.faults.push('slow', fault);
      const ended = await run(...coin());
      expect(ended.code).toBe(0);
      expect(await stored()).toEqual(onTape());
      if (fault === 'nan') expect(linesOf(ended)).toMatchObject([{ rejected: 1, inserted: 300 }]);
      if (fault === 'duplicate') expect(linesOf(ended)).toMatchObject([{ inserted: 300, duplicates: 100, corrected: 0 }]);
    },
  );

  it.each([
    ['html', 1, /DATA_MALFORMED: binance .*expected JSON, was "<!DOCTYPE html>/],
    ['cut', 1, /DATA_MALFORMED.*expected JSON/],
    ['403', 2, /DATA_REFUSED/],
    ['stuck', 1, /DATA_STUCK/],
  ] as const)(
    'a provider that answers with %s ends with %d and a clear sentence; what came before is kept, --resume goes on',
    async (fault, code, says) => {
      binance.pageSize = 100;
      binance.faults.push('slow', 'slow', fault);
      const ended = await run(...coin());
      expect(ended.code).toBe(code);
      expect(ended.err).toMatch(says);
      expect(await stored()).toEqual(onTape().slice(0, 200));
      const asked = binance.asked.length;
      const resumed = await run(...coin('--resume'));
      expect(resumed.code).toBe(0);
      expect(linesOf(resumed)).toMatchObject([
        { event: 'result', from: new Date(FROM + 199 * DAY).toISOString(), inserted: 100 },
      ]);
      expect(binance.asked.length - asked).toBeLessThanOrEqual(3);
      expect(await stored()).toEqual(onTape());
    },
  );

  it('killed at any moment it goes on with --resume and the store is what one run leaves', async () => {
    binance.pageSize = 10;
    for (const afterPages of [2, 7, 15]) {
      const asked = binance.asked.length;
      binance.faults.push(...Array.from({ length: 40 }, () => 'slow' as const));
      const process = start(coin('--resume'));
      while (binance.asked.length < asked + afterPages) await new Promise((resolve) => setTimeout(resolve, 5));
      process.kill('SIGKILL');
      await process.ended;
      binance.faults.length = 0;
    }
    expect((await stored()).length).toBeGreaterThan(0);
    expect((await run(...coin('--resume'))).code).toBe(0);
    expect(await stored()).toEqual(onTape());
  });

  it('Ctrl-C ends it with 130 and keeps what was written', async () => {
    binance.pageSize = 10;
    binance.faults.push(...Array.from({ length: 40 }, () => 'slow' as const));
    const process = start(coin());
    while (binance.asked.length < 4) await new Promise((resolve) => setTimeout(resolve, 5));
    const at = performance.now();
    process.kill('SIGINT');
    const ended = await process.ended;
    expect(performance.now() - at).toBeLessThan(2000);
    expect(ended.code).toBe(130);
    expect((await stored()).length).toBeGreaterThanOrEqual(10);
  });

  it('BAR_GAP and BAR_ZERO_VOLUME are counted into the quality, an open bar is left out', async () => {
    binance.tape.of('BTCUSDT', '1d').splice(100, 30);
    binance.tape.add('BTCUSDT', '1d', { ...tapeBar(FROM, '1d', 5), volume: 0 });
    const today = Math.floor(Date.now() / DAY) * DAY;
    binance.tape.add('ETHUSDT', '1d', { ...tapeBar(FROM, '1d', 0), time: today - DAY });
    binance.tape.add('ETHUSDT', '1d', { ...tapeBar(FROM, '1d', 1), time: today });
    expect(linesOf(await run(...coin()))).toMatchObject([{ inserted: 270, missing: 30, zeroVolume: 1 }]);
    const open = await run('--provider', 'binance', '--symbols', 'ETH/USDT', '--from', new Date(today - 3 * DAY).toISOString().slice(0, 10), '--json', '-q', '--data', folder); // prettier-ignore
    expect(linesOf(open)).toMatchObject([{ inserted: 1, open: 1 }]);
  });
});

describe('issue 5.6 download of Alpaca', () => {
  it('follows page tokens, waits after 429, and makes hours of complete half hours in session time', async () => {
    alpaca.pageSize = 7;
    alpaca.faults.push('slow', '429');
    // Tuesday 2024-03-05: 09:00 to 16:00 in New York, pre-market included; Wednesday lacks its second half hour.
    for (let n = 0; n < 14; n += 1) alpaca.tape.add('SPY', '30m', tapeBar(Date.UTC(2024, 2, 5, 14), '30m', n));
    for (let n = 1; n < 14; n += 1) if (n !== 2) alpaca.tape.add('SPY', '30m', tapeBar(Date.UTC(2024, 2, 6, 14), '30m', n));
    const ended = await run(
      '--provider',
      'alpaca',
      '--symbols',
      'SPY',
      '-t',
      '1h',
      '--from',
      '2024-03-05',
      '--to',
      '2024-03-07',
      '--json',
      '-q',
      '--data',
      folder,
    );
    expect(ended.err).toBe('');
    const [result] = linesOf(ended);
    expect(result).toMatchObject({ event: 'result', incomplete: 1, rejected: 0 });
    const hours = (await stored('SPY', '1h')).map(({ time }) => new Date(time).toISOString().slice(5, 16));
    expect(hours).toEqual([
      ...['14:30', '15:30', '16:30', '17:30', '18:30', '19:30', '20:30'].map((at) => `03-05T${at}`),
      ...['15:30', '16:30', '17:30', '18:30', '19:30', '20:30'].map((at) => `03-06T${at}`),
    ]);
  });

  const daily = (...more: string[]): Promise<Ended> => run('--provider', 'alpaca', '--symbols', 'SPY', '--from', '2022-01-01', '--to', '2022-10-28', '--calendar', '24/7', '--json', '-q', '--data', folder, ...more); // prettier-ignore
  const tape = (): void => {
    for (let n = 0; n < 300; n += 1) alpaca.tape.add('SPY', '1d', tapeBar(FROM, '1d', n));
  };
  const spy = (): { time: number; close: number }[] => alpaca.tape.of('SPY', '1d').map(({ time, close }) => ({ time, close }));

  it.each([
    ['html', 1, /DATA_MALFORMED: alpaca .*expected JSON, was "<!DOCTYPE html>/],
    ['cut', 1, /DATA_MALFORMED.*expected JSON/],
    ['stuck', 1, /DATA_STUCK: .*the same token came again/],
  ] as const)(
    'answers with %s end with %d and a clear sentence, what came before is kept, --resume goes on',
    async (fault, code, says) => {
      tape();
      alpaca.pageSize = 100;
      // The first answer is about splits; a token that stays the same is known the second time.
      alpaca.faults.push('slow', 'slow', 'slow', fault, ...(fault === 'stuck' ? ([fault] as const) : []));
      const ended = await daily();
      expect([ended.code, ended.err]).toEqual([code, expect.stringMatching(says)]);
      const kept = await stored('SPY');
      expect(kept).toEqual(spy().slice(0, kept.length));
      expect(kept.length).toBeGreaterThanOrEqual(200);
      expect((await daily('--resume')).code).toBe(0);
      expect(await stored('SPY')).toEqual(spy());
    },
  );

  it('page tokens that lead round in a circle end as DATA_STUCK, with every bar that came', async () => {
    tape();
    alpaca.pageSize = 50;
    alpaca.circle = true;
    const ended = await daily();
    expect([ended.code, ended.err]).toEqual([1, expect.stringMatching(/DATA_STUCK: .*20 of them brought nothing later/)]);
    expect(alpaca.asked.length).toBeLessThan(40);
    expect(await stored('SPY')).toEqual(spy().slice(0, 200));
  });

  it.each(['reverse', 'duplicate', 'overlap', 'nan', '429'] as const)(
    'a page with %s: nothing lost, nothing invented',
    async (fault) => {
      tape();
      alpaca.pageSize = 100;
      // Retry-After as a date, the other of its two forms.
      alpaca.retryAfterAsDate = true;
      alpaca.faults.push('slow', 'slow', fault);
      const ended = await daily();
      expect([ended.code, ended.err]).toEqual([0, '']);
      expect(await stored('SPY')).toEqual(spy());
    },
  );

  it('without a key, or with a wrong one, it says so and prints none', async () => {
    const args = ['--provider', 'alpaca', '--symbols', 'SPY', '--from', '2024-03-05', '--data', folder];
    const none = await start(args, { APCA_API_KEY_ID: '' }).ended;
    expect(none.code).toBe(2);
    expect(none.err).toContain('APCA_API_KEY_ID');
    const wrong = await start(args, { APCA_API_SECRET_KEY: 'wrong-secret-value' }).ended;
    expect(wrong.code).toBe(2);
    expect(wrong.err).toContain('DATA_REFUSED');
    expect(wrong.err + wrong.out).not.toMatch(new RegExp(`wrong-secret-value|${ALPACA_KEY.id}`));
  });
});

describe('issue 5.6 download into a file', () => {
  const out = (...more: string[]): string[] => months('--out', 'b.csv', ...more);
  const file = (): string[] => readFileSync(join(folder, 'b.csv'), 'utf8').trim().split('\n');

  it('writes a CSV that import reads, reports revisions against the file, and leaves nothing beside it', async () => {
    expect((await run(...out())).code).toBe(0);
    expect(file()).toHaveLength(301);
    expect(file()[1]).toBe(
      `2022-01-01,${[tapeBar(FROM, '1d', 0)].map(({ open, high, low, close, volume }) => [open, high, low, close, volume].join(',')).join('')}`,
    );
    binance.tape.add('BTCUSDT', '1d', { ...tapeBar(FROM, '1d', 9), volume: 1 });
    const again = linesOf(await run(...out()));
    expect(again.map(({ event }) => event)).toEqual(['bar.revised', 'warning', 'result']);
    expect(file()[10]).toMatch(/,1$/);
    expect(existsSync(join(folder, 'b.csv.part'))).toBe(false);
    expect(existsSync(join(folder, 'b.csv.resume.json'))).toBe(false);
  });

  it('a kill in the middle of a line costs that line only', async () => {
    binance.pageSize = 100;
    binance.faults.push('slow', 'slow', 'html');
    expect((await run(...out())).code).toBe(1);
    const part = join(folder, 'b.csv.part');
    writeFileSync(part, readFileSync(part, 'utf8').slice(0, -3));
    expect((await run(...out('--resume'))).code).toBe(0);
    expect(file()).toHaveLength(301);
    expect(file().at(-1)).toMatch(/^2022-10-27/);
  });

  it('a file that is no CSV of bars is refused and left as it is', async () => {
    writeFileSync(join(folder, 'b.csv'), 'dear diary');
    const ended = await run(...out());
    expect(ended.code).toBe(2);
    expect(readFileSync(join(folder, 'b.csv'), 'utf8')).toBe('dear diary');
  });
});

describe('wrong usage of download', () => {
  it.each([
    [['--provider', 'yahoo', '--symbols', 'SPY', '--from', '2020-01-01'], 2, /expected alpaca, binance/],
    [['--provider', 'binance', '--symbols', 'a b', '--from', '2020-01-01'], 2, /expected 1-20 of/],
    [['--provider', 'binance', '--symbols', 'BTCUSDT', '--from', 'yesterday'], 2, /expected a date/],
    [['--provider', 'binance', '--symbols', 'BTCUSDT', '--from', '2020-02-01', '--to', '2020-01-01'], 2, /--from before --to/],
    [['--provider', 'binance', '--symbols', 'A,B', '--from', '2020-02-01', '--out', 'x.csv'], 2, /\{symbol\}/],
    [['--provider', 'ccxt:kraken', '--symbols', 'BTC/USD', '--from', '2020-02-01'], 3, /npm install ccxt/],
  ] as const)('%j is told', async (args, code, says) => {
    const ended = await run(...args);
    expect(ended.code).toBe(code);
    expect(ended.err).toMatch(says);
  });
});
