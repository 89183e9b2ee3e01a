/** Alpaca's stream: `v2/iex` or `v2/sip`; a welcome, a login, minute bars and their later corrections. */
import type { DialectSink, StreamBar, StreamDialect } from '../contract/dialect.ts';
import { timeOf } from './alpaca-history.ts';
import { ALPACA_STREAM_URL, withinHours, type AlpacaSettings } from './alpaca-settings.ts';

interface Message {
  readonly T?: unknown;
  readonly msg?: unknown;
  readonly code?: unknown;
  readonly S?: unknown;
  readonly t?: unknown;
  readonly [field: string]: unknown;
}

/** Errors after which trying again is of no use: 402 login refused, 409 the plan does not include this feed. */
const HOPELESS = new Set([402, 409]);
/** Errors that concern one request and not the connection: 400 and 410 its form, 403 already logged in, 405 too many symbols. */
const PASSING = new Set([400, 403, 405, 410]);

export function alpacaDialect(settings: AlpacaSettings): StreamDialect {
  return {
    url: `${settings.streamUrl ?? ALPACA_STREAM_URL}/v2/${settings.feed ?? 'iex'}`,
    login: true,
    timeframes: ['1m'],
    maxStreams: 1000,
    controlEveryMs: 500,
    streamOf: ({ symbol }) => symbol,
    hello: () => {
      const { id, secret } = settings.key();
      return JSON.stringify({ action: 'auth', key: id, secret });
    },
    subscribe: (symbols) => JSON.stringify({ action: 'subscribe', bars: symbols, updatedBars: symbols }),
    unsubscribe: (symbols) => JSON.stringify({ action: 'unsubscribe', bars: symbols, updatedBars: symbols }),
    decode: (text, sink) => {
      const messages: unknown = JSON.parse(text);
      for (const message of Array.isArray(messages) ? messages : [messages]) decodeOne(message as Message, sink, settings);
    },
  };
}

function decodeOne(message: Message, sink: DialectSink, settings: AlpacaSettings): void {
  switch (message.T) {
    case 'b':
      if (withinHours(timeOf(message.t), settings)) sink.bar(barOf(message), 'closed');
      return;
    case 'u':
      if (withinHours(timeOf(message.t), settings)) sink.bar(barOf(message), 'revised');
      return;
    case 'success':
      if (message.msg === 'authenticated') sink.welcome();
      return;
    case 'subscription':
      sink.subscribed();
      return;
    case 'error':
      decodeError(Number(message.code), String(message.msg), sink);
      return;
    default:
      if (typeof message.T !== 'string') throw new Error('expected a message with a type T, was none');
  }
}

function decodeError(code: number, says: string, sink: DialectSink): void {
  const reason = `alpaca ${code}: ${says}`;
  if (HOPELESS.has(code)) sink.refused(reason);
  else if (PASSING.has(code)) sink.notice(reason);
  else sink.fail(reason);
}

function barOf(message: Message): StreamBar {
  const { S: stream, t, o, h, l, c, v } = message;
  if (typeof stream !== 'string') throw new Error('expected a bar with a symbol S, was none');
  return {
    stream,
    time: timeOf(t),
    open: plain(o),
    high: plain(h),
    low: plain(l),
    close: plain(c),
    volume: plain(v),
  };
}

function plain(value: unknown): number {
  return typeof value === 'number' ? value : NaN;
}
