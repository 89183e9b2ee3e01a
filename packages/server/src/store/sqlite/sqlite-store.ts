/** The embedded store: one SQLite file behind the port. */
/* eslint-disable @typescript-eslint/require-await -- the port is asynchronous, SQLite answers at once; `async` makes a rejection of what it throws */
import type { Timeframe } from '@wyckoff/domain';
import type { Selectable } from 'kysely';
import { randomUUID } from 'node:crypto';
import type { Series, Store, SymbolRecord } from '../store.ts';
import { SqliteBars } from './bars.ts';
import { SqliteGate } from './gate.ts';
import { SqliteJournal } from './journal.ts';
import { SqliteLists } from './lists.ts';
import { openSqliteFile, type OpenOptions } from './open.ts';
import type { SymbolsTable } from './tables.ts';

const LIST_LIMIT = 200;

/**
 * Opens or creates the file.
 * @throws StoreRefused when the file cannot be used; it is then as it was.
 */
export function openSqliteStore(options: OpenOptions): Store {
  const file = openSqliteFile(options);
  const { database } = file;
  const gate = new SqliteGate(database);
  const bars = new SqliteBars(gate);
  const journal = new SqliteJournal(gate, bars);
  const lists = new SqliteLists(gate);
  const { sql } = gate;

  const found = gate.first(sql.selectFrom('meta').select('epoch').where('id', '=', 1));
  const epoch = found?.epoch ?? randomUUID();
  if (found === undefined) gate.run(sql.insertInto('meta').values({ id: 1, epoch, created_at: Date.now() }));

  const findSeries = (symbol: string, timeframe: Timeframe): Series | null => {
    const row = gate.first(sql.selectFrom('symbols').select('id').where('symbol', '=', symbol));
    return row === undefined ? null : { symbolId: row.id, symbol, timeframe };
  };

  const saveSymbol = (record: SymbolRecord, timeframe: Timeframe): Series => {
    const row = {
      symbol: record.symbol,
      asset_class: record.assetClass,
      name: record.name,
      source: record.source,
      synthetic: record.synthetic ? 1 : 0,
      time_zone: record.timeZone,
      currency: record.currency,
      tick_size: record.tickSize,
      unit: record.unit,
      updated_at: Date.now(),
    };
    const saved = sql
      .insertInto('symbols')
      .values(row)
      .onConflict((conflict) => conflict.column('symbol').doUpdateSet(row))
      .returning('id');
    const answer = gate.transaction('save symbol', () => gate.first(saved));
    if (answer === undefined) throw new Error(`store: symbol ${record.symbol} was not saved; expected its number, was nothing`);
    return { symbolId: answer.id, symbol: record.symbol, timeframe };
  };

  return {
    kind: 'sqlite',
    epoch,
    barsBefore: async (series, query) => bars.before(series, query),
    barsAfter: async (series, query) => bars.after(series, query),
    countBars: async (series, span) => bars.count(series, span),
    streamBars: (series, span) => bars.stream(series, span),
    async importBars(series, columns, provider) {
      // History can be imported again; only what cannot be repeated pays for a flush per commit.
      database.pragma('synchronous = normal');
      try {
        return await bars.import(series, columns, provider);
      } finally {
        database.pragma('synchronous = full');
      }
    },
    commit: async (commit) => journal.commit(commit),
    lastSeq: async () => journal.lastSeq(),
    factsAfter: async (seq, limit, filter) => journal.after(seq, limit, filter),
    factsOfBars: async (engineId, span) => journal.ofBars(engineId, span),
    openEngine: async (engine, account) => journal.openEngine(engine, account),
    newestSnapshot: async (engineId) => journal.newestSnapshot(engineId),
    account: async (id) => journal.account(id),
    signals: async (query) => lists.signals(query),
    positions: async (query) => lists.positions(query),
    rangesIn: async (window, limit) => lists.rangesIn(window, limit),
    eventsIn: async (window, limit) => lists.eventsIn(window, limit),
    positionsIn: async (window, limit) => lists.positionsIn(window, limit),
    equity: async (accountId) => lists.equity(accountId),
    snapshot: async (limits) => lists.snapshot(limits, () => journal.lastSeq()),
    async setting(key) {
      const row = gate.first(sql.selectFrom('settings').select('value').where('user_id', '=', '').where('key', '=', key));
      return row === undefined ? undefined : (JSON.parse(row.value) as unknown);
    },
    async saveSetting(key, value) {
      const row = { user_id: '', key, value: JSON.stringify(value), version: 1, updated_at: Date.now(), updated_by: 'system' };
      const changed = { value: row.value, updated_at: row.updated_at };
      gate.run(
        sql
          .insertInto('settings')
          .values(row)
          .onConflict((conflict) =>
            conflict
              .columns(['user_id', 'key'])
              .doUpdateSet(({ eb }) => ({ ...changed, version: eb('settings.version', '+', 1) })),
          ),
      );
    },
    async symbols(limit) {
      const rows = gate.all(sql.selectFrom('symbols').selectAll().orderBy('symbol').limit(Math.min(limit, LIST_LIMIT)));
      return rows.map(recordOf);
    },
    async findSymbol(symbol) {
      const row = gate.first(sql.selectFrom('symbols').selectAll().where('symbol', '=', symbol));
      return row === undefined ? null : recordOf(row);
    },
    saveSymbol: async (record, timeframe) => saveSymbol(record, timeframe),
    findSeries: async (symbol, timeframe) => findSeries(symbol, timeframe),
    stats() {
      const pages = database.pragma('page_count', { simple: true }) as number;
      const size = database.pragma('page_size', { simple: true }) as number;
      return { kind: 'sqlite', bytes: pages * size, ...gate.stats() };
    },
    close: () => file.close(),
  };
}

function recordOf(row: Selectable<SymbolsTable>): SymbolRecord {
  return {
    symbol: row.symbol,
    assetClass: row.asset_class as SymbolRecord['assetClass'],
    name: row.name,
    source: row.source,
    synthetic: row.synthetic === 1,
    timeZone: row.time_zone,
    currency: row.currency,
    tickSize: row.tick_size,
    unit: row.unit,
  };
}
