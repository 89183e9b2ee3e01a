import { expect, test } from 'vitest';
import type { Bar } from '../bar/bar.ts';
import { BarCursor, createBarColumns } from '../bar/columns.ts';
import { NoiseSource } from '../backtest/noise.ts';
import { COST_MODELS } from '../trade/costs.ts';
import type { Trade } from '../trade/trade.ts';
import type { Fact } from './fact.ts';
import { DAY, START } from './kit/scripted-market.ts';
import { createTradingEngine, restoreTradingEngine } from './trading-engine.ts';
import type { TradingEngine, TradingEngineOptions } from './trading-engine.ts';

const OPTIONS = {
  instrument: { symbol: 'GOLD', assetClass: 'STOCK', timeZone: 'UTC' },
  timeframe: '1d',
  account: { id: 'paper', kind: 'PAPER', currency: 'USD', startingMicros: 100_000_000_000 },
  costs: COST_MODELS.zero,
} as const satisfies Omit<TradingEngineOptions, 'sink'>;

/** The full sequence G15 of detection.md 12: climax, Spring, test, break, back-up. */
function golden(): Bar[] {
  const closes = [[0, 140], [40, 118], [46, 108], [47, 103.5], [52, 111.6], [62, 101.4], [70, 111], [78, 102.2], [86, 110.6], [92, 101.4], [94, 100.7], [98, 104.4], [100, 100.9], [111, 110.9], [112, 114.6], [116, 112], [120, 117], [132, 128]]; // prettier-ignore
  const volumes = [[0, 1000], [40, 1000], [46, 1500], [47, 1500], [52, 1900], [57, 1000], [62, 900], [66, 1000], [70, 850], [74, 1000], [78, 600], [82, 900], [86, 450], [90, 900], [94, 360], [96, 800], [98, 700], [100, 240], [106, 700], [111, 900], [112, 2500], [116, 560], [120, 1200], [132, 1200]]; // prettier-ignore
  const overrides: Record<number, Partial<Bar>> = { 47: { high: 108.6, low: 100, volume: 3200 }, 62: { low: 100.6 }, 94: { high: 101.6, low: 98.8, volume: 360 }, 112: { low: 110.7, high: 114.9, volume: 2500 } }; // prettier-ignore
  const at = (knots: number[][], t: number): number => {
    const i = Math.max(
      1,
      knots.findIndex(([x]) => x >= t),
    );
    const [[x0, y0], [x1, y1]] = [knots[i - 1], knots[i]];
    return y0 + ((y1 - y0) * (t - x0)) / (x1 - x0);
  };
  const r2 = (x: number): number => Math.round(x * 100) / 100;
  let before = 140;
  return Array.from({ length: 133 }, (_, t) => {
    const open = before;
    const close = r2(at(closes, t));
    before = close;
    const plain = {
      open,
      high: r2(Math.max(open, close) + 0.6),
      low: r2(Math.min(open, close) - 0.6),
      close,
      volume: Math.round(at(volumes, t)),
    };
    return { time: START + t * DAY, ...plain, ...overrides[t] };
  });
}

test('G15 the golden sequence through the whole line: the test of the Spring and the back-up are both traded', () => {
  const facts: Fact[] = [];
  const trades: Trade[] = [];
  const engine = createTradingEngine({
    ...OPTIONS,
    pack: { pack: 'strict' },
    sink: (fact) => facts.push(fact),
    onTrade: (trade) => trades.push(trade),
  });
  for (const bar of golden()) {
    engine.step(bar);
    engine.deliver();
  }
  const created = facts.flatMap((fact) => (fact.kind === 'signal.created' ? [fact.data] : []));
  expect(created.map((signal) => [signal.pattern, signal.eventId.split(':').slice(2).join(':'), signal.status])).toContainEqual([
    'SPRING',
    'TEST:100',
    'GENERATED',
  ]);
  const spring = created.find((signal) => signal.pattern === 'SPRING');
  expect(spring).toMatchObject({
    entryType: 'MARKET',
    entryPrice: 100.9,
    stopPrice: 96.82,
    targets: [112.2, 122.8, 123.55],
    confidence: 81,
  });
  const entry = facts.find((fact) => fact.kind === 'order.filled');
  expect(entry?.kind === 'order.filled' && entry.data.fill.ts).toBe(START + 101 * DAY);
  engine.finish('END_OF_DATA');
  expect(trades.length).toBeGreaterThanOrEqual(1);
  expect(trades[0]).toMatchObject({ pattern: 'SPRING', direction: 'LONG' });
  expect(trades[0].netPnlMicros).toBeGreaterThan(0);
});

test('P2 9.3 with the real detector: restored every 97th bar, the same facts to the byte', () => {
  const columns = createBarColumns(4_000);
  new NoiseSource({ seed: 5, startAt: START, barMs: DAY }).fill(columns, 4_000);
  const run = (restores: boolean): string => {
    let log = '';
    const options = { ...OPTIONS, sink: (fact: Fact) => void (log += JSON.stringify(fact)) };
    let engine: TradingEngine = createTradingEngine(options);
    const cursor = new BarCursor(columns);
    for (let row = 0; row < columns.length; row += 1) {
      engine.step(cursor.at(row));
      engine.deliver();
      if (restores && row % 97 === 96) {
        const bytes = engine.snapshot();
        engine = restoreTradingEngine(bytes, options);
        expect(engine.snapshot()).toEqual(bytes);
      }
    }
    return log;
  };
  const whole = run(false);
  expect(whole.length).toBeGreaterThan(10_000);
  expect(run(true) === whole).toBe(true);
});
