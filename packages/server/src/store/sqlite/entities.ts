/** Keeps the newest state of every entity a fact speaks of, in the transaction that appends the fact. */
import type { Fact } from '@wyckoff/domain';
import type { Series } from '../store.ts';
import type { SqliteGate } from './gate.ts';

/** What the rows need beside the fact itself. */
export interface EntityContext {
  readonly series: Series;
  /** Timeframe in minutes. */
  readonly tf: number;
  readonly accountId: string;
}

export type EntityWriter = (fact: Fact, context: EntityContext) => void;

/** Id of the entity a fact is about, for the journal's index; null when it has none. */
export function entityOf(fact: Fact): string | null {
  switch (fact.kind) {
    case 'event.changed':
      return fact.data.event.id;
    case 'order.filled':
      return fact.data.order.id;
    case 'campaign.changed':
    case 'reservation.changed':
    case 'halt.changed':
    case 'range.changed':
    case 'signal.created':
    case 'signal.changed':
    case 'order.changed':
    case 'position.opened':
    case 'position.changed':
    case 'position.closed':
      return fact.data.id;
    case 'approval.changed':
      return fact.data.signalId;
    default:
      return null;
  }
}

/** The statements are prepared once, here. */
export function entityWriter(gate: SqliteGate): EntityWriter {
  const event = gate.prepare(`insert into events
    (symbol_id, tf, id, range_id, hypothesis, kind, status, event_ts, confirm_ts, confidence, tradeable, data)
    values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    on conflict (symbol_id, tf, id) do update set status = excluded.status, confirm_ts = excluded.confirm_ts,
      confidence = excluded.confidence, tradeable = excluded.tradeable, data = excluded.data`);
  const range =
    gate.prepare(`insert into ranges (id, symbol_id, tf, range_id, state, start_ts, end_ts, data) values (?, ?, ?, ?, ?, ?, ?, ?)
    on conflict (id) do update set range_id = excluded.range_id, state = excluded.state, end_ts = excluded.end_ts, data = excluded.data`);
  const signal = gate.prepare(`insert into signals (id, symbol_id, tf, symbol, pattern, status, bar_ts, created_at, version, data)
    values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    on conflict (id) do update set status = excluded.status, version = excluded.version, data = excluded.data`);
  const order = gate.prepare(`insert into orders
    (id, client_id, account_id, signal_id, position_id, symbol_id, intent, state, created_at, updated_at, version, data)
    values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    on conflict (id) do update set position_id = excluded.position_id, state = excluded.state, updated_at = excluded.updated_at,
      version = excluded.version, data = excluded.data`);
  const fill = gate.prepare(`insert into fills (order_id, n, exec_id, ts, qty_micros, price, commission_micros, data)
    values (?, ?, ?, ?, ?, ?, ?, ?)`);
  const position = gate.prepare(`insert into positions
    (id, account_id, signal_id, symbol_id, symbol, status, opened_at, closed_at, version, data) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    on conflict (id) do update set status = excluded.status, closed_at = excluded.closed_at, version = excluded.version, data = excluded.data`);

  const saveOrder = (data: Extract<Fact, { kind: 'order.changed' }>['data'], { series, accountId }: EntityContext): void => {
    const { id, clientId, signalId, positionId, intent, state, createdAt, updatedAt, version } = data;
    order.run(
      id,
      clientId,
      accountId,
      signalId,
      positionId,
      series.symbolId,
      intent,
      state,
      createdAt,
      updatedAt,
      version,
      JSON.stringify(data),
    );
  };

  return (fact, context) => {
    const { series, tf, accountId } = context;
    switch (fact.kind) {
      case 'event.changed': {
        const { id, rangeId, hypothesis, kind, status, eventTime, confirmTime, confidence, tradeable } = fact.data.event;
        const text = JSON.stringify(fact.data);
        event.run(
          series.symbolId,
          tf,
          id,
          rangeId,
          hypothesis,
          kind,
          status,
          eventTime,
          confirmTime,
          confidence,
          tradeable ? 1 : 0,
          text,
        );
        return;
      }
      case 'range.changed': {
        const { id, rangeId, state, startTime, endTime } = fact.data;
        range.run(id, series.symbolId, tf, rangeId, state, startTime, endTime, JSON.stringify(fact.data));
        return;
      }
      case 'signal.created':
      case 'signal.changed': {
        const { id, symbol, pattern, status, barTime, version } = fact.data;
        signal.run(id, series.symbolId, tf, symbol, pattern, status, barTime, fact.at, version, JSON.stringify(fact.data));
        return;
      }
      case 'order.changed':
        saveOrder(fact.data, context);
        return;
      case 'order.filled': {
        saveOrder(fact.data.order, context);
        const { orderId, n, execId, ts, qtyMicros, price, commissionMicros } = fact.data.fill;
        fill.run(orderId, n, execId, ts, qtyMicros, price, commissionMicros, JSON.stringify(fact.data.fill));
        return;
      }
      case 'position.opened':
      case 'position.changed':
      case 'position.closed': {
        const { id, signalId, symbol, status, openedAt, closedAt, version } = fact.data;
        position.run(
          id,
          accountId,
          signalId,
          series.symbolId,
          symbol,
          status,
          openedAt,
          closedAt,
          version,
          JSON.stringify(fact.data),
        );
        return;
      }
      case 'phase.changed':
      case 'risk.limit':
        return;
    }
  };
}
