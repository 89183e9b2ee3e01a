/** Parquet in and out: chunked equals whole, filters read less, every unit of time, and no file can crash the reader. */
import { appendFile, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { parquetWriteFile } from 'hyparquet-writer';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRandom } from '../../../../domain/src/backtest/synthetic/random.ts';
import { ParquetRefused } from './parquet-refused.ts';
import { ParquetTable } from './parquet-table.ts';
import { MOST_SERIES, readAllBars, readBars, seriesOf, type ReadBarsOptions } from './read-bars.ts';
import { TableWriter, type ColumnPlan } from './write-table.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wyckoff-parquet-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const DAY = 86_400_000;
const START = Date.UTC(2020, 0, 1);
const NUMBERS = ['open', 'high', 'low', 'close', 'volume'] as const;
const PLAN: readonly ColumnPlan[] = [
  { name: 'symbol', type: 'text' },
  { name: 'timeframe', type: 'text' },
  { name: 'ts', type: 'time' },
  ...NUMBERS.map((name) => ({ name, type: 'float' as const })),
];

/** `rows` bars of each symbol; price = row + 100, volume = row. */
async function barsFile(name: string, symbols: readonly string[], rows: number): Promise<string> {
  const path = join(folder, name);
  await using writer = await TableWriter.create(path, PLAN, { synthetic: 'true' });
  for (const symbol of symbols) {
    const price = Float64Array.from({ length: rows }, (_, i) => 100 + i);
    await writer.write([
      new Array<string>(rows).fill(symbol),
      new Array<string>(rows).fill('1d'),
      Float64Array.from({ length: rows }, (_, i) => START + i * DAY),
      price, price, price, price,
      Float64Array.from({ length: rows }, (_, i) => i),
    ]); // prettier-ignore
  }
  await writer.finish();
  return path;
}

/** The cells of a series as one text per bar, so that chunks and wholes can be compared. */
async function cells(path: string, options: ReadBarsOptions): Promise<string[]> {
  await using table = await ParquetTable.open(path);
  const rows: string[] = [];
  for await (const chunk of readBars(table, options)) {
    for (let i = 0; i < chunk.length; i++) rows.push([chunk.time[i], ...NUMBERS.map((name) => chunk[name][i])].join());
  }
  return rows;
}

