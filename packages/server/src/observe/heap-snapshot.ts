/** Heap snapshots in the data folder, the last two of them. */
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { writeHeapSnapshot } from 'node:v8';

const KEPT = 2;

/** Writes one and removes the older ones; answers its path. Takes about the heap's size in memory while it runs. */
export function keepHeapSnapshot(dataDir: string, atMs: number): string {
  const older = readdirSync(dataDir)
    .filter((name) => name.startsWith('wyckoff-') && name.endsWith('.heapsnapshot'))
    .sort();
  for (const name of older.slice(0, Math.max(0, older.length - (KEPT - 1)))) rmSync(join(dataDir, name), { force: true });
  return writeHeapSnapshot(join(dataDir, `wyckoff-${new Date(atMs).toISOString().replaceAll(/[:.]/g, '-')}.heapsnapshot`));
}
