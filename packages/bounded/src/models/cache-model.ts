/** A cache in the simplest form, a list in order of use with ages, and random operations on it and on the real one. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { type Bounded, type Effort, everySequence } from './random-operations.ts';

type Operation =
  | { readonly do: 'set'; readonly key: string; readonly bytes: number }
  | { readonly do: 'get' | 'peek' | 'delete'; readonly key: string }
  | { readonly do: 'sweep' | 'clear' }
  | { readonly do: 'wait'; readonly ms: number };

interface Entry {
  readonly key: string;
  readonly value: { readonly bytes: number };
  readonly atMs: number;
}

const CAPACITY = 6;
const MAX_BYTES = 50;
const TTL_MS = 30;

const key = fc.constantFrom(...'abcdefghij');
const operation: fc.Arbitrary<Operation> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      do: fc.constant('set' as const),
      key,
      bytes: fc.integer({ min: 1, max: 55 }).map((n) => (n > 50 ? n : 1 + (n % 14))),
    }),
  },
  {
    weight: 12,
    arbitrary: fc.record({ do: fc.constantFrom('get' as const, 'get' as const, 'peek' as const, 'delete' as const), key }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('sweep' as const, 'sweep' as const, 'clear' as const) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 0, max: 15 }) }) },
);

/** Returns the number of operations done. */
export function checkCache(bounded: Bounded, effort: Effort): number {
  return everySequence(operation, effort, (operations) => {
    const census = new bounded.Census();
    let nowMs = 0;
    const left: string[] = [];
    const cache = new bounded.LruTtlCache<string, { readonly bytes: number }>({
      name: 'cache',
      capacity: CAPACITY,
      maxBytes: MAX_BYTES,
      ttlMs: TTL_MS,
      sizeOf: (value) => value.bytes,
      clock: { now: () => nowMs },
      onLeave: (_value, gone) => left.push(gone),
      census,
    });
    // Least recently used first.
    let model: Entry[] = [];
    const books = { accepted: 0, hits: 0, misses: 0, dropped: 0 };
    const bytes = (): number => model.reduce((sum, entry) => sum + entry.value.bytes, 0);
    const lose = (gone: (entry: Entry) => boolean): void => {
      const before = model.length;
      model = model.filter((entry) => !gone(entry));
      books.dropped += before - model.length;
    };
    const isOld = (entry: Entry): boolean => nowMs - entry.atMs > TTL_MS;
    for (const step of operations) {
      if (step.do === 'wait') nowMs += step.ms;
      else if (step.do === 'set') {
        const value = { bytes: step.bytes };
        books.accepted += 1;
        lose((entry) => entry.key === step.key);
        assert.equal(cache.set(step.key, value), value.bytes <= MAX_BYTES);
        if (value.bytes > MAX_BYTES) books.dropped += 1;
        else {
          while (model.length >= CAPACITY || bytes() + value.bytes > MAX_BYTES) lose((entry) => entry === model[0]);
          model.push({ key: step.key, value, atMs: nowMs });
        }
      } else if (step.do === 'get') {
        const known = model.find((entry) => entry.key === step.key && !isOld(entry));
        lose((entry) => entry.key === step.key && isOld(entry));
        if (known !== undefined) model = [...model.filter((entry) => entry !== known), known];
        books[known === undefined ? 'misses' : 'hits'] += 1;
        assert.equal(cache.get(step.key), known?.value);
      } else if (step.do === 'peek') {
        assert.equal(cache.peek(step.key), model.find((entry) => entry.key === step.key && !isOld(entry))?.value);
      } else if (step.do === 'delete') {
        assert.equal(
          cache.delete(step.key),
          model.some((entry) => entry.key === step.key),
        );
        lose((entry) => entry.key === step.key);
      } else if (step.do === 'sweep') {
        const before = model.length;
        lose(isOld);
        assert.equal(cache.sweep(), before - model.length);
      } else {
        lose(() => true);
        cache.clear();
      }
      assert.ok(
        cache.size <= CAPACITY && cache.bytes <= MAX_BYTES,
        `over its bounds: ${cache.size} entries, ${cache.bytes} bytes`,
      );
      assert.equal(cache.size, model.length);
      assert.equal(cache.bytes, bytes());
    }
    assert.deepEqual(
      cache.keys().reverse(),
      model.filter((entry) => !isOld(entry)).map((entry) => entry.key),
    );
    const { accepted, dropped } = cache.figures();
    assert.deepEqual({ accepted, dropped, hits: cache.stats.hits, misses: cache.stats.misses }, books);
    assert.deepEqual(census.audit(), []);
    cache.dispose();
    assert.equal(
      left.length + (cache.figures().droppedBy.oversize ?? 0),
      books.accepted,
      'onLeave is called for each that was kept',
    );
    assert.equal(census.size, 0);
  });
}
