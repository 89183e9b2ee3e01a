/** The streaming CSV reader: bytes in pieces of any size, bars in columns; a bad row costs itself and nothing else. */
import { BarCursor, barFault, FIRST_YEAR, isBarTime, type BarColumns, type EpochMs } from '@wyckoff/domain';
import { GrowingColumns, MAX_ROWS } from './growing-columns.ts';
import { CSV_COLUMNS, readHeader, type ColumnMap, type CsvColumn, type CsvHeader } from './header.ts';
import { numberIn, type FieldView } from './number-field.ts';
import { emptyReport, type CsvProblem, type CsvReport, type RefusalCode, type RemarkCode } from './report.ts';
import { clockIn, isFloating, timeIn } from './time-field.ts';
import { orderByTime } from './time-order.ts';

const LF = 10;
const CR = 13;
const QUOTE = 34;
const BLANK = 32;
/** Longest line that is read, in bytes; a longer one is refused as a whole. */
const MAX_LINE = 65_536;
/** Fields of a line that are told apart; the columns must be among them. */
const MAX_FIELDS = 4096;
/** Of a refused line, shown beside its reason. */
const MAX_TEXT = 1_000;
/** Looked at to tell text from other data. */
const SNIFFED_BYTES = 4096;

interface Failure extends Pick<CsvRefused, 'code' | 'sentence' | 'remedy'> {
  missing?: readonly CsvColumn[];
}
const HEADER_ONLY: Failure = {
  code: 'CSV_NO_BARS',
  sentence: 'The file has a header and no valid bar: there are no rows below it.',
  remedy: 'Give one bar per line below the header.',
};

export interface CsvOptions {
  /** A bar that opens after this is refused (BAR_FUTURE). */
  readonly now: EpochMs;
  /** Every refused or merged row, in file order where the file is ascending; the reader keeps none of them. */
  readonly onProblem?: (problem: CsvProblem) => void;
  /** Clock of the zone in which hours without a zone are meant; default UTC. */
  readonly zone?: { local(time: EpochMs): number };
  /** Refused rows are told with their text. */
  readonly withText?: boolean;
  /** What the columns of a foreign header are called. */
  readonly map?: ColumnMap;
  /** What becomes of the rows of a series of a file that names it; absent: the first row decides, others are refused. */
  readonly judgeSeries?: (series: NamedSeries) => SeriesVerdict;
  /** The file was read before: rows of which it cannot be told whose they are were counted and told then. */
  readonly isLaterPass?: boolean;
}

/** As it stands in the columns of a row; null: there is no such column. */
export interface NamedSeries {
  readonly symbol: string | null;
  readonly timeframe: string | null;
}

/** Skipped rows are neither counted nor told; a refused one has its reason. */
export type SeriesVerdict = 'take' | 'skip' | { readonly refused: string };

export type CsvRefusalCode = 'CSV_EMPTY' | 'CSV_BINARY' | 'CSV_COLUMNS' | 'CSV_NO_BARS' | 'CSV_TOO_LONG' | 'CSV_UNREADABLE';

/** A file without bars is a value with a reason, not an exception. */
export interface CsvRefused {
  readonly ok: false;
  readonly code: CsvRefusalCode;
  readonly sentence: string;
  readonly remedy: string;
  /** Columns the header lacks; only with CSV_COLUMNS. */
  readonly missing: readonly CsvColumn[];
  readonly report: CsvReport;
}

export type CsvAnswer = { readonly ok: true; readonly columns: BarColumns; readonly report: CsvReport } | CsvRefused;

