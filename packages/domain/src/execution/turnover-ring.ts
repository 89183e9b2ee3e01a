/** The turnover of the last 20 bars: how liquid a market was before the bar that fills (backtesting.md 5). */
import type { Bar } from '../bar/bar.ts';
import type { TradedInstrument } from '../trade/instrument.ts';

const BARS = 20;

export interface TurnoverState {
  readonly values: readonly number[];
  readonly next: number;
  readonly count: number;
}

export class TurnoverRing {
  readonly #values = new Float64Array(BARS);
  readonly #perUnit: number;
  #next = 0;
  #count = 0;

  constructor(instrument: TradedInstrument, state?: TurnoverState) {
    this.#perUnit = instrument.contractSize * instrument.fx;
    if (state === undefined) return;
    this.#values.set(state.values);
    this.#next = state.next;
    this.#count = state.count;
  }

  push(bar: Bar): void {
    this.#values[this.#next] = bar.close * bar.volume;
    this.#next = this.#next === BARS - 1 ? 0 : this.#next + 1;
    if (this.#count < BARS) this.#count += 1;
  }

  /** Mean per bar in account currency; null before the first bar. */
  mean(): number | null {
    if (this.#count === 0) return null;
    let sum = 0;
    for (const value of this.#values) sum += value;
    return (sum / this.#count) * this.#perUnit;
  }

  state(): TurnoverState {
    return { values: [...this.#values], next: this.#next, count: this.#count };
  }
}
