/** Prices on the tick grid: what a venue accepts (trading.md 5.2). */
import type { Price } from '../bar/bar.ts';

/**
 * The tick at or above (`up`), at or below (`down`) or nearest to a price. A price within 1e-9 of a tick, relative to its
 * distance from zero, is that tick. The result is the closest double to the decimal number, not a product with float dust.
 */
export function toTick(price: Price, tickSize: number, mode: 'up' | 'down' | 'nearest'): Price {
  const ticks = price / tickSize;
  const nearest = Math.round(ticks);
  const dust = 1e-9 * Math.max(1, Math.abs(ticks));
  const whole =
    mode === 'nearest' || Math.abs(ticks - nearest) <= dust ? nearest : mode === 'up' ? Math.ceil(ticks) : Math.floor(ticks);
  const perUnit = Math.round(1 / tickSize);
  return tickSize < 1 && Math.abs(1 / tickSize - perUnit) <= 1e-9 * perUnit ? whole / perUnit : whole * tickSize;
}
