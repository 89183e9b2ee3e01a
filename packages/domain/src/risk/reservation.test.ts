import fc from 'fast-check';
import { expect, test } from 'vitest';
import { IllegalTransition } from '../setup/illegal-transition.ts';
import { mulDiv } from '../trade/money.ts';
import { exposure } from './fixture.ts';
import { fillPart, giveUp, hold } from './reservation.ts';
import type { Reservation } from './reservation.ts';

const ROW = exposure({
  id: 's',
  riskMicros: 500_000_001,
  notionalMicros: 9_792_720_000,
  marginMicros: 7,
  cashMicros: 9_792_720_001,
});
const held = (steps = 3): Reservation => hold(ROW, { steps, at: 1 });

test('5.6 HELD when it is made, with everything it was approved for', () => {
  expect(held()).toMatchObject({
    kind: 'RESERVATION',
    state: 'HELD',
    totalSteps: 3,
    unfilledSteps: 3,
    riskMicros: 500_000_001,
    version: 1,
  });
  for (const steps of [0, -1, 1.5, NaN]) expect(() => hold(ROW, { steps, at: 1 })).toThrow(RangeError);
});

test('5.6 HELD shrinks to amount x unfilled / total, rounded up, of every amount; filled completely it is COMMITTED', () => {
  const part = fillPart(held(), 1);
  expect(part).toMatchObject({ state: 'HELD', unfilledSteps: 2, riskMicros: 333_333_334, notionalMicros: 6_528_480_000, marginMicros: 5, cashMicros: 6_528_480_001, version: 2 }); // prettier-ignore
  expect(fillPart(part, 2)).toMatchObject({ state: 'COMMITTED', unfilledSteps: 0, riskMicros: 0, notionalMicros: 0, marginMicros: 0, cashMicros: 0, version: 3 }); // prettier-ignore
});

test('5.6 RELEASED gives everything back', () => {
  expect(giveUp(fillPart(held(), 2))).toMatchObject({ state: 'RELEASED', riskMicros: 0, unfilledSteps: 1 });
});

test('5.6 COMMITTED and RELEASED are terminal: anything else throws', () => {
  for (const done of [fillPart(held(), 3), giveUp(held())]) {
    expect(() => fillPart(done, 1)).toThrow(IllegalTransition);
    expect(() => giveUp(done)).toThrow(IllegalTransition);
  }
  for (const steps of [0, 4, -1, 0.5, NaN]) expect(() => fillPart(held(), steps)).toThrow(RangeError);
});

test('TR-7 over random sequences a reservation is what is left of what was reserved, and terminal ones never change', () => {
  const step = fc.oneof(fc.integer({ min: 1, max: 40 }), fc.constant('release' as const));
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 1_000 }),
      fc.integer({ min: 0, max: 1e15 }),
      fc.array(step, { maxLength: 12 }),
      (steps, risk, script) => {
        let row = hold(exposure({ riskMicros: risk }), { steps, at: 0 });
        for (const what of script) {
          const before = row;
          const legal = before.state === 'HELD' && (what === 'release' || what <= before.unfilledSteps);
          if (!legal) {
            expect(() => (what === 'release' ? giveUp(row) : fillPart(row, what))).toThrow();
            expect(row).toBe(before);
            continue;
          }
          row = what === 'release' ? giveUp(row) : fillPart(row, what);
          const left = row.state === 'HELD' ? row.unfilledSteps : 0;
          expect(row.riskMicros).toBe(mulDiv(risk, left, steps, 'up'));
          expect(row.version).toBe(before.version + 1);
        }
        expect(JSON.parse(JSON.stringify(row))).toEqual(row);
      },
    ),
    { seed: 7, numRuns: 10_000 },
  );
});
