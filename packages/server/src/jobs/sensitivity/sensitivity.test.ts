/** The sweep: what it tries, what it counts, how it stops; and rules from a file on the command line. */
import {
  CLASSIC,
  createDetectorInContext,
  drawSeries,
  STRICT,
  BarCursor,
  type DetectionEvent,
  type Funnel,
  type RulePack,
} from '@wyckoff/domain';
import { Command } from 'commander';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GateTally } from '../../cli/funnel-report.ts';
import { rulesOf } from '../../cli/rules.ts';
import { demoFile } from '../../session/demo-series.ts';
import { MOST_RECORDS, RecordSet, type Counts } from './record-set.ts';
import { registerSensitivity } from './register-sensitivity.ts';
import { sensitivity, type SensitivityJob } from './sensitivity.ts';
import { thresholdsOf } from './variants.ts';

const { columns } = drawSeries({ schematic: 'all', seed: 5, number: 1, bars: 3000, noise: 'moderate' });
const instrument = { symbol: 'S', assetClass: 'STOCK', timeZone: 'UTC' } as const;
const job = (changes: Partial<SensitivityJob> = {}): SensitivityJob => ({
  columns,
  instrument,
  timeframe: '1d',
  pack: CLASSIC,
  ...changes,
});

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wyckoff-rules-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

function recordsOf(pack: RulePack): DetectionEvent[] {
  const detector = createDetectorInContext(instrument, '1d', { pack });
  const cursor = new BarCursor(columns);
  return Array.from({ length: columns.length }, (_, row) => detector.onBar(cursor.at(row))).flat();
}

describe('issue 3.8 sensitivity', () => {
  it('SEN-1 counts what a plain comparison of the two runs counts', async () => {
    const report = await sensitivity(job({ param: 'clusterTolAtr' }));
    const [{ variants }] = report.thresholds;
    expect(variants.map(({ step, value }) => [step, value])).toEqual([['x0.8', 0.8], ['x0.9', 0.9], ['x1.1', 1.1], ['x1.2', 1.2]]); // prettier-ignore
    const keys = (records: readonly DetectionEvent[]): Set<string> =>
      new Set(records.map((r) => `${r.kind} ${r.hypothesis} ${r.status} ${r.eventBar}`));
    const trades = (records: readonly DetectionEvent[]): DetectionEvent[] => records.filter((record) => record.tradeable);
    const base = recordsOf(CLASSIC);
    const other = recordsOf({ ...CLASSIC, params: { ...CLASSIC.params, clusterTolAtr: 0.8 } });
    const minus = (a: Set<string>, b: Set<string>): number => [...a].filter((key) => !b.has(key)).length;
    expect(report).toMatchObject({ records: keys(base).size, tradeable: keys(trades(base)).size });
    const common = keys(base).size - minus(keys(base), keys(other));
    expect(variants[0]).toMatchObject({
      addedCount: minus(keys(other), keys(base)),
      removedCount: minus(keys(base), keys(other)),
      tradeableAdded: minus(keys(trades(other)), keys(trades(base))),
      tradeableRemoved: minus(keys(trades(base)), keys(trades(other))),
      jaccard: common / (keys(base).size + minus(keys(other), keys(base))),
    });
    expect(variants[0].addedCount + variants[0].removedCount).toBeGreaterThan(5);
  });

  it('SEN-2 all thresholds, the most influential first; nothing swept equals nothing changed', async () => {
    const runs: number[] = [];
    const report = await sensitivity(
      job({ columns: { ...columns, length: 1_000 }, onProgress: (done, total) => void runs.push(done, total) }),
    );
    const influences = report.thresholds.map((one) => one.influence);
    expect(influences).toEqual([...influences].sort((a, b) => b - a));
    expect(influences[0]).toBeGreaterThan(0);
    expect(runs.at(-1)).toBe(runs.at(-2));
    expect(report.thresholds.length).toBeGreaterThan(90);
    expect(report.skipped.map(({ name }) => name)).toEqual(expect.arrayContaining(['pivotK', 'tfTable', 'sosVol']));
    for (const { variants } of report.thresholds)
      for (const one of variants) {
        const sum = (counts: Counts): number => Object.values(counts).reduce((total, n) => total + n, 0);
        expect([sum(one.added), sum(one.removed)]).toEqual([one.addedCount, one.removedCount]);
      }
  });

  it('SEN-3 whole numbers move by one at least, quantiles by their tail, switches turn, nothing leaves its range', () => {
    const of = (name: string, pack = CLASSIC): (number | boolean)[] =>
      thresholdsOf(pack, name).swept.flatMap((one) => one.variants.map(({ value }) => value));
    expect(of('driftBars')).toEqual([4, 6]);
    expect(of('lpsMax')).toEqual([2]);
    expect(of('habit.sosVol')).toEqual([0.92, 0.91, 0.89, 0.88]);
    expect(of('habit.springMaxVol')).toEqual([0.176, 0.198, 0.242, 0.264]);
    expect(of('requireTest')).toEqual([false]);
    expect(of('htfPenalty')).toEqual([-20, -22.5, -27.5, -30]);
    expect(of('sosVol')).toEqual([]);
    expect(of('sosVol', STRICT)).toEqual([1.2, 1.35, 1.65, 1.8]);
    expect(of('clusterMaxAge')).toEqual([96, 108, 127]);
  });

  it('SEN-4 asked to stop it tells what was swept in full', async () => {
    const controller = new AbortController();
    const report = await sensitivity(
      job({
        signal: controller.signal,
        onProgress: (done) => {
          if (done === 10) controller.abort();
        },
      }),
    );
    expect(report.interrupted).toBe(true);
    expect(report.thresholds.length).toBeGreaterThan(0);
    expect(report.thresholds.length).toBeLessThan(10);
  });

  it('SEN-5 the set of records is bounded', () => {
    const set = new RecordSet();
    const [record] = recordsOf(CLASSIC);
    for (let bar = 0; bar < MOST_RECORDS; bar++) set.hear({ ...record, eventBar: bar });
    expect(set.hear({ ...record, eventBar: MOST_RECORDS })).toBe(false);
    expect(set.hear({ ...record, eventBar: 5 })).toBe(true);
    expect(set.size).toBe(MOST_RECORDS);
  });

  it.each([
    ['--param lpsWindwo', /did you mean lpsWindow/],
    ['--param pivotK', /cannot be swept under classic: a pivot/],
    ['--param sosVol', /habit.sosVol decides/],
  ])('SEN-6 exit 2: %s', async (words, says) => {
    const program = new Command().exitOverride();
    registerSensitivity(program);
    const ended = program.parseAsync(['sensitivity', '--input', demoFile(), ...words.split(' ')], { from: 'user' });
    await expect(ended).rejects.toMatchObject({ code: 2, message: expect.stringMatching(says) as string });
  });
});

