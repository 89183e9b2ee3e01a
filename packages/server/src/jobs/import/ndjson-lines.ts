/** NDJSON as the lines of a CSV file: one object a line, as `wyckoff export` writes them; one series a file. */
import type { CsvParser } from '../../feeds/csv/csv-parser.ts';

const LF = 10;
/** Bytes of the longest line that is read, as of a CSV file. */
const MAX_LINE = 65_536;
const TIME_NAMES = ['time', 'timestamp', 'datetime', 'ts', 'date'] as const;
const FIELDS = ['open', 'high', 'low', 'close', 'volume'] as const;

/** What the file says of itself in its first line. */
export interface NdjsonSeries {
  readonly symbol: string | null;
  readonly timeframe: string | null;
}

type Row = Readonly<Record<string, unknown>>;

export class NdjsonLines {
  readonly #parser: Pick<CsvParser, 'write'>;
  readonly #encoder = new TextEncoder();
  readonly #decoder = new TextDecoder();
  readonly #carry = new Uint8Array(MAX_LINE);
  #carried = 0;
  #overlong = false;
  #series: NdjsonSeries | null = null;
  /** The line at hand, and what is wrong with it beyond what a bar says. */
  text = '';
  wrong: string | null = null;

  constructor(parser: Pick<CsvParser, 'write'>) {
    this.#parser = parser;
    parser.write(this.#encoder.encode('time,open,high,low,close,volume\n'));
  }

  write(chunk: Uint8Array): void {
    for (let start = 0; start < chunk.length;) {
      const end = chunk.indexOf(LF, start);
      const piece = chunk.subarray(start, end < 0 ? chunk.length : end);
      if (end >= 0 && this.#carried === 0 && !this.#overlong && piece.length <= MAX_LINE) this.#line(piece);
      else {
        this.#keep(piece);
        if (end >= 0) this.end();
      }
      start = end < 0 ? chunk.length : end + 1;
    }
  }

  /** What stands behind the last line end. */
  end(): void {
    if (this.#overlong) this.#refuse('', `expected a line of at most ${MAX_LINE} bytes`);
    else if (this.#carried > 0) this.#line(this.#carry.subarray(0, this.#carried));
    this.#carried = 0;
    this.#overlong = false;
  }

  #keep(piece: Uint8Array): void {
    this.#overlong ||= this.#carried + piece.length > MAX_LINE;
    if (this.#overlong) return;
    this.#carry.set(piece, this.#carried);
    this.#carried += piece.length;
  }

  #line(bytes: Uint8Array): void {
    const text = this.#decoder.decode(bytes).replace(/^\uFEFF/, '').trim(); // prettier-ignore
    if (text === '') {
      this.#parser.write(this.#encoder.encode('\n'));
      return;
    }
    const row = rowIn(text);
    if (row === null) {
      this.#refuse(text, 'expected one JSON object a line');
      return;
    }
    const series = seriesIn(row);
    this.#series ??= series;
    if (series.symbol !== this.#series.symbol || series.timeframe !== this.#series.timeframe) {
      this.#refuse(text, `expected ${named(this.#series)} as in the lines before, was ${named(series)}: one series a file`);
      return;
    }
    const time = row[TIME_NAMES.find((name) => name in row) ?? 'time'];
    this.#feed(text, [timeOf(time), ...FIELDS.map((name) => cellOf(row[name]))].join(','));
  }

  #refuse(text: string, wrong: string): void {
    this.wrong = wrong;
    this.#feed(text, 'x');
    this.wrong = null;
  }

  /** A refusal is told while it is written. */
  #feed(text: string, line: string): void {
    this.text = text;
    this.#parser.write(this.#encoder.encode(`${line}\n`));
  }
}

/** Of the first line that is an object; nulls where it does not say. */
export function seriesIn(row: Row): NdjsonSeries {
  const { symbol, timeframe } = row;
  return { symbol: typeof symbol === 'string' ? symbol : null, timeframe: typeof timeframe === 'string' ? timeframe : null };
}

export function rowIn(text: string): Row | null {
  try {
    const row = JSON.parse(text) as unknown;
    return typeof row === 'object' && row !== null && !Array.isArray(row) ? (row as Row) : null;
  } catch {
    return null;
  }
}

function named({ symbol, timeframe }: NdjsonSeries): string {
  return `${symbol ?? 'no symbol'} ${timeframe ?? 'without a timeframe'}`;
}

/** A number is epoch milliseconds, whatever its size; a text is read as in a CSV file. */
function timeOf(value: unknown): string {
  return typeof value === 'number' && Math.abs(value) <= 8.64e15 ? new Date(value).toISOString() : cellOf(value);
}

/** Nothing but a number or a text can be a value. */
function cellOf(value: unknown): string {
  return typeof value === 'number' ? String(value) : typeof value === 'string' ? value.replace(/[,"\r\n]/g, ' ') : '';
}
