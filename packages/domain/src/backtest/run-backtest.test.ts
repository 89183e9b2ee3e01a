import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import type { Bar } from '../bar/bar.ts';
import { BarCursor, appendBar, createBarColumns } from '../bar/columns.ts';
import type { BarColumns } from '../bar/columns.ts';
import { DAY, START, ScriptedDetector, bar, quiet, range, springTest } from '../engine/kit/scripted-market.ts';
import { createTradingEngine } from '../engine/trading-engine.ts';
import { COST_MODELS } from '../trade/costs.ts';
import type { Trade } from '../trade/trade.ts';
import type { DetectionEvent } from '../wyckoff/event.ts';
import type { Hasher } from './hasher.ts';
import { NoiseSource } from './noise.ts';
import { BacktestFailed } from './backtest-result.ts';
import { Backtest, inColumns, runBacktest } from './run-backtest.ts';
import type { BacktestOptions } from './run-backtest.ts';
import { TradeBatches } from './trade-batches.ts';
import { TradeStatistics } from './trade-statistics.ts';

const instrument = { symbol: 'TEST', assetClass: 'STOCK', timeZone: 'UTC' } as const;

function sha256(): Hasher {
  const hash = createHash('sha256');
  return { update: (data) => void hash.update(data), digest: () => hash.digest('hex') };
}

/** A trade every ten bars, every other one a winner, for as long as wanted. */
function market(trades: number): { options: BacktestOptions; bars: Bar[] } {
  const events: Record<number, DetectionEvent[]> = {};
  const bars: Bar[] = [...quiet(61)];
  for (let i = 0; i < trades; i += 1) {
    const at = 60 + i * 10;
    events[at] = [springTest(at, { rangeId: i + 1, refId: `${i + 1}:A:SPRING:${at - 5}`, id: `${i + 1}:A:TEST:${at}` })];
    for (let k = 1; k <= 10; k += 1)
      bars.push(k === 3 ? bar(at + k, i % 2 === 0 ? [102, 111, 101.6, 108] : [101, 102, 96, 101.5]) : k === 5 ? bar(at + k, [101.5, 102, 100.9, 101.5]) : bar(at + k, [101.5, 101.7 + (10 - k) / 20, 101.3 - (10 - k) / 20, 101.5], 1_500_000 - 10_000 * k)); // prettier-ignore
  }
  const view = (i: number) =>
    ({
      range: range({ rangeId: Math.floor((i - 60) / 10) + 1, startTime: START + i }),
      previous: null,
      regime: 'RANGING',
      features: null,
    }) as const;
  const detector = (): ScriptedDetector => new ScriptedDetector({ events, view, transitions: [] }, null);
  return {
    options: { instrument, timeframe: '1d', detector, warmupBars: 20, halts: { dailyLossBp: null, drawdownBp: null } },
    bars,
  };
}

test('C9 ten thousand trades leave memory in batches of one hundred, and the figures equal a two-pass computation', () => {
  const { options, bars } = market(10_000);
  const sizes: number[] = [];
  const kept: Trade[] = [];
  const result = runBacktest({
    ...options,
    costs: COST_MODELS.zero,
    source: inColumns(bars),
    onTrades: (batch) => {
      sizes.push(batch.length);
      kept.push(...batch);
    },
  });
  expect(result.trades.trades).toBeGreaterThan(9_000);
  expect(sizes.slice(0, -1).every((size) => size === 100)).toBe(true);
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(result.trades.trades);
  expect(kept.map((trade) => trade.seq)).toEqual(kept.map((_, i) => i + 1));
  const wins = kept.filter((trade) => trade.netPnlMicros > 0);
  const losses = kept.filter((trade) => trade.netPnlMicros < 0);
  const sum = (list: readonly Trade[]): number => list.reduce((total, trade) => total + trade.netPnlMicros, 0);
  const r = kept.map((trade) => trade.netR ?? NaN);
  const mean = r.reduce((total, x) => total + x, 0) / r.length;
  const sd = Math.sqrt(r.reduce((total, x) => total + (x - mean) ** 2, 0) / (r.length - 1));
  expect(result.trades).toMatchObject({
    wins: wins.length,
    losses: losses.length,
    netPnlMicros: sum(kept),
    grossProfitMicros: sum(wins),
    grossLossMicros: -sum(losses),
  });
  expect(result.trades.profitFactor).toBe(sum(wins) / -sum(losses));
  expect(result.trades.meanR).toBeCloseTo(mean, 9);
  expect(result.trades.meanRHalfWidth).toBeCloseTo((1.96 * sd) / Math.sqrt(r.length), 9);
  expect(result.run.endingMicros - result.run.startingMicros).toBe(sum(kept));
  expect(result.fillsBeforeSignal).toBe(0);
});

