/** Scopes: what ends with them, what is reported, what is refused (C12, L2, L7). */
import { EventEmitter } from 'node:events';
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import {
  Census,
  FullError,
  Ring,
  Scope,
  ScopeClosedError,
  type ScopeOptions,
  type ScopeProblem,
  TaskRefusedError,
  TaskStuckError,
} from './index.ts';
import { settle, VirtualClock } from './leak-kit/virtual-clock.ts';

function open(options: Partial<ScopeOptions> = {}) {
  const clock = new VirtualClock();
  const census = new Census();
  const problems: ScopeProblem[] = [];
  const scope = new Scope({ name: 'server', census, timers: clock, onProblem: (problem) => problems.push(problem), ...options });
  return { clock, census, problems, scope };
}

const untilAborted = (signal: AbortSignal): Promise<void> =>
  new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));

test('C12 10,000 tasks spawned and finished leave the registry empty', async () => {
  const { scope, census } = open({ tasksPerKind: 100 });
  for (let round = 0; round < 100; round += 1) {
    const tasks = Array.from({ length: 100 }, () => scope.task('job', async () => settle()));
    await Promise.all(tasks.map((task) => task.finished));
  }
  expect(scope.size).toBe(0);
  expect(scope.taskCounts()).toEqual([{ kind: 'job', running: 0, failed: 0, refused: 0 }]);
  expect(census.row('server.tasks')).toMatchObject({ size: 0, accepted: 10_000, delivered: 10_000 });
  expect(census.audit()).toEqual([]);
  await scope.dispose();
  expect(census.size).toBe(0);
});

test('C12 shutdown cancels all tasks and awaits their end', async () => {
  const { scope } = open();
  const tasks = Array.from({ length: 20 }, (_, i) => scope.task(`job${i}`, untilAborted));
  await settle();
  const report = await scope.dispose();
  expect(report).toMatchObject({ released: 20, stuck: [], errors: [] });
  const outcomes = await Promise.all(tasks.map((task) => task.finished));
  expect(outcomes.every((outcome) => outcome.kind === 'cancelled' && outcome.reason instanceof ScopeClosedError)).toBe(true);
});

test('C12 a task that is cancelled before its turn never begins', async () => {
  const { scope } = open();
  let began = false;
  const task = scope.task('job', () => (began = true));
  const report = await scope.dispose();
  expect(report.stuck).toEqual([]);
  expect((await task.finished).kind).toBe('cancelled');
  expect(began).toBe(false);
});

test('C12 a rejected task is reported once and counted, and nothing is unhandled', async () => {
  const unhandled: unknown[] = [];
  const note = (error: unknown): number => unhandled.push(error);
  process.on('unhandledRejection', note);
  const { scope, problems } = open();
  const failures = [
    scope.task('feed', () => Promise.reject(new Error('feed down'))),
    scope.task('feed', () => {
      throw new Error('at once');
    }),
  ];
  expect((await Promise.all(failures.map((task) => task.finished))).map((outcome) => outcome.kind)).toEqual(['failed', 'failed']);
  await new Promise((resolve) => setImmediate(resolve));
  process.off('unhandledRejection', note);
  expect(unhandled).toEqual([]);
  expect(problems.map(({ what, name, error }) => [what, name, (error as Error).message])).toEqual([
    ['task-failed', 'feed', 'at once'],
    ['task-failed', 'feed', 'feed down'],
  ]);
  expect(scope.taskCounts()).toEqual([{ kind: 'feed', running: 0, failed: 2, refused: 0 }]);
  expect(scope.problems()).toHaveLength(2);
  await scope.dispose();
});

test('C12 the task too many of its kind is refused with a typed error, over the whole tree, and never runs', async () => {
  const { scope } = open({ taskLimits: { backtest: 2 } });
  const child = scope.child('jobs');
  const running = [scope.task('backtest', untilAborted), child.task('sweep', untilAborted, { kind: 'backtest' })];
  let ran = false;
  const third = (): unknown => child.task('backtest', () => (ran = true));
  expect(third).toThrow(TaskRefusedError);
  expect(third).toThrow('task of kind backtest refused: 2 are running, the limit; retry when one has finished');
  scope.task('other', untilAborted);
  running[0]?.cancel();
  await settle();
  child.task('backtest', () => undefined);
  expect(ran).toBe(false);
  expect(scope.taskCounts()[0]).toMatchObject({ kind: 'backtest', refused: 2 });
  await scope.dispose();
});

test('C12 a stuck task is reported by name after its deadline and told to stop', async () => {
  const { scope, clock, problems } = open();
  let reason: unknown;
  const task = scope.task(
    'import',
    (signal) =>
      new Promise<void>((resolve) =>
        signal.addEventListener('abort', () => {
          reason = signal.reason as unknown;
          resolve();
        }),
      ),
    { deadlineMs: 30_000 },
  );
  await clock.run(29_999);
  expect(problems).toEqual([]);
  await clock.run(1);
  expect(problems).toMatchObject([{ what: 'task-stuck', name: 'import', scope: 'server' }]);
  expect(reason).toBeInstanceOf(TaskStuckError);
  expect((await task.finished).kind).toBe('done');
  expect(clock.pending).toBe(0);
  await scope.dispose();
});

