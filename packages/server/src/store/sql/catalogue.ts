/** Instruments, series and settings. */
import type { SettingRow, SettingsStore, Series, SymbolRecord, SymbolStore } from '../store.ts';
import { CALENDAR_IDS, type CalendarId } from '@wyckoff/domain';
import { sql as raw, type Expression, type Selectable, type SqlBool } from 'kysely';
import type { Gate } from './gate.ts';
import type { SettingsTable, SymbolsTable } from './tables.ts';
import { all, first, run } from './work.ts';

const LIST_LIMIT = 200;
const SYSTEM = '';

function like(column: 'symbol' | 'name', pattern: string): Expression<SqlBool> {
  return raw<SqlBool>`lower(${raw.ref(column)}) like ${pattern} escape '\\'`;
}

export function symbolStore(gate: Gate, now: () => number): SymbolStore {
  const { build: sql } = gate.dialect;
  const byName = (symbol: string) => sql.selectFrom('symbols').where('symbol', '=', symbol);
  return {
    symbols: async (limit) => {
      const query = sql.selectFrom('symbols').selectAll().orderBy('symbol').limit(Math.min(limit, LIST_LIMIT));
      return (await gate.query('symbols', () => all(query))).map(recordOf);
    },

    searchSymbols: async ({ text, assetClass, limit }) => {
      let query = sql.selectFrom('symbols').selectAll().orderBy('symbol').limit(Math.min(limit, LIST_LIMIT));
      if (assetClass !== undefined) query = query.where('asset_class', '=', assetClass);
      // The text means itself: nothing in it is a pattern.
      const pattern = `%${(text ?? '').toLowerCase().replace(/[\\%_]/g, (sign) => `\\${sign}`)}%`;
      if (text !== undefined) query = query.where((q) => q.or([like('symbol', pattern), like('name', pattern)]));
      return (await gate.query('search symbols', () => all(query))).map(recordOf);
    },

    findSymbol: async (symbol) => {
      const row = await gate.query('find symbol', () => first(byName(symbol).selectAll()));
      return row === undefined ? null : recordOf(row);
    },

    saveSymbol: async (record, timeframe): Promise<Series> => {
      const row = { ...rowOf(record), updated_at: now() };
      const saved = sql
        .insertInto('symbols')
        .values(row)
        .onConflict((conflict) => conflict.column('symbol').doUpdateSet(row))
        .returning('id');
      const answer = await gate.transaction('save symbol', () => first(saved));
      if (answer === undefined) throw new Error(`store: symbol ${record.symbol} was not saved; expected its number, was nothing`);
      return { symbolId: answer.id, symbol: record.symbol, timeframe };
    },

    findSeries: async (symbol, timeframe): Promise<Series | null> => {
      const row = await gate.query('find series', () => first(byName(symbol).select('id')));
      return row === undefined ? null : { symbolId: row.id, symbol, timeframe };
    },
  };
}

export function settingsStore(gate: Gate, now: () => number): SettingsStore {
  const { build: sql } = gate.dialect;
  const find = (userId: string, key: string) =>
    sql.selectFrom('settings').selectAll().where('user_id', '=', userId).where('key', '=', key);
  return {
    setting: async (key) => {
      const row = await gate.query('setting', () => first(find(SYSTEM, key)));
      return row === undefined ? undefined : (JSON.parse(row.value) as unknown);
    },

    settingRow: async (userId, key) => {
      const row = await gate.query('setting', () => first(find(userId, key)));
      return row === undefined ? null : settingOf(row);
    },

    settingRows: async (userId) => {
      const query = sql.selectFrom('settings').selectAll().where('user_id', '=', userId).orderBy('key').limit(LIST_LIMIT);
      return (await gate.query('settings', () => all(query))).map(settingOf);
    },

    saveSetting: async (key, value) => {
      const changed = { value: JSON.stringify(value ?? null), updated_at: now() };
      const query = sql
        .insertInto('settings')
        .values({ user_id: SYSTEM, key, ...changed, version: 1, updated_by: 'system' })
        .onConflict((conflict) =>
          conflict.columns(['user_id', 'key']).doUpdateSet(({ eb }) => ({ ...changed, version: eb('settings.version', '+', 1) })),
        );
      await gate.query('save setting', () => run(query));
    },
  };
}

function settingOf(row: Selectable<SettingsTable>): SettingRow {
  const { key, version } = row;
  return {
    userId: row.user_id,
    key,
    value: JSON.parse(row.value) as unknown,
    version,
    updatedAt: row.updated_at,
    updatedBy: row.updated_by,
  };
}

function rowOf(record: SymbolRecord) {
  return {
    symbol: record.symbol,
    asset_class: record.assetClass,
    name: record.name,
    source: record.source,
    synthetic: record.synthetic ? 1 : 0,
    time_zone: record.timeZone,
    currency: record.currency,
    tick_size: record.tickSize,
    unit: record.unit,
    ...(record.calendar !== undefined && { calendar: record.calendar ?? '' }),
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
    // Absent where it is not known, as it was saved.
    ...(isCalendar(row.calendar) && { calendar: row.calendar }),
  };
}

function isCalendar(id: string): id is CalendarId {
  return (CALENDAR_IDS as readonly string[]).includes(id);
}
