import { createBarColumns } from '@wyckoff/domain';
import { expect, it } from 'vitest';
import type { CsvProblem } from '../../feeds/csv/report.ts';
import { BarSieve } from './bar-sieve.ts';

it('BAR_VALUE BAR_SHAPE BAR_FUTURE rows of a Parquet file are taken out with their place, and those after them stay', () => {
  const rows = [
    [1, 10, 11, 9, 10, 5],
    [2, 12, 11, 9, 10, 5],
    [3, 10, 11, 9, 8, 5],
    [4, 10, NaN, 9, 10, 5],
    [5, 10, 11, 9, 10, -1],
    [6, 10, 11, 9, 10, 5],
    [6, 10, 11, 9, 10, 5],
    [6, 10, 11, 9, 10.5, 5],
    [99, 10, 11, 9, 10, 5],
  ] as const;
  const bars = createBarColumns(rows.length);
  for (const [row, values] of rows.entries())
    for (const [n, name] of (['time', 'open', 'high', 'low', 'close', 'volume'] as const).entries()) bars[name][row] = values[n] ?? NaN; // prettier-ignore
  bars.length = rows.length;
  const told: CsvProblem[] = [];
  const sieve = new BarSieve(50, (problem) => told.push(problem));
  sieve.pass(bars);
  expect([...bars.time.subarray(0, bars.length)]).toEqual([1, 6]);
  expect(bars.close[1]).toBe(10.5);
  expect(told.map(({ line, code }) => [line, code])).toEqual([
    [2, 'BAR_SHAPE'],
    [3, 'BAR_SHAPE'],
    [4, 'BAR_VALUE'],
    [5, 'BAR_VALUE'],
    [9, 'BAR_FUTURE'],
  ]);
  expect(sieve.counts).toMatchObject({ read: 9, accepted: 2, refused: 5, duplicates: 1, corrected: 1 });
});
