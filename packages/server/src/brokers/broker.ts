/** The port of a broker (trading.md 8.3): one contract over paper, Alpaca and ccxt, proved by `contract.test.ts`. */
import type { EpochMs } from '@wyckoff/domain';
import type { StreamState } from '../venue/socket-state.ts';
import type { Cleared } from './clearance.ts';
import type { OrderChange, VenueAccount, VenueFill, VenueOrder, VenuePosition } from './venue-order.ts';

export interface BrokerCapabilities {
  readonly bracket: boolean;
  /** A stop can travel with its entry. */
  readonly oto: boolean;
  readonly oco: boolean;
  /** A working order can be changed in place. */
  readonly replace: boolean;
  readonly nativeStop: boolean;
  readonly short: boolean;
  readonly fractional: boolean;
  /** Pushes its events; without, they are polled. */
  readonly stream: boolean;
  /** Orders carry our ids: without, nothing may be traded live. */
  readonly clientIds: boolean;
}

/** What a broker says on its own. Only hints: the truth is what `getOrder` and `fillsSince` answer. */
export type BrokerEvent =
  | { readonly kind: 'order'; readonly order: VenueOrder }
  | { readonly kind: 'fill'; readonly fill: VenueFill }
  /** Something happened to an order of this symbol, or of any. */
  | { readonly kind: 'hint'; readonly symbol: string | null }
  | { readonly kind: 'link'; readonly state: StreamState; readonly error: string | null };

export interface CloseReport {
  readonly symbol: string;
  readonly state: 'CLOSING' | 'FAILED';
  readonly sentence: string;
}

/**
 * Every method but `onEvent` may throw a `VenueError`. What is placed has passed the execution gate: `Cleared` is made there and spent on
 * sending, so that nothing else can reach a venue (TR-11).
 */
export interface Broker {
  readonly name: string;
  readonly capabilities: BrokerCapabilities;
  readonly state: StreamState;
  /** Resolves when it is connected: its account was read. Does nothing while it is. */
  connect(): Promise<void>;
  /** Ends sockets, timers and polls; may be connected again. */
  disconnect(): Promise<void>;
  place(order: Cleared): Promise<VenueOrder>;
  /** `order.request.attached` is the stop beside the target. */
  placeOco(order: Cleared): Promise<VenueOrder>;
  /** Answers the order as it is after the change; its client id stays. */
  replace(clientId: string, change: OrderChange): Promise<VenueOrder>;
  /** Asks for the end; the order says when it came. */
  cancel(clientId: string): Promise<void>;
  /** Null: the venue denies knowing the id. With its attached stop. */
  getOrder(clientId: string): Promise<VenueOrder | null>;
  /** Working orders, foreign ones too. */
  openOrders(): Promise<readonly VenueOrder[]>;
  /** Oldest first, from this instant on. */
  fillsSince(since: EpochMs): Promise<readonly VenueFill[]>;
  positions(): Promise<readonly VenuePosition[]>;
  account(): Promise<VenueAccount>;
  /** Cancels every order and closes every position at market. */
  closeAll(): Promise<readonly CloseReport[]>;
  /** Listeners must not throw; at most 8. */
  onEvent(listener: (event: BrokerEvent) => void): () => void;
}
