/** The daily run: ten minutes after the start, then each day, on the clock of its scope (M15). */
import { Scope } from '@wyckoff/bounded';
import { VirtualClock } from '@wyckoff/bounded/leak-kit';
import { setImmediate as turn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { RetentionJob } from './retention-job.ts';
import { openSqliteStore } from './sqlite/sqlite-store.ts';

const DAY_MS = 86_400_000;

it('M15 the server forgets by itself: once after the start, then daily; a failing run is told and the next day tries again', async () => {
  const clock = new VirtualClock();
  const scope = new Scope({ name: 'test', timers: clock });
  const wall = { ms: 1_700_000_000_000 };
  const store = openSqliteStore({ path: ':memory:', now: () => wall.ms });
  const letter = (id: string) => ({
    id,
    topic: 'bars',
    payload: 1,
    error: 'e',
    attempts: 3,
    firstAt: 1,
    lastAt: 1,
    state: 'WAITING' as const,
  });
  const told: unknown[] = [];
  const failures: unknown[] = [];
  const job = new RetentionJob({
    store,
    scope,
    now: () => wall.ms,
    pauseMs: 0,
    onDone: (rows) => told.push(rows),
    onFailed: (error) => failures.push(error),
  });
  const pass = async (ms: number): Promise<void> => {
    wall.ms += ms;
    clock.advance(ms);
    for (let i = 0; i < 200; i += 1) await turn();
  };
  const of = (table: string) => job.figures().find((line) => line.table === table);
  await store.saveDeadLetter(letter('d-1'));
  await pass(500_000);
  expect(of('dead_letters')).toEqual({ table: 'dead_letters', rows: 0, successAt: 0 });
  await pass(200_000);
  expect(of('dead_letters')?.successAt).toBe(wall.ms);
  for (let day = 0; day < 8; day += 1) await pass(DAY_MS);
  expect(told).toEqual([{ dead_letters: 1 }]);
  expect(of('dead_letters')).toEqual({ table: 'dead_letters', rows: 1, successAt: wall.ms });
  store.close();
  await pass(DAY_MS);
  expect(failures).toHaveLength(1);
  await scope.dispose();
  await pass(3 * DAY_MS);
  expect(failures).toHaveLength(1);
});