test('C12 what does not let go is reported by name, and the rest is released all the same', async () => {
  const { scope, clock, problems, census } = open({ deadlineMs: 10_000 });
  const released: string[] = [];
  scope.own({}, () => released.push('database'), 'database');
  scope.own({}, () => Promise.reject(new Error('socket reset')), 'socket');
  scope.task('deaf', () => new Promise<never>(() => undefined));
  scope.own({}, () => released.push('cache'), 'cache');
  await settle();
  const disposal = scope.dispose();
  await clock.run(9_999);
  expect(scope.state).toBe('closing');
  await clock.run(1);
  const report = await disposal;
  expect(report.stuck).toEqual(['deaf']);
  expect(report.errors).toMatchObject([{ name: 'socket' }]);
  expect(report.tookMs).toBe(10_000);
  expect(released).toEqual(['cache', 'database']);
  expect(problems.map(({ what, name }) => [what, name])).toEqual([
    ['release-failed', 'socket'],
    ['release-stuck', 'deaf'],
  ]);
  expect(clock.pending).toBe(0);
  expect(census.size).toBe(0);
});

test('C12 disposal is idempotent: every caller gets the one report, and nothing is released twice', async () => {
  const { scope } = open();
  let ends = 0;
  scope.own({}, () => (ends += 1));
  const [first, second] = await Promise.all([scope.dispose(), scope.dispose()]);
  expect(first).toBe(second);
  expect(await scope.dispose()).toBe(first);
  expect(ends).toBe(1);
});

test('C12 a child that is stuck is named by its parent', async () => {
  const { scope, clock } = open();
  const child = scope.child('feed', { deadlineMs: 1_000 });
  child.task('deaf', () => new Promise<never>(() => undefined));
  await settle();
  const disposal = scope.dispose();
  await clock.run(1_000);
  const report = await disposal;
  expect(report.errors.map(({ error }) => (error as Error).message)).toEqual(['scope server.feed ended with deaf stuck']);
});

test('C12 await using ends a scope when its block is left, also by an exception', async () => {
  const { census, clock } = open();
  const emitter = new EventEmitter();
  const failing = async (): Promise<void> => {
    await using scope = new Scope({ name: 'block', census: new Census(), timers: clock });
    scope.listen(emitter, 'tick', () => undefined);
    scope.interval(1_000, () => undefined);
    await Promise.resolve();
    throw new Error('planted');
  };
  await expect(failing()).rejects.toThrow('planted');
  expect(emitter.listenerCount('tick')).toBe(0);
  expect(clock.pending).toBe(0);
  expect(census.size).toBeGreaterThan(0);
});

test('L2 what is opened in a scope that has ended is ended at once and refused', async () => {
  const { scope, clock } = open();
  await scope.dispose();
  let ended = 0;
  expect(() => scope.own({}, () => (ended += 1))).toThrow(ScopeClosedError);
  expect(ended).toBe(1);
  const emitter = new EventEmitter();
  expect(() => scope.listen(emitter, 'tick', () => undefined)).toThrow(ScopeClosedError);
  expect(emitter.listenerCount('tick')).toBe(0);
  expect(() => scope.timeout(10, () => undefined)).toThrow(ScopeClosedError);
  expect(() => scope.interval(10, () => undefined)).toThrow(ScopeClosedError);
  await expect(scope.delay(10)).rejects.toThrow(ScopeClosedError);
  expect(() => scope.task('late', () => undefined)).toThrow(ScopeClosedError);
  expect(() => new Ring({ name: 'late', capacity: 1, scope })).toThrow(ScopeClosedError);
  expect(clock.pending).toBe(0);
  expect(scope.signal.aborted).toBe(true);
});

test('L2 no timer, frame or listener fires after its scope has ended', async () => {
  const { scope, clock } = open();
  const fired: string[] = [];
  const emitter = new EventEmitter();
  const target = new EventTarget();
  scope.timeout(10, () => fired.push('timeout'));
  scope.interval(5, () => fired.push('interval'));
  scope.frame(() => fired.push('frame'));
  scope.listen(emitter, 'tick', () => fired.push('emitter'));
  scope.listen(target, 'tick', () => fired.push('target'));
  const delayed = scope.delay(50).catch((error: unknown) => error);
  const ended = scope.dispose();
  emitter.emit('tick');
  target.dispatchEvent(new Event('tick'));
  await clock.run(100);
  await ended;
  expect(fired).toEqual([]);
  expect(await delayed).toBeInstanceOf(ScopeClosedError);
});

