import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Bar } from '../bar/bar.ts';
import { COST_MODELS } from './costs.ts';
import { finishedTrade } from './finished-trade.ts';
import { tradedInstrument } from './instrument.ts';
import type { TradedInstrument } from './instrument.ts';
import type { LedgerRow } from './ledger.ts';
import type { OpenPosition, PositionPlan } from './open-position.ts';
import { PositionBook } from './position-book.ts';

const DAY = 86_400_000;
const START = 100_000_000_000;
const account = { id: 'a', kind: 'PAPER', currency: 'USD', startingMicros: START } as const;

const INSTRUMENTS: readonly TradedInstrument[] = [
  tradedInstrument({ symbol: 'S', assetClass: 'STOCK' }),
  tradedInstrument({ symbol: 'BTCUSD', assetClass: 'CRYPTO', lotStepMicros: 7, fx: 0.91 }),
  tradedInstrument({ symbol: 'I', assetClass: 'INDEX', fx: 1.0873 }),
  tradedInstrument({ symbol: 'EURUSD', assetClass: 'FOREX', contractSize: 1_000 }),
];

function plan(signalId: string, direction: 'LONG' | 'SHORT', stop: number): PositionPlan {
  return {
    signalId, campaignId: 'c', pattern: 'LPS', leg: 'L', direction, phase: 'D', confidence: 80, signalAt: 0, initialStop: stop,
    targets: [], protectingEdge: stop,
  }; // prettier-ignore
}

function bar(i: number, price: number): Bar {
  return { time: i * DAY, open: price, high: price * 1.01, low: price * 0.99, close: price, volume: 1 };
}

const move = fc.record({
  kind: fc.constantFrom('open', 'part', 'all', 'mark'),
  isLong: fc.boolean(),
  price: fc.double({ min: 0.5, max: 400, noNaN: true }),
  steps: fc.integer({ min: 1, max: 5_000 }),
  fee: fc.integer({ min: 0, max: 5_000_000 }),
});

test('TR-8 BT-3 cash, contributions, realised, unrealised and fees agree to the micro after every move', () => {
  fc.assert(
    fc.property(fc.constantFrom(...INSTRUMENTS), fc.array(move, { maxLength: 60 }), (instrument, moves) => {
      const rows: LedgerRow[] = [];
      const book = new PositionBook({ account, instrument, costs: COST_MODELS['per-share'], onLedger: (row) => rows.push(row) });
      const closed: OpenPosition[] = [];
      moves.forEach((one, i) => {
        const steps =
          one.kind === 'part' ? Math.ceil((book.positions[0]?.openSteps ?? 0) / 2) : (book.positions[0]?.openSteps ?? 0);
        const fill = {
          price: one.price,
          ts: i * DAY,
          commissionMicros: one.fee,
          slippageMicros: 0,
          impactMicros: 0,
          orderId: `o${i}`,
        };
        if (one.kind === 'open')
          book.open(
            plan(`s${i}`, one.isLong ? 'LONG' : 'SHORT', one.isLong ? one.price * 0.9 : one.price * 1.1),
            { ...fill, steps: one.steps },
            null,
          );
        else if (one.kind === 'mark') book.mark(bar(i, one.price));
        else if (book.positions[0] !== undefined) {
          const position = book.positions[0];
          book.close(position, { ...fill, steps }, 'STOP');
          if (position.openSteps === 0) closed.push(position);
        }
        const seen = book.account(0, 0);
        expect(rows.reduce((sum, row) => sum + row.amountMicros, 0)).toBe(seen.cashMicros);
        expect(book.positions.reduce((sum, position) => sum + position.contributionMicros, seen.cashMicros)).toBe(
          seen.equityMicros,
        );
        expect(seen.equityMicros - START).toBe(seen.realisedMicros + seen.unrealisedMicros - seen.costsMicros);
      });
      const net = closed.map((position, i) => finishedTrade(position, instrument, { seq: i, timeframe: '1d' }).netPnlMicros);
      const open =
        book.account(0, 0).unrealisedMicros +
        book.positions.reduce((sum, p) => sum + p.realisedMicros - p.commissionMicros - p.borrowMicros, 0);
      expect(net.reduce((sum, one) => sum + one, 0) + open).toBe(book.equity - START);
    }),
    { seed: 5, numRuns: 200 },
  );
});

