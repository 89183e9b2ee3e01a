/** What a broker's report makes of an order: its next state by the table of 7.1, the fill to book, or the alarm to raise. */
import type { EpochMs } from '../bar/bar.ts';
import type { OrderTerms } from '../risk/approved-order.ts';
import type { BrokerReport } from './instruction.ts';
import type { Fill, Order, OrderState } from './order.ts';
import { advanceOrder, isTerminalOrder } from './order-state.ts';

/** Two truths about one order (7.5). */
export interface OrderAlert {
  readonly code: 'LATE_FILL' | 'OVERFILL' | 'CONFLICT';
  readonly sentence: string;
}

export interface OrderStep {
  readonly order: Order;
  /** To be booked, exactly once; null: nothing new was filled. */
  readonly fill: Fill | null;
  readonly alert: OrderAlert | null;
  /** Every state it went through, oldest first; empty: nothing changed. */
  readonly via: readonly Order[];
}

export interface ReportContext {
  /** Pipeline time. */
  readonly at: EpochMs;
  /** Whether a fill of this execution id was booked before. */
  readonly isBooked: (execId: string) => boolean;
}

/** What of the terms an order record shows. */
export type ShownTerms = Pick<
  OrderTerms,
  | 'orderId'
  | 'clientId'
  | 'signalId'
  | 'symbol'
  | 'leg'
  | 'intent'
  | 'side'
  | 'type'
  | 'tif'
  | 'limitPrice'
  | 'stopPrice'
  | 'reason'
>;

/** A new order: PENDING_NEW, to be persisted before any broker sees it. */
export function newOrder(
  terms: ShownTerms,
  of: { readonly qtyMicros: number; readonly positionId: string | null; readonly at: EpochMs },
): Order {
  const { orderId, clientId, signalId, symbol, leg, intent, side, type, tif, limitPrice, stopPrice, reason } = terms;
  return {
    id: orderId, clientId, signalId, positionId: of.positionId, symbol, leg, intent, side, type, ...(tif !== undefined && { tif }),
    state: 'PENDING_NEW', qtyMicros: of.qtyMicros, filledQtyMicros: 0, limitPrice, stopPrice, averagePrice: null, reason,
    createdAt: of.at, updatedAt: of.at, version: 1,
  }; // prettier-ignore
}

/**
 * The order after a report about it. Reports that are repeated or overtaken change nothing.
 * @throws {IllegalTransition} when the broker claims a step that the table does not list.
 */
export function orderAfter(order: Order, report: BrokerReport, context: ReportContext): OrderStep {
  const walk = new Walk(order, context.at);
  switch (report.kind) {
    case 'uncertain':
      if (order.state === 'PENDING_NEW') walk.move('SUBMITTED', { uncertain: true, reason: report.reason });
      return walk.end();
    case 'accepted':
      return accepted(walk, report.brokerId);
    case 'filled':
      return context.isBooked(report.fill.execId) ? walk.end() : filled(walk, report.fill);
    case 'resized':
      return resized(walk, report.qtyMicros);
    case 'replaced':
      return report.clientId === order.clientId ? ended(walk, 'CANCELLED', 'REPLACED') : accepted(walk, report.brokerId);
    case 'cancelPending':
      if (walk.isIn('SUBMITTED', 'ACCEPTED', 'PARTIALLY_FILLED')) walk.move('CANCEL_PENDING', {});
      return walk.end();
    case 'cancelRefused':
      if (order.state === 'CANCEL_PENDING')
        walk.move(order.filledQtyMicros > 0 ? 'PARTIALLY_FILLED' : 'ACCEPTED', { reason: report.reason });
      return walk.end();
    case 'ended':
      return ended(walk, report.state, report.reason);
  }
}

/** The engine asks the broker to cancel it; what was handed out and not answered for yet may have been sent. */
export function cancelAsked(order: Order, at: EpochMs): OrderStep {
  const walk = new Walk(order, at);
  walk.sent();
  if (walk.isIn('SUBMITTED', 'ACCEPTED', 'PARTIALLY_FILLED')) walk.move('CANCEL_PENDING', {});
  return walk.end();
}

