/** Binance's public streams: klines over one combined connection; only those that say they are closed are bars. */
import { TIMEFRAMES } from '@wyckoff/domain';
import type { StreamDialect } from '../contract/dialect.ts';
import { numberOf } from '../contract/page-columns.ts';
import { BINANCE_STREAM_URL, binanceSymbol, type BinanceSettings } from './binance-settings.ts';

const HOUR_MS = 3_600_000;

interface Kline {
  readonly t: unknown;
  readonly o: unknown;
  readonly h: unknown;
  readonly l: unknown;
  readonly c: unknown;
  readonly v: unknown;
  readonly x: unknown;
}

interface Message {
  readonly stream?: unknown;
  readonly data?: { readonly e?: unknown; readonly E?: unknown; readonly k?: Kline };
  readonly id?: unknown;
  readonly code?: unknown;
  readonly msg?: unknown;
  readonly error?: { readonly code?: unknown; readonly msg?: unknown };
}

/** @param now wall clock, to know how old a message is. */
export function binanceDialect(settings: BinanceSettings, now: () => number = Date.now): StreamDialect {
  let id = 0;
  const control = (method: string, params?: readonly string[]): string => JSON.stringify({ method, ...(params !== undefined && { params }), id: (id += 1) }); // prettier-ignore
  return {
    url: `${settings.streamUrl ?? BINANCE_STREAM_URL}/stream`,
    login: false,
    timeframes: TIMEFRAMES,
    maxStreams: 1024,
    // At most two messages a round: four a second.
    controlEveryMs: 500,
    // The venue ends every connection after 24 h.
    ageMs: 23 * HOUR_MS,
    streamOf: ({ symbol, timeframe }) => `${binanceSymbol(symbol).toLowerCase()}@kline_${timeframe}`,
    // A question whose answer shows that the venue listens; an open socket alone shows nothing.
    hello: () => control('LIST_SUBSCRIPTIONS'),
    subscribe: (streams) => control('SUBSCRIBE', streams),
    unsubscribe: (streams) => control('UNSUBSCRIBE', streams),
    decode: (text, sink) => {
      const message = JSON.parse(text) as Message | null;
      if (typeof message !== 'object' || message === null) throw new Error('expected an object, was none');
      const { stream, data, error } = message;
      if (error !== undefined || message.code !== undefined) {
        sink.notice(`binance: ${String(error?.msg ?? message.msg)}`);
      } else if (message.id !== undefined) {
        sink.welcome();
        // The first answer is that to `hello`.
        if (message.id !== 1) sink.subscribed();
      } else if (data?.e === 'serverShutdown') {
        sink.fail('binance: the server is about to shut down');
      } else if (typeof stream === 'string' && data?.k !== undefined) {
        if (typeof data.E === 'number') sink.age(now() - data.E);
        const { t, o, h, l, c, v, x } = data.k;
        const bar = { stream, time: numberOf(t), open: numberOf(o), high: numberOf(h), low: numberOf(l), close: numberOf(c), volume: numberOf(v) }; // prettier-ignore
        sink.bar(bar, x === true ? 'closed' : 'forming');
      } else {
        throw new Error('expected an answer or a kline, was neither');
      }
    },
  };
}
