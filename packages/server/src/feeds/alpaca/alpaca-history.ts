/** Alpaca's history: `/v2/stocks/bars`, page token by page token, 180 requests a minute. */
import type { Scope, StopSignal } from '@wyckoff/bounded';
import type { Timeframe } from '@wyckoff/domain';
import { HttpClient } from '../../venue/http-client.ts';
import { ask } from '../contract/ask.ts';
import type { HistoryPage, HistoryProvider, HistoryRequest } from '../contract/history.ts';
import { pageColumns } from '../contract/page-columns.ts';
import { ProviderFault } from '../contract/provider-fault.ts';
import { ALPACA_PER_MINUTE, ALPACA_REST_URL, withinHours, type AlpacaSettings } from './alpaca-settings.ts';

/** Its hours and four hours begin at full hours of the clock, ours at the opening: those are made of half hours. */
const TIMEFRAMES = { '1m': '1Min', '5m': '5Min', '15m': '15Min', '30m': '30Min', '1d': '1Day', '1w': '1Week' } as const satisfies Partial<Record<Timeframe, string>>; // prettier-ignore
const PAGE_LIMIT = 10_000;
/** Pages without a later bar of the symbol after which the tokens lead nowhere: the same one again, or round in a circle. */
const IDLE_PAGES = 20;

export interface AlpacaHistoryOptions extends AlpacaSettings {
  readonly scope: Scope;
  readonly random?: (() => number) | undefined;
  readonly perMinute?: number | undefined;
  readonly timeoutMs?: number | undefined;
  /** Bars of one answer, at most and by default 10,000. */
  readonly pageLimit?: number | undefined;
}

interface Answer {
  readonly bars?: Readonly<Record<string, unknown>> | null;
  readonly next_page_token?: unknown;
}

type AlpacaBar = Readonly<Record<'t' | 'o' | 'h' | 'l' | 'c' | 'v', unknown>>;

export class AlpacaHistory implements HistoryProvider {
  readonly name = 'alpaca';
  readonly timeframes = Object.keys(TIMEFRAMES) as Timeframe[];
  readonly #options: AlpacaHistoryOptions;
  readonly #scope: Scope;
  readonly #client: HttpClient;

  constructor(options: AlpacaHistoryOptions) {
    this.#options = options;
    this.#scope = options.scope.child('alpaca');
    this.#client = new HttpClient({
      scope: this.#scope,
      baseUrl: options.restUrl ?? ALPACA_REST_URL,
      headers: () => {
        const { id, secret } = options.key();
        return { 'APCA-API-KEY-ID': id, 'APCA-API-SECRET-KEY': secret };
      },
      perMinute: options.perMinute ?? ALPACA_PER_MINUTE,
      timeoutMs: options.timeoutMs,
    });
  }

  async *pages(request: HistoryRequest, signal?: StopSignal): AsyncIterableIterator<HistoryPage> {
    const timeframe = TIMEFRAMES[request.timeframe as keyof typeof TIMEFRAMES] as string | undefined;
    if (timeframe === undefined) throw new ProviderFault('DATA_UNKNOWN', `alpaca: expected one of ${this.timeframes.join(' ')}, was ${request.timeframe}`); // prettier-ignore
    let token: string | null = null;
    let idle = 0;
    let newest = -Infinity;
    do {
      const answer = await this.#page(request, { timeframe, token, signal });
      const all = rowsOf(answer, request.symbol);
      const latest = all.reduce((late, { t }) => Math.max(late, timeOf(t) || -Infinity), -Infinity);
      idle = latest > newest ? 0 : idle + 1;
      newest = Math.max(newest, latest);
      const rows = this.#within(request.timeframe, all);
      if (rows.length > 0) {
        yield { columns: pageColumns(rows, ({ t, o, h, l, c, v }) => [timeOf(t), o, h, l, c, v]) };
      }
      const next = tokenOf(answer);
      if (next !== null && (next === token || idle >= IDLE_PAGES)) throw new ProviderFault('DATA_STUCK', `alpaca: expected pages of ${request.symbol} to end, ${next === token ? 'the same token came again' : `${idle} of them brought nothing later`}`); // prettier-ignore
      token = next;
    } while (token !== null);
  }

  async close(): Promise<void> {
    await this.#scope.dispose();
  }

  #within(timeframe: Timeframe, rows: readonly AlpacaBar[]): readonly AlpacaBar[] {
    return timeframe === '1d' || timeframe === '1w' ? rows : rows.filter(({ t }) => withinHours(timeOf(t), this.#options));
  }

  async #page(
    { symbol, from, to }: HistoryRequest,
    page: { readonly timeframe: string; readonly token: string | null; readonly signal: StopSignal | undefined },
  ): Promise<Answer> {
    const query = new URLSearchParams({
      symbols: symbol,
      timeframe: page.timeframe,
      start: new Date(from).toISOString(),
      // Theirs is inclusive.
      end: new Date(to - 1).toISOString(),
      limit: String(this.#options.pageLimit ?? PAGE_LIMIT),
      adjustment: 'raw',
      feed: this.#options.feed ?? 'iex',
      sort: 'asc',
    });
    if (page.token !== null) query.set('page_token', page.token);
    const { json } = await ask({
      provider: 'alpaca',
      client: this.#client,
      scope: this.#scope,
      path: `/v2/stocks/bars?${query.toString()}`,
      random: this.#options.random ?? Math.random,
      signal: page.signal,
    });
    if (typeof json !== 'object' || json === null || Array.isArray(json) || !('bars' in json)) throw new ProviderFault('DATA_MALFORMED', 'alpaca: expected an object with bars, was another form'); // prettier-ignore
    return json as Answer;
  }
}

function rowsOf({ bars }: Answer, symbol: string): readonly AlpacaBar[] {
  const rows = bars?.[symbol] ?? [];
  if (!Array.isArray(rows)) throw new ProviderFault('DATA_MALFORMED', `alpaca: expected a list of bars of ${symbol}, was ${typeof rows}`); // prettier-ignore
  return rows.map((row: unknown) => (typeof row === 'object' && row !== null ? row : {}) as AlpacaBar);
}

function tokenOf({ next_page_token: token }: Answer): string | null {
  return typeof token === 'string' && token !== '' ? token : null;
}

/** `2021-02-22T19:15:00Z`; anything else is no time. */
export function timeOf(text: unknown): number {
  return typeof text === 'string' && /^\d{4}-\d\d-\d\dT/.test(text) ? Date.parse(text) : NaN;
}
