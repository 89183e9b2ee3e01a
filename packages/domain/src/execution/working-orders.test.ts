import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Bar } from '../bar/bar.ts';
import { approve } from '../risk/approved-order.ts';
import type { ApprovedOrder, OrderTerms } from '../risk/approved-order.ts';
import { LEG, clientOrderId, orderIdOf } from '../trade/client-order-id.ts';
import { COST_MODELS, commissionOf } from '../trade/costs.ts';
import type { CostModel } from '../trade/costs.ts';
import { tradedInstrument } from '../trade/instrument.ts';
import type { BrokerReport } from './instruction.ts';
import { SimulatedBroker } from './simulated-broker.ts';
import type { SimulatedBrokerOptions, SimulatedBrokerState } from './simulated-broker.ts';

const stock = tradedInstrument({ symbol: 'S', assetClass: 'STOCK' });
const DAY = 86_400_000;

function bar(i: number, prices: readonly [number, number, number, number], volume = 1_000): Bar {
  const [open, high, low, close] = prices;
  return { time: i * DAY, open, high, low, close, volume };
}

function order(leg: string, changes: Partial<OrderTerms> = {}): ApprovedOrder {
  const signalId = changes.signalId ?? 's';
  const isEntry = leg === 'ENTRY';
  return approve({
    orderId: orderIdOf(signalId, leg), clientId: clientOrderId(signalId, leg), signalId, symbol: 'S', leg, intent: isEntry ? 'OPEN' : 'CLOSE',
    side: isEntry ? 'BUY' : 'SELL', type: 'MARKET', steps: 100, limitPrice: null, stopPrice: null, validBars: isEntry ? 1 : null,
    protection: isEntry ? { stopPrice: 95, targets: [110, 115, 120], maxRiskMicros: 100_000_000_000 } : null, reason: null, replaces: null, ...changes,
  }); // prettier-ignore
}

function broker(changes: Partial<SimulatedBrokerOptions> = {}): SimulatedBroker {
  return new SimulatedBroker({ instrument: stock, costs: COST_MODELS.zero, ...changes });
}

const LEGS = [
  LEG.entry,
  LEG.exit(1),
  LEG.trim(1),
  'OCO.1',
  'OCO.2',
  ...[1, 2].flatMap((r) => [LEG.stop(r), LEG.target(1, r), LEG.target(2, r), LEG.target(3, r)]),
];

function told(reports: readonly BrokerReport[]): string[] {
  const legOf = (clientId: string): string => LEGS.find((leg) => clientOrderId('s', leg) === clientId) ?? clientId;
  return reports.flatMap((report) => {
    const leg = legOf(report.clientId);
    if (report.kind === 'filled') return [`${leg} ${report.fill.price} ${report.fill.qtyMicros / 1e6}`];
    if (report.kind === 'resized') return [`${leg} = ${report.qtyMicros / 1e6}`];
    if (report.kind === 'ended') return [`${leg} ${report.state} ${report.reason}`];
    if (report.kind === 'cancelRefused') return [`${leg} refused ${report.reason}`];
    return report.kind === 'replaced' ? [`${leg} -> ${legOf(report.by)}`] : [];
  });
}

const calm = (i: number, volume = 1_000): Bar => bar(i, [100, 101, 99, 100], volume);

test('4.1 participationCap: a fill takes at most its share of the bar, the rest works on, MARKET then five bars', () => {
  const held = broker({ participationCap: 0.04 });
  held.take({ kind: 'place', order: order('ENTRY') });
  expect(told(held.meet(calm(1)))).toEqual(['ENTRY 100 40']);
  expect(told(held.meet(calm(2)))).toEqual(['ENTRY 100 40', 'STOP.1 = 80', 'T1.1 = 40', 'T2.1 = 24', 'T3.1 = 16']);
  expect(told(held.meet(calm(3)))).toEqual(['ENTRY 100 20', 'STOP.1 = 100', 'T1.1 = 50', 'T2.1 = 30', 'T3.1 = 20']);
});

