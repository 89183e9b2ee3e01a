/** Halts: what stops entries of an account, a class or a symbol until they may trade again; exits always pass (trading.md 5.7). */
import type { AssetClass, EpochMs } from '../bar/bar.ts';
import { newYorkDay } from '../market/new-york.ts';
import type { Micros } from '../setup/signal.ts';
import { add, mulDiv, sub } from '../trade/money.ts';
import type { ClassDay, Halt, HaltRule, HaltScope, HaltState } from './halt-state.ts';

export interface HaltRules {
  /** Loss since the trading day began, basis points of the equity it began with; null: never halts. */
  readonly dailyLossBp: number | null;
  /** The same per class; default: currencies 200, others `dailyLossBp`. */
  readonly classLossBp?: Readonly<Partial<Record<AssetClass, number | null>>>;
  /** Fall from the peak of equity; ends only by an audited reset; null: never halts. */
  readonly drawdownBp: number | null;
}

export const DEFAULT_HALTS: HaltRules = Object.freeze({ dailyLossBp: 300, classLossBp: { FOREX: 200 }, drawdownBp: 1_500 });
/** Of an account that trades nothing but currencies. */
export const FOREX_HALTS: HaltRules = Object.freeze({ ...DEFAULT_HALTS, dailyLossBp: 200 });

/** Refused entries of a broker within this time that halt the account, and for how long. */
const REFUSALS = 5;
const REFUSAL_WINDOW_MS = 600_000;
const REFUSAL_HALT_MS = 1_800_000;
/** Shares of the memory budget at which the governor halts entries, and below which it lets them again. */
const MEMORY_HALT = 0.95;
const MEMORY_RESUME = 0.6;
/** Percent of a daily loss limit that warns. */
const WARN_PERCENT = 80;

/** A halt that was reached or is over, or a daily loss that is near; told as it happens. */
export interface HaltChange {
  readonly rule: HaltRule;
  readonly scope: HaltScope;
  readonly state: 'WARNING' | 'REACHED' | 'CLEARED';
  readonly value: number;
  readonly limit: number;
  readonly at: EpochMs;
  readonly since: EpochMs;
  readonly reason: string;
  /** Who ended it; null: its rule. */
  readonly actor: string | null;
}

export type Tell = (change: HaltChange) => void;

/** What a person or the program says about halts, beside money. */
export type HaltCommand =
  /** Found outside: a price too old, a broker that says otherwise, a ledger that cannot be read, memory used up. Null symbol: the account. */
  | {
      readonly kind: 'set';
      readonly rule: 'STALE' | 'RECONCILE' | 'EQUITY_UNKNOWN' | 'MEMORY';
      readonly symbol: string | null;
      readonly on: boolean;
      readonly reason: string;
      readonly actor: string | null;
    }
  /** The broker refused an entry. */
  | { readonly kind: 'refused' }
  /** Bytes in use as a share of the budget. */
  | { readonly kind: 'memory'; readonly usedRatio: number }
  /** Audited: the peak begins again at the equity of now. */
  | { readonly kind: 'reset-drawdown'; readonly actor: string; readonly reason: string }
  /** The account is closed: what was about its money ends with it. */
  | { readonly kind: 'close'; readonly actor: string; readonly reason: string }
  /** A deposit (+) or withdrawal (-): money that was neither won nor lost. */
  | { readonly kind: 'cash-moved'; readonly micros: Micros };

/** Of the account's own doing, not of the world's. */
const OF_MONEY: readonly HaltRule[] = ['DAILY_LOSS', 'DRAWDOWN', 'REJECTS'];
const NONE: readonly string[] = Object.freeze([]);

