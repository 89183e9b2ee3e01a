/** The command line as a user meets it: a process with arguments, two streams and an exit code. */
import { backtestSummary, detectLine } from '@wyckoff/contracts';
import { spawn, spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { generate } from '../jobs/generate/generate.ts';
import { demoFile } from '../session/demo-series.ts';
import { priceText } from './table.ts';

const entry = join(import.meta.dirname, 'main.ts');
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'wyckoff-cli-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

function wyckoff(...words: string[]): Ended {
  const ended = spawnSync(process.execPath, ['--disable-warning=ExperimentalWarning', entry, ...words], {
    encoding: 'utf8',
    maxBuffer: 1e8,
  });
  return { code: ended.status, out: ended.stdout, err: ended.stderr };
}

function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

/** Bytes without order, the same every time, and none of them zero. */
function noise(length: number): Uint8Array {
  let state = 1;
  return Uint8Array.from({ length }, () => {
    state = (state * 48_271) % 2_147_483_647;
    return 1 + (state % 255);
  });
}

const demo = ['--input', demoFile(), '--symbol', 'SPX', '--timeframe', '1d'] as const;

describe('a full disk', () => {
  it('is said in one sentence with exit code 1, not with a stack', () => {
    const full = openSync('/dev/full', 'w');
    const ended = spawnSync(process.execPath, ['--disable-warning=ExperimentalWarning', entry, 'detect', ...demo, '--json'], {
      encoding: 'utf8',
      stdio: ['ignore', full, 'pipe'],
    });
    closeSync(full);
    expect(ended.status).toBe(1);
    expect(ended.stderr).toMatch(/^wyckoff: The output cannot be written: ENOSPC.*\n$/);
  });
});

describe('issue 2.7 detect', () => {
  it('prints one record of the contract per line, in the order of confirmBar, and nothing else on stdout', () => {
    const { code, out, err } = wyckoff('detect', ...demo, '--asset-class', 'index', '--json');
    expect([code, err]).toEqual([0, '']);
    const lines = out.trimEnd().split('\n').map((line) => detectLine.parse(JSON.parse(line))); // prettier-ignore
    expect(lines.length).toBeGreaterThan(50);
    const confirmed = lines.map((line) => line.confirmBar);
    expect([...confirmed].sort((a, b) => a - b)).toEqual(confirmed);
    expect(new Set(lines.map((line) => line.kind)).size).toBeGreaterThan(5);
  });

  it('the asset class is understood in any case, the rule packs differ, the funnel is one document', () => {
    const upper = wyckoff('detect', ...demo, '--asset-class', 'INDEX', '--json').out;
    expect(wyckoff('detect', ...demo, '--asset-class', 'Index', '--json').out).toBe(upper);
    expect(wyckoff('detect', ...demo, '--asset-class', 'index', '--rules', 'strict', '--json').out).not.toBe(upper);
    const { funnel } = JSON.parse(wyckoff('detect', ...demo, '--asset-class', 'index', '--funnel', '--json').out) as {
      funnel: { bars: number };
    };
    expect(funnel.bars).toBe(5105);
  });

  it('without --json it is a table for people', () => {
    const { code, out, err } = wyckoff('detect', ...demo, '--asset-class', 'index');
    expect(code).toBe(0);
    expect(out.split('\n')[0]).toMatch(/^confirmed\s+event\s+status/);
    expect(err).toMatch(/\d+ records in 5105 bars/);
  });

  it('a descending file and standard input give the same records', () => {
    const forward = wyckoff('detect', ...demo, '--json').out;
    const text = spawnSync('cat', [demoFile()], { encoding: 'utf8' }).stdout;
    const [header, ...rows] = text.trimEnd().split('\n');
    const backward = file('backward.csv', [header, ...rows.reverse()].join('\n'));
    expect(wyckoff('detect', '--input', backward, '--symbol', 'SPX', '--json').out).toBe(forward);
    const piped = spawnSync(
      process.execPath,
      ['--disable-warning=ExperimentalWarning', entry, 'detect', '--input', '-', '--symbol', 'SPX', '--json'],
      { input: text, encoding: 'utf8', maxBuffer: 1e8 },
    );
    expect(piped.stdout).toBe(forward);
  });

  it('bad rows go to stderr with line and reason, the rest is used, the exit code is 0', () => {
    const path = file(
      'bad.csv',
      'date,open,high,low,close,volume\n2020-01-02,1,2,1,2,5\n2020-01-03,NaN,2,1,2,5\n2020-01-06,1,2,1,2,5\n',
    );
    const { code, out, err } = wyckoff('detect', '--input', path, '--json');
    expect(code).toBe(0);
    expect(out).toBe('');
    expect(err).toContain('line 3: BAR_VALUE open: expected a number > 0, was "NaN"');
    expect(err).toContain('3 rows, 2 bars: 1 refused');
  });

  it('of thousands of bad rows twenty are printed and all are counted', () => {
    const path = file('worse.csv', `date,open,high,low,close,volume\n2020-01-02,1,2,1,2,5\n${'junk\n'.repeat(5000)}`);
    const { code, err } = wyckoff('detect', '--input', path);
    expect(code).toBe(0);
    expect(err.split('\n').filter((line) => line.startsWith('line '))).toHaveLength(20);
    expect(err).toContain('... and 4980 more');
    expect(err).toContain('5000 refused');
  });

  it.each([
    ['unknown option', ['detect', ...demo, '--frobnicate'], 2, /--frobnicate/],
    ['unknown verb', ['frobnicate'], 2, /frobnicate/],
    ['no verb', [], 2, /Usage/],
    ['no input', ['detect'], 2, /--input/],
    ['unknown asset class', ['detect', ...demo, '--asset-class', 'tulips'], 2, /stock crypto forex index future/],
    ['unknown timeframe', ['detect', ...demo, '--timeframe', '1M'], 2, /1m 5m/],
    ['unknown rules', ['detect', ...demo, '--rules', 'loose'], 2, /strict, classic/],
    ['bad symbol', ['detect', '--input', demoFile(), '--symbol', 'a b'], 2, /1-20 of/],
    ['no such file', ['detect', '--input', '/nowhere/x.csv'], 2, /no such file/],
    ['a folder', ['detect', '--input', '/tmp'], 2, /folder/],
  ])('exit 2: %s', (_, words, expected, says) => {
    const { code, out, err } = wyckoff(...words);
    expect([code, out]).toEqual([expected, '']);
    expect(err).toMatch(says);
    expect(err).not.toMatch(/\n\s+at /);
  });

  it.each([
    ['missing column', 'date,open,high,low,close\n2020-01-02,1,2,1,2\n', 2, /volume/],
    ['empty', '', 1, /empty/],
    ['zeros', new Uint8Array(4096), 1, /binary data, not CSV/],
    ['noise', noise(4096), 1, /binary data, not CSV/],
    ['header only', 'date,open,high,low,close,volume\n', 1, /no valid bar: there are no rows below it\. Give one bar per line/],
    [
      'American dates',
      'date,open,high,low,close,volume\n12/31/2019,1,1,1,1,1\n',
      1,
      /line 2: ROW_TIME.*year first \(2019-12-31.*"12\/31\/2019"/,
    ],
    ['no valid bar', 'date,open,high,low,close,volume\nx,1,1,1,1,1\n', 1, /no valid bar/],
  ])('a file that is unfit: %s', (name, content, expected, says) => {
    for (const verb of ['detect', 'backtest']) {
      const { code, out, err } = wyckoff(verb, '--input', file(`${name}.csv`, content), '--json');
      expect([code, out]).toEqual([expected, '']);
      expect(err).toMatch(says);
    }
  });

  it('a reader that has seen enough ends it quietly', async () => {
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', entry, 'detect', ...demo, '--json'], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child.stdout.once('data', () => child.stdout.destroy());
    let err = '';
    child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
    const code = await new Promise((resolve) => child.on('close', resolve));
    expect([code, err]).toEqual([0, '']);
  });
});

describe('issue 2.7 backtest', () => {
  it('prints one summary of the contract, the same twice, another for other bars', () => {
    const first = wyckoff('backtest', ...demo, '--asset-class', 'index', '--json');
    expect([first.code, first.err]).toEqual([0, '']);
    const summary = backtestSummary.parse(JSON.parse(first.out));
    expect(summary).toMatchObject({ symbol: 'SPX', timeframe: '1d', bars: 5105 });
    expect(wyckoff('backtest', ...demo, '--asset-class', 'index', '--json').out).toBe(first.out);
    const text = spawnSync('head', ['-2000', demoFile()], { encoding: 'utf8' }).stdout;
    const other = wyckoff('backtest', '--input', file('part.csv', text), '--asset-class', 'index', '--json');
    expect(backtestSummary.parse(JSON.parse(other.out)).inputHash).not.toBe(summary.inputHash);
  });

  it('a bar is known by its opening: the span is that of the file', () => {
    const json = JSON.parse(wyckoff('backtest', ...demo, '--json').out) as Record<string, unknown>;
    expect([json['from'], json['to']]).toEqual([Date.UTC(2000, 0, 3), Date.UTC(2020, 3, 17)]);
    expect(json).toMatchObject({ haltedAt: null, haltedBy: null, haltedRefusals: 0 });
    expect(wyckoff('backtest', ...demo).out).toContain('5105 bars, 2000-01-03 to 2020-04-17,');
  });

  it('exit 4: too few bars, with the summary of what there was', () => {
    const text = spawnSync('head', ['-50', demoFile()], { encoding: 'utf8' }).stdout;
    const { code, out, err } = wyckoff('backtest', '--input', file('few.csv', text), '--json');
    expect(code).toBe(4);
    expect(backtestSummary.parse(JSON.parse(out)).bars).toBe(49);
    expect(err).toMatch(/expected at least 350 bars/);
  });
});

describe('Parquet', () => {
  it('detect and backtest read it as explain and certify do, with the name its series has', async () => {
    const out = join(folder, 'made.parquet');
    await generate({ schematic: 'all', seed: 1, symbols: 2, bars: 800, noise: 'moderate', out });
    const records = wyckoff('detect', '--input', out, '--json').out.trimEnd().split('\n').map((line) => detectLine.parse(JSON.parse(line))); // prettier-ignore
    expect(records.length).toBeGreaterThan(3);
    const summary = (...words: string[]): unknown => JSON.parse(wyckoff('backtest', '--input', out, '--json', ...words).out);
    expect(summary()).toMatchObject({ symbol: 'SYN-0001', bars: 800 });
    expect(summary('--symbol', 'syn-0002')).toMatchObject({ symbol: 'SYN-0002', bars: 800 });
    const { code, err } = wyckoff('backtest', '--input', out, '--symbol', 'nobody');
    expect([code, err]).toEqual([2, expect.stringContaining('SYN-0001, SYN-0002')]);
    const misnamed = wyckoff('detect', '--input', file('made.csv', readFileSync(out)));
    expect([misnamed.code, misnamed.err]).toEqual([1, expect.stringMatching(/a Parquet file, not CSV.*ends with \.parquet/)]);
  });
});

describe('issue 3.5 explain', () => {
  it('people read rounded prices, --json has the exact ones', () => {
    const { code, out } = wyckoff('explain', ...demo, '--at', '2008-10-10');
    expect(code).toBe(0);
    expect(out).toContain('O 902.31 H 936.36 L 839.80 C 899.22 V 11456230000');
    expect(out).toMatch(/at 839\.80 waits; a low below 83\d\.\d{2,3} ends it/);
    expect(out).not.toMatch(/\d\.\d{5}/);
    const told = JSON.parse(wyckoff('explain', ...demo, '--at', '2008-10-10', '--json').out) as {
      open: number;
      next: { failsAt: number }[];
      outlook: string[];
    };
    expect(told.open).toBe(902.309998);
    expect(told.outlook[0]).toContain(String(told.next[0].failsAt));
  });

  it.each([
    [902.309998, '902.31'],
    [1.083451, '1.08345'],
    [0.00001234, '0.00001234'],
    [100, '100.00'],
    [99.995, '99.995'],
    [61234.5678, '61234.57'],
    [0, '0.00'],
    [NaN, '–'],
  ])('a price of %f is written %s', (price, text) => {
    expect(priceText(price)).toBe(text);
  });
});

describe('import and help', () => {
  it('import counts what it did; again it changes nothing; a corrupt store is exit 6', () => {
    const words = ['import', demoFile(), '--symbol', 'SPX2', '--asset-class', 'index', '--data', join(folder, 'data'), '--json'];
    expect(JSON.parse(wyckoff(...words).out)).toMatchObject({
      read: 5105,
      inserted: 5105,
      duplicate: 0,
      corrected: 0,
      refused: 0,
    });
    expect(JSON.parse(wyckoff(...words).out)).toMatchObject({ inserted: 0, duplicate: 5105 });
    file('wyckoff.db', 'not a database');
    const { code, err } = wyckoff('import', demoFile(), '--data', folder);
    expect(code).toBe(6);
    expect(err).toMatch(/not a database.*--data/s);
  });

  it('import of a known symbol as something else is refused with what is stored; without the option it joins it', () => {
    const words = ['import', demoFile(), '--symbol', 'SPX3', '--data', join(folder, 'known')];
    expect(wyckoff(...words, '--asset-class', 'index').code).toBe(0);
    const other = wyckoff(...words, '--asset-class', 'crypto', '--tz', 'America/New_York');
    expect([other.code, other.out]).toEqual([2, '']);
    expect(other.err).toMatch(/SPX3 is stored as index "SPX3" in UTC, was --asset-class CRYPTO, --tz America\/New_York: nothing/);
    for (const same of [[], ['--asset-class', 'INDEX', '--tz', 'UTC']])
      expect(wyckoff(...words, ...same).out).toContain('5105 duplicate');
  });

  it.each(['serve', 'detect', 'backtest', 'import'])('%s --help says how to use it and exits 0', (verb) => {
    const { code, out } = wyckoff(verb, '--help');
    expect(code).toBe(0);
    expect(out).toMatch(new RegExp(`Usage: wyckoff ${verb}`));
  });
});
