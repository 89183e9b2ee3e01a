/** Higher-timeframe context: closed bars only, the same in pieces, found out when it cheats. */
import { describe, expect, test } from 'vitest';
import { certifyAll } from '../backtest/certify/certify.ts';
import { runSubject } from '../backtest/certify/run-subject.ts';
import { fullReading } from '../backtest/certify/fact-hash.ts';
import { pieceOf } from '../backtest/certify/transformed.ts';
import type { Subject, SubjectFactory } from '../backtest/certify/subject.ts';
import { createRandom } from '../backtest/synthetic/random.ts';
import { drawSeries } from '../backtest/synthetic/series.ts';
import { BarAggregator } from '../bar/aggregate.ts';
import { TIMEFRAME_MS, type Bar, type Instrument, type Timeframe } from '../bar/bar.ts';
import { BarCursor, type BarColumns } from '../bar/columns.ts';
import { ZoneClock } from '../effort/zone-clock.ts';
import { createDetector, restoreDetector, type Detector, type DetectorOptions } from '../wyckoff/detector.ts';
import type { DetectionEvent } from '../wyckoff/event.ts';
import { noiseColumns } from '../backtest/noise.ts';
import { HIGHER_TIMEFRAMES } from './higher-timeframe.ts';
import { createDetectorInContext, restoreDetectorInContext } from './htf-detector.ts';

const COIN: Instrument = { symbol: 'C', assetClass: 'CRYPTO', timeZone: 'UTC', volumeReliability: 'HIGH' };
const RULES = { pack: 'classic' } as const;

/** Noise spaced like a timeframe, from a Monday on. */
function bars(timeframe: Timeframe, count: number, seed = 3): BarColumns {
  const columns = noiseColumns(seed, count);
  for (let row = 0; row < count; row++) columns.time[row] = Date.UTC(2018, 0, 1) + row * TIMEFRAME_MS[timeframe];
  return columns;
}

function recordsOf(detector: Detector, columns: BarColumns): DetectionEvent[] {
  const cursor = new BarCursor(columns);
  return Array.from({ length: columns.length }, (_, row) => detector.onBar(cursor.at(row))).flat();
}

const adjusted = (records: readonly DetectionEvent[]): DetectionEvent[] =>
  records.filter((record) => 'htf' in record.adjustments);

