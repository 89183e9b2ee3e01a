/** Rows of a Parquet file that are no bars are taken out of their block, each with its place and its reason (trading.md 9.2). */
import { BarCursor, barFault, type BarColumns, type EpochMs } from '@wyckoff/domain';
import type { CsvProblem, RefusalCode } from '../../feeds/csv/report.ts';
import type { BlockCounts } from './blocks.ts';

const COLUMNS = ['time', 'open', 'high', 'low', 'close', 'volume'] as const;

export class BarSieve {
  readonly #now: EpochMs;
  readonly #tell: (problem: CsvProblem) => void;
  #read = 0;
  #accepted = 0;
  #refused = 0;
  #duplicates = 0;
  #corrected = 0;

  constructor(now: EpochMs, tell: (problem: CsvProblem) => void) {
    this.#now = now;
    this.#tell = tell;
  }

  get counts(): BlockCounts {
    return {
      read: this.#read,
      accepted: this.#accepted,
      refused: this.#refused,
      duplicates: this.#duplicates,
      corrected: this.#corrected,
    };
  }

  /** Closes the block up over what is refused and over all but the last row of one time; ascending blocks only. */
  pass(bars: BarColumns): void {
    let kept = 0;
    const bar = new BarCursor(bars);
    for (let row = 0; row < bars.length; row += 1) {
      this.#read += 1;
      const code: RefusalCode | null = barFault(bar.at(row)) ?? (bar.time > this.#now ? 'BAR_FUTURE' : null);
      if (code !== null) {
        this.#refused += 1;
        this.#tell({ line: this.#read, code, detail: describe(bars, row) });
        continue;
      }
      if (kept > 0 && bars.time[kept - 1] === bars.time[row]) this.#merge(bars, row, kept - 1);
      else {
        if (kept !== row) for (const name of COLUMNS) bars[name][kept] = bars[name][row];
        kept += 1;
      }
    }
    bars.length = kept;
    this.#accepted += kept;
  }

  #merge(bars: BarColumns, from: number, onto: number): void {
    if (COLUMNS.every((name) => bars[name][from] === bars[name][onto])) this.#duplicates += 1;
    else this.#corrected += 1;
    for (const name of COLUMNS) bars[name][onto] = bars[name][from];
  }
}

function describe(bars: BarColumns, row: number): string {
  const values = COLUMNS.slice(1).map((name) => `${name} ${bars[name][row]}`);
  return `expected a bar, was ${values.join(', ')} at ${new Date(bars.time[row]).toISOString()}`;
}
