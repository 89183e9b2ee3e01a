/** The thread that reads what may be long: pages of bars into columns, counts in key slices. It reads only, and can be told to stop between slices. */
import Database from 'better-sqlite3';
import { parentPort, workerData } from 'node:worker_threads';
import type { LookRequest, ReaderAnswer, ReaderRequest, ReaderStart } from './reader-messages.ts';

/** Rows per step: they die young, which makes it three times as fast as one long list. */
const STEP_ROWS = 1_000;
/** Keys between two looks at the clock and the flag. */
const SLICE_ROWS = 50_000;
const PATIENCE_MS = 60_000;

const { path, flags } = workerData as ReaderStart;
const port = parentPort;
const database = new Database(path, { readonly: true, timeout: 5_000 });
const page = database
  .prepare('select ts, o, h, l, c, v from bars where symbol_id = ? and tf = ? and ts > ? and ts <= ? order by ts limit ?')
  .raw(true);
const slice = database
  .prepare(
    'select count(*), max(ts) from (select ts from bars where symbol_id = ? and tf = ? and ts > ? and ts <= ? order by ts limit ?)',
  )
  .raw(true);
const stopped = new Int32Array(flags);

function checkpoint(slot: number, sinceMs: number): void {
  if (Atomics.load(stopped, slot) === 1) throw new Error('cancelled');
  if (performance.now() - sinceMs > PATIENCE_MS) throw new Error('took longer than 60 s');
}

function bars({ key, until, limit, slot }: ReaderRequest): ReaderAnswer['columns'] {
  const sinceMs = performance.now();
  const columns = Array.from({ length: 6 }, () => new Float64Array(limit));
  const [time, open, high, low, close, volume] = columns;
  let length = 0;
  let after = key[2];
  while (length < limit) {
    checkpoint(slot, sinceMs);
    const step = Math.min(STEP_ROWS, limit - length);
    const rows = page.all(key[0], key[1], after, until, step) as number[][];
    for (const row of rows) {
      time[length] = row[0];
      open[length] = row[1];
      high[length] = row[2];
      low[length] = row[3];
      close[length] = row[4];
      volume[length] = row[5];
      length += 1;
    }
    if (rows.length < step) break;
    after = time[length - 1];
  }
  return columns.map((column) => (length === limit ? column : column.slice(0, length)));
}

function count({ key, until, slot }: ReaderRequest): number {
  const sinceMs = performance.now();
  let total = 0;
  let after = key[2];
  for (;;) {
    checkpoint(slot, sinceMs);
    const [rows, last] = slice.get(key[0], key[1], after, until, SLICE_ROWS) as [number, number | null];
    total += rows;
    if (rows < SLICE_ROWS || last === null) return total;
    after = last;
  }
}

function look({ sql, parameters, slot }: LookRequest): readonly unknown[] {
  checkpoint(slot, performance.now());
  return database
    .prepare(sql)
    .raw(true)
    .all(...parameters);
}

// bounded: one, for the life of the thread
port?.on('message', (request: ReaderRequest | LookRequest | 'close') => {
  if (request === 'close') {
    database.close();
    port.close();
    return;
  }
  const { id } = request;
  try {
    if (request.kind === 'look') port.postMessage({ id, rows: look(request) } satisfies ReaderAnswer);
    else if (request.kind === 'count') port.postMessage({ id, count: count(request) } satisfies ReaderAnswer);
    else {
      const columns = bars(request);
      port.postMessage({ id, columns } satisfies ReaderAnswer, columns?.map((column) => column.buffer) ?? []);
    }
  } catch (error) {
    port.postMessage({ id, error: error instanceof Error ? error.message : String(error) } satisfies ReaderAnswer);
  }
});
