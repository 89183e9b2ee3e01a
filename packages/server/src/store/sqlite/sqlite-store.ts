/** The embedded store: one SQLite file behind the port. */
import type { Scope } from '@wyckoff/bounded';
import { setTimeout as pause } from 'node:timers/promises';
import type { Store } from '../store.ts';
import type { GateFigures } from '../sql/gate.ts';
import { epochOf, sqlStore } from '../sql/sql-store.ts';
import { SqliteGate } from './gate.ts';
import { openSqliteFile, type OpenOptions } from './open.ts';
import { Reader } from './reader.ts';

/** Pages of the log after which it is copied into the file: 4 MB, and while much is imported 32 MB. */
const CHECKPOINT_PAGES = 1_000;
const BULK_CHECKPOINT_PAGES = 8_000;

/** Pages given back to the system in one go, 4 MB, and the pause after it. */
const VACUUM_PAGES = 1_000;
const VACUUM_PAUSE_MS = 50;

export interface SqliteStoreOptions extends OpenOptions {
  /** Wall clock of the writes; default `Date.now`. */
  readonly now?: (() => number) | undefined;
  /** Given, long reads go to a thread that ends with the scope; not in memory, where there is but one connection. */
  readonly scope?: Scope | undefined;
  /** Told of work that kept the event loop longer than 20 ms. */
  readonly onSlow?: ((holder: string, ms: number) => void) | undefined;
}

/** Everything is let go of when `close` answers. */
export interface SqliteStore extends Omit<Store, 'close'> {
  close(): void;
  readonly gate: SqliteGate;
}

/**
 * Opens or creates the file.
 * @throws StoreRefused when the file cannot be used; it is then as it was.
 */
export function openSqliteStore(options: SqliteStoreOptions): SqliteStore {
  const file = openSqliteFile(options);
  const { database } = file;
  const gate = new SqliteGate(database, options);
  const now = options.now ?? Date.now;
  const reader = options.scope === undefined || options.path === ':memory:' ? null : new Reader(options.path, options.scope);
  const epoch = gate.now('epoch', () => epochOf(gate, now()));
  const close = (): void => {
    gate.dispose();
    file.close();
  };
  const pragma = (name: string): number => database.pragma(name, { simple: true }) as number;
  const store = sqlStore(
    {
      kind: 'sqlite',
      gate,
      now,
      close,
      stats: () => ({ kind: 'sqlite', bytes: pragma('page_count') * pragma('page_size'), ...withReader(gate.figures(), reader) }),
      bulk: {
        ...(reader !== null && { page: reader.page, count: reader.count }),
        async importing(work) {
          // History can be imported again; only what cannot be repeated pays for a flush per commit.
          database.pragma('synchronous = normal');
          database.pragma(`wal_autocheckpoint = ${BULK_CHECKPOINT_PAGES}`);
          try {
            return await work();
          } finally {
            database.pragma('synchronous = full');
            database.pragma(`wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
          }
        },
      },
      look: reader === null ? undefined : (_holder, work) => reader.look(work),
      tidy: async ({ pauseMs = VACUUM_PAUSE_MS, signal }) => {
        while (signal?.aborted !== true && pragma('freelist_count') > 0) {
          const before = pragma('freelist_count');
          database.pragma(`incremental_vacuum(${VACUUM_PAGES})`);
          if (pragma('freelist_count') === before) break;
          await pause(pauseMs);
        }
        if (database.open) database.pragma('optimize');
      },
    },
    epoch,
  );
  return { ...store, close, gate };
}

/** The gate reports the thread as a second connection. */
function withReader(figures: GateFigures, reader: Reader | null): GateFigures {
  if (reader === null) return figures;
  const inUse = figures.inUse + Math.min(1, reader.busy);
  return { ...figures, size: 2, inUse, idle: 2 - inUse, waiting: Math.max(0, reader.busy - 1) };
}
