/** The market a session watches: its folder is its own, its provider is asked once before anything is kept, its history comes by the feed itself. */
import type { Scope } from '@wyckoff/bounded';
import { TIMEFRAME_MS, type Calendar, type EpochMs } from '@wyckoff/domain';
import { ProviderFault } from '../../feeds/contract/provider-fault.ts';
import { feedOpener, type FeedOpener } from '../../feeds/open-feed.ts';
import type { Environment, Market } from '../../feeds/open-provider.ts';
import type { MarketChoice } from '../../market-choice.ts';
import { ConfigError, type Fault } from '../../settings.ts';
import type { HistoryProvider } from '../../feeds/contract/history.ts';
import type { Store, SymbolRecord } from '../../store/store.ts';
import { scaledBySeries } from '../../feeds/ingest/scaled-history.ts';
import { keepPlaces, keptPlaces } from '../session-series.ts';
import type { OpenFeed } from '../source.ts';

/** The setting that says whose money a folder is about. */
const ACCOUNT_SETTING = 'session.account';

export interface MarketParts {
  readonly choice: MarketChoice;
  readonly env: Environment;
  readonly store: Store;
  readonly scope: Scope;
  readonly wallClock: () => EpochMs;
  /** Progress of the history, for the log. */
  readonly onProgress: (progress: { readonly bars: number; readonly upTo: EpochMs }) => void;
  /** What the provider says, and bars that could not be believed. */
  readonly onNotice: (sentence: string) => void;
}

export interface WatchedMarket {
  readonly feed: OpenFeed;
  readonly calendar: Calendar;
  /** For the common past of several series and for holes; in the prices in which each series is stored. */
  readonly history: HistoryProvider;
  /** The feed begins behind this bar when the engine has none. */
  readonly firstBar: EpochMs;
}

/**
 * Claims the folder, asks the provider for the last bars and stores the instruments.
 * @throws ConfigError for another market's folder, an unknown symbol, no history; ProviderFault when a new market cannot be asked.
 */
export async function watchMarket(parts: MarketParts): Promise<WatchedMarket> {
  const { choice, env, store, scope, wallClock } = parts;
  const isClaimed = await refuseOtherFolder(parts);
  const opener = await feedOpener(choice.feed, { scope, env, over: (history) => scaledBySeries(history, store) }).catch(
    (error: unknown): never => throwAsFault(error, choice),
  );
  const now = wallClock();
  const span = spanOf(choice, opener.market);
  let anyNew = false;
  for (const symbol of choice.symbols) {
    const known = await store.findSeries(symbol, choice.timeframe);
    if (known !== null && (await store.countBars(known)) > 0) continue;
    anyNew = true;
    // A market that was watched before opens without its provider: the feed goes on trying.
    await probe(opener, { choice, symbol, from: now - Math.max(12 * TIMEFRAME_MS[choice.timeframe], 12 * 86_400_000), to: now });
  }
  if (anyNew || !isClaimed) {
    const { symbols, timeframe } = choice;
    for (const symbol of symbols) await store.saveSymbol(recordOf(symbol, choice.feed, opener.market), timeframe);
    if (!isClaimed) await keepPlaces(store, symbols.map((symbol) => ({ symbol, timeframe }))); // prettier-ignore
    await store.saveSetting(ACCOUNT_SETTING, accountOf(choice));
  }
  const { calendar, history } = opener;
  return { feed: feedOf(parts, opener), calendar, history, firstBar: now - span };
}

/** Id of the account: a folder holds one. */
export function accountOf({ broker }: MarketChoice): 'paper' | 'live' {
  return broker === 'paper' ? 'paper' : 'live';
}