test('4.1 what is not filled within the validity expires, what was filled stays protected', () => {
  const held = broker({ participationCap: 0.01 });
  held.take({ kind: 'place', order: order('ENTRY') });
  const all = [1, 2, 3, 4, 5, 6].map((i) => told(held.meet(calm(i))));
  expect(all[4]).toContain('ENTRY 100 10');
  expect(all[4]).toContain('ENTRY EXPIRED VALIDITY');
  expect(all[5]).toEqual([]);
  expect(told(held.meet(bar(7, [96, 97, 94, 95])))[0]).toBe('STOP.1 95 10');
});

test('4.1 the cap is off where volume is not real, and a bar too thin for one step fills nothing', () => {
  const index = tradedInstrument({ symbol: 'S', assetClass: 'INDEX', lotStepMicros: 1_000_000 });
  const tick = broker({ instrument: index, participationCap: 0.01 });
  tick.take({ kind: 'place', order: order('ENTRY') });
  expect(told(tick.meet(calm(1, 1)))).toEqual(['ENTRY 100 100']);
  const thin = broker({ participationCap: 0.01 });
  thin.take({ kind: 'place', order: order('ENTRY') });
  expect(told(thin.meet(calm(1, 50)))).toEqual([]);
});

test('4.3 a capped stop takes its part, cancels the targets, and the rest goes at the next opens', () => {
  const held = broker();
  held.take({ kind: 'place', order: order('ENTRY') });
  held.meet(calm(1));
  const capped = broker({ participationCap: 0.05 });
  const state = held.state();
  const restored = new SimulatedBroker({ instrument: stock, costs: COST_MODELS.zero, participationCap: 0.05 }, state);
  expect(capped.state().brackets).toEqual([]);
  expect(told(restored.meet(bar(2, [97, 98, 94, 96])))).toEqual([
    'STOP.1 95 50',
    'T1.1 CANCELLED OCO',
    'T2.1 CANCELLED OCO',
    'T3.1 CANCELLED OCO',
  ]);
  expect(told(restored.meet(bar(3, [130, 131, 129, 130])))).toEqual(['STOP.1 130 50']);
  expect(restored.state().brackets).toEqual([]);
});

test('4.3 a capped stop drops the rest of its entry at once, and parts are numbered within their order', () => {
  const held = broker({ participationCap: 0.02 });
  held.take({ kind: 'place', order: order('ENTRY', { type: 'LIMIT', limitPrice: 100, validBars: 10 }) });
  const first = held.meet(calm(1));
  const second = held.meet(calm(2));
  const fills = [...first, ...second].flatMap((report) => (report.kind === 'filled' ? [report.fill] : []));
  expect(fills.map(({ n, execId }) => [n, execId.endsWith(`#${n}`)])).toEqual([[1, true], [2, true]]);
  expect(told(held.meet(bar(3, [101, 102, 94, 96], 500)))).toContain('ENTRY CANCELLED POSITION_CLOSED');
  expect(held.state().working).toEqual([]);
}); // prettier-ignore

test('4.3 a capped target fills in parts, the stop shrinks with it, each rung fires once', () => {
  const held = new SimulatedBroker({ instrument: stock, costs: COST_MODELS.zero, participationCap: 0.03 }, entered());
  expect(told(held.meet(bar(2, [109, 116, 108, 112])))).toEqual(['T1.1 110 30', 'STOP.1 = 70']);
  expect(told(held.meet(bar(3, [109, 116, 108, 112])))).toEqual(['T1.1 110 20', 'T2.1 115 30', 'STOP.1 = 20']);
  expect(told(held.meet(bar(4, [119, 121, 118, 120])))).toEqual(['T3.1 120 20', 'STOP.1 CANCELLED OCO']);
});

