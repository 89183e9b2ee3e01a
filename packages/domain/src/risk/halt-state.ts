/** The state of the halts as plain JSON, and its reading: what cannot be read counts as halted (trading.md 5.7). */
import type { AssetClass, EpochMs } from '../bar/bar.ts';
import type { Micros } from '../setup/signal.ts';

export const HALT_RULES = ['DAILY_LOSS', 'DRAWDOWN', 'STALE', 'RECONCILE', 'EQUITY_UNKNOWN', 'REJECTS', 'MEMORY'] as const;
export type HaltRule = (typeof HALT_RULES)[number];

/** The account, one asset class of it, or one symbol. */
export type HaltScope = 'account' | `class:${AssetClass}` | `symbol:${string}`;

export interface Halt {
  readonly rule: HaltRule;
  readonly scope: HaltScope;
  readonly since: EpochMs;
  /** When it ends by itself; null: by what its rule names. */
  readonly endsAt: EpochMs | null;
  /** Measured and limit as the rule counts them; null where it counts nothing. */
  readonly value: number | null;
  readonly limit: number | null;
  readonly reason: string;
}

/** Profit and loss of a class: when the trading day began, and now; micros, realised and unrealised, net of costs. */
export interface ClassDay {
  readonly assetClass: AssetClass;
  readonly startMicros: Micros;
  readonly lastMicros: Micros;
  readonly isWarned: boolean;
}

export interface HaltState {
  /** Number of the trading day; -1 before the first. */
  readonly day: number;
  readonly dayStartMicros: Micros;
  /** Equity after the last bar that changed it. */
  readonly lastMicros: Micros;
  readonly peakMicros: Micros;
  readonly isWarned: boolean;
  readonly classes: readonly ClassDay[];
  /** Instants at which the broker refused an entry, oldest first. */
  readonly refusals: readonly EpochMs[];
  readonly inForce: readonly Halt[];
}

/** Of an account that begins with this equity. */
export function freshHalts(equityMicros: Micros): HaltState {
  return {
    day: -1,
    dayStartMicros: equityMicros,
    lastMicros: equityMicros,
    peakMicros: equityMicros,
    isWarned: false,
    classes: [],
    refusals: [],
    inForce: [],
  };
}

/** Whatever was stored, or a state that halts everything when it is not whole. */
export function readHalts(stored: unknown, at: EpochMs): HaltState {
  return isHaltState(stored) ? stored : unreadableHalts(at);
}

function unreadableHalts(at: EpochMs): HaltState {
  const reason = 'The halts could not be read.';
  const halt: Halt = { rule: 'EQUITY_UNKNOWN', scope: 'account', since: at, endsAt: null, value: null, limit: null, reason };
  return { ...freshHalts(0), inForce: [halt] };
}

function isHaltState(stored: unknown): stored is HaltState {
  if (typeof stored !== 'object' || stored === null) return false;
  const state = stored as Partial<Record<keyof HaltState, unknown>>;
  const amounts = [state.day, state.dayStartMicros, state.lastMicros, state.peakMicros];
  if (!amounts.every(Number.isSafeInteger) || typeof state.isWarned !== 'boolean') return false;
  return everyOf(state.classes, isClassDay) && everyOf(state.refusals, Number.isFinite) && everyOf(state.inForce, isHalt);
}

function everyOf(list: unknown, holds: (item: unknown) => boolean): boolean {
  return Array.isArray(list) && list.every(holds);
}

function isClassDay(item: unknown): boolean {
  if (typeof item !== 'object' || item === null) return false;
  const day = item as Partial<Record<keyof ClassDay, unknown>>;
  return typeof day.assetClass === 'string' && Number.isSafeInteger(day.startMicros) && Number.isSafeInteger(day.lastMicros);
}

function isHalt(item: unknown): boolean {
  if (typeof item !== 'object' || item === null) return false;
  const halt = item as Partial<Record<keyof Halt, unknown>>;
  const isKnown = HALT_RULES.some((rule) => rule === halt.rule);
  const ends = halt.endsAt === null || Number.isFinite(halt.endsAt);
  return isKnown && typeof halt.scope === 'string' && Number.isFinite(halt.since) && ends;
}
