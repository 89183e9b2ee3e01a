/** Opens the provider a person names: `alpaca`, `binance`, `ccxt:kraken`; addresses and keys come from the environment only. */
import type { Scope } from '@wyckoff/bounded';
import type { AssetClass, CalendarId, CorporateAction } from '@wyckoff/domain';
import { alpacaActions, type ActionsRequest } from './alpaca/alpaca-actions.ts';
import { AlpacaHistory } from './alpaca/alpaca-history.ts';
import { BinanceHistory } from './binance/binance-history.ts';
import { CcxtHistory } from './ccxt/ccxt-history.ts';
import type { HistoryProvider } from './contract/history.ts';
import { ProviderFault } from './contract/provider-fault.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** What is known of the instruments of a provider before anything is asked. */
export interface Market {
  readonly assetClass: AssetClass;
  readonly calendarId: CalendarId;
  readonly timeZone: string;
}

export const STOCK_MARKET: Market = { assetClass: 'STOCK', calendarId: 'XNYS', timeZone: 'America/New_York' };
export const COIN_MARKET: Market = { assetClass: 'CRYPTO', calendarId: '24/7', timeZone: 'UTC' };

export interface OpenedProvider {
  readonly history: HistoryProvider;
  readonly market: Market;
  /** Splits and renames, ascending; absent where there are none, or nobody tells. */
  readonly actions?: (request: ActionsRequest) => Promise<readonly CorporateAction[]>;
}

export const PROVIDER_NAME = /^(?:alpaca|binance|ccxt:[a-z0-9]{2,30})$/;

/** @throws ProviderFault when a key or a library is missing. */
export async function openProvider(
  name: string,
  { scope, env }: { readonly scope: Scope; readonly env: Environment },
): Promise<OpenedProvider> {
  if (name === 'alpaca') {
    const {
      APCA_API_KEY_ID: id = '',
      APCA_API_SECRET_KEY: secret = '',
      WYCKOFF_ALPACA_DATA_URL: restUrl,
      WYCKOFF_ALPACA_FEED: feed,
    } = env;
    if (id === '' || secret === '')
      throw new ProviderFault('DATA_REFUSED', 'alpaca: expected its key in APCA_API_KEY_ID and APCA_API_SECRET_KEY, was none');
    const history = new AlpacaHistory({ scope, restUrl, feed: feed === 'sip' ? 'sip' : 'iex', key: () => ({ id, secret }) });
    const actions = (request: ActionsRequest) => alpacaActions({ scope, restUrl, key: () => ({ id, secret }) }, request);
    return { history, market: STOCK_MARKET, actions };
  }
  if (name === 'binance') {
    return { history: new BinanceHistory({ scope, restUrl: env['WYCKOFF_BINANCE_DATA_URL'] }), market: COIN_MARKET };
  }
  const exchange = name.replace(/^ccxt:/, '');
  return { history: await CcxtHistory.open({ scope, exchange }), market: COIN_MARKET };
}
