import fc from 'fast-check';
import { expect, test } from 'vitest';
import { approve } from '../risk/approved-order.ts';
import type { OrderTerms } from '../risk/approved-order.ts';
import { clientOrderId, orderIdOf, rungOf } from '../trade/client-order-id.ts';
import { COST_MODELS } from '../trade/costs.ts';
import { tradedInstrument } from '../trade/instrument.ts';
import { PositionBook } from '../trade/position-book.ts';
import { wantedStop } from '../trade/stop-moves.ts';
import { accountFromFacts } from './account-from-facts.ts';
import type { AccountFact } from './account-from-facts.ts';
import { legsOf, protectiveLegs } from './bracket.ts';
import type { BrokerReport } from './instruction.ts';
import { newOrder, orderAfter } from './order-machine.ts';
import type { Order } from './order.ts';
import { SimulatedBroker } from './simulated-broker.ts';

const stock = tradedInstrument({ symbol: 'S', assetClass: 'STOCK' });
const costs = COST_MODELS['per-share'];
const account = { id: 'a', kind: 'PAPER', currency: 'USD', startingMicros: 100_000_000_000 } as const;
const DAY = 86_400_000;

/** A small desk around broker and book: what an engine does with every report, without any decision. */
class Rig {
  readonly facts: AccountFact[] = [];
  readonly orders = new Map<string, Order>();
  readonly broker = new SimulatedBroker({ instrument: stock, costs, participationCap: 0.05 });
  readonly book = new PositionBook({
    account,
    instrument: stock,
    costs,
    onLedger: (data) => this.facts.push({ kind: 'ledger.booked', data }),
  });
  readonly booked = new Set<string>();
  readonly side: 'BUY' | 'SELL';

  constructor(side: 'BUY' | 'SELL') {
    this.side = side;
  }

  place(leg: string, changes: Partial<OrderTerms>): void {
    const isEntry = leg === 'ENTRY';
    const s = this.side === 'BUY' ? 1 : -1;
    const other = this.side === 'BUY' ? 'SELL' : 'BUY';
    const terms: OrderTerms = {
      orderId: orderIdOf('s', leg), clientId: clientOrderId('s', leg), signalId: 's', symbol: 'S', leg, intent: isEntry ? 'OPEN' : 'CLOSE',
      side: isEntry ? this.side : other, type: 'MARKET', steps: 100, limitPrice: null, stopPrice: null, validBars: isEntry ? 1 : null,
      protection: isEntry ? { stopPrice: 100 - 6 * s, targets: [100 + 4 * s, 100 + 7 * s, 100 + 9 * s], maxRiskMicros: 2_000_000_000 } : null,
      reason: null, replaces: null, ...changes,
    }; // prettier-ignore
    this.know(terms);
    this.broker.take({ kind: 'place', order: approve(terms) });
  }

  know(terms: OrderTerms): void {
    this.orders.set(terms.clientId, newOrder(terms, { qtyMicros: terms.steps * 1_000_000, positionId: null, at: 0 }));
  }

  hear(reports: readonly BrokerReport[]): void {
    for (const report of reports) {
      const order = this.orders.get(report.clientId);
      if (order === undefined) throw new Error(`unknown ${JSON.stringify(report)}`);
      const step = orderAfter(order, report, { at: 0, isBooked: (execId) => this.booked.has(execId) });
      expect(step.alert).toBeNull();
      this.orders.set(report.clientId, step.order);
      if (step.fill !== null) this.#book(step.order, report);
    }
  }

  #book(order: Order, report: BrokerReport): void {
    if (report.kind !== 'filled') return;
    const { fill } = report;
    this.booked.add(fill.execId);
    this.facts.push({ kind: 'order.filled', data: { fill, order } });
    const rung = rungOf(order.leg);
    const own = { ...fill, steps: fill.qtyMicros / 1_000_000, orderId: order.id };
    const position = this.book.find('s');
    if (order.intent === 'OPEN' && position === undefined) this.book.open(this.#plan(), own, null);
    else if (position !== undefined && order.intent === 'OPEN') this.book.add(position, own);
    else if (position !== undefined)
      this.book.close(
        position,
        { ...own, ...(rung !== null && { rung: { target: rung, fired: order.state === 'FILLED' } }) },
        'MANUAL',
      );
    this.#legs();
  }

