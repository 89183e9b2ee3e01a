/** Bars of the moment that moved too far to be believed: held back until somebody has looked at them, never fed (trading.md 9.2 rule 6, BAR_OUTLIER). */
import { BAR_FLAGS, BarCursor, appendBar, createBarColumns, type BarColumns, type EpochMs } from '@wyckoff/domain';
import type { BarBatch } from '../../feeds/contract/feed.ts';
import { seriesName, type SeriesKey } from '../../feeds/contract/series-key.ts';
import type { Quarantine } from '../../feeds/ingest/quarantine.ts';

/** What closed longer ago was not watched as it happened: it is history, which is accepted and flagged. */
const RECENT_BARS = 4;

export interface HeldBarsOptions {
  readonly quarantine: Quarantine;
  /** Closing time of a bar. */
  readonly closeOf: (series: SeriesKey, time: EpochMs) => EpochMs;
  readonly barMs: (series: SeriesKey) => number;
  readonly wallClock: () => EpochMs;
  /** Waits for the store while it is away. */
  readonly surely: <T>(work: () => Promise<T>) => Promise<T>;
  readonly onHeld: (sentence: string) => void;
}

export interface Believed {
  readonly columns: BarColumns;
  readonly flags: Uint8Array;
}

export class HeldBars {
  readonly #options: HeldBarsOptions;

  constructor(options: HeldBarsOptions) {
    this.#options = options;
  }

  isHeld(series: SeriesKey, time: EpochMs): boolean {
    const { quarantine } = this.#options;
    return quarantine.size > 0 && quarantine.before(series, time + 1)?.time === time;
  }

  /** The rows of a batch that may be taken; the others are held when this resolves. */
  async believed({ series, columns, origin, provider }: BarBatch, flags: Uint8Array): Promise<Believed> {
    const { quarantine, surely, wallClock, onHeld } = this.#options;
    const bar = new BarCursor(columns);
    const kept = createBarColumns(columns.length);
    const keptFlags = new Uint8Array(columns.length);
    for (let row = 0; row < columns.length; row += 1) {
      const { time } = bar.at(row);
      const isKnown = this.isHeld(series, time);
      const isWild = (flags[row] & BAR_FLAGS.outlier) !== 0 && (origin === 'stream' || origin === 'poll') && this.#isRecent(series, time); // prettier-ignore
      if (isWild && !isKnown) {
        const detail = `close ${bar.close} moved by more than half from the bar before it`;
        await surely(() => quarantine.hold({ series, bar: bar.at(row), provider, detail, at: wallClock() }));
        onHeld(
          `${seriesName(series)} ${new Date(time).toISOString()}: BAR_OUTLIER, ${detail}; it is held back and nothing acts on it.`,
        );
      }
      if (isWild || isKnown) continue;
      keptFlags[kept.length] = flags[row];
      appendBar(kept, bar.at(row));
    }
    return kept.length === columns.length ? { columns, flags } : { columns: kept, flags: keptFlags.subarray(0, kept.length) };
  }

  #isRecent(series: SeriesKey, time: EpochMs): boolean {
    const { closeOf, barMs, wallClock } = this.#options;
    return wallClock() - closeOf(series, time) <= RECENT_BARS * barMs(series);
  }
}
