/** A CSV or NDJSON file as blocks of bars: read piece by piece, whatever its size. */
import { ZoneClock, type BarColumns, type Timeframe } from '@wyckoff/domain';
import { open } from 'node:fs/promises';
import { Exit, EXIT } from '../../cli/exit-codes.ts';
import { CsvParser } from '../../feeds/csv/csv-parser.ts';
import { refusedRows, type CsvProblem } from '../../feeds/csv/report.ts';
import { BLOCK_BARS, symbolSaid, timeframeSaid, type BarBlocks, type BlockCounts, type BlockOptions } from './blocks.ts';
import { namedBy } from './file-name.ts';
import type { InputFile } from './input-files.ts';
import { NdjsonLines, rowIn, seriesIn, type NdjsonSeries } from './ndjson-lines.ts';

const CHUNK_BYTES = 1_048_576;
/** Looked at for what an NDJSON file says of itself. */
const HEAD_BYTES = 65_536;
const NAMELESS: NdjsonSeries = { symbol: null, timeframe: null };

export class TextBlocks implements BarBlocks {
  readonly symbol: string;
  readonly timeframe: Timeframe | null;
  readonly namedTimeframe: Timeframe | null;
  readonly total: number;
  done = 0;
  readonly #file: InputFile;
  readonly #parser: CsvParser;
  readonly #lines: NdjsonLines | null;

  private constructor(file: InputFile, options: BlockOptions, said: NdjsonSeries) {
    this.#file = file;
    this.total = file.bytes;
    const named = namedBy(file.path);
    this.symbol = options.symbol ?? (said.symbol === null ? named.symbol : symbolSaid(said.symbol, file.path));
    this.timeframe = timeframeSaid(said.timeframe, file.path);
    this.namedTimeframe = named.timeframe;
    const { now, withText, timeZone } = options;
    const zone = timeZone === undefined || timeZone === 'UTC' ? {} : { zone: new ZoneClock(timeZone) };
    const onProblem = file.kind === 'csv' ? options.onProblem : (problem: CsvProblem) => options.onProblem(this.#inFile(problem, withText)); // prettier-ignore
    this.#parser = new CsvParser({ now, withText, onProblem, ...zone });
    this.#lines = file.kind === 'csv' ? null : new NdjsonLines(this.#parser);
  }

  static async open(file: InputFile, options: BlockOptions): Promise<TextBlocks> {
    return new TextBlocks(file, options, file.kind === 'csv' ? NAMELESS : await firstSeries(file.path));
  }

  get counts(): BlockCounts {
    const { report } = this.#parser;
    const { rows: read, accepted, duplicates, corrected } = report;
    return { read, accepted, refused: refusedRows(report), duplicates, corrected };
  }

  async *blocks(): AsyncGenerator<BarColumns, void> {
    const into = this.#lines ?? this.#parser;
    for await (const chunk of this.#chunks()) {
      into.write(chunk);
      this.done += chunk.length;
      if (this.#parser.held >= BLOCK_BARS) yield this.#parser.drain();
      if (this.#parser.stopped) break;
    }
    this.#lines?.end();
    const answer = this.#parser.end();
    if (!answer.ok) {
      const isUsage = answer.code === 'CSV_COLUMNS' || answer.code === 'CSV_UNREADABLE';
      throw new Exit(isUsage ? EXIT.usage : EXIT.failed, `${this.#file.path}: ${answer.sentence} ${answer.remedy}`);
    }
    if (answer.columns.length > 0) yield answer.columns;
  }

  /** The parser has read one line more than the file has: a header. What is refused is told with the line that stands in the file. */
  #inFile({ line, code, detail, text }: CsvProblem, withText: boolean): CsvProblem {
    const lines = this.#lines;
    const shown = withText && text !== undefined && lines !== null ? { text: lines.text.slice(0, 1_000) } : {};
    return { line: line - 1, code, detail: lines?.wrong ?? detail, ...shown };
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

/** Of the first line that is an object. */
async function firstSeries(path: string): Promise<NdjsonSeries> {
  const file = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await file.read(new Uint8Array(HEAD_BYTES), 0, HEAD_BYTES, 0);
    for (const line of new TextDecoder().decode(buffer.subarray(0, bytesRead)).split('\n')) {
      const row = rowIn(line.replace(/^\uFEFF/, ''));
      if (row !== null) return seriesIn(row);
    }
    return NAMELESS;
  } finally {
    await file.close();
  }
}
