/** Which market a server watches and where it trades: options first, then the environment; keys come from the environment only (interface.md 9). */
import { HIGHER_TIMEFRAMES, TIMEFRAMES, type Timeframe } from '@wyckoff/domain';
import { createHash } from 'node:crypto';
import { PROVIDER_NAME } from './feeds/open-provider.ts';
import type { Fault } from './settings.ts';

/** `paper`: the simulated broker; everything else is a venue, and the account is LIVE. */
export type BrokerName = 'paper' | 'alpaca' | `ccxt:${string}`;

export interface MarketChoice {
  /** `alpaca`, `binance`, `ccxt:<exchange>` */
  readonly feed: string;
  /** 1 or more, each once, in the order in which they were given. */
  readonly symbols: readonly string[];
  readonly timeframe: Timeframe;
  readonly broker: BrokerName;
  /** Bars fetched at the first start. */
  readonly historyBars: number;
}

export interface MarketInput {
  readonly feed?: string | undefined;
  readonly symbol?: string | undefined;
  readonly timeframe?: string | undefined;
  readonly broker?: string | undefined;
}

type Env = Readonly<Record<string, string | undefined>>;
/** A value, and where it was found. */
interface Found {
  readonly value: string;
  readonly source: string;
}

const BROKER_NAME = /^(?:paper|alpaca|ccxt:[a-z0-9]{2,30})$/;
/** `engine.maxSymbols` of trading.md 9.4. */
const MAX_ENGINES = 200;
const SYMBOL = /^[A-Z0-9./^-]{1,20}$/;

/** Null: no feed is named, and the demo is replayed. */
export function readMarket(
  input: MarketInput,
  of: { readonly env: Env; readonly faults: Fault[]; readonly historyBars: number },
): MarketChoice | null {
  const { env, faults, historyBars } = of;
  const given = (option: keyof MarketInput): Found | null => foundIn(option, input[option], env);
  const refuse = (key: string, found: Found | null, expected: string): void => {
    faults.push({ code: 'config.invalid', key, source: found?.source ?? `--${key.split('.')[1] ?? key}`, found: found?.value ?? 'nothing', expected }); // prettier-ignore
  };
  const feed = given('feed');
  const [symbol, timeframe, broker] = [given('symbol'), given('timeframe'), given('broker')];
  if (feed === null) {
    for (const [key, found] of [['symbol', symbol], ['timeframe', timeframe], ['broker', broker]] as const)
      if (found !== null && !(key === 'broker' && found.value === 'paper')) refuse(`feed.${key}`, found, `--feed beside it: ${key} is of a live feed`); // prettier-ignore
    return null;
  }
  const before = faults.length;
  if (!PROVIDER_NAME.test(feed.value))
    refuse('feed.feed', feed, 'alpaca, binance, or ccxt: and the id of an exchange, such as ccxt:kraken');
  const symbols = symbol === null ? [''] : symbol.value.toUpperCase().split(',').map((one) => one.trim()); // prettier-ignore
  if (!symbols.every((one) => SYMBOL.test(one)) || new Set(symbols).size < symbols.length)
    refuse(
      'feed.symbol',
      symbol,
      'a symbol as the provider spells it, such as BTCUSDT, SPY or BTC/USDT, or several apart by commas, each once',
    );
  const frame = TIMEFRAMES.find((one) => one === (timeframe?.value ?? '1d'));
  const engines = symbols.length * (1 + (frame === undefined ? 0 : HIGHER_TIMEFRAMES[frame].length));
  if (engines > MAX_ENGINES)
    refuse(
      'feed.symbol',
      symbol,
      `at most ${MAX_ENGINES} engines, one for each symbol and each timeframe above it; these take ${engines}`,
    );
  if (frame === undefined) refuse('feed.timeframe', timeframe, `one of ${TIMEFRAMES.join(' ')}`);
  if (!BROKER_NAME.test(broker?.value ?? 'paper'))
    refuse('feed.broker', broker, 'paper, alpaca, or ccxt: and the id of an exchange');
  const name = (broker?.value ?? 'paper') as BrokerName;
  if (feed.value === 'alpaca' || name === 'alpaca') needKeys(env, ['APCA_API_KEY_ID', 'APCA_API_SECRET_KEY'], faults);
  if (name.startsWith('ccxt:')) needKeys(env, ['WYCKOFF_CCXT_KEY', 'WYCKOFF_CCXT_SECRET'], faults);
  if (frame === undefined || faults.length > before) return null;
  return { feed: feed.value, symbols, timeframe: frame, broker: name, historyBars };
}

/** The folder of a market's data below the usual one: two accounts never share one. */
export function folderOf(choice: Omit<MarketChoice, 'historyBars'>): string {
  const { feed, symbols, timeframe, broker } = choice;
  const venue = broker === 'paper' ? '' : `-live-${broker}`;
  const all = [...symbols].sort().join('-');
  // A name that a file system takes, and that another list does not have.
  const name = all.length <= 60 ? all : `${symbols.length}-symbols-${createHash('sha256').update(all).digest('hex').slice(0, 8)}`;
  return `${feed}-${name}-${timeframe}${venue}`.replace(/[^A-Za-z0-9.-]/g, '-');
}

function needKeys(env: Env, names: readonly string[], faults: Fault[]): void {
  for (const name of names)
    if ((env[name] ?? '') === '')
      faults.push({ code: 'config.invalid', key: 'feeds.key', source: name, found: 'nothing', expected: 'a key of the provider; it is read from this variable and from nowhere else' }); // prettier-ignore
}

function foundIn(option: keyof MarketInput, value: string | undefined, env: Env): Found | null {
  if (value !== undefined && value !== '') return { value, source: `--${option}` };
  const name = option === 'feed' ? 'WYCKOFF_FEED' : `WYCKOFF_FEED_${option.toUpperCase()}`;
  const said = env[name];
  return said === undefined || said === '' ? null : { value: said, source: name };
}
