/** Orders and fills as every part of the system sees them (trading.md 7.1). */
import type { EpochMs, Price } from '../bar/bar.ts';
import type { Micros, QtyMicros } from '../setup/signal.ts';
import type { OrderIntent, OrderSide, OrderType, TimeInForce } from '../trade/order-terms.ts';

export const ORDER_STATES = [
  'PENDING_NEW', 'SUBMITTED', 'ACCEPTED', 'PARTIALLY_FILLED', 'CANCEL_PENDING', 'FILLED', 'CANCELLED', 'REJECTED', 'EXPIRED', 'FAILED',
] as const; // prettier-ignore
export type OrderState = (typeof ORDER_STATES)[number];

export interface Order {
  readonly id: string;
  /** Deterministic, the same on every retry (trading.md 7.2). */
  readonly clientId: string;
  readonly signalId: string | null;
  readonly positionId: string | null;
  readonly symbol: string;
  /** `ENTRY`, `STOP.r`, `T1.r`, `EXIT.n`, `TRIM.n`, `FLATTEN.<activation>`. */
  readonly leg: string;
  readonly intent: OrderIntent;
  readonly side: OrderSide;
  readonly type: OrderType;
  /** Default GTC. */
  readonly tif?: TimeInForce;
  readonly state: OrderState;
  /** Sent, and nobody knows whether it arrived; absent: no. */
  readonly uncertain?: boolean;
  /** The broker's own name for it, where it has one. */
  readonly brokerId?: string | null;
  readonly qtyMicros: QtyMicros;
  readonly filledQtyMicros: QtyMicros;
  readonly limitPrice: Price | null;
  readonly stopPrice: Price | null;
  readonly averagePrice: Price | null;
  readonly reason: string | null;
  readonly createdAt: EpochMs;
  readonly updatedAt: EpochMs;
  readonly version: number;
}

export interface Fill {
  readonly orderId: string;
  /** 1, 2, ... within the order. */
  readonly n: number;
  /** Unique per broker: a fill seen twice is booked once. */
  readonly execId: string;
  /** Opening time of the bar it happened in (simulated), or the venue's time. */
  readonly ts: EpochMs;
  readonly qtyMicros: QtyMicros;
  /** Slipped price, rounded to the tick against us. */
  readonly price: Price;
  /** Price before slippage and impact. */
  readonly grossPrice: Price;
  readonly commissionMicros: Micros;
  /** What the slipped price cost against the gross price, >= 0; the impact of size is counted apart. */
  readonly slippageMicros: Micros;
  readonly impactMicros: Micros;
}
