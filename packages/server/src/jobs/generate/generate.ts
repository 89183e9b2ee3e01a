/** Writes labelled synthetic bars: F.parquet and, beside it, F.labels.parquet. */
import { drawSeries, type NoiseLevel, type SchematicChoice } from '@wyckoff/domain';
import { setImmediate as turn } from 'node:timers/promises';
import { LABEL_COLUMNS, labelColumns, labelsPathOf } from '../../feeds/parquet/labels.ts';
import { TableWriter, type ColumnPlan } from '../../feeds/parquet/write-table.ts';

export interface GenerateJob {
  readonly schematic: SchematicChoice;
  readonly seed: number;
  readonly symbols: number;
  readonly bars: number;
  readonly noise: NoiseLevel;
  readonly out: string;
  readonly signal?: AbortSignal;
  readonly onProgress?: (symbolsDone: number, symbols: number) => void;
}

export interface Generated {
  readonly synthetic: true;
  readonly bars: string;
  readonly labels: string;
  readonly seed: number;
  readonly noise: NoiseLevel;
  readonly schematic: SchematicChoice;
  readonly symbols: number;
  readonly barRows: number;
  readonly labelRows: number;
  /** Event labels per kind; AMBIGUOUS and INCORRECT ones apart. */
  readonly kinds: Readonly<Record<string, number>>;
  readonly interrupted: boolean;
}

const BAR_COLUMNS: readonly ColumnPlan[] = [
  { name: 'symbol', type: 'text' },
  { name: 'timeframe', type: 'text' },
  { name: 'ts', type: 'time' },
  { name: 'open', type: 'float' },
  { name: 'high', type: 'float' },
  { name: 'low', type: 'float' },
  { name: 'close', type: 'float' },
  { name: 'volume', type: 'float' },
];

/** Gives way to the event loop after each symbol; an abort completes the files with the symbols drawn so far. */
export async function generate(job: GenerateJob): Promise<Generated> {
  const labelsPath = labelsPathOf(job.out);
  const metadata = {
    synthetic: 'true',
    source: 'wyckoff generate',
    seed: String(job.seed),
    schematic: job.schematic,
    noise: job.noise,
  };
  await using bars = await TableWriter.create(job.out, BAR_COLUMNS, metadata);
  await using labels = await TableWriter.create(labelsPath, LABEL_COLUMNS, metadata);
  const kinds: Record<string, number> = {};
  let symbols = 0;
  while (symbols < job.symbols && job.signal?.aborted !== true) {
    symbols += 1;
    const series = drawSeries({ ...job, number: symbols });
    const { columns, symbol, timeframe } = series;
    const rows = columns.length;
    await bars.write([
      new Array<string>(rows).fill(symbol),
      new Array<string>(rows).fill(timeframe),
      columns.time,
      columns.open,
      columns.high,
      columns.low,
      columns.close,
      columns.volume,
    ]);
    await labels.write(labelColumns(series.labels));
    for (const label of series.labels) {
      const key = label.verdict === 'AMBIGUOUS' ? `${label.kind} (ambiguous)` : label.kind;
      kinds[key] = (kinds[key] ?? 0) + 1;
    }
    job.onProgress?.(symbols, job.symbols);
    await turn();
  }
  await bars.finish();
  await labels.finish();
  return {
    synthetic: true,
    bars: job.out,
    labels: labelsPath,
    seed: job.seed,
    noise: job.noise,
    schematic: job.schematic,
    symbols,
    barRows: bars.rows,
    labelRows: labels.rows,
    kinds,
    interrupted: symbols < job.symbols,
  };
}
