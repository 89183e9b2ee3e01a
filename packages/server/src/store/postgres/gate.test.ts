/** The gate to PostgreSQL against a real server: patience with an end, holders by name, nothing half-written when the server dies (C4). */
import { Scope } from '@wyckoff/bounded';
import { VirtualClock } from '@wyckoff/bounded/leak-kit';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startPostgres, type TestPostgres } from '../../../../../e2e/support/postgres.ts';
import { DEMO_SYMBOL } from '../../session/demo-series.ts';
import { StoreFailure } from '../refused.ts';
import { execute, rawRows, type Work } from '../sql/work.ts';
import { ACCOUNT, commitOf, refOf } from '../testing/samples.ts';
import { PostgresGate, type GateLimits, type LongHold } from './gate.ts';
import { openPool, type PoolLimits } from './open.ts';
import { openPostgresStore } from './postgres-store.ts';

const servers = new Scope({ name: 'test.servers' });
let server: TestPostgres;
beforeAll(async () => {
  server = await startPostgres(servers);
});
afterAll(async () => void (await servers.dispose()));

let scope: Scope;
beforeEach(() => {
  scope = new Scope({ name: 'test' });
});
afterEach(async () => void (await scope.dispose()));

interface Bench {
  readonly gate: PostgresGate;
  readonly holds: LongHold[];
  readonly idleErrors: unknown[];
}

async function bench(
  options: { pool?: Partial<PoolLimits>; limits?: Partial<GateLimits>; gateScope?: Scope } = {},
): Promise<Bench> {
  const holds: LongHold[] = [];
  const idleErrors: unknown[] = [];
  const { pool, limits } = await openPool({
    url: server.url,
    scope,
    limits: options.pool,
    onIdleError: (error) => idleErrors.push(error),
  });
  const gate = new PostgresGate({
    pool,
    scope: options.gateScope ?? scope,
    size: limits.size,
    limits: options.limits,
    onLongHold: (hold) => holds.push(hold),
  });
  return { gate, holds, idleErrors };
}

const one = (): Work<[number][]> => rawRows<[number]>('select 1', []);
const asleep = (seconds: number) => (): Work<unknown> => rawRows('select pg_sleep($1)', [seconds]);
const failing = function* (): Work<void> {
  yield* execute('create temporary table if not exists scratch (x int)');
  yield* execute('select 1 / 0');
};

async function failureOf(promise: Promise<unknown>): Promise<StoreFailure> {
  const error: unknown = await promise.then(
    () => new Error('expected a failure, was an answer'),
    (reason: unknown) => reason,
  );
  if (error instanceof StoreFailure) return error;
  throw error;
}

/** Work that breaks itself off, as a defect in our own code would. */
function* throwing(): Work<void> {
  throw new Error('our own mistake');
}

