import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Bar } from '../bar/bar.ts';
import { approve } from '../risk/approved-order.ts';
import type { ApprovedOrder, OrderTerms } from '../risk/approved-order.ts';
import { clientOrderId, orderIdOf } from '../trade/client-order-id.ts';
import { COST_MODELS } from '../trade/costs.ts';
import type { CostModel } from '../trade/costs.ts';
import { tradedInstrument } from '../trade/instrument.ts';
import type { BrokerReport } from './instruction.ts';
import { SimulatedBroker } from './simulated-broker.ts';
import type { SimulatedBrokerState } from './simulated-broker.ts';

const stock = tradedInstrument({ symbol: 'S', assetClass: 'STOCK' });
const euro = tradedInstrument({ symbol: 'EURUSD', assetClass: 'FOREX' });

function bar(i: number, prices: readonly [number, number, number, number], volume = 1_000_000): Bar {
  const [open, high, low, close] = prices;
  return { time: i * 86_400_000, open, high, low, close, volume };
}

function entry(changes: Partial<OrderTerms> = {}): ApprovedOrder {
  const signalId = changes.signalId ?? 's';
  return approve({
    orderId: orderIdOf(signalId, 'ENTRY'), clientId: clientOrderId(signalId, 'ENTRY'), signalId, symbol: 'S', leg: 'ENTRY', intent: 'OPEN', side: 'BUY',
    type: 'MARKET', steps: 10, limitPrice: null, stopPrice: null, validBars: 1,
    protection: { stopPrice: 95, targets: [110, 115, 120], maxRiskMicros: 1_000_000_000 }, reason: null, replaces: null, ...changes,
  }); // prettier-ignore
}

function exit(signalId = 's'): ApprovedOrder {
  return entry({
    signalId,
    leg: 'EXIT.1',
    clientId: clientOrderId(signalId, 'EXIT.1'),
    intent: 'CLOSE',
    side: 'SELL',
    validBars: null,
    protection: null,
    reason: 'RULE_1',
  });
}

function broker(costs: CostModel = COST_MODELS.zero, instrument = stock): SimulatedBroker {
  return new SimulatedBroker({ instrument, costs });
}

/** `LEG price qty` of fills, `LEG state reason` of ends; acceptances are left out. */
function told(reports: readonly BrokerReport[], signalId = 's'): string[] {
  const legs = ['ENTRY', 'STOP.1', 'STOP.2', 'T1.1', 'T2.1', 'T3.1', 'EXIT.1'];
  const legOf = (clientId: string): string => legs.find((leg) => clientOrderId(signalId, leg) === clientId) ?? clientId;
  return reports.flatMap((report) => {
    if (report.kind === 'filled') return [`${legOf(report.clientId)} ${report.fill.price} ${report.fill.qtyMicros / 1e6}`];
    return report.kind === 'ended' ? [`${legOf(report.clientId)} ${report.state} ${report.reason}`] : [];
  });
}

function after(order: ApprovedOrder, bars: readonly Bar[], costs?: CostModel, instrument = stock): string[][] {
  const held = broker(costs, instrument);
  held.take({ kind: 'place', order });
  return bars.map((one) => told(held.meet(one)));
}

test('4.1 MARKET fills at the next open', () => {
  expect(after(entry(), [bar(1, [101, 103, 100, 102])])).toEqual([['ENTRY 101 10']]);
});

test('3 END_OF_DATA on a bar without volume closes at its close', () => {
  const held = broker(COST_MODELS['per-share']);
  held.take({ kind: 'place', order: entry() });
  held.meet(bar(1, [101, 103, 100, 102]));
  held.take({ kind: 'place', order: exit() });
  const closed = held.settle(bar(2, [102, 102, 102, 102], 0)).find((report) => report.kind === 'filled');
  expect(closed?.kind === 'filled' && closed.fill.grossPrice).toBe(102);
  expect(closed?.kind === 'filled' && closed.fill.price).toBe(101.97);
});

test('4.1 LIMIT pays its limit, a better open is not credited, an untouched one waits', () => {
  const limit = entry({ type: 'LIMIT', limitPrice: 100, validBars: 10 });
  expect(after(limit, [bar(1, [102, 103, 100.01, 102]), bar(2, [101, 102, 100, 101])])).toEqual([[], ['ENTRY 100 10']]);
  expect(after(limit, [bar(1, [98, 101, 97, 100])])).toEqual([['ENTRY 100 10']]);
});

