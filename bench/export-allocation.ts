/**
 * What an exported bar costs in memory: `node tools/pinned.mjs --expose-gc --max-semi-space-size=256 bench/export-allocation.ts [--cheat]`,
 * one line of JSON per format. `--cheat` makes an array of cells for each bar, as events and trades are written.
 */
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { Writable } from 'node:stream';
import { createBarColumns, type BarColumns } from '../packages/domain/src/bar/columns.ts';
import { csvBars, ndjsonBars, parquetBars, type BarSink } from '../packages/server/src/jobs/export/bar-sink.ts';
import { csvSink, ndjsonSink, parquetSink, type RowSink } from '../packages/server/src/jobs/export/row-sink.ts';

const CHUNK = 10_000;
/** Short enough to fit into the young generation, and less than a row group of Parquet: the library's own work is not measured. */
const STRETCH_CHUNKS = 3;
const STRETCHES = 9;
const PRICES = ['open', 'high', 'low', 'close', 'volume'] as const;
const SERIES = { symbol: 'X', timeframe: '1m' } as const;
const COLUMNS = [
  { name: 'symbol', type: 'text' },
  { name: 'timeframe', type: 'text' },
  { name: 'time', type: 'time' },
  ...PRICES.map((name) => ({ name, type: 'float' as const })),
] as const;

const nowhere = (): Writable => new Writable({ write: (_chunk, _encoding, done) => done() });
const path = join(tmpdir(), `wyckoff-allocation-${process.pid}.parquet`);

/** The same five prices again and again: the texts of numbers are the compiler's to keep, what is made per bar is ours. */
function chunk(): BarColumns {
  const columns = createBarColumns(CHUNK);
  columns.length = CHUNK;
  for (let row = 0; row < CHUNK; row += 1) {
    columns.time[row] = 1_577_836_800_000 + row * 60_000;
    for (const [n, name] of PRICES.entries()) columns[name][row] = 100.25 + n + (row % 4) / 4;
  }
  return columns;
}

/** A row sink fed as an export of rows is. */
function byRows(sink: RowSink): BarSink {
  return {
    async write(bars) {
      for (let row = 0; row < bars.length; row += 1) {
        const behind = sink.write(['X', '1m', bars.time[row], ...PRICES.map((name) => bars[name][row])]);
        if (behind !== undefined) await behind;
      }
    },
    finish: () => sink.finish(),
  };
}

type Opened = BarSink & Partial<AsyncDisposable>;

async function open(format: string, cheat: boolean): Promise<Opened> {
  if (format === 'csv') return cheat ? byRows(csvSink(COLUMNS, nowhere())) : csvBars(SERIES, nowhere());
  if (format === 'ndjson') return cheat ? byRows(ndjsonSink(COLUMNS, nowhere())) : ndjsonBars(SERIES, nowhere());
  if (!cheat) return await parquetBars(SERIES, path, {});
  const sink = await parquetSink(COLUMNS, path, {});
  return { ...byRows(sink), [Symbol.asyncDispose]: () => sink[Symbol.asyncDispose]() };
}

async function measure(format: string, cheat: boolean): Promise<{ format: string; bytesPerBar: number }> {
  const { gc } = globalThis;
  if (gc === undefined) throw new Error('allocation: expected --expose-gc, was absent');
  const bars = chunk();
  const used: number[] = [];
  for (let stretch = 0; stretch < STRETCHES; stretch += 1) {
    const sink = await open(format, cheat);
    gc();
    const before = process.memoryUsage().heapUsed;
    for (let n = 0; n < STRETCH_CHUNKS; n += 1) await sink.write(bars);
    used.push((process.memoryUsage().heapUsed - before) / (STRETCH_CHUNKS * CHUNK));
    await sink[Symbol.asyncDispose]?.();
  }
  // The first ones are compiled on the way.
  used.sort((x, y) => x - y);
  return { format, bytesPerBar: Number(used[Math.floor(STRETCHES / 4)].toFixed(1)) };
}

const cheat = process.argv.includes('--cheat');
for (const format of ['csv', 'ndjson', 'parquet']) process.stdout.write(`${JSON.stringify(await measure(format, cheat))}\n`);
