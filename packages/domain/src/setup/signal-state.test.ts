import fc from 'fast-check';
import { expect, test } from 'vitest';
import { IllegalTransition } from './illegal-transition.ts';
import { SIGNAL_STATES } from './signal.ts';
import { SIGNAL_TRANSITIONS, advanceSignal, isTerminalSignal } from './signal-state.ts';

test('TR-7 only listed transitions happen, terminal signals never change, over random sequences', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...SIGNAL_STATES), { maxLength: 30 }), (wanted) => {
      let state: (typeof SIGNAL_STATES)[number] = 'GENERATED';
      for (const to of wanted) {
        if (SIGNAL_TRANSITIONS[state].includes(to)) {
          expect(isTerminalSignal(state)).toBe(false);
          state = advanceSignal(state, to);
        } else expect(() => advanceSignal(state, to)).toThrow(IllegalTransition);
      }
    }),
    { seed: 9, numRuns: 10_000 },
  );
});

test('4.2 every state can be reached and every path ends', () => {
  const seen = new Set<string>(['GENERATED']);
  for (const state of seen) for (const next of SIGNAL_TRANSITIONS[state as 'GENERATED']) seen.add(next);
  expect([...seen].sort()).toEqual([...SIGNAL_STATES].sort());
});
