import fc from 'fast-check';
import { expect, test } from 'vitest';
import { IllegalTransition } from '../setup/illegal-transition.ts';
import { ORDER_STATES } from './order.ts';
import { ORDER_TRANSITIONS, advanceOrder, isTerminalOrder } from './order-state.ts';

test('TR-7 only listed transitions happen, terminal orders never change, over random sequences', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...ORDER_STATES), { maxLength: 30 }), (wanted) => {
      let state: (typeof ORDER_STATES)[number] = 'PENDING_NEW';
      for (const to of wanted) {
        if (ORDER_TRANSITIONS[state].includes(to)) {
          expect(isTerminalOrder(state)).toBe(false);
          state = advanceOrder(state, to);
        } else expect(() => advanceOrder(state, to)).toThrow(IllegalTransition);
      }
    }),
    { seed: 10, numRuns: 500 },
  );
});

test('7.1 terminal are exactly FILLED, CANCELLED, REJECTED, EXPIRED, FAILED', () => {
  expect(ORDER_STATES.filter(isTerminalOrder).sort()).toEqual(['CANCELLED', 'EXPIRED', 'FAILED', 'FILLED', 'REJECTED']);
});

test('7.1 an order that was never sent cannot be filled', () => {
  expect(() => advanceOrder('PENDING_NEW', 'FILLED')).toThrow('order: expected a listed transition, was PENDING_NEW -> FILLED');
});