export class Halts {
  readonly #rules: HaltRules;
  readonly #dayOf: (at: EpochMs) => number;
  #day: number;
  #dayStart: Micros;
  #lastMicros: Micros;
  #peak: Micros;
  #isWarned: boolean;
  /** bounded: one per asset class */
  #classes: readonly ClassDay[];
  /** bounded: REFUSALS */
  #refusals: readonly EpochMs[];
  /** bounded: one per rule and scope, scopes are the account, its classes and the watched symbols */
  #inForce: readonly Halt[];

  /** @param dayOf number of the trading day of an instant, in the zone of the account; default: New York */
  constructor(rules: HaltRules, state: HaltState, dayOf: (at: EpochMs) => number = newYorkDay) {
    this.#rules = rules;
    this.#dayOf = dayOf;
    this.#day = state.day;
    this.#dayStart = state.dayStartMicros;
    this.#lastMicros = state.lastMicros;
    this.#peak = state.peakMicros;
    this.#isWarned = state.isWarned;
    this.#classes = state.classes;
    this.#refusals = state.refusals;
    this.#inForce = state.inForce;
  }

  get inForce(): readonly Halt[] {
    return this.#inForce;
  }

  /** Rules that forbid an entry in this symbol; RECONCILE forbids only what is automatic. */
  blocking(of: { readonly symbol: string; readonly assetClass: AssetClass; readonly automatic: boolean }): readonly string[] {
    if (this.#inForce.length === 0) return NONE;
    const scopes: readonly HaltScope[] = ['account', `class:${of.assetClass}`, `symbol:${of.symbol}`];
    const mine = this.#inForce.filter((halt) => scopes.includes(halt.scope) && (of.automatic || halt.rule !== 'RECONCILE'));
    return mine.map((halt) => halt.rule);
  }

  /**
   * False on the common bar: nothing was won or lost and nothing waits for the day to turn, so `next` would change nothing.
   * Asked first, because an instant handed to a function that is not inlined is boxed, 16 bytes on every bar.
   */
  concernedBy(equity: Micros): boolean {
    return equity !== this.#lastMicros || this.#inForce.length > 0;
  }

  /** Equity after a bar; says what began or ended. The peak is the highest equity since the start or the last reset. */
  next(at: EpochMs, equity: Micros, tell: Tell): void {
    if (!this.concernedBy(equity)) return;
    this.#turn(at, tell);
    this.#lastMicros = equity;
    this.#peak = Math.max(this.#peak, equity);
    this.#judgeDay(at, tell);
    this.#judgeDrawdown(at, tell);
  }

  /** Cumulative profit and loss of a class, realised and unrealised, net of costs; before or after `next` of the same instant. */
  nextClass(at: EpochMs, of: { readonly assetClass: AssetClass; readonly pnlMicros: Micros }, tell: Tell): void {
    this.#turn(at, tell);
    const { assetClass, pnlMicros } = of;
    const known = this.#classes.find((one) => one.assetClass === assetClass);
    const day: ClassDay = { ...(known ?? { assetClass, startMicros: 0, isWarned: false }), lastMicros: pnlMicros };
    const limitBp = this.#classLimit(assetClass);
    const lost = sub(day.startMicros, pnlMicros);
    const scope: HaltScope = `class:${assetClass}`;
    const level = limitBp === null ? 0 : this.#lossLevel(lost, limitBp);
    const figures = { value: ratioOf(lost, this.#dayStart), limit: (limitBp ?? 0) / 10_000 };
    if (level === 2) this.#begin({ rule: 'DAILY_LOSS', scope, since: at, endsAt: null, ...figures, reason: `${assetClass} lost its limit of the day.` }, tell); // prettier-ignore
    if (level === 1 && !day.isWarned) this.#warn(at, { scope, ...figures }, tell);
    const next = { ...day, isWarned: day.isWarned || level > 0 };
    this.#classes = [...this.#classes.filter((one) => one !== known), next];
  }

  /** The next instant at which a halt ends by itself, the turn of the day apart; null: none does. */
  get nextEnd(): EpochMs | null {
    const ends = this.#inForce.map((halt) => halt.endsAt).filter((end) => end !== null);
    return ends.length === 0 ? null : Math.min(...ends);
  }

  /** Time went by without a bar: what lasted a day or a time is over. */
  turn(at: EpochMs, tell: Tell): void {
    this.#turn(at, tell);
  }

  /** Everything that is not money. */
  command(at: EpochMs, command: HaltCommand, tell: Tell): void {
    switch (command.kind) {
      case 'set':
        this.#set(at, command, tell);
        break;
      case 'refused':
        this.#refused(at, tell);
        break;
      case 'memory':
        this.#memory(at, command.usedRatio, tell);
        break;
      case 'reset-drawdown':
        this.#resetDrawdown(at, command, tell);
        break;
      case 'close':
        for (const halt of this.#inForce)
          if (OF_MONEY.includes(halt.rule)) this.#end(halt, { at, actor: command.actor, reason: command.reason }, tell);
        break;
      case 'cash-moved':
        this.#dayStart = add(this.#dayStart, command.micros);
        this.#lastMicros = add(this.#lastMicros, command.micros);
        this.#peak = add(this.#peak, command.micros);
    }
  }

  state(): HaltState {
    return {
      day: this.#day,
      dayStartMicros: this.#dayStart,
      lastMicros: this.#lastMicros,
      peakMicros: this.#peak,
      isWarned: this.#isWarned,
      classes: this.#classes,
      refusals: this.#refusals,
      inForce: this.#inForce,
    };
  }

  /** 0 below the warning, 1 from it on, 2 from the limit on. */
  #lossLevel(lost: Micros, limitBp: number): 0 | 1 | 2 {
    if (lost <= 0) return 0;
    const start = Math.max(0, this.#dayStart);
    if (lost >= mulDiv(start, limitBp, 10_000, 'up')) return 2;
    return lost >= mulDiv(start, limitBp * WARN_PERCENT, 1_000_000, 'up') ? 1 : 0;
  }

  #judgeDay(at: EpochMs, tell: Tell): void {
    const { dailyLossBp } = this.#rules;
    if (dailyLossBp === null) return;
    const lost = sub(this.#dayStart, this.#lastMicros);
    const level = this.#lossLevel(lost, dailyLossBp);
    const figures = { value: ratioOf(lost, this.#dayStart), limit: dailyLossBp / 10_000 };
    if (level === 2) this.#begin({ rule: 'DAILY_LOSS', scope: 'account', since: at, endsAt: null, ...figures, reason: 'The account lost its limit of the day.' }, tell); // prettier-ignore
    if (level === 1 && !this.#isWarned) this.#warn(at, { scope: 'account', ...figures }, tell);
    if (level > 0) this.#isWarned = true;
  }

  #judgeDrawdown(at: EpochMs, tell: Tell): void {
    const { drawdownBp } = this.#rules;
    const fall = this.#peak - this.#lastMicros;
    if (drawdownBp === null || fall <= 0 || fall < mulDiv(this.#peak, drawdownBp, 10_000, 'up')) return;
    const figures = { value: ratioOf(fall, this.#peak), limit: drawdownBp / 10_000 };
    this.#begin({ rule: 'DRAWDOWN', scope: 'account', since: at, endsAt: null, ...figures, reason: 'Equity fell too far from its peak.' }, tell); // prettier-ignore
  }

  #classLimit(assetClass: AssetClass): number | null {
    const own = this.#rules.classLossBp?.[assetClass];
    return own === undefined ? this.#rules.dailyLossBp : own;
  }

  #set(at: EpochMs, of: Extract<HaltCommand, { readonly kind: 'set' }>, tell: Tell): void {
    const { rule, on, reason, actor } = of;
    const scope: HaltScope = of.symbol === null ? 'account' : `symbol:${of.symbol}`;
    if (on) this.#begin({ rule, scope, since: at, endsAt: null, value: null, limit: null, reason }, tell, actor);
    else this.#end({ rule, scope }, { at, actor, reason }, tell);
  }

  #refused(at: EpochMs, tell: Tell): void {
    const recent = this.#refusals.filter((one) => at - one <= REFUSAL_WINDOW_MS);
    this.#refusals = [...recent, at].slice(-REFUSALS);
    if (this.#refusals.length < REFUSALS) return;
    this.#refusals = [];
    const reason = 'The broker refused too many entries.';
    this.#begin({ rule: 'REJECTS', scope: 'account', since: at, endsAt: at + REFUSAL_HALT_MS, value: REFUSALS, limit: REFUSALS, reason }, tell); // prettier-ignore
  }

  /** A share that is no number counts as full. */
  #memory(at: EpochMs, usedRatio: number, tell: Tell): void {
    const reason = 'The memory budget is used up.';
    if (usedRatio < MEMORY_RESUME)
      this.#end({ rule: 'MEMORY', scope: 'account' }, { at, actor: null, reason: 'There is room again.' }, tell);
    else if (!(usedRatio < MEMORY_HALT))
      this.#begin(
        { rule: 'MEMORY', scope: 'account', since: at, endsAt: null, value: usedRatio, limit: MEMORY_HALT, reason },
        tell,
      );
  }

  #resetDrawdown(at: EpochMs, by: { readonly actor: string; readonly reason: string }, tell: Tell): void {
    this.#peak = this.#lastMicros;
    this.#end({ rule: 'DRAWDOWN', scope: 'account' }, { at, ...by }, tell);
  }

  /** A new day begins with the equity the last one ended with; what lasted a day or a time is over. */
  #turn(at: EpochMs, tell: Tell): void {
    for (const halt of this.#inForce) {
      if (halt.endsAt !== null && at >= halt.endsAt) this.#end(halt, { at, actor: null, reason: 'Its time is over.' }, tell);
    }
    const day = this.#dayOf(at);
    if (day === this.#day) return;
    this.#day = day;
    this.#dayStart = this.#lastMicros;
    this.#isWarned = false;
    this.#classes = this.#classes.map((one) => ({ ...one, startMicros: one.lastMicros, isWarned: false }));
    for (const halt of this.#inForce)
      if (halt.rule === 'DAILY_LOSS') this.#end(halt, { at, actor: null, reason: 'A new trading day began.' }, tell);
  }

  #begin(halt: Halt, tell: Tell, actor: string | null = null): void {
    if (this.#inForce.some((one) => one.rule === halt.rule && one.scope === halt.scope)) return;
    // bounded: one per rule and scope; scopes are the account, its classes and the watched symbols
    this.#inForce = [...this.#inForce, halt];
    const { rule, scope, since, value, limit, reason } = halt;
    tell({ rule, scope, state: 'REACHED', value: value ?? 0, limit: limit ?? 0, at: since, since, reason, actor });
  }

  #end(
    which: { readonly rule: HaltRule; readonly scope: HaltScope },
    by: { readonly at: EpochMs; readonly actor: string | null; readonly reason: string },
    tell: Tell,
  ): void {
    const halt = this.#inForce.find((one) => one.rule === which.rule && one.scope === which.scope);
    if (halt === undefined) return;
    this.#inForce = this.#inForce.filter((one) => one !== halt);
    const { rule, scope, since, limit } = halt;
    tell({ rule, scope, state: 'CLEARED', value: 0, limit: limit ?? 0, since, ...by });
  }

  #warn(at: EpochMs, of: { readonly scope: HaltScope; readonly value: number; readonly limit: number }, tell: Tell): void {
    const reason = 'Most of the loss a day allows is made.';
    tell({ rule: 'DAILY_LOSS', state: 'WARNING', ...of, at, since: at, reason, actor: null });
  }
}

/** A loss of a base that is gone is a loss of all. */
function ratioOf(part: Micros, base: Micros): number {
  return base > 0 ? part / base : 1;
}
