/** Which bars exist, from whom and how whole they are (interface.md 4.2 `coverage`), and series that go to another name. */
import type { EpochMs, SeriesFigures, Timeframe } from '@wyckoff/domain';
import type { Series } from './store.ts';

/** A run of bars of one provider. */
export interface CoverageRow {
  readonly symbol: string;
  readonly timeframe: Timeframe;
  /** Opening times of its first and its last bar. */
  readonly from: EpochMs;
  readonly to: EpochMs;
  readonly provider: string;
  readonly bars: number;
  /** Bars the calendar expects and nobody has; null: the symbol has no calendar, or nobody counted. */
  readonly gaps: number | null;
  /** 0 to 100. */
  readonly quality: number;
}

/** All runs of one series together. */
export type CoverageSum = Pick<CoverageRow, 'symbol' | 'timeframe' | 'from' | 'to' | 'bars' | 'gaps'>;

export interface SeriesSurvey extends SeriesFigures {
  /** Bars whose flags were put right. */
  readonly reflagged: number;
}

export interface CoverageStore {
  /** Of one symbol, or of all; by symbol, timeframe and time, at most `limit` (1..10,000). */
  coverage(query: { readonly symbol?: string | undefined; readonly limit: number }): Promise<readonly CoverageRow[]>;
  /** One line per series of the named symbols (at most 200). */
  coverageSums(symbols: readonly string[]): Promise<readonly CoverageSum[]>;
  /**
   * Walks a whole series: sets the flags that follow from its neighbours (gap before, outlier, zero volume) by the calendar of its symbol,
   * joins runs of one provider that touch, and writes the true figures and the fingerprint of each. Repeatable at any time.
   */
  surveyBars(series: Series): Promise<SeriesSurvey>;
  /** Moves bars that opened before `before` to another series, whose own bars hold; each block in one transaction. Answers how many moved. */
  moveBars(from: Series, to: Series, before: EpochMs): Promise<number>;
}
