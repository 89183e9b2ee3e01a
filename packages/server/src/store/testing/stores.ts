/** The stores that the contract suite runs over, each opened on nothing: SQLite in memory, SQLite on disk, PostgreSQL. */
import type { Scope } from '@wyckoff/bounded';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openPostgresStore } from '../postgres/postgres-store.ts';
import { openSqliteStore } from '../sqlite/sqlite-store.ts';
import type { Store } from '../store.ts';

export const STORES = ['SQLite in memory', 'SQLite on disk', 'PostgreSQL'] as const;
export type StoreName = (typeof STORES)[number];

/** Where empty databases come from. */
interface TestServer {
  database(): Promise<string>;
}

export interface Wall {
  ms: number;
}

/** `wall` is the clock of the writes. */
export async function openTestStore(
  name: StoreName,
  scope: Scope,
  wall: Wall,
  server: () => Promise<TestServer>,
): Promise<Store> {
  const now = (): number => wall.ms;
  if (name === 'PostgreSQL') {
    const url = await (await server()).database();
    return await openPostgresStore({ url, scope, migrate: true, now });
  }
  if (name === 'SQLite in memory') return scope.own(openSqliteStore({ path: ':memory:', now }), (store) => store.close());
  const folder = scope.own(mkdtempSync(join(tmpdir(), 'wyckoff-store-')), (path) =>
    rmSync(path, { recursive: true, force: true }),
  );
  return scope.own(openSqliteStore({ path: join(folder, 'wyckoff.db'), now, scope }), (store) => store.close());
}