describe('C4 the gate to PostgreSQL', () => {
  it('C4 closes on normal and on exception: every connection comes back', async () => {
    const { gate } = await bench();
    await gate.query('fine', one);
    await expect(gate.query('sql', failing)).rejects.toThrow(/division by zero/);
    await expect(gate.transaction('sql', failing)).rejects.toThrow(/division by zero/);
    await expect(gate.transaction('ours', throwing)).rejects.toThrow('our own mistake');
    await expect(gate.held('copy', () => Promise.reject(new Error('theirs')))).rejects.toThrow('theirs');
    expect(gate.figures()).toMatchObject({ size: 10, inUse: 0, waiting: 0, acquired: 5, released: 5, errors: 4 });
    // The connection of a failed transaction is as good as new.
    expect(await gate.transaction('fine', one)).toEqual([[1]]);
  });

  it('C4 all of a transaction or nothing', async () => {
    const { gate } = await bench();
    await gate.query('table', () => execute('create table if not exists halves (x int)'));
    const half = function* (): Work<void> {
      yield* execute('insert into halves values (1)');
      yield* execute('insert into halves values (2), (null), (3 / 0)');
    };
    await expect(gate.transaction('half', half)).rejects.toThrow();
    expect(await gate.query('count', () => rawRows('select count(*) from halves', []))).toEqual([[0]]);
    await gate.transaction('whole', () => execute('insert into halves values (1)'));
    expect(await gate.query('count', () => rawRows('select count(*) from halves', []))).toEqual([[1]]);
  });

  it('C4 the original error survives a failing rollback, and the connection is not used again', async () => {
    const { gate } = await bench({ pool: { size: 1 } });
    const [[before]] = await gate.query('pid', () => rawRows<[number]>('select pg_backend_pid()', []));
    const suicidal = function* (): Work<void> {
      try {
        yield* execute('select pg_terminate_backend(pg_backend_pid())');
      } catch {
        throw new Error('the first error');
      }
    };
    await expect(gate.transaction('suicidal', suicidal)).rejects.toThrow('the first error');
    const [[after]] = await gate.query('pid', () => rawRows<[number]>('select pg_backend_pid()', []));
    expect(after).not.toBe(before);
    expect(gate.figures()).toMatchObject({ inUse: 0 });
  });

  it('C4 fifty requesters for five seconds: no error, no connection lost', { timeout: 30_000 }, async () => {
    const { gate } = await bench();
    await gate.query('table', () => execute('create table if not exists load (n int)'));
    const untilMs = performance.now() + 5_000;
    let done = 0;
    const requester = async (n: number): Promise<void> => {
      while (performance.now() < untilMs) {
        await gate.transaction(`requester ${n}`, function* () {
          yield* execute('insert into load values ($1)', [n]);
          yield* rawRows('select count(*) from (select 1 from load limit 10) as few', []);
        });
        done += 1;
      }
    };
    await Promise.all(Array.from({ length: 50 }, (_, n) => requester(n)));
    const figures = gate.figures();
    expect(figures).toMatchObject({ errors: 0, inUse: 0, waiting: 0, size: 10 });
    expect(figures.idle).toBeLessThanOrEqual(10);
    expect(figures.released).toBe(figures.acquired);
    expect(done).toBeGreaterThan(500);
    expect(await gate.query('count', () => rawRows('select count(*) from load', []))).toEqual([[done]]);
  });

  it(
    'C4 fifty queries of five seconds on ten connections: 503 with Retry-After for those that waited too long, never a hang',
    { timeout: 30_000 },
    async () => {
      const { gate } = await bench({ limits: { waitMs: 1_000 }, pool: { size: 10 } });
      const startedMs = performance.now();
      const answers = await Promise.allSettled(Array.from({ length: 50 }, () => gate.query('slow report', asleep(5))));
      expect(performance.now() - startedMs).toBeLessThan(9_000);
      const refused = answers.filter((answer) => answer.status === 'rejected').map((answer) => answer.reason as StoreFailure);
      expect(answers.length - refused.length).toBe(10);
      for (const failure of refused) expect(failure).toMatchObject({ code: 'store.busy', status: 503, retryAfterSeconds: 5 });
      expect(refused[0].message).toContain('slow report');
      expect(gate.figures()).toMatchObject({ inUse: 0, waiting: 0 });
      // Those that came late gave their connection back.
      expect(await gate.query('afterwards', one)).toEqual([[1]]);
    },
  );

  it("C4 the twin: without the gate's patience the same queries hang until somebody is done", { timeout: 30_000 }, async () => {
    const { gate } = await bench({ limits: { waitMs: 60_000 }, pool: { size: 2 } });
    const startedMs = performance.now();
    await Promise.all(Array.from({ length: 6 }, () => gate.query('slow report', asleep(1))));
    expect(performance.now() - startedMs).toBeGreaterThan(2_900);
  });

  it('C4 more waiters than may wait are refused at once', async () => {
    const { gate } = await bench({ limits: { waitingMax: 3, waitMs: 400 }, pool: { size: 1 } });
    const answers = await Promise.allSettled(Array.from({ length: 10 }, () => gate.query('slow', asleep(0.2))));
    const reasons = answers.flatMap((answer) => (answer.status === 'rejected' ? [(answer.reason as StoreFailure).message] : []));
    expect(reasons.filter((reason) => reason.includes('within 0 ms')).length).toBeGreaterThanOrEqual(6);
  });

  it("C4 a long query is cancelled by the server's clock and told as 504", async () => {
    const { gate } = await bench({ pool: { statementMs: 200 } });
    expect(await failureOf(gate.query('endless', asleep(30)))).toMatchObject({ code: 'store.timeout', status: 504 });
    expect(await gate.query('afterwards', one)).toEqual([[1]]);
  });

  it('C4 the server ends a transaction that stands idle; limits reach every connection', async () => {
    const { gate } = await bench({ pool: { statementMs: 61_000, idleInTransactionMs: 31_000 } });
    const [[statement], [idle]] = await gate.query('limits', function* () {
      return [
        ...(yield* rawRows<[string]>('show statement_timeout', [])),
        ...(yield* rawRows<[string]>('show idle_in_transaction_session_timeout', [])),
      ];
    });
    expect([statement, idle]).toEqual(['61s', '31s']);
  });

  it('C4 a held connection is named after 10 s and taken away after 60 s', async () => {
    const clock = new VirtualClock();
    const gateScope = new Scope({ name: 'virtual', timers: clock });
    const { gate, holds } = await bench({ gateScope, limits: { waitMs: 1e9 }, pool: { size: 2 } });
    const held = failureOf(gate.query('the forgetful report', asleep(20)));
    while (gate.figures().inUse === 0) await sleep(5);
    clock.advance(9_000);
    expect(holds).toEqual([]);
    clock.advance(2_000);
    expect(holds).toMatchObject([{ holder: 'the forgetful report', destroyed: false }]);
    expect(gate.figures().longestHold).toMatchObject({ name: 'the forgetful report', ms: 11_000 });
    clock.advance(51_000);
    expect(holds.map((hold) => hold.destroyed)).toEqual([false, true]);
    const failure = await held;
    expect(failure).toMatchObject({ code: 'store.timeout' });
    expect(failure.message).toContain('the forgetful report');
    expect(await gate.query('afterwards', one)).toEqual([[1]]);
    expect(gate.figures()).toMatchObject({ inUse: 0 });
    await gateScope.dispose();
  });

  it('C4 a connection that died while it stood idle is found out before it is used', async () => {
    const { gate, idleErrors } = await bench({ pool: { size: 1 }, limits: { validateMs: 0 } });
    const { gate: other } = await bench();
    const [[pid]] = await gate.query('pid', () => rawRows<[number]>('select pg_backend_pid()', []));
    await other.query('kill', () => rawRows('select pg_terminate_backend($1)', [pid]));
    expect(await gate.query('next', one)).toEqual([[1]]);
    expect(idleErrors.length).toBeLessThanOrEqual(1);
  });

  it('C4 without a server the answer is 503 store.unavailable, at once', async () => {
    const { pool, limits } = await openPool({ url: 'postgres://nobody@127.0.0.1:1/none', scope });
    const gate = new PostgresGate({ pool, scope, size: limits.size });
    expect(await failureOf(gate.query('ask', one))).toMatchObject({
      code: 'store.unavailable',
      status: 503,
      retryAfterSeconds: 5,
    });
  });

  it(
    'C4 PostgreSQL killed and started again under load: it goes on by itself, and nothing is half-written',
    { timeout: 60_000 },
    async () => {
      const own = await startPostgres(scope);
      const store = await openPostgresStore({ url: own.url, scope, migrate: true, onIdleError: () => undefined });
      const series = await store.saveSymbol(DEMO_SYMBOL, '1d');
      const engine = refOf(series);
      await store.openEngine(engine, ACCOUNT);
      const failures: unknown[] = [];
      let isOver = false;
      let position = 0;
      // One engine that commits batch after batch, and ten readers beside it.
      const writer = async (): Promise<void> => {
        for (; !isOver; position += 4) await store.commit(commitOf(engine, position, position + 4));
      };
      const reader = async (): Promise<void> => {
        while (!isOver) {
          try {
            const { seq, signals } = await store.snapshot({ ranges: 1, events: 1, signals: 200, orders: 1, positions: 1 });
            // Five facts and one signal a bar: what a reader sees is whole.
            if (seq < 1000 && signals.length * 5 !== seq)
              throw new Error(`half a commit: ${signals.length} signals at fact ${seq}`);
          } catch (error) {
            if (!(error instanceof StoreFailure)) throw error;
            failures.push(error.code);
            await sleep(20);
          }
        }
      };
      const all = Promise.all([writer(), ...Array.from({ length: 10 }, reader)]);
      for (let round = 0; round < 3; round += 1) {
        await sleep(400);
        await own.kill();
        await sleep(200);
        await own.restart();
      }
      const afterMs = position;
      await sleep(500);
      isOver = true;
      await all;
      expect(position).toBeGreaterThan(afterMs);
      expect(new Set(failures)).toEqual(new Set(['store.unavailable']));
      const place = await store.openEngine(engine, ACCOUNT);
      expect([place.position, await store.lastSeq()]).toEqual([position, position * 5]);
      expect(await store.equity(ACCOUNT.id)).toHaveLength(Math.min(position, 2000));
    },
  );
});