test('4.1 STOP pays the stop inside the bar and the open over a gap', () => {
  const stop = entry({ type: 'STOP', stopPrice: 102, validBars: 5 });
  expect(after(stop, [bar(1, [101, 102, 100, 101])])).toEqual([['ENTRY 102 10']]);
  expect(after(stop, [bar(1, [104, 105, 103, 104])])).toEqual([['ENTRY 104 10']]);
  expect(after(stop, [bar(1, [101, 101.99, 100, 101])])).toEqual([[]]);
});

test('4.1 STOP_LIMIT pays the stop within its limit, else works as a limit from the next bar on', () => {
  const order = entry({ type: 'STOP_LIMIT', stopPrice: 102, limitPrice: 103, validBars: 5 });
  expect(after(order, [bar(1, [101, 102.5, 100, 102])])).toEqual([['ENTRY 102 10']]);
  expect(after(order, [bar(1, [104, 105, 102, 104]), bar(2, [104, 105, 103, 104])])).toEqual([[], ['ENTRY 103 10']]);
});

test('4.1 an order ends when its bars are used up; a bar without volume fills nothing and uses none up', () => {
  const stop = entry({ type: 'STOP', stopPrice: 200, validBars: 2 });
  const quiet = bar(1, [101, 102, 100, 101]);
  expect(after(stop, [quiet, bar(2, [101, 300, 100, 101], 0), bar(3, [101, 102, 100, 101])])).toEqual([
    [],
    [],
    ['ENTRY EXPIRED VALIDITY'],
  ]);
  expect(after(entry(), [bar(1, [101, 102, 100, 101], 0), bar(2, [103, 104, 102, 103])])).toEqual([[], ['ENTRY 103 10']]);
});

test('4.1 tick volume of zero still trades', () => {
  const index = tradedInstrument({ symbol: 'I', assetClass: 'INDEX' });
  expect(after(entry(), [bar(1, [101, 102, 100, 101], 0)], undefined, index)).toEqual([['ENTRY 101 0.1']]);
});

test('4.1 a currency limit fills only when the bar passes it by half the spread', () => {
  const limit = entry({
    type: 'LIMIT',
    limitPrice: 1.1,
    validBars: 10,
    protection: { stopPrice: 1.05, targets: [1.2], maxRiskMicros: 1e12 },
  });
  expect(after(limit, [bar(1, [1.11, 1.12, 1.09993, 1.11])], COST_MODELS.spread, euro)).toEqual([[]]);
  expect(after(limit, [bar(1, [1.11, 1.12, 1.0999, 1.11])], COST_MODELS.spread, euro)).toEqual([['ENTRY 1.1 0.1']]);
});

test('4.1 limitFill through wants one tick beyond', () => {
  const limit = entry({ type: 'LIMIT', limitPrice: 100, validBars: 10 });
  const strict = new SimulatedBroker({ instrument: stock, costs: COST_MODELS.zero, limitFill: 'through' });
  strict.take({ kind: 'place', order: limit });
  expect(told(strict.meet(bar(1, [101, 102, 100, 101])))).toEqual([]);
  expect(told(strict.meet(bar(2, [101, 102, 99.99, 101])))).toEqual(['ENTRY 100 10']);
});

test('4.2 filled at the open: stop and targets count on the entry bar', () => {
  expect(after(entry(), [bar(1, [101, 112, 100, 111])])).toEqual([['ENTRY 101 10', 'T1.1 110 5']]);
  expect(after(entry(), [bar(1, [101, 103, 94, 96])])).toEqual([
    ['ENTRY 101 10', 'STOP.1 95 10', 'T1.1 CANCELLED OCO', 'T2.1 CANCELLED OCO', 'T3.1 CANCELLED OCO'],
  ]);
});

test('4.2 filled inside the bar: only the stop counts on it', () => {
  const stop = entry({ type: 'STOP', stopPrice: 102, validBars: 5 });
  expect(after(stop, [bar(1, [101, 112, 100, 111]), bar(2, [111, 112, 110, 111])])).toEqual([['ENTRY 102 10'], ['T1.1 110 5']]);
  expect(after(stop, [bar(1, [101, 112, 94, 111])])[0].slice(0, 2)).toEqual(['ENTRY 102 10', 'STOP.1 95 10']);
});

test('4.3 the stop comes first: a bar that touches both takes no target', () => {
  const held = after(entry(), [bar(1, [101, 102, 100, 101]), bar(2, [101, 130, 95, 120])]);
  expect(held[1][0]).toBe('STOP.1 95 10');
});

