/** Figures of a notification as a trader reads them: money with cents, quantities in units, prices without the noise of floating point. */

const MICROS = 1_000_000;

/** `12,345.67`. */
export function moneyWords(micros: number): string {
  return (micros / MICROS).toLocaleString('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 2 });
}

/** `1,250` or `0.015`, of millionths. */
export function unitWords(qtyMicros: number): string {
  return (qtyMicros / MICROS).toLocaleString('en-US', { maximumFractionDigits: 6 });
}

/** Two decimals, more below 1,000: at least six digits that say something. */
export function priceWords(price: number | null): string {
  if (price === null || !Number.isFinite(price)) return 'unknown';
  const whole = price === 0 ? 1 : Math.floor(Math.log10(Math.abs(price))) + 1;
  return price.toLocaleString('en-US', { minimumFractionDigits: 2, maximumFractionDigits: Math.min(8, Math.max(2, 6 - whole)) });
}

/** `STOPPED_OUT` as `stopped out`. */
export function codeWords(code: string): string {
  return code.replaceAll('_', ' ').toLowerCase();
}