/** True: the folder is this market's already. */
async function refuseOtherFolder({ choice, store }: MarketParts): Promise<boolean> {
  const places = await keptPlaces(store);
  if (places === null) return false;
  const account = ((await store.setting(ACCOUNT_SETTING)) as string | undefined) ?? 'replay';
  const listed = (symbols: readonly string[]): string => [...symbols].sort().join(',');
  const wanted = `${listed(choice.symbols)} ${choice.timeframe} ${accountOf(choice)}`;
  const held = `${listed(places.map(({ symbol }) => symbol))} ${places[0].timeframe} ${account}`;
  if (held !== wanted) throw new ConfigError([fault('server.data', { source: '--data', found: held, expected: `a folder of its own for ${wanted}` })]); // prettier-ignore
  return true;
}

/** The provider answers, knows the symbol and has bars of it. */
async function probe(
  { history }: FeedOpener,
  of: { readonly choice: MarketChoice; readonly symbol: string; readonly from: EpochMs; readonly to: EpochMs },
): Promise<void> {
  const { choice, symbol, from, to } = of;
  const { timeframe, feed } = choice;
  let bars = 0;
  try {
    for await (const { columns } of history.pages({ symbol, timeframe, from, to })) {
      bars += columns.length;
      if (bars > 0) return;
    }
  } catch (error) {
    throwAsFault(error, { ...choice, symbols: [symbol] });
  }
  const expected = `a symbol of which ${feed} has ${timeframe} bars since ${new Date(from).toISOString().slice(0, 10)}`;
  throw new ConfigError([fault('feed.symbol', { source: '--symbol', found: symbol, expected })]);
}

function throwAsFault(error: unknown, { feed, symbols, timeframe }: MarketChoice): never {
  if (error instanceof ProviderFault && error.code === 'DATA_UNKNOWN')
    throw new ConfigError([fault('feed.symbol', { source: '--symbol', found: symbols.join(','), expected: `a symbol ${feed} knows (${timeframe}): ${error.message}` })]); // prettier-ignore
  if (error instanceof ProviderFault && error.code === 'DATA_REFUSED')
    throw new ConfigError([
      fault('feeds.key', { source: feed, found: 'refused', expected: `${error.message}. ${error.remedy}` }),
    ]);
  throw error;
}

function fault(key: string, of: Omit<Fault, 'code' | 'key'>): Fault {
  return { code: 'config.invalid', key, ...of };
}

/** How far back so many bars reach, ms: markets that close at night and at week-ends have fewer in the same time. */
function spanOf({ timeframe, historyBars }: MarketChoice, { assetClass }: Market): number {
  const isDaily = TIMEFRAME_MS[timeframe] >= TIMEFRAME_MS['1d'];
  const openShare = assetClass !== 'STOCK' || timeframe === '1w' ? 1 : isDaily ? 252 / 365 : (252 * 6.5) / (365 * 24);
  return Math.ceil((historyBars * TIMEFRAME_MS[timeframe]) / openShare);
}

function recordOf(symbol: string, feed: string, { assetClass, timeZone, calendarId: calendar }: Market): SymbolRecord {
  const isStock = assetClass === 'STOCK';
  const tickSize = isStock ? 0.01 : 0.000_000_01;
  return { symbol, assetClass, name: symbol, source: feed, synthetic: false, timeZone, calendar, currency: 'USD', tickSize, unit: isStock ? 'shares' : 'units' }; // prettier-ignore
}

const TELL_EVERY_BARS = 500;

function feedOf({ onProgress, onNotice }: MarketParts, opener: FeedOpener): OpenFeed {
  return (taker, scope) => {
    let bars = 0;
    let told = 0;
    return opener.open({
      ...taker,
      scope,
      take: async (batch) => {
        await taker.take(batch);
        if (batch.origin === 'stream' || batch.columns.length === 0) return;
        bars += batch.columns.length;
        if (bars - told < TELL_EVERY_BARS && batch.columns.length < TELL_EVERY_BARS) return;
        told = bars;
        onProgress({ bars, upTo: batch.columns.time[batch.columns.length - 1] });
      },
      onRefused: ({ symbol, timeframe }, code, detail) =>
        onNotice(`${symbol} ${timeframe}: a bar was refused: ${code} ${detail}`),
      onNotice,
    });
  };
}
