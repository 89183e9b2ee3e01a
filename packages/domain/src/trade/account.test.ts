import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Bar } from '../bar/bar.ts';
import { swapDays } from './carry.ts';
import { COST_MODELS } from './costs.ts';
import type { Market } from './costs.ts';
import { tradedInstrument } from './instrument.ts';
import { LEDGER_KINDS, replayLedger } from './ledger.ts';
import type { LedgerRow } from './ledger.ts';
import type { PositionPlan } from './open-position.ts';
import { PositionBook } from './position-book.ts';
import { AccountReplay } from './replay-account.ts';
import type { JournalFill } from './replay-account.ts';

const DAY = 86_400_000;
const START = 100_000_000_000;
const account = { id: 'a', kind: 'PAPER', currency: 'USD', startingMicros: START } as const;

const MARKETS: readonly Market[] = [
  { instrument: tradedInstrument({ symbol: 'S', assetClass: 'STOCK' }), costs: COST_MODELS['per-share'] },
  { instrument: tradedInstrument({ symbol: 'BTCUSD', assetClass: 'CRYPTO', lotStepMicros: 7, fx: 0.91 }), costs: COST_MODELS.crypto },
  { instrument: tradedInstrument({ symbol: 'I', assetClass: 'INDEX', fx: 1.0873 }), costs: COST_MODELS.spread },
  { instrument: tradedInstrument({ symbol: 'ES', assetClass: 'FUTURE', contractSize: 50 }), costs: COST_MODELS.future },
  {
    instrument: tradedInstrument({ symbol: 'EURUSD', assetClass: 'FOREX', contractSize: 1_000, swap: { long: -0.00007, short: 0.00003 } }),
    costs: COST_MODELS.spread,
  },
]; // prettier-ignore
const instruments = MARKETS.map((market) => market.instrument);

function plan(signalId: string, symbol: string, direction: 'LONG' | 'SHORT', price: number): PositionPlan {
  const stop = direction === 'LONG' ? price * 0.9 : price * 1.1;
  return {
    signalId, symbol, campaignId: 'c', pattern: 'LPS', leg: 'L', direction, phase: 'D', confidence: 80, signalAt: 0, initialStop: stop,
    targets: [], protectingEdge: stop,
  }; // prettier-ignore
}

const bar = (i: number, price: number): Bar => ({ time: i * DAY, open: price, high: price, low: price, close: price, volume: 1 });

const move = fc.record({
  kind: fc.constantFrom('open', 'add', 'part', 'all', 'mark', 'deposit', 'withdraw', 'dividend', 'correct'),
  market: fc.nat(MARKETS.length - 1),
  which: fc.nat(7),
  isLong: fc.boolean(),
  price: fc.double({ min: 0.5, max: 400, noNaN: true }),
  steps: fc.integer({ min: 1, max: 3_000 }),
  amount: fc.integer({ min: 1, max: 50_000_000_000 }),
  fee: fc.integer({ min: 0, max: 5_000_000 }),
});
type Move = typeof move extends fc.Arbitrary<infer T> ? T : never;
type Entry = { readonly fill: JournalFill } | { readonly row: LedgerRow };

/** Lives through a story of one account over five markets, and keeps its journal. */
function live(
  moves: readonly Move[],
  after: (book: PositionBook) => void,
): { readonly book: PositionBook; readonly journal: Entry[] } {
  const journal: Entry[] = [];
  let pending: LedgerRow[] = [];
  const book = new PositionBook({ account, markets: MARKETS, onLedger: (row) => pending.push(row) });
  const flush = (): void => {
    journal.push(...pending.map((row) => ({ row })));
    pending = [];
  };
  const filled = (
    one: Move,
    i: number,
    of: {
      readonly key: string;
      readonly symbol: string;
      readonly side: 'BUY' | 'SELL';
      readonly intent: 'OPEN' | 'CLOSE';
      readonly steps: number;
    },
  ): void => {
    const instrument = book.instrumentOf(of.symbol);
    journal.push({
      fill: {
        orderId: `o${i}`, positionKey: of.key, symbol: of.symbol, side: of.side, intent: of.intent, qtyMicros: of.steps * instrument.lotStepMicros,
        price: one.price, commissionMicros: one.fee,
      },
    }); // prettier-ignore
    flush();
  };
  flush();
  moves.forEach((one, i) => {
    const fill = {
      price: one.price,
      ts: i * DAY,
      commissionMicros: one.fee,
      slippageMicros: 0,
      impactMicros: 0,
      orderId: `o${i}`,
    };
    const position = book.positions[one.which % Math.max(1, book.positions.length)];
    if (one.kind === 'open') {
      const { symbol } = instruments[one.market];
      book.open(plan(`s${i}`, symbol, one.isLong ? 'LONG' : 'SHORT', one.price), { ...fill, steps: one.steps }, null);
      filled(one, i, { key: `s${i}`, symbol, side: one.isLong ? 'BUY' : 'SELL', intent: 'OPEN', steps: one.steps });
    } else if (one.kind === 'mark') book.mark(bar(i, one.price), { symbol: instruments[one.market].symbol, timeframe: '1d' });
    else if (one.kind === 'deposit') book.deposit(one.amount, i * DAY, 'gift');
    else if (one.kind === 'withdraw') book.withdraw(one.amount, i * DAY, 'rent');
    else if (one.kind === 'dividend') book.dividend(one.isLong ? one.fee : -one.fee, i * DAY, 'd');
    else if (one.kind === 'correct') book.correct(one.isLong ? one.fee : -one.fee, i * DAY, 'c');
    else if (position !== undefined) {
      const isLong = position.direction === 'LONG';
      const steps = one.kind === 'all' ? position.openSteps : Math.min(one.steps, position.openSteps);
      if (one.kind === 'add') book.add(position, { ...fill, steps: one.steps });
      else book.close(position, { ...fill, steps }, 'STOP');
      const isAdd = one.kind === 'add';
      const side = isLong === isAdd ? 'BUY' : 'SELL';
      filled(one, i, {
        key: position.signalId,
        symbol: position.symbol,
        side,
        intent: isAdd ? 'OPEN' : 'CLOSE',
        steps: isAdd ? one.steps : steps,
      });
    }
    flush();
    after(book);
  });
  return { book, journal };
}

