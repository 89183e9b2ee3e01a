/** The log of orders sent to venues: on disk before anything is sent, whichever database holds it. */
import type { BrokerReport } from '@wyckoff/domain';
import type { LogChange, OrderLog, OutboxRow } from '../../brokers/order-log.ts';
import type { SentOrder } from '../../brokers/sent-order.ts';
import type { WardState } from '../../brokers/ward-state.ts';
import type { Gate } from './gate.ts';
import { execute, insertMany, rawRows, type Insert, type Work } from './work.ts';

/** Confirmed rows kept, so that numbers go on rising and a crash can be read. */
const OUTBOX_KEPT = 1_000;

const ORDERS: Omit<Insert, 'rows'> = {
  table: 'venue_orders',
  columns: ['account_id', 'client_id', 'signal_id', 'data'],
  conflict: 'on conflict (account_id, client_id) do update set data = excluded.data',
};
const WARDS: Omit<Insert, 'rows'> = {
  table: 'venue_wards',
  columns: ['account_id', 'signal_id', 'done', 'data'],
  conflict: 'on conflict (account_id, signal_id) do update set done = excluded.done, data = excluded.data',
};
const OUTBOX: Omit<Insert, 'rows'> = {
  table: 'venue_outbox',
  columns: ['account_id', 'seq', 'at', 'confirmed', 'reports'],
  conflict: '',
};

interface WardWithOrders {
  readonly ward: WardState;
  readonly orders: readonly SentOrder[];
}

const parsed = <T>(rows: readonly (readonly [string])[]): T[] => rows.map(([text]) => JSON.parse(text) as T);

/** One account's log. Its writer is the one desk of that account. */
export function orderLog(gate: Gate, accountId: string): OrderLog {
  const { dialect } = gate;
  const text = (statement: string): string => dialect.text(statement);
  const ordersOf = text('select data from venue_orders where account_id = ? and signal_id = ? order by client_id limit 1000');
  const open = text(
    `select data from venue_wards where account_id = ? and not (${dialect.isSet('done')}) order by signal_id limit 1000`,
  );
  const one = text('select data from venue_wards where account_id = ? and signal_id = ?');
  const sent = text('select data from venue_orders where account_id = ? and client_id = ?');
  const waiting = text(
    `select seq, at, reports from venue_outbox where account_id = ? and not (${dialect.isSet('confirmed')}) order by seq limit 10000`,
  );
  const newest = text('select coalesce(max(seq), 0) from venue_outbox where account_id = ?');
  const confirmed = text(
    `update venue_outbox set confirmed = ? where account_id = ? and seq <= ? and not (${dialect.isSet('confirmed')})`,
  );
  const forgotten = text(`delete from venue_outbox where account_id = ? and seq <= ?`);

  function* withOrders(ward: WardState): Work<WardWithOrders> {
    return { ward, orders: parsed<SentOrder>(yield* rawRows<[string]>(ordersOf, [accountId, ward.signalId])) };
  }

  function* write({ orders = [], ward, reports = [], at }: LogChange): Work<OutboxRow | null> {
    // The last state of each: one statement may not meet a row twice.
    const last = new Map(orders.map((order) => [order.clientId, order]));
    const rows = [...last.values()].map((order) => [accountId, order.clientId, order.signalId, JSON.stringify(order)]);
    yield* insertMany({ ...ORDERS, rows });
    if (ward !== undefined)
      yield* insertMany({ ...WARDS, rows: [[accountId, ward.signalId, ward.done ? 1 : 0, JSON.stringify(ward)]] });
    if (reports.length === 0) return null;
    const [[before]] = yield* rawRows<[number]>(newest, [accountId]);
    const seq = before + 1;
    yield* insertMany({ ...OUTBOX, rows: [[accountId, seq, Math.round(at), 0, JSON.stringify(reports)]] });
    return { seq, at, reports };
  }

  return {
    save: async (change) => await gate.transaction('log an order', () => write(change)),

    openWards: async () =>
      await gate.snapshot('open wards', function* () {
        const found: WardWithOrders[] = [];
        for (const ward of parsed<WardState>(yield* rawRows<[string]>(open, [accountId]))) found.push(yield* withOrders(ward));
        return found;
      }),

    ward: async (signalId) =>
      await gate.snapshot('ward', function* () {
        const [ward] = parsed<WardState>(yield* rawRows<[string]>(one, [accountId, signalId]));
        return ward === undefined ? null : yield* withOrders(ward);
      }),

    order: async (clientId) =>
      await gate.query('sent order', function* () {
        return parsed<SentOrder>(yield* rawRows<[string]>(sent, [accountId, clientId])).at(0) ?? null;
      }),

    outbox: async () =>
      await gate.query('outbox', function* () {
        const rows = yield* rawRows<[number, number, string]>(waiting, [accountId]);
        return rows.map(([seq, at, reports]) => ({ seq, at, reports: JSON.parse(reports) as BrokerReport[] }));
      }),

    confirm: async (seq) =>
      await gate.transaction('confirm reports', function* () {
        yield* execute(confirmed, [1, accountId, seq]);
        yield* execute(forgotten, [accountId, seq - OUTBOX_KEPT]);
      }),
  };
}
