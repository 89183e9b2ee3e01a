/** Alpaca's JSON in our words: an order, a fill, a position, an account. What cannot be read says nothing and changes nothing. */
import type { OrderSide, OrderType, TimeInForce } from '@wyckoff/domain';
import * as z from 'zod';
import { microsOf, priceOf, requireMicros, textOfMicros, textOfPrice } from '../decimal.ts';
import { VenueError } from '../venue-error.ts';

import type { OrderRequest, VenueAccount, VenueFill, VenueOrder, VenuePosition } from '../venue-order.ts';
import { readState } from './states.ts';

const decimal = z.union([z.string(), z.number()]).nullish();

const order = z.object({
  id: z.string(),
  client_order_id: z.string(),
  symbol: z.string(),
  side: z.string(),
  type: z.string(),
  order_class: z.string().nullish(),
  time_in_force: z.string().nullish(),
  status: z.string(),
  qty: decimal,
  filled_qty: decimal,
  filled_avg_price: decimal,
  limit_price: decimal,
  stop_price: decimal,
  replaced_by: z.string().nullish(),
  replaces: z.string().nullish(),
  updated_at: z.string().nullish(),
  get legs() {
    return z.array(order).nullish();
  },
});
export type AlpacaOrder = z.infer<typeof order>;

const activity = z.object({
  id: z.string(),
  order_id: z.string(),
  symbol: z.string(),
  side: z.string(),
  qty: decimal,
  cum_qty: decimal,
  price: decimal,
  transaction_time: z.string(),
});
export type AlpacaActivity = z.infer<typeof activity>;

const position = z.object({ symbol: z.string(), qty: decimal, avg_entry_price: decimal, current_price: decimal });
const account = z.object({
  id: z.string(),
  currency: z.string().nullish(),
  cash: decimal,
  equity: decimal,
  trading_blocked: z.boolean().nullish(),
  account_blocked: z.boolean().nullish(),
});
const update = z.object({
  event: z.string(),
  execution_id: z.string().nullish(),
  price: decimal,
  qty: decimal,
  timestamp: z.string().nullish(),
  order,
});
export type AlpacaUpdate = z.infer<typeof update>;

/** @throws {VenueError} `unknown`: nobody knows what an unreadable answer meant. */
function read<T>(schema: z.ZodType<T>, what: string, json: unknown): T {
  const result = schema.safeParse(json);
  if (result.success) return result.data;
  const first = result.error.issues[0];
  throw new VenueError(
    'unknown',
    `${what}: expected Alpaca's ${what}, ${first?.path.join('.') ?? ''}: ${first?.message ?? 'no JSON'}`,
  );
}

export const readOrder = (json: unknown): AlpacaOrder => read(order, 'order', json);
export const readOrders = (json: unknown): readonly AlpacaOrder[] => read(z.array(order), 'list of orders', json);
export const readActivities = (json: unknown): readonly AlpacaActivity[] => read(z.array(activity), 'list of fills', json);
export const readUpdate = (json: unknown): AlpacaUpdate => read(update, 'trade update', json);
export const readCloses = (json: unknown): readonly { readonly symbol: string; readonly status: number }[] =>
  read(z.array(z.object({ symbol: z.string(), status: z.number() })), 'list of closings', json);

export function readPositions(json: unknown): readonly VenuePosition[] {
  return read(z.array(position), 'list of positions', json).map((row) => ({
    symbol: row.symbol,
    qtyMicros: requireMicros(`position ${row.symbol} qty`, row.qty),
    averagePrice: priceOf(row.avg_entry_price),
    marketPrice: priceOf(row.current_price),
  }));
}

export function readAccount(json: unknown): VenueAccount {
  const row = read(account, 'account', json);
  return {
    id: row.id,
    currency: row.currency ?? 'USD',
    cashMicros: requireMicros('account cash', row.cash),
    equityMicros: requireMicros('account equity', row.equity),
    blocked: row.trading_blocked === true || row.account_blocked === true,
  };
}

/** A replaced order lives on under the same id with a number behind it. */
export const baseId = (clientOrderId: string): string => clientOrderId.split('~')[0] ?? clientOrderId;
export const nextId = (clientOrderId: string): string => {
  const [base = '', n = '1'] = clientOrderId.split('~');
  return `${base}~${Number(n) + 1}`;
};