export class CsvParser {
  readonly #options: CsvOptions;
  readonly #report = emptyReport();
  readonly #rows = new GrowingColumns();
  readonly #bar = new BarCursor(this.#rows);
  readonly #field: FieldView = { bytes: new Uint8Array(0), start: 0, end: 0, decimalComma: false };
  readonly #starts = new Int32Array(MAX_FIELDS);
  readonly #ends = new Int32Array(MAX_FIELDS);
  /** The piece of a line that a chunk ended in. */
  readonly #carry = new Uint8Array(MAX_LINE);
  #carried = 0;
  #overlong = false;
  #terminator = 0;
  #line = 0;
  #header: CsvHeader | null = null;
  /** What stood in the columns of the series in the row before, and what became of it. */
  #symbol: Buffer = Buffer.alloc(0);
  #timeframe: Buffer = Buffer.alloc(0);
  #verdict: SeriesVerdict | null = null;
  /** Of the first row, where nobody judges. */
  #first: NamedSeries | null = null;
  #needed = 0;
  /** Fields of the header. */
  #width = 0;
  #failure: Failure = {
    code: 'CSV_EMPTY',
    sentence: 'The file is empty.',
    remedy: 'Give a file with a header line and one bar per line.',
  };
  #stopped = false;
  /** Control characters at the head of the file: without a header among them it is no text at all. */
  #hasControls = false;
  #rises = 0;
  #falls = 0;
  /** Rows handed out before the end. */
  #drained = false;
  #lineBytes: Uint8Array = this.#carry;
  #lineStart = 0;
  #lineEnd = 0;

  constructor(options: CsvOptions) {
    this.#options = options;
  }

  /** True once nothing more can come of this file; further bytes are ignored. */
  get stopped(): boolean {
    return this.#stopped;
  }

  write(chunk: Uint8Array): void {
    if (this.#header === null) this.#hasControls ||= chunk.subarray(0, SNIFFED_BYTES).some(isControl);
    if (this.#terminator === 0) this.#chooseTerminator(chunk);
    for (let start = 0; start < chunk.length && !this.#stopped;) {
      const end = this.#terminator === 0 ? -1 : chunk.indexOf(this.#terminator, start);
      if (end < 0) {
        this.#carryOver(chunk.subarray(start));
        return;
      }
      if (this.#carried > 0 || this.#overlong) {
        this.#carryOver(chunk.subarray(start, end));
        this.#finishCarried();
      } else {
        this.#takeLine(chunk, start, end);
      }
      start = end + 1;
    }
  }

  /** Whether rows name their series; null: the header was not read yet. */
  get namesSeries(): boolean | null {
    const header = this.#header;
    return header === null ? null : header.symbolField >= 0 || header.timeframeField >= 0;
  }

  /** Rows read and not yet handed out. */
  get held(): number {
    return this.#rows.length;
  }

  /** What is counted so far. */
  get report(): Readonly<CsvReport> {
    return this.#report;
  }

  /**
   * The rows read so far in order of time, which the parser then forgets: for files larger than the memory. Equal times in two such pieces
   * are merged by the store. Views that are valid until the next `write`.
   */
  drain(): BarColumns {
    const columns = this.#ordered();
    this.#drained = true;
    this.#rows.length = 0;
    this.#rises = 0;
    this.#falls = 0;
    return columns;
  }

  end(): CsvAnswer {
    if ((this.#carried > 0 || this.#overlong) && !this.#stopped) {
      // A last line without an end that is also shorter than the header was cut off: its last number may be a part of one.
      this.#needed = Math.max(this.#needed, this.#width);
      this.#finishCarried();
    }
    const rows = this.#rows;
    if (rows.length === 0 && !this.#drained) {
      const { missing = [], ...failure } =
        this.#failure.code === 'CSV_NO_BARS' && this.#report.rows === 0 ? HEADER_ONLY : this.#failure;
      return { ok: false, ...failure, missing, report: this.#report };
    }
    return { ok: true, columns: this.#ordered(), report: this.#report };
  }

  #ordered(): BarColumns {
    this.#bringIntoOrder();
    this.#remark();
    this.#report.accepted += this.#rows.length;
    return this.#rows.columns();
  }

  #chooseTerminator(chunk: Uint8Array): void {
    // A chunk that ended in CR leaves it open whether LF follows.
    if (this.#carried > 0 && this.#carry[this.#carried - 1] === CR && chunk[0] !== LF) {
      this.#terminator = CR;
      this.#finishCarried();
    } else {
      this.#terminator = terminatorOf(chunk);
    }
  }

  #carryOver(piece: Uint8Array): void {
    if (this.#carried + piece.length > MAX_LINE) {
      this.#overlong = true;
      this.#carried = 0;
    } else if (!this.#overlong) {
      this.#carry.set(piece, this.#carried);
      this.#carried += piece.length;
    }
  }

  #finishCarried(): void {
    if (this.#overlong) this.#takeOverlong();
    else this.#takeLine(this.#carry, 0, this.#carried);
    this.#carried = 0;
    this.#overlong = false;
  }

  #takeOverlong(): void {
    this.#line += 1;
    if (this.#header === null) {
      this.#stop(
        'CSV_BINARY',
        `The first line is longer than ${MAX_LINE} bytes: this is no CSV file.`,
        'Give a text file with one bar per line.',
      );
      return;
    }
    this.#refuseNameless('ROW_LENGTH', `expected at most ${MAX_LINE} bytes in a line`);
  }

  /** A row of which it cannot be told whose it is. */
  #refuseNameless(code: RefusalCode, detail: string): void {
    if (this.#options.isLaterPass === true) return;
    this.#report.rows += 1;
    this.#refuse(code, detail);
  }

  #takeLine(bytes: Uint8Array, start: number, lineEnd: number): void {
    this.#line += 1;
    let end = lineEnd;
    if (end > start && bytes[end - 1] === CR) end -= 1;
    if (end === start || isBlank(bytes, start, end)) return;
    if (this.#header === null) {
      this.#takeHeader(bytes.subarray(start, end));
      return;
    }
    this.#lineBytes = bytes;
    this.#lineStart = start;
    this.#lineEnd = end;
    if (end - start > MAX_LINE) {
      this.#refuseNameless('ROW_LENGTH', `expected at most ${MAX_LINE} bytes in a line`);
      return;
    }
    const found = this.#split(bytes, start, end);
    if (found < this.#needed) {
      this.#refuseNameless('ROW_FIELDS', `expected at least ${this.#needed} fields, was ${found}`);
      return;
    }
    const verdict = this.#seriesVerdict(this.#header);
    if (verdict === 'skip') return;
    if (verdict !== 'take') {
      this.#refuseNameless('ROW_SYMBOL', verdict.refused);
      return;
    }
    this.#report.rows += 1;
    this.#takeRow(this.#header);
  }

  #takeHeader(line: Uint8Array): void {
    const binary = binaryKind(line);
    if (binary !== null) {
      this.#stopBinary(binary);
      return;
    }
    const text = Buffer.from(line.buffer, line.byteOffset, line.byteLength).toString('utf8').replace(/^\uFEFF/, ''); // prettier-ignore
    if (/^sep=.$/i.test(text)) return;
    const answer = readHeader(text, this.#options.map);
    if (!answer.ok) {
      if (this.#hasControls) {
        this.#stopBinary('binary data');
        return;
      }
      const { missing, unknown } = answer;
      const names = unknown.length > 0 ? unknown.map((name) => quoted(name, 40)) : missing.map((name) => (name === 'time' ? 'time (or date, timestamp)' : name)); // prettier-ignore
      const sentence = `The header has no column ${names.join(', ')}: was ${quoted(text, 400)}.`;
      const remedy = `Name the columns ${CSV_COLUMNS.join(', ')} in the first line; where they are called otherwise, import reads them with --map, such as --map ${missing[0] ?? 'time'}=<its name there>.`;
      this.#stop('CSV_COLUMNS', sentence, remedy);
      this.#failure.missing = missing;
      return;
    }
    this.#header = answer.header;
    this.#needed =
      Math.max(...answer.header.fields, answer.header.dateField, answer.header.symbolField, answer.header.timeframeField) + 1;
    this.#width = Math.min(MAX_FIELDS, text.replace(/"[^"]*"/g, '').split(String.fromCharCode(answer.header.delimiter)).length);
    this.#field.decimalComma = answer.header.decimalComma;
    this.#failure = {
      code: 'CSV_NO_BARS',
      sentence: 'The file has no valid bar.',
      remedy: 'See the reasons given for its rows.',
    };
  }

  #stopBinary(kind: string): void {
    const remedy =
      kind === PARQUET
        ? 'Give it a name that ends with .parquet: detect, backtest, explain and certify read it then.'
        : 'Give plain CSV text in UTF-8: a header line and one bar per line.';
    this.#stop('CSV_BINARY', `The file is ${kind}, not CSV text.`, remedy);
  }

  /** Notes where the fields of a line begin and end, quotes and blanks taken off; how many there are, up to those needed. */
  #split(bytes: Uint8Array, start: number, end: number): number {
    const delimiter = (this.#header as CsvHeader).delimiter;
    this.#field.bytes = bytes;
    let field = 0;
    let at = start;
    while (field < this.#needed) {
      while (at < end && bytes[at] === BLANK) at += 1;
      let from = at;
      let to: number;
      if (at < end && bytes[at] === QUOTE) {
        from = at + 1;
        to = closingQuote(bytes, from, end);
        at = to;
        while (at < end && bytes[at] !== delimiter) at += 1;
      } else {
        while (at < end && bytes[at] !== delimiter) at += 1;
        to = at;
      }
      while (to > from && bytes[to - 1] === BLANK) to -= 1;
      while (from < to && bytes[from] === BLANK) from += 1;
      this.#starts[field] = from;
      this.#ends[field] = to;
      field += 1;
      if (at >= end) break;
      at += 1;
    }
    return field;
  }

  #takeRow({ fields, dateField }: CsvHeader): void {
    const time = this.#timeOf(fields[0], dateField);
    if (Number.isNaN(time)) {
      this.#refuse(
        'ROW_TIME',
        `time: expected the year first (2019-12-31, 2019/12/31, 20191231, 2019-12-31T16:00:00Z) or epoch seconds or milliseconds, was ${this.#quotedField(fields[0])}`,
      );
      return;
    }
    const rows = this.#rows;
    if (rows.length >= MAX_ROWS) {
      this.#stop('CSV_TOO_LONG', `The file has more than ${MAX_ROWS} bars.`, 'Split it.');
      rows.length = 0;
      return;
    }
    rows.reserve();
    const row = rows.length;
    rows.time[row] = time;
    rows.open[row] = this.#numberOf(fields[1]);
    rows.high[row] = this.#numberOf(fields[2]);
    rows.low[row] = this.#numberOf(fields[3]);
    rows.close[row] = this.#numberOf(fields[4]);
    rows.volume[row] = this.#numberOf(fields[5]);
    rows.line[row] = this.#line;
    if (this.#admissible(row)) this.#append(row);
  }

  /** Of the series that a row names; asked again only where the row before named another. */
  #seriesVerdict({ symbolField, timeframeField }: CsvHeader): SeriesVerdict {
    if (symbolField < 0 && timeframeField < 0) return 'take';
    const known = this.#verdict;
    if (known !== null && this.#says(symbolField, this.#symbol) && this.#says(timeframeField, this.#timeframe)) return known;
    this.#symbol = this.#copyOf(symbolField);
    this.#timeframe = this.#copyOf(timeframeField);
    const textOf = (field: number, bytes: Buffer): string | null => (field < 0 ? null : bytes.toString('utf8'));
    const named = { symbol: textOf(symbolField, this.#symbol), timeframe: textOf(timeframeField, this.#timeframe) };
    this.#verdict = this.#options.judgeSeries?.(named) ?? this.#asTheFirst(named);
    return this.#verdict;
  }

  /** Two series in one would overwrite each other. */
  #asTheFirst({ symbol, timeframe }: NamedSeries): SeriesVerdict {
    const first = (this.#first ??= { symbol, timeframe });
    const [column, expected, was] =
      first.symbol === symbol ? ['timeframe', first.timeframe, timeframe] : ['symbol', first.symbol, symbol];
    if (expected === was) return 'take';
    const sentence = `${column}: expected ${quoted(expected ?? '', 40)} as in the first row, was ${quoted(was ?? '', 32)}`;
    return { refused: `${sentence}: a CSV file that is read at once holds one series; wyckoff import takes all of them` };
  }

  #says(field: number, bytes: Buffer): boolean {
    if (field < 0) return true;
    const from = this.#starts[field];
    if (bytes.length !== this.#ends[field] - from) return false;
    for (let at = 0; at < bytes.length; at += 1) if (bytes[at] !== this.#lineBytes[from + at]) return false;
    return true;
  }

  #copyOf(field: number): Buffer {
    return field < 0 ? Buffer.alloc(0) : Buffer.from(this.#lineBytes.subarray(this.#starts[field], this.#ends[field]));
  }

  /** Rules 1 to 3 of trading.md 9.2. */
  #admissible(row: number): boolean {
    const bar = this.#bar.at(row);
    const fault = barFault(bar);
    if (fault === 'BAR_VALUE') {
      this.#refuse(fault, this.#badValue(row));
      return false;
    }
    if (fault === 'BAR_SHAPE') {
      const was = `open ${bar.open}, high ${bar.high}, low ${bar.low}, close ${bar.close}`;
      this.#refuse(fault, `expected low <= open, close <= high, was ${was}`);
      return false;
    }
    if (bar.time > this.#options.now) {
      this.#refuse('BAR_FUTURE', `expected a bar that has opened, was ${isoOf(bar.time)}`);
      return false;
    }
    return true;
  }

  #badValue(row: number): string {
    const time = this.#rows.time[row];
    if (!isBarTime(time))
      return `time: expected the year ${FIRST_YEAR} or later, was ${isoOf(time)}: see --map time= and the form of its dates`;
    const fields = (this.#header as CsvHeader).fields;
    for (let i = 1; i < CSV_COLUMNS.length; i += 1) {
      const column = CSV_COLUMNS[i];
      const value = this.#rows[column][row];
      const fit = Number.isFinite(value) && (column === 'volume' ? value >= 0 : value > 0);
      if (!fit)
        return `${column}: expected a number ${column === 'volume' ? '>= 0' : '> 0'}, was ${this.#quotedField(fields[i])}`;
    }
    return 'expected finite numbers, was a sum beyond them';
  }

  /** Keeps the row; one with the time of the row before it is that bar once more (rule 4: equal is ignored, different corrects). */
  #append(row: number): void {
    const rows = this.#rows;
    const before = row - 1;
    if (row > 0 && rows.time[row] === rows.time[before]) {
      this.#mergeRows(row, before);
      return;
    }
    if (row > 0) {
      if (rows.time[row] > rows.time[before]) this.#rises += 1;
      else this.#falls += 1;
    }
    rows.length = row + 1;
  }

  /** The later row `from` says again, or corrects, the bar in row `onto`. */
  #mergeRows(from: number, onto: number): void {
    const rows = this.#rows;
    const place = `${isoOf(rows.time[onto])} of line ${rows.line[onto]}`;
    if (rows.equalRows(from, onto)) {
      this.#report.duplicates += 1;
      this.#tell('BAR_DUPLICATE', `repeats the bar ${place}`, rows.line[from]);
    } else {
      this.#report.corrected += 1;
      this.#tell('BAR_CORRECTED', `replaces the bar ${place}`, rows.line[from]);
      rows.copyRow(from, onto);
    }
  }

  #bringIntoOrder(): void {
    const rows = this.#rows;
    if (this.#falls === 0) return;
    if (this.#rises === 0) {
      this.#report.order = 'descending';
      rows.reverse();
      return;
    }
    this.#report.order = 'unsorted';
    rows.permute(orderByTime(rows.time, rows.length));
    let kept = 0;
    for (let row = 1; row < rows.length; row += 1) {
      if (rows.time[row] === rows.time[kept]) this.#mergeRows(row, kept);
      else if (++kept !== row) rows.copyRow(row, kept);
    }
    rows.length = kept + 1;
  }

  /** Rules 6 and 8: accepted with a remark. */
  #remark(): void {
    const { close, volume, line, length } = this.#rows;
    for (let row = 0; row < length; row += 1) {
      if (volume[row] === 0) this.#report.zeroVolume += 1;
      if (row === 0) continue;
      const move = close[row] / close[row - 1] - 1;
      if (move > 0.5 || move < -0.5) {
        this.#report.outliers += 1;
        this.#tell(
          'BAR_OUTLIER',
          `accepted; the close moved ${(move * 100).toFixed(0)} % from ${close[row - 1]} to ${close[row]}`,
          line[row],
        );
      }
    }
  }

  #timeOf(timeField: number, dateField: number): number {
    const field = this.#at(timeField);
    if (dateField < 0) return this.#instant(timeIn(field), field.start + 11);
    // A day in one column and a time of day in the other; a `time` that is complete in itself wins.
    const clock = field.bytes[field.start + 2] === 58 ? clockIn(field.bytes, field.start, field.end) : NaN;
    if (Number.isNaN(clock)) return this.#instant(timeIn(field), field.start + 11);
    const floats = this.#isFloating(field.start);
    const wall = timeIn(this.#at(dateField)) + clock;
    return floats ? this.#fromWall(wall) : wall;
  }

  /** `time` as it was read; where it is an hour without a zone and the zone of the file is known, the instant it means there. */
  #instant(time: number, clock: number): number {
    return this.#isFloating(clock) ? this.#fromWall(time) : time;
  }

  #isFloating(clock: number): boolean {
    return this.#options.zone !== undefined && isFloating(this.#field.bytes, clock, this.#field.end);
  }

  /** The instant at which clocks of the zone show a wall time; in the hour that clocks skip, an hour later. */
  #fromWall(wall: number): number {
    const { zone } = this.#options;
    if (zone === undefined || Number.isNaN(wall)) return wall;
    const guess = wall - (zone.local(wall) - wall);
    return wall - (zone.local(guess) - guess);
  }

  #numberOf(fieldNumber: number): number {
    return numberIn(this.#at(fieldNumber));
  }

  #at(fieldNumber: number): FieldView {
    this.#field.start = this.#starts[fieldNumber];
    this.#field.end = this.#ends[fieldNumber];
    return this.#field;
  }

  #quotedField(fieldNumber: number): string {
    const { bytes, start, end } = this.#at(fieldNumber);
    return quoted(Buffer.from(bytes.buffer, bytes.byteOffset + start, Math.min(end - start, 200)).toString('utf8'), 32);
  }

  #refuse(code: RefusalCode, detail: string): void {
    this.#report.refused[code] += 1;
    if (this.#options.withText === true && code !== 'ROW_LENGTH')
      this.#options.onProblem?.({ line: this.#line, code, detail, text: this.#text() });
    else this.#tell(code, detail, this.#line);
  }

  #text(): string {
    const part = this.#lineBytes.subarray(this.#lineStart, Math.min(this.#lineEnd, this.#lineStart + MAX_TEXT));
    return Buffer.from(part).toString('utf8');
  }

  #tell(code: RefusalCode | RemarkCode, detail: string, line: number): void {
    this.#options.onProblem?.({ line, code, detail });
  }

  #stop(code: CsvRefusalCode, sentence: string, remedy: string): void {
    this.#stopped = true;
    this.#failure = { code, sentence, remedy };
  }
}