test('C9 a batch the store refused is still held and goes again', () => {
  let broken = true;
  const got: number[] = [];
  const batches = new TradeBatches((batch) => {
    if (broken) throw new Error('disk full');
    got.push(batch.length);
  });
  expect(() => {
    for (let i = 0; i < 100; i += 1) batches.next({} as Trade);
  }).toThrow('disk full');
  broken = false;
  batches.flush();
  expect(got).toEqual([100]);
  expect(batches.waiting).toBe(0);
});

test('C9 a failure names its bar, and what was finished before is handed over', () => {
  const { options, bars } = market(50);
  const kept: Trade[] = [];
  const detector = options.detector as () => ScriptedDetector;
  const failing = (): ScriptedDetector => {
    const inner = detector();
    const onBar = inner.onBar.bind(inner);
    let seen = 0;
    inner.onBar = () => {
      seen += 1;
      if (seen === 300) throw new Error('bad state');
      return onBar();
    };
    return inner;
  };
  const run = new Backtest({ ...options, detector: failing, onTrades: (batch) => kept.push(...batch) });
  expect(() => {
    for (const columns of inColumns(bars)) run.feed(columns);
  }).toThrow(new BacktestFailed(300, new Error('bad state')).message);
  expect(kept.length).toBeGreaterThan(10);
});

test('C9 6 without a loss the profit factor is null, without a trade everything is', () => {
  const statistics = new TradeStatistics();
  expect(statistics.summary()).toMatchObject({
    trades: 0,
    winRate: null,
    winRateInterval: null,
    profitFactor: null,
    meanR: null,
    expectancyMicros: null,
    bestMicros: null,
  });
  statistics.next({
    netPnlMicros: 5,
    netR: 1,
    grossR: 1,
    bars: 3,
    commissionMicros: 0,
    slippageMicros: 0,
    impactMicros: 0,
    borrowMicros: 0,
  } as Trade);
  expect(statistics.summary()).toMatchObject({
    profitFactor: null,
    winRate: 1,
    meanR: 1,
    meanRHalfWidth: null,
    systemQuality: null,
  });
});

function noise(bars: number, seed = 1): BarColumns {
  const columns = createBarColumns(bars);
  new NoiseSource({ seed, startAt: START, barMs: DAY, between: [10, 1000] }).fill(columns, bars);
  return columns;
}

function chunked(columns: BarColumns, size: number): Iterable<BarColumns> {
  const cursor = new BarCursor(columns);
  return inColumns(Array.from({ length: columns.length }, (_, row) => row).map((row) => ({ time: cursor.at(row).time, open: cursor.open, high: cursor.high, low: cursor.low, close: cursor.close, volume: cursor.volume })), size); // prettier-ignore
}

test('BT-7 the same input gives the same hashes for any page size, another input other ones', () => {
  const columns = noise(6_000, 3);
  const run = (source: Iterable<BarColumns>) => {
    const {
      inputHash,
      outputHash,
      trades,
      run: figures,
    } = runBacktest({ instrument, timeframe: '1d', source, inputHasher: sha256(), outputHasher: sha256() });
    return { inputHash, outputHash, trades, figures };
  };
  const whole = run([columns]);
  expect(run(chunked(columns, 97))).toEqual(whole);
  expect(run(chunked(columns, 4_096))).toEqual(whole);
  const other = noise(6_000, 3);
  other.volume[5_500] += 1;
  expect(run([other]).inputHash).not.toBe(whole.inputHash);
  expect(run([noise(6_000, 4)]).outputHash).not.toBe(whole.outputHash);
});

test('1 analysis facts change nothing that is traded', () => {
  const columns = noise(20_000, 5);
  const trades = (analysis: 'full' | 'records'): Trade[] => {
    const kept: Trade[] = [];
    runBacktest({ instrument, timeframe: '1d', analysis, source: [columns], onTrades: (batch) => kept.push(...batch) });
    return kept;
  };
  const full = trades('full');
  expect(full.length).toBeGreaterThan(0);
  expect(trades('records')).toEqual(full);
});