const TYPES: Readonly<Record<string, OrderType>> = { market: 'MARKET', limit: 'LIMIT', stop: 'STOP', stop_limit: 'STOP_LIMIT' };
const WIRE_TYPE: Readonly<Record<OrderType, string>> = {
  MARKET: 'market',
  LIMIT: 'limit',
  STOP: 'stop',
  STOP_LIMIT: 'stop_limit',
};
const WIRE_TIF: Readonly<Record<TimeInForce, string>> = { DAY: 'day', GTC: 'gtc', IOC: 'ioc', FOK: 'fok' };

const sideOf = (text: string): OrderSide => (text === 'buy' ? 'BUY' : 'SELL');
const timeOf = (text: string | null | undefined): number => {
  const ms = Date.parse(text ?? '');
  return Number.isFinite(ms) ? ms : 0;
};

export interface OrderView {
  /** Our id of it. */
  readonly clientId: string;
  /** False for the attached stop of an entry that is not filled. */
  readonly armed: boolean;
  readonly attached: VenueOrder | null;
}

export function orderOf(row: AlpacaOrder, view: OrderView): VenueOrder {
  const qtyMicros = requireMicros(`order ${row.id} qty`, row.qty);
  const filledQtyMicros = requireMicros(`order ${row.id} filled_qty`, row.filled_qty ?? '0');
  const { state, flag } = readState(row.status, { gtc: row.time_in_force === 'gtc', qtyMicros, filledQtyMicros });
  return {
    ...view,
    brokerId: row.id,
    symbol: row.symbol,
    side: sideOf(row.side),
    type: TYPES[row.type] ?? 'MARKET',
    state,
    flag,
    qtyMicros,
    filledQtyMicros,
    averagePrice: priceOf(row.filled_avg_price),
    limitPrice: priceOf(row.limit_price),
    stopPrice: priceOf(row.stop_price),
    reason: state === 'REJECTED' ? 'rejected by the venue' : null,
    at: timeOf(row.updated_at),
  };
}

/** The fill a trade update reports; null when it reports none. */
export function fillOfUpdate(row: AlpacaUpdate, clientId: string | null): VenueFill | null {
  if (row.event !== 'fill' && row.event !== 'partial_fill') return null;
  const qtyMicros = microsOf(row.qty);
  const price = priceOf(row.price);
  if (row.execution_id == null || qtyMicros === null || qtyMicros <= 0 || price === null) return null;
  return {
    execId: row.execution_id,
    clientId,
    brokerId: row.order.id,
    symbol: row.order.symbol,
    side: sideOf(row.order.side),
    qtyMicros,
    // What a replaced order filled before does not count in its successor.
    cumQtyMicros: row.order.replaces == null ? microsOf(row.order.filled_qty) : null,
    price,
    commissionMicros: 0,
    at: timeOf(row.timestamp),
  };
}

export function fillOfActivity(
  row: AlpacaActivity,
  of: { readonly clientId: string | null; readonly counts: boolean },
): VenueFill {
  const price = priceOf(row.price);
  if (price === null)
    throw new VenueError('unknown', `fill ${row.id} price: expected a decimal above 0, was ${String(row.price)}`);
  return {
    // `time::execution id`
    execId: row.id.split('::')[1] ?? row.id,
    clientId: of.clientId,
    brokerId: row.order_id,
    symbol: row.symbol,
    side: sideOf(row.side),
    qtyMicros: requireMicros(`fill ${row.id} qty`, row.qty),
    cumQtyMicros: of.counts ? microsOf(row.cum_qty) : null,
    price,
    commissionMicros: 0,
    at: timeOf(row.transaction_time),
  };
}

/** The body of `POST /v2/orders`: numbers as texts, exact. */
export function orderBody(request: OrderRequest): Readonly<Record<string, unknown>> {
  const { tickSize, attached } = request;
  const price = (value: number): string => textOfPrice(value, tickSize);
  const stop = attached === null ? {} : { stop_loss: { stop_price: price(attached.stopPrice) } };
  const common = {
    symbol: request.symbol,
    qty: textOfMicros(request.qtyMicros),
    side: request.side === 'BUY' ? 'buy' : 'sell',
    type: WIRE_TYPE[request.type],
    time_in_force: WIRE_TIF[request.tif],
    client_order_id: request.clientId,
    ...stop,
  };
  if (attached?.kind === 'OCO')
    return { ...common, order_class: 'oco', type: 'limit', take_profit: { limit_price: price(request.limitPrice ?? NaN) } };
  return {
    ...common,
    order_class: attached === null ? 'simple' : 'oto',
    ...(request.limitPrice !== null && { limit_price: price(request.limitPrice) }),
    ...(request.stopPrice !== null && { stop_price: price(request.stopPrice) }),
  };
}
