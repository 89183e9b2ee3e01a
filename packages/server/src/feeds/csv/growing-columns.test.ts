/** Columns that grow: no row is lost, and no outgrown column waits for a collection. */
import { expect, it } from 'vitest';
import { GrowingColumns } from './growing-columns.ts';

it('C10 growing keeps every row and gives the old columns back at once', () => {
  const rows = new GrowingColumns();
  const outgrown = [rows.time, rows.volume, rows.line];
  for (let i = 0; i < 10_000; i += 1) {
    rows.reserve();
    rows.time[i] = i;
    rows.volume[i] = 2 * i;
    rows.line[i] = i + 2;
    rows.length += 1;
  }
  const { time, volume, length } = rows.columns();
  expect(length).toBe(10_000);
  expect(time.every((value, i) => value === i) && volume.every((value, i) => value === 2 * i)).toBe(true);
  expect(rows.line.subarray(0, length).every((value, i) => value === i + 2)).toBe(true);
  expect(outgrown.map((column) => column.buffer.byteLength)).toEqual([0, 0, 0]);
});
