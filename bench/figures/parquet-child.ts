/** Reads one Parquet file in column chunks and says how fast and in how much heap; started with a small old space, which it must not outgrow. */
import process from 'node:process';
import { ParquetTable } from '../../packages/server/src/feeds/parquet/parquet-table.ts';
import { readBars } from '../../packages/server/src/feeds/parquet/read-bars.ts';

/** Chunks between two looks at the heap. */
const EVERY = 25;

const path = process.argv[2] ?? '';
const live = (): number => {
  globalThis.gc?.();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
};

await using table = await ParquetTable.open(path);
const before = live();
let rows = 0;
let grown = 0;
let lookedMs = 0;
const began = performance.now();
let chunks = 0;
for await (const bars of readBars(table, { chunkSize: 10_000 })) {
  rows += bars.length;
  chunks += 1;
  if (chunks % EVERY !== 0) continue;
  const look = performance.now();
  grown = Math.max(grown, live() - before);
  lookedMs += performance.now() - look;
}
const ms = performance.now() - began - lookedMs;
process.stdout.write(JSON.stringify({ rows, rowsPerSecond: (rows / ms) * 1_000, grownMb: grown / 1e6 }));
