/** Keeps the stored bars of a session that watches a market whole while it runs; what fills a hole is told to the journal, not to the engine (trading.md 9.1, 9.2). */
import type { Scope } from '@wyckoff/bounded';
import type { Calendar, EpochMs } from '@wyckoff/domain';
import type { HistoryProvider } from '../../feeds/contract/history.ts';
import { seriesName, type SeriesKey } from '../../feeds/contract/series-key.ts';
import { CoverageKeeper } from '../../feeds/ingest/coverage-keeper.ts';
import type { Series, Store } from '../../store/store.ts';
import type { Run } from '../run.ts';

export interface KeptCoverageOptions {
  readonly scope: Scope;
  readonly store: Store;
  readonly run: Pick<Run, 'series' | 'fills'>;
  /** In the prices in which each series is stored. */
  readonly history: HistoryProvider;
  readonly calendar: Calendar;
  readonly wallClock: () => EpochMs;
  /** Bars that somebody has to confirm first. */
  readonly isHeld: (series: SeriesKey, time: EpochMs) => boolean;
  /** Waits for the account while it stands still. */
  readonly surely: <T>(work: () => Promise<T>) => Promise<T>;
  readonly onNotice: (sentence: string) => void;
}

/** Runs until its scope ends. */
export function keepCoverage(options: KeptCoverageOptions): CoverageKeeper {
  const { scope, store, run, history, calendar, wallClock, isHeld, surely, onNotice } = options;
  const find = ({ symbol, timeframe }: SeriesKey): Series | null =>
    run.series.find((one) => one.symbol === symbol && one.timeframe === timeframe) ?? null;
  const keeper = new CoverageKeeper({
    scope,
    store,
    historyOf: () => Promise.resolve(history),
    calendarOf: () => calendar,
    now: wallClock,
    watched: () => run.series.map(({ symbol, timeframe }) => ({ symbol, timeframe, fed: true })),
    seriesOf: (key) => Promise.resolve(find(key)),
    isHeld,
    // First the word, then the bars: killed between the two, a resume leaves out bars that are not there.
    beforeStored: (series, times) => surely(() => run.fills(series, times)),
    onFilled: ({ series, bars, holes, from }) =>
      onNotice(
        `${seriesName(series)}: BAR_LATE, ${bars} bars since ${new Date(from).toISOString()} filled ${holes} holes; what was decided without them stays decided`,
      ),
    onCycle: ({ status, failed }) => {
      for (const { series, reason } of failed) onNotice(`${series}: its holes could not be filled (${status}): ${reason}`);
    },
  });
  keeper.start();
  return keeper;
}