test('4.3 several targets fill in one bar, and the last one cancels the stop', () => {
  const held = after(entry(), [bar(1, [101, 102, 100, 101]), bar(2, [109, 130, 108, 120])]);
  expect(held[1]).toEqual(['T1.1 110 5', 'T2.1 115 3', 'T3.1 120 2', 'STOP.1 CANCELLED OCO']);
});

test('4.1 a gap through the stop fills at the open, a target gap is not credited', () => {
  expect(after(entry(), [bar(1, [101, 102, 100, 101]), bar(2, [90, 92, 89, 91])])[1][0]).toBe('STOP.1 90 10');
  expect(after(entry(), [bar(1, [101, 102, 100, 101]), bar(2, [113, 114, 112, 113])])[1]).toEqual(['T1.1 110 5']);
});

test('4.3 an exit at the open precedes the stop and takes the legs with it', () => {
  const held = broker();
  held.take({ kind: 'place', order: entry() });
  held.meet(bar(1, [101, 102, 100, 101]));
  held.take({ kind: 'place', order: exit() });
  expect(told(held.meet(bar(2, [99, 130, 90, 120])))).toEqual([
    'EXIT.1 99 10', 'STOP.1 CANCELLED OCO', 'T1.1 CANCELLED OCO', 'T2.1 CANCELLED OCO', 'T3.1 CANCELLED OCO',
  ]); // prettier-ignore
});

test('4.3 a moved stop works from the next bar, over what is still open', () => {
  const held = broker();
  held.take({ kind: 'place', order: entry() });
  held.meet(bar(1, [101, 112, 100, 111]));
  const terms = {
    leg: 'STOP.2',
    clientId: clientOrderId('s', 'STOP.2'),
    intent: 'CLOSE',
    side: 'SELL',
    type: 'STOP',
    stopPrice: 101,
    protection: null,
  } as const;
  held.take({ kind: 'place', order: entry({ ...terms, steps: 5, validBars: null }) });
  expect(told(held.meet(bar(2, [111, 112, 101, 105])))).toEqual([
    'STOP.1 CANCELLED REPLACED',
    'STOP.2 101 5',
    'T2.1 CANCELLED OCO',
    'T3.1 CANCELLED OCO',
  ]);
});

test('4.3 a short mirrors: stop above, targets below', () => {
  const short = entry({ side: 'SELL', protection: { stopPrice: 106, targets: [95, 90, 85], maxRiskMicros: 1e9 } });
  expect(after(short, [bar(1, [101, 102, 94, 95])])).toEqual([['ENTRY 101 10', 'T1.1 95 5']]);
  expect(after(short, [bar(1, [101, 102, 100, 101]), bar(2, [108, 109, 107, 108])])[1][0]).toBe('STOP.1 108 10');
});

test('5.6 a gap that would risk more than was reserved fills what fits and cancels the rest', () => {
  const capped = entry({ protection: { stopPrice: 95, targets: [120], maxRiskMicros: 60_000_000 } });
  expect(after(capped, [bar(1, [101, 102, 100, 101])])).toEqual([['ENTRY 101 10']]);
  expect(after(capped, [bar(1, [103, 104, 102, 103])])).toEqual([['ENTRY 103 7', 'ENTRY CANCELLED RISK_RECAP']]);
  expect(
    after(entry({ protection: { stopPrice: 95, targets: [120], maxRiskMicros: 1 } }), [bar(1, [103, 104, 102, 103])]),
  ).toEqual([['ENTRY CANCELLED GAP_BEYOND_STOP']]);
});

test('5.6 a fill beyond the stop is cancelled', () => {
  expect(after(entry(), [bar(1, [95, 96, 94, 95])])).toEqual([['ENTRY CANCELLED GAP_BEYOND_STOP']]);
});

test('3 what is open when the data end closes at the last close, entries expire', () => {
  const held = broker();
  held.take({ kind: 'place', order: entry() });
  held.meet(bar(1, [101, 102, 100, 101]));
  held.take({ kind: 'place', order: entry({ signalId: 't', type: 'LIMIT', limitPrice: 50, validBars: 10 }) });
  held.take({ kind: 'place', order: exit() });
  const reports = held.settle(bar(1, [101, 102, 100, 101.5]));
  expect(told(reports, 't')).toContain('ENTRY EXPIRED END_OF_DATA');
  expect(told(reports)).toContain('EXIT.1 101.5 10');
});

