import fc from 'fast-check';
import { expect, test } from 'vitest';
import { COST_MODELS } from './costs.ts';
import { tradedInstrument } from './instrument.ts';
import { bitsOf, cutLadder, hasFired, recutLadder, rungsDone } from './ladder.ts';
import type { OpenPosition } from './open-position.ts';
import { PositionBook } from './position-book.ts';
import { judgeStopMove, stopReasonOf, wantedStop } from './stop-moves.ts';

const stock = tradedInstrument({ symbol: 'S', assetClass: 'STOCK' });
const account = { id: 'a', kind: 'PAPER', currency: 'USD', startingMicros: 100_000_000_000 } as const;
const RULES = { tickSize: 0.01, trailing: false };
const fill = { price: 100, ts: 0, steps: 10, commissionMicros: 0, slippageMicros: 0, impactMicros: 0, orderId: 'o' };

function opened(
  direction: 'LONG' | 'SHORT' = 'LONG',
  targets?: readonly number[],
): { readonly book: PositionBook; readonly position: OpenPosition } {
  const book = new PositionBook({ account, instrument: stock, costs: COST_MODELS.zero, onLedger: null });
  const side = direction === 'LONG' ? 1 : -1;
  const position = book.open(
    {
      signalId: 's', campaignId: 'c', pattern: 'LPS', leg: 'L', direction, phase: 'D', confidence: 80, signalAt: 0, initialStop: 100 - 5 * side,
      targets: targets ?? [100 + 10 * side, 100 + 15 * side, 100 + 20 * side], protectingEdge: 95,
    },
    fill,
    null,
  ); // prettier-ignore
  return { book, position };
}

function fire(book: PositionBook, position: OpenPosition, target: 1 | 2 | 3, steps: number): void {
  book.close(position, { ...fill, price: position.targets[target - 1] ?? 0, steps, rung: { target, fired: true } }, `T${target}`);
}

test.each(['LONG', 'SHORT'] as const)(
  '6.3 %s: after T1 the stop is the average entry, after T2 it is T1, each is named',
  (direction) => {
    const { book, position } = opened(direction);
    expect(wantedStop(position, RULES)).toBeNull();
    expect(stopReasonOf(position, 0.01)).toBe('STOP');
    fire(book, position, 1, 5);
    expect(wantedStop(position, RULES)).toBe(100);
    position.stop = 100;
    expect([wantedStop(position, RULES), stopReasonOf(position, 0.01)]).toEqual([null, 'BREAKEVEN']);
    fire(book, position, 2, 3);
    expect(wantedStop(position, RULES)).toBe(position.targets[0]);
    position.stop = position.targets[0];
    expect(stopReasonOf(position, 0.01)).toBe('TRAIL');
    expect(position).toMatchObject({ rungBits: 3, rungsDone: 2, rungSteps: [5, 3, 0] });
  },
);

test('6.3 the average entry of two parts is break-even on the tick towards profit, so nothing is at risk', () => {
  const { book, position } = opened();
  book.add(position, { ...fill, price: 100.01, steps: 20 });
  fire(book, position, 1, 15);
  expect(wantedStop(position, RULES)).toBe(100.01);
});

test('6.3 trailing, when it is on, begins with T2: the best price less the initial risk distance', () => {
  const { book, position } = opened();
  const trailing = { ...RULES, trailing: true };
  position.best = 140;
  fire(book, position, 1, 5);
  expect(wantedStop(position, trailing)).toBe(100);
  fire(book, position, 2, 3);
  expect(wantedStop(position, trailing)).toBe(135);
  expect(wantedStop(position, RULES)).toBe(110);
});

test('6.3 a stop by hand moves only towards profit, and not beyond the market', () => {
  const { book, position } = opened();
  book.mark({ time: 1, open: 108, high: 109, low: 107, close: 108, volume: 1 });
  expect(judgeStopMove(position, 94.99)?.code).toBe('STOP_WIDENED');
  expect(judgeStopMove(position, 95)).toBeNull();
  expect(judgeStopMove(position, 107.99)).toBeNull();
  expect(judgeStopMove(position, 108)?.code).toBe('STOP_BEYOND_PRICE');
  expect(judgeStopMove(position, NaN)?.code).toBe('STOP_PRICE');
  const short = opened('SHORT').position;
  expect(judgeStopMove(short, 105.01)?.code).toBe('STOP_WIDENED');
  expect(judgeStopMove(short, 104)).toBeNull();
});

test('6.3 a rung at one price with its neighbours fires with them', () => {
  expect([bitsOf(1, [10, 10, 12]), bitsOf(2, [8, 9, 9]), bitsOf(1, [8, 8, 8]), bitsOf(3, [8, 9, 10])]).toEqual([3, 6, 7, 4]);
  expect([rungsDone(0), rungsDone(1), rungsDone(6), rungsDone(7)]).toEqual([0, 1, 3, 3]);
});

