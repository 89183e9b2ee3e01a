/** Alpaca's words for the state of an order, in ours (trading.md 8.3). */
import type { VenueState } from '../venue-order.ts';

export interface ReadState {
  readonly state: VenueState;
  readonly flag: string | null;
}

const plain = (state: VenueState): ReadState => ({ state, flag: null });
const flagged = (flag: string): ReadState => ({ state: 'UNCHANGED', flag });

const STATES: Readonly<Record<string, ReadState>> = {
  pending_new: plain('SUBMITTED'),
  new: plain('ACCEPTED'),
  accepted: plain('ACCEPTED'),
  accepted_for_bidding: plain('ACCEPTED'),
  held: plain('ACCEPTED'),
  partially_filled: plain('PARTIALLY_FILLED'),
  filled: plain('FILLED'),
  canceled: plain('CANCELLED'),
  expired: plain('EXPIRED'),
  rejected: plain('REJECTED'),
  pending_cancel: plain('CANCEL_PENDING'),
  pending_replace: flagged('pending_replace'),
  suspended: flagged('suspended'),
  calculated: flagged('calculated'),
};

/** `replaced` is not here: the order that took its place has the state. */
export function readState(
  status: string,
  of: { readonly gtc: boolean; readonly qtyMicros: number; readonly filledQtyMicros: number },
): ReadState {
  const byFilled = of.filledQtyMicros === 0 ? 'ACCEPTED' : of.filledQtyMicros < of.qtyMicros ? 'PARTIALLY_FILLED' : 'FILLED';
  if (status === 'stopped') return plain(byFilled);
  if (status === 'done_for_day') return plain(of.gtc ? byFilled : 'EXPIRED');
  return Object.hasOwn(STATES, status) ? (STATES[status] ?? flagged(status)) : flagged(`unknown: ${status.slice(0, 40)}`);
}
