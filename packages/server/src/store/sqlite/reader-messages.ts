/** What travels between the store and its reader thread. */

export interface ReaderStart {
  readonly path: string;
  /** One flag per slot: 1 = stop at the next check. */
  readonly flags: SharedArrayBuffer;
}

export interface ReaderRequest {
  readonly id: number;
  readonly kind: 'bars' | 'count';
  readonly slot: number;
  /** Symbol, timeframe in minutes, and the time after which to begin. */
  readonly key: readonly [symbolId: number, tf: number, after: number];
  /** Inclusive. */
  readonly until: number;
  readonly limit: number;
}

export interface ReaderAnswer {
  readonly id: number;
  /** Time, open, high, low, close, volume. */
  readonly columns?: readonly Float64Array<ArrayBuffer>[] | undefined;
  readonly count?: number | undefined;
  readonly error?: string | undefined;
}
