/** Lists and windows for the desk: newest first by key, never by offset, never longer than asked for. */
import type { OrderWire, PositionWire, RangeWire, SignalWire } from '@wyckoff/contracts';
import type { DeskStore, EventWire, Window } from '../store.ts';
import { minutesOf } from './bar-keys.ts';
import { equityOf } from './equity.ts';
import { lastSeqOf } from './facts.ts';
import type { Gate } from './gate.ts';
import { all, type Compilable, type Work } from './work.ts';

interface DataRow {
  readonly data: string;
}

function* parsed<T>(query: Compilable<DataRow>): Work<T[]> {
  return (yield* all(query)).map((row) => JSON.parse(row.data) as T);
}

export function deskStore(gate: Gate): DeskStore {
  const { build: sql } = gate.dialect;

  /** The newest entities of a table: by their time, then by id. */
  const newest = (table: 'ranges' | 'events' | 'signals' | 'orders' | 'positions', time: string, limit: number) =>
    sql.selectFrom(table).select('data').orderBy(sql.dynamic.ref(time), 'desc').orderBy('id', 'desc').limit(limit);

  return {
    signals: async (query) => {
      let page = sql.selectFrom('signals').select(['created_at', 'id', 'data']);
      if (query.status !== undefined) page = page.where('status', '=', query.status);
      if (query.symbol !== undefined) page = page.where('symbol', '=', query.symbol);
      if (query.pattern !== undefined) page = page.where('pattern', '=', query.pattern);
      const { below } = query;
      if (below !== undefined) page = page.where((q) => q.eb(q.refTuple('created_at', 'id'), '<', q.tuple(below.at, below.id)));
      const rows = await gate.query('signals', () =>
        all(page.orderBy('created_at', 'desc').orderBy('id', 'desc').limit(query.limit)),
      );
      return rows.map((row) => ({ item: JSON.parse(row.data) as SignalWire, key: { at: row.created_at, id: row.id } }));
    },

    positions: async (query) => {
      let page = sql.selectFrom('positions').select(['opened_at', 'id', 'data']);
      if (query.status !== undefined) page = page.where('status', '=', query.status);
      if (query.symbol !== undefined) page = page.where('symbol', '=', query.symbol);
      const { below } = query;
      if (below !== undefined) page = page.where((q) => q.eb(q.refTuple('opened_at', 'id'), '<', q.tuple(below.at, below.id)));
      const rows = await gate.query('positions', () =>
        all(page.orderBy('opened_at', 'desc').orderBy('id', 'desc').limit(query.limit)),
      );
      return rows.map((row) => ({ item: JSON.parse(row.data) as PositionWire, key: { at: row.opened_at, id: row.id } }));
    },

    /** The newest ranges that touch the window, ascending. */
    rangesIn: async ({ series, from, to }: Window, limit) => {
      const query = sql
        .selectFrom('ranges')
        .select('data')
        .where('symbol_id', '=', series.symbolId)
        .where('tf', '=', minutesOf(series.timeframe))
        .where('start_ts', '<=', to)
        .where((q) => q.or([q.eb('end_ts', 'is', null), q.eb('end_ts', '>=', from)]))
        .orderBy('start_ts', 'desc')
        .limit(limit);
      return (await gate.query('ranges in window', () => parsed<RangeWire>(query))).reverse();
    },

    /** The newest events of the window, ascending. */
    eventsIn: async ({ series, from, to }: Window, limit) => {
      const query = sql
        .selectFrom('events')
        .select('data')
        .where('symbol_id', '=', series.symbolId)
        .where('tf', '=', minutesOf(series.timeframe))
        .where('event_ts', '>=', from)
        .where('event_ts', '<=', to)
        .orderBy('event_ts', 'desc')
        .limit(limit);
      return (await gate.query('events in window', () => parsed<EventWire>(query))).reverse();
    },

    /** The newest positions, open or closed, that touch the window, ascending. */
    positionsIn: async ({ series, from, to }: Window, limit) => {
      const query = sql
        .selectFrom('positions')
        .select('data')
        .where('symbol', '=', series.symbol)
        .where('opened_at', '<=', to)
        .where((q) => q.or([q.eb('closed_at', 'is', null), q.eb('closed_at', '>=', from)]))
        .orderBy('opened_at', 'desc')
        .limit(limit);
      return (await gate.query('positions in window', () => parsed<PositionWire>(query))).reverse();
    },

    equity: async (accountId) => await gate.snapshot('equity', () => equityOf(gate.dialect, accountId)),

    snapshot: async (limits) =>
      await gate.snapshot('snapshot', function* () {
        return {
          seq: yield* lastSeqOf(),
          ranges: yield* parsed<RangeWire>(newest('ranges', 'start_ts', limits.ranges)),
          events: yield* parsed<EventWire>(newest('events', 'confirm_ts', limits.events)),
          signals: yield* parsed<SignalWire>(newest('signals', 'created_at', limits.signals)),
          orders: yield* parsed<OrderWire>(newest('orders', 'created_at', limits.orders)),
          positions: yield* parsed<PositionWire>(newest('positions', 'opened_at', limits.positions)),
        };
      }),
  };
}
