/** Bars by key: pages, counts, streams and bulk import (H2, H3); never by offset. */
import { createBarColumns, TIMEFRAME_MS, type BarColumns, type EpochMs, type Timeframe } from '@wyckoff/domain';
import type Database from 'better-sqlite3';
import { createHash } from 'node:crypto';
import { setImmediate as turn } from 'node:timers/promises';
import type { BarSpan, ImportCounts, Series } from '../store.ts';
import type { SqliteGate } from './gate.ts';

const PAGE_LIMIT = 10_000;
const IMPORT_BATCH = 5000;
const FIRST_TIME = -8.64e15;
const LAST_TIME = 8.64e15;

/** A timeframe in minutes, as the store keeps it. */
export function minutesOf(timeframe: Timeframe): number {
  return TIMEFRAME_MS[timeframe] / 60_000;
}

type Row = [number, number, number, number, number, number];

export class SqliteBars {
  readonly #gate: SqliteGate;
  readonly #before: Database.Statement;
  readonly #after: Database.Statement;
  readonly #count: Database.Statement;
  readonly #upsert: Database.Statement;

  constructor(gate: SqliteGate) {
    this.#gate = gate;
    this.#before = gate
      .prepare(
        'select ts, o, h, l, c, v from bars where symbol_id = ? and tf = ? and ts < ? and ts <= ? order by ts desc limit ?',
      )
      .raw(true);
    this.#after = gate
      .prepare('select ts, o, h, l, c, v from bars where symbol_id = ? and tf = ? and ts > ? and ts <= ? order by ts limit ?')
      .raw(true);
    this.#count = gate.prepare('select count(*) from bars where symbol_id = ? and tf = ? and ts > ? and ts <= ?').pluck(true);
    // A bar that is there already and says the same is left alone, so that the number of changes is the number of new or corrected bars.
    this.#upsert = gate.prepare(`insert into bars (symbol_id, tf, ts, o, h, l, c, v, flags) values (?, ?, ?, ?, ?, ?, ?, ?, ?)
      on conflict (symbol_id, tf, ts) do update set o = excluded.o, h = excluded.h, l = excluded.l, c = excluded.c, v = excluded.v, flags = excluded.flags
      where o <> excluded.o or h <> excluded.h or l <> excluded.l or c <> excluded.c or v <> excluded.v`);
  }

  before(series: Series, query: { readonly before?: EpochMs; readonly until?: EpochMs; readonly limit: number }): BarColumns {
    const limit = checkedLimit(query.limit);
    const parameters = [series.symbolId, minutesOf(series.timeframe), query.before ?? LAST_TIME, query.until ?? LAST_TIME, limit];
    const rows = this.#gate.read('bars before', () => this.#before.all(...parameters) as Row[]);
    return toColumns(rows.reverse());
  }

  after(series: Series, query: { readonly after?: EpochMs | undefined; readonly limit: number }): BarColumns {
    const parameters = [
      series.symbolId,
      minutesOf(series.timeframe),
      query.after ?? FIRST_TIME,
      LAST_TIME,
      checkedLimit(query.limit),
    ];
    return toColumns(this.#gate.read('bars after', () => this.#after.all(...parameters) as Row[]));
  }

  count(series: Series, span: BarSpan = {}): number {
    const parameters = [series.symbolId, minutesOf(series.timeframe), span.after ?? FIRST_TIME, span.until ?? LAST_TIME];
    return this.#gate.read('count bars', () => this.#count.get(...parameters) as number);
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- the port is asynchronous, SQLite answers at once
  async *stream(series: Series, span: BarSpan & { readonly chunk?: number } = {}): AsyncIterableIterator<BarColumns> {
    const limit = checkedLimit(span.chunk ?? 1000);
    let key = span.after ?? FIRST_TIME;
    for (;;) {
      const parameters = [series.symbolId, minutesOf(series.timeframe), key, span.until ?? LAST_TIME, limit];
      const rows = this.#gate.read('stream bars', () => this.#after.all(...parameters) as Row[]);
      if (rows.length === 0) return;
      key = rows[rows.length - 1][0];
      yield toColumns(rows);
      if (rows.length < limit) return;
    }
  }

  /** Upserts rows `[from, to)` inside the caller's transaction; answers how many were new or corrected. */
  put(series: Series, columns: BarColumns, rows: { readonly from: number; readonly to: number }): number {
    const tf = minutesOf(series.timeframe);
    let changes = 0;
    for (let i = rows.from; i < rows.to; i += 1) {
      const volume = columns.volume[i];
      const flags = volume === 0 ? 1 : 0;
      changes += this.#upsert.run(
        series.symbolId, tf, columns.time[i], columns.open[i], columns.high[i], columns.low[i], columns.close[i], volume, flags,
      ).changes; // prettier-ignore
    }
    return changes;
  }

  async import(series: Series, columns: BarColumns, provider: string): Promise<ImportCounts> {
    const before = this.count(series);
    let changes = 0;
    for (let from = 0; from < columns.length; from += IMPORT_BATCH) {
      const to = Math.min(from + IMPORT_BATCH, columns.length);
      changes += this.#gate.transaction('import bars', () => this.put(series, columns, { from, to }));
      await turn();
    }
    const inserted = this.count(series) - before;
    this.#cover(series, columns, provider);
    return { inserted, corrected: changes - inserted, duplicate: columns.length - changes };
  }

  /** Notes which bars exist, from whom, with their fingerprint; an import that covers an older one replaces its row. */
  #cover(series: Series, columns: BarColumns, provider: string): void {
    if (columns.length === 0) return;
    const key = { symbol_id: series.symbolId, tf: minutesOf(series.timeframe) };
    const from = columns.time[0];
    const to = columns.time[columns.length - 1];
    let silent = 0;
    for (let i = 0; i < columns.length; i += 1) if (columns.volume[i] === 0) silent += 1;
    const row = {
      ...key,
      from_ts: from,
      to_ts: to,
      provider,
      bars: columns.length,
      gaps: 0,
      quality: 100 - (100 * silent) / columns.length,
      hash: fingerprint(columns),
      updated_at: Date.now(),
    };
    const { sql } = this.#gate;
    this.#gate.transaction('coverage', () => {
      this.#gate.run(
        sql
          .deleteFrom('coverage')
          .where('symbol_id', '=', key.symbol_id)
          .where('tf', '=', key.tf)
          .where('from_ts', '>=', from)
          .where('to_ts', '<=', to),
      );
      this.#gate.run(sql.insertInto('coverage').values(row).onConflict((conflict) => conflict.columns(['symbol_id', 'tf', 'from_ts']).doUpdateSet(row))); // prettier-ignore
    });
  }
}

/** SHA-256 of the columns, little-endian doubles, one column after the other. */
function fingerprint(columns: BarColumns): Buffer {
  const hash = createHash('sha256');
  for (const name of ['time', 'open', 'high', 'low', 'close', 'volume'] as const) {
    const column = columns[name];
    hash.update(new Uint8Array(column.buffer, column.byteOffset, columns.length * 8));
  }
  return hash.digest();
}

function checkedLimit(limit: number): number {
  if (!Number.isInteger(limit) || limit < 1 || limit > PAGE_LIMIT) {
    throw new RangeError(`bars: expected a limit of 1..${PAGE_LIMIT}, was ${limit}`);
  }
  return limit;
}

function toColumns(rows: readonly Row[]): BarColumns {
  const columns = createBarColumns(rows.length);
  for (let i = 0; i < rows.length; i += 1) {
    const row = rows[i];
    columns.time[i] = row[0];
    columns.open[i] = row[1];
    columns.high[i] = row[2];
    columns.low[i] = row[3];
    columns.close[i] = row[4];
    columns.volume[i] = row[5];
  }
  columns.length = rows.length;
  return columns;
}
