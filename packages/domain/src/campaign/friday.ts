/** What happens to currency positions on Friday 16:30 New York (trading.md 6.3): losers and late trends go, the rest stays while its heat fits. */
import type { EpochMs, Ratio } from '../bar/bar.ts';
import { newYorkDay, newYorkInstant } from '../market/new-york.ts';
import type { Leg, Micros } from '../setup/signal.ts';
import { mulDiv } from '../trade/money.ts';
import type { Phase } from '../wyckoff/event.ts';

const CLOSE_MINUTES = 16 * 60 + 30;
/** 1970-01-02 was a Friday. */
const FIRST_FRIDAY = 1;
const WEEK = 7;
const KEPT_FROM_R = 2;

export interface WeekEndPosition {
  readonly id: string;
  readonly leg: Leg;
  /** Of the range now; null: unknown. */
  readonly phase: Phase | null;
  readonly r: Ratio;
  readonly riskMicros: Micros;
  /** Allowance for the gap (5.1). */
  readonly addOnMicros: Micros;
}

/** Whether Friday 16:30 in New York lies after `before` and not after `at`. */
export function isFridayClose(before: EpochMs, at: EpochMs): boolean {
  const day = newYorkDay(at);
  const friday = day - ((((day - FIRST_FRIDAY) % WEEK) + WEEK) % WEEK);
  const close = newYorkInstant(friday, CLOSE_MINUTES);
  return before < close && close <= at;
}

/** Ids of the positions to close, in the order they should be. `heatBp`: currency heat over the week-end, basis points of equity (5.1). */
export function fridayExits(positions: readonly WeekEndPosition[], equity: Micros, heatBp: number): readonly string[] {
  const mustGo = positions.filter((position) => position.r < 0 || position.phase === 'E');
  const others = positions.filter((position) => !mustGo.includes(position));
  const kept = others.filter(isKept);
  const limit = mulDiv(Math.max(0, equity), heatBp, 10_000, 'down');
  let heat = others.reduce((sum, position) => sum + position.riskMicros + position.addOnMicros, 0);
  const leaving = others.filter((position) => !kept.includes(position)).sort((a, b) => b.addOnMicros - a.addOnMicros);
  const tooMuch: string[] = [];
  for (const position of leaving) {
    if (heat <= limit) break;
    heat -= position.riskMicros + position.addOnMicros;
    tooMuch.push(position.id);
  }
  return [...mustGo.map((position) => position.id), ...tooMuch];
}

function isKept(position: WeekEndPosition): boolean {
  return position.leg === 'F' && position.r > KEPT_FROM_R;
}
