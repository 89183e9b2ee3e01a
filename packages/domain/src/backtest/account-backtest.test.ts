import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import type { BarColumns } from '../bar/columns.ts';
import { createBarColumns } from '../bar/columns.ts';
import { accountOptions, random, world } from '../engine/kit/account-world.ts';
import { runAccountBacktest } from './account-backtest.ts';
import type { AccountBacktestResult, BacktestSeries } from './account-backtest.ts';
import type { Hasher } from './hasher.ts';
import { inColumns, runBacktest } from './run-backtest.ts';
import { SeriesMerge } from './series-merge.ts';

const BARS = 600;

function sha256(): Hasher {
  const hash = createHash('sha256');
  return { update: (data) => void hash.update(data), digest: () => hash.digest('hex') };
}

const WORLD = world(11, BARS);

/** One of the four series of a scripted world, in pages of this size. */
function series(place: number, size = 1_000): BacktestSeries {
  const options = accountOptions(WORLD).series[place];
  const bars = WORLD.instants.flatMap((instant) => instant.filter((one) => one.series === place).map(({ bar }) => bar));
  return { ...options, source: inColumns(bars, size) };
}

const CHOICES = { warmupBars: 20, halts: { dailyLossBp: null, drawdownBp: null } } as const;
const run = (list: readonly BacktestSeries[]): AccountBacktestResult =>
  runAccountBacktest({ ...CHOICES, series: list, outputHasher: sha256() });

test('3 one series of an account is the same run as the series alone, fact for fact', () => {
  const alone = runBacktest({ ...CHOICES, ...series(0), outputHasher: sha256() });
  const account = run([series(0)]);
  expect(account.outputHash).toBe(alone.outputHash);
  expect(account.run).toEqual(alone.run);
  expect(account.barsOfSeries).toEqual([alone.bars]);
  expect(alone.trades.trades).toBeGreaterThan(10);
});

test('BT-7 BT-8 page size and the order in the request change nothing', () => {
  const first = run([series(0), series(1), series(2), series(3)]);
  const other = run([series(3, 1), series(2, 333), series(0, 7), series(1, 4_096)]);
  expect(other.outputHash).toBe(first.outputHash);
  expect(other.run).toEqual(first.run);
  expect(first.trades.trades).toBeGreaterThan(50);
  expect(first.fillsBeforeSignal).toBe(0);
});

test('2 a series with too few bars is said; without any bar there is no run', () => {
  const empty = { ...series(1), source: [] };
  const result = run([series(0), empty]);
  expect(result).toMatchObject({ status: 'COMPLETED' });
  expect(result.barsOfSeries[1]).toBe(0);
  expect(run([empty]).status).toBe('NO_DATA');
});

test('6 series of several timeframes are judged by day; the run can be cancelled', () => {
  const mixed = run([series(0), series(3)]);
  const daily = run([series(0)]);
  expect(mixed.run.sharpe).not.toBeNull();
  expect(mixed.run.bars).toBe(daily.run.bars);
  const cancelled = runAccountBacktest({ ...CHOICES, series: [series(0), series(1)], onProgress: () => false });
  expect(cancelled.status).toBe('CANCELLED');
  expect(cancelled.bars).toBe(256);
});

test('3 the merge gives each instant once, in time order, whatever is missing where', () => {
  const columns = (times: readonly number[]): BarColumns => {
    const made = createBarColumns(times.length);
    times.forEach((time, i) => {
      made.time[i] = time;
      made.length = i + 1;
    });
    return made;
  };
  const day = 86_400_000;
  const merge = new SeriesMerge([
    { timeframe: '1d', source: [columns([0, day]), columns([3 * day])] },
    { timeframe: '4h', source: [columns([5 * 14_400_000, day + 14_400_000])] },
    { timeframe: '1d', source: [columns([day, 3 * day])] },
  ]);
  const seen: [number, number[]][] = [];
  for (let bars = merge.next(); bars !== null; bars = merge.next()) seen.push([merge.at / day, bars.map(({ series: i }) => i)]);
  expect(seen).toEqual([
    [1, [0, 1]],
    [1 + 1 / 3, [1]],
    [2, [0, 2]],
    [4, [0, 2]],
  ]);
});

test('3 the heap gives what a scan over two hundred series gives', () => {
  const roll = random(5);
  const lists = Array.from({ length: 200 }, () => Array.from({ length: 1 + roll(40) }, () => roll(400)));
  const times = lists.map((list) => [...new Set(list)].sort((a, b) => a - b));
  const pages = times.map((list) => {
    const made = createBarColumns(list.length);
    for (const time of list) made.time[made.length++] = time * 60_000;
    return made;
  });
  const merge = new SeriesMerge(pages.map((page) => ({ timeframe: '1m', source: [page] })));
  const seen: string[] = [];
  for (let bars = merge.next(); bars !== null; bars = merge.next())
    seen.push(`${merge.at / 60_000}: ${bars.map(({ series: i }) => i).join(' ')}`);
  const scanned = Array.from({ length: 400 }, (_, at) => ({
    at,
    who: times.flatMap((list, i) => (list.includes(at) ? [i] : [])),
  }));
  expect(seen).toEqual(scanned.filter(({ who }) => who.length > 0).map(({ at, who }) => `${at + 1}: ${who.join(' ')}`));
});

test('BT-7 each series has a hash of its own input, whatever its pages and its place', () => {
  const hashed = (place: number, size: number): BacktestSeries => ({ ...series(place, size), inputHasher: sha256() });
  const one = run([hashed(0, 1_000), hashed(1, 7), series(2)]);
  const other = run([series(2), hashed(1, 333), hashed(0, 1)]);
  expect(one.inputHashes[2]).toBeNull();
  expect(other.inputHashes).toEqual([null, one.inputHashes[1], one.inputHashes[0]]);
  expect(one.inputHashes[0]).not.toBe(one.inputHashes[1]);
  const alone = runBacktest({ ...CHOICES, ...series(0), inputHasher: sha256() });
  expect(one.inputHashes[0]).toBe(alone.inputHash);
});
