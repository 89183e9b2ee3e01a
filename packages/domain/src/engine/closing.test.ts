import { expect, test } from 'vitest';
import { KILL_SWITCH_OFF, activate } from '../acceptance/kill-switch.ts';
import type { BrokerReport } from '../execution/instruction.ts';
import type { Order } from '../execution/order.ts';
import { EVENING, account } from './kit/account-rig.ts';
import type { Account } from './kit/account-rig.ts';
import { flat, springTest } from './kit/scripted-market.ts';

/** A position of 96 at a venue, its stop and targets working. */
function held(): {
  one: Account;
  report: (...reports: BrokerReport[]) => void;
  leg: (name: string) => Order;
  positionId: string;
} {
  const one = account({ 'AAA A': { 60: [springTest(60)] } }, { broker: 'venue' });
  const leg = (name: string): Order => {
    const found = [...one.of('order.changed'), ...one.of('order.filled').map(({ order }) => order)].filter(
      (order) => order.leg === name,
    );
    const last = found.sort((a, b) => a.version - b.version).at(-1);
    if (last === undefined) throw new Error(`expected an order ${name}, was none`);
    return last;
  };
  const report = (...reports: BrokerReport[]): void => {
    one.engine.next({ kind: 'broker', at: EVENING, reports });
    one.sent.push(...one.engine.takeOrders());
  };
  const entry = leg('ENTRY');
  report({ kind: 'accepted', clientId: entry.clientId }, filled(entry, 96));
  return { one, report, leg, positionId: one.of('position.opened')[0].id };
}

function filled(order: Order, steps: number, n = 1): BrokerReport {
  return {
    kind: 'filled',
    clientId: order.clientId,
    fill: {
      orderId: order.id, n, execId: `${order.clientId}#${n}`, ts: EVENING, qtyMicros: steps * 1e6, price: 101.5, grossPrice: 101.5,
      commissionMicros: 0, slippageMicros: 0, impactMicros: 0,
    }, // prettier-ignore
  };
}

const steps = (order: Order): number => (order.qtyMicros - order.filledQtyMicros) / 1e6;
const exit = (positionId: string, of: { readonly steps: number | null; readonly limit?: number }) =>
  ({
    kind: 'exit',
    positionId,
    by: 'ann',
    qtyMicros: of.steps === null ? null : of.steps * 1e6,
    limitPrice: of.limit ?? null,
  }) as const;

test('7.1 a FLATTEN beside a part that works takes what the part has not claimed, and takes that too when the part is refused', () => {
  const { one, report, leg, positionId } = held();
  one.ask(exit(positionId, { steps: 30 }));
  expect([steps(leg('TRIM.1')), steps(leg('STOP.1'))]).toEqual([30, 66]);
  const kill = activate(KILL_SWITCH_OFF, { level: 'FLATTEN', activationId: 'a1', actor: 'ann', reason: 'out', at: EVENING });
  one.ask({ kind: 'setKillSwitch', kill });
  expect(steps(leg('FLATTEN.a1'))).toBe(66);
  expect(one.sent.at(-1)).toMatchObject({ kind: 'place', order: { terms: { leg: 'FLATTEN.a1', steps: 66 } } });
  report({ kind: 'ended', clientId: leg('TRIM.1').clientId, state: 'REJECTED', reason: 'NO' });
  expect([steps(leg('FLATTEN.a1')), steps(leg('STOP.1'))]).toEqual([96, 96]);
  report(filled(leg('FLATTEN.a1'), 96));
  expect(one.engine.openPositions).toBe(0);
  expect(leg('FLATTEN.a1').state).toBe('FILLED');
});

