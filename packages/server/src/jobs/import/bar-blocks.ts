/** A file as blocks of bars, each ready for the store, however large the file is: the next is read when the last was taken. */
import { ZoneClock, type BarColumns, type EpochMs, type Timeframe } from '@wyckoff/domain';
import { open } from 'node:fs/promises';
import { Exit, EXIT } from '../../cli/exit-codes.ts';
import { symbolOf } from '../../cli/bar-options.ts';
import { CsvParser } from '../../feeds/csv/csv-parser.ts';
import { refusedRows, type CsvProblem } from '../../feeds/csv/report.ts';
import { ParquetTable } from '../../feeds/parquet/parquet-table.ts';
import { readBars, seriesOf } from '../../feeds/parquet/read-bars.ts';
import { BarSieve } from './bar-sieve.ts';
import type { InputFile } from './input-files.ts';

/** Bars of a block: one import of the store, so that its bookkeeping is paid once for many. */
const BLOCK_BARS = 262_144;
const CHUNK_BYTES = 1_048_576;

/** Rows seen so far. `read = accepted + refused + merged`. */
export interface BlockCounts {
  readonly read: number;
  readonly accepted: number;
  readonly refused: number;
  /** Rows that repeat, or correct, a bar of the same block. */
  readonly duplicates: number;
  readonly corrected: number;
}

/** One series of one file. */
export interface BarBlocks {
  readonly symbol: string;
  /** Null: the file does not say. */
  readonly timeframe: Timeframe | null;
  /** Views, valid until the next block is asked for. */
  blocks(): AsyncGenerator<BarColumns, void>;
  readonly counts: BlockCounts;
  /** Bytes (CSV) or rows (Parquet) done, and in all; 0: unknown. */
  readonly done: number;
  readonly total: number;
}

export interface BlockOptions {
  readonly now: EpochMs;
  readonly symbol?: string;
  readonly withText: boolean;
  /** Zone of hours without one in a CSV file. */
  readonly timeZone?: string;
  readonly onProblem: (problem: CsvProblem) => void;
}

/** The series of a file; of a CSV file one, of a Parquet file as many as it has. */
export async function* seriesIn(file: InputFile, options: BlockOptions): AsyncGenerator<BarBlocks, void> {
  if (file.kind === 'csv') {
    yield new CsvBlocks(file, options);
    return;
  }
  await using table = await ParquetTable.open(file.path);
  const found = await seriesOf(table);
  if (found.length === 0) throw new Exit(EXIT.failed, `${file.path}: the file has no rows.`);
  if (options.symbol !== undefined && found.length > 1 && !found.some(({ symbol }) => symbol === options.symbol))
    throw new Exit(EXIT.usage, `${file.path} has no series ${options.symbol}: it has ${found.map(({ symbol }) => symbol ?? '(nameless)').slice(0, 10).join(', ')}.`); // prettier-ignore
  for (const { symbol, timeframe, rows } of found) {
    if (found.length > 1 && options.symbol !== undefined && symbol !== options.symbol) continue;
    yield new ParquetBlocks({ table, key: { symbol, timeframe }, rows, file, options });
  }
}

class CsvBlocks implements BarBlocks {
  readonly symbol: string;
  readonly timeframe = null;
  readonly total: number;
  done = 0;
  readonly #file: InputFile;
  readonly #parser: CsvParser;

  constructor(file: InputFile, options: BlockOptions) {
    this.#file = file;
    this.total = file.bytes;
    this.symbol = symbolOf({ input: file.path, ...(options.symbol !== undefined && { symbol: options.symbol }) });
    const { now, withText, onProblem, timeZone } = options;
    const zone = timeZone === undefined || timeZone === 'UTC' ? {} : { zone: new ZoneClock(timeZone) };
    this.#parser = new CsvParser({ now, withText, onProblem, ...zone });
  }

  get counts(): BlockCounts {
    const { report } = this.#parser;
    const { rows: read, accepted, duplicates, corrected } = report;
    return { read, accepted, refused: refusedRows(report), duplicates, corrected };
  }

  async *blocks(): AsyncGenerator<BarColumns, void> {
    for await (const chunk of this.#chunks()) {
      this.#parser.write(chunk);
      this.done += chunk.length;
      if (this.#parser.held >= BLOCK_BARS) yield this.#parser.drain();
      if (this.#parser.stopped) break;
    }
    const answer = this.#parser.end();
    if (!answer.ok) {
      const isUsage = answer.code === 'CSV_COLUMNS' || answer.code === 'CSV_UNREADABLE';
      throw new Exit(isUsage ? EXIT.usage : EXIT.failed, `${this.#file.path}: ${answer.sentence} ${answer.remedy}`);
    }
    if (answer.columns.length > 0) yield answer.columns;
  }

  async *#chunks(): AsyncGenerator<Uint8Array, void> {
    if (this.#file.path === '-') {
      for await (const chunk of process.stdin) yield chunk as Uint8Array;
      return;
    }
    const file = await open(this.#file.path, 'r');
    try {
      const chunk = new Uint8Array(CHUNK_BYTES);
      for (;;) {
        const { bytesRead } = await file.read(chunk, 0, CHUNK_BYTES, null);
        if (bytesRead === 0) return;
        yield chunk.subarray(0, bytesRead);
      }
    } finally {
      await file.close();
    }
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
  readonly total: number;
  readonly #part: ParquetPart;
  readonly #sieve: BarSieve;

  constructor(part: ParquetPart) {
    this.#part = part;
    const { key, file, options } = part;
    this.total = part.rows;
    const given = options.symbol ?? key.symbol ?? undefined;
    this.symbol = symbolOf({ input: file.path, ...(given !== undefined && { symbol: given.toUpperCase() }) });
    this.timeframe = key.timeframe as Timeframe | null;
    this.#sieve = new BarSieve(options.now, options.onProblem);
  }

  get done(): number {
    return this.#sieve.counts.read;
  }

  get counts(): BlockCounts {
    return this.#sieve.counts;
  }

  async *blocks(): AsyncGenerator<BarColumns, void> {
    const { table, key } = this.#part;
    for await (const chunk of readBars(table, { ...key, chunkSize: BLOCK_BARS })) {
      this.#sieve.pass(chunk);
      if (chunk.length > 0) yield chunk;
    }
  }
}
