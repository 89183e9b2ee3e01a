/** Keeps the stored bars of the watched series whole while a session runs: the scanner visits them, and what they lack is fetched (trading.md 9.1). */
import type { Scope, StopSignal } from '@wyckoff/bounded';
import type { EpochMs } from '@wyckoff/domain';
import type { Series } from '../../store/store.ts';
import type { SeriesKey } from '../contract/series-key.ts';
import { HoleFiller, type Filled, type HoleFillerOptions } from './fill-holes.ts';
import { Scanner, type ScanCycle, type ScannerState } from './scanner.ts';

/** A series that is watched now. */
export interface KeptSeries extends SeriesKey {
  /** A feed brings its newest bars: only its holes are asked for. */
  readonly fed: boolean;
}

export interface CoverageKeeperOptions extends HoleFillerOptions {
  readonly scope: Scope;
  /** Asked at the beginning of each cycle: `WatchList.list`, or the series of the session. */
  readonly watched: () => readonly KeptSeries[];
  /** Null: nothing is stored of it yet, so that it has no holes. */
  readonly seriesOf: (key: SeriesKey) => Promise<Series | null>;
  /**
   * Bars came into the store under a series that is being worked on: all of them are older than its newest one (BAR_LATE) unless it is not
   * fed. Never called without bars.
   */
  readonly onFilled: (filled: Filled & { readonly from: EpochMs }) => void;
  readonly onCycle: (cycle: ScanCycle) => void;
  readonly onState?: ((state: ScannerState) => void) | undefined;
  readonly everyMs?: number | undefined;
  readonly batch?: number | undefined;
  readonly pauseMs?: number | undefined;
}

export class CoverageKeeper {
  readonly #options: CoverageKeeperOptions;
  readonly #filler: HoleFiller;
  readonly #scanner: Scanner;

  /** @throws {RangeError} for a pace outside its range. */
  constructor(options: CoverageKeeperOptions) {
    const { watched, scope, onCycle, onState, everyMs, batch, pauseMs, now } = options;
    this.#options = options;
    this.#filler = new HoleFiller(options);
    const scan = (key: SeriesKey, signal: StopSignal): Promise<void> => this.#visit(key, signal);
    this.#scanner = new Scanner({ scope, due: watched, scan, onCycle, onState, everyMs, batch, pauseMs, now });
  }

  get state(): ScannerState {
    return this.#scanner.state;
  }

  start(): void {
    this.#scanner.start();
  }

  /** Resolves when the visits at hand have ended. */
  async stop(): Promise<void> {
    await this.#scanner.stop();
  }

  async #visit(key: SeriesKey, signal: StopSignal): Promise<void> {
    const { watched, seriesOf, onFilled } = this.#options;
    const kept = watched().find(({ symbol, timeframe }) => symbol === key.symbol && timeframe === key.timeframe);
    const series = kept === undefined ? null : await seriesOf(key);
    // Given up meanwhile.
    if (kept === undefined || series === null) return;
    const filled = await this.#filler.fill(series, { tail: !kept.fed, signal });
    if (filled.bars > 0 && filled.from !== null) onFilled({ ...filled, from: filled.from });
  }
}
