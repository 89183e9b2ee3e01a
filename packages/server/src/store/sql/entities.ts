/** Keeps the newest state of every entity the facts of one commit speak of: the last state of each is written once, in the transaction of the facts. */
import type { Fact } from '@wyckoff/domain';
import type { EngineRef } from '../store.ts';
import { minutesOf } from './bar-keys.ts';
import { insertMany, type Insert, type Work } from './work.ts';

/** What the rows need beside the fact itself. */
export interface EntityContext {
  readonly engine: EngineRef;
  readonly accountId: string;
  /** Wall clock of the write. */
  readonly now: number;
}

/** Id of the entity a fact is about, for the journal's index; null when it has none. */
export function entityOf(fact: Fact): string | null {
  switch (fact.kind) {
    case 'event.changed':
      return fact.data.event.id;
    case 'order.filled':
      return fact.data.order.id;
    default: {
      const { id } = fact.data as { readonly id?: unknown };
      return typeof id === 'string' ? id : null;
    }
  }
}

type Row = readonly unknown[];
/** Number of the symbol, timeframe in minutes. */
type Place = { readonly symbolId: number; readonly tf: number };
type Target = Omit<Insert, 'rows'>;

function upsert(table: string, columns: readonly string[], updated: readonly string[], key = 'id'): Target {
  const set = updated.map((column) => `${column} = excluded.${column}`).join(', ');
  return { table, columns, conflict: `on conflict (${key}) do update set ${set}` };
}

/** In the order in which they refer to each other. */
const TARGETS = {
  range: upsert(
    'ranges',
    ['id', 'symbol_id', 'tf', 'range_id', 'state', 'start_ts', 'end_ts', 'data', 'stored_at'],
    ['range_id', 'state', 'end_ts', 'data'],
  ),
  event: upsert(
    'events',
    [
      'symbol_id',
      'tf',
      'id',
      'range_id',
      'hypothesis',
      'kind',
      'status',
      'event_ts',
      'confirm_ts',
      'confidence',
      'tradeable',
      'data',
      'stored_at',
    ],
    ['status', 'confirm_ts', 'confidence', 'tradeable', 'data'],
    'symbol_id, tf, id',
  ),
  signal: upsert(
    'signals',
    [
      'id',
      'symbol_id',
      'tf',
      'symbol',
      'pattern',
      'status',
      'bar_ts',
      'created_at',
      'version',
      'data',
      'account_id',
      'queued_until',
      'stored_at',
    ],
    ['status', 'version', 'data', 'queued_until'],
  ),
  order: upsert(
    'orders',
    [
      'id',
      'client_id',
      'account_id',
      'signal_id',
      'position_id',
      'symbol_id',
      'intent',
      'state',
      'created_at',
      'updated_at',
      'version',
      'data',
      'broker_order_id',
      'uncertain',
    ],
    ['position_id', 'state', 'updated_at', 'version', 'data', 'broker_order_id', 'uncertain'],
  ),
  fill: {
    table: 'fills',
    columns: ['order_id', 'n', 'exec_id', 'ts', 'qty_micros', 'price', 'commission_micros', 'data'],
    conflict: '',
  },
  position: upsert(
    'positions',
    ['id', 'account_id', 'signal_id', 'symbol_id', 'symbol', 'status', 'opened_at', 'closed_at', 'version', 'data'],
    ['status', 'closed_at', 'version', 'data'],
  ),
} as const satisfies Record<string, Target>;
type TargetName = keyof typeof TARGETS;

/** Rows by target and key; a later state of the same entity takes the place of the earlier. */
export class EntityRows {
  readonly #context: EntityContext;
  // bounded: the facts of one commit; it lives no longer than its transaction.
  readonly #rows = new Map<TargetName, Map<string, Row>>();

  constructor(context: EntityContext) {
    this.#context = context;
  }

  take(fact: Fact): void {
    switch (fact.kind) {
      case 'event.changed':
        this.#event(fact);
        return;
      case 'range.changed':
        this.#range(fact);
        return;
      case 'signal.created':
      case 'signal.changed':
        this.#signal(fact);
        return;
      case 'order.changed':
        this.#order(fact.data);
        return;
      case 'order.filled':
        this.#order(fact.data.order);
        this.#fill(fact.data.fill);
        return;
      case 'position.opened':
      case 'position.changed':
      case 'position.closed':
        this.#position(fact);
        return;
      default:
    }
  }

