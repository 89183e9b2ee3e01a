/** Halts: what stops all entries of an account until it may trade again; exits always pass (trading.md 5.7). */
import type { EpochMs } from '../bar/bar.ts';
import { newYorkDay } from '../market/new-york.ts';
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
  /** Equity after the last bar that changed it. */
  readonly lastMicros: Micros;
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
  #lastMicros: Micros;
  #dailyLoss: boolean;
  #drawdown: boolean;

  constructor(rules: HaltRules, state: HaltState) {
    this.#rules = rules;
    this.#day = state.day;
    this.#dayStart = state.dayStartMicros;
    this.#lastMicros = state.lastMicros;
    this.#dailyLoss = state.dailyLoss;
    this.#drawdown = state.drawdown;
  }

  /** Names of the halts in force. */
  get inForce(): readonly string[] {
    if (!this.#dailyLoss && !this.#drawdown) return NONE;
    return [...(this.#dailyLoss ? ['DAILY_LOSS'] : []), ...(this.#drawdown ? ['DRAWDOWN'] : [])];
  }

  /**
   * False on the common bar: nothing was won or lost and nothing waits for the day to turn, so `next` would change nothing.
   * Asked first, because an instant handed to a function that is not inlined is boxed, 16 bytes on every bar.
   */
  concernedBy(equity: Micros): boolean {
    return equity !== this.#lastMicros || this.#dailyLoss;
  }

  /** Equity after a bar; says what began or ended. The trading day turns at midnight in New York. */
  next(at: EpochMs, equity: Micros, peak: Micros, tell: (change: HaltChange) => void): void {
    if (!this.concernedBy(equity)) return;
    this.#turnDay(newYorkDay(at), tell);
    this.#lastMicros = equity;
    const { dailyLossBp, drawdownBp } = this.#rules;
    const start = this.#dayStart;
    if (!this.#dailyLoss && dailyLossBp !== null && start - equity >= mulDiv(start, dailyLossBp, 10_000, 'up')) {
      this.#dailyLoss = true;
      tell({ rule: 'DAILY_LOSS', state: 'REACHED', value: (start - equity) / start, limit: dailyLossBp / 10_000 });
    }
    if (!this.#drawdown && drawdownBp !== null && peak - equity >= mulDiv(peak, drawdownBp, 10_000, 'up')) {
      this.#drawdown = true;
      tell({ rule: 'DRAWDOWN', state: 'REACHED', value: (peak - equity) / peak, limit: drawdownBp / 10_000 });
    }
  }

  /** A new day begins with the equity the last one ended with. */
  #turnDay(day: number, tell: (change: HaltChange) => void): void {
    if (day === this.#day) return;
    this.#day = day;
    this.#dayStart = this.#lastMicros;
    if (this.#dailyLoss) tell({ rule: 'DAILY_LOSS', state: 'CLEARED', value: 0, limit: (this.#rules.dailyLossBp ?? 0) / 10_000 });
    this.#dailyLoss = false;
  }

  state(): HaltState {
    return {
      day: this.#day,
      dayStartMicros: this.#dayStart,
      lastMicros: this.#lastMicros,
      dailyLoss: this.#dailyLoss,
      drawdown: this.#drawdown,
    };
  }
}
