/** Nothing is opened on a bar that is too old by the wall clock: its symbol is halted before such a bar is taken, and free before the first fresh one (trading.md 9.5, 5.7). */
import { isStale, TIMEFRAME_MS, type Calendar, type EpochMs } from '@wyckoff/domain';
import type { Series } from '../../store/store.ts';
import { endOfInstant, type InstantRows } from '../instants/instant-rows.ts';

/** No market stays closed longer: a bar four times its length older than this is stale by every calendar. */
const LONGEST_CLOSURE_MS = 14 * 86_400_000;

export interface FreshBarsOptions {
  /** In the order of their places. */
  readonly series: readonly Series[];
  readonly calendar: Calendar;
  readonly wallClock: () => EpochMs;
  /** Symbols whose halt stands already. */
  readonly halted: readonly string[];
  /** False: old bars are taken as a backtest takes them. */
  readonly isJudged: () => boolean;
  /** Opening time of the newest bar taken. */
  readonly newestOf: (series: Series) => EpochMs | null;
  /** Resolves when the account has stored it. */
  readonly setHalt: (symbol: string, inForce: boolean) => Promise<void>;
}

export class FreshBars {
  readonly #options: FreshBarsOptions;
  // bounded: symbols of the session
  readonly #halted: Set<string>;

  constructor(options: FreshBarsOptions) {
    this.#options = options;
    this.#halted = new Set(options.halted);
  }

  /** Of the rows from `from` on, how many (>= 1, at most `limit` and the rest of their instant) may be taken with the halts that stand when this resolves. */
  async ready(rows: InstantRows, from: number, limit: number): Promise<number> {
    const { series } = this.#options;
    const until = Math.min(rows.length, from + limit);
    for (const [symbol, stale] of this.#changes(rows, from)) await this.#set(symbol, stale);
    let row = endOfInstant(rows, from, series);
    while (row < until && this.#changes(rows, row).size === 0) row = endOfInstant(rows, row, series);
    return row - from;
  }

  /** The feed's own watch: silence halts at once; that bars come again counts when the account has a fresh one. */
  async heard(symbol: string, stale: boolean): Promise<void> {
    if (stale === this.#halted.has(symbol) || (!stale && !this.#hasFresh(symbol))) return;
    await this.#set(symbol, stale);
  }

  /** What would have to be told before an instant is taken. */
  #changes(rows: InstantRows, from: number): ReadonlyMap<string, boolean> {
    const { series, isJudged } = this.#options;
    const changes = new Map<string, boolean>();
    const to = endOfInstant(rows, from, series);
    for (let row = from; row < to; row += 1) {
      const one = series[rows.places?.[row] ?? 0];
      const stale = this.#isOld(one, rows.time[row]);
      if (stale !== this.#halted.has(one.symbol) && (!stale || isJudged())) changes.set(one.symbol, stale);
    }
    return changes;
  }

  #hasFresh(symbol: string): boolean {
    const { series, newestOf } = this.#options;
    return series.some((one) => {
      const newest = one.symbol === symbol ? newestOf(one) : null;
      return newest !== null && !this.#isOld(one, newest);
    });
  }

  #isOld({ timeframe }: Series, barOpen: EpochMs): boolean {
    const { calendar, wallClock } = this.#options;
    const now = wallClock();
    return now - barOpen > LONGEST_CLOSURE_MS + 4 * TIMEFRAME_MS[timeframe] || isStale(barOpen, timeframe, { calendar, now });
  }

  async #set(symbol: string, inForce: boolean): Promise<void> {
    await this.#options.setHalt(symbol, inForce);
    if (inForce) this.#halted.add(symbol);
    else this.#halted.delete(symbol);
  }
}