const refusal = async (work: Promise<unknown>): Promise<ParquetRefused> => {
  const error = await work.then(
    () => new Error('was read'),
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(ParquetRefused);
  return error as ParquetRefused;
};

describe('Parquet (memory.md C10)', () => {
  it('C10 chunked equals whole, also when a row group is larger than the chunk', async () => {
    const path = await barsFile('chunks.parquet', ['A', 'B'], 5000);
    const whole = await cells(path, { symbol: 'B', chunkSize: 1_000_000 });
    expect(whole).toHaveLength(5000);
    for (const chunkSize of [1, 7, 1000]) expect(await cells(path, { symbol: 'B', chunkSize })).toEqual(whole);
    await using table = await ParquetTable.open(path);
    expect((await readAllBars(table, { symbol: 'B' })).close[4999]).toBe(5099);
  });

  it('C10 a symbol filter skips the row groups of the others and reads fewer bytes', async () => {
    const path = await barsFile('filter.parquet', ['A', 'B', 'C', 'D'], 20_000);
    const bytes = async (options: ReadBarsOptions): Promise<number> => {
      await using table = await ParquetTable.open(path);
      const before = table.bytesRead;
      for await (const chunk of readBars(table, options)) expect(chunk.length).toBeGreaterThan(0);
      return table.bytesRead - before;
    };
    expect(await bytes({ symbol: 'C' })).toBeLessThan(0.3 * (await stat(path)).size);
    expect(await bytes({ symbol: 'C', from: START + 1e6 * DAY })).toBe(0);
  }, 30_000);

  it('C10 names the series of a file and its metadata', async () => {
    const path = await barsFile('names.parquet', ['AAA', 'BBB'], 10);
    await using table = await ParquetTable.open(path);
    expect(await seriesOf(table)).toEqual([
      { symbol: 'AAA', timeframe: '1d', rows: 10 },
      { symbol: 'BBB', timeframe: '1d', rows: 10 },
    ]);
    expect(table.metadata.get('synthetic')).toBe('true');
  });

  it('C10 columns are known whatever their case, as pandas and polars write them, and others by a map; what is missing is named', async () => {
    const path = join(folder, 'capitals.parquet');
    const values = [101, 102, 103];
    parquetWriteFile({
      filename: path,
      columnData: [
        { name: 'Ticker', data: ['A', 'B', 'B'], type: 'STRING' },
        { name: 'Date', data: values.map((n) => new Date(START + n * DAY)), type: 'TIMESTAMP' },
        ...['Open', 'High', 'Low', 'Close', 'Volume', 'Adj Close'].map((name, i) => ({ name, data: values.map((value) => value + (i === 5 ? 0.5 : 0)), type: 'DOUBLE' as const })), // prettier-ignore
      ],
    });
    await using table = await ParquetTable.open(path);
    expect(await seriesOf(table)).toEqual([{ symbol: 'A', timeframe: null, rows: 1 }, { symbol: 'B', timeframe: null, rows: 2 }]); // prettier-ignore
    expect(await cells(path, { symbol: 'B' })).toEqual([102, 103].map((n) => [START + n * DAY, n, n, n, n, n].join()));
    expect((await cells(path, { symbol: 'A', map: { close: 'adj close' } }))[0]).toContain(',101,101,101,101.5,101');
    expect(await seriesOf(table, { symbol: '' })).toEqual([{ symbol: null, timeframe: null, rows: 3 }]);
    const missing = await refusal(cells(path, { map: { close: 'Settle', time: 'Day' } }));
    expect([missing.code, missing.message]).toEqual(['PARQUET_COLUMNS', expect.stringMatching(/Expected Day, Settle\..*Date, Open.*--map/)]); // prettier-ignore
  });

  it('C10 a file whose rows are each a series of their own is refused before they fill the memory; one of just so many is not', async () => {
    const named = (name: string, count: number, letters = 0): string => {
      const filename = join(folder, name);
      const values = Array.from({ length: count }, (_, i) => 1 + i);
      const columnData = [
        { name: 'symbol', data: values.map((n) => `S${n}${'X'.repeat(letters)}`), type: 'STRING' as const },
        { name: 'ts', data: values.map(() => new Date(START)), type: 'TIMESTAMP' as const },
        ...NUMBERS.map((column) => ({ name: column, data: values, type: 'DOUBLE' as const })),
      ];
      parquetWriteFile({ filename, columnData });
      return filename;
    };
    const seriesIn = async (path: string): Promise<number> => {
      await using table = await ParquetTable.open(path);
      return (await seriesOf(table)).length;
    };
    expect(await seriesIn(named('most.parquet', MOST_SERIES))).toBe(MOST_SERIES);
    const many = await refusal(seriesIn(named('many.parquet', MOST_SERIES + 1)));
    expect([many.code, many.message]).toEqual([
      'PARQUET_BOUNDS',
      expect.stringMatching(/at most 10000 series, was more. Split the file/),
    ]);
    expect((await refusal(seriesIn(named('long.parquet', 2, 300)))).code).toBe('PARQUET_BOUNDS');
    const numbered = join(folder, 'numbered.parquet');
    parquetWriteFile({ filename: numbered, columnData: [{ name: 'symbol', data: [1, 2], type: 'INT32' }] });
    expect((await refusal(seriesIn(numbered))).message).toContain('Column symbol: expected text, was number');
  });

  it('C10 nothing is read ahead of a slow consumer', async () => {
    const path = await barsFile('slow.parquet', ['A'], 100_000);
    await using table = await ParquetTable.open(path);
    const reader = readBars(table, { symbol: 'A' });
    await reader.next();
    const early = table.bytesRead;
    expect(early).toBeLessThan(0.6 * (await stat(path)).size);
    await reader.return(undefined);
    expect(table.bytesRead).toBe(early);
  });

  it.each([
    ['seconds', Array.from({ length: 3 }, (_, i) => BigInt(START / 1000 + i * 86_400)), 'INT64'],
    ['milliseconds', Array.from({ length: 3 }, (_, i) => BigInt(START + i * DAY)), 'INT64'],
    ['microseconds', Array.from({ length: 3 }, (_, i) => BigInt(START + i * DAY) * 1000n), 'INT64'],
    ['nanoseconds', Array.from({ length: 3 }, (_, i) => BigInt(START + i * DAY) * 1_000_000n), 'INT64'],
    ['floating seconds', Array.from({ length: 3 }, (_, i) => START / 1000 + i * 86_400), 'DOUBLE'],
    ['timestamps', Array.from({ length: 3 }, (_, i) => new Date(START + i * DAY)), 'TIMESTAMP'],
    ['text', Array.from({ length: 3 }, (_, i) => new Date(START + i * DAY).toISOString()), 'STRING'],
  ] as const)('C10 times in %s become epoch milliseconds', async (name, data, type) => {
    const filename = join(folder, `time-${name}.parquet`);
    const price = [1, 2, 3];
    parquetWriteFile({
      filename,
      columnData: [
        { name: 'time', data: [...data], type },
        ...NUMBERS.map((column) => ({ name: column, data: price, type: 'DOUBLE' as const })),
      ],
    });
    expect(await cells(filename, {})).toEqual([0, 1, 2].map((i) => [START + i * DAY, ...NUMBERS.map(() => i + 1)].join()));
  });

  it.each([
    ['UNCOMPRESSED', undefined],
    ['SNAPPY', undefined],
    ['GZIP', (input: Uint8Array) => gzipSync(input)],
    ['ZSTD', (input: Uint8Array) => zstdCompressSync(input)],
  ] as const)('C10 reads pages in %s', async (codec, compress) => {
    const filename = join(folder, `codec-${codec}.parquet`);
    const values = Array.from({ length: 500 }, (_, i) => 1 + (i % 7));
    const columnData = [
      { name: 'ts', data: values.map((_, i) => new Date(START + i * DAY)), type: 'TIMESTAMP' as const },
      ...NUMBERS.map((name) => ({ name, data: values, type: 'DOUBLE' as const })),
    ];
    parquetWriteFile({ filename, columnData, codec, ...(compress === undefined ? {} : { compressors: { [codec]: compress } }) });
    expect(await cells(filename, {})).toHaveLength(500);
  });

  it('C10 a file that is cut off anywhere is refused with its name, never a crash', async () => {
    const path = await barsFile('whole.parquet', ['A'], 300);
    const bytes = await readFile(path);
    const cut = join(folder, 'cut.parquet');
    for (let length = 0; length < bytes.length; length += Math.ceil(bytes.length / 60)) {
      await writeFile(cut, bytes.subarray(0, length));
      expect((await refusal(cells(cut, {}))).message).toContain('cut.parquet');
    }
    expect((await refusal(cells(join(folder, 'absent.parquet'), {}))).code).toBe('PARQUET_UNREADABLE');
  });

  it('C10 a damaged file is read or refused, whatever byte is wrong', async () => {
    const path = await barsFile('sound.parquet', ['A', 'B'], 200);
    const bytes = await readFile(path);
    const damaged = join(folder, 'damaged.parquet');
    const random = createRandom(3);
    let refused = 0;
    for (let i = 0; i < 250; i++) {
      const copy = Buffer.from(bytes);
      for (let n = random.integer(1, 4); n > 0; n--) copy[random.integer(4, copy.length - 1)] = random.integer(0, 255);
      await writeFile(damaged, copy);
      await cells(damaged, { symbol: 'A' }).catch((error: unknown) => {
        expect(error).toBeInstanceOf(ParquetRefused);
        refused += 1;
      });
    }
    expect(refused).toBeGreaterThan(20);
  });

  it('C10 a footer that claims more than the file holds is refused before anything is decoded', async () => {
    const path = join(folder, 'liar.parquet');
    await writeFile(path, 'PAR1');
    await appendFile(path, Buffer.from([0xff, 0xff, 0xff, 0x7f]));
    await appendFile(path, 'PAR1');
    expect((await refusal(cells(path, {}))).code).toBe('PARQUET_MALFORMED');
  });

  it('C10 missing columns, values that are no times and bars going back are named', async () => {
    const price = [1, 2, 3];
    const numbers = NUMBERS.map((name) => ({ name, data: price, type: 'DOUBLE' as const }));
    const write = (name: string, columnData: Parameters<typeof parquetWriteFile>[0]['columnData']): string => {
      const filename = join(folder, name);
      parquetWriteFile({ filename, columnData });
      return filename;
    };
    const days = (...n: number[]): Date[] => n.map((day) => new Date(START + day * DAY));
    expect((await refusal(cells(write('timeless.parquet', numbers), {}))).code).toBe('PARQUET_COLUMNS');
    const partial = write('partial.parquet', [{ name: 'ts', data: days(0, 1, 2) }, ...numbers.slice(0, 3)]);
    expect((await refusal(cells(partial, {}))).message).toContain('close, volume');
    const wrong = write('wrong.parquet', [{ name: 'ts', data: ['yesterday', 'today', 'tomorrow'], type: 'STRING' }, ...numbers]);
    expect((await refusal(cells(wrong, {}))).message).toContain('yesterday');
    const back = write('back.parquet', [{ name: 'ts', data: days(0, 2, 1) }, ...numbers]);
    expect((await refusal(cells(back, {}))).code).toBe('PARQUET_ORDER');
  });

  it('C10 memory does not grow with the file', async () => {
    const gc = globalThis.gc ?? ((): void => undefined);
    const held = async (rows: number): Promise<number> => {
      const path = await barsFile(`memory-${rows}.parquet`, ['A'], rows);
      gc();
      const { heapUsed, arrayBuffers } = process.memoryUsage();
      let most = 0;
      await using table = await ParquetTable.open(path);
      let chunks = 0;
      for await (const chunk of readBars(table, { symbol: 'A' })) {
        expect(chunk.length).toBeLessThanOrEqual(1000);
        if (++chunks % 100 !== 0) continue;
        gc();
        const now = process.memoryUsage();
        most = Math.max(most, now.heapUsed + now.arrayBuffers - heapUsed - arrayBuffers);
      }
      return most;
    };
    expect(await held(400_000)).toBeLessThan(32 * 1024 * 1024);
  }, 60_000);

  it('C10 a file under writing has another name until it is complete', async () => {
    const path = join(folder, 'half.parquet');
    {
      await using writer = await TableWriter.create(path, PLAN);
      await writer.write([['A'], ['1d'], [START], [1], [1], [1], [1], [1]]);
    }
    await expect(stat(path)).rejects.toThrow();
    await expect(stat(`${path}.partial`)).rejects.toThrow();
  });
});
