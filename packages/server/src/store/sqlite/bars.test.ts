/** Bars by key: pages, streams and counts agree with the whole, also while bars come in. */
import { createBarColumns, type BarColumns } from '@wyckoff/domain';
import Database from 'better-sqlite3';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DEMO_SYMBOL } from '../../session/demo-series.ts';
import type { Series, Store } from '../store.ts';
import { SQLITE } from '../sql/dialect.ts';
import { MIGRATIONS } from '../sql/migrations.ts';
import { openSqliteStore } from './sqlite-store.ts';

let store: Store;
let series: Series;
beforeEach(async () => {
  store = openSqliteStore({ path: ':memory:' });
  series = await store.saveSymbol(DEMO_SYMBOL, '1d');
});
afterEach(() => store.close());

function columnsAt(times: readonly number[], close = 10): BarColumns {
  const columns = createBarColumns(times.length);
  for (const [i, time] of times.entries()) {
    columns.time[i] = time;
    columns.open[i] = columns.high[i] = columns.low[i] = columns.close[i] = close;
    columns.volume[i] = i;
  }
  columns.length = times.length;
  return columns;
}

const upTo = (n: number, step = 10): number[] => Array.from({ length: n }, (_, i) => i * step);

async function streamed(chunk: number, meanwhile?: () => Promise<unknown>): Promise<number[]> {
  const times: number[] = [];
  for await (const columns of store.streamBars(series, { chunk })) {
    times.push(...columns.time.subarray(0, columns.length));
    await meanwhile?.();
  }
  return times;
}

describe('H2 H3 bars by key', () => {
  it('H2 a walk by pages is the full load, newest first or oldest first', async () => {
    const times = upTo(2500);
    await store.importBars(series, columnsAt(times), 'test');
    expect(await store.countBars(series)).toBe(2500);
    expect(await store.countBars(series, { after: times[9], until: times[19] })).toBe(10);
    expect(await streamed(1000)).toEqual(times);
    const back: number[] = [];
    for (let before: number | undefined; ;) {
      const page = await store.barsBefore(series, { ...(before !== undefined && { before }), limit: 700 });
      if (page.length === 0) break;
      back.unshift(...page.time);
      before = page.time[0];
    }
    expect(back).toEqual(times);
  });

  it('H2 the limit is 1 to 10,000', async () => {
    for (const limit of [0, 10_001, 1.5, NaN]) await expect(store.barsBefore(series, { limit })).rejects.toThrow(/1\.\.10000/);
  });

  it('H2 bars inserted while a stream runs are neither skipped nor doubled', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 7 }),
        fc.array(fc.nat({ max: 600 }), { maxLength: 20 }),
        async (chunk, inserts) => {
          const own = await store.saveSymbol(
            { ...DEMO_SYMBOL, symbol: `S${Math.random().toString(36).slice(2, 10).toUpperCase()}` },
            '1d',
          );
          series = own;
          const times = upTo(50);
          await store.importBars(own, columnsAt(times), 'test');
          const queue = [...inserts];
          const seen = await streamed(chunk, async () => {
            const time = queue.pop();
            if (time !== undefined) await store.importBars(own, columnsAt([time]), 'test');
          });
          expect(new Set(seen).size).toBe(seen.length);
          expect([...seen].sort((a, b) => a - b)).toEqual(seen);
          expect(seen).toEqual(expect.arrayContaining(times));
        },
      ),
      { numRuns: 60 },
    );
  });

  it('trading 9.2 rule 4: import again changes nothing; another content corrects', async () => {
    expect(await store.importBars(series, columnsAt(upTo(100)), 'test')).toEqual({ inserted: 100, duplicate: 0, corrected: 0 });
    expect(await store.importBars(series, columnsAt(upTo(100)), 'test')).toEqual({ inserted: 0, duplicate: 100, corrected: 0 });
    expect(await store.importBars(series, columnsAt(upTo(101), 11), 'test')).toEqual({
      inserted: 1,
      duplicate: 0,
      corrected: 100,
    });
  });

  it('H3 the plan of a page is a search on the key, whatever its depth', () => {
    const database = new Database(':memory:');
    for (const statement of MIGRATIONS.flatMap((migration) => migration.statements)) database.exec(SQLITE.schema(statement));
    const plan = database
      .prepare(
        'explain query plan select ts from bars where symbol_id = 1 and tf = 1440 and ts > 5 and ts <= 9 order by ts limit 10',
      )
      .all() as { detail: string }[];
    expect(plan.map((row) => row.detail).join()).toMatch(
      /SEARCH bars USING PRIMARY KEY \(symbol_id=\? AND tf=\? AND ts>\? AND ts<\?\)/,
    );
    database.close();
  });
});