test('4.1 IOC takes what the next bar gives, FOK all of it or nothing', () => {
  const run = (tif: 'IOC' | 'FOK', volume: number): string[][] => {
    const held = broker({ participationCap: 0.1 });
    held.take({ kind: 'place', order: order('ENTRY', { tif }) });
    return [told(held.meet(calm(1, volume))), told(held.meet(calm(2, 100_000)))];
  };
  expect(run('IOC', 600)).toEqual([['ENTRY 100 60', 'ENTRY CANCELLED IOC'], []]);
  expect(run('FOK', 600)).toEqual([['ENTRY CANCELLED FOK'], []]);
  expect(run('FOK', 1_000)).toEqual([['ENTRY 100 100'], []]);
});

test('5.6 FOK that the re-cap would cut fills nothing', () => {
  const held = broker();
  held.take({
    kind: 'place',
    order: order('ENTRY', { tif: 'FOK', protection: { stopPrice: 95, targets: [120], maxRiskMicros: 60_000_000 } }),
  });
  expect(told(held.meet(calm(1)))).toEqual(['ENTRY CANCELLED RISK_RECAP']);
});

test('5.6 the re-cap counts the parts filled before', () => {
  const held = broker({ participationCap: 0.01 });
  held.take({
    kind: 'place',
    order: order('ENTRY', { protection: { stopPrice: 95, targets: [120], maxRiskMicros: 90_000_000 } }),
  });
  expect(told(held.meet(calm(1)))).toEqual(['ENTRY 100 10']);
  expect(told(held.meet(calm(2)))).toEqual(['ENTRY 100 8', 'STOP.1 = 18', 'T1.1 = 18', 'ENTRY CANCELLED RISK_RECAP']);
});

test('4.1 DAY ends with the last bar of its session, also one without volume; without a calendar it is refused', () => {
  const held = broker({ closesSession: (opensAt) => opensAt === 2 * DAY });
  held.take({ kind: 'place', order: order('ENTRY', { type: 'LIMIT', limitPrice: 50, validBars: 10, tif: 'DAY' }) });
  expect(told(held.meet(calm(1)))).toEqual([]);
  expect(told(held.meet(calm(2, 0)))).toEqual(['ENTRY EXPIRED DAY']);
  const blind = broker();
  blind.take({ kind: 'place', order: order('ENTRY', { tif: 'DAY' }) });
  expect(told(blind.meet(calm(1)))).toEqual(['ENTRY REJECTED NO_CALENDAR']);
});

function entered(): SimulatedBrokerState {
  const held = broker();
  held.take({ kind: 'place', order: order('ENTRY') });
  held.meet(calm(1));
  return held.state();
}

function pair(steps = 40): { readonly kind: 'placeOco'; readonly orders: readonly [ApprovedOrder, ApprovedOrder] } {
  return {
    kind: 'placeOco',
    orders: [order('OCO.1', { type: 'LIMIT', limitPrice: 106, steps }), order('OCO.2', { type: 'STOP', stopPrice: 98, steps })],
  };
}

test('7.1 OCO: a fill of one takes as much from the other, the bracket follows', () => {
  const held = new SimulatedBroker({ instrument: stock, costs: COST_MODELS.zero }, entered());
  held.take(pair());
  expect(told(held.meet(bar(2, [104, 107, 103, 104])))).toEqual([
    'OCO.1 106 40',
    'OCO.2 CANCELLED OCO',
    'STOP.1 = 60',
    'T2.1 = 10',
    'T3.1 CANCELLED RESIZED',
  ]);
});

test('4.3 OCO: a bar that touches both fills the stop', () => {
  const held = new SimulatedBroker({ instrument: stock, costs: COST_MODELS.zero }, entered());
  held.take(pair());
  expect(told(held.meet(bar(2, [104, 107, 97, 104])))[0]).toBe('OCO.2 98 40');
});

