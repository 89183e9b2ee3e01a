/** The C2 property: sends fail at random places, in the middle of chunks, while more is pushed; what arrives is what was kept, in order. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { type Bounded, type Effort, everySequenceAsync } from './random-operations.ts';

type Operation =
  | { readonly do: 'push'; readonly count: number }
  | {
      readonly do: 'drain';
      readonly failAt: number;
      readonly how: 'false' | 'throws' | 'rejects' | 'never';
      readonly pushMeanwhile: number;
    };

const operation: fc.Arbitrary<Operation> = fc.oneof(
  fc.record({ do: fc.constant('push' as const), count: fc.integer({ min: 1, max: 9 }) }),
  fc.record({
    do: fc.constant('drain' as const),
    failAt: fc.integer({ min: 0, max: 20 }),
    how: fc.constantFrom('false' as const, 'throws' as const, 'rejects' as const, 'never' as const),
    pushMeanwhile: fc.integer({ min: 0, max: 2 }),
  }),
);

/** Returns the number of operations done. */
export async function checkDrain(bounded: Bounded, effort: Effort): Promise<number> {
  return everySequenceAsync(operation, effort, async (operations) => {
    const census = new bounded.Census();
    const queue = new bounded.BoundedQueue<number>({ name: 'outbox', capacity: 1_000, policy: 'discard', census });
    let next = 0;
    const push = (): void => {
      if (queue.push(next) === 'queued') next += 1;
    };
    const arrived: number[] = [];
    for (const step of operations) {
      if (step.do === 'push') {
        for (let i = 0; i < step.count; i += 1) push();
        continue;
      }
      let sends = 0;
      const before = arrived.length;
      const report = await bounded.drain(
        queue,
        (item) => {
          sends += 1;
          if (sends <= step.pushMeanwhile) push();
          if (step.how !== 'never' && sends > step.failAt) {
            if (step.how === 'throws') throw new Error('planted');
            return step.how === 'rejects' ? Promise.reject(new Error('planted')) : false;
          }
          arrived.push(item);
          return sends % 2 === 0 ? true : Promise.resolve(true);
        },
        { chunk: 4, yieldTurn: () => Promise.resolve() },
      );
      assert.equal(report.delivered, arrived.length - before);
      assert.equal(report.left, queue.size);
      assert.equal(queue.busy, false);
    }
    await bounded.drain(queue, (item) => arrived.push(item) > 0, { yieldTurn: () => Promise.resolve() });
    assert.deepEqual(
      arrived,
      Array.from({ length: next }, (_, i) => i),
      'nothing lost, nothing doubled, nothing reordered',
    );
    assert.deepEqual(census.audit(), []);
    queue.dispose();
  });
}