test('7.4 a part at market leaves the rest under its stop; refused, the stop stands for everything again', () => {
  const { one, report, leg, positionId } = held();
  expect(['STOP.1', 'T1.1', 'T2.1', 'T3.1'].map((name) => steps(leg(name)))).toEqual([96, 48, 29, 19]);
  one.ask(exit(positionId, { steps: 60 }));
  expect(steps(leg('STOP.1'))).toBe(36);
  expect(steps(leg('T1.1'))).toBe(36);
  expect([leg('T2.1').state, leg('T3.1').state]).toEqual(['CANCELLED', 'CANCELLED']);
  report({ kind: 'ended', clientId: leg('TRIM.1').clientId, state: 'CANCELLED', reason: 'USER' });
  // 7.2: what ended is not sent again under its name.
  expect(['STOP.1', 'T1.1', 'T2.2', 'T3.2'].map((name) => steps(leg(name)))).toEqual([96, 48, 29, 19]);
});

test('7.4 an exit at a limit works at a venue beside stop and targets, makes room for what goes at market, and is called back by hand', () => {
  const { one, report, leg, positionId } = held();
  expect(one.ask(exit(positionId, { steps: 40, limit: 108 })).done).toBe(true);
  expect([steps(leg('EXIT.1')), steps(leg('STOP.1')), steps(leg('T1.1')), steps(leg('T2.1'))]).toEqual([40, 96, 48, 8]);
  expect(one.sent.at(-1)).toMatchObject({
    kind: 'place',
    order: { terms: { leg: 'EXIT.1', type: 'LIMIT', limitPrice: 108, steps: 40 } },
  });
  // The rest can be offered too, but nothing twice.
  expect(one.ask(exit(positionId, { steps: 90, limit: 107 })).done).toBe(true);
  expect(steps(leg('EXIT.2'))).toBe(56);
  expect(one.ask(exit(positionId, { steps: 1, limit: 106 })).refusal?.code).toBe('CLOSING');
  report({ kind: 'accepted', clientId: leg('EXIT.1').clientId }, { kind: 'accepted', clientId: leg('EXIT.2').clientId });
  expect(one.ask({ kind: 'cancelOrder', orderId: leg('EXIT.2').id, by: 'ann' }).done).toBe(true);
  expect(one.sent.at(-1)).toMatchObject({ kind: 'cancel', clientId: leg('EXIT.2').clientId });
  report({ kind: 'ended', clientId: leg('EXIT.2').clientId, state: 'CANCELLED', reason: 'USER' });
  one.ask(exit(positionId, { steps: 70 }));
  expect([steps(leg('TRIM.3')), steps(leg('STOP.1')), leg('EXIT.1').state]).toEqual([70, 26, 'CANCEL_PENDING']);
  const order = (clientId: string): number =>
    one.sent.findLastIndex(
      (each) => (each.kind === 'place' ? each.order.terms.clientId : each.kind === 'cancel' && each.clientId) === clientId,
    );
  expect(order(leg('EXIT.1').clientId)).toBeGreaterThan(order(leg('EXIT.2').clientId));
  expect(order(leg('EXIT.1').clientId)).toBeLessThan(order(leg('TRIM.3').clientId));
});

test('7.4 what a rule, a bracket or the kill switch closes is not called back by hand', () => {
  const { one, leg } = held();
  expect(one.ask({ kind: 'cancelOrder', orderId: leg('STOP.1').id, by: 'ann' }).refusal?.code).toBe('PROTECTIVE');
  const kill = activate(KILL_SWITCH_OFF, { level: 'FLATTEN', activationId: 'a1', actor: 'ann', reason: 'out', at: EVENING });
  one.ask({ kind: 'setKillSwitch', kill });
  expect(one.ask({ kind: 'cancelOrder', orderId: leg('FLATTEN.a1').id, by: 'ann' }).refusal?.code).toBe('PROTECTIVE');
});

