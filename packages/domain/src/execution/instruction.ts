/** What an engine wants of a broker, and what a broker reports back: one language for the simulated broker and every venue. */
import type { EpochMs } from '../bar/bar.ts';
import type { ApprovedOrder } from '../risk/approved-order.ts';
import type { QtyMicros } from '../setup/signal.ts';
import type { Fill, OrderState } from './order.ts';

/** Journal the facts of the step first, then hand these over in order: what makes room (a cancel) is gone before what takes the room is sent. */
export type Instruction =
  | { readonly kind: 'place'; readonly order: ApprovedOrder }
  /** Two closing orders over the same quantity: a fill of one takes as much from the other. */
  | { readonly kind: 'placeOco'; readonly orders: readonly [ApprovedOrder, ApprovedOrder] }
  /** `order` takes the place of the working order `clientId`; refused, the former works on. */
  | { readonly kind: 'replace'; readonly clientId: string; readonly order: ApprovedOrder }
  | { readonly kind: 'cancel'; readonly clientId: string; readonly reason: string };

/** How a broker can end an order; FAILED: it denies knowing the client id (7.1). */
export type EndState = Extract<OrderState, 'CANCELLED' | 'EXPIRED' | 'REJECTED' | 'FAILED'>;

/** An input of the engine: every report names the order by its client id. */
export type BrokerReport =
  /** Sent, and nobody knows whether it arrived: it stays SUBMITTED and `uncertain` until another report settles it. */
  | { readonly kind: 'uncertain'; readonly clientId: string; readonly reason: string }
  /** It works at the broker. */
  | { readonly kind: 'accepted'; readonly clientId: string; readonly brokerId?: string }
  /** A part or all of it; parts add up, and a fill whose `execId` was seen before changes nothing. */
  /** `reason`: why it closed, where that is not what the order was for: whoever holds the venue left it before the account said so. */
  | { readonly kind: 'filled'; readonly clientId: string; readonly fill: Fill; readonly reason?: 'FLATTEN' | 'PROTECTION_FAILED' }
  /** The broker changed the quantity of a working leg, after a part of its entry was filled. */
  | { readonly kind: 'resized'; readonly clientId: string; readonly qtyMicros: QtyMicros }
  /** `clientId` gave its place to `by`; `by` is accepted by this report. */
  | { readonly kind: 'replaced'; readonly clientId: string; readonly by: string; readonly brokerId?: string }
  | { readonly kind: 'cancelPending'; readonly clientId: string }
  /** The order works on as before; `reason` also says why a replacement was refused. */
  | { readonly kind: 'cancelRefused'; readonly clientId: string; readonly reason: string }
  | {
      readonly kind: 'ended';
      readonly clientId: string;
      readonly state: EndState;
      readonly reason: string;
      readonly at?: EpochMs;
    };
