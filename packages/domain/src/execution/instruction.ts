/** What an engine wants of a broker, and what a broker reports back. */
import type { ApprovedOrder } from '../risk/approved-order.ts';
import type { Fill } from './order.ts';

/** Journal the facts of the step first, then hand these over in order. */
export type Instruction =
  | { readonly kind: 'place'; readonly order: ApprovedOrder }
  | { readonly kind: 'cancel'; readonly clientId: string; readonly reason: string };

/** An input of the engine: every report names the order by its client id. */
export type BrokerReport =
  | { readonly kind: 'accepted'; readonly clientId: string }
  | { readonly kind: 'filled'; readonly clientId: string; readonly fill: Fill }
  | {
      readonly kind: 'ended';
      readonly clientId: string;
      readonly state: 'CANCELLED' | 'EXPIRED' | 'REJECTED';
      readonly reason: string;
    };
