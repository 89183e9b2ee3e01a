/**
 * What a quiet bar costs in memory: `node tools/pinned.mjs --expose-gc bench/allocation.ts [--cheat]`, one line of JSON per rule pack.
 *
 * The market wanders in bars of one height and one volume: pivots, levels and new extremes come and go, and nothing happens. A process
 * of its own, because a test runner rewrites the modules it loads, and what the compiler makes of them is another program.
 */
import process from 'node:process';
import { createBarColumns } from '../packages/domain/src/bar/columns.ts';
import { createDetector } from '../packages/domain/src/wyckoff/detector.ts';
import { NoiseSource } from '../packages/domain/src/backtest/noise.ts';

const DAY_MS = 86_400_000;
const WARM_UP = 300_000;
/** Short enough to fit into the young generation: nothing is collected in between. */
const STRETCH = 20_000;
const STRETCHES = 40;
const STEPS = 4096;
/** Part of the noise's own step, so small that no range is wide enough. */
const CALM = 1 / 60;

/** Relative steps of a walk that comes back to where it began. */
function steps(): Float64Array {
  const { close } = createBarColumns(STEPS + 1);
  const columns = { ...createBarColumns(STEPS + 1), close };
  new NoiseSource({ seed: 15 }).fill(columns, STEPS + 1);
  const drift = Math.log(close[STEPS] / close[0]) / STEPS;
  return Float64Array.from({ length: STEPS }, (_, i) => Math.expm1((Math.log(close[i + 1] / close[i]) - drift) * CALM));
}

function measure(pack: 'strict' | 'classic', cheat: boolean) {
  const { gc } = globalThis;
  if (gc === undefined) throw new Error('allocation: expected --expose-gc, was absent');
  const walk = steps();
  const detector = createDetector({ symbol: 'CALM', assetClass: 'STOCK', timeZone: 'UTC' }, '1d', { pack });
  const bar = { time: 0, open: 100, high: 100.5, low: 99.5, close: 100, volume: 1000 };
  let kept: object | null = null;
  let records = 0;
  let done = 0;
  const run = (count: number): void => {
    for (let i = 0; i < count; i++) {
      bar.time += DAY_MS;
      bar.open = bar.close;
      bar.close *= 1 + walk[done++ % STEPS];
      bar.high = Math.max(bar.open, bar.close) * 1.001;
      bar.low = Math.min(bar.open, bar.close) * 0.999;
      if (cheat) kept = { ...bar };
      records += detector.onBar(bar).length;
    }
  };
  run(WARM_UP);
  const used = Array.from({ length: STRETCHES }, () => {
    gc();
    const before = process.memoryUsage().heapUsed;
    run(STRETCH);
    return (process.memoryUsage().heapUsed - before) / STRETCH;
  });
  used.sort((x, y) => x - y);
  // The compiler works beside and allocates too; what a bar takes, it takes in every stretch.
  return { pack, bars: done, records, bytesPerBar: Number(used[STRETCHES / 4].toFixed(2)), cheated: kept !== null };
}

const cheat = process.argv.includes('--cheat');
for (const pack of ['strict', 'classic'] as const) process.stdout.write(`${JSON.stringify(measure(pack, cheat))}\n`);