/** LF, or CR in the files of old Macs; 0 while the chunk has neither. */
function terminatorOf(chunk: Uint8Array): number {
  if (chunk.includes(LF)) return LF;
  const cr = chunk.indexOf(CR);
  return cr >= 0 && cr < chunk.length - 1 ? CR : 0;
}

function isBlank(bytes: Uint8Array, start: number, end: number): boolean {
  for (let i = start; i < end; i += 1) if (bytes[i] !== BLANK && bytes[i] !== CR) return false;
  return true;
}

/** Where a quoted field ends; the end of the line when nothing closes it, so that a lost quote costs one row. */
function closingQuote(bytes: Uint8Array, start: number, end: number): number {
  for (let at = start; at < end; at += 1) {
    if (bytes[at] !== QUOTE) continue;
    if (bytes[at + 1] !== QUOTE || at + 1 >= end) return at;
    at += 1;
  }
  return end;
}

/** Characters that no text holds; tab, line ends, form feed and escape do occur in it. */
function isControl(byte: number): boolean {
  return byte < 32 && !(byte >= 9 && byte <= 13) && byte !== 27;
}

const PARQUET = 'a Parquet file';

/** What a file that is no text is, by its first bytes; null for text. */
function binaryKind(line: Uint8Array): string | null {
  if ((line[0] === 0xff && line[1] === 0xfe) || (line[0] === 0xfe && line[1] === 0xff)) return 'UTF-16 text';
  if (line[0] === 0x1f && line[1] === 0x8b) return 'gzip data';
  if (line[0] === 0x50 && line[1] === 0x4b && line[2] === 3) return 'a ZIP or Excel file';
  if (line[0] === 0x50 && line[1] === 0x41 && line[2] === 0x52 && line[3] === 0x31) return PARQUET;
  return line.includes(0) ? 'binary data' : null;
}

function quoted(text: string, limit: number): string {
  return JSON.stringify(text.length > limit ? `${text.slice(0, limit)}…` : text);
}

function isoOf(time: EpochMs): string {
  const date = new Date(time);
  return Number.isNaN(date.getTime()) ? String(time) : date.toISOString().replace('T00:00:00.000Z', '');
}
