/** Random operations against a structure and its model: a fixed seed, whole sequences, shrunk to the shortest that fails. */
import fc from 'fast-check';
import type * as bounded from '../index.ts';

/** The package under test: the real one, or one with a mechanism removed. */
export type Bounded = typeof bounded;

/** How many sequences of up to 1,000 operations. */
export type Effort = 'full' | 'brief';

/** What a property test of a structure must have done. */
export const LEAST_OPERATIONS = 100_000;

const LONGEST = 1_000;
const RUNS: Readonly<Record<Effort, number>> = { full: 240, brief: 20 };
const SEED = 20_260_101;

/** Runs `check` on sequences of `operation` and says how many operations that were; throws with the shortest failing sequence. */
export function everySequence<Op>(
  operation: fc.Arbitrary<Op>,
  effort: Effort,
  check: (operations: readonly Op[]) => void,
): number {
  let done = 0;
  fc.assert(
    fc.property(sequences(operation), (operations) => {
      done += operations.length;
      check(operations);
    }),
    { numRuns: RUNS[effort], seed: SEED, endOnFailure: effort === 'brief' },
  );
  return done;
}

/** The same for checks that await. */
export async function everySequenceAsync<Op>(
  operation: fc.Arbitrary<Op>,
  effort: Effort,
  check: (operations: readonly Op[]) => Promise<void>,
): Promise<number> {
  let done = 0;
  await fc.assert(
    fc.asyncProperty(sequences(operation), async (operations) => {
      done += operations.length;
      await check(operations);
    }),
    { numRuns: RUNS[effort], seed: SEED, endOnFailure: effort === 'brief' },
  );
  return done;
}

function sequences<Op>(operation: fc.Arbitrary<Op>): fc.Arbitrary<Op[]> {
  return fc.array(operation, { maxLength: LONGEST, size: 'max' });
}
