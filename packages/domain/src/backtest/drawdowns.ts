/** Falls from the peak: the deepest one exactly, and the twenty deepest periods (backtesting.md 6). */
import type { EpochMs } from '../bar/bar.ts';
import type { Micros } from '../setup/signal.ts';

const KEPT = 20;

export interface DrawdownPeriod {
  readonly peakAt: EpochMs;
  readonly troughAt: EpochMs;
  /** Null: not recovered when the data ended. */
  readonly recoveredAt: EpochMs | null;
  /** `(peak - trough) / peak`. */
  readonly depth: number;
  readonly barsDown: number;
  readonly barsToRecover: number | null;
}

export class Drawdowns {
  #peak: Micros;
  #peakAt: EpochMs = 0;
  #trough: Micros;
  #troughAt: EpochMs = 0;
  #barsSincePeak = 0;
  #barsDown = 0;
  #maximum = 0;
  #kept: readonly DrawdownPeriod[] = [];

  constructor(start: Micros) {
    this.#peak = start;
    this.#trough = start;
  }

  /** Equity after a bar. Allocates only when a period ends. */
  next(at: EpochMs, equity: Micros): void {
    this.#barsSincePeak += 1;
    if (equity >= this.#peak) this.#recover(at, equity);
    else if (equity < this.#trough) {
      this.#trough = equity;
      this.#troughAt = at;
      this.#barsDown = this.#barsSincePeak;
      const depth = (this.#peak - equity) / this.#peak;
      if (depth > this.#maximum) this.#maximum = depth;
    }
  }

  get maximum(): number {
    return this.#maximum;
  }

  /** Deepest first; the open one included. */
  periods(): readonly DrawdownPeriod[] {
    return this.#trough < this.#peak ? insert(this.#kept, this.#period(null)) : this.#kept;
  }

  #recover(at: EpochMs, equity: Micros): void {
    if (this.#trough < this.#peak) this.#kept = insert(this.#kept, this.#period(at));
    this.#peak = equity;
    this.#peakAt = at;
    this.#trough = equity;
    this.#troughAt = at;
    this.#barsSincePeak = 0;
    this.#barsDown = 0;
  }

  #period(recoveredAt: EpochMs | null): DrawdownPeriod {
    const barsToRecover = recoveredAt === null ? null : this.#barsSincePeak - this.#barsDown;
    const depth = (this.#peak - this.#trough) / this.#peak;
    return { peakAt: this.#peakAt, troughAt: this.#troughAt, recoveredAt, depth, barsDown: this.#barsDown, barsToRecover };
  }
}

function insert(kept: readonly DrawdownPeriod[], period: DrawdownPeriod): readonly DrawdownPeriod[] {
  const shallowest = kept.at(-1);
  if (kept.length === KEPT && shallowest !== undefined && period.depth <= shallowest.depth) return kept;
  return [...kept, period].sort((a, b) => b.depth - a.depth || a.peakAt - b.peakAt).slice(0, KEPT);
}
