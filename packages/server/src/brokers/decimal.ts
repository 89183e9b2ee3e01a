/** Decimal texts of a venue to exact numbers and back: never a float in between (trading.md 2.1). */
import type { Micros, Price } from '@wyckoff/domain';
import { VenueError } from './venue-error.ts';

const DECIMAL = /^([+-]?)(\d+)(?:\.(\d*))?$/;
const MICRO_DIGITS = 6;

/** `1.5` as 1,500,000; further digits are cut towards zero. Null where there is no decimal or it is no safe integer. */
export function microsOf(text: unknown): Micros | null {
  const match = typeof text === 'string' || typeof text === 'number' ? DECIMAL.exec(plainText(text)) : null;
  if (match === null) return null;
  const [, sign, whole = '', rest = ''] = match;
  const micros = Number(whole + rest.padEnd(MICRO_DIGITS, '0').slice(0, MICRO_DIGITS));
  if (!Number.isSafeInteger(micros)) return null;
  return sign === '-' && micros !== 0 ? -micros : micros;
}

/** @throws {VenueError} `unknown` naming the field: an answer that cannot be read says nothing. */
export function requireMicros(field: string, text: unknown): Micros {
  const micros = microsOf(text);
  if (micros === null) throw new VenueError('unknown', `${field}: expected a decimal number, was ${JSON.stringify(text)}`);
  return micros;
}

/** 1,500,000 as `1.5`. */
export function textOfMicros(micros: Micros): string {
  if (!Number.isSafeInteger(micros)) throw new VenueError('held', `quantity: expected whole millionths, was ${micros}`);
  const digits = String(Math.abs(micros)).padStart(MICRO_DIGITS + 1, '0');
  const rest = digits.slice(-MICRO_DIGITS).replace(/0+$/, '');
  return `${micros < 0 ? '-' : ''}${digits.slice(0, -MICRO_DIGITS)}${rest === '' ? '' : `.${rest}`}`;
}

/** A price of a venue, the nearest double; null where it is none. */
export function priceOf(text: unknown): Price | null {
  if (typeof text !== 'string' && typeof text !== 'number') return null;
  const price = Number(text);
  return text !== '' && Number.isFinite(price) && price > 0 ? price : null;
}

/** A price on the tick, in the digits of the tick. @throws {VenueError} `held` for one beside it. */
export function textOfPrice(price: Price, tickSize: Price): string {
  const ticks = Math.round(price / tickSize);
  const text = (ticks * tickSize).toFixed(digitsOf(tickSize));
  if (!(ticks > 0) || Math.abs(Number(text) - price) > tickSize * 1e-6)
    throw new VenueError('held', `price: expected a multiple of ${tickSize} above 0, was ${price}`);
  return text;
}

/** Whether `textOfPrice` would take it. */
export function isOnTick(price: Price, tickSize: Price): boolean {
  const ticks = Math.round(price / tickSize);
  return ticks > 0 && Math.abs(ticks * tickSize - price) <= tickSize * 1e-6;
}

function digitsOf(tickSize: Price): number {
  return /\.(\d+)$/.exec(plainText(tickSize))?.[1]?.length ?? 0;
}

/** Without an exponent: `1e-7` is `0.0000001`. */
function plainText(value: string | number): string {
  const text = typeof value === 'number' ? String(value) : value.trim();
  const match = /^([+-]?)(\d+)(?:\.(\d+))?e([+-]?\d+)$/i.exec(text);
  if (match === null) return text;
  const [, sign = '', whole = '', rest = '', power = '0'] = match;
  const shift = Number(power);
  if (Math.abs(shift) > 30) return text;
  const digits = `${'0'.repeat(30)}${whole}${rest}${'0'.repeat(30)}`;
  const point = 30 + whole.length + shift;
  return `${sign}${digits.slice(0, point).replace(/^0+(?=\d)/, '')}.${digits.slice(point).replace(/0+$/, '')}`;
}
