/** Money is an integer number of micros: exact, or a refusal to compute (trading.md 2.1, TR-15). */
import type { Micros } from '../setup/signal.ts';

/** `up` towards +infinity, `down` towards -infinity, `nearest` with ties towards +infinity. */
export type Rounding = 'up' | 'down' | 'nearest';

/** An amount that is no safe integer: the sum would lose micros, so it is not computed. */
export class MoneyRangeError extends Error {
  constructor(operation: string, value: unknown) {
    super(`${operation}: expected an integer within ±${Number.MAX_SAFE_INTEGER} micros, was ${String(value)}`);
    this.name = 'MoneyRangeError';
  }
}

function safe(operation: string, value: number): Micros {
  if (!Number.isSafeInteger(value)) throw new MoneyRangeError(operation, value);
  return value === 0 ? 0 : value;
}

/** `a + b`. @throws {MoneyRangeError} outside the safe integers. */
export function add(a: Micros, b: Micros): Micros {
  return safe('add', safe('add', a) + safe('add', b));
}

/** `a - b`. @throws {MoneyRangeError} outside the safe integers. */
export function sub(a: Micros, b: Micros): Micros {
  return safe('sub', safe('sub', a) - safe('sub', b));
}

/** `-a`, never minus zero. @throws {MoneyRangeError} outside the safe integers. */
export function neg(a: Micros): Micros {
  return safe('neg', -safe('neg', a));
}

/**
 * `a * b / c`, exact before the one rounding. @throws {MoneyRangeError} when an operand is no safe integer, `c` is 0
 * or the result leaves the safe range.
 */
export function mulDiv(a: Micros, b: number, c: number, mode: Rounding): Micros {
  if (safe('mulDiv', c) === 0) throw new MoneyRangeError('mulDiv by', 0);
  const sign = c < 0 ? -1n : 1n;
  const numerator = BigInt(safe('mulDiv', a)) * BigInt(safe('mulDiv', b)) * sign;
  return safe('mulDiv', Number(divide(numerator, BigInt(c) * sign, mode)));
}

function divide(numerator: bigint, denominator: bigint, mode: Rounding): bigint {
  const rest = ((numerator % denominator) + denominator) % denominator;
  const floor = (numerator - rest) / denominator;
  if (rest === 0n || mode === 'down') return floor;
  if (mode === 'up') return floor + 1n;
  return rest * 2n >= denominator ? floor + 1n : floor;
}

/**
 * An amount of currency as micros. What lies within `max(0.001, |m| 2^-50)` micros of an integer is that integer, so that
 * 2,000.00 is exactly 2,000,000,000 and equality with a limit means something.
 * @throws {MoneyRangeError} when `x` is not finite or the result leaves the safe range.
 */
export function toMicros(x: number, mode: Rounding): Micros {
  const m = x * 1e6;
  const n = Math.round(m);
  if (!Number.isSafeInteger(n)) throw new MoneyRangeError('toMicros', x);
  if (Math.abs(m - n) <= Math.max(1e-3, Math.abs(m) * 2 ** -50)) return n === 0 ? 0 : n;
  return safe('toMicros', mode === 'up' ? Math.ceil(m) : mode === 'down' ? Math.floor(m) : n);
}
