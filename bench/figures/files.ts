/** Files: a CSV into the store, and a Parquet file in column chunks under a small old space. */
import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { TableWriter } from '../../packages/server/src/feeds/parquet/write-table.ts';
import { atLeast, atMost, type DataFigure } from './figure.ts';

const CSV_BARS = 1_000_000;
const PARQUET_ROWS = 3_000_000;
const GROUP = 100_000;
/** MB; the reader's heap must fit with everything else in it. */
const OLD_SPACE_MB = 48;

export async function fileFigures(): Promise<readonly DataFigure[]> {
  const folder = mkdtempSync(join(tmpdir(), 'wyckoff-bench-'));
  try {
    const csv = await Promise.resolve(csvFigures(folder));
    return [...csv, ...(await parquetFigures(folder))];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const priceAt = (n: number): number => 100 + ((n * 7_919) % 2_003) / 100;

function csvFigures(folder: string): DataFigure[] {
  const path = join(folder, 'bench.csv');
  const file = openSync(path, 'w');
  writeSync(file, 'time,open,high,low,close,volume\n');
  for (let from = 0; from < CSV_BARS; from += 10_000) {
    const lines = Array.from({ length: 10_000 }, (_, i) => {
      const price = priceAt(from + i);
      return `${(from + i) * 60_000 + 1e12},${price},${(price + 0.25).toFixed(2)},${(price - 0.25).toFixed(2)},${price},${1_000 + i}`;
    });
    writeSync(file, `${lines.join('\n')}\n`);
  }
  closeSync(file);
  const began = performance.now();
  const words = [
    'packages/server/src/cli/main.ts',
    'import',
    path,
    '-t',
    '1m',
    '--data',
    join(folder, 'data'),
    '--json',
    '--quiet',
  ];
  const { stdout } = spawnSync(process.execPath, words, { encoding: 'utf8', env: { ...process.env, DATABASE_URL: '' } });
  const ms = performance.now() - began;
  const { inserted } = JSON.parse(stdout) as { inserted: number };
  const name = `csv: ${CSV_BARS} bars imported into SQLite, start of the program included`;
  return [atLeast(name, (inserted / ms) * 1_000, { unit: 'bars/s', target: 300_000 })];
}

async function parquetFigures(folder: string): Promise<DataFigure[]> {
  const path = join(folder, 'bench.parquet');
  const prices = ['open', 'high', 'low', 'close', 'volume'] as const;
  await using writer = await TableWriter.create(path, [{ name: 'time', type: 'time' }, ...prices.map((name) => ({ name, type: 'float' as const }))]); // prettier-ignore
  for (let from = 0; from < PARQUET_ROWS; from += GROUP) {
    const price = Float64Array.from({ length: GROUP }, (_, i) => priceAt(from + i));
    await writer.write([Float64Array.from({ length: GROUP }, (_, i) => (from + i) * 60_000), price, price, price, price, price]);
  }
  await writer.finish();
  const flags = ['--expose-gc', `--max-old-space-size=${OLD_SPACE_MB}`, 'bench/figures/parquet-child.ts', path];
  const { stdout, stderr } = spawnSync(process.execPath, flags, { encoding: 'utf8' });
  if (stdout === '')
    throw new Error(`bench: the Parquet reader died under ${OLD_SPACE_MB} MB of old space: ${stderr.slice(-500)}`);
  const { rows, rowsPerSecond, grownMb } = JSON.parse(stdout) as { rows: number; rowsPerSecond: number; grownMb: number };
  return [
    atLeast(`parquet: ${rows} rows read in column chunks`, rowsPerSecond, { unit: 'rows/s', target: 1_000_000 }),
    atMost(`parquet: growth meanwhile, old space of ${OLD_SPACE_MB} MB`, grownMb, { unit: 'MB', target: 32 }),
  ];
}
