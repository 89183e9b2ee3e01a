import fc from 'fast-check';
import { expect, test } from 'vitest';
import { IllegalTransition } from '../setup/illegal-transition.ts';
import { LEG, clientOrderId, isLeg, rungOf } from '../trade/client-order-id.ts';
import type { BrokerReport } from './instruction.ts';
import { ORDER_STATES } from './order.ts';
import type { Fill, Order, OrderState } from './order.ts';
import { cancelAsked, newOrder, orderAfter } from './order-machine.ts';
import type { OrderStep } from './order-machine.ts';
import { ORDER_TRANSITIONS, isTerminalOrder } from './order-state.ts';

const fresh = newOrder(
  { orderId: 'o', clientId: 'c', signalId: 's', symbol: 'S', leg: 'ENTRY', intent: 'OPEN', side: 'BUY', type: 'LIMIT', limitPrice: 9, stopPrice: null, reason: null },
  { qtyMicros: 10, positionId: null, at: 0 },
); // prettier-ignore

const fill = (execId: string, qtyMicros: number, price = 9): Fill => ({
  orderId: 'o', n: 1, execId, ts: 0, qtyMicros, price, grossPrice: price, commissionMicros: 0, slippageMicros: 0, impactMicros: 0,
}); // prettier-ignore

const filled = (execId: string, qtyMicros: number): BrokerReport => ({
  kind: 'filled',
  clientId: 'c',
  fill: fill(execId, qtyMicros),
});
const ended = (state: 'CANCELLED' | 'EXPIRED' | 'REJECTED' | 'FAILED'): BrokerReport => ({
  kind: 'ended',
  clientId: 'c',
  state,
  reason: 'R',
});
const accepted: BrokerReport = { kind: 'accepted', clientId: 'c' };

/** Follows reports with a memory of the booked fills, as the order book does. */
function follow(
  reports: readonly BrokerReport[],
  order: Order = fresh,
): { readonly order: Order; readonly steps: readonly OrderStep[]; readonly booked: number } {
  const seen = new Set<string>();
  let at = order;
  let booked = 0;
  const steps = reports.map((report) => {
    const step = orderAfter(at, report, { at: 1, isBooked: (execId) => seen.has(execId) });
    if (step.fill !== null) {
      seen.add(step.fill.execId);
      booked += step.fill.qtyMicros;
    }
    at = step.order;
    return step;
  });
  return { order: at, steps, booked };
}

test('7.1 parts add up, the average price follows, and a fill seen twice is booked once', () => {
  const run = follow([accepted, filled('a', 4), filled('a', 4), filled('b', 6), filled('b', 6)]);
  expect(run.order).toMatchObject({ state: 'FILLED', filledQtyMicros: 10, averagePrice: 9 });
  expect(run.booked).toBe(10);
});

test('7.1 the twin: a book that forgets its execution ids counts a repeated fill twice', () => {
  const step = orderAfter(follow([accepted, filled('a', 4)]).order, filled('a', 4), { at: 1, isBooked: () => false });
  expect(step.order.filledQtyMicros).toBe(8);
});

test('7.1 a late fill on a terminal order is booked, the state stays, an alarm is raised', () => {
  const run = follow([accepted, ended('CANCELLED'), filled('late', 3)]);
  expect(run.order).toMatchObject({ state: 'CANCELLED', filledQtyMicros: 3 });
  expect(run.booked).toBe(3);
  expect(run.steps[2].alert?.code).toBe('LATE_FILL');
  expect(follow([accepted, filled('a', 11)]).steps[1].alert?.code).toBe('OVERFILL');
});

test('7.1 reports in another order, repeated or overtaken, change nothing', () => {
  expect(follow([filled('a', 10), accepted]).order.state).toBe('FILLED');
  expect(follow([accepted, accepted, ended('CANCELLED'), ended('CANCELLED'), accepted]).order.state).toBe('CANCELLED');
  const conflict = follow([accepted, filled('a', 10), ended('CANCELLED')]);
  expect(conflict.order.state).toBe('FILLED');
  expect(conflict.steps[2].alert?.code).toBe('CONFLICT');
});

test('7.1 an answer that is not known leaves the order SUBMITTED and uncertain until a report settles it', () => {
  const unknown: BrokerReport = { kind: 'uncertain', clientId: 'c', reason: 'TIMEOUT' };
  expect(follow([unknown]).order).toMatchObject({ state: 'SUBMITTED', uncertain: true, reason: 'TIMEOUT' });
  expect(follow([unknown, accepted]).order).toMatchObject({ state: 'ACCEPTED', uncertain: false });
  expect(follow([unknown, ended('FAILED')]).order).toMatchObject({ state: 'FAILED', uncertain: false });
});

