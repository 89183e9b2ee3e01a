import fc from 'fast-check';
import { expect, test } from 'vitest';
import { flat, springTest } from '../engine/kit/scripted-market.ts';
import type { Bar } from '../bar/bar.ts';
import { COST_MODELS } from '../trade/costs.ts';
import { tradedInstrument } from '../trade/instrument.ts';
import type { OpenPosition } from '../trade/open-position.ts';
import { PositionBook } from '../trade/position-book.ts';
import { exitRule, exitRules } from './exit-rules.ts';
import type { ExitContext, ExitRuleNumber } from './exit-rules.ts';
import { ExitTracker } from './exit-tracker.ts';
import type { ExitTrackerState } from './exit-tracker.ts';
import { fridayExits, isFridayClose } from './friday.ts';
import type { WeekEndPosition } from './friday.ts';

const stock = tradedInstrument({ symbol: 'S', assetClass: 'STOCK' });

function position(changes: Partial<OpenPosition> = {}, direction: 'LONG' | 'SHORT' = 'LONG'): OpenPosition {
  const account = { id: 'a', kind: 'PAPER', currency: 'USD', startingMicros: 100_000_000_000 } as const;
  const book = new PositionBook({ account, instrument: stock, costs: COST_MODELS.zero, onLedger: null });
  const stop = direction === 'LONG' ? 95 : 105;
  const opened = book.open(
    { signalId: 's', campaignId: 'c', pattern: 'LPS', leg: 'L', direction, phase: 'D', confidence: 80, signalAt: 0, initialStop: stop, targets: [], protectingEdge: stop },
    { price: 100, ts: 0, steps: 10, commissionMicros: 0, slippageMicros: 0, impactMicros: 0, orderId: 'o' },
    2,
  ); // prettier-ignore
  return Object.assign(opened, changes);
}

const context: ExitContext = { atr: 2, events: [], timeframe: '1d' };
const only = (...on: ExitRuleNumber[]): Pick<ExitContext, 'rules'> => ({ rules: exitRules({ on }) });

test('6.3 rule 1: a close beyond the protecting edge; mirrored for shorts', () => {
  expect(exitRule(position(), flat(1, 94.99), context)).toBe('RULE_1');
  expect(exitRule(position(), flat(1, 95), context)).toBeNull();
  expect(exitRule(position({}, 'SHORT'), flat(1, 105.01), context)).toBe('RULE_1');
});

test('6.3 rule 2: ATR 2.5 times that of entry; unknown closes nothing', () => {
  expect(exitRule(position(), flat(1, 100), { ...context, atr: 5 })).toBe('RULE_2');
  expect(exitRule(position(), flat(1, 100), { ...context, atr: 4.99 })).toBeNull();
  expect(exitRule(position(), flat(1, 100), { ...context, atr: null })).toBeNull();
  expect(exitRule(position({ atrAtEntry: null }), flat(1, 100), { ...context, atr: 50 })).toBeNull();
});

test('6.3 rule 3: BC ends a long, SC a short, only when confirmed', () => {
  const heard = (kind: 'BC' | 'SC', status: 'confirmed' | 'candidate' = 'confirmed'): ExitContext => ({
    ...context,
    events: [springTest(9, { kind, status })],
  });
  expect(exitRule(position(), flat(1, 100), heard('BC'))).toBe('RULE_3');
  expect(exitRule(position(), flat(1, 100), heard('SC'))).toBeNull();
  expect(exitRule(position({}, 'SHORT'), flat(1, 100), heard('SC'))).toBe('RULE_3');
  expect(exitRule(position(), flat(1, 100), heard('BC', 'candidate'))).toBeNull();
});

test('6.3 rule 4: three divergences on daily bars, two intraday', () => {
  expect(exitRule(position({ divergences: 3 }), flat(1, 100), context)).toBe('RULE_4');
  expect(exitRule(position({ divergences: 2 }), flat(1, 100), context)).toBeNull();
  expect(exitRule(position({ divergences: 2 }), flat(1, 100), { ...context, timeframe: '4h' })).toBe('RULE_4');
});

/** Rising highs on ever less volume, or the mirror. */
function fading(
  tracker: ExitTracker,
  held: OpenPosition,
  of: { readonly count: number; readonly side: 1 | -1; readonly shrink: number },
): void {
  for (let i = 0; i < of.count; i += 1) {
    const price = 100 + of.side * i;
    const bar: Bar = { time: i, open: price, high: price + 0.5, low: price - 0.5, close: price, volume: 1e9 * of.shrink ** i };
    tracker.next(bar);
    held.bars += 1;
    tracker.watch(held);
  }
}

