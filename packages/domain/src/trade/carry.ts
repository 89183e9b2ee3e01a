/** What holding costs per calendar day: borrow of shorts, financing of currencies (backtesting.md 5). */
import type { EpochMs } from '../bar/bar.ts';
import type { Micros } from '../setup/signal.ts';
import { amt } from './amount.ts';
import type { Market } from './costs.ts';
import type { TradedInstrument } from './instrument.ts';
import { toMicros } from './money.ts';
import type { OpenPosition } from './open-position.ts';

const DAY = 86_400_000;
/** 1970-01-01 was a Thursday; days count from Sunday. */
const FIRST_WEEKDAY = 4;
const WEDNESDAY = 3;

export interface Carry {
  readonly kind: 'BORROW_FEE' | 'FINANCING';
  /** Below 0: earned. */
  readonly feeMicros: Micros;
}

/** Since the position was last marked or filled; null: nothing is due. */
export function carryOf(position: OpenPosition, { instrument, costs }: Market, at: EpochMs): Carry | null {
  const from = Math.floor(position.lastAt / DAY);
  const to = Math.floor(at / DAY);
  if (to <= from || position.openSteps === 0) return null;
  const points = position.direction === 'LONG' ? instrument.swap?.long : instrument.swap?.short;
  if (points !== undefined && points !== 0) return financing(position, instrument, points * swapDays(from, to));
  if (position.direction === 'LONG' || costs.borrowRate === 0) return null;
  const notional = amt(instrument, position.last, { steps: position.openSteps, mode: 'up' });
  return { kind: 'BORROW_FEE', feeMicros: toMicros(((notional / 1e6) * costs.borrowRate * (to - from)) / 365, 'up') };
}

/** Week-days turned, Wednesday for three: positions settle two days later, over the week-end. */
export function swapDays(from: number, to: number): number {
  let days = 0;
  for (let day = from; day < to; day += 1) {
    const weekday = (day + FIRST_WEEKDAY) % 7;
    if (weekday >= 1 && weekday <= 5) days += weekday === WEDNESDAY ? 3 : 1;
  }
  return days;
}

function financing(position: OpenPosition, instrument: TradedInstrument, pointDays: number): Carry | null {
  if (pointDays === 0) return null;
  const units = position.openSteps * (instrument.lotStepMicros / 1e6) * instrument.contractSize;
  const feeMicros = toMicros(-pointDays * units * instrument.fx, 'up');
  return feeMicros === 0 ? null : { kind: 'FINANCING', feeMicros };
}