test('7.1 FAILED: never sent, or denied; an accepted order cannot fail', () => {
  expect(follow([ended('FAILED')]).steps[0].via.map((one) => one.state)).toEqual(['FAILED']);
  expect(() => follow([accepted, ended('FAILED')])).toThrow(IllegalTransition);
  expect(() => follow([accepted, filled('a', 1), ended('REJECTED')])).toThrow(IllegalTransition);
});

test('7.1 a refused cancel gives the order back, with its part where it has one', () => {
  const refused: BrokerReport = { kind: 'cancelRefused', clientId: 'c', reason: 'TOO_LATE' };
  const asked = cancelAsked(follow([accepted]).order, 2).order;
  expect(asked.state).toBe('CANCEL_PENDING');
  expect(follow([refused], asked).order.state).toBe('ACCEPTED');
  const partly = cancelAsked(follow([accepted, filled('a', 4)]).order, 2).order;
  expect(follow([refused], partly).order.state).toBe('PARTIALLY_FILLED');
  expect(follow([filled('b', 6)], partly).order.state).toBe('FILLED');
  expect(follow([refused]).steps[0].via).toEqual([]);
});

test('7.1 a replaced order is CANCELLED, the one in its place accepted', () => {
  const report: BrokerReport = { kind: 'replaced', clientId: 'c', by: 'd', brokerId: 'B' };
  expect(follow([accepted, report]).order).toMatchObject({ state: 'CANCELLED', reason: 'REPLACED' });
  expect(follow([report], { ...fresh, clientId: 'd' }).order).toMatchObject({ state: 'ACCEPTED', brokerId: 'B' });
});

test('7.4 a resized leg keeps what was filled; one cut to its fills is done', () => {
  const resize = (qtyMicros: number): BrokerReport => ({ kind: 'resized', clientId: 'c', qtyMicros });
  expect(follow([accepted, resize(7)]).order).toMatchObject({ state: 'ACCEPTED', qtyMicros: 7 });
  expect(follow([accepted, filled('a', 4), resize(4)]).order).toMatchObject({ state: 'FILLED', qtyMicros: 4 });
  expect(follow([accepted, filled('a', 4), resize(3)]).order.qtyMicros).toBe(10);
});

const anyReport = fc.oneof(
  fc.constantFrom<BrokerReport>(
    accepted, { kind: 'uncertain', clientId: 'c', reason: 'T' }, { kind: 'cancelPending', clientId: 'c' }, { kind: 'cancelRefused', clientId: 'c', reason: 'N' },
    { kind: 'replaced', clientId: 'c', by: 'd' }, ended('CANCELLED'), ended('EXPIRED'), ended('REJECTED'), ended('FAILED'),
  ),
  fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.integer({ min: 1, max: 6 })).map(([id, qty]) => filled(id, qty)),
  fc.integer({ min: 0, max: 12 }).map((qtyMicros): BrokerReport => ({ kind: 'resized', clientId: 'c', qtyMicros })),
); // prettier-ignore

test('TR-7 whatever a broker reports: only listed transitions, terminal states stay, fills add up, over ten thousand stories', () => {
  fc.assert(
    fc.property(fc.array(anyReport, { maxLength: 25 }), (reports) => {
      let order = fresh;
      let booked = 0;
      const seen = new Set<string>();
      for (const report of reports) {
        const before = order.state;
        let step: OrderStep;
        try {
          step = orderAfter(order, report, { at: 1, isBooked: (execId) => seen.has(execId) });
        } catch (error) {
          expect(error).toBeInstanceOf(IllegalTransition);
          continue;
        }
        let from: OrderState = before;
        for (const { state } of step.via) {
          if (state !== from) expect(ORDER_TRANSITIONS[from]).toContain(state);
          from = state;
        }
        if (isTerminalOrder(before)) expect(step.order.state).toBe(before);
        if (step.fill !== null) {
          expect(seen.has(step.fill.execId)).toBe(false);
          seen.add(step.fill.execId);
          booked += step.fill.qtyMicros;
        }
        order = step.order;
        expect(order.filledQtyMicros).toBe(booked);
      }
      expect(ORDER_STATES).toContain(order.state);
    }),
    { seed: 31, numRuns: 10_000 },
  );
});

test('7.2 every leg has its word, and only legs have', () => {
  const legs = [LEG.entry, LEG.stop(1), LEG.target(1, 1), LEG.target(3, 12), LEG.exit(2), LEG.trim(1), LEG.flatten('a-1')];
  expect(legs).toEqual(['ENTRY', 'STOP.1', 'T1.1', 'T3.12', 'EXIT.2', 'TRIM.1', 'FLATTEN.a-1']);
  expect(legs.every(isLeg)).toBe(true);
  for (const wrong of ['STOP', 'STOP.0', 'T4.1', 'FLATTEN.', 'EXIT.-1', 'entry']) expect(isLeg(wrong)).toBe(false);
  expect(new Set(legs.map((leg) => clientOrderId('s', leg))).size).toBe(legs.length);
  expect([rungOf('T2.7'), rungOf('STOP.2')]).toEqual([2, null]);
});
