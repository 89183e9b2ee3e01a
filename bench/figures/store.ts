/** The store: bars in and out, pages at any depth, batches of trades, and the pool under load, on SQLite and on PostgreSQL. */
import { Census, Scope } from '@wyckoff/bounded';
import { createBarColumns, type BarColumns } from '@wyckoff/domain';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startPostgres } from '../../e2e/support/postgres.ts';
import { DEMO_SYMBOL } from '../../packages/server/src/session/demo-series.ts';
import { openPostgresStore } from '../../packages/server/src/store/postgres/postgres-store.ts';
import { openSqliteStore } from '../../packages/server/src/store/sqlite/sqlite-store.ts';
import { execute, rawRows } from '../../packages/server/src/store/sql/work.ts';
import type { Series, Store } from '../../packages/server/src/store/store.ts';
import { job, trade } from '../../packages/server/src/store/testing/samples.ts';
import { atLeast, atMost, median, type DataFigure } from './figure.ts';

const BARS = 1_000_000;
const PAGE = 1_000;

function bars(count: number): BarColumns {
  const columns = createBarColumns(count);
  let price = 100;
  for (let i = 0; i < count; i += 1) {
    const next = price + ((i * 7919) % 201) / 100 - 1;
    columns.time[i] = i * 60_000;
    columns.open[i] = price;
    columns.high[i] = Math.max(price, next) + 0.25;
    columns.low[i] = Math.min(price, next) - 0.25;
    columns.close[i] = price = next;
    columns.volume[i] = 1_000 + (i % 997);
  }
  columns.length = count;
  return columns;
}

const msOf = async (work: () => Promise<unknown>): Promise<number> => {
  const since = performance.now();
  await work();
  return performance.now() - since;
};

async function scan(store: Store, series: Series): Promise<number> {
  let count = 0;
  for await (const columns of store.streamBars(series, { chunk: 10_000 })) count += columns.length;
  return count;
}

/** Median of a page at the end over the median of the first one; taken by turns, so that the machine's moods meet both. */
async function depthRatio(store: Store, series: Series, count: number): Promise<number> {
  const [first, last]: [number[], number[]] = [[], []];
  for (let i = 0; i < 101; i += 1) {
    first.push(await msOf(() => store.barsAfter(series, { after: -1, limit: PAGE })));
    last.push(await msOf(() => store.barsAfter(series, { after: (count - PAGE - 1) * 60_000, limit: PAGE })));
  }
  return median(last) / median(first);
}

async function batchMs(store: Store): Promise<number> {
  await store.addJob(job(1));
  const times: number[] = [];
  for (let batch = 0; batch < 60; batch += 1) {
    const trades = Array.from({ length: 100 }, (_, i) => trade(batch * 100 + i + 1));
    times.push(await msOf(() => store.addJobTrades('j-000001', trades)));
  }
  return median(times.slice(10));
}

async function figuresOf(
  store: Store,
  count: number,
  targets: { insert: number; scan: number; batch: number },
): Promise<DataFigure[]> {
  const { kind } = store;
  const series = await store.saveSymbol(DEMO_SYMBOL, '1m');
  const columns = bars(count);
  const insertMs = await msOf(() => store.importBars(series, columns, 'bench'));
  await scan(store, series);
  const scanMs = await msOf(() => scan(store, series));
  return [
    atLeast(`${kind}: ${count} bars inserted by upsert, with their coverage`, (count / insertMs) * 1000, {
      unit: 'bars/s',
      target: targets.insert,
    }),
    atLeast(`${kind}: ${count} bars scanned into columns`, (count / scanMs) * 1000, { unit: 'bars/s', target: targets.scan }),
    atMost(`${kind}: last page of ${count} bars against the first`, await depthRatio(store, series, count), {
      unit: 'times',
      target: 2,
    }),
    atMost(`${kind}: 100 trades in one batch, median`, await batchMs(store), { unit: 'ms', target: targets.batch }),
  ];
}

export async function storeFigures(): Promise<readonly DataFigure[]> {
  const scope = new Scope({ name: 'bench', census: new Census() });
  const folder = mkdtempSync(join(tmpdir(), 'wyckoff-bench-'));
  try {
    const sqlite = scope.own(openSqliteStore({ path: join(folder, 'wyckoff.db'), scope }), (store) => store.close());
    const embedded = await figuresOf(sqlite, BARS, { insert: 300_000, scan: 1_000_000, batch: 5 });
    const server = await startPostgres(scope);
    const postgres = await openPostgresStore({ url: server.url, scope, migrate: true });
    // No figure is asked of the larger store for bulk; what it does is shown.
    const standard = await figuresOf(postgres, BARS / 5, { insert: 20_000, scan: 100_000, batch: 20 });
    const { errors, done } = await load(postgres);
    return [
      ...embedded,
      ...standard,
      atMost('postgres: errors of 50 requesters in 5 s on 10 connections', errors, { unit: 'errors', target: 0 }),
      atLeast('postgres: their transactions', done / 5, { unit: '1/s', target: 100 }),
    ];
  } finally {
    await scope.dispose();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function load({ gate }: Awaited<ReturnType<typeof openPostgresStore>>): Promise<{ errors: number; done: number }> {
  await gate.query('table', () => execute('create table load (n int)'));
  const untilMs = performance.now() + 5_000;
  let done = 0;
  let errors = 0;
  const requester = async (n: number): Promise<void> => {
    while (performance.now() < untilMs) {
      try {
        await gate.transaction('requester', function* () {
          yield* execute('insert into load values ($1)', [n]);
          yield* rawRows('select count(*) from (select 1 from load limit 10) as few', []);
        });
        done += 1;
      } catch {
        errors += 1;
      }
    }
  };
  await Promise.all(Array.from({ length: 50 }, (_, n) => requester(n)));
  return { errors, done };
}
