/** The account's symbols beside those of ccxt: a feed says `BTCUSDT` where the bridge says `BTC/USDT` (trading.md 8.3). */
import { VenueError } from '../venue-error.ts';
import { ccxtError } from './ccxt-errors.ts';
import type { CcxtExchange, CcxtMarket } from './load-ccxt.ts';

export class SymbolBook {
  /** What cash is counted in. */
  readonly quote: string;
  // bounded: the account's symbols, at most 200; nothing is added after the construction
  readonly #markets = new Map<string, CcxtMarket>();
  // bounded: as above
  readonly #ours = new Map<string, string>();

  /**
   * Call it when the markets are loaded; `symbols` in the account's spelling.
   * @throws VenueError `refused` for a symbol the exchange does not have, one that is no spot market, and for two quote currencies.
   */
  constructor(exchange: CcxtExchange, symbols: readonly string[]) {
    for (const symbol of symbols) {
      const market = marketOf(exchange, symbol);
      if (market.spot === false) throw new VenueError('refused', `ccxt: expected ${symbol} to be a spot market of ${exchange.id}, was ${market.symbol}`); // prettier-ignore
      this.#markets.set(symbol, market);
      this.#ours.set(market.symbol, symbol);
    }
    const quotes = [...new Set([...this.#markets.values()].map(({ quote }) => quote))];
    if (quotes.length > 1) throw new VenueError('refused', `ccxt: expected symbols of one quote currency, as an account has one, was ${quotes.join(', ')}`); // prettier-ignore
    this.quote = quotes[0] ?? '';
  }

  get symbols(): readonly string[] {
    return [...this.#markets.keys()];
  }

  /** @throws VenueError `refused`: no symbol of the account. */
  market(symbol: string): CcxtMarket {
    const market = this.#markets.get(symbol);
    if (market === undefined) throw new VenueError('refused', `ccxt: expected a symbol of the account (${this.symbols.join(', ')}), was ${symbol}`); // prettier-ignore
    return market;
  }

  /** The account's spelling; what it does not have stays as it is. */
  ours(unified: string): string {
    return this.#ours.get(unified) ?? unified;
  }
}

function marketOf(exchange: CcxtExchange, symbol: string): CcxtMarket {
  try {
    return exchange.market(symbol);
  } catch (error) {
    throw ccxtError(`symbol ${symbol} at ${exchange.id}`, error);
  }
}
