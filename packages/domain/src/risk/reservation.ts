/** A reservation: what an accepted entry holds of every limit until it is filled or given back (trading.md 5.6). Pure: state in, state out. */
import type { EpochMs } from '../bar/bar.ts';
import { IllegalTransition } from '../setup/illegal-transition.ts';
import type { Micros } from '../setup/signal.ts';
import { mulDiv } from '../trade/money.ts';
import type { Exposure } from './exposure.ts';

export const RESERVATION_STATES = ['HELD', 'COMMITTED', 'RELEASED'] as const;
export type ReservationState = (typeof RESERVATION_STATES)[number];

/** Trade, share, campaign, buckets, class and heat hold `riskMicros`; order value and currency notional `notionalMicros`. */
export interface Amounts {
  readonly riskMicros: Micros;
  readonly notionalMicros: Micros;
  readonly marginMicros: Micros;
  readonly cashMicros: Micros;
}

/** Plain JSON. The amounts of the row itself are those still held. */
export interface Reservation extends Exposure {
  readonly state: ReservationState;
  readonly totalSteps: number;
  readonly unfilledSteps: number;
  /** As reserved; what is held is always computed from these, never from what was held before. */
  readonly reserved: Amounts;
  readonly createdAt: EpochMs;
  readonly version: number;
}

/** A new reservation, HELD. @throws {RangeError} when the quantity is no whole number of steps above 0. */
export function hold(exposure: Exposure, of: { readonly steps: number; readonly at: EpochMs }): Reservation {
  if (!Number.isSafeInteger(of.steps) || of.steps < 1)
    throw new RangeError(`reservation ${exposure.id}: expected whole steps above 0, was ${of.steps}`);
  const { riskMicros, notionalMicros, marginMicros, cashMicros } = exposure;
  return {
    ...exposure,
    kind: 'RESERVATION',
    state: 'HELD',
    totalSteps: of.steps,
    unfilledSteps: of.steps,
    reserved: { riskMicros, notionalMicros, marginMicros, cashMicros },
    createdAt: of.at,
    version: 1,
  };
}

/**
 * A part was filled: the rest holds `amount x unfilled / total`, rounded up; nothing left: COMMITTED.
 * @throws {IllegalTransition} when it is not HELD. @throws {RangeError} when more was filled than was open.
 */
export function fillPart(reservation: Reservation, steps: number): Reservation {
  const left = reservation.unfilledSteps - steps;
  if (reservation.state !== 'HELD') throw illegal(reservation, left === 0 ? 'COMMITTED' : 'HELD');
  if (!Number.isSafeInteger(steps) || steps < 1 || left < 0)
    throw new RangeError(`fill of reservation ${reservation.id}: expected 1..${reservation.unfilledSteps} steps, was ${steps}`);
  return { ...withHeld(reservation, left), state: left === 0 ? 'COMMITTED' : 'HELD', unfilledSteps: left };
}

/** The signal or its order ended with a rest. @throws {IllegalTransition} when it is not HELD. */
export function giveUp(reservation: Reservation): Reservation {
  if (reservation.state !== 'HELD') throw illegal(reservation, 'RELEASED');
  return { ...withHeld(reservation, 0), state: 'RELEASED' };
}

function withHeld(reservation: Reservation, steps: number): Reservation {
  const { reserved, totalSteps, version } = reservation;
  const part = (amount: Micros): Micros => mulDiv(amount, steps, totalSteps, 'up');
  return {
    ...reservation,
    riskMicros: part(reserved.riskMicros),
    notionalMicros: part(reserved.notionalMicros),
    marginMicros: part(reserved.marginMicros),
    cashMicros: part(reserved.cashMicros),
    version: version + 1,
  };
}

function illegal(reservation: Reservation, to: ReservationState): IllegalTransition {
  return new IllegalTransition(`reservation ${reservation.id}`, reservation.state, to);
}
