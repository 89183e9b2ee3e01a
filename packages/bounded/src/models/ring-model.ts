/** A ring in the simplest form, an array, and the operations that must not tell it from the real one. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { type Bounded, type Effort, everySequence } from './random-operations.ts';

type Operation =
  | { readonly do: 'push'; readonly bytes: number }
  | { readonly do: 'shift' | 'pop' | 'clear' }
  | { readonly do: 'resize'; readonly capacity: number };

interface Item {
  readonly id: number;
  readonly bytes: number;
}

const CAPACITY = 7;
const MAX_BYTES = 40;

const operation: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 20, arbitrary: fc.record({ do: fc.constant('push' as const), bytes: fc.integer({ min: 0, max: 45 }) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constantFrom('shift' as const, 'pop' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('clear' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('resize' as const), capacity: fc.integer({ min: 1, max: CAPACITY }) }) },
);

/** Returns the number of operations done. */
export function checkRing(bounded: Bounded, effort: Effort): number {
  return everySequence(operation, effort, (operations) => {
    const census = new bounded.Census();
    const ring = new bounded.Ring<Item>({
      name: 'ring',
      capacity: CAPACITY,
      maxBytes: MAX_BYTES,
      sizeOf: (item) => item.bytes,
      census,
    });
    let model: Item[] = [];
    let capacity = CAPACITY;
    const books = { accepted: 0, delivered: 0, dropped: 0, highWater: 0 };
    const bytesHeld = (): number => model.reduce((sum, item) => sum + item.bytes, 0);
    const lose = (): void => {
      model.shift();
      books.dropped += 1;
    };
    for (const [id, step] of operations.entries()) {
      if (step.do === 'push') {
        const item = { id, bytes: step.bytes };
        ring.push(item);
        books.accepted += 1;
        if (item.bytes > MAX_BYTES) books.dropped += 1;
        else {
          while (model.length >= capacity || bytesHeld() + item.bytes > MAX_BYTES) lose();
          model.push(item);
          books.highWater = Math.max(books.highWater, model.length);
        }
      } else if (step.do === 'resize') {
        ring.resize(step.capacity);
        ({ capacity } = step);
        while (model.length > capacity) lose();
      } else if (step.do === 'clear') {
        ring.clear();
        books.dropped += model.length;
        model = [];
      } else {
        if (model.length > 0) books.delivered += 1;
        assert.equal(ring[step.do](), model[step.do]());
      }
      assert.ok(ring.size <= capacity && ring.bytes <= MAX_BYTES, `over its bounds: ${ring.size} entries, ${ring.bytes} bytes`);
      assert.equal(ring.size, model.length);
      assert.equal(ring.bytes, bytesHeld());
      assert.equal(ring.oldest, model[0]);
      assert.equal(ring.newest, model.at(-1));
      assert.equal(ring.at(-2), model.at(-2));
    }
    assert.deepEqual(ring.toArray(), model);
    const { accepted, delivered, dropped, highWater } = ring.figures();
    assert.deepEqual({ accepted, delivered, dropped, highWater }, books);
    assert.deepEqual(census.audit(), []);
    ring.dispose();
    assert.equal(census.size, 0);
  });
}