test('TR-9 BT-11 a paper engine fed bar by bar makes the very trades of the backtest', () => {
  const columns = noise(20_000, 5);
  const tested: Trade[] = [];
  runBacktest({ instrument, timeframe: '1d', source: [columns], onTrades: (batch) => tested.push(...batch) });
  const paper: Trade[] = [];
  const account = { id: 'backtest', kind: 'PAPER', currency: 'USD', startingMicros: 100_000_000_000 } as const;
  const engine = createTradingEngine({
    instrument,
    timeframe: '1d',
    account,
    warmupBars: 300,
    sink: () => undefined,
    onTrade: (trade) => paper.push(trade),
  });
  const cursor = new BarCursor(columns);
  for (let row = 0; row < columns.length; row += 1) {
    engine.step(cursor.at(row));
    engine.deliver();
  }
  engine.finish('END_OF_DATA');
  expect(paper).toEqual(tested);
});

test('2 too few bars and none at all are refused by name; a cancelled run says so', () => {
  expect(runBacktest({ instrument, timeframe: '1d', source: [] }).status).toBe('NO_DATA');
  expect(runBacktest({ instrument, timeframe: '1d', source: [noise(349)] }).status).toBe('TOO_FEW_BARS');
  expect(runBacktest({ instrument, timeframe: '1d', source: [noise(350)] }).status).toBe('COMPLETED');
  const seen: number[] = [];
  const cancelled = runBacktest({
    instrument,
    timeframe: '1d',
    source: [noise(5_000)],
    onProgress: ({ bars }) => seen.push(bars) < 3,
  });
  expect(cancelled.status).toBe('CANCELLED');
  expect(cancelled.bars).toBe(768);
  expect(seen).toEqual([256, 512, 768]);
});

test('3 an account that is gone ends the run as RUIN with everything closed', () => {
  const { options, bars } = market(1);
  const short = springTest(60, {
    hypothesis: -1,
    refId: '1:D:UTAD:55',
    id: '1:D:TEST:60',
    prices: { support: 80, resistance: 103, springLow: 103.5, atr: 2, objectives: [79, 78, 77] },
  });
  const detector = (): ScriptedDetector =>
    new ScriptedDetector(
      {
        events: { 60: [short] },
        view: () => ({ range: range(), previous: null, regime: 'RANGING', features: null }),
        transitions: [],
      },
      null,
    );
  const crash = [
    ...bars.slice(0, 61),
    bar(61, [101.5, 102, 101, 101.5]),
    bar(62, [20_000, 20_000, 20_000, 20_000]),
    bar(63, [20_000, 20_000, 20_000, 20_000]),
  ];
  const result = runBacktest({ ...options, detector, source: inColumns(crash) });
  expect(result.status).toBe('RUIN');
  expect(result.bars).toBe(63);
  expect(result.trades.trades).toBe(1);
});

test('7 heap after two hundred thousand bars is that after twenty thousand', () => {
  const source = new NoiseSource({ seed: 9, startAt: START, barMs: DAY, between: [10, 1000] });
  const columns = createBarColumns(4_096);
  const run = new Backtest({
    instrument,
    timeframe: '1d',
    halts: { dailyLossBp: null, drawdownBp: null },
    outputHasher: sha256(),
  });
  const feed = (bars: number): number => {
    for (let done = 0; done < bars; done += 4_096) {
      columns.length = 0;
      source.fill(columns, 4_096);
      run.feed(columns);
    }
    globalThis.gc?.();
    globalThis.gc?.();
    return process.memoryUsage().heapUsed;
  };
  feed(40_000);
  const early = feed(4_096);
  expect(feed(160_000) - early).toBeLessThan(early * 0.05);
});

test('3 M5 the bars keep their order in columns and a full page is handed over before the next begins', () => {
  const pages = [...inColumns(quiet(10), 4)].length;
  expect(pages).toBe(3);
  const columns = createBarColumns(1);
  appendBar(columns, quiet(1)[0]);
  expect(() => appendBar(columns, quiet(1)[0])).toThrow(/full/);
});