  *write(): Work<void> {
    for (const name of Object.keys(TARGETS) as TargetName[]) {
      const rows = this.#rows.get(name);
      if (rows !== undefined) yield* insertMany({ ...TARGETS[name], rows: [...rows.values()] });
    }
  }

  #put(target: TargetName, key: string, row: Row): void {
    const rows = this.#rows.get(target) ?? new Map<string, Row>();
    this.#rows.set(target, rows);
    rows.set(key, row);
  }

  /** Where a fact belongs: the series it names; its engine's own when it names none that is watched. */
  #placeOf({ symbol, timeframe }: { readonly symbol: string; readonly timeframe?: string }): Place {
    const { series: own, watched } = this.#context.engine;
    const named = watched?.find((one) => one.symbol === symbol && one.timeframe === timeframe);
    const { symbolId, timeframe: frame } = named ?? watched?.find((one) => one.symbol === symbol) ?? own;
    return { symbolId, tf: minutesOf(frame) };
  }

  #event({ data }: Extract<Fact, { kind: 'event.changed' }>): void {
    const { now } = this.#context;
    const { symbolId, tf } = this.#placeOf(data);
    const { id, rangeId, hypothesis, kind, status, eventTime, confirmTime, confidence, tradeable } = data.event;
    const flag = tradeable ? 1 : 0;
    const text = JSON.stringify(data);
    this.#put('event', `${symbolId}|${tf}|${id}`, [symbolId, tf, id, rangeId, hypothesis, kind, status, eventTime, confirmTime, confidence, flag, text, now]); // prettier-ignore
  }

  #range({ data }: Extract<Fact, { kind: 'range.changed' }>): void {
    const { now } = this.#context;
    const { symbolId, tf } = this.#placeOf(data);
    const { id, rangeId, state, startTime, endTime } = data;
    this.#put('range', id, [id, symbolId, tf, rangeId, state, startTime, endTime, JSON.stringify(data), now]);
  }

  #signal({ at, data }: Extract<Fact, { kind: 'signal.created' | 'signal.changed' }>): void {
    const { accountId, now } = this.#context;
    const { symbolId, tf } = this.#placeOf(data);
    const { id, symbol, pattern, status, barTime, version } = data;
    // Made and changed within one commit: it counts from when it was made.
    const created = this.#rows.get('signal')?.get(id)?.[7] ?? at;
    const queuedUntil = (data as { readonly queuedUntil?: number | null }).queuedUntil ?? null;
    this.#put('signal', id, [id, symbolId, tf, symbol, pattern, status, barTime, created, version, JSON.stringify(data), accountId, queuedUntil, now]); // prettier-ignore
  }

  #order(data: Extract<Fact, { kind: 'order.changed' }>['data']): void {
    const { accountId } = this.#context;
    const { symbolId } = this.#placeOf(data);
    const { id, clientId, signalId, positionId, intent, state, createdAt, updatedAt, version, brokerId, uncertain } = data;
    this.#put('order', id, [
      id, clientId, accountId, signalId, positionId, symbolId, intent, state, createdAt, updatedAt, version, JSON.stringify(data),
      brokerId ?? null, uncertain === true ? 1 : 0,
    ]); // prettier-ignore
  }

  #fill(data: Extract<Fact, { kind: 'order.filled' }>['data']['fill']): void {
    const { orderId, n, execId, ts, qtyMicros, price, commissionMicros } = data;
    this.#put('fill', `${orderId}|${n}`, [orderId, n, execId, ts, qtyMicros, price, commissionMicros, JSON.stringify(data)]);
  }

  #position({ data }: Extract<Fact, { kind: 'position.opened' | 'position.changed' | 'position.closed' }>): void {
    const { accountId } = this.#context;
    const { symbolId } = this.#placeOf(data);
    const { id, signalId, symbol, status, openedAt, closedAt, version } = data;
    this.#put('position', id, [id, accountId, signalId, symbolId, symbol, status, openedAt, closedAt, version, JSON.stringify(data)]); // prettier-ignore
  }
}
