/** Bad input of every sort, at random: no throw, no figure that is none, and what is refused leaves no trace. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { noiseColumns } from '../backtest/noise.ts';
import { ASSET_CLASSES, TIMEFRAME_MS, TIMEFRAMES, type Bar, type Instrument } from '../bar/bar.ts';
import { BarCursor } from '../bar/columns.ts';
import { createDetectorInContext, restoreDetectorInContext } from '../engine/htf-detector.ts';
import { createDetector } from './detector.ts';

const BARS = 500;
const START = Date.UTC(2015, 0, 5, 14, 30);
const TEN_YEARS_MS = 3652 * 86_400_000;
const FIELDS = ['open', 'high', 'low', 'close', 'volume'] as const;

const market = fc.record({
  timeframe: fc.constantFrom(...TIMEFRAMES),
  assetClass: fc.constantFrom(...ASSET_CLASSES),
  pack: fc.constantFrom('strict' as const, 'classic' as const),
  session: fc.constantFrom<NonNullable<Instrument['session']> | null>(null, '24h', { open: '09:30', close: '16:00' }),
  seed: fc.integer({ min: 1, max: 1_000_000 }),
});
type Market = typeof market extends fc.Arbitrary<infer T> ? T : never;

const oddNumber = fc.oneof(
  fc.constantFrom(NaN, Infinity, -Infinity, 0, -0, -1, 5e-324, 1e-300, 1e-99, 1e99, 1e101, 1e300, Number.MAX_VALUE),
  fc.double(),
);
const oddity = fc.record({
  at: fc.integer({ min: 0, max: BARS - 1 }),
  what: fc.oneof(
    fc.record({ field: fc.constantFrom(...FIELDS, 'time' as const), value: oddNumber }),
    fc.record({ times: fc.constantFrom(1e-100, 1e-8, 1e-3, 0.25, 4, 1e3, 1e8, 1e100) }),
    fc.record({ silentBars: fc.integer({ min: 15, max: 80 }), flat: fc.boolean() }),
    fc.record({ laterMs: fc.constantFrom(TEN_YEARS_MS, -TEN_YEARS_MS, 1, -1) }),
  ),
});

function instrumentOf({ assetClass, session }: Market): Instrument {
  return { symbol: 'F', assetClass, timeZone: 'America/New_York', ...(session === null ? {} : { session }) };
}

function barsOf({ seed, timeframe }: Market): Bar[] {
  const columns = noiseColumns(seed, BARS);
  const cursor = new BarCursor(columns);
  return Array.from({ length: BARS }, (_, i) => {
    const { open, high, low, close, volume } = cursor.at(i);
    return { time: START + i * TIMEFRAME_MS[timeframe], open, high, low, close, volume };
  });
}

function spoil(bars: Bar[], { at, what }: typeof oddity extends fc.Arbitrary<infer T> ? T : never): void {
  if ('field' in what) bars[at] = { ...bars[at], [what.field]: what.value };
  else if ('times' in what) for (let i = at; i < BARS; i++) bars[i] = scaled(bars[i], what.times);
  else if ('laterMs' in what) for (let i = at; i < BARS; i++) bars[i] = { ...bars[i], time: bars[i].time + what.laterMs };
  else {
    for (let i = at; i < Math.min(BARS, at + what.silentBars); i++) {
      const { close } = bars[i];
      bars[i] = { ...bars[i], ...(what.flat ? { open: close, high: close, low: close } : {}), volume: 0 };
    }
  }
}

function scaled(bar: Bar, by: number): Bar {
  return { ...bar, open: bar.open * by, high: bar.high * by, low: bar.low * by, close: bar.close * by };
}

/** Path of the first number that is none; null when all are. */
function notFinite(thing: unknown, path = ''): string | null {
  if (typeof thing === 'number') return Number.isFinite(thing) ? null : path;
  if (typeof thing !== 'object' || thing === null) return null;
  for (const [key, value] of Object.entries(thing)) {
    const found = notFinite(value, `${path}.${key}`);
    if (found !== null) return found;
  }
  return null;
}

