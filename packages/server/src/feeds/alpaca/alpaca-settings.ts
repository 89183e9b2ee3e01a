/** Where Alpaca's data is, and with which key; base addresses are settings so that a local server can stand in. */
import { calendarOf } from '@wyckoff/domain';

export interface AlpacaSettings {
  /** Default `https://data.alpaca.markets`. */
  readonly restUrl?: string | undefined;
  /** Default `wss://stream.data.alpaca.markets`. */
  readonly streamUrl?: string | undefined;
  /** `iex` is free, `sip` is the consolidated tape. Default `iex`. */
  readonly feed?: 'iex' | 'sip' | undefined;
  /** `regular`: bars before the opening and after the close are left out, they belong to no session. Default `regular`. */
  readonly hours?: 'regular' | 'all' | undefined;
  /** Asked each time; never kept, never logged. */
  readonly key: () => { readonly id: string; readonly secret: string };
}

export const ALPACA_REST_URL = 'https://data.alpaca.markets';
export const ALPACA_STREAM_URL = 'wss://stream.data.alpaca.markets';
/** trading.md 9.1. */
export const ALPACA_PER_MINUTE = 180;

/** Whether an intraday bar that opens then is wanted. */
export function withinHours(time: number, { hours = 'regular' }: Pick<AlpacaSettings, 'hours'>): boolean {
  return hours === 'all' || !Number.isFinite(time) || calendarOf('XNYS').isOpen(time);
}