describe('issue 3.8 rules from a file', () => {
  const file = async (name: string, content: unknown): Promise<string> => {
    const path = join(folder, name);
    await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content));
    return path;
  };
  const head = { name: 'mine', version: 3, extends: 'classic' };

  it('PCK-5 is resolved, named with its version and hashed; equal rules, equal hash', async () => {
    const one = await rulesOf({ rules: await file('one.json', { ...head, parameters: { lpsWindow: 15, sosMax: 2 } }) });
    const other = await rulesOf({ rules: await file('other.json', { parameters: { sosMax: 2, lpsWindow: 15 }, ...head }) });
    expect(one).toMatchObject({ name: 'mine 3', hash: other.hash, pack: { params: { lpsWindow: 15 } } });
    expect(one.hash).toMatch(/^[0-9a-f]{64}$/);
    expect((await rulesOf({ rules: 'classic' })).hash).not.toBe(one.hash);
    expect((await rulesOf({ rules: 'strict' })).pack).toBe(STRICT);
  });

  it.each([
    ['missing.json', null, /no such file.*strict, classic or a JSON file/s],
    ['broken.json', '{"name":', /expected JSON/],
    ['huge.json', ' '.repeat(70_000), /at most 65536 bytes, was 70000/],
    [
      'wrong.json',
      { ...head, parameters: { lpsWindow: 0, pivotK: 7, sosMx: 1 } },
      /(?=.*lpsWindow: expected a whole)(?=.*pivotK: cannot be set).*did you mean parameters.sosMax/s,
    ],
  ])('PCK-6 exit 2 with every fault: %s', async (name, content, says) => {
    const rules = content === null ? join(folder, name) : await file(name, content);
    await expect(rulesOf({ rules })).rejects.toMatchObject({ code: 2, message: expect.stringMatching(says) as string });
  });
});

it('issue 3.8 the funnel by gate adds up to the funnel by kind, and counts what one gate alone stopped', () => {
  const detector = createDetectorInContext(instrument, '1d');
  const cursor = new BarCursor(columns);
  const tally = new GateTally();
  const alone: string[] = [];
  for (let row = 0; row < columns.length; row++)
    for (const record of detector.onBar(cursor.at(row))) {
      tally.hear(record);
      if (!record.tradeable && record.reasons.length === 1 && ['confirmed', 'direct'].includes(record.status))
        alone.push(record.reasons[0]);
    }
  const funnel = detector.funnel();
  const rows = tally.rows(funnel);
  const total = (counts: Funnel['refused']): number =>
    Object.values(counts).flatMap((row) => Object.values(row)).reduce((sum, n) => sum + n, 0); // prettier-ignore
  expect(rows.reduce((sum, row) => sum + row.refused, 0)).toBe(total(funnel.refused));
  expect(rows.reduce((sum, row) => sum + row.stopped, 0)).toBe(total(funnel.gated));
  expect(rows.reduce((sum, row) => sum + row.alone, 0)).toBe(alone.length);
  expect(rows.find((row) => row.gate === 'CONFIDENCE')?.alone).toBe(alone.filter((code) => code === 'CONFIDENCE').length);
  expect(rows.length).toBeGreaterThan(5);
});
