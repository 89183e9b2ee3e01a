/** Where an order meets a bar, before costs (backtesting.md 4.1): NaN where it does not. No path inside the bar is assumed. */
import type { Bar, Price } from '../bar/bar.ts';

type Side = 1 | -1;

/** Buying: the bar trades at or below `price - passBy`; the limit is paid, a better open is not credited. */
export function touchLimit(side: Side, bar: Bar, of: { readonly price: Price; readonly passBy: Price }): Price {
  return (side === 1 ? bar.low <= of.price - of.passBy : bar.high >= of.price + of.passBy) ? of.price : NaN;
}

/** Buying: the bar trades at or above the stop; a gap over it pays the open. Also the protective stop of the other side. */
export function touchStop(side: Side, bar: Bar, price: Price): Price {
  if (side === 1) return bar.high >= price ? Math.max(bar.open, price) : NaN;
  return bar.low <= price ? Math.min(bar.open, price) : NaN;
}

/** Whether the open already met the order, so that the rest of the bar came after the fill (4.2). */
export function metAtOpen(type: 'LIMIT' | 'STOP', side: Side, of: { readonly open: Price; readonly price: Price }): boolean {
  const above = type === 'STOP' ? side === 1 : side === -1;
  return above ? of.open >= of.price : of.open <= of.price;
}
