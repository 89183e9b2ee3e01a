import { Scope } from '@wyckoff/bounded';
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openStore } from '../../store/open.ts';
import type { ImportAnswer } from './import-files.ts';

const MAIN = new URL('../../cli/main.ts', import.meta.url).pathname;
const MINUTE = 60_000;
const START = Date.UTC(2020, 0, 1);

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'wyckoff-import-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const env = { ...process.env, DATABASE_URL: '' };

/** The real verb in a process of its own. */
function run(...words: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, 'import', ...words, '--json', '--quiet'], {
    encoding: 'utf8',
    env,
    cwd: folder,
  });
  const answers = stdout.split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as ImportAnswer); // prettier-ignore
  return { status, answers, stderr };
}

/** Any verb; the last word may hold what stands on its standard input. */
function wyckoff(...words: readonly (string | { readonly input: Buffer })[]) {
  const input = words.flatMap((word) => (typeof word === 'string' ? [] : [word.input]))[0];
  const args = words.filter((word) => typeof word === 'string');
  return spawnSync(process.execPath, [MAIN, ...args], {
    encoding: 'utf8',
    env,
    cwd: folder,
    ...(input !== undefined && { input }),
  });
}

function linesOf(path: string): readonly Record<string, unknown>[] {
  return readFileSync(path, 'utf8').trim().split('\n').map((line) => JSON.parse(line) as Record<string, unknown>); // prettier-ignore
}

function csv(name: string, rows: readonly string[]): string {
  const path = join(folder, name);
  writeFileSync(path, `time,open,high,low,close,volume\n${rows.join('\n')}\n`);
  return path;
}

const bars = (count: number, from = 0): string[] =>
  Array.from({ length: count }, (_, n) => {
    const price = 100 + ((from + n) % 50);
    return `${START + (from + n) * MINUTE},${price},${price + 1},${price - 1},${price},${1_000 + from + n}`;
  });

async function stored(data: string, symbol: string): Promise<{ count: number; sum: number }> {
  await using scope = new Scope({ name: 'test' });
  const store = await openStore({ scope, path: join(data, 'wyckoff.db') });
  const series = await store.findSeries(symbol, '1m');
  let count = 0;
  let sum = 0;
  if (series !== null)
    for await (const chunk of store.streamBars(series, { chunk: 10_000 })) {
      count += chunk.length;
      for (let row = 0; row < chunk.length; row += 1) sum += chunk.volume[row] + chunk.time[row] / MINUTE;
    }
  return { count, sum };
}

