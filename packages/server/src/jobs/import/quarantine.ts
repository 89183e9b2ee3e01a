/** The quarantine file: every refused row with its file, line, reason and text, once, however often its file is read; so that nothing refused is lost. */
import { createHash } from 'node:crypto';
import { closeSync, fstatSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs';
import { Exit, EXIT } from '../../cli/exit-codes.ts';
import { diskReason } from '../disk-words.ts';
import type { CsvProblem } from '../../feeds/csv/report.ts';

/** Rows of earlier runs that are told apart: 16 MB of sums of them. */
const MOST_KNOWN = 2_000_000;
const WRITE_AT = 65_536;
const READ_BYTES = 262_144;
const LONGEST_LINE = 65_536;
const LF = 10;

export class Quarantine implements Disposable {
  readonly #path: string;
  readonly #file: number;
  /** Sums of the rows of earlier runs, ascending. */
  readonly #known: Float64Array;
  #text = '';
  /** Rows that this run added. */
  rows = 0;

  private constructor(path: string, file: number, known: Float64Array) {
    this.#path = path;
    this.#file = file;
    this.#known = known;
  }

  /**
   * Goes on with the file that is there: rows of earlier runs stay, and are not written a second time. A line that a kill cut off is taken away.
   * @throws Exit 2 when it cannot be written or is no quarantine.
   */
  static open(path: string): Quarantine {
    let file: number;
    try {
      file = openSync(path, 'a+');
    } catch (error) {
      throw new Exit(EXIT.usage, `--quarantine ${path} cannot be written: ${reasonOf(error)}. Nothing was imported.`);
    }
    try {
      return new Quarantine(path, file, readKnown(path, file));
    } catch (error) {
      closeSync(file);
      throw error;
    }
  }

  add(file: string, { line, code, detail, text }: CsvProblem): void {
    const row = JSON.stringify({ file, line, code, detail, ...(text !== undefined && { text }) });
    if (has(this.#known, sumOf(row))) return;
    this.rows += 1;
    this.#text += `${row}\n`;
    if (this.#text.length >= WRITE_AT) this.flush();
  }

  /** Before rows behind them count as imported. @throws Exit 1 when the disk takes no more. */
  flush(): void {
    const bytes = Buffer.from(this.#text);
    this.#text = '';
    try {
      for (let at = 0; at < bytes.length;) at += writeSync(this.#file, bytes, at);
    } catch (error) {
      const remedy =
        'What was imported stays; --resume goes on from there once there is space, and --quarantine may name another place';
      throw new QuarantineFailed(EXIT.failed, `--quarantine ${this.#path} cannot be written: ${reasonOf(error)}. ${remedy}.`);
    }
  }

  [Symbol.dispose](): void {
    try {
      this.flush();
    } finally {
      closeSync(this.#file);
    }
  }
}

/** Not the fault of a file that is read: ends the run. */
export class QuarantineFailed extends Exit {}

function readKnown(path: string, file: number): Float64Array {
  let known = new Float64Array(1_024);
  let count = 0;
  let size = 0;
  let carry = Buffer.alloc(0);
  // Of a terminal or a pipe nothing is known.
  if (!fstatSync(file).isFile()) return known.subarray(0, 0);
  const chunk = Buffer.allocUnsafe(READ_BYTES);
  for (let read = readSync(file, chunk, 0, READ_BYTES, 0); read > 0; read = readSync(file, chunk, 0, READ_BYTES, size)) {
    size += read;
    const bytes = Buffer.concat([carry, chunk.subarray(0, read)]);
    let start = 0;
    for (let end = bytes.indexOf(LF); end >= 0; end = bytes.indexOf(LF, start)) {
      const row = bytes.toString('utf8', start, end);
      start = end + 1;
      if (!row.startsWith('{"file":')) throw foreign(path);
      if (count === MOST_KNOWN)
        throw new Exit(EXIT.usage, `--quarantine ${path} holds more than ${MOST_KNOWN} rows: name a new file.`);
      if (count === known.length) known = grown(known);
      known[count++] = sumOf(row);
    }
    carry = Buffer.from(bytes.subarray(start));
    if (carry.length > LONGEST_LINE) throw foreign(path);
  }
  if (carry.length > 0) {
    if (!'{"file":'.startsWith(carry.toString('latin1', 0, 8))) throw foreign(path);
    ftruncateSync(file, size - carry.length);
  }
  return known.subarray(0, count).sort();
}

function foreign(path: string): Exit {
  return new Exit(EXIT.usage, `--quarantine ${path} holds something else than refused rows: name another. Nothing was changed.`);
}

function grown(known: Float64Array<ArrayBuffer>): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(Math.min(MOST_KNOWN, known.length * 4));
  larger.set(known);
  return larger;
}

/** 52 bits: two rows in two million have one sum by chance once in a thousand such files. */
function sumOf(row: string): number {
  const digest = createHash('sha1').update(row).digest();
  return digest.readUIntBE(0, 6) * 16 + (digest[6] & 15);
}

function has(sums: Float64Array, sum: number): boolean {
  let low = 0;
  let high = sums.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sums[middle] < sum) low = middle + 1;
    else high = middle;
  }
  return low < sums.length && sums[low] === sum;
}

function reasonOf(error: unknown): string {
  return diskReason(error) ?? (error as Error).message;
}