test('7.1 OCO: a part of one leaves the other with the rest; cancelling one cancels both', () => {
  const held = new SimulatedBroker({ instrument: stock, costs: COST_MODELS.zero, participationCap: 0.03 }, entered());
  held.take(pair());
  expect(told(held.meet(bar(2, [104, 107, 103, 104]))).slice(0, 2)).toEqual(['OCO.1 106 30', 'OCO.2 = 10']);
  held.take({ kind: 'cancel', clientId: clientOrderId('s', 'OCO.1'), reason: 'USER' });
  expect(told(held.meet(calm(3)))).toEqual(['OCO.1 CANCELLED USER', 'OCO.2 CANCELLED OCO']);
});

test('7.1 a closing order without a position is refused, one of a position that closes goes with it', () => {
  const empty = broker();
  empty.take(pair());
  expect(told(empty.meet(calm(1)))).toEqual(['OCO.1 REJECTED NO_POSITION', 'OCO.2 REJECTED NO_POSITION']);
  const held = new SimulatedBroker({ instrument: stock, costs: COST_MODELS.zero }, entered());
  held.take(pair());
  expect(told(held.meet(bar(2, [90, 91, 89, 90])))).toContain('OCO.1 CANCELLED OCO');
  expect(held.state().working).toEqual([]);
});

test('7.1 replace: a working entry, a stop and a target change place; an unknown one is refused and the former works on', () => {
  const held = broker();
  held.take({ kind: 'place', order: order('ENTRY', { type: 'LIMIT', limitPrice: 90, validBars: 10 }) });
  held.take({
    kind: 'replace',
    clientId: clientOrderId('s', 'ENTRY'),
    order: order('ENTRY', { clientId: clientOrderId('s', 'OCO.1'), type: 'LIMIT', limitPrice: 99, validBars: 10 }),
  });
  expect(told(held.meet(calm(1)))).toEqual(['ENTRY -> OCO.1', 'OCO.1 99 100']);
  held.take({ kind: 'replace', clientId: clientOrderId('s', 'STOP.1'), order: order('STOP.2', { type: 'STOP', stopPrice: 97 }) });
  held.take({ kind: 'replace', clientId: clientOrderId('s', 'T1.1'), order: order('T1.2', { type: 'LIMIT', limitPrice: 105 }) });
  expect(told(held.meet(bar(2, [104, 105, 103, 104])))).toEqual([
    'STOP.1 -> STOP.2',
    'T1.1 -> T1.2',
    'T1.2 105 50',
    'STOP.2 = 50',
  ]);
  held.take({ kind: 'replace', clientId: clientOrderId('s', 'T1.1'), order: order('T1.2', { type: 'LIMIT', limitPrice: 105 }) });
  expect(told(held.meet(bar(3, [98, 99, 96, 97])))).toEqual([
    'T1.1 refused NOT_WORKING', 'T1.2 REJECTED REPLACE_REFUSED', 'STOP.2 97 50', 'T2.1 CANCELLED OCO', 'T3.1 CANCELLED OCO',
  ]); // prettier-ignore
});

test('7.1 a cancel is refused for what does not work any more, and for the legs that protect a position', () => {
  const held = new SimulatedBroker({ instrument: stock, costs: COST_MODELS.zero }, entered());
  held.take({ kind: 'cancel', clientId: clientOrderId('s', 'ENTRY'), reason: 'USER' });
  held.take({ kind: 'cancel', clientId: clientOrderId('s', 'STOP.1'), reason: 'USER' });
  expect(told(held.meet(calm(2)))).toEqual(['ENTRY refused NOT_WORKING', 'STOP.1 refused PROTECTIVE']);
});

test('7.2 the same client id handed in twice works once', () => {
  const held = broker();
  held.take({ kind: 'place', order: order('ENTRY') });
  held.take({ kind: 'place', order: order('ENTRY') });
  expect(told(held.meet(calm(1)))).toEqual(['ENTRY 100 100']);
});

