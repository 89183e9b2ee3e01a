/** Files of other programs: pyarrow 26.0.1, DuckDB 2.0.0 and polars 2.1.0 wrote the same 500 bars in their own ways (fixtures/generate.py). */
import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ParquetTable } from './parquet-table.ts';
import { readAllBars, seriesOf } from './read-bars.ts';

const FOLDER = new URL('./fixtures/', import.meta.url).pathname;
const ALL = readdirSync(FOLDER).filter((name) => name.endsWith('.parquet'));
/** LZ4 is not decoded. */
const FILES = ALL.filter((name) => !name.includes('lz4'));
const START = Date.UTC(2020, 0, 1);
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

describe('C10 files written by others', () => {
  it('C10 nineteen of them are there', () => {
    expect(ALL).toHaveLength(19);
    expect(FILES).toHaveLength(18);
  });

  it('C10 a codec we do not read is refused by its name, with what to do', async () => {
    await using table = await ParquetTable.open(`${FOLDER}polars-ns-lz4.parquet`);
    await expect(readAllBars(table)).rejects.toMatchObject({
      code: 'PARQUET_CODEC',
      message: expect.stringMatching(/LZ4_RAW.*Write the file with Snappy, Zstandard/s) as string,
    });
  });

  it.each(FILES)('C10 %s holds the bars it was given', async (name) => {
    await using table = await ParquetTable.open(FOLDER + name);
    expect(await seriesOf(table)).toEqual([
      { symbol: 'AAA', timeframe: null, rows: 250 },
      { symbol: 'BBB', timeframe: null, rows: 250 },
    ]);
    const step = name.includes('date32') ? DAY : HOUR;
    for (const [symbol, first] of [
      ['AAA', 0],
      ['BBB', 250],
    ] as const) {
      const bars = await readAllBars(table, { symbol });
      expect(bars.length).toBe(250);
      for (let row = 0; row < 250; row += 1) {
        const n = first + row;
        const open = 100 + (n % 37) * 0.25;
        const was = [bars.time[row], bars.open[row], bars.high[row], bars.low[row], bars.close[row], bars.volume[row]];
        expect(was).toEqual([START + n * step, open, open + 1.5, open - 1.25, open + 0.5, 1_000 + ((n * 7) % 991)]);
      }
    }
  });

  it.each(FILES)('C10 %s: a span is read by its row groups', async (name) => {
    await using table = await ParquetTable.open(FOLDER + name);
    const step = name.includes('date32') ? DAY : HOUR;
    const bars = await readAllBars(table, { symbol: 'BBB', from: START + 490 * step, to: START + 494 * step });
    expect([bars.length, bars.time[0], bars.time[4]]).toEqual([5, START + 490 * step, START + 494 * step]);
  });
});
