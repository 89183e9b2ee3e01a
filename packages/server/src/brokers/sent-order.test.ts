import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readState } from './alpaca/states.ts';
import { cover, sizeOf } from './coverage.ts';
import { microsOf, textOfMicros, textOfPrice } from './decimal.ts';
import { hearFill, hearOrder, newSentOrder, type SentOrder } from './sent-order.ts';
import type { VenueFill, VenueOrder } from './venue-order.ts';

const SEED = { seed: 7, numRuns: 10_000 };
const fresh = newSentOrder(
  { clientId: 'wx1-a', symbol: 'SPY', side: 'BUY', type: 'LIMIT', qtyMicros: 100, limitPrice: 10, stopPrice: null, tickSize: 0.01, tif: 'GTC', attached: null },
  { signalId: 's', intent: 'OPEN', role: 'ENTRY', leg: 'ENTRY', gate: null, at: 0 },
); // prettier-ignore

/** What a venue could have said along one life of an order: accepted, filled in parts, ended. */
function lifeOf(parts: readonly number[], ends: 'FILLED' | 'CANCELLED'): readonly ((order: SentOrder) => SentOrder)[] {
  const news: ((order: SentOrder) => SentOrder)[] = [];
  const view = (state: VenueOrder['state'], filledQtyMicros: number): void => {
    const seen: VenueOrder = {
      clientId: 'wx1-a', brokerId: 'b', symbol: 'SPY', side: 'BUY', type: 'LIMIT', state, flag: null, qtyMicros: 100, filledQtyMicros, averagePrice: filledQtyMicros > 0 ? 10 : null,
      limitPrice: 10, stopPrice: null, reason: null, at: 0, armed: true, attached: null,
    }; // prettier-ignore
    news.push((order) => hearOrder(order, seen, 0).order);
  };
  view('ACCEPTED', 0);
  let cum = 0;
  for (const [i, qtyMicros] of parts.entries()) {
    cum += qtyMicros;
    const fill: VenueFill = { execId: `e${i}`, clientId: 'wx1-a', brokerId: 'b', symbol: 'SPY', side: 'BUY', qtyMicros, cumQtyMicros: cum, price: 10, commissionMicros: 0, at: 0 }; // prettier-ignore
    news.push((order) => hearFill(order, fill, 0).order);
    view(cum === 100 ? 'FILLED' : 'PARTIALLY_FILLED', cum);
  }
  if (ends === 'CANCELLED' && cum < 100) view('CANCELLED', cum);
  return news;
}

describe('7.1 what a venue says, in any order and however often', () => {
  test('leads to the one same record once the last of it is known', () => {
    const parts = fc.array(fc.integer({ min: 1, max: 25 }), { maxLength: 4 });
    fc.assert(
      fc.property(parts, fc.constantFrom('FILLED' as const, 'CANCELLED' as const), fc.infiniteStream(fc.nat(1_000)), (cut, ends, luck) => {
        const news = lifeOf(cut, ends);
        const last = news.at(-1)!;
        const filled = cut.reduce((sum, one) => sum + one, 0);
        // Everything once or twice, shuffled; the newest view comes last, as a poll would bring it.
        const told = [...news, ...news].map((one) => [luck.next().value as number, one] as const).sort((a, b) => a[0] - b[0]);
        const end = last(told.reduce((order, [, one]) => one(order), fresh));
        expect([end.filledQtyMicros, end.value, sizeOf(end.booked)]).toEqual([filled, filled * 10, filled]);
        expect(end.state).toBe(filled === 100 ? 'FILLED' : ends === 'CANCELLED' ? 'CANCELLED' : filled > 0 ? 'PARTIALLY_FILLED' : 'ACCEPTED');
      }),
      SEED,
    ); // prettier-ignore
  });

  test('a span is booked once: what is fresh and what was there add up', () => {
    const span = fc.tuple(fc.nat(50), fc.integer({ min: 1, max: 30 }));
    fc.assert(
      fc.property(fc.array(span, { maxLength: 12 }), (spans) => {
        const model = new Set<number>();
        let booked: readonly (readonly [number, number])[] = [];
        for (const [from, size] of spans) {
          const before = model.size;
          for (let i = from; i < from + size; i += 1) model.add(i);
          const covered = cover(booked, from, from + size);
          expect(sizeOf(covered.fresh)).toBe(model.size - before);
          booked = covered.spans;
        }
        expect(sizeOf(booked)).toBe(model.size);
      }),
      SEED,
    );
  });
});

describe('8.3 the states of Alpaca', () => {
  const of = { gtc: true, qtyMicros: 10, filledQtyMicros: 0 };
  test.each([
    ['pending_new', 'SUBMITTED'], ['new', 'ACCEPTED'], ['accepted', 'ACCEPTED'], ['accepted_for_bidding', 'ACCEPTED'], ['held', 'ACCEPTED'],
    ['partially_filled', 'PARTIALLY_FILLED'], ['filled', 'FILLED'], ['canceled', 'CANCELLED'], ['expired', 'EXPIRED'], ['rejected', 'REJECTED'],
    ['pending_cancel', 'CANCEL_PENDING'], ['stopped', 'ACCEPTED'], ['done_for_day', 'ACCEPTED'],
  ])('%s is %s', (word, state) => expect(readState(word, of)).toEqual({ state, flag: null })); // prettier-ignore

  test.each(['pending_replace', 'suspended', 'calculated', 'constructor', 'something new'])(
    '%s changes nothing and is flagged',
    (word) => {
      expect(readState(word, of).state).toBe('UNCHANGED');
      expect(readState(word, of).flag).toContain(word);
    },
  );

  test('stopped goes by what is filled, done_for_day ends a day order', () => {
    expect(readState('stopped', { ...of, filledQtyMicros: 4 }).state).toBe('PARTIALLY_FILLED');
    expect(readState('stopped', { ...of, filledQtyMicros: 10 }).state).toBe('FILLED');
    expect(readState('done_for_day', { ...of, gtc: false }).state).toBe('EXPIRED');
  });
});

describe('2.1 decimals', () => {
  test('every quantity goes out and comes back as it was', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), (micros) => {
        expect(microsOf(textOfMicros(micros))).toBe(micros === 0 ? 0 : micros);
      }),
      SEED,
    );
  });

  test.each([
    ['1.5', 1_500_000], ['-0.000001', -1], ['0', 0], [0.1, 100_000], [1e-6, 1], ['1e3', 1_000_000_000], ['1.23456789', 1_234_567], ['', null], ['abc', null], [NaN, null],
    ['99999999999999999', null], [null, null], ['-0', 0],
  ])('%s is %s millionths', (text, micros) => expect(microsOf(text)).toBe(micros)); // prettier-ignore

  test.each([
    [0.1 + 0.2, 0.01, '0.30'], [100, 0.25, '100.00'], [1.10005, 0.00005, '1.10005'], [65_000.1, 0.1, '65000.1'],
  ])('%f on the tick %f is %s', (price, tick, text) => expect(textOfPrice(price, tick)).toBe(text)); // prettier-ignore

  test.each([[100.005, 0.01], [0, 0.01], [NaN, 0.01], [-1, 0.01]])('%f is not on the tick %f', (price, tick) => {
    expect(() => textOfPrice(price, tick)).toThrow('multiple of');
  }); // prettier-ignore
});
