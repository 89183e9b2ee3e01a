/** A CSV or NDJSON file as blocks of bars: read piece by piece, whatever its size. */
import { ZoneClock, type BarColumns, type Timeframe } from '@wyckoff/domain';
import { open } from 'node:fs/promises';
import { Exit, EXIT } from '../../cli/exit-codes.ts';
import { CsvParser, type NamedSeries, type SeriesVerdict } from '../../feeds/csv/csv-parser.ts';
import { refusedRows, type CsvProblem } from '../../feeds/csv/report.ts';
import { BLOCK_BARS, symbolSaid, timeframeSaid, type BarBlocks, type BlockCounts, type BlockOptions } from './blocks.ts';
import { namedBy } from './file-name.ts';
import type { InputFile } from './input-files.ts';
import { byteChunks, Reread } from './byte-chunks.ts';
import { csvSeriesIn, takesOnly, type CsvSeries } from './csv-series.ts';
import { NdjsonLines, rowIn, seriesIn, type NdjsonSeries } from './ndjson-lines.ts';

/** Looked at for what an NDJSON file says of itself. */
const HEAD_BYTES = 65_536;
const NAMELESS: NdjsonSeries = { symbol: null, timeframe: null };

/** One series of the file, and how it is read. */
interface Part {
  readonly symbol: string;
  readonly timeframe: Timeframe | null;
  readonly timeZone: string;
  readonly chunks: AsyncIterable<Uint8Array>;
  readonly judgeSeries?: (named: NamedSeries) => SeriesVerdict;
  readonly isLaterPass: boolean;
  readonly isOneOfMany?: boolean;
}

export class TextBlocks implements BarBlocks {
  readonly symbol: string;
  readonly timeframe: Timeframe | null;
  readonly namedTimeframe: Timeframe | null;
  readonly total: number;
  done = 0;
  readonly #file: InputFile;
  readonly #part: Part;
  readonly #parser: CsvParser;
  readonly #lines: NdjsonLines | null;

  private constructor(file: InputFile, options: BlockOptions, part: Part) {
    this.#file = file;
    this.#part = part;
    this.total = file.bytes;
    this.symbol = part.symbol;
    this.timeframe = part.timeframe;
    this.namedTimeframe = namedBy(file.path).timeframe;
    const { now, withText, map } = options;
    const zone = part.timeZone === 'UTC' ? {} : { zone: new ZoneClock(part.timeZone) };
    const onProblem = file.kind === 'csv' ? options.onProblem : (problem: CsvProblem) => options.onProblem(this.#inFile(problem, withText)); // prettier-ignore
    const { judgeSeries, isLaterPass } = part;
    this.#parser = new CsvParser({
      now,
      withText,
      onProblem,
      isLaterPass,
      ...zone,
      ...(map !== undefined && file.kind === 'csv' && { map }),
      ...(judgeSeries !== undefined && { judgeSeries }),
    });
    this.#lines = file.kind === 'csv' ? null : new NdjsonLines(this.#parser);
  }

  /** Every series of the file: of NDJSON, and of standard input, the one of the first row. */
  static async *each(file: InputFile, options: BlockOptions): AsyncGenerator<TextBlocks, void> {
    const named = namedBy(file.path);
    if (file.kind === 'ndjson') {
      const said = await firstSeries(file.path);
      const symbol = options.symbol ?? (said.symbol === null ? named.symbol : symbolSaid(said.symbol, file.path));
      const timeframe = timeframeSaid(said.timeframe, file.path);
      yield new TextBlocks(file, options, { symbol, timeframe, timeZone: await options.zoneOf(symbol), chunks: byteChunks(file.path), isLaterPass: false }); // prettier-ignore
      return;
    }
    const stdin = file.path === '-' ? new Reread(byteChunks(file.path)) : null;
    const chunks = stdin?.ahead() ?? byteChunks(file.path);
    const found = await csvSeriesIn(chunks, { path: file.path, map: options.map, onlyFirst: stdin !== null });
    const several = found.length > 1;
    let isLaterPass = false;
    for (const one of wanted(found, options, file.path)) {
      const renamed = several ? one.symbol : (options.symbol ?? one.symbol);
      const symbol = renamed ?? options.symbol ?? named.symbol;
      yield new TextBlocks(file, options, {
        symbol,
        timeframe: one.timeframe,
        timeZone: await options.zoneOf(symbol),
        chunks: stdin?.all() ?? byteChunks(file.path),
        isLaterPass,
        ...(found.length > 0 && stdin === null && { judgeSeries: takesOnly(one) }),
        isOneOfMany: several,
      });
      isLaterPass = true;
    }
  }

  get counts(): BlockCounts {
    const { report } = this.#parser;
    const { rows: read, accepted, duplicates, corrected } = report;
    return { read, accepted, refused: refusedRows(report), duplicates, corrected };
  }

  async *blocks(): AsyncGenerator<BarColumns, void> {
    const into = this.#lines ?? this.#parser;
    for await (const chunk of this.#part.chunks) {
      into.write(chunk);
      this.done += chunk.length;
      if (this.#parser.held >= BLOCK_BARS) yield this.#parser.drain();
      if (this.#parser.stopped) break;
    }
    this.#lines?.end();
    const answer = this.#parser.end();
    if (!answer.ok) {
      // Of a file of many series one without a valid bar has its rows counted and told.
      if (this.#part.isOneOfMany === true && answer.code === 'CSV_NO_BARS') return;
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
}

/** Which of the series of a file are asked for. @throws Exit 2 */
function wanted(found: readonly CsvSeries[], { symbol, timeframe }: BlockOptions, path: string): readonly CsvSeries[] {
  if (found.length <= 1) return found.length === 0 ? [{ symbol: null, timeframe: null }] : found;
  const symbols = [...new Set(found.map((one) => one.symbol ?? '(nameless)'))];
  const ofSymbol = symbol === undefined ? found : found.filter((one) => one.symbol === symbol);
  if (ofSymbol.length === 0)
    throw new Exit(EXIT.usage, `${path} has no series ${symbol ?? ''}: it has ${symbols.slice(0, 10).join(', ')}${symbols.length > 10 ? ` and ${symbols.length - 10} more` : ''}.`); // prettier-ignore
  const both = ofSymbol.filter((one) => one.timeframe === null || one.timeframe === timeframe);
  return timeframe === undefined || both.length === 0 ? ofSymbol : both;
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
