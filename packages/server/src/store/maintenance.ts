/** What `wyckoff db` does to a store from outside, also while a server has it open: look at it, bring it up to date, copy it. */
import type { CoverageSum } from './coverage-store.ts';

/** The state of a store as `wyckoff db status` prints it. */
export interface DatabaseStatus {
  readonly kind: 'sqlite' | 'postgres';
  /** File, or host and database without the password. */
  readonly where: string;
  /** 0: nothing there yet. */
  readonly version: number;
  readonly known: number;
  readonly epoch: string | null;
  readonly bytes: number;
  /** Rows by table; empty while there is no schema. */
  readonly rows: Readonly<Record<string, number>>;
  /** Which bars there are, a line per series, at most 1,000. */
  readonly coverage: readonly CoverageSum[];
  /** `ok`, or what the check of the pages and of the audit chain found. */
  readonly integrity: string;
  /** Null where it does not apply. */
  readonly timescale: boolean | null;
}

export interface BackupReport {
  readonly file: string;
  readonly bytes: number;
  readonly rows: number;
  readonly version: number;
  readonly epoch: string;
}

/** Tables in the order in which they refer to each other: so they are copied, and so they come back. */
export const ALL_TABLES = [
  'meta', 'users', 'sessions', 'settings', 'symbols', 'watchlist', 'bars', 'coverage', 'accounts', 'engines', 'facts', 'ranges', 'events', 'signals',
  'orders', 'fills', 'positions', 'equity_points', 'halts', 'ledger', 'campaigns', 'reservations', 'allocations', 'jobs', 'job_trades', 'job_tasks',
  'blobs', 'journal', 'alerts', 'notifications', 'dead_letters', 'venue_orders', 'venue_wards', 'venue_outbox',
] as const; // prettier-ignore
