/** Bars travel in columns and are read through one reused cursor. */
import { expect, test } from 'vitest';
import { appendBar, BarCursor, createBarColumns } from './columns.ts';

test('M13 the cursor shows the columns themselves, one bar at a time, without a copy of the past', () => {
  const columns = createBarColumns(3);
  for (const close of [10, 11, 12])
    appendBar(columns, { time: close * 1000, open: close, high: close + 1, low: close - 1, close, volume: 5 });
  const cursor = new BarCursor(columns);
  expect(cursor.at(1)).toBe(cursor);
  expect(cursor.close).toBe(11);
  columns.close[1] = 11.5;
  expect(cursor.close).toBe(11.5);
  expect(cursor.at(2).close).toBe(12);
});

test('M5 a column has a fixed capacity: the bar too many is refused, not grown into', () => {
  const columns = createBarColumns(1);
  const bar = { time: 1, open: 1, high: 1, low: 1, close: 1, volume: 1 };
  appendBar(columns, bar);
  expect(() => appendBar(columns, bar)).toThrow();
  expect(columns.close).toHaveLength(1);
});
