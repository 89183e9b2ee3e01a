/** History through ccxt, for the exchanges it knows: optional, loaded only when asked for, at the pace the library keeps. */
import type { Scope, StopSignal } from '@wyckoff/bounded';
import { TIMEFRAMES, TIMEFRAME_MS, type Timeframe } from '@wyckoff/domain';
import { importOptional } from '../../venue/optional-package.ts';
import type { HistoryPage, HistoryProvider, HistoryRequest } from '../contract/history.ts';
import { newestIn, pageColumns } from '../contract/page-columns.ts';
import { ProviderFault } from '../contract/provider-fault.ts';

/** What we use of a ccxt exchange. */
interface CcxtExchange {
  readonly has: Readonly<Record<string, unknown>>;
  readonly timeframes?: Readonly<Record<string, unknown>> | undefined;
  /** Text of the last answer. */
  readonly last_http_response?: unknown;
  fetchOHLCV(symbol: string, timeframe: string, since: number, limit: number): Promise<unknown>;
  close?(): Promise<unknown>;
}

export interface CcxtHistoryOptions {
  readonly scope: Scope;
  /** The exchange's id in ccxt: `kraken`. */
  readonly exchange: string;
  /** Handed to the library: `urls` for a local server, `timeout`. */
  readonly config?: Readonly<Record<string, unknown>> | undefined;
  /** Default: `import('ccxt')`, from here or from the working folder. */
  readonly load?: (() => Promise<unknown>) | undefined;
}

const PAGE_LIMIT = 500;
/** Pages without a bar in a row that are believed to lie before a listing. */
const EMPTY_PAGES = 200;
const TRIES = 3;

export class CcxtHistory implements HistoryProvider {
  readonly name: string;
  readonly timeframes: readonly Timeframe[];
  readonly #scope: Scope;
  readonly #exchange: CcxtExchange;

  private constructor(options: CcxtHistoryOptions, exchange: CcxtExchange) {
    this.name = `ccxt:${options.exchange}`;
    this.#exchange = exchange;
    this.timeframes = TIMEFRAMES.filter((timeframe) => exchange.timeframes?.[timeframe] !== undefined);
    this.#scope = options.scope.child('ccxt', { label: options.exchange });
    this.#scope.adopt('exchange', () => exchange.close?.().catch(() => undefined));
  }

  /** @throws ProviderFault when ccxt is not installed or does not know the exchange. */
  static async open(options: CcxtHistoryOptions): Promise<CcxtHistory> {
    const library = (await (options.load ?? loadCcxt)()) as Readonly<Record<string, unknown>>;
    const all = (library['default'] ?? library) as Readonly<Record<string, unknown>>;
    const Exchange = /^[a-z0-9]{2,30}$/.test(options.exchange) ? all[options.exchange] : undefined;
    if (typeof Exchange !== 'function') throw new ProviderFault('DATA_UNKNOWN', `ccxt: expected the id of an exchange such as kraken, was ${JSON.stringify(options.exchange)}`); // prettier-ignore
    const exchange = new (Exchange as new (config: object) => CcxtExchange)({ enableRateLimit: true, ...options.config });
    if (exchange.has['fetchOHLCV'] !== true) throw new ProviderFault('DATA_UNKNOWN', `ccxt: expected an exchange with bars, ${options.exchange} has none`); // prettier-ignore
    return new CcxtHistory(options, exchange);
  }

  async *pages(request: HistoryRequest, signal?: StopSignal): AsyncIterableIterator<HistoryPage> {
    const stepMs = TIMEFRAME_MS[request.timeframe];
    let empty = 0;
    for (let from = request.from; from < request.to;) {
      signal?.throwIfAborted();
      const rows = await this.#page({ ...request, from });
      if (rows.length === 0) {
        empty += 1;
        if (empty > EMPTY_PAGES) return;
        // Some exchanges answer nothing for a time before the listing.
        from += PAGE_LIMIT * stepMs;
        continue;
      }
      empty = 0;
      const columns = pageColumns(rows, (row) => [row[0], row[1], row[2], row[3], row[4], row[5]]);
      const newest = newestIn(columns);
      if (newest < from) throw new ProviderFault('DATA_STUCK', `${this.name}: expected bars of ${request.symbol} from ${new Date(from).toISOString()} on, was an older page`); // prettier-ignore
      yield { columns };
      from = newest + 1;
    }
  }

  async close(): Promise<void> {
    await this.#scope.dispose();
  }

  async #page({ symbol, timeframe, from }: HistoryRequest): Promise<readonly unknown[][]> {
    for (let tried = 1; ; tried += 1) {
      try {
        const rows = await this.#exchange.fetchOHLCV(symbol, timeframe, from, PAGE_LIMIT);
        if (!Array.isArray(rows)) throw new ProviderFault('DATA_MALFORMED', `${this.name}: expected a list of bars, was ${typeof rows}`); // prettier-ignore
        if (rows.length === 0) this.#refuseUnread();
        return rows.map((row: unknown) => (Array.isArray(row) ? (row as unknown[]) : []));
      } catch (error) {
        const fault = this.#faultOf(error);
        if (fault.code !== 'DATA_UNAVAILABLE' || tried >= TRIES) throw fault;
        await this.#scope.delay(1000 * 2 ** (tried - 1), 'retry');
      }
    }
  }

  /** The library makes an empty list of what it could not read: HTML and cut JSON are no proof that there are no bars. */
  #refuseUnread(): void {
    const text = this.#exchange.last_http_response;
    if (typeof text !== 'string' || text === '') return;
    try {
      JSON.parse(text);
    } catch {
      throw new ProviderFault('DATA_MALFORMED', `${this.name}: expected JSON, was ${JSON.stringify(text.slice(0, 120))}`);
    }
  }

  /** Errors of the library are classes named for what happened. */
  #faultOf(error: unknown): ProviderFault {
    if (error instanceof ProviderFault) return error;
    const { name, message } = error instanceof Error ? { name: error.constructor.name, message: error.message } : { name: 'Error', message: String(error) }; // prettier-ignore
    const says = `${this.name}: ${name} ${message.slice(0, 160)}`;
    if (/Authentication|Permission|AccountNotEnabled/.test(name)) return new ProviderFault('DATA_REFUSED', says);
    if (/RateLimit|DDoS/.test(name)) return new ProviderFault('DATA_LIMITED', says);
    if (/BadSymbol|BadRequest|NotSupported/.test(name)) return new ProviderFault('DATA_UNKNOWN', says);
    if (/BadResponse|NullResponse|SyntaxError/.test(name)) return new ProviderFault('DATA_MALFORMED', says);
    return new ProviderFault('DATA_UNAVAILABLE', says);
  }
}

/** @throws ProviderFault with the command that helps. */
async function loadCcxt(): Promise<unknown> {
  try {
    return await importOptional('ccxt');
  } catch {
    throw new ProviderFault('DATA_NOT_INSTALLED', 'ccxt is not here, it is large and therefore optional: run `npm install ccxt`');
  }
}
