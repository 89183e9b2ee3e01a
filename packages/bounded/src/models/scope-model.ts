/** Scopes in the simplest form, a list of what was opened, and the order in which it must be released. */
import assert from 'node:assert/strict';
import { EventEmitter, setMaxListeners } from 'node:events';
import fc from 'fast-check';
import { settle, VirtualClock } from '../leak-kit/virtual-clock.ts';
import type { Release, Scope } from '../index.ts';
import { type Bounded, type Effort, everySequenceAsync } from './random-operations.ts';

interface Operation {
  readonly do:
    'own' | 'ownSlow' | 'timeout' | 'interval' | 'listen' | 'listenTarget' | 'task' | 'child' | 'undo' | 'wait' | 'endChild';
  readonly which: number;
}

const CAPACITY = 12;
const operation = fc.record({
  do: fc.constantFrom(
    'own',
    'ownSlow',
    'timeout',
    'interval',
    'listen',
    'listenTarget',
    'task',
    'child',
    'undo',
    'undo',
    'undo',
    'wait',
    'endChild',
  ),
  which: fc.nat({ max: 40 }),
}) as fc.Arbitrary<Operation>;

/** Returns the number of operations done. */
export async function checkScope(bounded: Bounded, effort: Effort): Promise<number> {
  return everySequenceAsync(operation, effort, async (operations) => {
    const census = new bounded.Census();
    const clock = new VirtualClock();
    const emitter = new EventEmitter();
    const target = new EventTarget();
    // As many as six scopes of this capacity can hold: Node's warning begins at eleven.
    setMaxListeners(6 * CAPACITY, emitter, target);
    let targetListeners = 0;
    const counted = {
      addEventListener: (event: string, handler: () => void) => {
        targetListeners += 1;
        target.addEventListener(event, handler);
      },
      removeEventListener: (event: string, handler: () => void) => {
        targetListeners -= 1;
        target.removeEventListener(event, handler);
      },
    };
    const root = new bounded.Scope({
      name: 'root',
      census,
      timers: clock,
      capacity: CAPACITY,
      maxTasks: 1_000,
      tasksPerKind: 1_000,
    });
    const scopes: Scope[] = [root];
    const undo: { readonly scope: Scope; readonly run: Release }[] = [];
    let opened: { readonly id: number; readonly scope: Scope }[] = [];
    const ended: number[] = [];
    const end = (id: number): void => {
      assert.ok(!ended.includes(id), `resource ${id} ended twice`);
      ended.push(id);
    };
    let tasksRunning = 0;
    for (const [id, step] of operations.entries()) {
      const scope = scopes[step.which % scopes.length] ?? root;
      const room = scope.size < CAPACITY;
      const add = (open: () => Release): void => {
        if (room) undo.push({ scope, run: open() });
        else assert.throws(open, bounded.ScopeFullError);
      };
      if (step.do === 'own' || step.do === 'ownSlow') {
        const resource = { id };
        const slow = step.do === 'ownSlow';
        const release = (): unknown => {
          end(id);
          return slow ? Promise.resolve() : undefined;
        };
        if (room) {
          assert.equal(scope.own(resource, release), resource);
          opened.push({ id, scope });
          undo.push({ scope, run: () => void scope.release(resource) });
        } else {
          assert.throws(() => scope.own(resource, release), bounded.ScopeFullError);
          assert.equal(ended.at(-1), id, 'what a full scope refuses is ended at once');
        }
      } else if (step.do === 'timeout') add(() => scope.timeout(step.which, () => undefined));
      else if (step.do === 'interval') add(() => scope.interval(1 + step.which, () => undefined));
      else if (step.do === 'listen') add(() => scope.listen(emitter, 'tick', () => undefined));
      else if (step.do === 'listenTarget') add(() => scope.listen(counted, 'tick', () => undefined));
      else if (step.do === 'child' && scopes.length < 6) {
        if (room) scopes.push(scope.child('child', { capacity: CAPACITY, label: String(id) }));
      } else if (step.do === 'task' && room) {
        const task = scope.task(
          'job',
          (signal) =>
            new Promise<void>((resolve) => {
              const finish = (): void => {
                tasksRunning -= 1;
                resolve();
              };
              tasksRunning += 1;
              signal.addEventListener('abort', finish);
            }),
        );
        undo.push({ scope, run: () => task.cancel() });
      } else if (step.do === 'undo' && undo.length > 0) {
        const [chosen] = undo.splice(step.which % undo.length, 1);
        chosen?.run();
        await settle();
      } else if (step.do === 'wait') await clock.run(step.which);
      else if (step.do === 'endChild' && scopes.length > 1) {
        const [child] = scopes.splice(1 + (step.which % (scopes.length - 1)), 1);
        const report = await child?.dispose();
        assert.deepEqual(report?.stuck, []);
        for (let i = scopes.length - 1; i > 0; i -= 1) if (scopes[i]?.state === 'closed') scopes.splice(i, 1);
        for (let i = undo.length - 1; i >= 0; i -= 1) if (undo[i]?.scope.state === 'closed') undo.splice(i, 1);
      }
      assert.ok(
        scopes.every((each) => each.size <= CAPACITY),
        'a scope over its bound',
      );
    }
    assert.deepEqual(census.audit(), []);
    opened = opened.filter(({ id }) => !ended.includes(id));
    const before = ended.length;
    const report = await root.dispose();
    assert.deepEqual({ stuck: report.stuck, errors: report.errors }, { stuck: [], errors: [] });
    const lastOfRoot = opened.filter(({ scope }) => scope === root).map(({ id }) => id);
    assert.deepEqual(
      ended.slice(before).filter((id) => lastOfRoot.includes(id)),
      lastOfRoot.reverse(),
      'released in reverse order',
    );
    assert.equal(ended.length - before, opened.length, 'each resource ends exactly once');
    assert.equal(tasksRunning, 0);
    assert.equal(clock.pending, 0, 'no timer is left');
    assert.equal(emitter.listenerCount('tick') + targetListeners, 0, 'no listener is left');
    assert.equal(census.size, 0);
  });
}
