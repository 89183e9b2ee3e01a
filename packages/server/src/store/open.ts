/** Chooses the store: PostgreSQL when a database is named, else the embedded file; the driver of the other is not loaded. */
import type { Scope } from '@wyckoff/bounded';
import type { Store } from './store.ts';

export interface StoreChoice {
  readonly scope: Scope;
  /** File of the embedded store. */
  readonly path: string;
  /** `DATABASE_URL`; null or absent: the embedded store. */
  readonly databaseUrl?: string | null | undefined;
  /** Bring the schema up to date; default: yes for the embedded store, no for PostgreSQL. */
  readonly migrate?: boolean | undefined;
  /**
   * Given by who steps an engine: of those there is one per store, and a second is refused. Called when another process has taken its place. The
   * embedded store is held by one process in any case.
   */
  readonly onEngineLost?: ((sentence: string) => void) | undefined;
  /** Told of every statement of the embedded store before it runs; for tests. */
  readonly trace?: ((statement: string) => void) | undefined;
  /** Told what an operator should know: slow work, connections held too long or lost. */
  readonly onNotice?: ((notice: Readonly<Record<string, unknown>>, sentence: string) => void) | undefined;
}

/** An account stands still and says so rather than waiting in silence for longer. */
const ENGINE_PATIENCE_MS = 2_000;

/**
 * Opens the store; it ends with the scope.
 * @throws StoreRefused with what to do; whatever was there is then as it was.
 */
export async function openStore(choice: StoreChoice): Promise<Store> {
  const { scope, path, databaseUrl = null, migrate, onNotice, trace } = choice;
  if (databaseUrl === null || databaseUrl === '') {
    const { openSqliteStore } = await import('./sqlite/sqlite-store.ts');
    const onSlow = (holder: string, ms: number): void => onNotice?.({ holder, ms: Math.round(ms) }, 'slow work in the store');
    return scope.own(
      openSqliteStore({ path, scope, onSlow, ...(trace !== undefined && { trace }) }),
      (store) => store.close(),
      'store',
    );
  }
  const { onEngineLost: onLost } = choice;
  if (onLost !== undefined) {
    const { EngineLock } = await import('./postgres/engine-lock.ts');
    await EngineLock.take({ url: databaseUrl, scope: scope.child('engine-lock'), onLost });
  }
  const { openPostgresStore } = await import('./postgres/postgres-store.ts');
  return await openPostgresStore({
    url: databaseUrl,
    scope,
    migrate,
    ...(onLost !== undefined && { commitPatienceMs: ENGINE_PATIENCE_MS }),
    onLongHold: (hold) => onNotice?.({ ...hold, ms: Math.round(hold.ms) }, 'a database connection is held too long'),
    onIdleError: (err) => onNotice?.({ err }, 'an idle database connection broke'),
  });
}
