/** What a reader says about a file: every row is accounted for, and each refusal has its line and its reason. */

/** Rows refused: BAR_* are the rules of trading.md 9.2, ROW_* the form of the line. */
export type RefusalCode = 'ROW_FIELDS' | 'ROW_TIME' | 'ROW_LENGTH' | 'ROW_SYMBOL' | 'BAR_VALUE' | 'BAR_SHAPE' | 'BAR_FUTURE';
/** Rows merged or accepted with a remark. */
export type RemarkCode = 'BAR_DUPLICATE' | 'BAR_CORRECTED' | 'BAR_OUTLIER';

export interface CsvProblem {
  /** Counted from 1, the header included. */
  readonly line: number;
  readonly code: RefusalCode | RemarkCode;
  readonly detail: string;
  /** The line as it stands in the file, at most 1,000 characters; only of refused rows, and only when asked for. */
  readonly text?: string;
}

/** `rows = accepted + refused + duplicates + corrected`. */
export interface CsvReport {
  /** Non-empty lines below the header. */
  rows: number;
  /** Bars in the answer. */
  accepted: number;
  /** Rows refused, by reason. */
  readonly refused: Record<RefusalCode, number>;
  /** Rows that repeat a bar exactly. */
  duplicates: number;
  /** Bars replaced by a later row with the same time. */
  corrected: number;
  /** Accepted, but the close moved more than half from the bar before. */
  outliers: number;
  zeroVolume: number;
  order: 'ascending' | 'descending' | 'unsorted';
}

export function emptyReport(): CsvReport {
  return {
    rows: 0,
    accepted: 0,
    refused: { ROW_FIELDS: 0, ROW_TIME: 0, ROW_LENGTH: 0, ROW_SYMBOL: 0, BAR_VALUE: 0, BAR_SHAPE: 0, BAR_FUTURE: 0 },
    duplicates: 0,
    corrected: 0,
    outliers: 0,
    zeroVolume: 0,
    order: 'ascending',
  };
}

/** Rows refused in all. */
export function refusedRows(report: CsvReport): number {
  return Object.values(report.refused).reduce((sum, count) => sum + count, 0);
}
