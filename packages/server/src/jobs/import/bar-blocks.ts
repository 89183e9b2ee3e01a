/** A file as blocks of bars, each ready for the store, however large the file is: the next is read when the last was taken. */
import type { BarColumns, Timeframe } from '@wyckoff/domain';
import { Exit, EXIT } from '../../cli/exit-codes.ts';
import { ParquetTable } from '../../feeds/parquet/parquet-table.ts';
import { readBars, seriesOf } from '../../feeds/parquet/read-bars.ts';
import { BarSieve } from './bar-sieve.ts';
import { BLOCK_BARS, symbolSaid, timeframeSaid, type BarBlocks, type BlockCounts, type BlockOptions } from './blocks.ts';
import { namedBy } from './file-name.ts';
import type { InputFile } from './input-files.ts';
import { TextBlocks } from './text-blocks.ts';

/** The series of a file; of an NDJSON file one, of the others as many as they have. */
export async function* seriesIn(file: InputFile, options: BlockOptions): AsyncGenerator<BarBlocks, void> {
  if (file.kind !== 'parquet') {
    yield* TextBlocks.each(file, options);
    return;
  }
  await using table = await ParquetTable.open(file.path);
  const found = await seriesOf(table, options.map);
  if (found.length === 0) throw new Exit(EXIT.failed, `${file.path}: the file has no rows.`);
  if (options.symbol !== undefined && found.length > 1 && !found.some(({ symbol }) => symbol === options.symbol))
    throw new Exit(EXIT.usage, `${file.path} has no series ${options.symbol}: it has ${found.map(({ symbol }) => symbol ?? '(nameless)').slice(0, 10).join(', ')}.`); // prettier-ignore
  for (const { symbol, timeframe, rows } of found) {
    if (found.length > 1 && options.symbol !== undefined && symbol !== options.symbol) continue;
    yield new ParquetBlocks({ table, key: { symbol, timeframe }, rows, file, options });
  }
}

interface ParquetPart {
  readonly table: ParquetTable;
  readonly key: { readonly symbol: string | null; readonly timeframe: string | null };
  readonly rows: number;
  readonly file: InputFile;
  readonly options: BlockOptions;
}

class ParquetBlocks implements BarBlocks {
  readonly symbol: string;
  readonly timeframe: Timeframe | null;
  readonly namedTimeframe: Timeframe | null;
  readonly total: number;
  readonly #part: ParquetPart;
  readonly #sieve: BarSieve;

  constructor(part: ParquetPart) {
    this.#part = part;
    const { key, file, options } = part;
    this.total = part.rows;
    const named = namedBy(file.path);
    this.symbol = options.symbol ?? (key.symbol === null ? named.symbol : symbolSaid(key.symbol, file.path));
    this.timeframe = timeframeSaid(key.timeframe, file.path);
    this.namedTimeframe = named.timeframe;
    this.#sieve = new BarSieve(options.now, options.onProblem);
  }

  get done(): number {
    return this.#sieve.counts.read;
  }

  get counts(): BlockCounts {
    return this.#sieve.counts;
  }

  async *blocks(): AsyncGenerator<BarColumns, void> {
    const { table, key, options } = this.#part;
    const { map } = options;
    for await (const chunk of readBars(table, { ...key, chunkSize: BLOCK_BARS, ...(map !== undefined && { map }) })) {
      this.#sieve.pass(chunk);
      if (chunk.length > 0) yield chunk;
    }
  }
}
