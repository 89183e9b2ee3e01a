/** Why a store does not open or answer, as rows of one table: code, sentence, remedy. */

export type StoreRefusalCode =
  | 'store.corrupt'
  | 'store.locked'
  | 'store.newer'
  | 'store.older'
  | 'store.foreign'
  | 'store.unreadable'
  | 'store.exists'
  | 'store.missing'
  | 'store.full'
  | 'store.unavailable';

const REMEDIES: Readonly<Record<StoreRefusalCode, string>> = {
  'store.corrupt': 'Move the file away and restore a backup, or start with another --data folder. Nothing was changed in it.',
  'store.locked':
    'Stop the other program that uses it, or name another --data folder or DATABASE_URL. Nothing was changed in it.',
  'store.newer': 'Use the newer program again, or start with another --data folder. Nothing was changed in the file.',
  'store.foreign': 'Start with another --data folder. Nothing was changed in the file.',
  'store.unreadable': 'Give the folder and the file to the user who starts wyckoff, or start with another --data folder.',
  'store.missing': 'Name another place, or make one: "wyckoff db migrate", or "wyckoff serve".',
  'store.exists': 'Name another file, or move this one away first.',
  'store.older':
    'Run "wyckoff db migrate" (make a backup first), or set WYCKOFF_STORE_MIGRATE_ON_START=true. Nothing was changed.',
  'store.unavailable': 'Start the database, or correct DATABASE_URL. Nothing was changed.',
  'store.full': 'Free space on the disk and start again; what was committed is safe.',
};

/** A store that cannot be used, in words for an operator. */
export class StoreRefused extends Error {
  readonly code: StoreRefusalCode;
  readonly sentence: string;
  readonly remedy: string;

  constructor(code: StoreRefusalCode, sentence: string, cause?: unknown) {
    super(`${code}: ${sentence} ${REMEDIES[code]}`, { cause });
    this.name = 'StoreRefused';
    this.code = code;
    this.sentence = sentence;
    this.remedy = REMEDIES[code];
  }
}

/** Two writers moved one engine, or one writer committed the same bars twice: the second commit changed nothing. */
export class CommitConflict extends Error {
  readonly code = 'store.conflict';

  constructor(engineId: string, expected: number, was: number | null) {
    super(
      `commit of engine ${engineId}: expected it to stand at bar ${expected}, was ${was ?? 'unknown'}; ` +
        'nothing was written. Another process may use this store: stop it and start again.',
    );
    this.name = 'CommitConflict';
  }
}

export type StoreFailureCode = 'store.busy' | 'store.unavailable' | 'store.timeout' | 'store.full';

/** HTTP status and seconds after which to try again, by code (interface.md 2.3). */
const ANSWERS: Readonly<Record<StoreFailureCode, { readonly status: number; readonly retryAfterSeconds: number | null }>> = {
  'store.busy': { status: 503, retryAfterSeconds: 5 },
  'store.unavailable': { status: 503, retryAfterSeconds: 5 },
  'store.timeout': { status: 504, retryAfterSeconds: null },
  'store.full': { status: 507, retryAfterSeconds: null },
};

/** An open store that could not do what it was asked. Nothing of the transaction was kept, unless `outcomeUnknown`. */
export class StoreFailure extends Error {
  readonly code: StoreFailureCode;
  readonly status: number;
  readonly retryAfterSeconds: number | null;
  /** The connection broke while the commit was under way: it may have gone through. */
  readonly outcomeUnknown: boolean;

  constructor(
    code: StoreFailureCode,
    sentence: string,
    more: { readonly cause?: unknown; readonly outcomeUnknown?: boolean } = {},
  ) {
    super(sentence, { cause: more.cause });
    this.name = 'StoreFailure';
    this.code = code;
    this.status = ANSWERS[code].status;
    this.retryAfterSeconds = ANSWERS[code].retryAfterSeconds;
    this.outcomeUnknown = more.outcomeUnknown ?? false;
  }
}