test('6.3 a trim takes its part at market, the legs follow; an exit drops the rest of its entry', () => {
  const held = new SimulatedBroker({ instrument: stock, costs: COST_MODELS.zero }, entered());
  held.take({ kind: 'place', order: order('TRIM.1', { steps: 20 }) });
  expect(told(held.meet(calm(2)))).toEqual(['TRIM.1 100 20', 'STOP.1 = 80', 'T3.1 CANCELLED RESIZED']);
  const half = broker({ participationCap: 0.05 });
  half.take({ kind: 'place', order: order('ENTRY') });
  half.meet(calm(1));
  half.take({ kind: 'place', order: order('EXIT.1', { steps: 50 }) });
  expect(told(half.meet(calm(2)))).toEqual([
    'ENTRY CANCELLED EXITING',
    'EXIT.1 100 50',
    'STOP.1 CANCELLED OCO',
    'T1.1 CANCELLED OCO',
    'T2.1 CANCELLED OCO',
    'T3.1 CANCELLED OCO',
  ]);
});

test('7.1 an exit in parts ends with its position, whoever took the rest', () => {
  const stopped = new SimulatedBroker({ instrument: stock, costs: COST_MODELS.zero, participationCap: 0.06 }, entered());
  stopped.take({ kind: 'place', order: order('EXIT.1') });
  expect(told(stopped.meet(bar(2, [99, 100, 94, 96])))).toEqual([
    'EXIT.1 99 60', 'STOP.1 = 40', 'T1.1 = 40', 'T2.1 CANCELLED RESIZED', 'T3.1 CANCELLED RESIZED', 'STOP.1 95 40', 'T1.1 CANCELLED OCO',
    'EXIT.1 CANCELLED NO_POSITION',
  ]); // prettier-ignore
  expect(stopped.state().working).toEqual([]);
  const sold = new SimulatedBroker({ instrument: stock, costs: COST_MODELS.zero, participationCap: 0.06 }, entered());
  sold.take({ kind: 'place', order: order('EXIT.1') });
  const told2 = told(sold.meet(bar(2, [109, 112, 108, 109])));
  expect(told2[0]).toBe('EXIT.1 109 60');
  expect(told2.slice(-3)).toEqual(['T1.1 110 40', 'STOP.1 CANCELLED OCO', 'EXIT.1 CANCELLED NO_POSITION']);
  expect(sold.state()).toMatchObject({ working: [], brackets: [] });
});

test('5 the commission of parts is that of the whole order: one minimum, one maximum', () => {
  const capped: CostModel = { ...COST_MODELS['per-share'], slip: null, impact: false };
  const held = broker({ costs: capped, participationCap: 0.03 });
  held.take({
    kind: 'place',
    order: order('ENTRY', { steps: 700, protection: { stopPrice: 95, targets: [200], maxRiskMicros: 1e12 } }),
  });
  let paid = 0;
  for (let i = 1; i <= 5; i += 1)
    for (const report of held.meet(calm(i, 10_000))) if (report.kind === 'filled') paid += report.fill.commissionMicros;
  expect(paid).toBe(commissionOf(capped, stock, { price: 100, steps: 700 }));
  expect(paid).toBe(3_500_000);
});

const instruction = fc.constantFrom(
  'ENTRY',
  'ENTRY',
  'EXIT.1',
  'TRIM.1',
  'PAIR',
  'STOP',
  'CANCEL',
  'NOTHING',
  'NOTHING',
  'NOTHING',
);
const step = fc.record({
  what: instruction,
  signal: fc.constantFrom('s', 't'),
  type: fc.constantFrom<OrderTerms['type']>('MARKET', 'LIMIT', 'STOP', 'STOP_LIMIT'),
  tif: fc.constantFrom<NonNullable<OrderTerms['tif']>>('DAY', 'GTC', 'IOC', 'FOK'),
  prices: fc.tuple(fc.integer({ min: 9_000, max: 12_500 }), fc.integer({ min: 0, max: 900 }), fc.integer({ min: 0, max: 900 }), fc.integer({ min: 0, max: 100 })),
  volume: fc.constantFrom(0, 300, 1_000, 5_000),
}); // prettier-ignore

