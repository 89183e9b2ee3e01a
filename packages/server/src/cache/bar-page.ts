/** Pages of bars: a page is a span of a thousand slots of its timeframe, so that its number follows from a time alone. */
import { TIMEFRAME_MS, type EpochMs, type Timeframe } from '@wyckoff/domain';
import type { Series } from '../store/store.ts';

const SLOTS = 1_000;

/** Number of the page a bar that opened at `time` is on. */
export function pageOf(time: EpochMs, timeframe: Timeframe): number {
  return Math.floor(time / (SLOTS * TIMEFRAME_MS[timeframe]));
}

/** First instant of a page; it ends where the next one begins. */
export function pageStart(page: number, timeframe: Timeframe): EpochMs {
  return page * SLOTS * TIMEFRAME_MS[timeframe];
}

/** Bars on one page at most. */
export const BARS_PER_PAGE = SLOTS;

/** Where a page is kept. A new epoch leaves all older pages unread until their time is up. */
export function pageKey({ symbol, timeframe }: Pick<Series, 'symbol' | 'timeframe'>, epoch: number, page: number): string {
  return `bars:${symbol}:${timeframe}:${epoch}:${page}`;
}

/** The set of all keys of a symbol: clearing it costs what it holds, not the whole keyspace. */
export function indexKey(symbol: string): string {
  return `bars-index:${symbol}`;
}

/** Counts the changes of a symbol: a page read before a change is not stored after it. */
export function generationKey(symbol: string): string {
  return `bars-generation:${symbol}`;
}

/** Set while the bars of a symbol are being written: nothing read meanwhile is stored. */
export function busyKey(symbol: string): string {
  return `bars-busy:${symbol}`;
}

/** Matches the pages of one symbol literally: `*`, `?`, brackets and backslash mean themselves (pitfall 13). */
export function pagePattern(symbol: string): string {
  return `bars:${symbol.replace(/[\\*?[\]^-]/g, (sign) => `\\${sign}`)}:*`;
}
