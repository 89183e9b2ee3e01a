/** Deadlines in the simplest form, a list searched at each step, against the wheel and the heap, both on a virtual clock. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { VirtualClock } from '../leak-kit/virtual-clock.ts';
import { type Bounded, type Effort, everySequence } from './random-operations.ts';

type Operation =
  | { readonly do: 'after'; readonly delayMs: number }
  | { readonly do: 'cancel' | 'restart'; readonly which: number; readonly delayMs: number }
  | { readonly do: 'wait'; readonly ms: number };

interface Due {
  readonly id: number;
  dueMs: number;
  sequence: number;
}

const CAPACITY = 12;
const TICK_MS = 10;
const SLOTS = 8;

const delayMs = fc.integer({ min: 0, max: 300 });
const which = fc.nat({ max: 30 });
const operation: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('after' as const), delayMs }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom('cancel' as const, 'restart' as const), which, delayMs }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 0, max: 200 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 0, max: 3_000 }) }) },
);

/** Returns the number of operations done. */
export function checkWheel(bounded: Bounded, effort: Effort): number {
  return everySequence(operation, effort, (operations) => {
    const census = new bounded.Census();
    const clock = new VirtualClock(3);
    const origin = clock.now();
    const wheel = new bounded.TimerWheel({
      name: 'wheel',
      capacity: CAPACITY,
      tickMs: TICK_MS,
      slots: SLOTS,
      timers: clock,
      census,
    });
    const pending = new Map<number, Due>();
    const handles: { cancel(): void; restart(delayMs: number): void }[] = [];
    const met: number[] = [];
    // Met at the first tick at or after the deadline, and never on the tick at which it was set.
    const tickOf = (delay: number): number => {
      const sinceMs = clock.now() - origin;
      return origin + Math.max(Math.ceil((sinceMs + delay) / TICK_MS), Math.floor(sinceMs / TICK_MS) + 1) * TICK_MS;
    };
    for (const [id, step] of operations.entries()) {
      if (step.do === 'after') {
        if (pending.size >= CAPACITY) assert.throws(() => wheel.after(step.delayMs, () => undefined), bounded.FullError);
        else {
          pending.set(id, { id, dueMs: tickOf(step.delayMs), sequence: id });
          const handle = wheel.after(step.delayMs, () => {
            const due = pending.get(id);
            assert.equal(due?.dueMs, clock.now(), 'met at its tick, neither early nor late');
            pending.delete(id);
            met.push(id);
          });
          handles.push(Object.assign(handle, { id }));
        }
      } else if (step.do === 'wait') {
        clock.advance(step.ms);
        assert.ok(
          [...pending.values()].every((due) => due.dueMs > clock.now()),
          'nothing due is forgotten',
        );
      } else if (handles.length > 0) {
        const handle = handles[step.which % handles.length] as (typeof handles)[number] & { readonly id: number };
        if (step.do === 'cancel') {
          handle.cancel();
          pending.delete(handle.id);
        } else if (pending.has(handle.id) || pending.size < CAPACITY) {
          handle.restart(step.delayMs);
          pending.set(handle.id, { id: handle.id, dueMs: tickOf(step.delayMs), sequence: id });
        }
      }
      assert.equal(wheel.size, pending.size);
      assert.ok(clock.pending <= 1, `one timer for all, was ${clock.pending}`);
      assert.equal(clock.pending, wheel.size === 0 ? 0 : 1, 'an empty wheel has no timer');
    }
    assert.equal(wheel.figures().delivered, met.length);
    assert.deepEqual(census.audit(), []);
    wheel.dispose();
    assert.equal(clock.pending, 0);
    assert.equal(census.size, 0);
  });
}

/** Returns the number of operations done. */
export function checkHeap(bounded: Bounded, effort: Effort): number {
  return everySequence(operation, effort, (operations) => {
    const census = new bounded.Census();
    const clock = new VirtualClock();
    let pending: Due[] = [];
    const expired: string[] = [];
    const expected: string[] = [];
    const heap = new bounded.DeadlineHeap<number>({
      name: 'heap',
      capacity: CAPACITY,
      policy: 'expireSoonest',
      onExpire: (id, why) => expired.push(`${id} ${why} ${clock.now()}`),
      timers: clock,
      census,
    });
    const handles: { readonly item: number; cancel(): boolean }[] = [];
    const soonest = (): Due | undefined => [...pending].sort((a, b) => a.dueMs - b.dueMs || a.sequence - b.sequence)[0];
    const expire = (due: Due, why: string, atMs: number): void => {
      pending = pending.filter((other) => other !== due);
      expected.push(`${due.id} ${why} ${atMs}`);
    };
    for (const [id, step] of operations.entries()) {
      if (step.do === 'after') {
        const first = soonest();
        if (pending.length >= CAPACITY && first !== undefined) expire(first, 'displaced', clock.now());
        pending.push({ id, dueMs: clock.now() + step.delayMs, sequence: id });
        handles.push(heap.after(step.delayMs, id));
      } else if (step.do === 'wait') {
        const endMs = clock.now() + step.ms;
        for (let due = soonest(); due !== undefined && due.dueMs <= endMs; due = soonest())
          expire(due, 'due', Math.max(due.dueMs, clock.now()));
        clock.advance(step.ms);
      } else if (handles.length > 0) {
        const handle = handles[step.which % handles.length];
        assert.equal(
          handle?.cancel(),
          pending.some((due) => due.id === handle?.item),
        );
        pending = pending.filter((due) => due.id !== handle?.item);
      }
      assert.ok(heap.size <= CAPACITY, `over its bound: ${heap.size}`);
      assert.equal(heap.size, pending.length);
      assert.equal(heap.soonestMs, soonest()?.dueMs);
      assert.equal(clock.pending, heap.size === 0 ? 0 : 1, 'one timer, and none when empty');
    }
    assert.deepEqual(expired, expected);
    assert.deepEqual(census.audit(), []);
    heap.dispose();
    assert.equal(clock.pending, 0);
    assert.equal(census.size, 0);
  });
}
