/** Runs the detector over labelled bars, series by series, and reports how well it did. */
import {
  AccuracyMeter,
  BarCursor,
  createDetector,
  createDetectorInContext,
  TIMEFRAMES,
  type AccuracyReport,
  type AssetClass,
  type Example,
  type RulePack,
  type Timeframe,
} from '@wyckoff/domain';
import { setImmediate as turn } from 'node:timers/promises';
import { labelsPathOf, readLabels } from '../../feeds/parquet/labels.ts';
import { ParquetRefused } from '../../feeds/parquet/parquet-refused.ts';
import { ParquetTable } from '../../feeds/parquet/parquet-table.ts';
import { readBars, seriesOf } from '../../feeds/parquet/read-bars.ts';

export interface AccuracyJob {
  readonly input: string;
  /** Default: beside the input. */
  readonly labels?: string;
  readonly rules: RulePack | 'strict' | 'classic';
  readonly assetClass: AssetClass;
  readonly tolerance?: number;
  readonly minConfidence?: number;
  readonly seed?: number;
  /** The detector of one timeframe only, without those above it that every other run hears. */
  readonly alone?: boolean;
  readonly signal?: AbortSignal;
  readonly onProgress?: (barsDone: number, bars: number) => void;
  readonly onExample?: (example: Example) => void;
}

export interface AccuracyResult {
  readonly report: AccuracyReport;
  /** The bars or labels say that they are synthetic. */
  readonly synthetic: boolean;
  readonly interrupted: boolean;
}

/**
 * The detector is that of detect, backtest and live: it hears the timeframes above it, unless it is asked for `alone`.
 * Memory is that of one chunk of bars and the labels of one series, whatever the size of the file.
 */
export async function accuracy(job: AccuracyJob): Promise<AccuracyResult> {
  await using bars = await ParquetTable.open(job.input);
  await using labels = await ParquetTable.open(job.labels ?? labelsPathOf(job.input));
  const meter = new AccuracyMeter({
    ...(job.tolerance === undefined ? {} : { tolerance: job.tolerance }),
    ...(job.minConfidence === undefined ? {} : { minConfidence: job.minConfidence }),
    ...(job.seed === undefined ? {} : { seed: job.seed }),
    ...(job.onExample === undefined ? {} : { onExample: job.onExample }),
  });
  const cursor = new BarCursor(EMPTY);
  const create = job.alone === true ? createDetector : createDetectorInContext;
  let done = 0;
  for (const series of await seriesOf(bars)) {
    const timeframe = timeframeOf(series.timeframe, job.input);
    const symbol = series.symbol ?? 'FILE';
    const instrument = { symbol, assetClass: job.assetClass, timeZone: 'UTC' };
    const found = await readLabels(labels, series.symbol, series.timeframe);
    meter.begin({ symbol, timeframe, labels: found, detector: create(instrument, timeframe, { pack: job.rules }) });
    for await (const chunk of readBars(bars, series)) {
      cursor.over(chunk);
      for (let row = 0; row < chunk.length; row++) meter.next(cursor.at(row));
      done += chunk.length;
      job.onProgress?.(done, bars.rows);
      await turn();
      if (job.signal?.aborted === true) break;
    }
    meter.end();
    if (job.signal?.aborted === true) break;
  }
  const synthetic = [bars, labels].some((table) => table.metadata.get('synthetic') === 'true');
  return { report: meter.report(), synthetic, interrupted: job.signal?.aborted === true };
}

const NOTHING = new Float64Array(0);
const EMPTY = { time: NOTHING, open: NOTHING, high: NOTHING, low: NOTHING, close: NOTHING, volume: NOTHING, length: 0 };

function timeframeOf(name: string | null, path: string): Timeframe {
  const found = TIMEFRAMES.find((timeframe) => timeframe === (name ?? '1d'));
  if (found !== undefined) return found;
  throw new ParquetRefused('PARQUET_TYPE', path, {
    sentence: `Column timeframe: expected one of ${TIMEFRAMES.join(' ')}, was ${String(name)}.`,
    remedy: 'Correct the column.',
  });
}
