/** Lists and windows for the desk: newest first by key, never by offset, never longer than asked for. */
import type { EquityAnswer, OrderWire, PositionWire, RangeWire, SignalWire } from '@wyckoff/contracts';
import type Database from 'better-sqlite3';
import type { DeskStore, EventWire, PageKey, Window } from '../store.ts';
import { minutesOf } from './bars.ts';
import type { SqliteGate } from './gate.ts';

/** With every k-th point and the last there are at most 2,000. */
const SPACED_POINTS = 1999;

type SignalsQuery = Parameters<DeskStore['signals']>[0];
type PositionsQuery = Parameters<DeskStore['positions']>[0];
type SnapshotLimits = Parameters<DeskStore['snapshot']>[0];

interface DataRow {
  readonly data: string;
}

function parsed<T>(rows: readonly DataRow[]): T[] {
  return rows.map((row) => JSON.parse(row.data) as T);
}

export class SqliteLists {
  readonly #gate: SqliteGate;
  readonly #equity: Database.Statement;

  constructor(gate: SqliteGate) {
    this.#gate = gate;
    this.#equity = gate
      .prepare(
        `with numbered as (
          select ts, equity_micros, cash_micros, heat, row_number() over (order by ts) - 1 as n, count(*) over () as total
          from equity_points where account_id = ?
        )
        select ts, equity_micros, cash_micros, heat from numbered
        where n % ((total + ${SPACED_POINTS - 1}) / ${SPACED_POINTS}) = 0 or n = total - 1 order by ts`,
      )
      .raw(true);
  }

  signals(query: SignalsQuery): { item: SignalWire; key: PageKey }[] {
    let page = this.#gate.sql.selectFrom('signals').select(['created_at', 'id', 'data']);
    if (query.status !== undefined) page = page.where('status', '=', query.status);
    if (query.symbol !== undefined) page = page.where('symbol', '=', query.symbol);
    if (query.pattern !== undefined) page = page.where('pattern', '=', query.pattern);
    const { below } = query;
    if (below !== undefined) {
      page = page.where((q) => q.eb(q.refTuple('created_at', 'id'), '<', q.tuple(below.at, below.id)));
    }
    const rows = this.#gate.read('signals', () =>
      this.#gate.all(page.orderBy('created_at', 'desc').orderBy('id', 'desc').limit(query.limit)),
    );
    return rows.map((row) => ({ item: JSON.parse(row.data) as SignalWire, key: { at: row.created_at, id: row.id } }));
  }

  positions(query: PositionsQuery): { item: PositionWire; key: PageKey }[] {
    let page = this.#gate.sql.selectFrom('positions').select(['opened_at', 'id', 'data']);
    if (query.status !== undefined) page = page.where('status', '=', query.status);
    if (query.symbol !== undefined) page = page.where('symbol', '=', query.symbol);
    const { below } = query;
    if (below !== undefined) {
      page = page.where((q) => q.eb(q.refTuple('opened_at', 'id'), '<', q.tuple(below.at, below.id)));
    }
    const rows = this.#gate.read('positions', () =>
      this.#gate.all(page.orderBy('opened_at', 'desc').orderBy('id', 'desc').limit(query.limit)),
    );
    return rows.map((row) => ({ item: JSON.parse(row.data) as PositionWire, key: { at: row.opened_at, id: row.id } }));
  }

  /** The newest ranges that touch the window, ascending. */
  rangesIn({ series, from, to }: Window, limit: number): RangeWire[] {
    const query = this.#gate.sql
      .selectFrom('ranges')
      .select('data')
      .where('symbol_id', '=', series.symbolId)
      .where('tf', '=', minutesOf(series.timeframe))
      .where('start_ts', '<=', to)
      .where((q) => q.or([q.eb('end_ts', 'is', null), q.eb('end_ts', '>=', from)]))
      .orderBy('start_ts', 'desc')
      .limit(limit);
    return parsed<RangeWire>(this.#gate.read('ranges in window', () => this.#gate.all(query))).reverse();
  }

  /** The newest events of the window, ascending. */
  eventsIn({ series, from, to }: Window, limit: number): EventWire[] {
    const query = this.#gate.sql
      .selectFrom('events')
      .select('data')
      .where('symbol_id', '=', series.symbolId)
      .where('tf', '=', minutesOf(series.timeframe))
      .where('event_ts', '>=', from)
      .where('event_ts', '<=', to)
      .orderBy('event_ts', 'desc')
      .limit(limit);
    return parsed<EventWire>(this.#gate.read('events in window', () => this.#gate.all(query))).reverse();
  }

  /** The newest positions, open or closed, that touch the window, ascending. */
  positionsIn({ series, from, to }: Window, limit: number): PositionWire[] {
    const query = this.#gate.sql
      .selectFrom('positions')
      .select('data')
      .where('symbol', '=', series.symbol)
      .where('opened_at', '<=', to)
      .where((q) => q.or([q.eb('closed_at', 'is', null), q.eb('closed_at', '>=', from)]))
      .orderBy('opened_at', 'desc')
      .limit(limit);
    return parsed<PositionWire>(this.#gate.read('positions in window', () => this.#gate.all(query))).reverse();
  }

  /** Every k-th point with the first and the last, so that there are at most 2,000. */
  equity(accountId: string): EquityAnswer['items'] {
    return this.#gate.read('equity', () => this.#equity.all(accountId) as EquityAnswer['items']);
  }

  /** The newest entities of a table: by their time, then by id. */
  #newest(table: 'ranges' | 'events' | 'signals' | 'orders' | 'positions', time: string, limit: number) {
    const { sql } = this.#gate;
    return sql.selectFrom(table).select('data').orderBy(sql.dynamic.ref(time), 'desc').orderBy('id', 'desc').limit(limit);
  }

  snapshot(limits: SnapshotLimits, lastSeq: () => number): Awaited<ReturnType<DeskStore['snapshot']>> {
    const ranges = this.#newest('ranges', 'start_ts', limits.ranges);
    const events = this.#newest('events', 'confirm_ts', limits.events);
    const signals = this.#newest('signals', 'created_at', limits.signals);
    const orders = this.#newest('orders', 'created_at', limits.orders);
    const positions = this.#newest('positions', 'opened_at', limits.positions);
    // Nothing is awaited between these reads, and this thread is the only writer: they are of one instant.
    return this.#gate.read('snapshot', () => ({
      seq: lastSeq(),
      ranges: parsed<RangeWire>(this.#gate.all(ranges)),
      events: parsed<EventWire>(this.#gate.all(events)),
      signals: parsed<SignalWire>(this.#gate.all(signals)),
      orders: parsed<OrderWire>(this.#gate.all(orders)),
      positions: parsed<PositionWire>(this.#gate.all(positions)),
    }));
  }
}