function drain<T>(steps: Generator<unknown, T>): T {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

const factory = (timeframe: Timeframe): SubjectFactory => {
  const options = (test: Parameters<SubjectFactory['create']>[0] = {}): DetectorOptions => ({
    ...RULES,
    ...(test.emitCandidates === true ? { emitCandidates: true } : {}),
    ...(test.mirrorBase === undefined ? {} : { params: { symmetric: true, percentBase: test.mirrorBase } }),
  });
  return {
    create: (test) => createDetectorInContext(COIN, timeframe, options(test)),
    restore: (bytes, test) => restoreDetectorInContext(bytes, COIN, timeframe, options(test)),
  };
};

describe('8.1 higher timeframe', () => {
  test('8.1 it is at most two timeframes, each longer than the one below', () => {
    for (const [from, higher] of Object.entries(HIGHER_TIMEFRAMES)) {
      expect(higher.length).toBeLessThanOrEqual(2);
      for (const to of higher) expect(TIMEFRAME_MS[to]).toBeGreaterThan(TIMEFRAME_MS[from as Timeframe]);
    }
    expect(HIGHER_TIMEFRAMES['1w']).toEqual([]);
  });

  test('8.1 context is what another engine fed with closed bars says, and nothing else', () => {
    const columns = bars('1h', 12_000);
    const cursor = new BarCursor(columns);
    const own = createDetector(COIN, '1h', RULES);
    const higher = (['4h', '1d'] as const).map((to) => {
      const detector = createDetector(COIN, to, RULES);
      const onClosed = (bar: Bar, incomplete: boolean): void => void (incomplete || detector.onBar(bar));
      return {
        detector,
        made: new BarAggregator({ instrument: COIN, from: '1h', to, clockOf: (zone) => new ZoneClock(zone), onClosed }),
      };
    });
    const expected: DetectionEvent[] = [];
    for (let row = 0; row < columns.length; row++) {
      const bar = cursor.at(row);
      for (const { made } of higher) made.push(bar);
      const leading = higher
        .map(({ detector }) => detector.view().range?.hypotheses.find((side) => side.leading))
        .find((side) => side !== undefined);
      const htf =
        leading === undefined
          ? null
          : { hypothesis: leading.hypothesis, phase: leading.phase, confidence: leading.phaseConfidence };
      expected.push(...own.onBar(bar, { htf }));
    }
    const records = recordsOf(createDetectorInContext(COIN, '1h', RULES), columns);
    expect(records).toEqual(expected);
    expect(adjusted(records).length).toBeGreaterThan(3);
    expect(records).not.toEqual(recordsOf(createDetector(COIN, '1h', RULES), columns));
  });

  test('8.1 neutral until a hypothesis leads above, and always at the top', () => {
    const columns = bars('1h', 400);
    expect(recordsOf(createDetectorInContext(COIN, '1h', RULES), columns)).toEqual(
      recordsOf(createDetector(COIN, '1h', RULES), columns),
    );
    const weeks = bars('1w', 3_000);
    expect(recordsOf(createDetectorInContext(COIN, '1w', RULES), weeks)).toEqual(
      recordsOf(createDetector(COIN, '1w', RULES), weeks),
    );
  });

  test('8.1 a context given from outside comes before the aggregated one', () => {
    const columns = bars('1d', 4_000);
    const cursor = new BarCursor(columns);
    const one = createDetectorInContext(COIN, '1d', RULES);
    for (let row = 0; row < columns.length; row++)
      for (const record of one.onBar(cursor.at(row), { htf: null })) expect(record.adjustments).not.toHaveProperty('htf');
  });

  test('P1 prefix equality at random cuts, context included', () => {
    const columns = bars('4h', 6_000);
    const run = (until: number): Float64Array =>
      drain(runSubject(factory('4h').create(), pieceOf(columns, 0, until), { reading: fullReading() }));
    const all = run(columns.length);
    const random = createRandom(11, 1);
    for (let i = 0; i < 5; i++) {
      const cut = random.integer(1, columns.length);
      expect(run(cut)).toEqual(all.slice(0, cut));
    }
    expect(adjusted(recordsOf(createDetectorInContext(COIN, '4h', RULES), columns)).length).toBeGreaterThan(0);
  });

  test('P2 9.3 restored every 211th bar it says the same; bytes of another timeframe are refused', () => {
    const columns = bars('15m', 20_000);
    const straight = recordsOf(createDetectorInContext(COIN, '15m', RULES), columns);
    const cursor = new BarCursor(columns);
    let detector = createDetectorInContext(COIN, '15m', RULES);
    const pieces: DetectionEvent[] = [];
    for (let row = 0; row < columns.length; row++) {
      pieces.push(...detector.onBar(cursor.at(row)));
      if (row % 211 === 0) detector = restoreDetectorInContext(detector.snapshot(), COIN, '15m', RULES);
    }
    expect(pieces).toEqual(straight);
    expect(() => restoreDetectorInContext(detector.snapshot(), COIN, '1w', RULES)).toThrow(/snapshot/);
    expect(() => restoreDetectorInContext(detector.snapshot(), COIN, '30m', RULES)).toThrow(
      /snapshot: expected the same instrument/,
    );
    expect(() => restoreDetectorInContext(createDetector(COIN, '15m', RULES).snapshot(), COIN, '15m', RULES)).toThrow(
      /parts above/,
    );
  });

  test('P4 state is of one size: 3 x 32 KB at most, the same after 60,000 bars as after 6,000', () => {
    const sizes = [6_000, 60_000].map((count) => {
      const detector = createDetectorInContext(COIN, '15m', RULES);
      recordsOf(detector, bars('15m', count));
      return detector.snapshot().length;
    });
    expect(sizes[1]).toBe(sizes[0]);
    expect(sizes[0]).toBeLessThan(3 * 32_768);
  });

  test('CRT-2 every certificate passes with context on', () => {
    const { columns } = drawSeries({ schematic: 'all', seed: 5, number: 1, bars: 700, noise: 'moderate' });
    const report = certifyAll({ factory: factory('1d'), columns });
    expect(report.certificates.filter((one) => one.verdict !== 'PASS')).toEqual([]);
    expect(report.verdict).toBe('PASS');
  });
});

/** The cheat: hears a bar of the timeframe above as soon as it opens, with the close it will have. */
class HearsTheUnfinishedBar implements Subject {
  readonly #own: Detector;
  readonly #above: Detector;
  readonly #parts: number;

  constructor(parts: number, bytes?: Uint8Array) {
    this.#parts = parts;
    this.#own = bytes === undefined ? createDetector(COIN, '1h', RULES) : restoreDetector(bytes, COIN, '1h', RULES);
    this.#above = createDetector(COIN, '4h', RULES);
  }

  onBar(bar: Bar): readonly DetectionEvent[] {
    if (!('row' in bar && 'at' in bar)) throw new Error('expected a cursor over columns');
    const cursor = bar as BarCursor;
    const { row } = cursor;
    if (row % this.#parts === 0) this.#above.onBar(whole(cursor, row, this.#parts));
    cursor.at(row);
    return this.#own.onBar(bar, { htf: this.#above.leading(null) });
  }

  snapshot = (): Uint8Array => this.#own.snapshot();
  view = (): ReturnType<Detector['view']> => this.#own.view();
  glance = (): ReturnType<Detector['glance']> => this.#own.glance();
  transitions = (sinceSeq: number): ReturnType<Detector['transitions']> => this.#own.transitions(sinceSeq);
  get bars(): number {
    return this.#own.bars;
  }
  get revision(): number {
    return this.#own.revision;
  }
}

function whole(cursor: BarCursor, row: number, parts: number): Bar {
  const list = Array.from({ length: parts }, (_, i) => {
    const { time, open, high, low, close, volume } = cursor.at(row + i);
    return { time, open, high, low, close, volume };
  }).filter((bar) => bar.high > 0);
  return {
    time: list[0].time,
    open: list[0].open,
    high: Math.max(...list.map((bar) => bar.high)),
    low: Math.min(...list.map((bar) => bar.low)),
    close: list[list.length - 1].close,
    volume: list.reduce((sum, bar) => sum + bar.volume, 0),
  };
}

test('BT-1 the twin that uses the unfinished bar of the timeframe above is found out; the honest one is not', () => {
  const columns = bars('1h', 9_000);
  const cheat: SubjectFactory = {
    create: () => new HearsTheUnfinishedBar(4),
    restore: (bytes) => new HearsTheUnfinishedBar(4, bytes),
  };
  const only = ['poisoned-future'] as const;
  const report = certifyAll({ factory: cheat, columns, only });
  expect(report.certificates[0].verdict).toBe('FAIL');
  expect(certifyAll({ factory: factory('1h'), columns, only }).certificates[0].verdict).toBe('PASS');
});