/** An order on its way through several states. */
class Walk {
  order: Order;
  readonly #at: EpochMs;
  readonly #via: Order[] = [];

  constructor(order: Order, at: EpochMs) {
    this.order = order;
    this.#at = at;
  }

  isIn(...states: readonly OrderState[]): boolean {
    return states.includes(this.order.state);
  }

  get isOver(): boolean {
    return isTerminalOrder(this.order.state);
  }

  move(to: OrderState, changes: Partial<Order>): void {
    this.put({ ...changes, state: advanceOrder(this.order.state, to) });
  }

  put(changes: Partial<Order>): void {
    this.order = { ...this.order, ...changes, updatedAt: this.#at, version: this.order.version + 1 };
    // bounded: three states at most per report, and a walk lasts one report
    this.#via.push(this.order);
  }

  /** Whatever a broker says about an order, it was sent. */
  sent(): void {
    if (this.order.state === 'PENDING_NEW') this.move('SUBMITTED', {});
  }

  end(fill: Fill | null = null, alert: OrderAlert | null = null): OrderStep {
    return { order: this.order, fill, alert, via: this.#via };
  }
}

function accepted(walk: Walk, brokerId: string | undefined): OrderStep {
  walk.sent();
  const named = brokerId === undefined ? {} : { brokerId };
  if (walk.order.state === 'SUBMITTED') walk.move('ACCEPTED', { ...named, uncertain: false });
  else if (brokerId !== undefined && brokerId !== walk.order.brokerId && !walk.isOver) walk.put(named);
  return walk.end();
}

function filled(walk: Walk, fill: Fill): OrderStep {
  walk.sent();
  const { order } = walk;
  const filledQtyMicros = order.filledQtyMicros + fill.qtyMicros;
  const averagePrice = ((order.averagePrice ?? 0) * order.filledQtyMicros + fill.price * fill.qtyMicros) / filledQtyMicros;
  const booked = { filledQtyMicros, averagePrice, uncertain: false };
  if (walk.isOver) {
    walk.put(booked);
    return walk.end(fill, {
      code: 'LATE_FILL',
      sentence: `Order ${order.clientId} was ${order.state} when ${fill.qtyMicros / 1e6} more were filled; the fill is booked.`,
    });
  }
  walk.move(filledQtyMicros >= order.qtyMicros ? 'FILLED' : 'PARTIALLY_FILLED', booked);
  if (filledQtyMicros <= order.qtyMicros) return walk.end(fill);
  return walk.end(fill, {
    code: 'OVERFILL',
    sentence: `Order ${order.clientId} was for ${order.qtyMicros / 1e6}, filled were ${filledQtyMicros / 1e6}; the fill is booked.`,
  });
}

function resized(walk: Walk, qtyMicros: number): OrderStep {
  const { order } = walk;
  if (walk.isOver || qtyMicros === order.qtyMicros || qtyMicros < order.filledQtyMicros) return walk.end();
  walk.put({ qtyMicros });
  if (qtyMicros === order.filledQtyMicros) walk.move('FILLED', {});
  return walk.end();
}

function ended(
  walk: Walk,
  state: Extract<OrderState, 'CANCELLED' | 'EXPIRED' | 'REJECTED' | 'FAILED'>,
  reason: string,
): OrderStep {
  const { order } = walk;
  if (walk.isOver) {
    const isKnown = order.state === state || (order.state === 'CANCELLED' && order.reason === reason);
    if (isKnown) return walk.end();
    return walk.end(null, {
      code: 'CONFLICT',
      sentence: `Order ${order.clientId} is ${order.state}, the broker now says ${state} (${reason}); ours stands.`,
    });
  }
  // A refusal at the door, or one that never left, was not SUBMITTED; everything else has to have been sent.
  if (state !== 'REJECTED' && state !== 'FAILED') walk.sent();
  // A refusal that crossed the cancellation: it is gone, as was asked.
  const hasCrossed = order.state === 'CANCEL_PENDING' && (state === 'REJECTED' || state === 'FAILED');
  walk.move(hasCrossed ? 'CANCELLED' : state, { reason, uncertain: false });
  return walk.end();
}
