import { expect, test } from 'vitest';
import { BarCursor, createBarColumns } from '../bar/columns.ts';
import type { BarColumns } from '../bar/columns.ts';
import type { DetectorPort } from '../engine/detector-port.ts';
import { DAY, START, springTest } from '../engine/kit/scripted-market.ts';
import { createTradingEngine } from '../engine/trading-engine.ts';
import type { DetectionEvent } from '../wyckoff/event.ts';
import { checkLookAhead } from './look-ahead.ts';
import type { Subject } from './look-ahead.ts';
import { NoiseSource } from './noise.ts';

const instrument = { symbol: 'TEST', assetClass: 'STOCK', timeZone: 'UTC' } as const;

function noise(bars: number): BarColumns {
  const columns = createBarColumns(bars);
  new NoiseSource({ seed: 2, startAt: START, barMs: DAY }).fill(columns, bars);
  return columns;
}

/** The whole engine, with the detector made for the columns it runs over. */
function engineOver(detectorFor: ((columns: BarColumns) => DetectorPort) | null): Subject {
  return (columns, tell) => {
    const account = { id: 'a', kind: 'BACKTEST', currency: 'USD', startingMicros: 100_000_000_000 } as const;
    const detector = detectorFor === null ? {} : { detector: () => detectorFor(columns) };
    const engine = createTradingEngine({ instrument, timeframe: '1d', account, sink: tell, ...detector });
    const cursor = new BarCursor(columns);
    return {
      step(row) {
        engine.step(cursor.at(row));
        engine.deliver();
        return engine.equityMicros;
      },
    };
  };
}

/** A detector that tells a record whenever its condition over the columns holds. */
function teller(holds: (columns: BarColumns, row: number) => boolean): (columns: BarColumns) => DetectorPort {
  return (columns) => {
    let row = -1;
    const none: readonly DetectionEvent[] = [];
    return {
      onBar() {
        row += 1;
        return holds(columns, row) ? [springTest(row, { kind: 'ST' })] : none;
      },
      revision: 0,
      glance: () => ({ range: null, previous: null, regime: null, features: null }),
      transitions: () => [],
      snapshot: () => new Uint8Array(0),
    };
  };
}

test('BT-1 the engine with the real detector passes over every bar', () => {
  const report = checkLookAhead(noise(4_000), engineOver(null));
  expect(report).toMatchObject({ verdict: 'PASS', mismatchCount: 0, level: 'quick' });
  expect(report.barsCompared).toBe(4_000 + report.cut);
  expect(report.factsCompared).toBeGreaterThan(500);
  expect(report.cut).toBeGreaterThanOrEqual(1_200);
  expect(report.cut).toBeLessThanOrEqual(2_800);
});

test('BT-1 an honest condition passes', () => {
  expect(checkLookAhead(noise(1_000), engineOver(teller((c, row) => row > 0 && c.close[row] > c.close[row - 1]))).verdict).toBe(
    'PASS',
  );
});

test.each<[string, (columns: BarColumns, row: number) => boolean]>([
  ['reads the next close', (c, row) => c.close[row + 1] > c.close[row]],
  [
    'uses a pivot that is not confirmed',
    (c, row) => row > 2 && [-2, -1, 1, 2].every((k) => c.high[row] > (c.high[row + k] ?? 0)),
  ],
  [
    'uses the unfinished bar of the higher timeframe',
    (c, row) => {
      const first = row - (row % 5);
      return Math.max(...c.high.slice(first, first + 5)) > c.high[row] * 1.02;
    },
  ],
  ['knows how long the series is', (c, row) => row > c.length * 0.9],
])('BT-1 the twin that %s fails', (_name, cheat) => {
  const report = checkLookAhead(noise(1_000), engineOver(teller(cheat)));
  expect(report.verdict).toBe('FAIL');
  expect(report.mismatches.length).toBeGreaterThan(0);
  expect(report.mismatches.length).toBeLessThanOrEqual(20);
});

test('BT-1 nothing compared is not a PASS', () => {
  expect(checkLookAhead(createBarColumns(0), engineOver(null)).verdict).toBe('NOT_RUN');
});