describe('issue 4.6: import', () => {
  it('import-1 many files by a pattern, and doing it again changes nothing', () => {
    mkdirSync(join(folder, 'many'));
    for (const name of ['aaa', 'bbb', 'ccc']) csv(`many/${name}.csv`, bars(100));
    const words = [join(folder, 'many', '*.csv'), '-t', '1m', '--data', join(folder, 'd1')];
    const first = run(...words);
    expect(first.status).toBe(0);
    expect(first.answers.map(({ symbol, inserted }) => [symbol, inserted])).toEqual([['AAA', 100], ['BBB', 100], ['CCC', 100]]); // prettier-ignore
    expect(run(...words).answers.map(({ inserted, duplicate }) => [inserted, duplicate])).toEqual([[0, 100], [0, 100], [0, 100]]); // prettier-ignore
  });

  it('import-2 refused rows are in the quarantine file with line, reason and text; the others are stored', () => {
    const rows = bars(10);
    rows[3] = 'nonsense,1,2,3,4,5';
    rows[5] = `${START},100,90,110,100,5`;
    rows[7] = `${START},-1,2,3,4,5`;
    const quarantine = join(folder, 'refused.ndjson');
    const { answers } = run(csv('bad.csv', rows), '-t', '1m', '--data', join(folder, 'd2'), '--quarantine', quarantine);
    expect(answers[0]).toMatchObject({ read: 10, inserted: 7, refused: 3 });
    const kept = readFileSync(quarantine, 'utf8').trim().split('\n').map((line) => JSON.parse(line) as Record<string, unknown>); // prettier-ignore
    expect(kept.map(({ line, code, text }) => [line, code, text])).toEqual([
      [5, 'ROW_TIME', 'nonsense,1,2,3,4,5'],
      [7, 'BAR_SHAPE', `${START},100,90,110,100,5`],
      [9, 'BAR_VALUE', `${START},-1,2,3,4,5`],
    ]);
  });

  it('import-11 the quarantine is never written over what is imported', () => {
    const path = csv('own.csv', bars(10));
    const before = readFileSync(path, 'utf8');
    const { status, stderr } = run(path, '-t', '1m', '--quarantine', join(folder, '.', 'own.csv'), '--data', join(folder, 'd11'));
    expect([status, stderr]).toEqual([2, expect.stringContaining('name another') as string]);
    expect(readFileSync(path, 'utf8')).toBe(before);
  });

  it('import-3 a file without bars, without columns, or that is not there: told, and nothing else is harmed', () => {
    expect(run(join(folder, 'none.csv'), '--data', join(folder, 'd3'))).toMatchObject({ status: 2, stderr: expect.stringContaining('there is no such file') as string }); // prettier-ignore
    expect(run(join(folder, 'none-*.csv'), '--data', join(folder, 'd3')).status).toBe(2);
    writeFileSync(join(folder, 'other.csv'), 'a,b\n1,2\n');
    expect(run(join(folder, 'other.csv'), '--data', join(folder, 'd3'))).toMatchObject({ status: 2, stderr: expect.stringContaining('other.csv: The header has no column') as string }); // prettier-ignore
  });

  it('import-4 killed in the middle, resumed: the same bars as at one go, and what was stored is not written again', async () => {
    const rows = bars(600_000);
    const file = csv('long.csv', rows);
    const whole = join(folder, 'whole');
    expect(run(file, '-t', '1m', '--data', whole).answers[0]?.inserted).toBe(600_000);
    const broken = join(folder, 'broken');
    await killedAfterTheFirstBlock(file, broken);
    const before = (await stored(broken, 'LONG')).count;
    expect(before).toBeGreaterThan(0);
    expect(before).toBeLessThan(600_000);
    const { answers } = run(file, '-t', '1m', '--data', broken, '--resume');
    expect(answers[0]).toMatchObject({ read: 600_000, inserted: 600_000, duplicate: 0, complete: true });
    expect(answers[0]?.resumedAt).toBeGreaterThan(0);
    expect(await stored(broken, 'LONG')).toEqual(await stored(whole, 'LONG'));
  }, 120_000);

  it('import-5 blocks of a descending file are put into order, and later rows correct earlier ones across blocks', async () => {
    const rows = bars(300_000).reverse();
    rows.push(`${START + 299_999 * MINUTE},7,8,6,7,42`);
    const data = join(folder, 'd5');
    expect(run(csv('down.csv', rows), '-t', '1m', '--data', data).answers[0]).toMatchObject({ inserted: 300_000, corrected: 1 });
    expect((await stored(data, 'DOWN')).count).toBe(300_000);
  }, 60_000);

  it('import-7 hours without a zone are meant in --tz, through summer and winter; dates and hours with a zone are not', () => {
    const rows = [
      '2020-01-15 09:30,1,2,1,2,5',
      '2020-07-15 09:30:00,1,2,1,2,5',
      '2020-07-15T09:30:00Z,1,2,1,2,5',
      '2020-07-16,1,2,1,2,5',
    ];
    const data = join(folder, 'd7');
    const file = csv('zone.csv', rows);
    expect(run(file, '-t', '1m', '--data', data, '--tz', 'America/New_York').answers[0]?.inserted).toBe(4);
    // The zone stays with the symbol: importing the file again without it changes nothing.
    expect(run(file, '-t', '1m', '--data', data).answers[0]).toMatchObject({ inserted: 0, duplicate: 4 });
    const { stdout } = spawnSync(process.execPath, [MAIN, 'export', 'bars', '-s', 'ZONE', '-t', '1m', '--data', data, '--quiet'], { encoding: 'utf8', env }); // prettier-ignore
    const times = stdout.trim().split('\n').slice(1).map((line) => line.split(',')[2]); // prettier-ignore
    expect(times).toEqual(['2020-01-15T14:30:00.000Z', '2020-07-15T09:30:00.000Z', '2020-07-15T13:30:00.000Z', '2020-07-16T00:00:00.000Z']); // prettier-ignore
  });

  it('import-8 import-9 bars of many files go to the symbol and the timeframe of their names; minutes are not taken for days', () => {
    mkdirSync(join(folder, 'named'));
    csv('named/QQQ-1m.csv', bars(20));
    csv('named/DIA-1m.csv', bars(20));
    const words = [join(folder, 'named', '*.csv'), '--data', join(folder, 'd8')];
    expect(run(...words).answers.map(({ symbol, timeframe, inserted }) => [symbol, timeframe, inserted])).toEqual([['DIA', '1m', 20], ['QQQ', '1m', 20]]); // prettier-ignore
    const refused = run(csv('IWM.csv', bars(20)), '--data', join(folder, 'd9'));
    expect([refused.status, refused.stderr]).toEqual([2, expect.stringMatching(/IWM.csv: expected bars of 1d, they stand 60 s apart: say --timeframe 1m/)]); // prettier-ignore
    // Nothing is kept of it, not even its name.
    expect(run(join(folder, 'IWM.csv'), '-t', '1m', '--data', join(folder, 'd9')).answers[0]).toMatchObject({ inserted: 20 });
  });

  it('import-10 NDJSON is imported as it was exported; lines that are no bar of the series are refused with their line and text', async () => {
    const data = join(folder, 'd10');
    run(csv('NDJ-1m.csv', bars(300)), '--data', data);
    const out = join(folder, 'out.ndjson');
    const exported = spawnSync(process.execPath, [MAIN, 'export', 'bars', '-s', 'NDJ', '-t', '1m', '--data', data, '--out', out, '--quiet'], { env }); // prettier-ignore
    expect(exported.status).toBe(0);
    expect(run(out, '--data', data).answers[0]).toMatchObject({ symbol: 'NDJ', timeframe: '1m', inserted: 0, duplicate: 300 });
    const lines = readFileSync(out, 'utf8').trimEnd().split('\n');
    lines[2] = '{"symbol":"NDJ",';
    lines[4] = lines[4].replace('NDJ', 'OTHER');
    lines[6] = '';
    lines[8] = lines[8].replace(/"high":[\d.]+/, '"high":"1,2"');
    lines[10] = `${lines[10].slice(0, -1)},"note":"${'x'.repeat(70_000)}"}`;
    const bent = join(folder, 'bent.jsonl');
    // Its last line has no end.
    writeFileSync(bent, `\uFEFF${lines.join('\r\n')}`);
    const refused = join(folder, 'refused-lines.ndjson');
    const { answers } = run(bent, '--data', join(folder, 'd11'), '--quarantine', refused);
    expect(answers[0]).toMatchObject({ symbol: 'NDJ', read: 299, inserted: 295, refused: 4 });
    const kept = readFileSync(refused, 'utf8').trim().split('\n').map((line) => JSON.parse(line) as Record<string, unknown>); // prettier-ignore
    expect(kept.map(({ line, code, text }) => [line, code, text])).toEqual([
      [3, 'ROW_FIELDS', lines[2]],
      [5, 'ROW_FIELDS', lines[4]],
      [9, 'BAR_VALUE', lines[8]],
      [11, 'ROW_FIELDS', ''],
    ]);
    expect((await stored(join(folder, 'd11'), 'NDJ')).count).toBe(295);
  });

  it('import-12 the columns symbol and timeframe name the series, so that what export wrote comes back under any name of the file', async () => {
    const data = join(folder, 'd12');
    run(csv('QQQ-1m.csv', bars(300)), '--data', data);
    const out = join(folder, 'of-yesterday.csv');
    expect(wyckoff('export', 'bars', '-s', 'QQQ', '-t', '1m', '--data', data, '--out', out, '--quiet').status).toBe(0);
    const again = join(folder, 'd12b');
    expect(run(out, '--data', again).answers).toMatchObject([{ symbol: 'QQQ', timeframe: '1m', inserted: 300, refused: 0 }]);
    expect(await stored(again, 'QQQ')).toEqual(await stored(data, 'QQQ'));
    const piped = wyckoff('import', '-', '--data', join(folder, 'd12c'), '--json', '--quiet', { input: readFileSync(out) });
    expect(JSON.parse(piped.stdout)).toMatchObject({ symbol: 'QQQ', timeframe: '1m', inserted: 300 });
    // A file of one series may be stored under another name.
    expect(run(out, '-s', 'MINE', '--data', again).answers).toMatchObject([{ symbol: 'MINE', timeframe: '1m', inserted: 300 }]);
  });

  it('import-13 a CSV file of several series goes to each of them, row by row as it stands; -s takes one; every refusal is told once', () => {
    const path = join(folder, 'market.csv');
    const day = (n: number): string => new Date(START + n * 86_400_000).toISOString().slice(0, 10);
    const rows = Array.from({ length: 40 }, (_, n) =>
      ['AAA', 'bbb', 'CCC'].map((symbol) => `${day(n)},${symbol},1,2,1,2,${n}`),
    ).flat();
    rows.splice(10, 0, '2020-01-04,NO GOOD,1,2,1,2,3', '2020-01-04,AAA', `1500-01-01,bbb,1,2,1,2,3`, 'x'.repeat(70_000));
    writeFileSync(path, `date,ticker,open,high,low,close,volume\n${rows.join('\n')}\n`);
    const quarantine = join(folder, 'market.ndjson');
    const { answers } = run(path, '--data', join(folder, 'd13'), '--quarantine', quarantine);
    expect(answers.map(({ symbol, inserted, refused }) => [symbol, inserted, refused])).toEqual([['AAA', 40, 3], ['BBB', 40, 1], ['CCC', 40, 0]]); // prettier-ignore
    expect(linesOf(quarantine).map(({ line, code }) => [line, code])).toEqual([[12, 'ROW_SYMBOL'], [13, 'ROW_FIELDS'], [15, 'ROW_LENGTH'], [14, 'BAR_VALUE']]); // prettier-ignore
    expect(run(path, '-s', 'BBB', '--data', join(folder, 'd13b')).answers.map(({ symbol, inserted }) => [symbol, inserted])).toEqual([['BBB', 40]]); // prettier-ignore
    expect(run(path, '-s', 'ZZZ', '--data', join(folder, 'd13c'))).toMatchObject({ status: 2, stderr: expect.stringContaining('it has AAA, BBB, CCC') as string }); // prettier-ignore
  });

  it('import-14 the quarantine keeps the rows of earlier runs, each once: repeated, resumed, cut off by a kill', () => {
    const quarantine = join(folder, 'kept.ndjson');
    const bad = (name: string): string => csv(name, [...bars(5), 'one,1,2,1,2,5', 'two,1,2,1,2,5']);
    const words = ['-t', '1m', '--data', join(folder, 'd14'), '--quarantine', quarantine];
    run(bad('first.csv'), ...words);
    run(bad('second.csv'), ...words);
    const both = readFileSync(quarantine, 'utf8');
    expect(linesOf(quarantine)).toHaveLength(4);
    run(bad('first.csv'), ...words);
    run(join(folder, 'second.csv'), ...words, '--resume');
    expect(readFileSync(quarantine, 'utf8')).toBe(both);
    writeFileSync(quarantine, both.slice(0, -30));
    run(join(folder, 'second.csv'), ...words, '--resume');
    expect(readFileSync(quarantine, 'utf8')).toBe(both);
    // The twin: what is no quarantine is left as it is.
    const notes = join(folder, 'notes.txt');
    writeFileSync(notes, 'my notes\n');
    expect(run(join(folder, 'first.csv'), '-t', '1m', '--data', join(folder, 'd14'), '--quarantine', notes).status).toBe(2);
    expect(readFileSync(notes, 'utf8')).toBe('my notes\n');
  });

  it('import-15 a quarantine that cannot be written is said before anything is imported, a full disk when it is met', () => {
    const file = csv('full.csv', [...bars(5), 'one,1,2,1,2,5']);
    const words = [file, '-t', '1m', '--data', join(folder, 'd15'), '--quarantine'];
    expect(run(...words, join(folder, 'none', 'q'))).toMatchObject({ status: 2, stderr: expect.stringContaining('there is no such folder') as string }); // prettier-ignore
    expect(run(...words, '/dev/full')).toMatchObject({ status: 1, stderr: expect.stringMatching(/disk is full.*--resume/) as string }); // prettier-ignore
  });

  it('import-16 one bad file of many costs itself: the others are imported, each is told, and the end is 1', () => {
    mkdirSync(join(folder, 'mixed', 'a-folder.csv'), { recursive: true });
    for (const name of ['aaa', 'ccc', 'eee']) csv(`mixed/${name}.csv`, bars(10));
    writeFileSync(join(folder, 'mixed', 'bbb.csv'), '<html><body>429 Too Many Requests</body></html>');
    writeFileSync(join(folder, 'mixed', 'ddd.parquet'), 'PAR1 and nothing more');
    const { status, stderr, answers } = run('mixed/*', '-t', '1m', '--data', join(folder, 'd16'));
    expect([status, answers.map((answer) => [answer.file, 'failed' in answer ? 'failed' : answer.inserted])]).toEqual([
      1,
      [['mixed/aaa.csv', 10], ['mixed/bbb.csv', 'failed'], ['mixed/ccc.csv', 10], ['mixed/ddd.parquet', 'failed'], ['mixed/eee.csv', 10]],
    ]); // prettier-ignore
    expect(stderr).toMatch(/not imported: mixed\/bbb.csv[\s\S]*not imported: mixed\/ddd.parquet[\s\S]*2 of 5 files/);
  });

  it('import-17 --map reads a foreign header; without it, and with a wrong one, the columns that are there are named', () => {
    const path = join(folder, 'fremd.csv');
    writeFileSync(path, 'Ticker;Datum;Eröffnung;Hoch;Tief;Schluss;Adj Close;Stück\nSAP;2020-01-02;1,5;2;1;2;1,9;5\n');
    const data = ['--data', join(folder, 'd17')];
    const map = ['--map', 'time=datum,open=Eröffnung,high=Hoch', '--map', 'low=Tief,close=Adj Close,volume=Stück'];
    expect(run(path, ...map, ...data).answers).toMatchObject([{ symbol: 'SAP', inserted: 1 }]);
    expect(run(path, ...map, '--map', 'symbol=', ...data).answers).toMatchObject([{ symbol: 'FREMD', inserted: 1 }]);
    const out = wyckoff('export', 'bars', '-s', 'SAP', '-t', '1d', ...data, '--quiet').stdout;
    expect(out.trim().split('\n')[1]).toBe('SAP,1d,2020-01-02T00:00:00.000Z,1.5,2,1,1.9,5');
    for (const words of [[], [...map, '--map', 'open=Offen']])
      expect(run(path, ...words, ...data)).toMatchObject({ status: 2, stderr: expect.stringMatching(/was "Ticker;Datum;Eröffnung.*--map/) as string }); // prettier-ignore
    expect(run(path, '--map', 'opened=Hoch', ...data)).toMatchObject({ status: 2, stderr: expect.stringContaining('ours=theirs') as string }); // prettier-ignore
  });

  it('import-18 a resume with nothing to do says so', () => {
    const file = csv('done.csv', bars(30));
    const words = ['import', file, '-t', '1m', '--data', join(folder, 'd18'), '--quiet'];
    expect(wyckoff(...words).stdout).toContain('30 inserted');
    expect(wyckoff(...words, '--resume').stdout).toBe(
      'DONE 1m: nothing to resume, an earlier import had all 30 rows of the file (30 inserted, 0 refused)\n',
    );
  });

  it('import-6 a Parquet file of several series goes to each of them', () => {
    const file = new URL('../../feeds/parquet/fixtures/pyarrow-us-zstd-utc.parquet', import.meta.url).pathname;
    const { answers } = run(file, '-t', '1h', '--data', join(folder, 'd6'));
    expect(answers.map(({ symbol, inserted, refused }) => [symbol, inserted, refused])).toEqual([['AAA', 250, 0], ['BBB', 250, 0]]); // prettier-ignore
  });
});

/** SIGKILL as soon as a first part is in the store. */
async function killedAfterTheFirstBlock(file: string, data: string): Promise<void> {
  const child = spawn(process.execPath, [MAIN, 'import', file, '-t', '1m', '--data', data, '--json'], {
    env,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  // The first line of progress is written when a block has been stored.
  child.stderr.once('data', () => child.kill('SIGKILL'));
  await ended;
}
