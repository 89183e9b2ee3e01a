/** Compares two runs bar by bar and books what differs. */
import type { BarColumns } from '../../bar/columns.ts';
import type { Reading } from './fact-hash.ts';
import { textAt } from './run-subject.ts';
import type { Subject } from './subject.ts';
import type { Ledger } from './verdict.ts';

export interface Compared {
  readonly what: string;
  readonly expected: Float64Array;
  readonly was: Float64Array;
  /** For the report of a mismatch: the reference is run again up to the bar. */
  readonly reference: { readonly create: () => Subject; readonly columns: BarColumns; readonly reading: () => Reading };
}

/** Books every bar of `was`, which may be shorter than `expected` (a prefix). */
export function compareRuns(ledger: Ledger, compared: Compared): void {
  const { expected, was, what, reference } = compared;
  let facts = 0;
  for (let row = 0; row < was.length; row++) {
    if (expected[row] !== 0) facts += 1;
    if (expected[row] === was[row]) continue;
    ledger.mismatch(row, what, () => ({
      expected: textAt(reference.create(), reference.columns, { row, reading: reference.reading() }),
      was: was[row] === 0 ? '' : `other facts (hash ${was[row].toString(16)})`,
    }));
  }
  ledger.compared(was.length, facts);
}
