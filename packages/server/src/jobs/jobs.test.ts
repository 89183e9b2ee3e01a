/** generate -> accuracy -> certify -> explain over files, as the command line runs them. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  BarCursor,
  certifyAll,
  createDetector,
  resolvePack,
  type Example,
  type PendingView,
  type TracedCondition,
} from '@wyckoff/domain';
import { Command } from 'commander';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Exit } from '../cli/exit-codes.ts';
import { ParquetTable } from '../feeds/parquet/parquet-table.ts';
import { readAllBars, seriesOf } from '../feeds/parquet/read-bars.ts';
import { readLabels } from '../feeds/parquet/labels.ts';
import { accuracy } from './accuracy/accuracy.ts';
import { gatesOf } from './accuracy/gates.ts';
import { registerAccuracy } from './accuracy/register-accuracy.ts';
import { detectorFactory } from './certify/detector-factory.ts';
import { registerCertify } from './certify/register-certify.ts';
import { explainBar, rowAt } from './explain/explain-bar.ts';
import { outlookOf } from './explain/outlook.ts';
import { registerExplain } from './explain/register-explain.ts';
import { wordsOf } from './explain/rule-words.ts';
import { generate, type GenerateJob } from './generate/generate.ts';
import { registerGenerate } from './generate/register-generate.ts';

let folder = '';
let made = '';
const job = (rest: Partial<GenerateJob>): GenerateJob => ({
  schematic: 'all',
  seed: 1,
  symbols: 3,
  bars: 1500,
  noise: 'moderate',
  out: made,
  ...rest,
});

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wyckoff-jobs-'));
  made = join(folder, 'F.parquet');
  await generate(job({}));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('generate (issue 3.6)', () => {
  it('GEN-1 writes bars and labels that say they are synthetic', async () => {
    await using bars = await ParquetTable.open(made);
    await using labels = await ParquetTable.open(join(folder, 'F.labels.parquet'));
    expect(bars.columns).toEqual(['symbol', 'timeframe', 'ts', 'open', 'high', 'low', 'close', 'volume']);
    expect((await seriesOf(bars)).map((s) => [s.symbol, s.rows])).toEqual([
      ['SYN-0001', 1500],
      ['SYN-0002', 1500],
      ['SYN-0003', 1500],
    ]);
    for (const table of [bars, labels])
      expect([table.metadata.get('synthetic'), table.metadata.get('seed')]).toEqual(['true', '1']);
    for (const label of await readLabels(labels, 'SYN-0002', '1d'))
      expect(label).toMatchObject({ symbol: 'SYN-0002', source: expect.stringMatching(/^synthetic/) as string });
  });

  it('GEN-2 the same seed gives the same file, byte for byte', async () => {
    const again = join(folder, 'again.parquet');
    await generate(job({ out: again }));
    expect(await readFile(again)).toEqual(await readFile(made));
  });

  it('GEN-3 interrupted, it completes the files with the series drawn so far', async () => {
    const out = join(folder, 'stopped.parquet');
    const controller = new AbortController();
    const onProgress = (done: number): void => {
      if (done === 2) controller.abort();
    };
    const result = await generate(job({ out, symbols: 50, signal: controller.signal, onProgress }));
    expect(result).toMatchObject({ symbols: 2, interrupted: true, barRows: 3000 });
    await using table = await ParquetTable.open(out);
    expect(table.rows).toBe(3000);
  });
});

describe('accuracy (issue 3.7)', () => {
  it('ACC-10 reads bars and labels from files and streams every mistake', async () => {
    const examples: Example[] = [];
    const { report, synthetic } = await accuracy({
      input: made,
      rules: 'strict',
      assetClass: 'STOCK',
      onExample: (e) => examples.push(e),
    });
    expect(synthetic).toBe(true);
    expect(report).toMatchObject({ bars: 4500, series: 3 });
    expect(report.kinds.find((k) => k.kind === 'AR')?.tp).toBeGreaterThan(5);
    expect(examples).toHaveLength(report.total.fp + report.total.fn);
  });

  it('ACC-13 hears the timeframes above as every run does; alone, without their points, other records pass a threshold', async () => {
    // A weekly range takes years to form.
    const long = join(folder, 'long.parquet');
    await generate(job({ seed: 3, symbols: 2, bars: 3000, out: long }));
    const counts = async (rest: { alone?: boolean }): Promise<unknown> =>
      (await accuracy({ input: long, rules: 'classic', assetClass: 'STOCK', ...rest })).report.total;
    expect(await counts({})).not.toEqual(await counts({ alone: true }));
    expect(await counts({})).toEqual(await counts({ alone: false }));
  });

  it('ACC-11 gates need 30 labels, pass and fail by their value', async () => {
    const { report } = await accuracy({ input: made, rules: 'classic', assetClass: 'STOCK' });
    const verdict = (total: Partial<typeof report.total>): string =>
      gatesOf({ ...report, total: { ...report.total, ...total } })[0].verdict;
    expect(verdict({ tp: 30, fn: 0, precision: 0.75 })).toBe('PASS');
    expect(verdict({ tp: 30, fn: 0, precision: 0.7499 })).toBe('FAIL');
    expect(verdict({ tp: 29, fn: 0, precision: 0.9 })).toBe('NOT_ENOUGH_DATA');
  });
});

describe('certify and explain (issue 3.4, 3.5)', () => {
  it('CRT-6 the detector passes on a file of bars', async () => {
    await using table = await ParquetTable.open(made);
    const columns = await readAllBars(table, { symbol: 'SYN-0001' });
    columns.length = 400;
    const factory = detectorFactory({ symbol: 'SYN-0001', assetClass: 'STOCK', timeZone: 'UTC' }, '1d', { pack: 'classic' });
    expect(certifyAll({ factory, columns }).verdict).toBe('PASS');
  });

  it('EXP-1 explains a bar with the records, rules and margins the run itself had', async () => {
    await using table = await ParquetTable.open(made);
    await using labels = await ParquetTable.open(join(folder, 'F.labels.parquet'));
    const columns = await readAllBars(table, { symbol: 'SYN-0001' });
    const climax = (await readLabels(labels, 'SYN-0001', '1d')).find((l) => l.kind === 'SC' || l.kind === 'BC');
    const row = rowAt(columns, climax?.barTs ?? NaN);
    if (climax === undefined || row === null) throw new Error('the series holds no climax');
    const instrument = { symbol: 'SYN-0001', assetClass: 'STOCK', timeZone: 'UTC' } as const;
    const told = explainBar({ columns, instrument, timeframe: '1d', row });
    expect(told).toMatchObject({ bar: row, time: climax.barTs });
    const volume = told.rules.passed.find((rule) => rule.kind === climax.kind && rule.code === 'VOLUME_TOO_LOW');
    expect(volume?.value).toBeGreaterThan(volume?.limit ?? Infinity);
    expect(volume?.margin).toBeCloseTo(((volume?.value ?? 0) - (volume?.limit ?? 0)) / (volume?.limit ?? 1), 12);
    // The climax waits for its rally: that is what comes next.
    expect(told.next.some((candidate) => candidate.kind === climax.kind)).toBe(true);
    expect(told.outlook.join(' ')).toContain('waits');
    const detector = createDetector(instrument, '1d');
    expect(detector.bars).toBe(0);
  });

  it('EXP-3 every condition says in words and in its unit what was asked; what passed had room, what failed had none', async () => {
    await using table = await ParquetTable.open(made);
    const columns = await readAllBars(table, { symbol: 'SYN-0001' });
    const heard: TracedCondition[] = [];
    const instrument = { symbol: 'SYN-0001', assetClass: 'STOCK', timeZone: 'UTC' } as const;
    const detector = createDetector(instrument, '1d', { trace: (condition) => heard.push(condition) });
    const cursor = new BarCursor(columns);
    for (let row = 0; row < columns.length; row++) {
      const from = heard.length;
      detector.onBar(cursor.at(row));
      for (const condition of heard.slice(from)) {
        const { spare } = wordsOf(condition, cursor.volume);
        if (spare === null) continue;
        const tolerance = 1e-9 * Math.max(Math.abs(condition.value), Math.abs(condition.limit));
        // A limit that is reached ends a wait as well as one that is passed; a pattern refused for volume may lack absorption too.
        if (condition.passed) expect([condition, spare >= -tolerance]).toEqual([condition, true]);
        else expect([condition, spare <= tolerance]).toEqual([condition, true]);
      }
    }
    expect(new Set(heard.map(({ code }) => code)).size).toBeGreaterThan(6);
    const words = (over: Partial<TracedCondition>): string => {
      const { condition, unit, asked } = wordsOf({ ...heard[0], ...over }, NaN);
      return `${condition}, ${asked}, ${unit}`;
    };
    expect(words({ kind: 'SOS', code: 'TOO_SHALLOW', hypothesis: 1 })).toBe('close clear above resistance, at least, price');
    expect(words({ kind: 'SOW', code: 'TOO_SHALLOW', hypothesis: -1 })).toBe('close clear below support, at most, price');
    expect(words({ kind: 'LPSY', code: 'BROKE_LEVEL', hypothesis: -1 })).toBe('high below what must hold, at most, price');
  });

  it('EXP-3 TRD-1 a record may trade where every gate it met was open; the ones that were shut are its reasons', async () => {
    await using table = await ParquetTable.open(made);
    const instrument = { symbol: 'SYN', assetClass: 'STOCK', timeZone: 'UTC' } as const;
    const seen = { open: 0, shut: 0, weighed: new Set<string>() };
    for (const symbol of ['SYN-0001', 'SYN-0002', 'SYN-0003']) {
      const columns = await readAllBars(table, { symbol });
      const heard: TracedCondition[] = [];
      const detector = createDetector(instrument, '1d', { trace: (condition) => heard.push(condition) });
      const cursor = new BarCursor(columns);
      for (let row = 0; row < columns.length; row++) {
        heard.length = 0;
        const records = detector.onBar(cursor.at(row));
        const gates = heard.filter(({ gate }) => gate === true);
        for (const { kind, hypothesis, status, tradeable, reasons } of records) {
          if (status !== 'confirmed' && status !== 'direct' && status !== 'repeat') continue;
          const alike = records.filter((one) => one.kind === kind && one.hypothesis === hypothesis);
          const own = gates.filter((gate) => gate.kind === kind && gate.hypothesis === hypothesis);
          // Two records of a kind on one bar cannot be told apart in what was heard.
          if (alike.length > 1 || own.length === 0) continue;
          expect(own.filter(({ passed }) => !passed).map(({ code }) => code)).toEqual([...reasons]);
          if (tradeable) seen.open++;
          else seen.shut++;
          for (const gate of own) if (wordsOf(gate, NaN).unit === 'points') seen.weighed.add(gate.code);
        }
      }
    }
    expect(seen.open).toBeGreaterThan(5);
    expect(seen.shut).toBeGreaterThan(20);
    expect([...seen.weighed].sort()).toEqual(['CONFIDENCE', 'LEVEL_STRENGTH', 'PHASE_CONFIDENCE', 'RANGE_QUALITY']);
  });

  it('EXP-4 what comes next has a direction, a price and a time, on both sides', () => {
    const pending = { hypothesis: -1, bar: 10, price: 108, confirmsAt: 106, failsAt: 112, lastBar: 13 } as const;
    const told = (over: Partial<PendingView>): string => {
      const view = { pending: [{ kind: 'LPSY', ...pending, ...over } as const], range: null };
      return outlookOf({ view, bar: 11, params: resolvePack('strict').params, timeframe: '1d' }).join();
    };
    expect(told({})).toBe(
      'LPSY (distribution) of bar 10 at 108 waits; a close at or below 106 confirms it; a high above 112 ends it; 2 more bars to do so',
    );
    expect(told({ kind: 'BC', lastBar: null })).toContain('a close at or above 106 confirms it');
    expect(told({ kind: 'PSY', lastBar: 11 })).toContain(
      'a low at or below 106 confirms it; a high above 112 ends it; this was its',
    );
  });

  it('EXP-4 after a break it names the price that fails it', async () => {
    await using table = await ParquetTable.open(made);
    const columns = await readAllBars(table, { symbol: 'SYN-0001' });
    const instrument = { symbol: 'SYN-0001', assetClass: 'STOCK', timeZone: 'UTC' } as const;
    const detector = createDetector(instrument, '1d', { pack: 'strict' });
    const cursor = new BarCursor(columns);
    let row = 0;
    while (!detector.onBar(cursor.at(row)).some(({ kind, status }) => kind === 'SOS' && status === 'confirmed')) row++;
    const view = detector.view();
    const outlook = outlookOf({ view, bar: row, params: resolvePack('strict').params, timeframe: '1d' });
    const edge = view.range?.resistance.edge ?? NaN;
    expect(outlook.find((line) => line.startsWith('accumulation'))).toContain(
      `a close below ${edge - 0.02 * edge} fails the break`,
    );
    expect(outlook.find((line) => line.startsWith('distribution'))).toMatch(/suspended.*it resumes if the break fails/);
  });

  it('EXP-2 finds the bar by time: the last that opens at or before it', async () => {
    await using table = await ParquetTable.open(made);
    const columns = await readAllBars(table, { symbol: 'SYN-0001' });
    expect(rowAt(columns, columns.time[10])).toBe(10);
    expect(rowAt(columns, columns.time[10] - 1)).toBe(9);
    expect(rowAt(columns, columns.time[0] - 1)).toBeNull();
    expect(rowAt(columns, Infinity)).toBe(columns.length - 1);
  });
});

describe('the verbs', () => {
  const program = (): Command => {
    const command = new Command('wyckoff').exitOverride().configureOutput({ writeErr: () => undefined });
    for (const register of [registerGenerate, registerAccuracy, registerCertify, registerExplain]) register(command);
    return command;
  };
  const code = async (...argv: string[]): Promise<number> => {
    const error = await program()
      .parseAsync(argv, { from: 'user' })
      .then(
        () => null,
        (thrown: unknown) => thrown,
      );
    return error === null ? 0 : error instanceof Exit ? error.code : 2;
  };

  it.each([
    ['an unknown schematic', ['generate', '--schematic', 'Z9', '--out', 'x.parquet'], 2],
    ['no output', ['generate'], 2],
    ['a Parquet file under the name of a CSV', ['generate', '--out', join(tmpdir(), 'x.csv')], 2],
    ['a file that is not there', ['accuracy', '--input', '/nonexistent/F.parquet', '--quiet'], 2],
    ['an unknown certificate', ['certify', '--input', 'x.csv', '--only', 'hope'], 2],
    ['a time that is none', ['explain', '--input', 'x.csv', '--at', 'noon'], 2],
  ])('CLI-1 %s ends with its exit code', async (_, argv, expected) => {
    expect(await code(...argv)).toBe(expected);
  });

  it('CLI-2 a time before the first bar is nothing to explain (4)', async () => {
    expect(await code('explain', '--input', made, '--at', '1990-01-01', '--quiet')).toBe(4);
  });
});