test('6.3 a later part of the entry cuts the rungs that have not fired anew', () => {
  const first = cutLadder(10, [1, 2, 3]).map((rung) => rung.steps);
  expect(first).toEqual([5, 3, 2]);
  const after = recutLadder({ initialSteps: 20, openSteps: 15, rungBits: 1, rungSteps: [5, 0, 0] }, [1, 2, 3]);
  expect(after.map(({ target, steps }) => [target, steps])).toEqual([[2, 6], [3, 9]]);
  const partly = recutLadder({ initialSteps: 10, openSteps: 7, rungBits: 0, rungSteps: [3, 0, 0] }, [1, 2, 3]);
  expect(partly.map(({ target, steps }) => [target, steps])).toEqual([[1, 2], [2, 3], [3, 2]]);
  const merged = recutLadder({ initialSteps: 100, openSteps: 40, rungBits: 0, rungSteps: [60, 0, 0] }, [1, 1, 3]);
  expect(merged.map(({ target, steps }) => [target, steps])).toEqual([[1, 20], [3, 20]]);
}); // prettier-ignore

const move = fc.record({
  kind: fc.constantFrom('add', 'rung', 'rung', 'part', 'mark', 'hand'),
  steps: fc.integer({ min: 1, max: 400 }),
  share: fc.double({ min: 0, max: 1, noNaN: true }),
  price: fc.integer({ min: 9_600, max: 13_000 }),
});

test('TR-6 through any parts of entry, rungs and trims: rungs add up to what is open, each fires once, stops move only towards profit', () => {
  const gaps = fc.tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 3 }));
  fc.assert(
    fc.property(fc.array(move, { maxLength: 25 }), gaps, fc.boolean(), (moves, [second, third], trailing) => {
      const { book, position } = opened('LONG', [110, 110 + second, 110 + second + third]);
      const fired = new Set<number>();
      const taken: number[] = [];
      for (const one of moves) {
        if (position.openSteps === 0) break;
        const rung = recutLadder(position, position.targets)[0];
        if (one.kind === 'add' && position.rungBits !== 7)
          book.add(position, { ...fill, price: one.price / 100, steps: one.steps });
        else if (one.kind === 'rung' && rung !== undefined) {
          const steps = one.share > 0.5 ? rung.steps : Math.max(1, Math.floor(rung.steps * one.share));
          const isFired = steps === rung.steps;
          expect(hasFired(position.rungBits, rung.target - 1)).toBe(false);
          if (isFired) {
            expect(fired.has(rung.target)).toBe(false);
            fired.add(rung.target);
          }
          book.close(
            position,
            { ...fill, price: rung.price, steps, rung: { target: rung.target, fired: isFired } },
            `T${rung.target}`,
          );
          taken.push(steps);
        } else if (one.kind === 'part') {
          const steps = Math.min(one.steps, position.openSteps);
          book.close(position, { ...fill, price: one.price / 100, steps }, 'TRIM');
          taken.push(steps);
        } else if (one.kind === 'mark')
          book.mark({
            time: 1,
            open: one.price / 100,
            high: one.price / 100,
            low: one.price / 100,
            close: one.price / 100,
            volume: 1,
          });
        else if (one.kind === 'hand' && judgeStopMove(position, one.price / 100) === null) {
          expect(one.price / 100).toBeGreaterThanOrEqual(position.stop);
          position.stop = one.price / 100;
        }
        const wanted = wantedStop(position, { tickSize: 0.01, trailing });
        if (wanted !== null) {
          expect(wanted).toBeGreaterThan(position.stop);
          position.stop = wanted;
        }
        const rungs = recutLadder(position, position.targets);
        if (position.rungBits !== 7) expect(rungs.reduce((sum, one) => sum + one.steps, 0)).toBe(position.openSteps);
        expect(rungs.every((one) => one.steps > 0 && !hasFired(position.rungBits, one.target - 1))).toBe(true);
        expect(taken.reduce((sum, one) => sum + one, 0) + position.openSteps).toBe(position.initialSteps);
      }
    }),
    { seed: 24, numRuns: 10_000 },
  );
});

test('TR-6 the twin: a ladder that forgets its bits fires a rung twice', () => {
  const again = recutLadder({ initialSteps: 10, openSteps: 5, rungBits: 0, rungSteps: [] }, [1, 2, 3]);
  expect(again[0]).toMatchObject({ target: 1, steps: 5 });
  expect(recutLadder({ initialSteps: 10, openSteps: 5, rungBits: 1, rungSteps: [5, 0, 0] }, [1, 2, 3])[0]?.target).toBe(2);
});