describe('P11 bad input at random', () => {
  test('P11 BAR-1 VOL-1 whatever comes: no throw, every figure a number, the state restores byte for byte', () => {
    const check = (of: Market, oddities: Parameters<typeof spoil>[1][]): void => {
      const bars = barsOf(of);
      for (const odd of oddities) spoil(bars, odd);
      let detector = createDetectorInContext(instrumentOf(of), of.timeframe, { pack: of.pack });
      bars.forEach((bar, i) => {
        for (const record of detector.onBar(bar)) {
          expect(notFinite(record)).toBeNull();
          expect(record.eventBar).toBeLessThanOrEqual(record.confirmBar);
          expect(record.confidence ?? 0).toBeGreaterThanOrEqual(0);
          expect(record.confidence ?? 0).toBeLessThanOrEqual(100);
        }
        if (i % 50 !== 49) return;
        expect(notFinite(detector.view())).toBeNull();
        expect(notFinite(detector.rejections())).toBeNull();
        const bytes = detector.snapshot();
        detector = restoreDetectorInContext(bytes, instrumentOf(of), of.timeframe, { pack: of.pack });
        expect(detector.snapshot()).toEqual(bytes);
      });
      expect(detector.bars).toBeLessThanOrEqual(BARS);
    };
    fc.assert(fc.property(market, fc.array(oddity, { minLength: 1, maxLength: 12 }), check), { seed: 11, numRuns: 60 });
  });

  test('P11 BAR-1 BAR-2 bars that are refused leave no trace but a count: the records are those without them', () => {
    const refused = fc.array(
      fc.record({
        at: fc.integer({ min: 0, max: BARS - 1 }),
        over: fc.constantFrom<Partial<Bar>>(
          { close: NaN }, { high: Infinity }, { low: 0 }, { open: -1 }, { high: 1e-9 }, { volume: -1 }, { volume: NaN },
          { close: 1e101 }, { time: NaN }, { time: 1e18 }, { time: 0 }, { volume: 1 },
        ), // prettier-ignore
      }),
      { minLength: 1, maxLength: 40 },
    );
    const check = (of: Market, odd: { at: number; over: Partial<Bar> }[]): void => {
      const said = (bars: readonly Bar[]): { records: string; bars: number } => {
        const detector = createDetectorInContext(instrumentOf(of), of.timeframe, { pack: of.pack });
        const records = bars.flatMap((bar) => detector.onBar(bar).map((record) => JSON.stringify(record)));
        return { records: records.join('\n'), bars: detector.bars };
      };
      const clean = barsOf(of);
      const dirty = clean.flatMap((bar, i) => [
        bar,
        ...odd.filter(({ at }) => at === i).map(({ over }) => ({ ...bar, ...over })),
      ]);
      expect(said(dirty)).toEqual(said(clean));
    };
    fc.assert(fc.property(market, refused, check), { seed: 12, numRuns: 25 });
  });

  test('P11 the twin: an absurd bar that is within reach is believed, and what it does is seen', () => {
    const of: Market = { timeframe: '1d', assetClass: 'STOCK', pack: 'strict', session: null, seed: 5 };
    const said = (bars: readonly Bar[]): string => {
      const detector = createDetector(instrumentOf(of), '1d', { pack: 'strict' });
      return bars.flatMap((bar) => detector.onBar(bar).map((record) => JSON.stringify(record))).join();
    };
    const bars = barsOf(of);
    const odd = bars.map((bar, i) => (i === 300 ? { ...bar, high: bar.high * 1e6 } : bar));
    expect(said(odd)).not.toBe(said(bars));
    expect(notFinite({ metrics: { depth: NaN } })).toBe('.metrics.depth');
  });
});
