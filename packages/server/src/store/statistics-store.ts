/** The store's side of statistics: sums over signals and what became of them, computed by the database (trading.md 4.7). */

export type StatisticGroup = 'pattern' | 'symbol' | 'phase' | 'stage';

/** Signals of one account created in `from <= t < to`. */
export interface StatisticsQuery {
  readonly accountId: string;
  readonly from: number;
  readonly to: number;
}

export interface FunnelRow {
  readonly name: string;
  readonly candidates: number;
  readonly generated: number;
  readonly approved: number;
  readonly executed: number;
  readonly closed: number;
  readonly profitable: number;
  /** Means are null over nothing; `n...` is over how many. */
  readonly confidence: number | null;
  readonly nConfidence: number;
  readonly plannedR: number | null;
  readonly nPlannedR: number;
  readonly r: number | null;
  readonly nR: number;
  /** Of what is closed, after costs, micros. */
  readonly gainsMicros: number;
  /** 0 or below. */
  readonly lossesMicros: number;
}

export interface RefusalRow {
  readonly stage: string;
  readonly code: string;
  readonly n: number;
}

export interface StatisticsStore {
  /** One row per group, largest first, at most 200; without a group one row of all. */
  funnels(query: StatisticsQuery, group: StatisticGroup | null): Promise<readonly FunnelRow[]>;
  /** What refused signals, most often first, at most 200. */
  refusals(query: StatisticsQuery): Promise<readonly RefusalRow[]>;
  /** Signals since ever, and since each of the instants. */
  signalCounts(accountId: string, since: readonly [number, number, number]): Promise<readonly [number, number, number, number]>;
}