test('7.2 a client order id has 36 characters and is the same on every try', () => {
  expect(clientOrderId('signal', 'ENTRY')).toMatch(/^wx1-[0-9a-f]{32}$/);
  expect(clientOrderId('signal', 'ENTRY')).toBe(clientOrderId('signal', 'ENTRY'));
  expect(clientOrderId('signal', 'STOP.1')).not.toBe(clientOrderId('signal', 'STOP.2'));
});

test('7.3 the broker takes nothing that no risk desk approved, whatever the types say', () => {
  const forged = { terms: entry().terms } as unknown as ApprovedOrder;
  expect(() => broker().take({ kind: 'place', order: forged })).toThrow('expected an order approved by the risk desk');
});

const prices = fc.tuple(
  fc.integer({ min: 9_000, max: 12_500 }),
  fc.integer({ min: 0, max: 800 }),
  fc.integer({ min: 0, max: 800 }),
  fc.integer({ min: 0, max: 100 }),
);
const bars = fc.array(fc.tuple(prices, fc.constantFrom(0, 1_000_000, 1_000_000)), { minLength: 1, maxLength: 25 }).map((list) =>
  list.map(([[open, up, down, at], volume], i) => {
    const high = open + up;
    const low = open - down;
    return bar(i + 1, [open / 100, high / 100, low / 100, (low + Math.round(((high - low) * at) / 100)) / 100], volume);
  }),
);
const orders = fc.constantFrom<[OrderTerms['type'], number | null, number | null, number]>(
  ['MARKET', null, null, 1],
  ['LIMIT', 105, null, 10],
  ['STOP', null, 107, 5],
);

test('BT-2 BT-9 BT-10 fills lie in the bar, never on a bar without volume nor after validity; stop before target; all that opened closes', () => {
  fc.assert(
    fc.property(orders, bars, ([type, limitPrice, stopPrice, validBars], series) => {
      const held = broker();
      held.take({ kind: 'place', order: entry({ type, limitPrice, stopPrice, validBars }) });
      let open = 0;
      let traded = 0;
      for (const one of series) {
        const before = open;
        if (one.volume > 0) traded += 1;
        for (const report of held.meet(one)) {
          if (report.kind !== 'filled') continue;
          const { fill } = report;
          const isEntry = report.clientId === clientOrderId('s', 'ENTRY');
          const isStop = report.clientId === clientOrderId('s', 'STOP.1');
          expect(one.volume).toBeGreaterThan(0);
          // Inside the bar, or worse for us than every price of it: a better open of a LIMIT or a target is not credited.
          if (isEntry) expect(fill.grossPrice).toBeGreaterThanOrEqual(one.low);
          else expect(fill.grossPrice).toBeLessThanOrEqual(one.high);
          if (isEntry && type !== 'LIMIT') expect(fill.grossPrice).toBeLessThanOrEqual(one.high);
          if (isStop) expect(fill.grossPrice).toBeGreaterThanOrEqual(one.low);
          if (isEntry) expect(traded).toBeLessThanOrEqual(validBars);
          if (isStop) expect(fill.grossPrice).toBeLessThanOrEqual(one.open);
          if (!isEntry && !isStop && before > 0) expect(one.low).toBeGreaterThan(95);
          open += isEntry ? fill.qtyMicros : -fill.qtyMicros;
        }
        expect(open).toBeGreaterThanOrEqual(0);
      }
      if (open > 0) {
        held.take({ kind: 'place', order: exit() });
        for (const report of held.settle(series[series.length - 1])) if (report.kind === 'filled') open -= report.fill.qtyMicros;
      }
      expect(open).toBe(0);
    }),
    { seed: 11, numRuns: 2_000 },
  );
});

test('9.3 a broker restored from its state goes on as if nothing had happened', () => {
  fc.assert(
    fc.property(orders, bars, fc.nat(24), ([type, limitPrice, stopPrice, validBars], series, cut) => {
      const run = (at: number): string[] => {
        let held = broker(COST_MODELS['per-share']);
        held.take({ kind: 'place', order: entry({ type, limitPrice, stopPrice, validBars }) });
        return series.flatMap((one, i) => {
          if (i === at)
            held = new SimulatedBroker(
              { instrument: stock, costs: COST_MODELS['per-share'] },
              JSON.parse(JSON.stringify(held.state())) as SimulatedBrokerState,
            );
          return [JSON.stringify(held.meet(one))];
        });
      };
      expect(run(cut)).toEqual(run(-1));
    }),
    { seed: 12, numRuns: 300 },
  );
});