test('TR-8 BT-3 equity - deposits + withdrawals = realised + unrealised - fees, cash = sum of rows, through any partial closes, ten thousand stories', () => {
  fc.assert(
    fc.property(fc.array(move, { maxLength: 30 }), (moves) => {
      const { book, journal } = live(moves, (now) => {
        const seen = now.account(0, 0);
        expect(seen.equityMicros - seen.startingMicros).toBe(seen.realisedMicros + seen.unrealisedMicros - seen.costsMicros);
        expect(now.positions.reduce((sum, position) => sum + position.contributionMicros, seen.cashMicros)).toBe(
          seen.equityMicros,
        );
      });
      const rows = journal.flatMap((entry) => ('row' in entry ? [entry.row] : []));
      expect(rows.reduce((sum, row) => sum + row.amountMicros, 0)).toBe(book.cash);
      expect(replayLedger('a', rows)).toEqual(book.state().ledger);
    }),
    { seed: 21, numRuns: 10_000 },
  );
});

function feed(replay: AccountReplay, entries: readonly Entry[]): void {
  for (const entry of entries) {
    if ('fill' in entry) replay.fill(entry.fill);
    else replay.row(entry.row);
  }
}

test('TR-8 the journal alone gives back cash, realised profit, fees and what is open, to the micro', () => {
  fc.assert(
    fc.property(fc.array(move, { maxLength: 40 }), (moves) => {
      const { book, journal } = live(moves, () => undefined);
      const replay = new AccountReplay('a', instruments);
      feed(replay, journal);
      const seen = book.account(0, 0);
      const replayed = replay.end();
      expect(replayed).toMatchObject({
        cashMicros: seen.cashMicros, realisedMicros: seen.realisedMicros, feesMicros: seen.costsMicros, contributedMicros: seen.startingMicros,
      }); // prettier-ignore
      expect(replayed.open.map(({ key, steps, basisMicros }) => [key, steps, basisMicros])).toEqual(
        book.positions.map((position) => [position.signalId, position.openSteps, position.basisMicros]),
      );
    }),
    { seed: 22, numRuns: 2_000 },
  );
});

test('TR-8 the twin: a journal that lost a row, changed an amount or sold twice is seen', () => {
  const story: Move[] = [
    { kind: 'open', market: 0, which: 0, isLong: true, price: 100, steps: 10, amount: 1, fee: 1_000_000 },
    { kind: 'all', market: 0, which: 0, isLong: true, price: 110, steps: 10, amount: 1, fee: 1_000_000 },
  ];
  const { journal } = live(story, () => undefined);
  const run = (entries: readonly Entry[]): void => {
    const replay = new AccountReplay('a', instruments);
    feed(replay, entries);
    replay.end();
  };
  run(journal);
  for (let i = 0; i < journal.length; i += 1)
    if (i < journal.length - 1) expect(() => run(journal.filter((_, at) => at !== i))).toThrow();
  expect(() => run(journal.slice(0, -1))).toThrow(/expected its ledger rows before the next fill/);
  const bought = journal.findIndex((entry) => 'row' in entry && entry.row.kind === 'BUY');
  const forged = journal.map((entry, i) =>
    i === bought && 'row' in entry ? { row: { ...entry.row, amountMicros: entry.row.amountMicros + 1 } } : entry,
  );
  expect(() => run(forged)).toThrow(/expected BUY/);
  const sale = journal.filter((entry) => 'fill' in entry).at(-1);
  expect(() => run(sale === undefined ? [] : [...journal, sale])).toThrow(/expected at most 0 open steps/);
});

