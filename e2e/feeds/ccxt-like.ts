/** An exchange in the form of ccxt: the same constructor, the same `fetchOHLCV`, the same names of errors, over a real socket to a local server. */

class NetworkError extends Error {}
class RateLimitExceeded extends NetworkError {}
class AuthenticationError extends Error {}
class BadSymbol extends Error {}
class BadResponse extends Error {}
class ExchangeNotAvailable extends NetworkError {}

class LocalExchange {
  readonly has = { fetchOHLCV: true };
  readonly timeframes = { '1m': '1m', '5m': '5m', '15m': '15m', '1h': '1h', '1d': '1d' };
  readonly #url: string;
  readonly #abort = new AbortController();

  constructor(config: { readonly urls: { readonly api: string } }) {
    this.#url = config.urls.api;
  }

  async fetchOHLCV(symbol: string, timeframe: string, since: number, limit: number): Promise<number[][]> {
    const query = new URLSearchParams({ symbol: symbol.replace('/', ''), interval: timeframe, startTime: String(since), endTime: String(8e15), limit: String(limit) }); // prettier-ignore
    const answer = await fetch(`${this.#url}/api/v3/klines?${query.toString()}`, {
      signal: this.#abort.signal,
      headers: { connection: 'close' },
    }).catch((error: unknown) => {
      throw new NetworkError(String(error));
    });
    const text = await answer.text();
    if (answer.status === 429) throw new RateLimitExceeded(text);
    if (answer.status === 401 || answer.status === 403) throw new AuthenticationError(text);
    if (answer.status === 400) throw new BadSymbol(text);
    if (answer.status >= 500) throw new ExchangeNotAvailable(text);
    try {
      return (JSON.parse(text) as (string | number)[][]).map((row) => row.slice(0, 6).map(Number));
    } catch {
      throw new BadResponse(text.slice(0, 80));
    }
  }

  async close(): Promise<void> {
    this.#abort.abort();
    return Promise.resolve();
  }
}

export const ccxtLike = { default: { localex: LocalExchange } };