test('BT-2 BT-10 TR-6 any mixture of orders: parts within their share, closes never exceed what opened, rungs and stop cover what is open, restored anywhere it goes on the same', () => {
  fc.assert(
    fc.property(
      fc.array(step, { minLength: 1, maxLength: 25 }),
      fc.constantFrom(null, 0.01, 0.1),
      fc.nat(24),
      (steps, cap, cut) => {
        const options: SimulatedBrokerOptions = {
        instrument: stock, costs: COST_MODELS['per-share'], participationCap: cap, closesSession: (at) => (at / DAY) % 3 === 0,
      }; // prettier-ignore
        const run = (at: number): string => {
          let held = new SimulatedBroker(options);
          const open: Record<string, number> = { s: 0, t: 0 };
          const seen: string[] = [];
          const entries = new Map<string, string>();
          const used = new Set<string>();
          steps.forEach((one, i) => {
            if (i === at) held = new SimulatedBroker(options, JSON.parse(JSON.stringify(held.state())) as SimulatedBrokerState);
            const { signal: signalId, type, tif, what } = one;
            const legs = held.state().brackets.find((bracket) => bracket.signalId === signalId);
            const price = { limitPrice: 104, stopPrice: 103 };
            if (what === 'ENTRY' && !used.has(signalId)) {
              used.add(signalId);
              entries.set(clientOrderId(signalId, 'ENTRY'), signalId);
              held.take({ kind: 'place', order: order('ENTRY', { signalId, type, tif, ...price, validBars: 5 }) });
            } else if ((what === 'EXIT.1' || what === 'TRIM.1') && legs !== undefined)
              held.take({ kind: 'place', order: order(what, { signalId, steps: Math.min(30, legs.openSteps) }) });
            else if (what === 'PAIR' && legs !== undefined)
              held.take({
                kind: 'placeOco',
                orders: [
                  order('OCO.1', { signalId, type: 'LIMIT', limitPrice: 106, steps: 10 }),
                  order('OCO.2', { signalId, type: 'STOP', stopPrice: 97, steps: 10 }),
                ],
              });
            else if (what === 'STOP' && legs !== undefined)
              held.take({ kind: 'place', order: order('STOP.2', { signalId, type: 'STOP', stopPrice: 99 }) });
            else if (what === 'CANCEL') held.take({ kind: 'cancel', clientId: clientOrderId(signalId, 'ENTRY'), reason: 'USER' });
            const [o, up, down, where] = one.prices;
            const [high, low] = [o + up, o - down];
            const now = bar(
              i + 1,
              [o / 100, high / 100, low / 100, (low + Math.round(((high - low) * where) / 100)) / 100],
              one.volume,
            );
            for (const report of held.meet(now)) {
              seen.push(JSON.stringify(report));
              if (report.kind !== 'filled') continue;
              expect(one.volume).toBeGreaterThan(0);
              const qty = report.fill.qtyMicros / 1e6;
              if (cap !== null) expect(qty).toBeLessThanOrEqual(cap * one.volume);
              const owner = entries.get(report.clientId);
              if (owner !== undefined) open[owner] += qty;
              else {
                const whose = ['s', 't'].find((id) => LEGS.some((leg) => clientOrderId(id, leg) === report.clientId)) ?? '';
                open[whose] -= qty;
                expect(open[whose]).toBeGreaterThanOrEqual(0);
              }
            }
            for (const id of ['s', 't']) {
              const bracket = held.state().brackets.find((one) => one.signalId === id);
              expect(bracket?.openSteps ?? 0).toBe(open[id]);
              if (bracket !== undefined && !bracket.stopping)
                expect(bracket.rungs.reduce((sum, rung) => sum + rung.steps, 0)).toBe(open[id]);
            }
          });
          return seen.join('\n');
        };
        expect(run(cut)).toBe(run(-1));
      },
    ),
    { seed: 41, numRuns: 5_000 },
  );
});