test('2.1 a deposit moves the peak and is no profit, a withdrawal is no drawdown, more than the cash is refused', () => {
  const book = new PositionBook({ account, markets: MARKETS, onLedger: null });
  book.deposit(50_000_000_000, 0, 'd');
  expect(book.account(0, 0)).toMatchObject({
    startingMicros: START + 50_000_000_000,
    peakMicros: START + 50_000_000_000,
    drawdownRatio: 0,
    realisedMicros: 0,
  });
  expect(book.withdraw(140_000_000_000, 0, 'w')).toBe(true);
  expect(book.account(0, 0)).toMatchObject({ equityMicros: 10_000_000_000, drawdownRatio: 0 });
  expect(book.withdraw(10_000_000_001, 0, 'w')).toBe(false);
  expect(() => book.deposit(-1, 0, 'd')).toThrow(/expected more than 0 micros/);
});

test('2.1 dividends and corrections are realised without a position; every kind of row has its sum', () => {
  const book = new PositionBook({ account, markets: MARKETS, onLedger: null });
  book.dividend(3_000_000, 0, 'd');
  book.correct(-1_000_000, 0, 'c');
  expect(book.account(0, 0)).toMatchObject({ realisedMicros: 2_000_000, costsMicros: 0, cashMicros: START + 2_000_000 });
  expect(LEDGER_KINDS).toHaveLength(10);
});

test('2.1 a symbol that nobody admitted cannot be booked', () => {
  const book = new PositionBook({ account, markets: MARKETS, onLedger: null });
  const fill = { price: 1, ts: 0, steps: 1, commissionMicros: 0, slippageMicros: 0, impactMicros: 0, orderId: 'o' };
  expect(() => book.open(plan('s', 'NONE', 'LONG', 1), fill, null)).toThrow(/admit its market first/);
});

test('2.1 a bar marks only the positions of its symbol, and ages only those of its timeframe', () => {
  const book = new PositionBook({ account, markets: MARKETS, onLedger: null });
  const fill = { price: 100, ts: 0, steps: 10, commissionMicros: 0, slippageMicros: 0, impactMicros: 0, orderId: 'o' };
  const stock = book.open({ ...plan('s', 'S', 'LONG', 100), timeframe: '1d' }, fill, null);
  const index = book.open({ ...plan('i', 'I', 'LONG', 100), timeframe: '1d' }, fill, null);
  book.mark(bar(1, 110), { symbol: 'S', timeframe: '1h' });
  expect([stock.last, stock.bars, index.last, index.bars]).toEqual([110, 0, 100, 0]);
  book.mark(bar(1, 120), { symbol: 'S', timeframe: '1d' });
  expect([stock.last, stock.bars]).toEqual([120, 1]);
});

test('5 financing: paid or earned per week-day and side, threefold on Wednesday, nothing over the week-end', () => {
  // 1970-01-01 was a Thursday: 4 is Monday, 6 Wednesday, 9 Saturday.
  expect([swapDays(4, 5), swapDays(6, 7), swapDays(9, 11), swapDays(4, 11)]).toEqual([1, 3, 0, 7]);
  const rows: LedgerRow[] = [];
  const book = new PositionBook({ account, markets: MARKETS, onLedger: (row) => rows.push(row) });
  const fill = { price: 1.1, ts: 6 * DAY, steps: 100, commissionMicros: 0, slippageMicros: 0, impactMicros: 0, orderId: 'o' };
  const long = book.open(plan('l', 'EURUSD', 'LONG', 1.1), fill, null);
  const short = book.open(plan('k', 'EURUSD', 'SHORT', 1.1), fill, null);
  book.mark(bar(7, 1.1));
  expect([long.borrowMicros, short.borrowMicros]).toEqual([210_000, -90_000]);
  expect(rows.filter((row) => row.kind === 'FINANCING').map((row) => row.amountMicros)).toEqual([-210_000, 90_000]);
});

test('5 a short that grows paid for the days before on what it was then', () => {
  const book = new PositionBook({ account, markets: MARKETS, onLedger: null });
  const fill = { price: 100, ts: 0, steps: 365, commissionMicros: 0, slippageMicros: 0, impactMicros: 0, orderId: 'o' };
  const short = book.open(plan('s', 'S', 'SHORT', 100), fill, null);
  book.add(short, { ...fill, ts: 2 * DAY, steps: 365 });
  expect(short.borrowMicros).toBe(2_000_000);
  book.mark(bar(3, 100));
  expect(short.borrowMicros).toBe(4_000_000);
});

test('2.1 parts of an entry make one position: mean entry, summed risk, and the last close takes the rest of the basis', () => {
  const book = new PositionBook({ account, markets: MARKETS, onLedger: null });
  const fill = { price: 100, ts: 0, steps: 10, commissionMicros: 0, slippageMicros: 0, impactMicros: 0, orderId: 'o' };
  const position = book.open({ ...plan('s', 'S', 'LONG', 100), initialStop: 90 }, fill, null);
  book.add(position, { ...fill, price: 103, steps: 5 });
  expect(position).toMatchObject({
    initialSteps: 15,
    openSteps: 15,
    entryPrice: 101,
    initialRiskMicros: 165_000_000,
    basisMicros: 1_515_000_000,
  });
  book.close(position, { ...fill, price: 110, steps: 7 }, 'T1');
  book.close(position, { ...fill, price: 110, steps: 8 }, 'T2');
  expect([position.basisMicros, position.realisedMicros, book.cash]).toEqual([0, 135_000_000, START + 135_000_000]);
});
