/** A disk that is really full: a tmpfs of a few MiB in a mount namespace of its own. What is stored stays, what is half is gone, and `--resume` goes on. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { afterAll, beforeAll, expect, it } from 'vitest';

const MAIN = new URL('../cli/main.ts', import.meta.url).pathname;
const ROWS = 500_000;

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'wyckoff-full-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** On a disk of its own at $DISK, of 16 MiB; it is gone with the script. */
function onSmallDisk(script: string) {
  const mounted = `set -u; mount -t tmpfs -o size=16m none "$DISK" || exit 99; wyckoff() { "$NODE" "$MAIN" "$@"; }; ${script}`;
  const env = { ...process.env, DATABASE_URL: '', DISK: folder, NODE: process.execPath, MAIN };
  return spawnSync('unshare', ['--map-root-user', '--mount', 'bash', '-c', mounted], { encoding: 'utf8', env });
}

const csv = `time,open,high,low,close,volume\n${Array.from({ length: ROWS }, (_, n) => `${1_577_836_800_000 + n * 60_000},1,2,1,2,${n}`).join('\n')}\n`;
const canMount = spawnSync('unshare', ['--map-root-user', '--mount', 'true']).status === 0;
if (!canMount)
  process.stderr.write('full-disk.test.ts: this machine gives no mount namespace, so nothing of it is proved here\n');

it.skipIf(!canMount)(
  'issue 5 bad input: a full disk ends an import with 1 and nothing half; exports leave no file; with space --resume brings every bar once',
  { timeout: 120_000 },
  () => {
    const path = join(mkdtempSync(join(tmpdir(), 'wyckoff-full-in-')), 'BIG-1m.csv');
    writeFileSync(path, csv);
    const { stdout, stderr } = onSmallDisk(`
      wyckoff import ${path} --data "$DISK/d" --quiet; echo "import $?"
      mount -o remount,size=400m "$DISK"; mkdir "$DISK/small"; mount -t tmpfs -o size=1m none "$DISK/small"
      wyckoff export bars -s BIG -t 1m --data "$DISK/d" --quiet > ${path}.out; echo "read $?"
      echo "kept $(($(wc -l < ${path}.out) - 1)) in order $(tail -n +2 ${path}.out | cut -d, -f3 | LC_ALL=C sort -uc && echo yes)"; rm ${path}.out
      for kind in csv ndjson parquet; do wyckoff export bars -s BIG -t 1m --data "$DISK/d" --quiet --out "$DISK/small/out.$kind"; echo "$kind $?"; done
      wyckoff db backup "$DISK/small/copy.db" --data "$DISK/d"; echo "backup $?"
      echo "files $(ls "$DISK/small" | tr '\\n' ' ')"
      wyckoff import ${path} --data "$DISK/d" --quiet --resume --json
      wyckoff db status --data "$DISK/d" --json`);
    rmSync(join(path, '..'), { recursive: true, force: true });
    const lines = stdout.trim().split('\n');
    const kept = Number(/^kept (\d+) in order yes$/m.exec(stdout)?.[1] ?? 0);
    expect([lines.filter((line) => /^(import|read|csv|ndjson|parquet|backup|files) /.test(line)), stderr]).toEqual([
      ['import 1', 'read 0', 'csv 1', 'ndjson 1', 'parquet 1', 'backup 1', 'files '],
      expect.stringMatching(
        /disk is full[\s\S]*out\.csv cannot be written: the disk is full[\s\S]*out\.parquet cannot be written/,
      ),
    ]);
    expect(kept).toBeGreaterThan(0);
    expect(kept).toBeLessThan(ROWS);
    const answer = JSON.parse(lines.find((line) => line.startsWith('{"file"')) ?? '{}') as Record<string, number>;
    expect(answer).toMatchObject({ read: ROWS, refused: 0, corrected: 0, complete: true });
    // What was committed behind the last mark is met again, and not doubled.
    expect((answer['inserted'] ?? 0) + (answer['duplicate'] ?? 0)).toBe(ROWS);
    expect(JSON.parse(lines.at(-1) ?? '{}')).toMatchObject({ rows: { bars: ROWS } });
  },
);
