/** How much the records depend on each threshold: the same bars again under a pack that differs in one number. */
import {
  BarCursor,
  createDetectorInContext,
  type BarColumns,
  type DetectionEvent,
  type Instrument,
  type RulePack,
  type Timeframe,
} from '@wyckoff/domain';
import { setImmediate as turn } from 'node:timers/promises';
import { RecordSet, type Difference } from './record-set.ts';
import { thresholdsOf, type Thresholds } from './variants.ts';

/** Bars between two looks at the caller: some ten milliseconds. */
const SLICE = 8_192;

export interface SensitivityJob {
  readonly columns: BarColumns;
  readonly instrument: Instrument;
  readonly timeframe: Timeframe;
  readonly pack: RulePack;
  /** Only this threshold. */
  readonly param?: string;
  readonly signal?: AbortSignal;
  readonly onProgress?: (runsDone: number, runs: number) => void;
}

export interface SweptVariant extends Difference {
  readonly step: string;
  readonly value: number | boolean;
}

export interface SweptThreshold {
  readonly name: string;
  readonly unit: string;
  readonly value: number | boolean;
  /** Mean of 1 - Jaccard over its variants: 0 nothing depends on it, 1 everything. */
  readonly influence: number;
  readonly variants: readonly SweptVariant[];
}

export interface SensitivityReport {
  readonly bars: number;
  readonly records: number;
  readonly tradeable: number;
  /** Most influential first. */
  readonly thresholds: readonly SweptThreshold[];
  readonly skipped: Thresholds['skipped'];
  readonly interrupted: boolean;
}

/** The records of a run did not fit. */
export class TooManyRecords extends Error {}

/** One run at a time; memory is the bars, the records of the base run and those of one variant. */
export async function sensitivity(job: SensitivityJob): Promise<SensitivityReport> {
  const { swept, skipped } = thresholdsOf(job.pack, job.param);
  const runs = 1 + swept.reduce((sum, { variants }) => sum + variants.length, 0);
  let done = 0;
  const base = new RecordSet();
  const run = async (pack: RulePack, hear: (record: DetectionEvent) => void): Promise<boolean> => {
    const whole = await walk(job, pack, hear);
    done += 1;
    job.onProgress?.(done, runs);
    return whole;
  };
  const thresholds: SweptThreshold[] = [];
  let goesOn = await run(job.pack, (record) => {
    if (!base.hear(record))
      throw new TooManyRecords(`expected at most ${base.size} records, were more; sweep a shorter piece of the series`);
  });
  for (const { name, unit, value, variants } of swept) {
    if (!goesOn) break;
    const tried: SweptVariant[] = [];
    for (const variant of variants) {
      const comparison = base.compare();
      goesOn = await run(variant.pack, (record) => comparison.hear(record));
      if (!goesOn) break;
      tried.push({ step: variant.step, value: variant.value, ...comparison.difference() });
    }
    // What was not tried in full is not told.
    if (!goesOn) break;
    thresholds.push({ name, unit, value, influence: influenceOf(tried), variants: tried });
  }
  thresholds.sort((a, b) => b.influence - a.influence || moved(b) - moved(a));
  return { bars: job.columns.length, records: base.size, tradeable: base.tradeable, thresholds, skipped, interrupted: !goesOn };
}

function influenceOf(tried: readonly SweptVariant[]): number {
  return tried.length === 0 ? 0 : tried.reduce((sum, { jaccard }) => sum + 1 - jaccard, 0) / tried.length;
}

function moved({ variants }: SweptThreshold): number {
  return variants.reduce((sum, one) => sum + one.tradeableAdded + one.tradeableRemoved, 0);
}

/** False when it was asked to stop. */
async function walk(job: SensitivityJob, pack: RulePack, hear: (record: DetectionEvent) => void): Promise<boolean> {
  const { columns, instrument, timeframe, signal } = job;
  const detector = createDetectorInContext(instrument, timeframe, { pack });
  const cursor = new BarCursor(columns);
  for (let row = 0; row < columns.length; row++) {
    for (const record of detector.onBar(cursor.at(row))) hear(record);
    if (row % SLICE !== SLICE - 1) continue;
    await turn();
    if (signal?.aborted === true) return false;
  }
  await turn();
  return signal?.aborted !== true;
}
