/** What a live desk tells besides its reports: for alerts, halts, the audit and the screen. */
import type { EpochMs } from '@wyckoff/domain';
import type { StreamState } from '../venue/socket-state.ts';
import type { CloseReport } from './broker.ts';
import type { VenueAccount, VenueOrder, VenuePosition } from './venue-order.ts';

export const DESK_ALERTS = [
  'PROTECTION_FAILED', 'UNPROTECTED', 'LATE_FILL', 'ODD_NEWS', 'UNKNOWN_POSITION', 'FOREIGN_ORDER', 'QUANTITY_DIFFERS', 'CASH_DIFFERS',
  'ORDER_FAILED', 'ORDER_REJECTED', 'ORPHAN_ORDER', 'EXIT_REFUSED', 'DESK_ERROR',
] as const; // prettier-ignore
export type DeskAlert = (typeof DESK_ALERTS)[number];

export type DeskNews =
  | {
      readonly kind: 'alert';
      readonly code: DeskAlert;
      readonly critical: boolean;
      readonly symbol: string | null;
      readonly sentence: string;
      readonly at: EpochMs;
    }
  /** A halt RECONCILE of the symbol is to be set; it ends when somebody resolves or acknowledges it. */
  | { readonly kind: 'halt'; readonly symbol: string; readonly reason: string; readonly at: EpochMs }
  | { readonly kind: 'resolved'; readonly symbol: string; readonly at: EpochMs }
  /** A position nobody here opened: to be kept as MANUAL. */
  | { readonly kind: 'imported'; readonly position: VenuePosition; readonly at: EpochMs }
  /** A position is what the venue says: acknowledging books a CORRECTION to it. */
  | {
      readonly kind: 'difference';
      readonly symbol: string;
      readonly oursQtyMicros: number;
      readonly theirsQtyMicros: number;
      readonly at: EpochMs;
    }
  | { readonly kind: 'cash'; readonly oursMicros: number; readonly account: VenueAccount; readonly at: EpochMs }
  | { readonly kind: 'foreign'; readonly orders: readonly VenueOrder[]; readonly at: EpochMs }
  | { readonly kind: 'link'; readonly state: StreamState; readonly error: string | null; readonly at: EpochMs }
  /** The entry's reservation has nothing to wait for any more. */
  | { readonly kind: 'unprotected'; readonly signalId: string; readonly forMs: number; readonly at: EpochMs }
  | { readonly kind: 'closed'; readonly results: readonly CloseReport[]; readonly at: EpochMs };
