/** Where a protective stop may go: break-even after T1, T1 after T2, trailing from there; never back (trading.md 6.3, TR-6). */
import type { Price } from '../bar/bar.ts';
import type { Refusal } from '../setup/refusal.ts';
import { refusal } from '../setup/refusal.ts';
import { toTick } from '../setup/tick.ts';
import { hasFired } from './ladder.ts';
import { sideOf } from './open-position.ts';
import type { OpenPosition } from './open-position.ts';
import type { ExitReason } from './position.ts';

export interface StopRules {
  readonly tickSize: number;
  /** From T2 on the stop follows the best price at the distance of the initial stop; default off. */
  readonly trailing: boolean;
}

/** The price the rules want the stop at; null: where it is, because a stop moves only towards profit. */
export function wantedStop(position: OpenPosition, rules: StopRules): Price | null {
  const side = sideOf(position.direction);
  let wanted = NaN;
  if (hasFired(position.rungBits, 0)) wanted = breakEven(position, rules.tickSize);
  if (hasFired(position.rungBits, 1)) wanted = farther(side, wanted, position.targets[0] ?? NaN);
  if (rules.trailing && hasFired(position.rungBits, 1)) wanted = farther(side, wanted, trailed(position, rules.tickSize));
  return side * (wanted - position.stop) > 0 ? wanted : null;
}

/** A move by hand. STOP_WIDENED: away from profit; STOP_BEYOND_PRICE: the market is there already, which would be a market order. */
export function judgeStopMove(position: OpenPosition, price: Price): Refusal | null {
  const side = sideOf(position.direction);
  if (!Number.isFinite(price) || price <= 0) return refusal('STOP_PRICE', 'The stop is no price.');
  if (side * (price - position.stop) < 0)
    return refusal('STOP_WIDENED', 'A stop moves only towards profit.', { measured: price, limit: position.stop });
  if (side * (position.last - price) <= 0)
    return refusal('STOP_BEYOND_PRICE', 'The market is already beyond this stop.', { measured: price, limit: position.last });
  return null;
}

/** Average entry, on the tick towards profit, so that nothing is at risk from there on. */
export function breakEven(position: OpenPosition, tickSize: number): Price {
  return toTick(position.entryPrice, tickSize, position.direction === 'LONG' ? 'up' : 'down');
}

/** What a stop that fills now is called. */
export function stopReasonOf(position: OpenPosition, tickSize: number): Extract<ExitReason, 'STOP' | 'BREAKEVEN' | 'TRAIL'> {
  if (position.stop === position.initialStop) return 'STOP';
  return position.stop === breakEven(position, tickSize) ? 'BREAKEVEN' : 'TRAIL';
}

function trailed(position: OpenPosition, tickSize: number): Price {
  const side = sideOf(position.direction);
  const distance = Math.abs(position.entryPrice - position.initialStop);
  return toTick(position.best - side * distance, tickSize, side === 1 ? 'down' : 'up');
}

function farther(side: 1 | -1, a: Price, b: Price): Price {
  if (Number.isNaN(a)) return b;
  return side === 1 ? Math.max(a, b) : Math.min(a, b);
}