test('TR-8 the twin: a row that the ledger does not see breaks the equation', () => {
  const rows: LedgerRow[] = [];
  const book = new PositionBook({
    account,
    instrument: INSTRUMENTS[0],
    costs: COST_MODELS.zero,
    onLedger: (row) => rows.push(row),
  });
  book.open(
    plan('s', 'LONG', 90),
    { price: 100, ts: 0, steps: 10, commissionMicros: 1, slippageMicros: 0, impactMicros: 0, orderId: 'o' },
    null,
  );
  rows.pop();
  expect(rows.reduce((sum, row) => sum + row.amountMicros, 0)).not.toBe(book.cash);
});

test('2.1 a stock moves cash at once, an index only when it is closed', () => {
  const fill = { price: 100, ts: 0, steps: 10, commissionMicros: 0, slippageMicros: 0, impactMicros: 0, orderId: 'o' };
  const stock = new PositionBook({ account, instrument: INSTRUMENTS[0], costs: COST_MODELS.zero, onLedger: null });
  stock.open(plan('s', 'LONG', 90), fill, null);
  expect(stock.cash).toBe(START - 1_000_000_000);
  expect(stock.equity).toBe(START);
  const index = new PositionBook({
    account,
    instrument: tradedInstrument({ symbol: 'I', assetClass: 'INDEX' }),
    costs: COST_MODELS.zero,
    onLedger: null,
  });
  const position = index.open(plan('s', 'SHORT', 110), fill, null);
  expect(index.cash).toBe(START);
  index.mark(bar(1, 90));
  expect(index.equity).toBe(START + 1_000_000);
  index.close(position, { ...fill, price: 90, ts: DAY }, 'T1');
  expect(index.cash).toBe(START + 1_000_000);
});

test('5 a short stock pays to borrow per calendar day, weekends included; nothing else does', () => {
  const fill = { price: 100, ts: 0, steps: 365, commissionMicros: 0, slippageMicros: 0, impactMicros: 0, orderId: 'o' };
  const book = new PositionBook({ account, instrument: INSTRUMENTS[0], costs: COST_MODELS['per-share'], onLedger: null });
  const short = book.open(plan('s', 'SHORT', 110), fill, null);
  book.mark(bar(3, 100));
  expect(short.borrowMicros).toBe(3_000_000);
  const long = new PositionBook({ account, instrument: INSTRUMENTS[0], costs: COST_MODELS['per-share'], onLedger: null });
  const held = long.open(plan('s', 'LONG', 90), fill, null);
  long.mark(bar(3, 100));
  expect(held.borrowMicros).toBe(0);
});

test('5 the days before a close are paid too: the whole is borrowed up to a partial close, the rest up to the last', () => {
  const fill = { price: 100, ts: 0, steps: 730, commissionMicros: 0, slippageMicros: 0, impactMicros: 0, orderId: 'o' };
  const book = new PositionBook({ account, instrument: INSTRUMENTS[0], costs: COST_MODELS['per-share'], onLedger: null });
  const short = book.open(plan('s', 'SHORT', 110), fill, null);
  book.close(short, { ...fill, ts: DAY, steps: 365 }, 'T1');
  expect(short.borrowMicros).toBe(2_000_000);
  book.mark(bar(1, 100));
  expect(short.borrowMicros).toBe(2_000_000);
  book.close(short, { ...fill, ts: 4 * DAY, steps: 365 }, 'STOP');
  expect(short.borrowMicros).toBe(5_000_000);
  expect(book.cash).toBe(START - 5_000_000);
});

test('6.3 more than is open cannot be closed', () => {
  const book = new PositionBook({ account, instrument: INSTRUMENTS[0], costs: COST_MODELS.zero, onLedger: null });
  const fill = { price: 100, ts: 0, steps: 10, commissionMicros: 0, slippageMicros: 0, impactMicros: 0, orderId: 'o' };
  const position = book.open(plan('s', 'LONG', 90), fill, null);
  expect(() => book.close(position, { ...fill, steps: 11 }, 'STOP')).toThrow(/expected 1-10 steps, was 11/);
});
