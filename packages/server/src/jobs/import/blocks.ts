/** What an import takes out of a file: blocks of bars, each ready for the store. */
import { TIMEFRAMES, type BarColumns, type EpochMs, type Timeframe } from '@wyckoff/domain';
import { symbolArgument } from '../../cli/bar-options.ts';
import { Exit, EXIT } from '../../cli/exit-codes.ts';
import type { ColumnMap } from '../../feeds/csv/header.ts';
import type { CsvProblem } from '../../feeds/csv/report.ts';

/** Bars of a block: one import of the store, so that its bookkeeping is paid once for many. */
export const BLOCK_BARS = 262_144;

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
  /** By its content; null: it does not say. */
  readonly timeframe: Timeframe | null;
  /** By its name. */
  readonly namedTimeframe: Timeframe | null;
  /** Views, valid until the next block is asked for. */
  blocks(): AsyncGenerator<BarColumns, void>;
  readonly counts: BlockCounts;
  /** Bytes (text) or rows (Parquet) done, and in all; 0: unknown. */
  readonly done: number;
  readonly total: number;
}

export interface BlockOptions {
  readonly now: EpochMs;
  readonly symbol?: string;
  /** Asked for, of a file that says which its rows have. */
  readonly timeframe?: Timeframe;
  /** What the columns of a CSV file are called. */
  readonly map?: ColumnMap;
  readonly withText: boolean;
  /** Zone of hours without one in a CSV file. */
  readonly zoneOf: (symbol: string) => Promise<string>;
  readonly onProblem: (problem: CsvProblem) => void;
}

/** @throws Exit 2 for a text that is no timeframe. */
export function timeframeSaid(text: string | null, path: string): Timeframe | null {
  if (text === null || text === '') return null;
  const found = TIMEFRAMES.find((known) => known === text);
  if (found === undefined) throw new Exit(EXIT.usage, `${path}: expected one of ${TIMEFRAMES.join(' ')} as its timeframe, was ${JSON.stringify(text.slice(0, 20))}.`); // prettier-ignore
  return found;
}

/** A symbol that a file says. @throws Exit 2 for a text that is none. */
export function symbolSaid(text: string, path: string): string {
  try {
    return symbolArgument(text);
  } catch {
    throw new Exit(EXIT.usage, `${path}: expected a symbol of 1-20 of A-Z 0-9 . / ^ -, was ${JSON.stringify(text.slice(0, 40))}: say --symbol.`); // prettier-ignore
  }
}
