/** A queue in the simplest form, an array, for each policy, with batches in flight; and random operations on both. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Batch, BoundedQueue, OverflowPolicy } from '../index.ts';
import { type Bounded, type Effort, everySequence } from './random-operations.ts';

type Operation =
  | { readonly do: 'push'; readonly bytes: number; readonly priority: number; readonly key: string | undefined }
  | { readonly do: 'shift' | 'giveBack' | 'clear' }
  | { readonly do: 'take' | 'acknowledge' | 'drop'; readonly count: number }
  | { readonly do: 'removeWhere'; readonly priority: number }
  | { readonly do: 'dropOlderThan'; readonly ageMs: number }
  | { readonly do: 'wait'; readonly ms: number };

interface Item {
  readonly id: number;
  readonly bytes: number;
  readonly priority: number;
  readonly key: string | undefined;
}

interface Held {
  item: Item;
  atMs: number;
  order: number;
  inFlight: boolean;
  /** No longer the one its key stands for: it was in flight when a newer one came. */
  outdated: boolean;
}

const CAPACITY = 9;
const MAX_BYTES = 60;
const PRESSURE_AT = 0.8;

const count = fc.integer({ min: 1, max: 6 });
const operation: fc.Arbitrary<Operation> = fc.oneof(
  {
    weight: 24,
    arbitrary: fc.record({
      do: fc.constant('push' as const),
      bytes: fc.integer({ min: 0, max: 64 }).map((bytes) => (bytes > 61 ? bytes : bytes % 16)),
      priority: fc.integer({ min: 0, max: 5 }),
      key: fc.constantFrom(undefined, undefined, undefined, 'SPY', 'TLT'),
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constantFrom('shift' as const, 'giveBack' as const) }) },
  { weight: 8, arbitrary: fc.record({ do: fc.constantFrom('take' as const, 'acknowledge' as const, 'drop' as const), count }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('clear' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('removeWhere' as const), priority: fc.integer({ min: 0, max: 5 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('dropOlderThan' as const), ageMs: fc.integer({ min: 0, max: 50 }) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 0, max: 20 }) }) },
);

/** Returns the number of operations done. */
export function checkQueue(bounded: Bounded, policy: OverflowPolicy, effort: Effort): number {
  return everySequence(operation, effort, (operations) => {
    const census = new bounded.Census();
    const model = new QueueModel(policy);
    let warnings = 0;
    const overflowed: Item[] = [];
    const queue = new bounded.BoundedQueue<Item>({
      name: 'queue',
      capacity: CAPACITY,
      policy,
      maxBytes: MAX_BYTES,
      sizeOf: (item) => item.bytes,
      priorityOf: (item) => item.priority,
      keyOf: (item) => item.key,
      clock: { now: () => model.nowMs },
      onPressure: () => (warnings += 1),
      onOverflow: (item) => overflowed.push(item),
      census,
    });
    let batch: Batch<Item> | undefined;
    for (const [id, step] of operations.entries()) {
      batch = apply({ queue, model, batch }, step, id);
      assert.ok(
        queue.size <= CAPACITY && queue.bytes <= MAX_BYTES,
        `over its bounds: ${queue.size} entries, ${queue.bytes} bytes`,
      );
      assert.deepEqual(
        queue.toArray().map((item) => item.id),
        model.held.map((held) => held.item.id),
      );
      assert.equal(queue.bytes, model.bytes);
      assert.equal(queue.oldestAgeMs(), model.held[0] === undefined ? 0 : model.nowMs - model.held[0].atMs);
      model.notePressure();
    }
    const { accepted, delivered, dropped, highWater } = queue.figures();
    assert.deepEqual({ accepted, delivered, dropped, highWater }, model.books);
    assert.equal(warnings, model.warnings);
    assert.deepEqual(overflowed, model.overflowed);
    assert.deepEqual(census.audit(), []);
    queue.dispose();
    assert.equal(census.size, 0);
  });
}

interface Under {
  readonly queue: BoundedQueue<Item>;
  readonly model: QueueModel;
  readonly batch: Batch<Item> | undefined;
}

function apply({ queue, model, batch }: Under, step: Operation, id: number): Batch<Item> | undefined {
  switch (step.do) {
    case 'push': {
      const item = { id, bytes: step.bytes, priority: step.priority, key: step.key };
      assert.equal(queue.push(item), model.push(item));
      return batch;
    }
    case 'shift':
      if (queue.busy) assert.throws(() => queue.shift());
      else assert.equal(queue.shift()?.id, model.shift()?.id);
      return batch;
    case 'take': {
      const taken = queue.take(step.count);
      assert.deepEqual(taken?.items, model.take(step.count));
      return taken ?? batch;
    }
    case 'acknowledge':
      batch?.acknowledge(step.count);
      model.settle(step.count, 'delivered');
      return batch;
    case 'drop':
      batch?.drop(step.count, 'failed');
      model.settle(step.count, 'dropped');
      return batch;
    case 'giveBack':
      batch?.giveBack();
      model.giveBack();
      return batch;
    case 'clear':
      assert.equal(queue.clear(), model.dropAll());
      return batch;
    case 'removeWhere':
      assert.equal(
        queue.removeWhere((item) => item.priority === step.priority),
        model.dropWhere((held) => held.item.priority === step.priority),
      );
      return batch;
    case 'dropOlderThan':
      assert.equal(
        queue.dropOlderThan(step.ageMs),
        model.dropWhere((held) => model.nowMs - held.atMs > step.ageMs),
      );
      return batch;
    case 'wait':
      model.nowMs += step.ms;
      return batch;
  }
}

