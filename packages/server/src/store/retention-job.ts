/** Retention once a day while the server runs: counted for the metrics, told to the log, stopped with its scope (M15). */
import type { Scope } from '@wyckoff/bounded';
import { RETAINED_TABLES, type RetainedTable, type RetentionLine, type RetentionStore } from './retention.ts';

const DAY_MS = 86_400_000;
/** The start of a server is busy enough. */
const FIRST_AFTER_MS = 600_000;

export interface RetentionJobOptions {
  readonly store: RetentionStore;
  readonly scope: Scope;
  /** Wall clock, ms. */
  readonly now: () => number;
  /** Between batches; default 50. */
  readonly pauseMs?: number | undefined;
  /** Told after a run that deleted something; the rows by table. */
  readonly onDone?: ((rows: Readonly<Record<string, number>>) => void) | undefined;
  readonly onFailed?: ((error: unknown) => void) | undefined;
}

export class RetentionJob {
  readonly #options: RetentionJobOptions;
  /** One count per table that has a limit. */
  readonly #deleted: Readonly<Record<RetainedTable, { rows: number; successAt: number }>>;

  constructor(options: RetentionJobOptions) {
    this.#options = options;
    const zero = RETAINED_TABLES.map((table) => [table, { rows: 0, successAt: 0 }] as const);
    this.#deleted = Object.fromEntries(zero) as Record<RetainedTable, { rows: number; successAt: number }>;
    const { scope } = options;
    scope.timeout(
      FIRST_AFTER_MS,
      () => {
        scope.interval(DAY_MS, () => this.run(), 'retention');
        return this.run();
      },
      'first retention',
    );
  }

  /** Rows deleted since the start and wall clock (ms, 0 = never) of the last success, by table. */
  figures(): readonly { readonly table: RetainedTable; readonly rows: number; readonly successAt: number }[] {
    return RETAINED_TABLES.map((table) => ({ table, ...this.#deleted[table] }));
  }

  /** A run that fails is told; the next day tries again. */
  async run(): Promise<void> {
    const { store, scope, now, pauseMs, onDone, onFailed } = this.#options;
    const note = ({ table, rows }: RetentionLine): void => {
      const book = this.#deleted[table];
      book.rows += rows;
      book.successAt = now();
    };
    const signal = { get aborted() { return scope.state !== 'open'; } }; // prettier-ignore
    try {
      const lines = await store.retain({ now: now(), pauseMs, signal, onTable: note });
      const gone = lines.filter((line) => line.rows > 0);
      if (gone.length > 0) onDone?.(Object.fromEntries(gone.map((line) => [line.table, line.rows])));
    } catch (error) {
      onFailed?.(error);
    }
  }
}
