/** What to do with a fill that risks more than was reserved (trading.md 5.6 fill re-cap). */
import type { Price } from '../bar/bar.ts';
import type { Micros } from '../setup/signal.ts';
import { stepsForRisk } from '../trade/amount.ts';
import type { TradedInstrument } from '../trade/instrument.ts';

export interface FillToCap {
  readonly instrument: TradedInstrument;
  /** +1 long, -1 short. */
  readonly side: 1 | -1;
  readonly price: Price;
  readonly stop: Price;
  readonly steps: number;
  /** Risk still reserved for the steps that may fill. */
  readonly reservedMicros: Micros;
  /** `simulated`: only what fits is filled. `live`: it is filled already, the excess is closed. */
  readonly where: 'simulated' | 'live';
}

export interface RecapDecision {
  /** Steps that may stay. */
  readonly keep: number;
  /** Steps to cancel (simulated) or to close at market (live). */
  readonly excess: number;
  readonly code: 'FITS' | 'RISK_RECAP' | 'TRIM' | 'GAP_BEYOND_STOP';
}

/** Fail closed: a fill whose risk cannot be computed keeps nothing. */
export function recapFill(fill: FillToCap): RecapDecision {
  const { instrument, side, price, stop, steps, reservedMicros } = fill;
  const isSane = Number.isFinite(price) && price > 0 && Number.isFinite(stop) && Number.isSafeInteger(reservedMicros);
  if (!isSane || side * (price - stop) <= 0) return { keep: 0, excess: steps, code: 'GAP_BEYOND_STOP' };
  const keep = stepsForRisk(instrument, [price, stop], { budget: reservedMicros, atMost: steps });
  if (keep === steps) return { keep, excess: 0, code: 'FITS' };
  const cut = fill.where === 'live' ? 'TRIM' : 'RISK_RECAP';
  return { keep, excess: steps - keep, code: keep === 0 ? 'GAP_BEYOND_STOP' : cut };
}
