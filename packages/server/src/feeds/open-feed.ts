/** Opens the live feed of a provider a person names; addresses and keys come from the environment only. */
import type { Scope } from '@wyckoff/bounded';
import { calendarOf, type Calendar } from '@wyckoff/domain';
import { alpacaDialect } from './alpaca/alpaca-dialect.ts';
import { binanceDialect } from './binance/binance-dialect.ts';
import type { StreamDialect } from './contract/dialect.ts';
import type { HistoryProvider } from './contract/history.ts';
import { AggregatedHistory } from './ingest/aggregated-history.ts';
import { LiveFeed, type LiveFeedOptions } from './live/live-feed.ts';
import { openProvider, type Environment, type Market } from './open-provider.ts';

export interface OpenFeedOptions extends Omit<LiveFeedOptions, 'name' | 'history' | 'dialect' | 'calendarOf'> {
  readonly scope: Scope;
  readonly env: Environment;
}

/** A provider ready to be asked and streamed from. */
export interface FeedOpener {
  /** With the timeframes it lacks, made of shorter ones. */
  readonly history: HistoryProvider;
  readonly market: Market;
  readonly calendar: Calendar;
  open(options: Omit<OpenFeedOptions, 'env'>): LiveFeed;
}

/** @throws ProviderFault when a key or a library is missing. */
export async function openFeed(name: string, { env, ...options }: OpenFeedOptions): Promise<LiveFeed> {
  return (await feedOpener(name, { scope: options.scope, env })).open(options);
}

export interface OpenerOptions {
  readonly scope: Scope;
  readonly env: Environment;
  /** What stands between the provider's history and everybody who asks for it, the feed included. */
  readonly over?: (history: HistoryProvider) => HistoryProvider;
}

/** For who asks for history before there is a feed. @throws ProviderFault when a key or a library is missing. */
export async function feedOpener(name: string, { scope, env, over }: OpenerOptions): Promise<FeedOpener> {
  const { history, market } = await openProvider(name, { scope, env });
  const { assetClass, timeZone } = market;
  const calendar = calendarOf(market.calendarId);
  const session = assetClass === 'STOCK' ? ({ open: '09:30', close: '16:00' } as const) : '24h';
  const instrumentOf = (symbol: string): { symbol: string; assetClass: typeof assetClass; timeZone: string; session: typeof session } => ({ symbol, assetClass, timeZone, session }); // prettier-ignore
  const aggregated = new AggregatedHistory({ history, calendarOf: () => calendar, instrumentOf });
  const whole = over?.(aggregated) ?? aggregated;
  return {
    history: whole,
    market,
    calendar,
    open: (options) =>
      new LiveFeed({ ...options, name, history: whole, dialect: dialectOf(name, env), calendarOf: () => calendar }),
  };
}

function dialectOf(name: string, env: Environment): StreamDialect | undefined {
  if (name === 'binance') return binanceDialect({ streamUrl: env['WYCKOFF_BINANCE_STREAM_URL'] });
  if (name !== 'alpaca') return undefined;
  const { APCA_API_KEY_ID: id = '', APCA_API_SECRET_KEY: secret = '', WYCKOFF_ALPACA_FEED: feed } = env;
  return alpacaDialect({
    streamUrl: env['WYCKOFF_ALPACA_STREAM_URL'],
    feed: feed === 'sip' ? 'sip' : 'iex',
    key: () => ({ id, secret }),
  });
}
