/** An order the risk desk has approved: another type than an order, so that an unchecked one cannot reach a broker. */
import type { Price } from '../bar/bar.ts';
import type { Micros } from '../setup/signal.ts';
import type { OrderIntent, OrderSide, OrderType, TimeInForce } from '../trade/order-terms.ts';
import type { ExitReason } from '../trade/position.ts';

/** The legs a filled entry is protected with, from its first bar on (trading.md 7.4). */
export interface Protection {
  readonly stopPrice: Price;
  readonly targets: readonly Price[];
  /** What was reserved: a fill that would risk more is cut down to it (5.6 fill re-cap). */
  readonly maxRiskMicros: Micros;
}

export interface OrderTerms {
  readonly orderId: string;
  readonly clientId: string;
  /** Which signal, and thereby which position, it belongs to. */
  readonly signalId: string;
  readonly symbol: string;
  /** `ENTRY`, `STOP.r`, `T1.r`, `EXIT.n`. */
  readonly leg: string;
  readonly intent: OrderIntent;
  readonly side: OrderSide;
  readonly type: OrderType;
  /**
   * Whole lot steps. Of an EXIT or FLATTEN at market: what no TRIM had claimed when it was ordered; it takes whatever is open and unclaimed when
   * it is sent. A TRIM takes its own; the stop, the targets and an EXIT at a limit stand over the rest as one group (7.1).
   */
  readonly steps: number;
  readonly limitPrice: Price | null;
  readonly stopPrice: Price | null;
  /** Default GTC. */
  readonly tif?: TimeInForce;
  /** Bars with volume it may work; null: until filled or cancelled. */
  readonly validBars: number | null;
  /** Entries only. */
  readonly protection: Protection | null;
  /** Exits only. */
  readonly reason: ExitReason | null;
  /** Client id of the order it takes the place of. */
  readonly replaces: string | null;
}

/** Only `approve` makes one, and only the risk desk calls it; the mark is private, so nothing else can carry it. */
class Approved {
  readonly #mark = true;
  readonly terms: OrderTerms;

  constructor(terms: OrderTerms) {
    this.terms = Object.freeze(terms);
  }

  static bears(order: unknown): order is Approved {
    return typeof order === 'object' && order !== null && #mark in order && order.#mark;
  }
}

export type ApprovedOrder = Approved;

/** For the risk desk alone; not exported from the package. */
export function approve(terms: OrderTerms): ApprovedOrder {
  return new Approved(terms);
}

/**
 * For brokers that close on their own, without a desk: what closes needs a position and a quantity within it, nothing more (7.3).
 * @throws {TypeError} for an order that opens.
 */
export function approveClosing(terms: OrderTerms): ApprovedOrder {
  if (terms.intent !== 'CLOSE')
    throw new TypeError(`closing order ${terms.clientId}: expected intent CLOSE, was ${terms.intent}`);
  return new Approved(terms);
}

/** Whether an object came from the risk desk, also where types were cast away. */
export function isApproved(order: unknown): order is ApprovedOrder {
  return Approved.bears(order);
}
