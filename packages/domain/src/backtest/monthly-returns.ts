/** The return of each month: last equity over the last of the month before (backtesting.md 6). */
import type { EpochMs } from '../bar/bar.ts';
import { monthStart, monthUtc } from '../market/new-york.ts';
import type { Micros } from '../setup/signal.ts';

/** A hundred years; what is older leaves first. */
const KEPT = 1_200;

export interface MonthlyReturn {
  readonly year: number;
  /** 1-12 */
  readonly month: number;
  readonly ratio: number;
}

export class MonthlyReturns {
  /** Ring of months and of their returns. */
  readonly #months = new Float64Array(KEPT);
  readonly #ratios = new Float64Array(KEPT);
  #count = 0;
  #month = NaN;
  #nextStart = -Infinity;
  #before: Micros;
  #last: Micros;

  constructor(start: Micros) {
    this.#before = start;
    this.#last = start;
  }

  next(at: EpochMs, equity: Micros): void {
    if (at >= this.#nextStart) this.#turn(at);
    this.#last = equity;
  }

  /** Oldest first; the running month included. */
  list(): readonly MonthlyReturn[] {
    const out: MonthlyReturn[] = [];
    for (let i = Math.max(0, this.#count - KEPT); i < this.#count; i += 1)
      out.push(entry(this.#months[i % KEPT], this.#ratios[i % KEPT]));
    if (!Number.isNaN(this.#month)) out.push(entry(this.#month, ratio(this.#last, this.#before)));
    return out.slice(-KEPT);
  }

  #turn(at: EpochMs): void {
    if (!Number.isNaN(this.#month)) {
      this.#months[this.#count % KEPT] = this.#month;
      this.#ratios[this.#count % KEPT] = ratio(this.#last, this.#before);
      this.#count += 1;
      this.#before = this.#last;
    }
    this.#month = monthUtc(at);
    this.#nextStart = monthStart(this.#month + 1);
  }
}

function ratio(last: Micros, before: Micros): number {
  return before > 0 ? last / before - 1 : 0;
}

function entry(month: number, value: number): MonthlyReturn {
  const year = Math.floor(month / 12);
  return { year, month: month - year * 12 + 1, ratio: value };
}
