/** Figures of trading as lines of text: money with its cents, quantities in units, prices as traded. */
import type { OrderWire, SignalWire } from '@wyckoff/contracts';
import { figure, plainText, priceText } from '../table.ts';

const MICROS = 1e6;

/** `12,345.67`, in the currency of the account. */
export function moneyText(micros: number): string {
  return (micros / MICROS).toLocaleString('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 2 });
}

export function quantityText(qtyMicros: number): string {
  return plainText(qtyMicros / MICROS, 6);
}

export function percentText(ratio: number | null): string {
  return ratio === null ? '–' : `${(ratio * 100).toFixed(1)}%`;
}

/** What is bought or sold, from where, with which stop, for which risk. */
export function signalLine(of: Pick<SignalWire, 'symbol' | 'direction' | 'pattern' | 'qtyMicros' | 'entryType' | 'entryPrice' | 'stopPrice' | 'riskMicros' | 'rMultiple'>): string {
  return `${of.symbol} ${of.direction.toLowerCase()} ${of.pattern}: ${quantityText(of.qtyMicros)} units, entry ${of.entryType} ${priceText(of.entryPrice)}, stop ${priceText(of.stopPrice)}, risk ${moneyText(of.riskMicros)}, R ${figure(of.rMultiple, 2)}`;
} // prettier-ignore

export function orderLine({ id, side, qtyMicros, symbol, type, limitPrice, stopPrice, state }: OrderWire): string {
  const at = limitPrice ?? stopPrice;
  return `order ${id}: ${side.toLowerCase()} ${quantityText(qtyMicros)} ${symbol} ${type}${at === null ? '' : ` ${priceText(at)}`}, ${state}`;
}
