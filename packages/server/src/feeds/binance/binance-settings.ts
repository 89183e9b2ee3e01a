/** Where Binance's public data is; no key is needed. */

export interface BinanceSettings {
  /** Default `https://data-api.binance.vision`. */
  readonly restUrl?: string | undefined;
  /** Default `wss://data-stream.binance.vision`. */
  readonly streamUrl?: string | undefined;
}

export const BINANCE_REST_URL = 'https://data-api.binance.vision';
export const BINANCE_STREAM_URL = 'wss://data-stream.binance.vision';

/** `BTC/USDT` and `BTC-USDT` are `BTCUSDT` there. */
export function binanceSymbol(symbol: string): string {
  return symbol.replace(/[/-]/g, '');
}
