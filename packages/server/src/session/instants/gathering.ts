/** Makes instants of what the series of a live session bring: one closes when every fresh series has delivered, or when it has waited long enough (trading.md 4.4). */
import { TIMEFRAME_MS, type BarColumns, type Calendar, type EpochMs } from '@wyckoff/domain';
import type { Release, Scope } from '@wyckoff/bounded';
import type { Series } from '../../store/store.ts';
import { Turns } from '../turns.ts';
import { mergedRows, type InstantRows } from './instant-rows.ts';
import type { WaitingBars } from './waiting-bars.ts';

/** The longest an instant waits after its first bar. */
export const INSTANT_WAIT_MS = 2_000;
/** One that closed longer ago is caught up with: nobody trades on it in haste. */
const LONG_AGO_MS = 60_000;
/** How long nothing may come before it closes without those that lack. */
const CATCH_UP_MS = 30_000;

export interface GatheringOptions {
  readonly scope: Scope;
  readonly series: readonly Series[];
  readonly calendar: Calendar;
  /** The series that are watched now. */
  readonly waiting: () => readonly WaitingBars[];
  /** Closing time of the newest instant taken; null: none was. */
  readonly closing: () => EpochMs | null;
  /** Takes all rows. */
  readonly take: (rows: InstantRows) => Promise<void>;
  readonly wallClock: () => EpochMs;
  /** An instant that closed by time could not be taken. */
  readonly onFailed: (error: unknown) => void;
}

interface Pending {
  readonly closing: EpochMs;
  readonly sinceMs: number;
}

export class Gathering {
  readonly #options: GatheringOptions;
  readonly #turns = new Turns();
  /** The instant that waits, and since when. */
  #pending: Pending | null = null;
  #pushedMs = 0;
  #disarm: Release | null = null;

  constructor(options: GatheringOptions) {
    this.#options = options;
  }

  /** Bars of one series, later than those before; resolves when what they closed is taken. */
  async push(of: WaitingBars, columns: BarColumns, flags: Uint8Array): Promise<void> {
    of.push(columns, flags);
    this.#pushedMs = this.#options.scope.timers.now();
    await this.look();
  }

  /** Takes what has closed: after a push, when time is up, when a series went stale. */
  async look(): Promise<void> {
    await this.#turns.take(() => this.#drain());
  }

  async #drain(): Promise<void> {
    for (let until = this.#closed(); until !== null; until = this.#closed()) {
      const { series } = this.#options;
      const closing = until;
      const parts = this.#options.waiting().flatMap((one) => one.takeUpTo(closing - barMs(series, one)) ?? []);
      await this.#options.take(mergedRows(parts, series));
    }
    this.#arm();
  }

  /** Everything that closed by then is to be taken; null: wait. */
  #closed(): EpochMs | null {
    const { series, closing } = this.#options;
    const watched = this.#options.waiting();
    const bringing = watched.filter(({ length }) => length > 0);
    if (bringing.length === 0) return null;
    const first = Math.min(...bringing.map((one) => one.first + barMs(series, one)));
    // It was taken without these: late, and an instant of their own.
    if (first <= (closing() ?? -Infinity)) return first;
    const isWhole = watched.every(({ length, isStale }) => length > 0 || isStale);
    if (isWhole) return Math.min(...bringing.map((one) => one.last + barMs(series, one)));
    if (bringing.some(({ isFull }) => isFull)) return first;
    const now = this.#options.scope.timers.now();
    if (this.#pending?.closing !== first) this.#pending = { closing: first, sinceMs: now };
    return now >= this.#dueMs(this.#pending) ? first : null;
  }

  #dueMs({ closing, sinceMs }: Pending): number {
    return this.#isLongAgo(closing) ? this.#pushedMs + CATCH_UP_MS : sinceMs + INSTANT_WAIT_MS;
  }

  #isLongAgo(closing: EpochMs): boolean {
    const { calendar, series, wallClock } = this.#options;
    const [{ timeframe }] = series;
    return wallClock() - calendar.closeOf(closing - TIMEFRAME_MS[timeframe], timeframe) > LONG_AGO_MS;
  }

  #arm(): void {
    this.#disarm?.();
    this.#disarm = null;
    const { scope, waiting, onFailed } = this.#options;
    if (this.#pending === null || scope.state !== 'open' || waiting().every(({ length }) => length === 0)) return;
    const waitMs = Math.max(0, this.#dueMs(this.#pending) - scope.timers.now());
    this.#disarm = scope.timeout(waitMs, () => void this.look().catch(onFailed), 'instant');
  }
}

function barMs(series: readonly Series[], { place }: WaitingBars): number {
  return TIMEFRAME_MS[series[place].timeframe];
}
