/** A run that was halted says so: rule, bar, refusals. */
import { Backtest } from '@wyckoff/domain';
import { expect, it } from 'vitest';
import { readCsv } from '../feeds/csv/read-csv.ts';
import { demoFile } from '../session/demo-series.ts';
import { HaltWatch, haltLines, type HaltOfRun } from './halt-watch.ts';

async function haltOf(drawdownBp: number | null): Promise<HaltOfRun> {
  const read = await readCsv(demoFile(), { now: Date.now() });
  if (!read.ok) throw new Error(read.sentence);
  const watch = new HaltWatch('1d');
  const run = new Backtest({
    instrument: { symbol: 'SPX', assetClass: 'INDEX', timeZone: 'UTC' },
    timeframe: '1d',
    halts: { dailyLossBp: null, drawdownBp },
    onFact: (fact) => watch.hear(fact),
  });
  run.feed(read.columns);
  const halt = watch.atEnd(run.end().rejections);
  if (halt.haltedAt !== null) expect(read.columns.time).toContain(halt.haltedAt);
  return halt;
}

it('TR-5.7 a drawdown halt is told with its bar and its refusals, not as a want of setups', async () => {
  const halt = await haltOf(50);
  expect(halt).toMatchObject({ haltedBy: 'DRAWDOWN', haltedLimit: 0.005 });
  expect(halt.haltedRefusals).toBeGreaterThan(0);
  expect(haltLines(halt).join('\n')).toMatch(
    /halted by DRAWDOWN on \d{4}-\d\d-\d\d \(a loss of \d+\.\d %, limit 0\.5 %\).*: \d+ signals? w.*RK_HALTED.\n.*not for want of setups/,
  );
});

it('TR-5.7 a run without a halt says nothing of it', async () => {
  const halt = await haltOf(null);
  expect(halt).toEqual({ haltedAt: null, haltedBy: null, haltedValue: null, haltedLimit: null, haltedRefusals: 0 });
  expect(haltLines(halt)).toEqual([]);
});

it('TR-5.7 a daily halt that ended is told as such', () => {
  const watch = new HaltWatch('1d');
  const data = { rule: 'DAILY_LOSS', value: 0.031, limit: 0.03 };
  watch.hear({ kind: 'risk.limit', at: 2 * 86_400_000, data: { ...data, state: 'REACHED' } });
  expect(watch.atEnd({})).toMatchObject({ haltedAt: 86_400_000, haltedBy: 'DAILY_LOSS' });
  watch.hear({ kind: 'risk.limit', at: 3 * 86_400_000, data: { ...data, state: 'CLEARED' } });
  expect(haltLines(watch.atEnd({ RK_HALTED: 1 }))).toEqual([
    'Entries were halted for a time: 1 signal was refused with RK_HALTED.',
  ]);
});
