/** Why a store does not open, as rows of one table: code, sentence, remedy. The file is left as it was. */

export type StoreRefusalCode =
  'store.corrupt' | 'store.locked' | 'store.newer' | 'store.foreign' | 'store.unreadable' | 'store.full';

const REMEDIES: Readonly<Record<StoreRefusalCode, string>> = {
  'store.corrupt': 'Move the file away and restore a backup, or start with another --data folder. Nothing was changed in it.',
  'store.locked': 'Stop the other program that uses the file, or start with another --data folder. Nothing was changed in it.',
  'store.newer': 'Use the newer program again, or start with another --data folder. Nothing was changed in the file.',
  'store.foreign': 'Start with another --data folder. Nothing was changed in the file.',
  'store.unreadable': 'Give the folder and the file to the user who starts wyckoff, or start with another --data folder.',
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
