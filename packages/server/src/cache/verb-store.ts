/** The store a verb writes bars into: the one `serve` has, and with `REDIS_URL` its cache is told of every write. */
import type { Scope } from '@wyckoff/bounded';
import process from 'node:process';
import { openStore } from '../store/open.ts';
import type { Store } from '../store/store.ts';

const PATIENCE_MS = 2_000;

export interface VerbStoreOptions {
  readonly scope: Scope;
  /** File of the embedded store; `DATABASE_URL` names another one. */
  readonly path: string;
  /** Default: those of the process. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly tell: (sentence: string) => void;
}

/** @throws StoreRefused with what to do. */
export async function openVerbStore({ scope, path, env = process.env, tell }: VerbStoreOptions): Promise<Store> {
  const store = await openStore({ scope, path, databaseUrl: env['DATABASE_URL'] });
  const url = env['REDIS_CACHE_URL'] || env['REDIS_URL'];
  if (url === undefined || url === '') return store;
  const { withBarCache } = await import('./with-bar-cache.ts');
  // What is wrong with the line is said once, below.
  const { store: cached, ready } = await withBarCache(store, { scope, url, onProblem: () => undefined });
  const isUp = await Promise.race([ready.then(() => true), scope.delay(PATIENCE_MS, 'redis').then(() => false)]);
  if (!isUp)
    tell('warning: Redis cannot be reached; a server that runs on this store may show bars from before this for ten seconds.');
  return cached;
}
