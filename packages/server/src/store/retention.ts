/** How long what is kept, and the port of the job that ends it (interface.md 4.2, 4.3, M15). */
import type { EpochMs } from '@wyckoff/domain';

const DAY_MS = 86_400_000;

/** Ages in ms since the write, counts per user; interface.md 4.2, column "Kept". */
export interface RetentionAges {
  readonly engineFactsMs: number;
  readonly auditMs: number;
  readonly refusedSignalsMs: number;
  readonly notificationsMs: number;
  readonly notificationsPerUser: number;
  readonly deadLettersMs: number;
  readonly jobsMs: number;
  readonly jobsPerUser: number;
  /** Before: one point a minute; after: one a day. */
  readonly fineEquityMs: number;
  readonly sessionsMs: number;
  readonly firedAlertsMs: number;
  /** Streamed bars below 5 minutes, and from 5 minutes to an hour; by their own time. Longer ones stay. */
  readonly minuteBarsMs: number;
  readonly hourBarsMs: number;
}

export const RETENTION_AGES: RetentionAges = Object.freeze({
  engineFactsMs: 30 * DAY_MS,
  auditMs: 730 * DAY_MS,
  refusedSignalsMs: 365 * DAY_MS,
  notificationsMs: 90 * DAY_MS,
  notificationsPerUser: 1_000,
  deadLettersMs: 7 * DAY_MS,
  jobsMs: 180 * DAY_MS,
  jobsPerUser: 200,
  fineEquityMs: 30 * DAY_MS,
  sessionsMs: 30 * DAY_MS,
  firedAlertsMs: 90 * DAY_MS,
  minuteBarsMs: 90 * DAY_MS,
  hourBarsMs: 730 * DAY_MS,
});

/** Tables with a limit, in the order in which they are looked through. */
export const RETAINED_TABLES = [
  'facts', 'signals', 'notifications', 'dead_letters', 'jobs', 'equity_points', 'sessions', 'alerts', 'bars', 'events', 'ranges',
] as const; // prettier-ignore
export type RetainedTable = (typeof RETAINED_TABLES)[number];

/** What left, or in a dry run would leave, one table. */
export interface RetentionLine {
  readonly table: RetainedTable;
  readonly rows: number;
  readonly batches: number;
  readonly ms: number;
}

export interface RetentionOptions {
  /** Wall clock: ages count from it. */
  readonly now: EpochMs;
  /** Counts and deletes nothing. */
  readonly dryRun?: boolean | undefined;
  /** Between batches; default 50. */
  readonly pauseMs?: number | undefined;
  readonly ages?: Partial<RetentionAges> | undefined;
  /** Looked at between batches. */
  readonly signal?: { readonly aborted: boolean } | undefined;
  /** Told after each batch: what has left its table so far. */
  readonly onBatch?: ((line: RetentionLine) => void) | undefined;
  /** Told after each table. */
  readonly onTable?: ((line: RetentionLine) => void) | undefined;
}

export interface RetentionStore {
  /**
   * Deletes what is too old, at most 1,000 rows in a transaction, found in slices of at most 50,000 keys; one line per table that has a limit.
   * Ended in the middle, by whatever, it is begun again: what has left has left.
   */
  retain(options: RetentionOptions): Promise<readonly RetentionLine[]>;
}
