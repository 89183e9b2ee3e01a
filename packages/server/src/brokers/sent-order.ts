/** An order on its way to a venue, as we know it: every piece of news, in any order and however often, leads to the one same record. */
import { advanceOrder, isTerminalOrder, ORDER_TRANSITIONS } from '@wyckoff/domain';
import type { EpochMs, OrderIntent, OrderState, Price, QtyMicros } from '@wyckoff/domain';
import { cover, sizeOf, type Spans } from './coverage.ts';
import type { GateResult } from './gate.ts';
import type { OrderRequest, VenueFill, VenueOrder } from './venue-order.ts';

/** What it is for: the entry, the stop in force, a rung, the way out. */
export type Role = 'ENTRY' | 'STOP' | 'TARGET' | 'EXIT';

/** Plain JSON; what the order log keeps. */
export interface SentOrder extends OrderRequest {
  readonly signalId: string;
  readonly intent: OrderIntent;
  readonly role: Role;
  /** Of a TARGET: the leg the engine knows it by, `T1.1`. */
  readonly leg: string;
  readonly state: OrderState;
  /** Sent, and nobody knows whether it arrived. */
  readonly uncertain: boolean;
  /** When the venue first denied knowing it; null: it did not. */
  readonly deniedAt: EpochMs | null;
  readonly brokerId: string | null;
  readonly booked: Spans;
  readonly filledQtyMicros: QtyMicros;
  /** Sum of price x millionths booked. */
  readonly value: number;
  /** It would execute by itself. */
  readonly armed: boolean;
  readonly gate: GateResult | null;
  readonly reason: string | null;
  readonly createdAt: EpochMs;
  readonly updatedAt: EpochMs;
}

/** A part of an order that was not booked before. */
export interface Part {
  readonly execId: string;
  readonly qtyMicros: QtyMicros;
  readonly price: Price;
  readonly commissionMicros: number;
  readonly at: EpochMs;
}

/** What news changed. */
export interface Heard {
  readonly order: SentOrder;
  readonly parts: readonly Part[];
  /** What an operator should look at; empty: nothing. */
  readonly oddities: readonly string[];
}

export function newSentOrder(
  request: OrderRequest,
  of: Pick<SentOrder, 'signalId' | 'intent' | 'role' | 'leg' | 'gate'> & { readonly at: EpochMs },
): SentOrder {
  const { at, ...rest } = of;
  return {
    ...request, ...rest, state: 'PENDING_NEW', uncertain: false, deniedAt: null, brokerId: null, booked: [], filledQtyMicros: 0, value: 0,
    armed: true, reason: null, createdAt: at, updatedAt: at,
  }; // prettier-ignore
}

export const isWorking = (order: SentOrder): boolean => !isTerminalOrder(order.state);
export const restOf = (order: SentOrder): QtyMicros => Math.max(0, order.qtyMicros - order.filledQtyMicros);

/** One step of the table. @throws {IllegalTransition} for any other. */
export function moved(
  order: SentOrder,
  state: OrderState,
  of: { readonly at: EpochMs; readonly reason?: string | null },
): SentOrder {
  return { ...order, state: advanceOrder(order.state, state), reason: of.reason ?? order.reason, updatedAt: of.at };
}

/** Sent, whatever came of it. */
export function sent(order: SentOrder, at: EpochMs): SentOrder {
  return order.state === 'PENDING_NEW' ? moved(order, 'SUBMITTED', { at }) : order;
}

/** What the venue says of it now. Older news than we have changes nothing. */
export function hearOrder(order: SentOrder, view: VenueOrder, at: EpochMs): Heard {
  const oddities: string[] = [];
  if (view.flag !== null) oddities.push(`the venue says ${view.flag}`);
  if (view.symbol !== order.symbol || view.side !== order.side)
    return { order, parts: [], oddities: [`expected ${order.side} ${order.symbol}, was ${view.side} ${view.symbol}`] };
  const known: SentOrder = {
    ...sent(order, at),
    uncertain: false,
    deniedAt: null,
    brokerId: view.brokerId,
    armed: view.armed,
    ...(view.qtyMicros > 0 && order.filledQtyMicros <= view.qtyMicros && { qtyMicros: view.qtyMicros }),
  };
  if (view.qtyMicros !== order.qtyMicros) oddities.push(`expected quantity ${order.qtyMicros}, was ${view.qtyMicros}`);
  const booked = bookRest(known, view, oddities);
  return { ...booked, order: settled(booked.order, view, at), oddities };
}