test('L3 an interval never overlaps itself, and a turn that fails is reported and followed by the next', async () => {
  const { scope, clock, problems } = open();
  let running = 0;
  let most = 0;
  let turns = 0;
  scope.interval(10, async () => {
    running += 1;
    turns += 1;
    most = Math.max(most, running);
    await scope.delay(25);
    running -= 1;
    throw new Error('poll failed');
  });
  await clock.run(300);
  expect(most).toBe(1);
  expect(turns).toBe(10);
  expect(problems.every(({ what, name }) => what === 'timer-failed' && name === 'interval')).toBe(true);
  expect(problems).toHaveLength(9);
  await scope.dispose();
});

test('a resource that is released or disowned is forgotten; a released one has ended', async () => {
  const { scope } = open();
  const ended: string[] = [];
  const socket = scope.own({ name: 'socket' }, ({ name }) => ended.push(name));
  const file = scope.own({ name: 'file' }, ({ name }) => ended.push(name));
  await scope.release(socket);
  expect(scope.disown(file)).toBe(true);
  expect(scope.disown(file)).toBe(false);
  expect(ended).toEqual(['socket']);
  expect(scope.size).toBe(0);
  await scope.dispose();
  expect(ended).toEqual(['socket']);
});

test('a resource without a release of its own is ended by its Symbol.dispose or Symbol.asyncDispose', async () => {
  const { scope } = open();
  const ended: string[] = [];
  scope.own({ [Symbol.dispose]: () => ended.push('sync') });
  scope.own({ [Symbol.asyncDispose]: async () => ended.push('async') });
  await scope.dispose();
  expect(ended).toEqual(['async', 'sync']);
});

test('a structure in a scope ends with it, and ending it earlier takes it out of the scope', async () => {
  const { scope, census } = open();
  const ring = new Ring<number>({ name: 'server.ring', capacity: 2, scope });
  const other = new Ring<number>({ name: 'server.other', capacity: 2, scope });
  ring.push(1);
  expect(scope.size).toBe(2);
  other.dispose();
  expect(scope.size).toBe(1);
  expect(census.row('server.other')).toBeUndefined();
  await scope.dispose();
  expect(ring.disposed).toBe(true);
  expect(census.size).toBe(0);
});

test('M4 100 connect and disconnect cycles leave the scope as it was', async () => {
  const { scope, census } = open();
  const before = { size: scope.size, members: census.size };
  for (let cycle = 0; cycle < 100; cycle += 1) {
    const connection = scope.child('connection', { label: String(cycle), capacity: 4 });
    connection.interval(15_000, () => undefined);
    connection.listen(new EventEmitter(), 'message', () => undefined);
    await connection.dispose();
  }
  expect({ size: scope.size, members: census.size }).toEqual(before);
  expect(census.row('server.connection')).toBeUndefined();
  await scope.dispose();
});

test('the view shows the tree with its timers, listeners and tasks', async () => {
  const { scope, clock } = open();
  const child = scope.child('feed', { label: 'SPY' });
  child.task('stream', untilAborted, { kind: 'feed.stream' });
  child.timeout(1_000, () => undefined);
  child.listen(new EventEmitter(), 'bar', () => undefined);
  clock.advance(500);
  expect(scope.describe()).toMatchObject({
    name: 'server',
    state: 'open',
    ageMs: 500,
    children: [
      {
        name: 'server.feed',
        label: 'SPY',
        timers: 1,
        listeners: 1,
        resources: 0,
        tasks: [{ name: 'stream', kind: 'feed.stream', ageMs: 500, stuck: false }],
      },
    ],
  });
  await scope.dispose();
});

test('a problem sink that throws does not stop a scope from ending', async () => {
  const { scope } = open({
    onProblem: () => {
      throw new Error('logger down');
    },
  });
  scope.own({}, () => {
    throw new Error('planted');
  });
  expect((await scope.dispose()).errors).toHaveLength(1);
  expect(scope.state).toBe('closed');
});

test('a root whose census is full enrols nothing half', () => {
  const census = new Census({ maxMembers: 1 });
  expect(() => new Scope({ name: 'server', census })).toThrow(FullError);
});

test('C12 L7 a process whose scopes are disposed exits by itself', () => {
  const index = fileURLToPath(new URL('./index.ts', import.meta.url));
  const program = `
    import { Scope, TimerWheel } from ${JSON.stringify(index)};
    const scope = new Scope({ name: 'server' });
    scope.interval(60_000, () => undefined);
    scope.timeout(3_000_000_000, () => undefined);
    new TimerWheel({ name: 'server.wheel', capacity: 8, tickMs: 100, scope }).after(60_000, () => undefined);
    scope.task('stream', (signal) => new Promise((resolve) => signal.addEventListener('abort', resolve)));
    process.once('exit', (code) => process.stdout.write('exit ' + code));
    await scope.dispose();
  `;
  const said = execFileSync(process.execPath, ['--input-type=module-typescript', '-e', program], {
    timeout: 20_000,
    encoding: 'utf8',
  });
  expect(said).toBe('exit 0');
});
