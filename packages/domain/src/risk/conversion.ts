/** From the quote currency to the account's: the rate and how old it is (trading.md 2.2). */
import type { Price } from '../bar/bar.ts';
import type { Refusal } from '../setup/refusal.ts';
import { refusal } from '../setup/refusal.ts';
import type { TradedInstrument } from '../trade/instrument.ts';

/** Account currency per quote currency. `SAME`: they are one currency. */
export type Conversion =
  | { readonly kind: 'SAME' }
  | {
      readonly kind: 'RATE';
      /** Null: no pair gives it. */
      readonly rate: number | null;
      /** Open market time since the bar it comes from, and how much of it 9.5 allows. */
      readonly ageMs: number;
      readonly maxAgeMs: number;
    };

export const SAME_CURRENCY: Conversion = Object.freeze({ kind: 'SAME' });

/** A missing, absurd or old rate is a refusal, never a guess. */
export function refuseConversion(conversion: Conversion, instrument: TradedInstrument): Refusal | null {
  const { kind } = conversion;
  if (kind === 'SAME') {
    if (instrument.fx === 1) return null;
    return refusal('FX_RATE_MISSING', 'The instrument converts, but no rate was given.', { measured: instrument.fx, limit: 1 });
  }
  const { rate, ageMs, maxAgeMs } = conversion;
  if (rate === null || !(Number.isFinite(rate) && rate > 0) || rate !== instrument.fx)
    return refusal('FX_RATE_MISSING', 'There is no rate into the currency of the account.');
  if (!(ageMs >= 0 && ageMs <= maxAgeMs))
    return refusal('FX_RATE_MISSING', 'The rate into the currency of the account is too old.', {
      measured: ageMs,
      limit: maxAgeMs,
    });
  return null;
}

/** The instrument at the rate of now: everything computed from it converts with it. */
export function atRate(instrument: TradedInstrument, rate: number): TradedInstrument {
  return instrument.fx === rate ? instrument : Object.freeze({ ...instrument, fx: rate });
}

/** `to` per `from` out of a pair's price, directly or inverted; null when no pair has both. */
export function rateBetween(
  prices: Readonly<Record<string, Price>>,
  from: string,
  to: string,
): { readonly rate: number; readonly pair: string } | null {
  const direct = prices[from + to];
  if (direct !== undefined && direct > 0) return { rate: direct, pair: from + to };
  const inverse = prices[to + from];
  return inverse !== undefined && inverse > 0 ? { rate: 1 / inverse, pair: to + from } : null;
}