test('6.3 rule 4: a new extreme on at most 0.7 of the volume, against the position, at most one per ten bars', () => {
  const long = position();
  fading(new ExitTracker(), long, { count: 35, side: 1, shrink: 0.9 });
  expect(long.divergences).toBe(3);
  const short = position({}, 'SHORT');
  fading(new ExitTracker(), short, { count: 35, side: 1, shrink: 0.9 });
  expect(short.divergences).toBe(0);
  const mirrored = position({}, 'SHORT');
  fading(new ExitTracker(), mirrored, { count: 35, side: -1, shrink: 0.9 });
  expect(mirrored.divergences).toBe(3);
  const strong = position();
  // Four bars apart at least: 0.92^4 = 0.72 is above 0.7.
  fading(new ExitTracker(), strong, { count: 15, side: 1, shrink: 0.92 });
  expect(strong.divergences).toBe(0);
});

test('6.3 rule 5: a hundred bars by default, 10-500 by choice', () => {
  expect(exitRule(position({ agedBars: 100 }), flat(1, 100), context)).toBe('RULE_5');
  expect(exitRule(position({ agedBars: 99 }), flat(1, 100), context)).toBeNull();
  expect(exitRule(position({ agedBars: 10 }), flat(1, 100), { ...context, rules: exitRules({ timeBars: 10 }) })).toBe('RULE_5');
  for (const timeBars of [9, 501, 10.5]) expect(() => exitRules({ timeBars })).toThrow(/expected a whole number from 10 to 500/);
  expect(() => exitRules({ atrGrowth: 0 })).toThrow(/atrGrowth/);
  expect(() => exitRules({ on: [12 as ExitRuleNumber] })).toThrow(/expected rules from 1 to 11/);
});

test('6.3 rule 6: most of the heat in use and an open profit', () => {
  const at = (heatShare: number, close: number): unknown =>
    exitRule(position(), flat(1, close), { ...context, ...only(6), heatShare });
  expect([at(0.8, 100.51), at(0.79, 100.51), at(0.8, 100.5)]).toEqual(['RULE_6', null, null]);
  expect(exitRule(position(), flat(1, 101), { ...context, ...only(6) })).toBeNull();
});

function tracked(prices: readonly number[]): ExitTracker {
  const tracker = new ExitTracker();
  prices.forEach((price, i) => tracker.next({ time: i, open: price, high: price + 1, low: price - 1, close: price, volume: 1 }));
  return tracker;
}

test('6.3 rule 7: a close below 0.995 of the mean of ten lows; mirrored for shorts', () => {
  const tracker = tracked(Array.from({ length: 10 }, () => 101));
  const at = (close: number): unknown => exitRule(position(), flat(1, close), { ...context, ...only(7), tracker });
  expect([at(99.49), at(99.5)]).toEqual(['RULE_7', null]);
  const short = (close: number): unknown => exitRule(position({}, 'SHORT'), flat(1, close), { ...context, ...only(7), tracker });
  expect([short(102.52), short(102.5)]).toEqual(['RULE_7', null]);
  expect(exitRule(position(), flat(1, 1), { ...context, ...only(7), tracker: tracked([101]) })).toBeNull();
});

const zigzag = (tops: readonly number[]): number[] => tops.flatMap((top) => [90, 92, top, 92, 90]);

test('6.3 rule 8: a swing high below 0.998 of the one before, on the bar that completes it, since entry', () => {
  const held = position({ bars: 20 });
  const at = (tops: readonly number[], one = held, more: readonly number[] = []): unknown =>
    exitRule(one, flat(1, 100), { ...context, ...only(8), tracker: tracked([...zigzag(tops), ...more]) });
  expect([at([110, 105]), at([105, 110]), at([110, 109.9])]).toEqual(['RULE_8', null, null]);
  expect(at([110, 105], position({ bars: 1 }))).toBeNull();
  expect(at([110, 105], held, [89])).toBeNull();
});

test('6.3 rule 9: three rallies within twenty bars that did not exceed the one before', () => {
  const at = (tops: readonly number[]): unknown =>
    exitRule(position(), flat(1, 100), { ...context, ...only(9), tracker: tracked(zigzag(tops)) });
  expect([at([110, 109, 108, 107]), at([110, 109, 111, 107])]).toEqual(['RULE_9', null]);
  expect(at([110, 109, 108])).toBeNull();
  const slow = [110, 109, 108, 107].flatMap((top) => [90, 90.5, 91, 92, top, 92, 91, 90.5, 90]);
  expect(tracked(slow).failedRallies(1)).toBe(2);
});

