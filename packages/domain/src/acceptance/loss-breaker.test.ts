import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { newYorkDay, newYorkInstant } from '../market/new-york.ts';
import { BREAKER_CLOSED, afterTrade, atTime, readBreaker, type BreakerState } from './loss-breaker.ts';

const noon = (day: number): number => newYorkInstant(19_000 + day, 12 * 60);

describe('4.6 loss breaker', () => {
  it('TR-7 opens after so many losers in a row, closes with the next day, over 10,000 random sequences', () => {
    const trade = fc.record({ net: fc.constantFrom(-5, 0, 5), days: fc.constantFrom(0, 0, 0, 1) });
    fc.assert(
      fc.property(fc.array(trade, { maxLength: 30 }), fc.integer({ min: 1, max: 10 }), (trades, threshold) => {
        let breaker: BreakerState = BREAKER_CLOSED;
        let row = 0;
        let openDay: number | null = null;
        let day = 0;
        for (const { net, days } of trades) {
          day += days;
          if (openDay !== null && day > openDay) [row, openDay] = [0, null];
          breaker = afterTrade(breaker, { netMicros: net, at: noon(day) }, threshold);
          // The model: a counter and a day.
          if (net < 0) row += 1;
          if (net > 0 && openDay === null) row = 0;
          if (openDay === null && row >= threshold) openDay = day;
          expect(breaker.state).toBe(openDay === null ? 'CLOSED' : 'OPEN');
          expect(breaker.losses).toBe(row);
          expect(readBreaker(JSON.parse(JSON.stringify(breaker)))).toEqual(breaker);
        }
      }),
      { seed: 46, numRuns: 10_000 },
    );
  });

  it('4.6 a winner begins anew, a flat trade changes nothing', () => {
    const two = [-1, -1].reduce((state, netMicros) => afterTrade(state, { netMicros, at: noon(0) }), BREAKER_CLOSED);
    expect(two.losses).toBe(2);
    expect(afterTrade(two, { netMicros: 0, at: noon(0) })).toEqual(two);
    expect(afterTrade(two, { netMicros: 1, at: noon(0) })).toEqual(BREAKER_CLOSED);
  });

  it('4.6 the day turns at midnight in New York, in winter and in summer', () => {
    for (const day of [0, 120]) {
      const open = afterTrade(BREAKER_CLOSED, { netMicros: -1, at: noon(day) }, 1);
      const midnight = newYorkInstant(19_001 + day, 0);
      expect(newYorkDay(midnight)).toBe(19_001 + day);
      expect(atTime(open, midnight - 1).state).toBe('OPEN');
      expect(atTime(open, midnight)).toEqual(BREAKER_CLOSED);
    }
  });

  it('4.6 unreadable is OPEN, and no day closes it', () => {
    for (const bad of [undefined, null, {}, { state: 'CLOSED' }, { state: 'CLOSED', losses: -1, openedDay: null }, 'CLOSED', 7]) {
      const breaker = readBreaker(bad);
      expect(breaker.state).toBe('OPEN');
      expect(atTime(breaker, noon(100_000)).state).toBe('OPEN');
    }
  });
});
