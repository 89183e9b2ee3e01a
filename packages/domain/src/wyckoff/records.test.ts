/** Records are read-only by their type; frozen one by one, they show that nobody writes into one that was handed over. */
import { expect, test } from 'vitest';
import { noiseColumns } from '../backtest/noise.ts';
import { runBacktest } from '../backtest/run-backtest.ts';
import type { Bar, Instrument } from '../bar/bar.ts';
import type { BarContext } from './context.ts';
import { StreamingDetector } from './detector.ts';
import { EVENT_KINDS, kindCode, REASON_CODES, reasonCode, type DetectionEvent } from './event.ts';
import { Study } from './study.ts';

const STOCK: Instrument = { symbol: 'NOISE', assetClass: 'STOCK', timeZone: 'UTC' };

function freezeAll(value: unknown): void {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return;
  Object.freeze(value);
  for (const part of Object.values(value)) freezeAll(part);
}

/** A real detector whose records throw when they are written into. */
class FreezingDetector extends StreamingDetector {
  heard = 0;

  override onBar(bar: Bar, ctx?: BarContext): readonly DetectionEvent[] {
    const records = super.onBar(bar, ctx);
    freezeAll(records);
    this.heard += records.length;
    return records;
  }
}

function study(): Study {
  return new Study(STOCK, '1d', { pack: 'classic' });
}

function backtest(detector: StreamingDetector) {
  return runBacktest({ instrument: STOCK, timeframe: '1d', detector: () => detector, source: [noiseColumns(3, 20_000)] });
}

test('TRD-1 whoever is handed a record leaves it as it was: a backtest over frozen ones is the same', () => {
  const frozen = new FreezingDetector(study());
  const plain = new StreamingDetector(study());
  expect(backtest(frozen).trades).toEqual(backtest(plain).trades);
  expect(frozen.heard).toBeGreaterThan(500);
  expect(frozen.snapshot()).toEqual(plain.snapshot());
});

test('TRD-1 the twin: whoever writes into one is caught', () => {
  class Scribbler extends FreezingDetector {
    override onBar(bar: Bar, ctx?: BarContext): readonly DetectionEvent[] {
      const records = super.onBar(bar, ctx);
      for (const record of records) (record.reasons as string[]).push('SCRIBBLED');
      return records;
    }
  }
  expect(() => backtest(new Scribbler(study()))).toThrow(/not extensible/);
});

test('P3 every kind and reason has its place in its list as its code', () => {
  expect(EVENT_KINDS.map(kindCode)).toEqual([...EVENT_KINDS.keys()]);
  expect(REASON_CODES.map(reasonCode)).toEqual([...REASON_CODES.keys()]);
});
