/** Bars that are held back until somebody confirms them: a bounded list in memory, each written to the dead letters before it is believed held. */
import { KeyedRegistry, type Scope } from '@wyckoff/bounded';
import type { Bar, EpochMs } from '@wyckoff/domain';
import { createHash } from 'node:crypto';
import type { DeadLetterStore } from '../../store/notices-store.ts';
import type { SeriesKey } from '../contract/series-key.ts';

export const QUARANTINE_TOPIC = 'bar.quarantined';
const HELD = 1000;

export interface HeldBar {
  readonly id: string;
  readonly series: SeriesKey;
  readonly bar: Bar;
  readonly provider: string;
  /** Why, for people. */
  readonly detail: string;
  readonly at: EpochMs;
}

export interface QuarantineOptions {
  readonly scope: Scope;
  readonly letters: DeadLetterStore;
}

export class Quarantine {
  readonly #letters: DeadLetterStore;
  readonly #held: KeyedRegistry<string, HeldBar>;

  constructor({ scope, letters }: QuarantineOptions) {
    this.#letters = letters;
    const bound = { name: 'server.feeds.quarantine', capacity: HELD, itemBytes: 1024, scope };
    // The one least asked for leaves memory; its letter stays.
    this.#held = new KeyedRegistry({ ...bound, policy: 'leastUsed', disposeValue: () => undefined });
  }

  get size(): number {
    return this.#held.size;
  }

  list(): readonly HeldBar[] {
    return this.#held.values();
  }

  /** Reads back what a former process held, the newest thousand. */
  async restore(): Promise<void> {
    for (let afterId: string | undefined; ;) {
      const page = await this.#letters.deadLetters({ topic: QUARANTINE_TOPIC, afterId, limit: 200 });
      for (const { id, payload } of page) this.#held.set(id, { ...(payload as Omit<HeldBar, 'id'>), id });
      if (page.length < 200) return;
      afterId = page[page.length - 1].id;
    }
  }

  /** Holds it back; the same bar again is held once. */
  async hold(held: Omit<HeldBar, 'id'>): Promise<HeldBar> {
    const entry: HeldBar = { ...held, id: idOf(held) };
    const { series, bar, provider, detail, at } = entry;
    const payload = { series, bar: plain(bar), provider, detail, at };
    await this.#letters.saveDeadLetter({ id: entry.id, topic: QUARANTINE_TOPIC, payload, error: detail, attempts: 0, firstAt: at, lastAt: at, state: 'WAITING' }); // prettier-ignore
    this.#held.set(entry.id, { ...entry, bar: plain(bar) });
    return entry;
  }

  find(id: string): HeldBar | null {
    return this.#held.peek(id) ?? null;
  }

  /** The newest held bar of a series before a time. */
  before(series: SeriesKey, time: EpochMs): { readonly time: EpochMs; readonly close: number } | null {
    let newest: Bar | null = null;
    for (const held of this.#held.values()) {
      const same = held.series.symbol === series.symbol && held.series.timeframe === series.timeframe;
      if (same && held.bar.time < time && (newest === null || held.bar.time > newest.time)) newest = held.bar;
    }
    return newest;
  }

  /** Confirmed or given up: it is held no more. */
  async release(id: string): Promise<void> {
    await this.#letters.removeDeadLetters({ ids: [id] });
    this.#held.drop(id);
  }
}

/** Ordered by the time of the bar and the same for the same bar, in the form of a UUID of version 7. */
function idOf({ series, bar }: Pick<HeldBar, 'series' | 'bar'>): string {
  const { open, high, low, close, volume, time } = bar;
  const hash = createHash('sha256').update(JSON.stringify([series.symbol, series.timeframe, time, open, high, low, close, volume])).digest('hex'); // prettier-ignore
  const ms = Math.max(0, time).toString(16).padStart(12, '0').slice(-12);
  return `${ms.slice(0, 8)}-${ms.slice(8)}-7${hash.slice(0, 3)}-8${hash.slice(3, 6)}-${hash.slice(6, 18)}`;
}

function plain({ time, open, high, low, close, volume }: Bar): Bar {
  return { time, open, high, low, close, volume };
}
