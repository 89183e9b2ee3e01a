/** What the store could not do reaches the client as its row of the table, with when to try again (C4). */
import { databaseHealth as schema } from '@wyckoff/contracts';
import { describe, expect, it } from 'vitest';
import { StoreFailure } from '../store/refused.ts';
import { openSqliteStore } from '../store/sqlite/sqlite-store.ts';
import { databaseHealth } from './database-health.ts';
import { asProblem, problemBody } from './problem.ts';

describe('C4 the database over HTTP', () => {
  it.each([
    ['store.busy', 503, '5'],
    ['store.unavailable', 503, '5'],
    ['store.timeout', 504, undefined],
    ['store.full', 507, undefined],
  ] as const)('C4 %s is %i with Retry-After %s, and says nothing of statements or holders', (code, status, retryAfter) => {
    const problem = asProblem(new StoreFailure(code, 'held by: the secret report'));
    expect([problem.status, problem.code, problem.detail.headers?.['retry-after']]).toEqual([status, code, retryAfter]);
    expect(JSON.stringify(problemBody(problem, 'r-1'))).not.toContain('secret');
  });

  it('C4 GET /health/database answers the figures of the gate', async () => {
    const store = openSqliteStore({ path: ':memory:' });
    await store.lastSeq();
    await expect(store.commit({ from: 1, to: 0 } as never)).rejects.toThrow();
    const health = databaseHealth(store);
    expect(schema.parse(health)).toEqual(health);
    expect(health).toMatchObject({ kind: 'sqlite', size: 1, idle: 1, inUse: 0, waiting: 0, errors: 0 });
    expect(health.acquired).toBe(health.released);
    expect(health.longestHold.name).not.toBe('');
    store.close();
  });
});
