import { createBarColumns } from '@wyckoff/domain';
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { csvBars } from './bar-sink.ts';
import { csvSink } from './row-sink.ts';

const MAIN = new URL('../../cli/main.ts', import.meta.url).pathname;
const START = Date.UTC(2020, 0, 1);
const env = { ...process.env, DATABASE_URL: '' };

let folder = '';
const ROWS = 70_000;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'wyckoff-export-'));
  const rows = Array.from(
    { length: ROWS },
    (_, n) => `${START + n * 60_000},${100 + n / 8},${101 + n / 8},${99 + n / 8},${100 + n / 8},${n}`,
  );
  writeFileSync(join(folder, 'abc.csv'), `time,open,high,low,close,volume\n${rows.join('\n')}\n`);
  expect(wyckoff('import', join(folder, 'abc.csv'), '-t', '1m').status).toBe(0);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function wyckoff(...words: string[]) {
  return spawnSync(process.execPath, [MAIN, ...words, '--data', join(folder, 'data'), '--quiet'], {
    encoding: 'utf8',
    env,
    maxBuffer: 64e6,
  });
}

describe('issue 4.6: export', () => {
  it.each(['csv', 'ndjson', 'parquet'])('export-1 bars as %s, imported again elsewhere, are the same bars', (format) => {
    const out = join(folder, `out.${format}`);
    const { status, stdout } = wyckoff('export', 'bars', '-s', 'ABC', '-t', '1m', '--out', out, '--json');
    expect([status, JSON.parse(stdout)]).toEqual([0, { what: 'bars', symbol: 'ABC', timeframe: '1m', rows: ROWS, format, out }]);
    // Into the store they came from: each of them is there already.
    const again = wyckoff('import', out, '-s', 'ABC', '-t', '1m', '--json');
    expect(JSON.parse(again.stdout)).toMatchObject({ read: ROWS, inserted: 0, corrected: 0, duplicate: ROWS, refused: 0 });
  });

  it('export-4 neither the store itself nor what is no ordinary file is replaced', () => {
    const to = (out: string) => wyckoff('export', 'bars', '-s', 'ABC', '-t', '1m', '--out', out);
    const store = to(join(folder, 'data', 'wyckoff.db'));
    expect([store.status, store.stderr]).toEqual([2, expect.stringContaining('is the store itself') as string]);
    expect(to(folder).stderr).toContain('is no ordinary file');
    // The store was left whole: the bars are still in it.
    expect(to(join(folder, 'after.csv')).status).toBe(0);
  });

  it('export-2 a span as NDJSON on standard output', () => {
    const { stdout } = wyckoff(
      'export',
      'bars',
      '-s',
      'ABC',
      '-t',
      '1m',
      '--from',
      '2020-01-01T00:02:00Z',
      '--to',
      '2020-01-01T00:03:00Z',
      '-f',
      'ndjson',
    );
    expect(stdout.trim().split('\n').map((line) => JSON.parse(line) as unknown)).toEqual([2, 3].map((n) => ({ symbol: 'ABC', timeframe: '1m', time: START + n * 60_000, open: 100 + n / 8, high: 101 + n / 8, low: 99 + n / 8, close: 100 + n / 8, volume: n }))); // prettier-ignore
  });

  it('export-3 what is not in the store, and Parquet without a file, are told with exit 2 and leave no file', () => {
    const out = join(folder, 'none.csv');
    expect(wyckoff('export', 'bars', '-s', 'XYZ', '--out', out)).toMatchObject({ status: 2, stderr: expect.stringContaining('is not in the store') as string }); // prettier-ignore
    expect(existsSync(out) || existsSync(`${out}.partial`)).toBe(false);
    expect(wyckoff('export', 'bars', '-s', 'ABC', '-t', '1m', '-f', 'parquet').status).toBe(2);
    expect(wyckoff('export', 'events', '-s', 'ABC', '-t', '1m').stdout).toMatch(/^symbol,timeframe,id,kind/);
    expect(wyckoff('export', 'trades', '-s', 'ABC', '-t', '1m').stdout).toMatch(/^id,symbol,direction/);
  });

  it('export-4 a reader that leaves ends it quietly', async () => {
    const child = spawn(process.execPath, [MAIN, 'export', 'bars', '-s', 'ABC', '-t', '1m', '--data', join(folder, 'data')], {
      env,
    });
    await once(child.stdout, 'data');
    child.stdout.destroy();
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
    // Not 'exit': what it said may still be in the pipe then.
    await once(child, 'close');
    expect(said).not.toContain('at ');
  });

  it('M5 an exported bar makes no object; the twin that makes an array of cells for each is seen', () => {
    const measured = (...cheat: string[]): { format: string; bytesPerBar: number }[] => {
      const words = ['--expose-gc', '--max-semi-space-size=256', join(import.meta.dirname, '../../../../../bench/export-allocation.ts')]; // prettier-ignore
      const { stdout } = spawnSync(process.execPath, [...words, ...cheat], { encoding: 'utf8', env });
      return stdout.trim().split('\n').map((line) => JSON.parse(line) as { format: string; bytesPerBar: number }); // prettier-ignore
    };
    const columns = measured();
    expect(columns.map(({ format }) => format)).toEqual(['csv', 'ndjson', 'parquet']);
    for (const { bytesPerBar } of columns) expect(bytesPerBar).toBeLessThan(16);
    for (const { bytesPerBar } of measured('--cheat')) expect(bytesPerBar).toBeGreaterThan(64);
  });

  it('L1 a slow reader of bars is waited for', async () => {
    const out = new PassThrough({ highWaterMark: 16_384 });
    const sink = csvBars({ symbol: 'X', timeframe: '1m' }, out);
    const bars = createBarColumns(10_000);
    bars.length = 10_000;
    let written = 0;
    const writing = (async () => {
      for (; written < 50; written += 1) await sink.write(bars);
      await sink.finish();
      out.end();
    })();
    for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    expect(written).toBe(0);
    let lines = 0;
    for await (const chunk of out) lines += String(chunk).split('\n').length - 1;
    await writing;
    expect(lines).toBe(1 + 50 * 10_000);
  });

  it('L1 a slow reader is waited for: what is written ahead stays below one buffer', async () => {
    const out = new PassThrough({ highWaterMark: 16_384 });
    const sink = csvSink([{ name: 'text', type: 'text' }], out);
    let written = 0;
    const writing = (async () => {
      for (; written < 100_000; written += 1) await sink.write(['x'.repeat(100)]);
      await sink.finish();
      out.end();
    })();
    for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    expect(written).toBeLessThan(2_000);
    let read = 0;
    for await (const chunk of out) read += (chunk as Buffer).length;
    await writing;
    expect(read).toBe(5 + 100_000 * 101);
  });

  it('L1 cells are quoted, and what a spreadsheet would run is made text', async () => {
    const out = new PassThrough();
    const sink = csvSink([{ name: 'a', type: 'text' }, { name: 'b', type: 'float' }, { name: 'c', type: 'time' }], out); // prettier-ignore
    await sink.write(['=1+1', -2, 0]);
    await sink.write(['a "b", c', null, null]);
    await sink.write(['-5', 1, null]);
    await sink.finish();
    out.end();
    expect(readAll(out)).toBe(`a,b,c\n'=1+1,-2,1970-01-01T00:00:00.000Z\n"a ""b"", c",,\n-5,1,\n`);
  });
});

function readAll(out: PassThrough): string {
  return String(out.read());
}