/** A fill the venue reports; it may be told twice, late, or before the fill it follows. */
export function hearFill(order: SentOrder, fill: VenueFill, at: EpochMs): Heard {
  if (fill.cumQtyMicros === null) return { order, parts: [], oddities: [] };
  const known = { ...sent(order, at), uncertain: false, deniedAt: null, brokerId: order.brokerId ?? fill.brokerId };
  const heard = book(known, [fill.cumQtyMicros - fill.qtyMicros, fill.cumQtyMicros], fill);
  return { ...heard, order: byFilled(heard.order, at), oddities: overfilled(heard.order) };
}

/** What the venue counts as filled and we have not booked, at the price its average leaves for it. */
function bookRest(
  order: SentOrder,
  view: VenueOrder,
  oddities: string[],
): { readonly order: SentOrder; readonly parts: readonly Part[] } {
  const missing = sizeOf(cover(order.booked, 0, view.filledQtyMicros).fresh);
  // Older than a fill we have: its average says nothing of what is missing, a newer one will.
  const isOlder = (order.booked.at(-1)?.[1] ?? 0) > view.filledQtyMicros;
  if (missing === 0 || isOlder) return { order, parts: [] };
  if (view.averagePrice === null) {
    oddities.push(`filled ${view.filledQtyMicros} without a price`);
    return { order, parts: [] };
  }
  const left = (view.averagePrice * view.filledQtyMicros - order.value) / missing;
  const price = order.filledQtyMicros === 0 || !(left > 0) ? view.averagePrice : left;
  const heard = book(order, [0, view.filledQtyMicros], {
    execId: `${view.brokerId}@${view.filledQtyMicros}`,
    price,
    commissionMicros: 0,
    at: view.at,
  });
  oddities.push(...overfilled(heard.order));
  return heard;
}

function book(
  order: SentOrder,
  [from, to]: readonly [number, number],
  of: Pick<Part, 'execId' | 'price' | 'commissionMicros' | 'at'>,
): { readonly order: SentOrder; readonly parts: readonly Part[] } {
  const { spans, fresh } = cover(order.booked, from, to);
  const parts = fresh.map(([start, end], i) => ({
    execId: i === 0 ? of.execId : `${of.execId}+${i}`,
    qtyMicros: end - start,
    price: of.price,
    commissionMicros: i === 0 ? of.commissionMicros : 0,
    at: of.at,
  }));
  const qty = sizeOf(fresh);
  return {
    order: { ...order, booked: spans, filledQtyMicros: order.filledQtyMicros + qty, value: order.value + qty * of.price },
    parts,
  };
}

/** The state after what is booked, when nothing else was said. */
function byFilled(order: SentOrder, at: EpochMs): SentOrder {
  if (order.filledQtyMicros === 0) return order;
  return towards(order, order.filledQtyMicros >= order.qtyMicros ? 'FILLED' : 'PARTIALLY_FILLED', at, null);
}

function settled(order: SentOrder, view: VenueOrder, at: EpochMs): SentOrder {
  const filled = byFilled(order, at);
  if (view.state === 'UNCHANGED' || view.state === 'SUBMITTED') return filled;
  // Filled by its word, and not by its numbers: the rest of the fill is on its way.
  if (view.state === 'FILLED' || view.state === 'PARTIALLY_FILLED') return filled;
  if (view.state === 'ACCEPTED' && filled.state === 'CANCEL_PENDING') return filled;
  return towards(filled, view.state, at, view.reason);
}

/** The step, where the table lists it; else the news is older than what we know. */
function towards(order: SentOrder, state: OrderState, at: EpochMs, reason: string | null): SentOrder {
  if (order.state === state || !ORDER_TRANSITIONS[order.state].includes(state)) return order;
  return moved(order, state, { at, reason });
}

function overfilled(order: SentOrder): readonly string[] {
  return order.filledQtyMicros > order.qtyMicros
    ? [`expected at most ${order.qtyMicros} filled, was ${order.filledQtyMicros}`]
    : [];
}
