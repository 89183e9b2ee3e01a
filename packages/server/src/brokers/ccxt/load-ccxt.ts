/** ccxt is no part of the product: it is large, and loaded only where a user has installed it (trading.md 8.3). */
import { importOptional } from '../../venue/optional-package.ts';
import { VenueError } from '../venue-error.ts';

const VERSION = '4.5.84';

/** What of an exchange of ccxt is used; figures come and go as its unified structures. */
export interface CcxtExchange {
  readonly id: string;
  readonly has: Readonly<Record<string, boolean | string | undefined>>;
  /** Its addresses by kind of request, as deep as it likes. */
  readonly urls: { api?: unknown };
  readonly options: Readonly<Record<string, unknown>>;
  loadMarkets(): Promise<unknown>;
  /** By unified name or the exchange's own; throws `BadSymbol`. */
  market(symbol: string): CcxtMarket;
  /** What an exchange is declared to be able to do; absent in old versions. */
  featureValue?(symbol: string, method: string, name: string): unknown;
  setSandboxMode(on: boolean): void;
  createOrder(
    symbol: string,
    type: string,
    side: string,
    amount: number,
    price: number | undefined,
    params: object,
  ): Promise<CcxtOrder>;
  cancelOrder(id: string, symbol: string, params?: object): Promise<unknown>;
  fetchOrder(id: string, symbol: string, params?: object): Promise<CcxtOrder>;
  fetchOpenOrders(symbol?: string): Promise<CcxtOrder[]>;
  fetchMyTrades(symbol: string, since?: number, limit?: number): Promise<CcxtTrade[]>;
  fetchBalance(): Promise<{ readonly total: Readonly<Record<string, number | undefined>> }>;
  fetchTicker(symbol: string): Promise<{ readonly last?: number | undefined }>;
  close?(): Promise<void>;
}

export interface CcxtMarket {
  readonly symbol: string;
  readonly base: string;
  readonly quote: string;
  readonly spot?: boolean;
}

export interface CcxtOrder {
  readonly id: string;
  readonly clientOrderId?: string | undefined;
  readonly symbol: string;
  readonly side: string;
  readonly type?: string | undefined;
  readonly status?: string | undefined;
  readonly amount?: number | undefined;
  readonly filled?: number | undefined;
  readonly average?: number | undefined;
  readonly price?: number | undefined;
  readonly triggerPrice?: number | undefined;
  readonly timestamp?: number | undefined;
  readonly lastUpdateTimestamp?: number | undefined;
}

export interface CcxtTrade {
  readonly id: string;
  readonly order?: string | undefined;
  readonly symbol: string;
  readonly side: string;
  readonly amount: number;
  readonly price: number;
  readonly timestamp: number;
  readonly fee?: { readonly cost?: number | undefined; readonly currency?: string | undefined } | undefined;
}

export type CcxtModule = Readonly<Record<string, (new (options: object) => CcxtExchange) | undefined>>;

/** @throws {VenueError} `refused`, saying how to install it. */
export async function loadCcxt(): Promise<CcxtModule> {
  try {
    const loaded = (await importOptional('ccxt')) as { readonly default?: CcxtModule };
    return loaded.default ?? (loaded as CcxtModule);
  } catch {
    throw new VenueError(
      'refused',
      `ccxt is not installed: expected the package ccxt ${VERSION}; install it with "npm install ccxt@${VERSION} --no-save" and start again`,
    );
  }
}
