/** Which state an order may go to from which (trading.md 7.1); everything else is impossible and throws. */
import { IllegalTransition } from '../setup/illegal-transition.ts';
import type { OrderState } from './order.ts';

export const ORDER_TRANSITIONS: Readonly<Record<OrderState, readonly OrderState[]>> = {
  PENDING_NEW: ['SUBMITTED', 'REJECTED', 'FAILED'],
  SUBMITTED: ['ACCEPTED', 'PARTIALLY_FILLED', 'FILLED', 'REJECTED', 'EXPIRED', 'CANCELLED', 'CANCEL_PENDING', 'FAILED'],
  ACCEPTED: ['PARTIALLY_FILLED', 'FILLED', 'EXPIRED', 'REJECTED', 'CANCELLED', 'CANCEL_PENDING'],
  PARTIALLY_FILLED: ['PARTIALLY_FILLED', 'FILLED', 'EXPIRED', 'CANCELLED', 'CANCEL_PENDING'],
  CANCEL_PENDING: ['CANCELLED', 'FILLED', 'PARTIALLY_FILLED', 'EXPIRED', 'ACCEPTED'],
  FILLED: [],
  CANCELLED: [],
  REJECTED: [],
  EXPIRED: [],
  FAILED: [],
};

/** The next state. @throws {IllegalTransition} when the table does not list the step. */
export function advanceOrder(from: OrderState, to: OrderState): OrderState {
  if (!ORDER_TRANSITIONS[from].includes(to)) throw new IllegalTransition('order', from, to);
  return to;
}

/** Terminal states never change. */
export function isTerminalOrder(state: OrderState): boolean {
  return ORDER_TRANSITIONS[state].length === 0;
}
