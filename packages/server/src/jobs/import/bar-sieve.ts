/** Rows of a Parquet file that are no bars are taken out of their block, each with its place and its reason (trading.md 9.2). */
import type { BarColumns, EpochMs } from '@wyckoff/domain';
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
    for (let row = 0; row < bars.length; row += 1) {
      this.#read += 1;
      const code = this.#judge(bars, row);
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

  #judge(bars: BarColumns, row: number): RefusalCode | null {
    const open = bars.open[row];
    const high = bars.high[row];
    const low = bars.low[row];
    const close = bars.close[row];
    const volume = bars.volume[row];
    if (!(open > 0 && high > 0 && low > 0 && close > 0 && volume >= 0 && Number.isFinite(open + high + low + close + volume)))
      return 'BAR_VALUE';
    if (!(low <= open && open <= high && low <= close && close <= high)) return 'BAR_SHAPE';
    return bars.time[row] > this.#now ? 'BAR_FUTURE' : null;
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
