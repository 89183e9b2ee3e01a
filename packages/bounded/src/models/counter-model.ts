/** A rolling counter in the simplest form, a list of all samples, which is what the real one must never keep. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { type Bounded, type Effort, everySequence } from './random-operations.ts';

interface Operation {
  readonly count: number;
  readonly stepMs: number;
  /** Counted this long in the past. */
  readonly lateMs: number;
}

const BUCKETS = 6;
const BUCKET_MS = 10;

const operation: fc.Arbitrary<Operation> = fc.record({
  count: fc.integer({ min: 0, max: 4 }),
  stepMs: fc.integer({ min: 0, max: 400 }).map((ms) => (ms > 380 ? ms : ms % 8)),
  lateMs: fc.integer({ min: 0, max: 100 }).map((ms) => (ms > 90 ? ms : ms % 20)),
});

/** Returns the number of operations done. */
export function checkCounter(bounded: Bounded, effort: Effort): number {
  return everySequence(operation, effort, (operations) => {
    const census = new bounded.Census();
    let nowMs = 200;
    const counter = new bounded.RollingCounter({
      name: 'counter',
      capacity: BUCKETS,
      bucketMs: BUCKET_MS,
      clock: { now: () => nowMs },
      census,
    });
    const samples: { readonly bucket: number; readonly count: number }[] = [];
    counter.add(0);
    for (const step of operations) {
      nowMs += step.stepMs;
      counter.total();
      counter.add(step.count, nowMs - step.lateMs);
      samples.push({ bucket: Math.floor((nowMs - step.lateMs) / BUCKET_MS), count: step.count });
      const newest = Math.floor(nowMs / BUCKET_MS);
      const expected = Array.from({ length: BUCKETS }, (_, i) =>
        samples.slice(-400).reduce((sum, sample) => (sample.bucket === newest - BUCKETS + 1 + i ? sum + sample.count : sum), 0),
      );
      assert.deepEqual(counter.buckets(), expected);
      assert.equal(
        counter.total(),
        expected.reduce((sum, count) => sum + count, 0),
      );
      assert.equal(counter.ratePerSecond(), (counter.total() * 1_000) / (BUCKETS * BUCKET_MS));
    }
    assert.equal(
      counter.figures().accepted,
      samples.reduce((sum, { count }) => sum + count, 0),
    );
    assert.deepEqual(census.audit(), []);
    counter.dispose();
    assert.equal(census.size, 0);
  });
}