class QueueModel {
  readonly policy: OverflowPolicy;
  held: Held[] = [];
  nowMs = 0;
  warnings = 0;
  readonly overflowed: Item[] = [];
  readonly books = { accepted: 0, delivered: 0, dropped: 0, highWater: 0 };
  #order = 0;
  #pressed = false;

  constructor(policy: OverflowPolicy) {
    this.policy = policy;
  }

  get bytes(): number {
    return sumBytes(this.held);
  }

  push(item: Item): string {
    this.books.accepted += 1;
    const outcome = this.#push(item);
    if (outcome !== 'queued' && outcome !== 'displaced' && outcome !== 'replaced') this.books.dropped += 1;
    this.books.highWater = Math.max(this.books.highWater, this.held.length);
    return outcome;
  }

  shift(): Item | undefined {
    const first = this.held.shift();
    if (first !== undefined) this.books.delivered += 1;
    return first?.item;
  }

  take(max: number): Item[] | undefined {
    if (this.held.length === 0 || this.held.some((held) => held.inFlight)) return undefined;
    const taken = this.held.slice(0, max);
    for (const held of taken) held.inFlight = true;
    return taken.map((held) => held.item);
  }

  settle(most: number, how: 'delivered' | 'dropped'): void {
    const settled = this.held.filter((held) => held.inFlight).slice(0, most);
    this.books[how] += settled.length;
    this.held = this.held.filter((held) => !settled.includes(held));
  }

  giveBack(): void {
    for (const held of this.held.filter((each) => each.inFlight)) {
      held.inFlight = false;
      const newer = this.held.some(
        (other) => other !== held && !other.inFlight && !other.outdated && other.item.key === held.item.key,
      );
      held.outdated = held.item.key !== undefined && newer;
    }
  }

  dropAll(): number {
    const dropped = this.held.length;
    this.books.dropped += dropped;
    this.held = [];
    return dropped;
  }

  dropWhere(matches: (held: Held) => boolean): number {
    const leaving = this.held.filter((held) => !held.inFlight && matches(held));
    this.books.dropped += leaving.length;
    this.held = this.held.filter((held) => !leaving.includes(held));
    return leaving.length;
  }

  notePressure(): void {
    const utilisation = Math.max(this.held.length / CAPACITY, this.bytes / MAX_BYTES);
    if (utilisation < PRESSURE_AT) this.#pressed = false;
    else if (!this.#pressed) {
      this.#pressed = true;
      this.warnings += 1;
    }
  }

  #push(item: Item): string {
    if (item.bytes > MAX_BYTES) return 'oversize';
    const waiting = this.held.find(
      (held) => item.key !== undefined && held.item.key === item.key && !held.inFlight && !held.outdated,
    );
    const staying = this.held.filter((held) => held !== waiting);
    const leaving: Held[] = [];
    const fits = (): boolean => {
      const left = staying.filter((held) => !leaving.includes(held));
      return left.length < CAPACITY && sumBytes(left) + item.bytes <= MAX_BYTES;
    };
    if (!fits()) {
      if (this.policy === 'discard' || this.policy === 'block') return 'full';
      const candidates = staying.filter((held) => !held.inFlight);
      if (this.policy === 'priority') candidates.sort((a, b) => a.item.priority - b.item.priority || a.order - b.order);
      for (const candidate of candidates) {
        if (fits()) break;
        if (this.policy === 'priority' && candidate.item.priority > item.priority) return 'lowest';
        leaving.push(candidate);
      }
      if (!fits()) return 'full';
    }
    this.books.dropped += leaving.length;
    this.overflowed.push(...leaving.map((held) => held.item));
    this.held = this.held.filter((held) => !leaving.includes(held));
    if (waiting !== undefined) {
      this.books.dropped += 1;
      waiting.item = item;
      waiting.atMs = this.nowMs;
      return 'replaced';
    }
    this.held.push({ item, atMs: this.nowMs, order: this.#order, inFlight: false, outdated: false });
    this.#order += 1;
    return leaving.length > 0 ? 'displaced' : 'queued';
  }
}

function sumBytes(held: readonly Held[]): number {
  return held.reduce((sum, each) => sum + each.item.bytes, 0);
}
