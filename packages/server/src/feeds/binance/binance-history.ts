/** Binance's public history: `/api/v3/klines`, 1,000 bars a page, no faster than the weight it reports allows. */
import type { Scope, StopSignal } from '@wyckoff/bounded';
import { TIMEFRAMES } from '@wyckoff/domain';
import type { HttpAnswer } from '../../venue/http-client.ts';
import { HttpClient } from '../../venue/http-client.ts';
import { ask } from '../contract/ask.ts';
import type { HistoryPage, HistoryProvider, HistoryRequest } from '../contract/history.ts';
import { newestIn, pageColumns } from '../contract/page-columns.ts';
import { ProviderFault } from '../contract/provider-fault.ts';
import { BINANCE_REST_URL, binanceSymbol, type BinanceSettings } from './binance-settings.ts';

const PAGE_LIMIT = 1000;
const MINUTE_MS = 60_000;
/** Of the 6,000 a minute that one address may use, the part after which we wait for the next minute. */
const WEIGHT_LIMIT = 4800;
/** A page weighs 2: so many a minute stay below. */
const PER_MINUTE = 1200;

export interface BinanceHistoryOptions extends BinanceSettings {
  readonly scope: Scope;
  readonly random?: (() => number) | undefined;
  readonly perMinute?: number | undefined;
  readonly timeoutMs?: number | undefined;
  /** Wall clock, for the minute the weight is counted in; default `Date.now`. */
  readonly now?: (() => number) | undefined;
}

export class BinanceHistory implements HistoryProvider {
  readonly name = 'binance';
  /** All of ours: its days turn at UTC midnight and its weeks on Monday, as the 24/7 market's do. */
  readonly timeframes = TIMEFRAMES;
  readonly #options: BinanceHistoryOptions;
  readonly #scope: Scope;
  readonly #client: HttpClient;

  constructor(options: BinanceHistoryOptions) {
    this.#options = options;
    this.#scope = options.scope.child('binance');
    const { restUrl = BINANCE_REST_URL, perMinute = PER_MINUTE, timeoutMs } = options;
    this.#client = new HttpClient({ scope: this.#scope, baseUrl: restUrl, perMinute, timeoutMs });
  }

  async *pages(request: HistoryRequest, signal?: StopSignal): AsyncIterableIterator<HistoryPage> {
    for (let from = request.from; from < request.to;) {
      const rows = await this.#page({ ...request, from }, signal);
      if (rows.length === 0) return;
      const columns = pageColumns(rows, (row) => [row[0], row[1], row[2], row[3], row[4], row[5]]);
      const newest = newestIn(columns);
      if (newest < from) throw new ProviderFault('DATA_STUCK', `binance: expected bars of ${request.symbol} from ${new Date(from).toISOString()} on, was an older page`); // prettier-ignore
      yield { columns };
      from = newest + 1;
    }
  }

  async close(): Promise<void> {
    await this.#scope.dispose();
  }

  async #page({ symbol, timeframe, from, to }: HistoryRequest, signal: StopSignal | undefined): Promise<readonly unknown[][]> {
    const query = new URLSearchParams({
      symbol: binanceSymbol(symbol),
      interval: timeframe,
      startTime: String(from),
      // Theirs is inclusive.
      endTime: String(to - 1),
      limit: String(PAGE_LIMIT),
    });
    const path = `/api/v3/klines?${query.toString()}`;
    const { random = Math.random } = this.#options;
    const answer = await ask({ provider: 'binance', client: this.#client, scope: this.#scope, path, random, signal });
    this.#mindWeight(answer);
    if (!Array.isArray(answer.json)) throw new ProviderFault('DATA_MALFORMED', `binance: expected a list of bars of ${symbol}, was another form`); // prettier-ignore
    return answer.json.map((row: unknown) => (Array.isArray(row) ? (row as unknown[]) : []));
  }

  #mindWeight({ headers }: HttpAnswer): void {
    const used = Number(headers['x-mbx-used-weight-1m'] ?? 0);
    if (used < WEIGHT_LIMIT) return;
    const now = (this.#options.now ?? Date.now)();
    this.#client.limit.quietFor(MINUTE_MS - (now % MINUTE_MS));
  }
}
