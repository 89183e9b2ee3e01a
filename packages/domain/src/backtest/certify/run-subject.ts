/** Runs a subject over bars and keeps one number per bar; work comes in slices, so that the caller can show progress and stop. */
import { BarCursor, type BarColumns } from '../../bar/columns.ts';
import { hashText, type Reading } from './fact-hash.ts';
import type { Subject } from './subject.ts';

/** Bars between two looks at the caller. */
export const SLICE = 1024;

/** Rows judged so far; returning lets the caller breathe. */
export type Slices<T> = Generator<number, T>;

export interface RunOptions {
  readonly reading: Reading;
  /** Rows to run, default all. */
  readonly rows?: number;
  /** Called before each row: prepares what the cursor will see. Returns the columns and the row in them. */
  readonly deliver?: (row: number) => { readonly columns: BarColumns; readonly row: number };
  /** Replaces the subject after a row (snapshot and restore). */
  readonly replace?: (subject: Subject, row: number) => Subject;
}

/** `hashes[row]` is 0 where the subject said nothing. */
export function* runSubject(subject: Subject, columns: BarColumns, options: RunOptions): Slices<Float64Array> {
  const rows = options.rows ?? columns.length;
  const hashes = new Float64Array(rows);
  const cursor = new BarCursor(columns);
  let current = subject;
  for (let row = 0; row < rows; row++) {
    const at = options.deliver?.(row);
    if (at !== undefined) cursor.over(at.columns);
    const records = current.onBar(cursor.at(at?.row ?? row));
    const text = options.reading(current, records);
    if (text !== '') hashes[row] = hashText(text);
    if (options.replace !== undefined) current = options.replace(current, row);
    if (row % SLICE === SLICE - 1) yield row + 1;
  }
  return hashes;
}

/** What a subject says at one row, as text, for the report of a mismatch. */
export function textAt(subject: Subject, columns: BarColumns, how: { row: number; reading: Reading }): string {
  const cursor = new BarCursor(columns);
  for (let row = 0; row < how.row; row++) how.reading(subject, subject.onBar(cursor.at(row)));
  return how.reading(subject, subject.onBar(cursor.at(how.row)));
}
