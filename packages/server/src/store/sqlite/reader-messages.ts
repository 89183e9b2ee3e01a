/** What travels between the store and its reader thread. */

export interface ReaderStart {
  readonly path: string;
  /** One flag per slot: 1 = stop at the next check. */
  readonly flags: SharedArrayBuffer;
}

/** A statement of the store's own that looks at few enough rows to need no check in between. */
export interface LookRequest {
  readonly id: number;
  readonly kind: 'look';
  readonly slot: number;
  readonly sql: string;
  readonly parameters: readonly unknown[];
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
  /** Of a look, as arrays. */
  readonly rows?: readonly unknown[] | undefined;
  readonly error?: string | undefined;
}
