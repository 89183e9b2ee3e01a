/** Small parts: level bar, curve, table rows. */
import { describe, expect, it } from 'vitest';
import { curve, thin } from './curve.ts';
import { filterRows } from './data-table.ts';
import { placeLevels } from './level-bar.ts';

describe('web 8 parts', () => {
  it('the distance bar runs from stop to the farthest target, for shorts too, and docks what is beyond', () => {
    const marks = (stop: number, entry: number, target: number, now: number) =>
      placeLevels([{ name: 'stop', price: stop }, { name: 'entry', price: entry }, { name: 'target', price: target }, { name: 'now', price: now }]).map((mark) => mark.at); // prettier-ignore
    expect(marks(90, 100, 130, 140)).toEqual([0, 0.25, 1, 1]);
    expect(marks(110, 100, 70, 90)).toEqual([0, 0.25, 1, 0.5]);
    expect(placeLevels([{ name: 'stop', price: 1 }, { name: 'now', price: 1 }])).toEqual([]); // prettier-ignore
  });

  it('a curve never has more points than asked for and keeps its extremes', () => {
    const values = Array.from({ length: 5_000 }, (_, i) => (i === 2_345 ? 99 : Math.sin(i)));
    expect(thin(values, 304).length).toBeLessThanOrEqual(304);
    expect(thin(values, 304)).toContain(99);
    expect(curve([1], { width: 10, height: 10, base: 0 }).path).toBe('');
    expect(curve([1, 3], { width: 10, height: 12, base: 1 }).path).toBe('M0.0 11.0L10.0 1.0');
  });

  it('L6 at most 200 rows are shown, and the filter needs every word', () => {
    const rows = Array.from({ length: 1_000 }, (_, i) => ({ id: i, name: i % 2 === 0 ? 'long open' : 'short closed' }));
    const columns = [{ key: 'name', label: 'Name', words: (row: { name: string }) => row.name }];
    expect(filterRows(rows, columns, '')).toHaveLength(200);
    expect(filterRows(rows, columns, 'LONG open')[0].id).toBe(0);
    expect(filterRows(rows, columns, 'long closed')).toEqual([]);
  });
});
