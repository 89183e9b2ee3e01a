/** Looks one thing up by its id, and the journal about it. */
import type { JournalRow, OrderWire, PositionWire, SignalWire } from '@wyckoff/contracts';
import type { Fact, Fill } from '@wyckoff/domain';
import type { EntityStore } from '../entity-store.ts';
import type { Gate } from './gate.ts';
import { all, first, rawRows } from './work.ts';

const PAGE = 2_000;
const FILLS = 10_000;
const ORDERS = 200;

export function entityStore(gate: Gate): EntityStore {
  const { dialect } = gate;
  const { build: sql } = dialect;

  const byId = async <T>(table: 'signals' | 'positions' | 'orders', id: string): Promise<T | null> => {
    const row = await gate.query(`${table} by id`, () => first(sql.selectFrom(table).select('data').where('id', '=', id)));
    return row === undefined ? null : (JSON.parse(row.data) as T);
  };

  const r = dialect.kind === 'sqlite' ? "json_extract(data, '$.r')" : "cast(data ->> 'r' as double precision)";
  const sums = dialect.text(
    `select count(${r}), coalesce(sum(${r}), 0), coalesce(sum(${r} * ${r}), 0) from positions where account_id = ? and status = 'CLOSED' and opened_at >= ?`,
  );
  const fall = dialect.text(
    `select coalesce(max((peak - equity) / peak), 0) from (
      select ts, cast(equity_micros as double precision) as equity,
        cast(max(equity_micros) over (order by ts) as double precision) as peak
      from equity_points where account_id = ? and ts >= ?
    ) as points where peak > 0`,
  );

  return {
    tradeSums: async (accountId) =>
      await gate.query('trade sums', function* () {
        const opened = yield* first(sql.selectFrom('accounts').select('started_at').where('id', '=', accountId));
        const startedAt = opened?.started_at ?? null;
        const since = [accountId, startedAt ?? 0];
        const [[trades, sumR, sumSquaresR]] = yield* rawRows<[number, number, number]>(sums, since);
        const [[maxDrawdownRatio]] = yield* rawRows<[number]>(fall, since);
        return { trades, sumR, sumSquaresR, startedAt, maxDrawdownRatio };
      }),

    signalById: async (id) => await byId<SignalWire>('signals', id),
    positionById: async (id) => await byId<PositionWire>('positions', id),
    orderById: async (id) => await byId<OrderWire>('orders', id),

    fillsOf: async (orderIds) => {
      if (orderIds.length === 0) return [];
      const query = sql
        .selectFrom('fills')
        .select('data')
        .where('order_id', 'in', orderIds.slice(0, ORDERS))
        .orderBy('ts')
        .orderBy('order_id')
        .orderBy('n')
        .limit(FILLS);
      return (await gate.query('fills of orders', () => all(query))).map((row) => JSON.parse(row.data) as Fill);
    },

    toldByEngine: async (engineId, { from, until, limit }) => {
      const query = sql
        .selectFrom('facts')
        .select(['bar', 'at', 'type', 'data'])
        .where('engine', '=', engineId)
        .where('bar', '>=', from)
        .where('bar', '<=', until)
        .orderBy('bar')
        .orderBy('seq')
        .limit(limit);
      const rows = await gate.query('told by engine', () => all(query));
      return rows.map(({ bar, at, type, data }) => ({
        bar,
        fact: { kind: type, at, data: JSON.parse(data) as unknown } as Fact,
      }));
    },

    newestOfType: async (engineId, type) => {
      const query = sql
        .selectFrom('facts')
        .select('data')
        .where('engine', '=', engineId)
        .where('type', '=', type)
        .orderBy('seq', 'desc')
        .limit(1);
      const row = await gate.query('newest of type', () => first(query));
      return row === undefined ? null : (JSON.parse(row.data) as unknown);
    },

    journalPage: async ({ afterSeq, limit, topic, type, entity, audit }) => {
      const filters = [
        ...(topic === undefined ? [] : [['topic = ?', topic] as const]),
        ...(type === undefined ? [] : [['type = ?', type] as const]),
        ...(entity === undefined ? [] : [['entity = ?', entity] as const]),
      ];
      const where = ['seq > ?', ...filters.map(([condition]) => condition), ...(audit === true ? [dialect.isSet('audit')] : [])];
      const text = dialect.text(
        `select seq, at, type, topic, entity, actor, cause, request_id, data from facts where ${where.join(' and ')} order by seq limit ?`,
      );
      const rows = await gate.query('journal page', () =>
        rawRows<FactColumns>(text, [afterSeq, ...filters.map(([, wanted]) => wanted), Math.min(limit, PAGE)]),
      );
      return rows.map(journalRow);
    },
  };
}

type FactColumns = [
  seq: number, at: number, type: string, topic: string, entity: string | null, actor: string | null, cause: number | null,
  requestId: string | null, data: string,
]; // prettier-ignore

function journalRow([seq, at, type, topic, entity, actor, cause, requestId, data]: FactColumns): JournalRow {
  return { seq, at, type, topic, entity, actor, cause, requestId, data: JSON.parse(data) as unknown };
}
