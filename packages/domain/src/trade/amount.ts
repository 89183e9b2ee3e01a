/** From a price and a quantity to money, and from two prices to a risk (trading.md 2.1). */
import type { Price } from '../bar/bar.ts';
import type { Micros, QtyMicros } from '../setup/signal.ts';
import type { TradedInstrument } from './instrument.ts';
import { sub, toMicros } from './money.ts';
import type { Rounding } from './money.ts';

/** Whole lot steps as the quantity on the wire. */
export function qtyOf(instrument: TradedInstrument, steps: number): QtyMicros {
  return steps * instrument.lotStepMicros;
}

/** The value of `steps` at a price. @throws {MoneyRangeError} outside the safe range. */
export function amt(instrument: TradedInstrument, price: Price, of: { readonly steps: number; readonly mode: Rounding }): Micros {
  return toMicros(price * of.steps * (instrument.lotStepMicros / 1e6) * instrument.contractSize * instrument.fx, of.mode);
}

/** What `steps` lose between two prices, rounded up: differences are taken in micros, never in floats. */
export function riskOf(instrument: TradedInstrument, prices: readonly [Price, Price], steps: number): Micros {
  const higher = Math.max(prices[0], prices[1]);
  const lower = Math.min(prices[0], prices[1]);
  return sub(amt(instrument, higher, { steps, mode: 'up' }), amt(instrument, lower, { steps, mode: 'down' }));
}

/** Parts of one entry: the sum of price x steps, and the steps. */
export interface Parts {
  readonly value: number;
  readonly steps: number;
}

/** What parts of one entry lose together down to their stop, rounded once: as if they had been filled in one. */
export function riskOfParts(
  instrument: TradedInstrument,
  parts: Parts,
  of: { readonly stop: Price; readonly side: 1 | -1 },
): Micros {
  const { value, steps } = parts;
  const paid = (mode: Rounding): Micros => amt(instrument, value, { steps: 1, mode });
  const lost = (mode: Rounding): Micros => amt(instrument, of.stop, { steps, mode });
  return of.side === 1 ? sub(paid('up'), lost('down')) : sub(lost('up'), paid('down'));
}

/** The largest whole number of steps, at most `atMost`, that risks no more than `budget` between two prices. */
export function stepsForRisk(
  instrument: TradedInstrument,
  prices: readonly [Price, Price],
  of: { readonly budget: Micros; readonly atMost: number },
): number {
  const perStep =
    Math.abs(prices[0] - prices[1]) * (instrument.lotStepMicros / 1e6) * instrument.contractSize * instrument.fx * 1e6;
  if (of.budget <= 0 || !(perStep > 0)) return 0;
  const fits = (steps: number): boolean => riskOf(instrument, prices, steps) <= of.budget;
  let steps = Math.min(of.atMost, Math.floor(of.budget / perStep) + 1);
  while (steps > 0 && !fits(steps)) steps -= Math.max(1, Math.floor(steps * 2 ** -40));
  while (steps < of.atMost && fits(steps + 1)) steps += 1;
  return steps;
}
