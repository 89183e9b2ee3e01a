/** What a venue is asked and what it says of orders, fills, positions and cash: exact quantities, nobody's wire format. */
import type { EpochMs, Micros, OrderSide, OrderState, OrderType, Price, QtyMicros, TimeInForce } from '@wyckoff/domain';

/** Quantities are whole millionths of a unit, >= 0; prices lie on the tick. */
export interface OrderRequest {
  readonly clientId: string;
  readonly symbol: string;
  readonly side: OrderSide;
  readonly type: OrderType;
  readonly qtyMicros: QtyMicros;
  readonly limitPrice: Price | null;
  readonly stopPrice: Price | null;
  readonly tickSize: Price;
  readonly tif: TimeInForce;
  /** OTO: a protective stop that arms when the entry is filled completely. OCO: the other half of a target. */
  readonly attached: { readonly kind: 'OTO' | 'OCO'; readonly stopPrice: Price } | null;
}

/** What may change of a working order. */
export interface OrderChange {
  readonly qtyMicros?: QtyMicros;
  readonly stopPrice?: Price;
  readonly limitPrice?: Price;
  readonly tickSize: Price;
}

/** The states of trading.md 7.1 a venue can be in; UNCHANGED: it says nothing about the state, see `flag`. */
export type VenueState = Exclude<OrderState, 'PENDING_NEW' | 'FAILED'> | 'UNCHANGED';

/** An order as the venue sees it now. */
export interface VenueOrder {
  /** The attached stop of an order has its id with `:stop` behind it, whatever the venue calls it. */
  readonly clientId: string;
  readonly brokerId: string;
  readonly symbol: string;
  readonly side: OrderSide;
  readonly type: OrderType;
  readonly state: VenueState;
  /** A state that needs a look: `pending_replace`, `suspended`, `calculated`, or one nobody has listed. Null: none. */
  readonly flag: string | null;
  readonly qtyMicros: QtyMicros;
  readonly filledQtyMicros: QtyMicros;
  readonly averagePrice: Price | null;
  readonly limitPrice: Price | null;
  readonly stopPrice: Price | null;
  readonly reason: string | null;
  readonly at: EpochMs;
  /** It would execute by itself: not an attached stop whose entry is not filled completely. */
  readonly armed: boolean;
  readonly attached: VenueOrder | null;
}

export interface VenueFill {
  /** Unique per venue. */
  readonly execId: string;
  /** Null: the venue did not say whose it is. */
  readonly clientId: string | null;
  readonly brokerId: string;
  readonly symbol: string;
  readonly side: OrderSide;
  readonly qtyMicros: QtyMicros;
  /** Filled of the order with this fill; null where the venue does not count. */
  readonly cumQtyMicros: QtyMicros | null;
  readonly price: Price;
  readonly commissionMicros: Micros;
  readonly at: EpochMs;
}

export interface VenuePosition {
  readonly symbol: string;
  /** Negative is short. */
  readonly qtyMicros: QtyMicros;
  readonly averagePrice: Price | null;
  readonly marketPrice: Price | null;
}

export interface VenueAccount {
  readonly id: string;
  readonly currency: string;
  readonly cashMicros: Micros;
  readonly equityMicros: Micros;
  /** The venue itself refuses to trade. */
  readonly blocked: boolean;
}

/** The attached stop of an order, by the id of the order. */
export const attachedId = (clientId: string): string => `${clientId}:stop`;

/** The order an attached stop belongs to; null: it is none. */
export function ownerOfAttached(clientId: string): string | null {
  return clientId.endsWith(':stop') ? clientId.slice(0, -':stop'.length) : null;
}

/** Ours, by the prefix of trading.md 7.2. */
export const isOurs = (clientId: string): boolean => clientId.startsWith('wx1-');
