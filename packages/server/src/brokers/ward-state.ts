/** One signal at the venue: its entry, the position that came of it, and what has to protect and end it. Plain JSON. */
import { clientOrderId, cutLadder } from '@wyckoff/domain';
import type { EpochMs, Price, QtyMicros, TimeInForce } from '@wyckoff/domain';
import { isWorking, restOf, type SentOrder } from './sent-order.ts';

export interface WardTarget {
  /** As the engine names it, `T1.1`. */
  readonly leg: string;
  readonly price: Price;
  readonly qtyMicros: QtyMicros;
}

export interface WardExit {
  readonly leg: string;
  /** The engine's name for it, where the desk began it under its own. */
  readonly engineLeg?: string;
  /** The engine's; null: the desk closes on its own (PROTECTION_FAILED, unknown position). */
  readonly clientId: string | null;
  readonly reason: string;
  /** Why a person called it back; absent: nobody did. */
  readonly withdrawn?: string;
}

/** A part of the position on its way out, beside the stop over the rest: at market, or at a limit. */
export interface WardPart {
  readonly leg: string;
  readonly clientId: string;
  readonly reason: string;
  /** Filled parts included. */
  readonly qtyMicros: QtyMicros;
  /** Null: at market. */
  readonly limitPrice: Price | null;
  readonly tif: TimeInForce;
  /** Why it was called back; null: it works on. */
  readonly withdrawn: string | null;
}

export interface WardState {
  readonly signalId: string;
  readonly symbol: string;
  /** Of the position: +1 long. */
  readonly side: 1 | -1;
  readonly tickSize: Price;
  readonly lotStepMicros: QtyMicros;
  readonly stopPrice: Price;
  /** The engine's leg the stop in force stands for. */
  readonly stopLeg: string;
  readonly targetPrices: readonly Price[];
  /** Cut once the entry has ended; null before. */
  readonly targets: readonly WardTarget[] | null;
  /** Everything leaves at market; what `parts` have at market already they keep. */
  readonly exit: WardExit | null;
  /** Oldest first; absent: none. */
  readonly parts?: readonly WardPart[];
  /** Why the entry is to be cancelled; null: it may work. */
  readonly cancelEntry: string | null;
  /** Bars the entry may work; null: until it is cancelled. */
  readonly barsLeft: number | null;
  /** Placements of protection that failed in a row. */
  readonly failures: number;
  /** Last number given to a stop, a target, an exit at the venue. */
  readonly revision: number;
  /** Since when the position is without its stop; null: it is protected, or there is none. */
  readonly unprotectedSince: EpochMs | null;
  /** Longest time without, ms. */
  readonly unprotectedMs: number;
  /** The engine heard that the entry works. */
  readonly accepted: boolean;
  /** Fills told so far, by the id the engine knows the order by. */
  readonly told: Readonly<Record<string, number>>;
  /** The position was found at the venue: it has no stop before somebody gives it one. Absent: false. */
  readonly isFound?: boolean;
  readonly done: boolean;
}

export interface Holding {
  readonly filledQtyMicros: QtyMicros;
  readonly openQtyMicros: QtyMicros;
  readonly entry: SentOrder | null;
  /** Closing orders that work, stops and targets. */
  readonly legs: readonly SentOrder[];
  readonly exits: readonly SentOrder[];
}

/** What the orders of a ward add up to. */
export function holdingOf(orders: readonly SentOrder[]): Holding {
  const sum = (ones: readonly SentOrder[]): number => ones.reduce((total, one) => total + one.filledQtyMicros, 0);
  const entries = orders.filter((order) => order.role === 'ENTRY');
  const closing = orders.filter((order) => order.role !== 'ENTRY');
  const working = closing.filter(isWorking);
  return {
    filledQtyMicros: sum(entries),
    openQtyMicros: sum(entries) - sum(closing),
    entry: entries[0] ?? null,
    legs: working.filter((order) => order.role !== 'EXIT'),
    exits: working.filter((order) => order.role === 'EXIT'),
  };
}

/** What would stop the position out now. */
export function protectedQty(legs: readonly SentOrder[]): QtyMicros {
  const stops = legs.filter((order) => order.role === 'STOP' && order.armed && order.state !== 'PENDING_NEW' && !order.uncertain);
  return stops.reduce((total, order) => total + restOf(order), 0);
}

/** The rungs over what was filled, as the engine names them. */
export function targetsOf(ward: WardState, filledQtyMicros: QtyMicros): readonly WardTarget[] {
  return cutLadder(Math.round(filledQtyMicros / ward.lotStepMicros), ward.targetPrices).map(({ target, price, steps }) => ({
    leg: `T${target}.1`,
    price,
    qtyMicros: steps * ward.lotStepMicros,
  }));
}

/** What the desk began on its own has no name at the engine until it orders the same. */
const isOwnExit = (leg: string): boolean => leg === OWN_EXIT || leg.startsWith('FLATTEN.');
export const OWN_EXIT = 'EXIT.99';

/** The leg under which the engine knows the order. */
export function reportedLeg(ward: WardState, order: SentOrder): string {
  if (order.role === 'STOP') return ward.stopLeg;
  if (order.role !== 'EXIT' || !isOwnExit(order.leg)) return order.leg;
  const { exit } = ward;
  // A found position without a stop: the engine's own FLATTEN has this very name.
  if (exit?.clientId == null) return ward.stopLeg === 'STOP.0' ? order.leg : ward.stopLeg;
  return exit.engineLeg ?? exit.leg;
}

/** The id under which the engine knows the order. */
export function reportedAs(ward: WardState, order: SentOrder): string {
  return clientOrderId(ward.signalId, reportedLeg(ward, order));
}
