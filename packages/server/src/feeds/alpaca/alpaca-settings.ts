/** Where Alpaca's data is, and with which key; base addresses are settings so that a local server can stand in. */

export interface AlpacaSettings {
  /** Default `https://data.alpaca.markets`. */
  readonly restUrl?: string | undefined;
  /** Default `wss://stream.data.alpaca.markets`. */
  readonly streamUrl?: string | undefined;
  /** `iex` is free, `sip` is the consolidated tape. Default `iex`. */
  readonly feed?: 'iex' | 'sip' | undefined;
  /** Asked each time; never kept, never logged. */
  readonly key: () => { readonly id: string; readonly secret: string };
}

export const ALPACA_REST_URL = 'https://data.alpaca.markets';
export const ALPACA_STREAM_URL = 'wss://stream.data.alpaca.markets';
/** trading.md 9.1. */
export const ALPACA_PER_MINUTE = 180;
