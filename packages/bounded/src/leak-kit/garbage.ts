/** Collecting garbage for a measurement: several times, with turns of the event loop between, until nothing more comes free. */
import { setImmediate as turn } from 'node:timers/promises';
import { getHeapSpaceStatistics } from 'node:v8';

const MOST_ROUNDS = 12;
/** Two collections that differ by less than this have found the floor. */
const SETTLED_BYTES = 512;

/**
 * Bytes of data held by the JavaScript heap and outside of it (buffers). The spaces of compiled code are left out: the compiler fills and
 * empties them as it likes, by tens of kilobytes, whatever the scenario keeps.
 */
export function heldBytes(): number {
  const data = getHeapSpaceStatistics().filter(
    ({ space_name: name }) => !name.startsWith('code_') && !name.startsWith('trusted_'),
  );
  return data.reduce((sum, space) => sum + space.space_used_size, process.memoryUsage().external);
}

/** Collects until the heap stops shrinking and says what is left. @throws Error without `--expose-gc`. */
export async function collectGarbage(): Promise<number> {
  const collect = globalThis.gc;
  if (collect === undefined) {
    throw new Error('garbage cannot be collected: expected node --expose-gc, was node without it; run npm run test:leaks');
  }
  let floor = Infinity;
  for (let round = 0; round < MOST_ROUNDS; round += 1) {
    await turn();
    collect();
    const held = heldBytes();
    if (round > 1 && Math.abs(floor - held) < SETTLED_BYTES) return held;
    floor = held;
  }
  return floor;
}
