/** A way out of the house: one message at a time, with an answer that says what to do next. */
import type { Notification } from './notification.ts';

export type Delivery =
  | { readonly outcome: 'delivered' }
  /** Worth another try: the network, a busy server. */
  | { readonly outcome: 'failed'; readonly error: string; readonly retryAfterMs?: number }
  /** The address is gone or does not take us: no try will help until the settings change. */
  | { readonly outcome: 'gone'; readonly error: string };

export interface Channel {
  /** Never rejects. Gives up when the signal is aborted. */
  send(notification: Notification, signal: AbortSignal): Promise<Delivery>;
}
