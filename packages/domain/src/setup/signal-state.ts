/** Which state a signal may go to from which (trading.md 4.2). */
import { IllegalTransition } from './illegal-transition.ts';
import type { SignalState } from './signal.ts';

export const SIGNAL_TRANSITIONS: Readonly<Record<SignalState, readonly SignalState[]>> = {
  GENERATED: ['PENDING', 'APPROVED', 'REJECTED', 'EXPIRED'],
  PENDING: ['APPROVED', 'REJECTED', 'EXPIRED', 'CANCELLED'],
  APPROVED: ['SUBMITTED', 'REJECTED', 'EXPIRED', 'CANCELLED'],
  SUBMITTED: ['FILLED', 'REJECTED', 'EXPIRED', 'CANCELLED'],
  FILLED: ['PARTIALLY_CLOSED', 'STOPPED', 'TARGET_HIT', 'CLOSED'],
  PARTIALLY_CLOSED: ['STOPPED', 'TARGET_HIT', 'CLOSED'],
  REJECTED: [],
  EXPIRED: [],
  CANCELLED: [],
  STOPPED: [],
  TARGET_HIT: [],
  CLOSED: [],
};

/** The next state. @throws {IllegalTransition} when the table does not list the step. */
export function advanceSignal(from: SignalState, to: SignalState): SignalState {
  if (!SIGNAL_TRANSITIONS[from].includes(to)) throw new IllegalTransition('signal', from, to);
  return to;
}

export function isTerminalSignal(state: SignalState): boolean {
  return SIGNAL_TRANSITIONS[state].length === 0;
}
