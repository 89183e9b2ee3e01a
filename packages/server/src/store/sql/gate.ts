/** The one gate to a database (C4), whichever it is: every query and transaction has a holder's name and an end. */
import type { SqlDialect } from './dialect.ts';
import type { Work } from './work.ts';

/** What `GET /health/database` answers. */
export interface GateFigures {
  /** Connections there may be. */
  readonly size: number;
  readonly idle: number;
  readonly inUse: number;
  readonly waiting: number;
  /** Since the start. */
  readonly acquired: number;
  readonly released: number;
  readonly errors: number;
  readonly longestHold: { readonly ms: number; readonly name: string };
}

export interface Gate {
  readonly dialect: SqlDialect;
  /**
   * Reads, or one statement. Several statements are of one instant only in a `snapshot`.
   * @throws StoreBusy, StoreUnavailable, StoreTimeout, or what the database says.
   */
  query<T>(holder: string, work: () => Work<T>): Promise<T>;
  /** Several reads of one instant. */
  snapshot<T>(holder: string, work: () => Work<T>): Promise<T>;
  /** All of `work` or nothing; the original error survives a failing rollback. */
  transaction<T>(holder: string, work: () => Work<T>): Promise<T>;
  figures(): GateFigures;
}