test('7.4 refused stops and exits of a position are counted between bars: after six no more stops, after nine nothing but an alert, the next bar leaves at market', () => {
  const { one, report, leg, positionId } = held();
  const refuse = (name: string): void => report({ kind: 'ended', clientId: leg(name).clientId, state: 'REJECTED', reason: 'NO' });
  const alerts = () => one.of('reconcile.difference').map(({ code, refId }) => [code, refId]);
  // Each refused stop is a way out at market, each refused way out another stop: two refusals a round.
  for (let n = 1; n <= 3; n += 1) {
    refuse(`STOP.${n}`);
    expect(leg(`EXIT.${n}`)).toMatchObject({ type: 'MARKET', reason: 'PROTECTION_FAILED' });
    refuse(`EXIT.${n}`);
    expect(leg(`STOP.${n + 1}`).state).toBe('PENDING_NEW');
  }
  // The seventh and the eighth: out, whatever it takes.
  refuse('STOP.4');
  refuse('EXIT.4');
  expect(() => leg('STOP.5')).toThrow();
  expect(leg('EXIT.5')).toMatchObject({ type: 'MARKET', reason: 'PROTECTION_FAILED' });
  refuse('EXIT.5');
  expect([leg('EXIT.6').state, alerts()]).toEqual(['PENDING_NEW', []]);
  // The tenth: a venue that refuses everything is not asked again, a person is.
  refuse('EXIT.6');
  expect(() => leg('EXIT.7')).toThrow();
  expect(alerts()).toEqual([['UNPROTECTED', positionId]]);
  one.engine.next({ kind: 'bars', bars: [{ series: 0, bar: flat(61, 101.5) }] });
  expect(leg('EXIT.7')).toMatchObject({ type: 'MARKET', reason: 'PROTECTION_FAILED', qtyMicros: 96e6 });
});

test('7.4 the count begins anew with each bar, and survives a restart between bars', () => {
  const { one, report, leg } = held();
  const refuse = (name: string): void => report({ kind: 'ended', clientId: leg(name).clientId, state: 'REJECTED', reason: 'NO' });
  for (let n = 1; n <= 3; n += 1) for (const name of [`STOP.${n}`, `EXIT.${n}`]) refuse(name);
  one.engine.next({ kind: 'bars', bars: [{ series: 0, bar: flat(61, 101.5) }] });
  one.sent.push(...one.engine.takeOrders());
  // Six more of the new bar: another stop once more.
  for (const name of ['STOP.4', 'EXIT.4']) refuse(name);
  expect(leg('STOP.5').state).toBe('PENDING_NEW');
  for (let n = 5; n <= 6; n += 1) for (const name of [`STOP.${n}`, `EXIT.${n}`]) refuse(name);
  const again = one.reborn();
  const ended = { kind: 'ended', clientId: leg('STOP.7').clientId, state: 'REJECTED', reason: 'NO' } as const;
  again.engine.next({ kind: 'broker', at: EVENING, reports: [ended] });
  const exit = again.of('order.changed').findLast((order) => order.leg === 'EXIT.7');
  const noWay = { kind: 'ended', clientId: exit?.clientId ?? '', state: 'REJECTED', reason: 'NO' } as const;
  again.engine.takeOrders();
  again.engine.next({ kind: 'broker', at: EVENING, reports: [noWay] });
  expect(again.of('order.changed').some((order) => order.leg === 'STOP.8')).toBe(false);
  expect(again.of('order.changed').some((order) => order.leg === 'EXIT.8')).toBe(true);
});

test('7.4 an entry filled in parts at a venue: the stop grows with it, and stopping out is no overfill', () => {
  const one = account({ 'AAA A': { 60: [springTest(60)] } }, { broker: 'venue' });
  const entry = one.of('order.changed')[0];
  const next = (report: BrokerReport): void => void one.engine.next({ kind: 'broker', at: EVENING, reports: [report] });
  next(filled(entry, 40, 1));
  next(filled(entry, 56, 2));
  const stop = one.of('order.changed').findLast(({ leg }) => leg === 'STOP.1');
  expect(stop?.qtyMicros).toBe(96e6);
  if (stop !== undefined) next(filled(stop, 96, 1));
  expect(one.engine.openPositions).toBe(0);
  expect(one.of('reconcile.difference')).toEqual([]);
});