test('6.3 rules 10 and 11: a trend too long for its cause, and losers that move together', () => {
  const phases = (C: number, E: number): unknown =>
    exitRule(position(), flat(1, 100), { ...context, ...only(10), phaseBars: { C, E } });
  expect([phases(10, 26), phases(10, 25), phases(0, 99)]).toEqual(['RULE_10', null, null]);
  const losers = (correlatedLosers: number): unknown =>
    exitRule(position(), flat(1, 100), { ...context, ...only(11), correlatedLosers });
  expect([losers(3), losers(2)]).toEqual(['RULE_11', null]);
});

test('6.3 the first matching rule wins; 6-11 are off by default', () => {
  const bad = { ...context, atr: 50, heatShare: 1, phaseBars: { C: 1, E: 99 }, correlatedLosers: 9 };
  expect(exitRule(position({ agedBars: 500 }), flat(1, 90), bad)).toBe('RULE_1');
  expect(exitRule(position(), flat(1, 101), { ...bad, atr: 2 })).toBeNull();
});

test('9.3 a tracker restored from its state goes on as if nothing had happened', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 90, max: 110 }), { minLength: 5, maxLength: 60 }), fc.nat(59), (prices, cut) => {
      const run = (at: number): unknown[] => {
        let tracker = new ExitTracker();
        const held = position();
        return prices.map((price, i) => {
          if (i === at) tracker = new ExitTracker(JSON.parse(JSON.stringify(tracker.state())) as ExitTrackerState);
          tracker.next({
            time: i,
            open: price,
            high: price + (i % 3),
            low: price - (i % 4),
            close: price,
            volume: 100 + ((i * 37) % 50),
          });
          held.bars += 1;
          tracker.watch(held);
          return [
            held.divergences,
            tracker.failedRallies(1),
            tracker.isLowerSwing(-1, { ratio: 0.998, within: 99 }),
            tracker.isBelowLows(1, price, 0.995),
          ];
        });
      };
      expect(run(cut)).toEqual(run(-1));
    }),
    { seed: 23, numRuns: 500 },
  );
});

test('6.3 Friday 16:30 New York is crossed once, in winter and in summer', () => {
  const winter = Date.UTC(2024, 0, 5, 21, 30);
  const summer = Date.UTC(2024, 6, 5, 20, 30);
  for (const close of [winter, summer]) {
    expect(isFridayClose(close - 1, close)).toBe(true);
    expect(isFridayClose(close, close + 3_600_000)).toBe(false);
    expect(isFridayClose(close - 3_600_000, close - 1)).toBe(false);
    expect(isFridayClose(close - 3_600_000, close + 60 * 3_600_000)).toBe(true);
    expect(isFridayClose(close - 86_400_000, close - 3_600_000)).toBe(false);
  }
});

const weekEnd = (id: string, changes: Partial<WeekEndPosition>): WeekEndPosition => ({
  id,
  leg: 'L',
  phase: 'D',
  r: 1,
  riskMicros: 0,
  addOnMicros: 0,
  ...changes,
});

test('6.3 Friday: losers and phase E go, first legs above 2 R stay, others while the heat fits, the largest add-on first', () => {
  const equity = 100_000_000_000;
  const positions = [
    weekEnd('loser', { r: -0.01 }),
    weekEnd('late', { phase: 'E', r: 9 }),
    weekEnd('first', { leg: 'F', r: 2.01, riskMicros: 2_000_000_000, addOnMicros: 400_000_000 }),
    weekEnd('small', { riskMicros: 1_000_000_000, addOnMicros: 300_000_000 }),
    weekEnd('large', { riskMicros: 1_000_000_000, addOnMicros: 900_000_000 }),
  ];
  expect(fridayExits(positions, equity, 550)).toEqual(['loser', 'late', 'large']);
  expect(fridayExits(positions.slice(0, 4), equity, 550)).toEqual(['loser', 'late']);
  // 5,500 exactly fits.
  const exact = [weekEnd('a', { riskMicros: 5_000_000_000, addOnMicros: 500_000_000 })];
  expect(fridayExits(exact, equity, 550)).toEqual([]);
  expect(fridayExits(exact, equity - 100, 550)).toEqual(['a']);
  // A tighter limit of currency heat holds on Friday too.
  expect(fridayExits(exact, equity, 549)).toEqual(['a']);
});