  /** Legs an engine would know of: made the first time they are wanted. */
  #legs(): void {
    const position = this.book.find('s');
    if (position === undefined) return;
    for (const { leg, steps, type, price } of protectiveLegs(position)) {
      const clientId = clientOrderId('s', leg);
      if (this.orders.has(clientId)) continue;
      this.know({
        orderId: orderIdOf('s', leg), clientId, signalId: 's', symbol: 'S', leg, intent: 'CLOSE', side: this.side === 'BUY' ? 'SELL' : 'BUY', type, steps,
        limitPrice: type === 'LIMIT' ? price : null, stopPrice: type === 'STOP' ? price : null, validBars: null, protection: null, reason: null, replaces: null,
      }); // prettier-ignore
    }
  }

  #plan(): Parameters<PositionBook['open']>[0] {
    const s = this.side === 'BUY' ? 1 : -1;
    return {
      signalId: 's', campaignId: 'c', pattern: 'LPS', leg: 'L', direction: s === 1 ? 'LONG' : 'SHORT', phase: 'D', confidence: 80, signalAt: 0,
      initialStop: 100 - 6 * s, targets: [100 + 4 * s, 100 + 7 * s, 100 + 9 * s], protectingEdge: 90,
    }; // prettier-ignore
  }

  /** Raises the stop as the rules want it. */
  raise(): void {
    const position = this.book.find('s');
    const wanted = position === undefined ? null : wantedStop(position, { tickSize: 0.01, trailing: false });
    if (position === undefined || wanted === null) return;
    position.stopRevision += 1;
    position.stop = wanted;
    this.place(`STOP.${position.stopRevision}`, { type: 'STOP', stopPrice: wanted, steps: position.openSteps });
  }
}

const bars = fc.array(
  fc.record({
    open: fc.integer({ min: 9_300, max: 10_900 }),
    up: fc.integer({ min: 0, max: 400 }),
    down: fc.integer({ min: 0, max: 400 }),
    volume: fc.constantFrom(0, 200, 1_000, 5_000),
    exit: fc.integer({ min: 0, max: 19 }),
  }),
  { minLength: 3, maxLength: 25 },
);

function story(side: 'BUY' | 'SELL', list: typeof bars extends fc.Arbitrary<infer T> ? T : never): Rig {
  const rig = new Rig(side);
  rig.place('ENTRY', { type: 'LIMIT', limitPrice: 100, validBars: 10 });
  let hasLeft = false;
  list.forEach(({ open, up, down, volume, exit }, i) => {
    const [o, high, low] = [open / 100, (open + up) / 100, (open - down) / 100];
    rig.hear(rig.broker.meet({ time: i * DAY, open: o, high, low, close: o, volume }));
    rig.book.mark({ time: i * DAY, open: o, high, low, close: o, volume });
    const position = rig.book.find('s');
    if (position !== undefined && exit === 0 && !hasLeft) {
      hasLeft = true;
      rig.place('EXIT.1', { steps: position.openSteps });
    } else if (!hasLeft) rig.raise();
    const bracket = rig.broker.state().brackets[0];
    expect(bracket?.openSteps ?? 0).toBe(position?.openSteps ?? 0);
    // Broker and book cut the same ladder, each for itself.
    if (bracket !== undefined && position !== undefined && !bracket.stopping) {
      const rungs = (legs: ReturnType<typeof legsOf>): unknown[] =>
        legs.filter((leg) => leg.type === 'LIMIT').map(({ leg, steps }) => [leg, steps]);
      expect(rungs(legsOf(bracket))).toEqual(rungs(protectiveLegs(position)));
    }
  });
  return rig;
}

test('TR-8 TR-6 broker, orders and book through parts, rungs, moved stops and exits: the facts alone give the account back, to the micro', () => {
  let parts = 0;
  fc.assert(
    fc.property(bars, fc.constantFrom('BUY', 'SELL'), (list, side) => {
      const rig = story(side, list);
      const seen = rig.book.account(0, 0);
      const replayed = accountFromFacts({ id: 'a', instruments: [stock] }, [{ kind: 'signal.created' }, ...rig.facts]);
      expect(replayed).toMatchObject({
        cashMicros: seen.cashMicros,
        realisedMicros: seen.realisedMicros,
        feesMicros: seen.costsMicros,
      });
      expect(replayed.open.map((one) => one.steps)).toEqual(rig.book.positions.map((one) => one.openSteps));
      expect(seen.equityMicros - seen.startingMicros).toBe(seen.realisedMicros + seen.unrealisedMicros - seen.costsMicros);
      parts = Math.max(parts, replayed.fills);
    }),
    { seed: 51, numRuns: 3_000 },
  );
  expect(parts).toBeGreaterThan(6);
});

test('TR-8 the twin: one fact withheld is noticed', () => {
  const rig = story('BUY', [
    { open: 10_000, up: 50, down: 50, volume: 5_000, exit: 1 },
    { open: 10_300, up: 200, down: 50, volume: 5_000, exit: 1 },
    { open: 10_300, up: 700, down: 0, volume: 5_000, exit: 1 },
  ]);
  const replay = (facts: readonly AccountFact[]): unknown => accountFromFacts({ id: 'a', instruments: [stock] }, facts);
  expect(() => replay(rig.facts)).not.toThrow();
  expect(rig.facts.length).toBeGreaterThan(8);
  for (let i = 0; i < rig.facts.length - 1; i += 1) expect(() => replay(rig.facts.filter((_, at) => at !== i))).toThrow();
});
