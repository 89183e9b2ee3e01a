/** What automation did today: trades and risk, until the trading day turns at midnight in New York (trading.md 4.6). */
import type { EpochMs } from '../bar/bar.ts';
import { newYorkDay } from '../market/new-york.ts';
import type { Micros } from '../setup/signal.ts';
import { add } from '../trade/money.ts';

export interface DayCounters {
  /** Number of the New York calendar day. */
  readonly day: number;
  readonly trades: number;
  readonly riskMicros: Micros;
}

export const NO_TRADES: DayCounters = Object.freeze({ day: -1, trades: 0, riskMicros: 0 });

/** The counters of the day of `at`: those given, or zero when it is a new one. */
export function countersAt(counters: DayCounters, at: EpochMs): DayCounters {
  const day = newYorkDay(at);
  return counters.day === day ? counters : { day, trades: 0, riskMicros: 0 };
}

/** One more automatic entry. */
export function countEntry(counters: DayCounters, at: EpochMs, riskMicros: Micros): DayCounters {
  const today = countersAt(counters, at);
  return { ...today, trades: today.trades + 1, riskMicros: add(today.riskMicros, riskMicros) };
}
