/** What to do with a fill that risks more than was reserved (trading.md 5.6 fill re-cap). */
import type { Price } from '../bar/bar.ts';
import type { Micros } from '../setup/signal.ts';
import { riskOfParts, stepsForRisk } from '../trade/amount.ts';
import type { Parts } from '../trade/amount.ts';
import type { TradedInstrument } from '../trade/instrument.ts';

export interface FillToCap {
  readonly instrument: TradedInstrument;
  /** +1 long, -1 short. */
  readonly side: 1 | -1;
  readonly price: Price;
  readonly stop: Price;
  readonly steps: number;
  /** Reserved for the whole entry. */
  readonly reservedMicros: Micros;
  /** Parts of it that were filled before; default none. */
  readonly before?: Parts;
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

const NONE: Parts = Object.freeze({ value: 0, steps: 0 });

/** Fail closed: a fill whose risk cannot be computed keeps nothing. */
export function recapFill(fill: FillToCap): RecapDecision {
  const { side, price, stop, steps, reservedMicros } = fill;
  const isSane = Number.isFinite(price) && price > 0 && Number.isFinite(stop) && Number.isSafeInteger(reservedMicros);
  if (!isSane || side * (price - stop) <= 0) return { keep: 0, excess: steps, code: 'GAP_BEYOND_STOP' };
  const keep = stepsThatFit(fill);
  if (keep === steps) return { keep, excess: 0, code: 'FITS' };
  const cut = fill.where === 'live' ? 'TRIM' : 'RISK_RECAP';
  return { keep, excess: steps - keep, code: keep === 0 ? 'GAP_BEYOND_STOP' : cut };
}

/** All parts are compared with the reservation together: their roundings, one by one, would add up to a step that is not there. */
function stepsThatFit({ instrument, side, price, stop, steps, reservedMicros, before = NONE }: FillToCap): number {
  const risk = (more: number): Micros =>
    riskOfParts(instrument, { value: before.value + price * more, steps: before.steps + more }, { stop, side });
  const budget = before.steps === 0 ? reservedMicros : reservedMicros - risk(0);
  let keep = stepsForRisk(instrument, [price, stop], { budget, atMost: steps });
  if (before.steps === 0) return keep;
  while (keep < steps && risk(keep + 1) <= reservedMicros) keep += 1;
  while (keep > 0 && risk(keep) > reservedMicros) keep -= 1;
  return keep;
}
