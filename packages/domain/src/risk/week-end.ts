/** Currencies over the week-end: a lower limit of their heat, and an allowance for the gap of every position (trading.md 5.1). */
import type { EpochMs } from '../bar/bar.ts';
import { newYorkHour, newYorkOffset, weekdayUtc } from '../market/new-york.ts';
import type { Leg, Micros } from '../setup/signal.ts';
import { mulDiv } from '../trade/money.ts';
import type { Phase } from '../wyckoff/event.ts';

/** Hundredths of a percent of equity, by leg. */
const BASE_BP: Readonly<Record<Leg, number>> = { F: 30, L: 40, S: 60 };
const OTHER_BP = 50;
/** Tenths. */
const PHASE_TENTHS: Readonly<Partial<Record<Phase, number>>> = { C: 12, D: 10, E: 13 };
const MAJORS: ReadonlySet<string> = new Set(['EURUSD', 'USDJPY', 'USDCHF', 'AUDUSD', 'USDCAD', 'NZDUSD']);
const PAIR_TENTHS: Readonly<Record<string, number>> = {
  GBPUSD: 11, EURGBP: 12, EURJPY: 12, GBPJPY: 13, USDMXN: 18, USDZAR: 18, USDTRY: 20, EURCHF: 25,
}; // prettier-ignore
const OTHER_PAIR_TENTHS = 15;
const FRIDAY = 5;
const SATURDAY = 6;
const SUNDAY = 0;
const NOON = 12;
const OPENING_HOUR = 17;

/** From Friday 12:00 to the opening on Sunday 17:00, New York. */
export function isWeekEnd(at: EpochMs): boolean {
  const day = weekdayUtc(at + newYorkOffset(at));
  if (day === SATURDAY) return true;
  const hour = newYorkHour(at);
  return (day === FRIDAY && hour >= NOON) || (day === SUNDAY && hour < OPENING_HOUR);
}

/** What a position may gap by on top of its risk, rounded up. An unknown phase weighs like the heaviest. */
export function weekEndAddOn(
  position: { readonly symbol: string; readonly leg: Leg | null; readonly phase: Phase | null },
  equity: Micros,
): Micros {
  const base = position.leg === null ? OTHER_BP : BASE_BP[position.leg];
  const phase = (position.phase === null ? undefined : PHASE_TENTHS[position.phase]) ?? 13;
  return mulDiv(equity, base * phase * pairTenths(position.symbol), 10_000 * 100, 'up');
}

function pairTenths(symbol: string): number {
  const pair = symbol.replace(/[^A-Z]/g, '');
  return MAJORS.has(pair) ? 10 : (PAIR_TENTHS[pair] ?? OTHER_PAIR_TENTHS);
}
