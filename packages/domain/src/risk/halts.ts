/** Halts: what stops all entries of an account until it may trade again; exits always pass (trading.md 5.7). */
import type { EpochMs } from '../bar/bar.ts';
import { newYorkDay } from '../setup/new-york.ts';
import type { Micros } from '../setup/signal.ts';
import { mulDiv } from '../trade/money.ts';

export interface HaltRules {
  /** Loss since the trading day began, basis points of the equity it began with; null: never halts. */
  readonly dailyLossBp: number | null;
  /** Fall from the peak of equity; ends only by an audited reset; null: never halts. */
  readonly drawdownBp: number | null;
}

export const DEFAULT_HALTS: HaltRules = Object.freeze({ dailyLossBp: 300, drawdownBp: 1_500 });
/** Currencies halt earlier. */
export const FOREX_HALTS: HaltRules = Object.freeze({ dailyLossBp: 200, drawdownBp: 1_500 });

export interface HaltState {
  readonly day: number;
  readonly dayStartMicros: Micros;
  readonly dailyLoss: boolean;
  readonly drawdown: boolean;
}

export interface HaltChange {
  readonly rule: 'DAILY_LOSS' | 'DRAWDOWN';
  readonly state: 'REACHED' | 'CLEARED';
  readonly value: number;
  readonly limit: number;
}

const NONE: readonly string[] = Object.freeze([]);

export class Halts {
  readonly #rules: HaltRules;
  #day: number;
  #dayStart: Micros;
  #dailyLoss: boolean;
  #drawdown: boolean;

  constructor(rules: HaltRules, state: HaltState) {
    this.#rules = rules;
    this.#day = state.day;
    this.#dayStart = state.dayStartMicros;
    this.#dailyLoss = state.dailyLoss;
    this.#drawdown = state.drawdown;
  }

  /** Names of the halts in force. */
  get inForce(): readonly string[] {
    if (!this.#dailyLoss && !this.#drawdown) return NONE;
    return [...(this.#dailyLoss ? ['DAILY_LOSS'] : []), ...(this.#drawdown ? ['DRAWDOWN'] : [])];
  }

  /** Equity after a bar; says what began or ended. The trading day turns at midnight in New York. */
  next(at: EpochMs, equity: Micros, peak: Micros, tell: (change: HaltChange) => void): void {
    const { dailyLossBp, drawdownBp } = this.#rules;
    const day = newYorkDay(at);
    if (day !== this.#day) {
      this.#day = day;
      this.#dayStart = equity;
      if (this.#dailyLoss) tell({ rule: 'DAILY_LOSS', state: 'CLEARED', value: 0, limit: (dailyLossBp ?? 0) / 10_000 });
      this.#dailyLoss = false;
    }
    if (!this.#dailyLoss && dailyLossBp !== null && this.#dayStart - equity >= mulDiv(this.#dayStart, dailyLossBp, 10_000, 'up')) {
      this.#dailyLoss = true;
      tell({ rule: 'DAILY_LOSS', state: 'REACHED', value: (this.#dayStart - equity) / this.#dayStart, limit: dailyLossBp / 10_000 });
    }
    if (!this.#drawdown && drawdownBp !== null && peak - equity >= mulDiv(peak, drawdownBp, 10_000, 'up')) {
      this.#drawdown = true;
      tell({ rule: 'DRAWDOWN', state: 'REACHED', value: (peak - equity) / peak, limit: drawdownBp / 10_000 });
    }
  }

  state(): HaltState {
    return { day: this.#day, dayStartMicros: this.#dayStart, dailyLoss: this.#dailyLoss, drawdown: this.#drawdown };
  }
}
